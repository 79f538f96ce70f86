"""Searches that compare ids: they find each form of an item by itself.

An item has a form in each container that it lies in: the original, and
references. A form is one number here, so that long results stay small.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping

from upnpserver.catalog.identity import item_id_of, reference, split_reference
from upnpserver.catalog.packed import Masks, is_in
from upnpserver.catalog.scope import Scope
from upnpserver.catalog.search import HAD_BY_ALL, Search
from upnpserver.upnp.criteria import (
    AllOf,
    AnyOf,
    Criteria,
    Exists,
    Relation,
    matches,
)

IDS = (*HAD_BY_ALL, "@refID")
_PARENT_BITS = 31
_AT_ONCE = 500
_Form = tuple[int, int]  # object's row, and its container's; 0: one without a row


def form_of(number: int) -> _Form:
    """Return the form that a number means."""
    return number >> _PARENT_BITS, number & (1 << _PARENT_BITS) - 1


def names_ids(tree: Criteria) -> bool:
    """Whether a criteria compares the ids of objects, so that forms matter.

    Where each item is found once it is no reference: "@refID exists false" is how
    control points ask for that. Whoever asks for references gets them.
    """
    match tree:
        case AllOf(terms) | AnyOf(terms):
            return any(names_ids(term) for term in terms)
        case Relation(name):
            return name in HAD_BY_ALL
        case Exists(name, wanted):
            return wanted and name == "@refID"
    return False


class Forms:
    """The forms below a container that one criteria finds."""

    def __init__(
        self,
        rows: sqlite3.Connection,
        search: Search,
        scope: Scope,
        in_time: Callable[[], None],
    ) -> None:
        self._rows, self._search = rows, search
        self._scope, self._in_time = scope, in_time

    def found(self, tree: Criteria, among: Masks) -> Iterator[int]:
        """Yield the numbers of forms of objects among some, in no order."""
        terms = tree.terms if isinstance(tree, AllOf) else (tree,)
        for term in terms:
            if not _asks_for_forms(term):
                among = self._search.found(term, among)
        asked = [term for term in terms if _asks_for_forms(term)]
        known = {
            leaf: self._search.found(leaf, among)
            for term in asked
            for leaf in _leaves(term)
            if not _asks_for_forms(leaf)
        }
        forms: list[_Form] = []
        for form in self._candidates(asked):
            self._in_time()
            if is_in(among, form[0]):
                forms.append(form)
        for form, ids in self._told(forms):
            if all(_holds(term, form[0], ids, known) for term in asked):
                yield form[0] << _PARENT_BITS | form[1]

    def _candidates(self, asked: Iterable[Criteria]) -> Iterator[_Form]:
        """Yield forms in scope; if one id must be there, only those that have it."""
        scope = self._scope
        found = self._rows.execute(*_query(asked))
        for row, parent in found:
            if scope.holds_children_of(parent):
                yield row, parent
        for row in scope.tops:
            yield row, 0

    def _told(
        self, forms: list[_Form]
    ) -> Iterator[tuple[_Form, Mapping[str, tuple[str, ...]]]]:
        """Yield forms with their ids as properties."""
        for start in range(0, len(forms), _AT_ONCE):
            self._in_time()
            some = forms[start : start + _AT_ONCE]
            wanted = json.dumps(sorted({row for form in some for row in form}))
            objects = {
                row: (object_id, parent, is_container)
                for row, object_id, parent, is_container in self._rows.execute(
                    "select object.id, object_id, object.parent, is_container"
                    " from json_each(?)"
                    " cross join object on object.id = value",
                    (wanted,),
                )
            }
            for row, container in some:
                object_id, parent, is_container = objects[row]
                above = objects[container][0] if container else self._scope.tops[row]
                ids = {"@id": (object_id,), "@parentID": (above,)}
                if not is_container and parent != container:
                    ids["@refID"] = (object_id,)
                    ids["@id"] = (reference(item_id_of(object_id), above),)
                yield (row, container), ids


def _query(asked: Iterable[Criteria]) -> tuple[str, tuple[str, ...]]:
    for term in asked:
        match term:
            case Relation("@parentID", "=", value):
                return (
                    "select child.object, child.parent from object as above"
                    " cross join child on child.parent = above.id"
                    " where above.object_id = ?",
                    (value,),
                )
            case Relation("@id", "=", value) | Relation("@refID", "=", value):
                split = split_reference(value)
                return (
                    "select child.object, child.parent from object cross join child"
                    " on child.object = object.id where object_id = ?",
                    (split[0] if split else value,),
                )
    return "select object, parent from child", ()


def _asks_for_forms(tree: Criteria) -> bool:
    return any(
        isinstance(leaf, Relation | Exists) and leaf.name in IDS
        for leaf in _leaves(tree)
    )


def _leaves(tree: Criteria) -> Iterator[Criteria]:
    match tree:
        case AllOf(terms) | AnyOf(terms):
            for term in terms:
                yield from _leaves(term)
        case _:
            yield tree


def _holds(
    tree: Criteria,
    row: int,
    ids: Mapping[str, tuple[str, ...]],
    known: Mapping[Criteria, Masks],
) -> bool:
    match tree:
        case AllOf(terms):
            return all(_holds(term, row, ids, known) for term in terms)
        case AnyOf(terms):
            return any(_holds(term, row, ids, known) for term in terms)
    return is_in(known[tree], row) if tree in known else matches(tree, ids)
