"""Pieces of pages as trees of tags: twisted.web.template escapes what they hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twisted.web.template import Tag

from upnpserver.catalog.views.words import Words
from upnpserver.web.elements import tags
from upnpserver.web.objects import Shown
from upnpserver.web.paths import path_of

Crumb = tuple[str, str]  # title, path
_SYMBOLS = {"audio": "♪", "video": "▶", "image": "▣"}
_SYMBOLS_OF_VIEWS = {"music$": "♪", "video$": "▶", "picture$": "▣"}


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around every page.

    tops: what stands in its menu. owner_url: of the owner's page, "" to tell of none.
    """

    name: str
    language: str
    words: Words
    tops: tuple[Shown, ...] = ()
    owner_url: str = ""


def time_told(seconds: int) -> str:
    """Return "3:20" or "1:03:20"."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


def size_told(size_bytes: int) -> str:
    """Return "4.2 MB"; as shops count, not as memory does."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit in ("B", "kB") else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def head(title: str, *styles: str, script: bool = False) -> Tag:
    """Return the head of a page. styles: paths of more style sheets."""
    made = tags.head(
        tags.meta(charset="utf-8"),
        tags.meta(name="viewport", content="width=device-width, initial-scale=1"),
        tags.meta(name="color-scheme", content="light dark"),
        tags.title(title),
        tags.link(rel="icon", type="image/png", href="/icon/48.png"),
        *(
            tags.link(rel="stylesheet", href=path)
            for path in ("/web/style.css", *styles)
        ),
    )
    return made(tags.script(type="module", src="/web/app.js")) if script else made


def document(
    frame: Frame,
    title: str,
    *content: Tag | str,
    query: str = "",
    in_head: Tag | str = "",
) -> Tag:
    """Return a whole page. in_head: what else its head holds."""
    words = frame.words
    full_title = f"{title} - {frame.name}" if title != frame.name else title
    return tags.html(
        head(full_title, script=True)(in_head),
        tags.body(
            tags.a(words["page_skip"], href="#main", class_="skip"),
            _header(frame, query),
            tags.main(*content, id="main", tabindex="-1"),
            _house(frame),
            _player(words),
        ),
        lang=frame.language,
        **{
            f"data-{name}": words[key]  # for what the script makes
            for name, key in (
                ("previous", "page_turn_prev"),
                ("next", "page_turn_next"),
                ("close", "page_close"),
                ("slides", "page_slides"),
            )
        },
    )


def _header(frame: Frame, query: str) -> Tag:
    words = frame.words
    return tags.header(
        tags.a(
            tags.img(src="/icon/48.png", alt="", width="28", height="28"),
            tags.span(frame.name),
            href="/",
            class_="brand",
        ),
        tags.nav(
            *(tags.a(top.title, href=path_of(top)) for top in frame.tops),
            **{"aria-label": words["page_library"]},
        ),
        tags.form(
            tags.input(
                type="search",
                name="q",
                value=query,
                placeholder=words["page_search"],
                autocomplete="off",
                maxlength="200",
                **{"aria-label": words["page_search"]},
            ),
            action="/search",
            method="get",
            role="search",
        ),
    )


def _house(frame: Frame) -> Tag:
    """Return the links to what is told of the house, at the foot of every page."""
    words = frame.words
    links = [tags.a(words["page_now"], href="/now")]
    if frame.owner_url:
        links.append(tags.a(words["owner_title"], href=frame.owner_url))
    return tags.nav(*links, class_="house", **{"aria-label": words["page_house"]})


def _player(words: Words) -> Tag:
    """Return the bar in which the script plays music; hidden without it."""

    def button(name: str, symbol: str) -> Tag:
        label = {"aria-label": words[f"page_{name}"]}
        return tags.button(symbol, type="button", class_=name, **label)

    return tags.footer(
        tags.img(src="/icon/48.png", alt="", class_="art", width="48", height="48"),
        tags.div(tags.b(class_="title"), tags.span(class_="artist"), class_="what"),
        button("previous", "⏮"),
        tags.audio(controls="controls", preload="none"),
        button("next", "⏭"),
        id="player",
        hidden="hidden",
        **{"aria-label": words["page_player"]},
    )


def crumbs(words: Words, above: Sequence[Crumb], title: str) -> Tag:
    """Return the way from the top to a page."""
    return tags.nav(
        tags.ol(
            *(tags.li(tags.a(name, href=path)) for name, path in above),
            tags.li(tags.span(title, **{"aria-current": "page"})),
        ),
        class_="crumbs",
        **{"aria-label": words["page_where"]},
    )


def cover(one: Shown, size: str, symbol: str = "") -> Tag:
    """Return the picture of an object, or a sign of its kind."""
    path = one.picture(size)
    if path:
        sizes = f"{one.picture('tn')} 160w, {one.picture('sm')} 640w"
        return tags.img(
            src=path,
            srcset=sizes,
            sizes="9rem" if size == "tn" else "14rem",
            alt="",
            loading="lazy",
            class_="cover",
        )
    sign = symbol or _SYMBOLS.get(one.kind) or _symbol_of(one)
    return tags.span(sign, class_="cover none", **{"aria-hidden": "true"})


def _symbol_of(one: Shown) -> str:
    start = one.object_id.partition("$")[0] + "$"
    return _SYMBOLS_OF_VIEWS.get(start, "▤")


def card(one: Shown) -> Tag:
    """Return an object in a grid."""
    below = one.year if one.kind == "video" else ", ".join(one.artists[:2])
    if one.is_container and one.child_count:
        below = below or str(one.child_count)
    extra = _slide(one) if one.kind == "image" else {}
    return tags.li(
        tags.a(
            cover(one, "tn"),
            tags.span(one.title, class_="name"),
            tags.span(below, class_="by") if below else "",
            href=path_of(one),
            **extra,
        )
    )


def _slide(one: Shown) -> dict[str, str]:
    """Return what the script shows when a photo is opened."""
    return {"data-slide": photo_path(one), "data-title": one.title}


def photo_path(one: Shown) -> str:
    """Return the path of a photo as every browser shows it."""
    original = one.forms[0] if one.forms else None
    if original and original.mime in {"image/jpeg", "image/png", "image/webp"}:
        return original.path
    return one.picture("lrg")


def grid(objects: Iterable[Shown], kind: str = "") -> Tag:
    """Return objects as cards."""
    return tags.ul(*map(card, objects), class_=f"grid {kind}".strip())


def row(one: Shown, words: Words) -> Tag:
    """Return a piece of music in a list."""
    artists = ", ".join(one.artists[:3])
    play = {
        "data-play": one.forms[0].path if one.forms else "",
        "data-title": one.title,
        "data-artist": artists,
        "data-art": one.picture("sm"),
        "aria-label": words.filled("page_play_one", title=one.title),
    }
    return tags.li(
        tags.span(one.number or "·", class_="number"),
        tags.button("▶", type="button", class_="play", **play),
        tags.a(one.title, href=path_of(one), class_="name"),
        tags.span(artists, class_="by"),
        tags.span(time_told(one.duration_s) if one.duration_s else "", class_="time"),
    )


def rows(objects: Iterable[Shown], words: Words) -> Tag:
    """Return pieces of music as a list."""
    return tags.ol(*(row(one, words) for one in objects), class_="rows")
