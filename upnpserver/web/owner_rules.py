"""The owner's page of rules: profiles, locks, and who is new. Pure.

Values are those of net/rule_book.py: each rule is the table of a configuration.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from twisted.web.template import Tag

from upnpserver.catalog.views.words import Words
from upnpserver.web.elements import tags
from upnpserver.web.owner_pages import Frame, hidden_fields, owner_document

Table = Mapping[str, Any]
_KINDS: Final = (("audio", "music"), ("video", "videos"), ("image", "pictures"))
_ACTION: Final = "/rules"


def rules_page(frame: Frame, told: Mapping[str, Any]) -> Tag:
    """Return all rules, each in a form that changes it, and forms for new ones."""
    words = frame.words
    made = {tuple(one) for one in told["made"]}
    libraries = told["libraries"]

    def shown(kind: str, table: Table) -> Tag:
        is_made = (kind, table["name"]) in made
        return _rule(frame, kind, table, libraries, is_made=is_made)

    return owner_document(
        frame,
        words["owner_rules"],
        tags.h1(words["owner_rules"]),
        _new_devices(frame, told),
        tags.h2(words["owner_profiles"]),
        tags.p(words["owner_profile_is"], class_="by"),
        *(shown("profile", table) for table in told["profiles"]),
        _rule(frame, "profile", {}, libraries, is_made=False),
        tags.h2(words["owner_locks"]),
        tags.p(words["owner_lock_is"], class_="by"),
        *(shown("lock", table) for table in told["locks"]),
        _rule(frame, "lock", {}, libraries, is_made=False),
    )


def _new_devices(frame: Frame, told: Mapping[str, Any]) -> Tag:
    """Return what holds for those that no profile names."""
    words, chosen = frame.words, told["new_devices"]
    choices = [("all", words["owner_everything"]), ("ask", words["owner_asks"])]
    choices += [(one["name"], one["name"]) for one in told["profiles"]]
    options = [
        _chosen(tags.option(text, value=value), "selected", value == chosen)
        for value, text in choices
    ]
    return tags.form(
        *hidden_fields(frame, kind="new_devices", name=""),
        tags.label(words["owner_new_devices"], tags.select(*options, name="value")),
        tags.button(words["owner_save"]),
        method="post",
        action=_ACTION,
    )


def _rule(
    frame: Frame, kind: str, table: Table, libraries: Sequence[str], *, is_made: bool
) -> Tag:
    """Return a rule that opens to its form; without a table, one for a new rule."""
    words = frame.words
    name = table.get("name", "")
    fields = _profile_fields if kind == "profile" else _lock_fields
    buttons = [tags.button(words["owner_save"], name="do", value="save", class_="do")]
    if is_made:
        buttons.append(tags.button(words["owner_remove"], name="do", value="remove"))
    written = [] if is_made or not name else [words["owner_written"]]
    return tags.details(
        tags.summary(name or words[f"owner_new_{kind}"], " ", tags.small(*written)),
        tags.form(
            *hidden_fields(frame, kind=kind, **({"name": name} if name else {})),
            "" if name else _text(words["owner_name"], "name", "", required="required"),
            *fields(words, table, libraries),
            tags.div(*buttons),
            method="post",
            action=_ACTION,
            class_="rule",
        ),
    )


def _profile_fields(words: Words, table: Table, libraries: Sequence[str]) -> list[Tag]:
    may_unlock = table.get("may_unlock", True)
    is_secret = table.get("secret_addresses", False)
    return [
        _lines(words, "devices", table, "192.168.1.30\n00:11:22:33:44:55"),
        _choices(
            words["owner_libraries"],
            "libraries",
            [(one, one) for one in libraries],
            table.get("libraries"),
        ),
        _choices(
            words["owner_kinds"],
            "kinds",
            [(kind, words[text]) for kind, text in _KINDS],
            table.get("kinds"),
        ),
        _number(words, "age", table, 21),
        _number(words, "unrated", table, 21),
        _lines(words, "hours", table, "mon-fri 15:00-19:00\nsat,sun 8:00-20:00"),
        _lines(words, "only", table, "/srv/films/children"),
        _lines(words, "hidden", table, "/srv/films/late"),
        _check(words["owner_may_unlock"], "may_unlock", "yes", is_on=may_unlock),
        _check(words["owner_secret"], "secret_addresses", "yes", is_on=is_secret),
    ]


def _lock_fields(words: Words, table: Table, libraries: Sequence[str]) -> list[Tag]:
    is_new = not table
    needed = {"required": "required"} if is_new else {"placeholder": "••••"}
    more = {"inputmode": "numeric", "pattern": "[0-9]{4,8}", "autocomplete": "off"}
    return [
        _text(words["owner_pin"], "pin", "", **needed, **more),
        _number(words, "age", table, 21),
        _lines(words, "folders", table, "/srv/films/late"),
        _number(words, "minutes", table, 1440),
    ]


def _text(label: str, name: str, value: str, **more: str) -> Tag:
    return tags.label(label, tags.input(type="text", name=name, value=value, **more))


def _number(words: Words, name: str, table: Table, most: int) -> Tag:
    field = tags.input(
        type="number", name=name, min="0", max=str(most), value=str(table.get(name, ""))
    )
    return tags.label(words[f"owner_{name}"], field)


def _lines(words: Words, name: str, table: Table, example: str) -> Tag:
    """Return a field of lines. example: shown while it is empty."""
    lines = "\n".join(table.get(name, ()))
    area = tags.textarea(lines, name=name, rows="2", placeholder=example)
    return tags.label(words[f"owner_{name}"], area)


def _choices(
    label: str,
    name: str,
    values: Sequence[tuple[str, str]],
    chosen: Sequence[str] | None,
) -> Tag:
    """Return boxes to check; chosen: None means all."""
    boxes = [
        _check(text, name, value, is_on=chosen is None or value in chosen)
        for value, text in values
    ]
    return tags.fieldset(tags.legend(label), *boxes)


def _check(label: str, name: str, value: str, *, is_on: bool) -> Tag:
    box = tags.input(type="checkbox", name=name, value=value)
    return tags.label(_chosen(box, "checked", is_on), label, class_="check")


def _chosen(tag: Tag, attribute: str, is_on: bool) -> Tag:
    return tag(**{attribute: attribute}) if is_on else tag
