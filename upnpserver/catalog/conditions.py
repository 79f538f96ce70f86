"""Conditions of a SearchCriteria as questions to one packed value. Pure.

The meaning is that of upnp.criteria.matches(), which a property test holds this
module to; values are those of catalog/marked.py.
"""

from typing import NamedTuple

from upnpserver.catalog.marked import MARK, unmarked
from upnpserver.catalog.packed import Test
from upnpserver.upnp.criteria import ORDER, Relation, class_name, parse_number
from upnpserver.upnp.props import SEARCHABLE, Values, fold


class Question(NamedTuple):
    """test: whether a value fits. part: text that each fitting value holds, or ""."""

    test: Test
    part: str = ""


_OPPOSITES = {"!=": "=", "doesNotContain": "contains"}


def question(relation: Relation) -> Question | None:
    """Return what to ask of each value; None: no value ever fits."""
    values = SEARCHABLE.get(relation.name)
    if values is None:
        return None
    comparison = relation.operator
    if comparison in _OPPOSITES:
        same = _asked(values, _OPPOSITES[comparison], relation.value)
        return Question(lambda has: same is None or not same.test(has))
    return _asked(values, comparison, relation.value)


def _asked(values: Values, comparison: str, value: str) -> Question | None:
    if comparison == "derivedfrom":
        return _derived(value) if values is Values.CLASS else None
    if values in (Values.NUMBER, Values.DURATION):
        number = parse_number(values, value)
        if number is None or comparison not in ORDER:
            return None
        compares = ORDER[comparison]
        return Question(lambda has: compares(int(has), number))
    if values is Values.TEXT:
        return _folded(comparison, fold(value))
    return _to_the_letter(comparison, value)


def _derived(value: str) -> Question:
    name = class_name(value)
    below = f"{name}."
    return Question(lambda has: has == name or has.startswith(below), name)


def _to_the_letter(comparison: str, value: str) -> Question:
    if comparison == "contains":
        return Question(lambda has: value in has, value)
    if comparison == "startsWith":
        return Question(lambda has: has.startswith(value), value)
    compares = ORDER[comparison]
    return Question(lambda has: compares(has, value))


def _folded(comparison: str, folded: str) -> Question | None:
    """Ask for any of the marked values."""
    if MARK in folded:  # as XML never has it
        return None
    part = {
        "contains": folded,
        "startsWith": MARK + folded,
        "=": MARK + folded + MARK,
    }.get(comparison)
    if part is None:
        compares = ORDER[comparison]
        return Question(lambda has: any(compares(one, folded) for one in unmarked(has)))
    return Question(lambda has: part in has, part)
