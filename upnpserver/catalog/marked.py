"""What an object tells of each property, as columns of the table found.

Many values of one property stand in one column, so that one look finds any. A
mark stands before, between and after the folded values: "is one of them" and
"one of them starts with" are then searches for a part of the column.
"""

from collections.abc import Iterable

from upnpserver.upnp.didl import MAX_TEXT_BYTES
from upnpserver.upnp.props import SEARCHABLE, Values, fold
from upnpserver.upnp.values import cut_utf8

MARK = "\x1f"  # can't stand in XML, so it is in no value

_NUMBERS = (Values.NUMBER, Values.DURATION)
# Columns are called as the properties are. Ids are columns of other tables.
FOUND: dict[str, type] = {
    name: int if values in _NUMBERS else str
    for name, values in SEARCHABLE.items()
    if not name.startswith("@")
}
Column = str | int | None


def columns(told: Iterable[tuple[str, str]]) -> dict[str, Column]:
    """Return the columns of what is told: (property, value), many of some.

    Durations are milliseconds. A property may carry an attribute and its value:
    "upnp:artist@role=Composer". What can't be searched is left out.
    """
    values: dict[str, list[str]] = {}
    for name, value in told:
        element, _, attribute = name.partition("@")
        key, equals, text = attribute.partition("=")
        values.setdefault(element if equals else name, []).append(value)
        if equals:
            values.setdefault(f"{element}@{key}", []).append(text)
    return {name: _column(name, values[name]) for name in values if name in FOUND}


def _column(name: str, values: list[str]) -> Column:
    if FOUND[name] is int:
        return int(values[0])
    return marked(values) if SEARCHABLE[name] is Values.TEXT else values[0]


def marked(values: Iterable[str]) -> str | None:
    """Return values as one column, None if there are none."""
    having = [fold(cut_utf8(value, MAX_TEXT_BYTES)) for value in values if value]
    return f"{MARK}{MARK.join(having)}{MARK}" if having else None


def unmarked(column: str) -> list[str]:
    """Return the folded values of a column."""
    return column.strip(MARK).split(MARK)
