"""Which objects a SearchCriteria finds: of each, whether it is found at all.

Reads the table searched, block by block: see catalog/packed.py. Nothing here
takes the catalog's size squared, and each step looks at the clock, so that no
criteria takes longer than it may.
"""

import sqlite3
from collections.abc import Callable, Iterator

from upnpserver.catalog.conditions import question
from upnpserver.catalog.marked import FOUND
from upnpserver.catalog.packed import Masks, Packed, either, unpack, without
from upnpserver.catalog.search_rows import LAST_BLOCK, block_of, packed_row
from upnpserver.upnp.criteria import (
    AllOf,
    AnyOf,
    Criteria,
    Everything,
    Exists,
    Relation,
)

HAD_BY_ALL = ("@id", "@parentID")
_TOLD_BY_ALL = "upnp:class"
_FEW_VALUES = ("upnp:class", "upnp:genre", "upnp:rating", "dc:date", "upnp:artist")


class Search:
    """One look through one state of the catalog.

    in_time: raises CannotProcess when it takes too long.
    """

    def __init__(self, rows: sqlite3.Connection, in_time: Callable[[], None]) -> None:
        self._rows, self._in_time = rows, in_time

    def everything(self) -> Masks:
        """Return all objects but the root, which is in no container."""
        masks: Masks = {}
        for row, packed in self._read(_TOLD_BY_ALL):
            masks[block_of(row)] = unpack(packed).anywhere()
        return masks

    def found(self, tree: Criteria, among: Masks) -> Masks:
        """Return those that match among some.

        Each item is looked at once here, not in each of its forms: of its ids
        nothing is known, and it is no reference.
        """
        match tree:
            case Everything():
                return among
            case AllOf(terms):
                for term in sorted(terms, key=_cost):
                    among = self.found(term, among)
                return among
            case AnyOf(terms):
                found: Masks = {}
                for term in dict.fromkeys(terms):
                    found = either(found, self.found(term, without(among, found)))
                return found
            case Exists(name, wanted):
                having = among if name in HAD_BY_ALL else self._telling(name, among)
                return having if wanted else without(among, having)
            case Relation():
                return self._fitting(tree, among)

    def _telling(self, name: str, among: Masks) -> Masks:
        return self._where(name, among, "", Packed.anywhere)

    def _fitting(self, relation: Relation, among: Masks) -> Masks:
        asked = question(relation)
        if asked is None:
            return {}
        test = asked.test
        return self._where(
            relation.name, among, asked.part, lambda packed: packed.where(test)
        )

    def _where(
        self, name: str, among: Masks, part: str, which: Callable[[Packed], int]
    ) -> Masks:
        found: Masks = {}
        if name not in FOUND or not among:
            return found
        for row, data in self._read(name, min(among), max(among)):
            candidates = among.get(block_of(row))
            if candidates is None:
                continue
            packed = unpack(data)
            if part not in packed.text:
                continue
            mask = candidates & which(packed)
            if mask:
                found[block_of(row)] = mask
        return found

    def _read(
        self, name: str, first: int = 0, last: int = LAST_BLOCK
    ) -> Iterator[tuple[int, bytes]]:
        rows = self._rows.execute(
            "select id, packed from searched where id between ? and ?",
            (packed_row(name, first), packed_row(name, last)),
        )
        for row in rows:
            self._in_time()
            yield row


def _cost(tree: Criteria) -> int:
    """Tell how late a term is best looked at, among those that all must hold."""
    match tree:
        case Everything():
            return 0
        case AllOf(terms) | AnyOf(terms):
            return sum(map(_cost, terms))
        case Exists(name) | Relation(name):
            return 1 if name in _FEW_VALUES else 4
