"""SearchCriteria and SortCriteria as SQL over the tables found, object, parent.

Every value is bound, never part of the text. The meaning is that of
upnp.criteria.matches(), which a property test holds this module to.
"""

from dataclasses import dataclass

from upnpserver.catalog.marked import MARK, unmarked
from upnpserver.model import SortKey
from upnpserver.upnp.criteria import (
    AllOf,
    AnyOf,
    Criteria,
    Everything,
    Exists,
    Relation,
    class_name,
    parse_number,
)
from upnpserver.upnp.props import SEARCHABLE, Values, fold

# What a row of child is called: an item is a reference in all containers but
# its own (see catalog/identity.py).
_FORM_ID = (
    "iif(child.parent = object.parent, object.object_id,"
    " 'r$' || substr(object.object_id, 3) || '$' || parent.object_id)"
)
_FORM_REF = "iif(child.parent = object.parent, null, object.object_id)"
_COLUMNS = {
    "@id": _FORM_ID,
    "@parentID": "parent.object_id",
    "@refID": _FORM_REF,
    "dc:title": "found.title",
    "upnp:class": "found.class",
    "dc:creator": "found.creator",
    "dc:date": "found.date",
    "upnp:album": "found.album",
    "upnp:artist": "found.artist",
    "upnp:genre": "found.genre",
    "upnp:originalTrackNumber": "found.track",
    "res@duration": "found.duration_ms",
    "res@size": "found.size_bytes",
    "res@bitrate": "found.bitrate",
    "res@protocolInfo": "found.protocol_info",
    "res@resolution": "found.resolution",
}
# Where each item is found once, "@refID exists false" holds for all: it is how
# control points ask for each once.
_ONCE = {**_COLUMNS, "@id": "object.object_id", "@refID": "null"}
_IDENTIFIERS = ("@id", "@parentID")
_SORT_COLUMNS = {**_COLUMNS, "dc:title": "found.title_key"}
_COMPARISONS = ("=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL expression and the values for its marks."""

    sql: str
    values: tuple[str | float, ...] = ()


_NEVER = Condition("0")


def order_by(keys: tuple[SortKey, ...]) -> str:
    """Return the terms of an ORDER BY with a comma after each, maybe none."""
    return "".join(
        f"{_SORT_COLUMNS[key.name]}{' desc' if key.descending else ''}, "
        for key in keys
    )


def names_ids(tree: Criteria) -> bool:
    """Whether a criteria compares the ids of objects, so that forms matter."""
    match tree:
        case AllOf(terms) | AnyOf(terms):
            return any(names_ids(term) for term in terms)
        case Relation(name):
            return name in _IDENTIFIERS
    return False


def condition(tree: Criteria, *, once: bool = False) -> Condition:
    """Return the WHERE expression of a SearchCriteria.

    once: each item is looked at once, not in each of its forms; there is no
    table child then.
    """
    columns = _ONCE if once else _COLUMNS
    match tree:
        case Everything():
            return Condition("1")
        case AllOf(terms):
            return _joined(" and ", [condition(term, once=once) for term in terms])
        case AnyOf(terms):
            return _joined(" or ", [condition(term, once=once) for term in terms])
        case Exists(name, wanted):
            column = columns.get(name, "null")
            return Condition(f"{column} is {'not ' if wanted else ''}null")
        case Relation(name, comparison, value):
            return _relation(columns, name, comparison, value)


def _joined(word: str, parts: list[Condition]) -> Condition:
    values = tuple(value for part in parts for value in part.values)
    return Condition(f"({word.join(part.sql for part in parts)})", values)


_OPPOSITES = {"!=": "=", "doesNotContain": "contains"}


def _relation(
    columns: dict[str, str], name: str, comparison: str, value: str
) -> Condition:
    values = SEARCHABLE.get(name)
    if values is None:
        return _NEVER
    column = columns[name]
    if comparison in _OPPOSITES:
        opposite = _holds(values, column, _OPPOSITES[comparison], value)
        sql = f"({column} is not null and not {opposite.sql})"
        return Condition(sql, opposite.values)
    return _holds(values, column, comparison, value)


def _holds(values: Values, column: str, comparison: str, value: str) -> Condition:
    if comparison == "derivedfrom":
        return _derived(column, value) if values is Values.CLASS else _NEVER
    if values in (Values.NUMBER, Values.DURATION):
        number = parse_number(values, value)
        if number is None or comparison not in _COMPARISONS:
            return _NEVER
        return Condition(f"({column} {comparison} ?)", (number,))
    if values is Values.TEXT:
        return _text(column, comparison, fold(value))
    return _to_the_letter(column, comparison, value)


def _to_the_letter(column: str, comparison: str, value: str) -> Condition:
    if comparison == "contains":
        return Condition(f"(instr({column}, ?) > 0)", (value,))
    if comparison == "startsWith":
        return Condition(f"(instr({column}, ?) = 1)", (value,))
    return Condition(f"({column} {comparison} ?)", (value,))


def _derived(column: str, value: str) -> Condition:
    name = class_name(value)
    sql = f"({column} = ? or substr({column}, 1, ?) = ?)"
    return Condition(sql, (name, len(name) + 1, f"{name}."))


def _text(column: str, comparison: str, folded: str) -> Condition:
    """Compare with any of the marked values of a column (see catalog/marked.py)."""
    if comparison == "contains":
        return Condition(f"(instr({column}, ?) > 0)", (folded,))
    if comparison == "startsWith":
        return Condition(f"(instr({column}, ?) > 0)", (MARK + folded,))
    if comparison == "=":
        whole = f"{MARK}{folded}{MARK}"
        return Condition(f"(instr({column}, ?) > 0)", (whole,))
    return Condition(f"any_value({column}, '{comparison}', ?)", (folded,))


def any_value(marked: str | None, comparison: str, folded: str) -> bool | None:
    """Compare each of several values: an SQL function of the reader."""
    if marked is None:
        return None
    having = unmarked(marked)
    if comparison in ("<", "<="):
        least = min(having)
        return least < folded or (comparison == "<=" and least == folded)
    most = max(having)
    return most > folded or (comparison == ">=" and most == folded)
