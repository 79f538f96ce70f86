"""The owner's pages as trees of tags. Pure: what they show comes in.

Values are those of net/house_told.py, as they come out of JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from twisted.web.template import Tag

from upnpserver.catalog.views.words import Words
from upnpserver.kept_data import TABLES
from upnpserver.offline_report import Finding
from upnpserver.web.elements import tags
from upnpserver.web.parts import head

FORM_FIELD: Final = "form"
PAGES: Final = (
    ("/", "owner_devices"),
    ("/rules", "owner_rules"),
    ("/libraries", "owner_libraries"),
    ("/privacy", "owner_privacy"),
    ("/offline", "owner_offline"),
    ("/log", "owner_log"),
)

_KINDS: Final = (("audio", "music"), ("video", "videos"), ("image", "pictures"))

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around every page.

    path: of this page. token: what forms carry; "": nobody has entered. message: told
    once, about what was done. may_leave: a password was needed to enter.
    """

    name: str
    language: str
    words: Words
    path: str = "/"
    token: str = ""
    message: str = ""
    may_leave: bool = False


def login_page(frame: Frame, problem: str, *, is_plain: bool) -> Tag:
    """Return the page that asks for the password. is_plain: TLS is not there."""
    words = frame.words
    content = [tags.h1(words["owner_title"])]
    if problem:
        content.append(tags.p(problem, role="alert", class_="warning"))
    content.append(
        tags.form(
            tags.label(
                words["owner_password"],
                tags.input(
                    type="password",
                    name="password",
                    required="required",
                    autofocus="autofocus",
                    autocomplete="current-password",
                ),
            ),
            tags.button(words["owner_enter"], class_="do"),
            method="post",
            action="/login",
            class_="single",
        )
    )
    if is_plain:
        content.append(tags.p(words["owner_plain"], class_="by"))
    return owner_document(frame, words["owner_title"], *content)


def message_page(frame: Frame, text: str) -> Tag:
    """Return a page that says something, such as why there is no other."""
    return owner_document(frame, frame.words["owner_title"], tags.h1(text))


def devices_page(frame: Frame, house: Told) -> Tag:
    """Return who is in the house, and what may be done about each."""
    words = frame.words
    waiting = house["waiting"]
    known = {one["place"] for one in house["devices"]}
    devices = [
        *(_stranger(place) for place in waiting if place not in known),
        *sorted(house["devices"], key=lambda one: one["place"] not in waiting),
    ]
    cards = [
        _device(frame, one, waiting.get(one["place"], ""), house["profiles"])
        for one in devices
    ]
    return owner_document(
        frame,
        words["owner_devices"],
        tags.h1(words["owner_devices"]),
        tags.ul(*cards, class_="devices")
        if cards
        else tags.p(words["owner_no_devices"]),
    )


def _stranger(place: str) -> Told:
    """Return a device of which only its place is known."""
    return {
        "place": place,
        "address": place,
        "name": "",
        "kinds": [],
        "last_s": 0,
        "standing": "ask",
        "profile": "",
        "is_decided": False,
    }


def _device(frame: Frame, one: Told, code: str, profiles: Sequence[str]) -> Tag:
    words = frame.words
    kinds = ", ".join(one["kinds"][:3])
    name = one["name"] or kinds or words["owner_unknown"]
    where = [kinds if one["name"] else "", one["address"]]
    where += [one["place"] if one["place"] != one["address"] else ""]
    if one["last_s"]:
        where.append(words.filled("owner_seen", day=_day(one["last_s"])))
    return tags.li(
        tags.h2(name, " ", tags.small(_standing(words, one, code))),
        tags.p(" · ".join(filter(None, where)), class_="by"),
        tags.form(
            *hidden_fields(frame, device=one["place"]),
            *_choices(words, one, profiles),
            method="post",
            action="/devices",
        ),
        class_="waiting" if code else "",
    )


def _choices(words: Words, one: Told, profiles: Sequence[str]) -> list[Tag]:
    """Return the buttons for what may be decided of a device."""
    label = f"{one['name'] or one['address'] or one['place']}: "

    def button(do: str, key: str) -> Tag:
        text = words[key]
        return tags.button(
            text, name="do", value=do, **{"aria-label": f"{label}{text}"}
        )

    choices = []
    if profiles:
        options = [tags.option(words["owner_everything"], value="")]
        for profile in profiles:
            is_chosen = profile == one["profile"]
            more = {"selected": "selected"} if is_chosen else {}
            options.append(tags.option(profile, value=profile, **more))
        named = {"aria-label": f"{label}{words['owner_limit']}"}
        choices.append(tags.select(*options, name="profile", **named))
    choices.append(button("allow", "owner_allow"))
    if one["standing"] != "blocked":
        choices.append(button("block", "owner_block"))
    if one["is_decided"]:
        choices.append(button("forget", "owner_undo"))
    field = tags.input(
        type="text",
        name="name",
        value=one["name"],
        maxlength="60",
        size="12",
        **{"aria-label": f"{label}{words['owner_name']}"},
    )
    return [*choices, tags.span(field, button("name", "owner_name_it"), class_="pair")]


def _standing(words: Words, one: Told, code: str) -> str:
    if code:
        return words.filled("owner_code", code=code)
    match one["standing"]:
        case "blocked":
            return words["owner_blocked"]
        case "ask":
            return words["owner_asks"]
        case _:
            return one["profile"] or words["owner_everything"]


def libraries_page(frame: Frame, house: Told, problems: Sequence[Sequence[str]]) -> Tag:
    """Return what is shared, and which files could not be read, and why."""
    words = frame.words
    return owner_document(
        frame,
        words["owner_libraries"],
        tags.h1(words["owner_libraries"]),
        tags.ul(*(_library(words, one) for one in house["libraries"]), class_="facts"),
        tags.form(
            *hidden_fields(frame),
            tags.button(words["owner_scan"]),
            method="post",
            action="/scan",
        ),
        tags.h2(words["owner_problems"]),
        tags.ul(*map(_problem, problems), class_="facts")
        if problems
        else tags.p(words["owner_no_problems"]),
    )


def _library(words: Words, one: Told) -> Tag:
    counts = [f"{words[name]} {one[kind]}" for kind, name in _KINDS if one[kind]]
    return tags.li(tags.b(one["name"]), tags.span(" · ".join(counts), class_="by"))


def _problem(problem: Sequence[str]) -> Tag:
    library, path, reason = problem
    return tags.li(tags.b(f"{library}: {path}"), tags.span(reason, class_="by"))


def privacy_page(frame: Frame, kept: Mapping[str, Sequence[Told]]) -> Tag:
    """Return all that is kept of devices and people."""
    words = frame.words
    sections = [
        tags.section(
            tags.h2(name, " ", tags.small(str(len(rows)))),
            tags.p(f"{kind.what}; {kind.why}. {kind.off}", class_="by", lang="en"),
            _table(rows) if rows else "",
        )
        for name, rows in kept.items()
        if (kind := TABLES.get(name)) is not None
    ]
    return owner_document(
        frame,
        words["owner_privacy"],
        tags.h1(words["owner_privacy"]),
        tags.p(words["owner_kept"]),
        *sections,
        tags.p(tags.a(words["owner_export"], href="/privacy.json", download="")),
        tags.form(
            *hidden_fields(frame, device="all"),
            tags.button(words["owner_forget_all"]),
            method="post",
            action="/forget",
        ),
    )


def _table(rows: Sequence[Told]) -> Tag:
    names = list(rows[0])
    return tags.div(
        tags.table(
            tags.thead(
                tags.tr(
                    *(tags.th(name.removesuffix("_s"), scope="col") for name in names)
                )
            ),
            tags.tbody(
                *(tags.tr(*(tags.td(_cell(n, row[n])) for n in names)) for row in rows)
            ),
        ),
        class_="wide",
        tabindex="0",
    )


def _cell(name: str, value: object) -> str:
    return _day(value) if name.endswith("_s") and isinstance(value, int) else str(value)


def offline_page(
    frame: Frame, findings: Sequence[Finding], refused: Mapping[str, int]
) -> Tag:
    """Return the layers that keep everything in the house, each tried just now."""
    words = frame.words
    counted = ", ".join(f"{what} {count}" for what, count in refused.items() if count)
    return owner_document(
        frame,
        words["owner_offline"],
        tags.h1(words["owner_offline"]),
        tags.ul(*(_layer(words, one) for one in findings), class_="facts", lang="en"),
        tags.p(words.filled("owner_stopped", counts=counted or "0")),
    )


def _layer(words: Words, one: Finding) -> Tag:
    marks = {
        True: ("✓", words["owner_holds"]),
        False: ("✗", words["owner_holds_not"]),
        None: ("?", words["owner_not_tried"]),
    }
    sign, said = marks[one.holds]
    mark = tags.span(sign, class_="mark", title=said, role="img")
    return tags.li(
        mark(**{"aria-label": said}),
        tags.b(one.layer),
        tags.span(one.detail, class_="by"),
    )


def log_page(frame: Frame, lines: Sequence[str]) -> Tag:
    """Return the end of the log. lines: the oldest first, as they were written."""
    words = frame.words
    return owner_document(
        frame,
        words["owner_log"],
        tags.h1(words["owner_log"]),
        tags.p(tags.a(words["owner_again"], href="/log")),
        tags.ol(*map(_log_line, reversed(lines)), class_="log", lang="en")
        if lines
        else tags.p(words["page_nothing"]),
    )


def _log_line(line: str) -> Tag:
    """Return a line; those that a person may have to act on are marked."""
    is_grave = line[20:].startswith(("warning ", "error ", "critical "))
    return tags.li(line, class_="grave" if is_grave else "")


def owner_document(frame: Frame, title: str, *content: Tag | str) -> Tag:
    """Return a whole page."""
    words = frame.words
    said = [tags.p(frame.message, role="status", class_="said")]
    return tags.html(
        head(f"{title} - {frame.name}", "/web/owner.css"),
        tags.body(
            tags.a(words["page_skip"], href="#main", class_="skip"),
            _header(frame),
            tags.main(
                *(said if frame.message else ()), *content, id="main", tabindex="-1"
            ),
        ),
        lang=frame.language,
    )


def _header(frame: Frame) -> Tag:
    words = frame.words
    icon = tags.img(src="/icon/48.png", alt="", width="28", height="28")
    parts = [tags.a(icon, tags.span(frame.name), href="/", class_="brand")]
    if frame.token:
        links = [
            tags.a(
                words[key],
                href=path,
                **({"aria-current": "page"} if path == frame.path else {}),
            )
            for path, key in PAGES
        ]
        parts.append(tags.nav(*links, **{"aria-label": words["owner_title"]}))
    if frame.token and frame.may_leave:
        leave = tags.button(words["owner_leave"])
        parts.append(
            tags.form(*hidden_fields(frame), leave, method="post", action="/logout")
        )
    return tags.header(*parts)


def hidden_fields(frame: Frame, **values: str) -> list[Tag]:
    """Return the fields that nobody sees: what proves where the form comes from."""
    return [
        tags.input(type="hidden", name=name, value=value)
        for name, value in {FORM_FIELD: frame.token, **values}.items()
    ]


def _day(seconds: object) -> str:
    if not isinstance(seconds, int) or not 0 < seconds < 1 << 36:
        return "-"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
