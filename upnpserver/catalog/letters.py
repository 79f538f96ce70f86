"""Long lists split by letter, for those who ask for it.

Nothing of it is stored: a letter is a range of the sort keys that a container's
children have anyway, so it goes by the household's language, leaves articles out
and ignores accents as their order does.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from upnpserver.catalog.compile import order_by
from upnpserver.catalog.entries import COLUMNS, entry_of, found_of, window_of
from upnpserver.catalog.ordered import OrderedResults, numbers
from upnpserver.catalog.views.tree import AFTER_ALL, PLAIN
from upnpserver.model import Entry, Page, SortKey, Window
from upnpserver.policy import ClientPolicy
from upnpserver.upnp import didl

# Those that are in the order of their titles.
_SPLIT = {
    *("music$albums", "music$albumartists", "music$artists", "music$composers"),
    *("music$all", "music$books", "video$films", "video$serieses", "video$all"),
    *("video$directors", "video$actors", "video$sets", "picture$keywords"),
}
_MARK = "$l$"
_FIRST_LETTER = "a"  # keys are folded: before it are digits and signs only
_NO_ALPHABET = "\u2e80"  # from here on signs for words and syllables, by thousands
_LAST_PRIVATE = "\uf8ff"
_END = "\U0010ffff"


class Letter(NamedTuple):
    """One letter: keys from low on and below high, after the kind of child."""

    title: str
    low: str
    high: str


class _Part(NamedTuple):
    """The children of a container under one letter."""

    letter: Letter
    low: str  # sort keys
    high: str
    children: int


def letter_of(key: str) -> Letter:
    """Return the letter under which a title is found; key: see views.tree.key()."""
    first, own = key[:1], key[1:2]
    if first < _FIRST_LETTER:
        return Letter("0-9", "", _FIRST_LETTER)
    if first >= _NO_ALPHABET:
        return Letter("#", _NO_ALPHABET, _END)
    if not first.isalpha():
        return Letter("#", first, chr(ord(first) + 1))
    title = first.upper()
    private = chr(AFTER_ALL)
    if own < private:
        return Letter(title, first, first + private)
    if own > _LAST_PRIVATE:
        return Letter(title, first + chr(ord(_LAST_PRIVATE) + 1), chr(ord(first) + 1))
    # A letter of the language's own, such as "ñ", behind its plain form.
    own_title = chr(ord(own) - AFTER_ALL).upper()
    return Letter(own_title, first + own, first + chr(ord(own) + 1))


def whole_of(object_id: str) -> str:
    """Return the container that a letter is a part of; of any other, itself."""
    return object_id.partition(_MARK)[0]


class Letters:
    """The letters of one reader, inside its transactions.

    ordered: where sorted lists are remembered.
    """

    def __init__(self, rows: sqlite3.Connection, ordered: OrderedResults) -> None:
        self._rows, self._ordered = rows, ordered
        self._parts = lru_cache(maxsize=64)(self._read_parts)

    def shown(self, row: int, object_id: str, update_id: int) -> Sequence[Entry]:
        """Return the letters of a container, empty if it has none."""
        if object_id not in _SPLIT:
            return ()
        parts = self._parts(row, update_id)
        return [_entry(object_id, part) for part in parts]

    def counted(
        self, entries: Sequence[Entry], policy: ClientPolicy
    ) -> tuple[Entry, ...]:
        """Return entries with the letters counted of those that are split."""
        if not policy.letters_from:
            return tuple(entries)
        return tuple(
            entry._replace(child_count=self._count(entry.object_id))
            if entry.object_id in _SPLIT and entry.child_count > policy.letters_from
            else entry
            for entry in entries
        )

    def _count(self, object_id: str) -> int:
        row, update_id = self._row(object_id) or (0, 0)
        return len(self._parts(row, update_id))

    def _row(self, object_id: str) -> tuple[int, int] | None:
        found: tuple[int, int] | None = self._rows.execute(
            "select id, update_id from object where object_id = ?", (object_id,)
        ).fetchone()
        return found

    def children(
        self, object_id: str, window: Window, sort: tuple[SortKey, ...]
    ) -> Page | None:
        """Return a window of what is under a letter, None if it is no letter."""
        found = self._find(object_id)
        if found is None:
            return None
        row, update_id, part = found
        if sort:
            key = (update_id, row, part.low, sort)
            order = self._ordered.get(
                key, lambda: numbers(self._sorted(row, part, sort))
            )
            entries = found_of(self._rows, window_of(order, window))
        else:
            entries = self._rows.execute(
                f"select {COLUMNS} from child"
                " cross join object on object.id = child.object where child.parent = ?"
                " and child.sort_key >= ? and child.sort_key < ?"
                " order by child.sort_key, child.object limit ? offset ?",
                (row, part.low, part.high, window.count or -1, window.start),
            ).fetchall()
        shown = tuple(entry_of(entry, row, object_id) for entry in entries)
        return Page(shown, part.children, update_id)

    def held(self, object_id: str) -> tuple[int, Mapping[int, str]] | None:
        """Return the update id of a letter, and the rows of what is under it.

        With each row goes the letter's id. None if it is no letter.
        """
        found = self._find(object_id)
        if found is None:
            return None
        row, update_id, part = found
        under = self._sorted(row, part, ())
        return update_id, {child: object_id for (child,) in under}

    def metadata(self, object_id: str) -> Page | None:
        """Return a letter, None if it is none."""
        found = self._find(object_id)
        if found is None:
            return None
        _, update_id, part = found
        return Page((_entry(whole_of(object_id), part),), 1, update_id)

    def count(self, object_id: str) -> int:
        """Return how many children are under a letter, 0 if it is none."""
        found = self._find(object_id)
        return found[2].children if found else 0

    def _find(self, object_id: str) -> tuple[int, int, _Part] | None:
        whole = whole_of(object_id)
        if whole == object_id or whole not in _SPLIT:
            return None
        found = self._row(whole)
        if found is None:
            return None
        for part in self._parts(*found):
            if _id(whole, part) == object_id:
                row, update_id = found
                return row, update_id, part
        return None

    def _read_parts(self, row: int, _update_id: int) -> list[_Part]:
        parts: list[_Part] = []
        above = ""
        while found := self._rows.execute(
            "select sort_key from child where parent = ? and sort_key >= ?"
            " order by sort_key limit 1",
            (row, above),
        ).fetchone():
            kind, key = found[0][:1], found[0][1:]
            letter = letter_of(key)
            low, above = kind + letter.low, kind + letter.high
            (count,) = self._rows.execute(
                "select count(*) from child where parent = ?"
                " and sort_key >= ? and sort_key < ?",
                (row, low, above),
            ).fetchone()
            parts.append(_Part(letter, low, above, count))
        return parts

    def _sorted(
        self, row: int, part: _Part, sort: tuple[SortKey, ...]
    ) -> sqlite3.Cursor:
        return self._rows.execute(
            "select child.object from child"
            " join found on found.object = child.object where child.parent = ?"
            " and child.sort_key >= ? and child.sort_key < ?"
            f" order by {order_by(sort)} child.sort_key, child.object",
            (row, part.low, part.high),
        )


def _id(whole: str, part: _Part) -> str:
    return f"{whole}{_MARK}{part.low.encode().hex()}"


def _entry(whole: str, part: _Part) -> Entry:
    segments = didl.pack(part.letter.title, PLAIN)
    return Entry(True, _id(whole, part), whole, segments, "", part.children)
