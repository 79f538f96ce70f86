"""Landmarks in long containers, so that a page deep inside is found at once.

A landmark is a place among a container's children, and how many of them come
before it. There is one at least every 2 * LANDMARK_EVERY children; where they
stand exactly depends on what came when. One file more or less moves numbers
only, of which a container of 100,000 children has 400.
"""

import sqlite3
from bisect import bisect_right
from collections import defaultdict

from upnpserver.catalog.schema import LANDMARK_EVERY

_MOST = 2 * LANDMARK_EVERY  # children between two landmarks
_Key = tuple[str, int]  # sort key, object's row: the order of the children
_Change = tuple[_Key, int]  # 1: a child more there, -1: one less


class Landmarks:
    """The landmarks of one open transaction, and what they don't know yet."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self._changes: defaultdict[int, list[_Change]] = defaultdict(list)
        self._lost: set[int] = set()

    def forget(self) -> None:
        """Drop what is noted, of a transaction that was rolled back."""
        self._changes.clear()
        self._lost.clear()

    def note_added(self, parent: int, sort_key: str, child: int) -> None:
        """Note that a container has a child more."""
        self._changes[parent].append(((sort_key, child), 1))

    def note_removed(self, parent: int, sort_key: str, child: int) -> None:
        """Note that a container has a child less."""
        self._changes[parent].append(((sort_key, child), -1))

    def note_lost(self, parent: int) -> None:
        """Note that a container changed in ways that nobody counted."""
        self._lost.add(parent)

    def settle(self, parent: int) -> int:
        """Bring a container's landmarks up to date; return its children's count.

        The changes must be written.
        """
        changes = self._changes.pop(parent, [])
        having = self._landmarks(parent)
        if having and parent not in self._lost:
            return self._moved(parent, having, changes)
        self._lost.discard(parent)
        if having:
            self._rows.execute("delete from landmark where parent = ?", (parent,))
        count = self._count_from(parent, ("", 0), _MOST + 1)
        return count if count <= _MOST else self._place_all(parent)

    def _moved(
        self, parent: int, having: list[tuple[int, _Key]], changes: list[_Change]
    ) -> int:
        """Move landmarks by what came and went before them; return the count."""
        keys = [key for _, key in having]
        shifts = [0] * (len(having) + 1)
        for key, by in changes:
            # What is at a landmark stands behind it: its place in front is free.
            shifts[bisect_right(keys, key)] += by
        moved: list[tuple[int, _Key]] = []
        shift = 0
        for (position, key), before in zip(having, shifts, strict=False):
            shift += before
            if not moved or position + shift > moved[-1][0]:  # else nothing is between
                moved.append((position + shift, key))
        last, key = moved[-1]
        count = last + self._count_from(parent, key)
        moved = [] if count <= LANDMARK_EVERY else self._divided(parent, moved, count)
        self._write(parent, having, moved)
        return count

    def _divided(
        self, parent: int, marks: list[tuple[int, _Key]], count: int
    ) -> list[tuple[int, _Key]]:
        """Return landmarks with new ones where they have come too far apart."""
        divided: list[tuple[int, _Key]] = [(0, ("", 0))]
        for position, key in (*marks, (count, ("", 0))):
            while position - divided[-1][0] > _MOST:
                divided.append(self._place_after(parent, *divided[-1]))
            divided.append((position, key))
        return divided[1:-1]

    def _place_after(self, parent: int, position: int, key: _Key) -> tuple[int, _Key]:
        """Return a landmark that stands LANDMARK_EVERY children after another."""
        sort_key, child = self._rows.execute(
            "select sort_key, object from child where parent = ?"
            " and (sort_key, object) >= (?, ?) order by sort_key, object"
            " limit 1 offset ?",
            (parent, *key, LANDMARK_EVERY),
        ).fetchone()
        return position + LANDMARK_EVERY, (sort_key, child)

    def _write(
        self,
        parent: int,
        having: list[tuple[int, _Key]],
        wanted: list[tuple[int, _Key]],
    ) -> None:
        same = 0
        while having[same : same + 1] == wanted[same : same + 1] != []:
            same += 1
        if same < len(having):
            self._rows.execute(
                "delete from landmark where parent = ? and position >= ?",
                (parent, having[same][0]),
            )
        self._rows.executemany(
            "insert into landmark (parent, position, sort_key, object)"
            " values (?, ?, ?, ?)",
            [(parent, position, *key) for position, key in wanted[same:]],
        )

    def _place_all(self, parent: int) -> int:
        self._rows.execute(
            "insert into landmark select parent, n - 1, sort_key, object from"
            " (select parent, sort_key, object, row_number() over"
            "   (order by sort_key, object) as n from child where parent = ?1)"
            " where n % ?2 = 1",
            (parent, LANDMARK_EVERY),
        )
        position, key = self._landmarks(parent)[-1]
        return position + self._count_from(parent, key)

    def _landmarks(self, parent: int) -> list[tuple[int, _Key]]:
        return [
            (position, (sort_key, child))
            for position, sort_key, child in self._rows.execute(
                "select position, sort_key, object from landmark where parent = ?"
                " order by position",
                (parent,),
            )
        ]

    def _count_from(self, parent: int, key: _Key, limit: int = -1) -> int:
        (count,) = self._rows.execute(
            "select count(*) from (select 1 from child where parent = ?"
            " and (sort_key, object) >= (?, ?) limit ?)",
            (parent, *key, limit),
        ).fetchone()
        return int(count)
