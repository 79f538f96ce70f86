"""Rows of objects, of what is searched of them, and of their places.

New rows are held back and inserted many at a time, which costs a third. So
whoever reads these tables, or changes them by other means, flushes first.
"""

import sqlite3
from collections.abc import Iterable, Mapping

from upnpserver.catalog.items import Described
from upnpserver.catalog.marked import FOUND

Place = tuple[int, str]  # (container's row, sort key)
_NOTHING_FOUND = dict.fromkeys(FOUND)


class ObjectRows:
    """The objects of one open transaction."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self._last = 0  # row that was given away
        self._objects: list[tuple[object, ...]] = []
        self._found: dict[str, list[tuple[object, ...]]] = {}  # by their columns
        self._children: list[tuple[int, str, int]] = []

    def forget(self) -> None:
        """Drop what is held back, of a transaction that was rolled back."""
        self._objects.clear()
        self._found.clear()
        self._children.clear()

    def add(
        self,
        object_id: str,
        parent: int | None,
        described: Described,
        *,
        is_container: bool,
    ) -> int:
        """Add one object and what is searched of it; return its row."""
        row = self._next_row()
        self._objects.append(
            (
                row,
                object_id,
                parent,
                is_container,
                described.upnp_class,
                described.title,
                described.segments,
                described.art or None,
                described.group_art or None,
                described.above_art or None,
            )
        )
        columns = "".join(f', "{name}"' for name in described.found)
        values = (row, *described.found.values())
        self._found.setdefault(columns, []).append(values)
        return row

    def update(self, row: int, described: Described, **columns: object) -> None:
        """Describe an object anew; columns: more of its row that changed."""
        self.flush()
        values = {
            "class": described.upnp_class,
            "title": described.title,
            "segments": described.segments,
            **columns,
        }
        self._set("object", "id", row, values)
        self._set("found", "object", row, {**_NOTHING_FOUND, **described.found})

    def _set(
        self, table: str, key: str, row: int, values: Mapping[str, object]
    ) -> None:
        columns = ", ".join(f'"{name}" = ?' for name in values)
        self._rows.execute(
            f"update {table} set {columns} where {key} = ?", (*values.values(), row)
        )

    def put(self, child: int, places: Iterable[Place]) -> None:
        """Put an object into containers, where it may be already."""
        self._children += [(parent, sort_key, child) for parent, sort_key in places]

    def take_out(self, child: int, place: Place) -> None:
        """Take an object out of a container."""
        self.flush()
        self._rows.execute(
            "delete from child where parent = ? and sort_key = ? and object = ?",
            (*place, child),
        )

    def places_of(self, child: int) -> set[Place]:
        """Return where an object is found now."""
        self.flush()
        return set(
            self._rows.execute(
                "select parent, sort_key from child where object = ?", (child,)
            )
        )

    def flush(self) -> None:
        """Insert what is held back."""
        if self._objects:
            self._rows.executemany(
                "insert into object (id, object_id, parent, is_container, class,"
                " title, segments, art, group_art, above_art, child_count, update_id)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
                self._objects,
            )
            for columns, values in self._found.items():
                marks = ", ".join("?" * len(values[0]))
                self._rows.executemany(
                    f"insert into found (object{columns}) values ({marks})", values
                )
        if self._children:
            self._rows.executemany(
                "insert or ignore into child (parent, sort_key, object)"
                " values (?, ?, ?)",
                sorted(self._children),  # neighbours are on one page of the file
            )
        self.forget()

    def _next_row(self) -> int:
        if not self._last:
            (last,) = self._rows.execute("select max(id) from object").fetchone()
            self._last = last or 0
        self._last += 1
        return self._last
