"""What a form of the owner's page asks the server to do. Pure."""

from collections.abc import Mapping, Sequence

Fields = Mapping[str, Sequence[str]]
Question = dict[str, object]

_NUMBERS = ("age", "unrated", "minutes")
_LINES = ("devices", "only", "hidden", "hours", "folders")
_SWITCHES = ("may_unlock", "secret_addresses")
_CHOICES = ("libraries", "kinds")
_KEYS = {
    "profile": {
        *("devices", "libraries", "only", "hidden", "kinds", "age", "unrated"),
        *("hours", *_SWITCHES),
    },
    "lock": {"pin", "folders", "age", "minutes"},
}
_EVERY_KIND = {"audio", "image", "video"}
_MAX_DIGITS = 6


def one(fields: Fields, name: str) -> str:
    """Return the last value of a field, "" without it."""
    return fields.get(name, ("",))[-1]


def device_question(fields: Fields) -> Question:
    """Return what is to be done about a device."""
    do = one(fields, "do")
    if do == "name":
        return {
            "do": "name",
            "device": one(fields, "device"),
            "name": one(fields, "name"),
        }
    return {
        "do": do if do in {"allow", "block", "forget"} else "allow",
        "device": one(fields, "device"),
        "profile": one(fields, "profile"),
    }


def forget_question(fields: Fields) -> Question:
    """Return of whom all is to be forgotten."""
    return {"do": "privacy-forget", "device": one(fields, "device")}


def rule_question(fields: Fields) -> Question:
    """Return which rule is to be made, changed or removed."""
    kind = one(fields, "kind")
    question: Question = {"do": "rule", "kind": kind, "name": one(fields, "name")}
    if one(fields, "do") == "remove":
        return question
    if kind == "new_devices":
        return question | {"table": one(fields, "value")}
    return question | {"table": _table(kind, fields)}


def _table(kind: str, fields: Fields) -> dict[str, object]:
    """Return a rule as the table of a configuration.

    libraries: those whose boxes are checked, also if that is all.
    """
    table: dict[str, object] = {}
    for key in _KEYS.get(kind, ()):
        if key in _LINES:
            table[key] = _lines(one(fields, key))
        elif key in _CHOICES:
            table[key] = [value for value in fields.get(key, ()) if value]
        elif key in _NUMBERS:
            text = one(fields, key).strip()
            table[key] = int(text) if _is_number(text) else text
        elif key in _SWITCHES:
            table[key] = one(fields, key) == "yes"
        else:
            table[key] = one(fields, key).strip()
    if table.get("kinds") and set(fields["kinds"]) == _EVERY_KIND:
        del table["kinds"]
    if table.get("age") == "":
        table.pop("unrated", None)
    # No box checked means none of them, while an empty field says nothing.
    return {
        key: value
        for key, value in table.items()
        if value not in ("", []) or key in _CHOICES
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
