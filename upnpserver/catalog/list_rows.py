"""Rows of playlists: which items each one holds, by what its file names.

All lists are looked through when the files of an order are written: whatever
came first, list or music, a list ends up with what is there.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from upnpserver.catalog import views
from upnpserver.catalog.containers import ContainerRows
from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.listed import Place, candidates, folded
from upnpserver.catalog.object_rows import ObjectRows
from upnpserver.catalog.views.words import Words
from upnpserver.facts import facts_from_json
from upnpserver.model import Kind, MediaFacts
from upnpserver.paths import joined

_EMPTY = "none of the files that it names is in a library"
_FOLDERS_AT_HAND = 64  # whose names are remembered, folded


class _List(NamedTuple):
    """A playlist file; row: its own."""

    row: int
    root_row: int
    directory: bytes
    place: views.FilePlace
    facts: MediaFacts


class _Found(NamedTuple):
    """An item that a list holds: its object's row, and what it is."""

    row: int
    kind: Kind


class ListRows:
    """The playlists of one open transaction."""

    def __init__(
        self,
        rows: sqlite3.Connection,
        objects: ObjectRows,
        containers: ContainerRows,
        words: Words,
    ) -> None:
        self._rows, self._objects = rows, objects
        self._containers, self._words = containers, words

    def settle(self, roots: Mapping[int, Root]) -> None:
        """Let each list of these roots hold what it names and is there.

        roots: row -> those whose disks are here.
        """
        self._objects.flush()
        files = _Files(self._rows)
        paths = {
            row: root.path
            for row, root in sorted(
                roots.items(), key=lambda item: (item[1].library, item[1].path)
            )
        }
        wanted: set[tuple[int, str, int]] = set()
        empty: set[int] = set()
        for one in self._lists(roots):
            found = [
                files.find(candidates(entry, one.root_row, one.directory, paths))
                for entry in one.facts.entries
            ]
            wanted.update(self._rows_of(one, found))
            if not any(found):
                empty.add(one.row)
        self._tell_empty(empty)
        having = self._having()
        for parent, sort_key, child in having - wanted:
            self._containers.remove_child(child, (parent, sort_key))
        for parent, sort_key, child in wanted - having:
            self._containers.put(child, {(parent, sort_key)})

    def _lists(self, roots: Mapping[int, Root]) -> Iterator[_List]:
        for row, root_row, path, name, mtime_ns, facts in self._rows.execute(
            "select file.id, root, path, name, mtime_ns, facts from file"
            " join directory on directory.id = file.directory"
            " where role = 'playlist' and facts is not null"
        ).fetchall():
            if root_row in roots:
                root = roots[root_row]
                place = views.FilePlace(
                    root.library, root.shown, joined(path, name), mtime_ns
                )
                yield _List(row, root_row, path, place, facts_from_json(facts))

    def _tell_empty(self, empty: set[int]) -> None:
        """Tell of these lists, and of no others, that they hold nothing."""
        told = {
            row
            for (row,) in self._rows.execute(
                "select id from file where role = 'playlist' and problem = ?", (_EMPTY,)
            )
        }
        for row in empty ^ told:
            self._rows.execute(
                "update file set problem = ? where id = ?",
                (_EMPTY if row in empty else None, row),
            )

    def _rows_of(
        self, one: _List, found: list[_Found | None]
    ) -> Iterator[tuple[int, str, int]]:
        """Yield the rows of one list's entries, with its container made."""
        first = next(filter(None, found), None)
        if first is None:
            return
        way = views.playlist(
            one.facts, one.place, first.kind, found.count(None), self._words
        )
        parent = self._containers.own(way)
        for position, item in enumerate(found):
            if item is not None:
                yield parent, views.listed_key(position), item.row

    def _having(self) -> set[tuple[int, str, int]]:
        self._objects.flush()
        marks = ", ".join("?" * len(views.LIST_IDS))
        return set(
            self._rows.execute(
                "select inside.parent, inside.sort_key, inside.object from object"
                " join child as list on list.parent = object.id"
                " join child as inside on inside.parent = list.object"
                f" where object.object_id in ({marks})",
                views.LIST_IDS,
            )
        )


class _Files:
    """The items of files, found by path: exactly, or else as paths are compared."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self._folders: dict[Place | tuple[int, str], list[int]] | None = None
        self._names: dict[int, dict[str, _Found]] = {}

    def find(self, places: Iterable[Place]) -> _Found | None:
        """Return the first item that lies at one of these places."""
        tried = list(places)
        for row, path in tried:
            if found := self._at(row, path):
                return found
        for row, path in tried:
            if found := self._folded_at(row, path):
                return found
        return None

    def _at(self, root_row: int, path: bytes) -> _Found | None:
        directory, _, name = path.rpartition(b"/")
        found = self._rows.execute(
            "select object, kind from file join item on item.file = file.id"
            " where directory = (select id from directory where root = ? and path = ?)"
            " and name = ?",
            (root_row, directory, name),
        ).fetchone()
        return _Found(found[0], Kind(found[1])) if found else None

    def _folded_at(self, root_row: int, path: bytes) -> _Found | None:
        directory, _, name = path.rpartition(b"/")
        for row in self._folders_like(root_row, directory):
            if found := self._names_in(row).get(folded(name)):
                return found
        return None

    def _folders_like(self, root_row: int, directory: bytes) -> list[int]:
        """Return the rows of directories that compare equal."""
        if self._folders is None:
            self._folders = {}
            for row, root, path in self._rows.execute(
                "select id, root, path from directory order by path"
            ):
                self._folders.setdefault((root, folded(path)), []).append(row)
        return self._folders.get((root_row, folded(directory)), [])

    def _names_in(self, directory_row: int) -> dict[str, _Found]:
        if directory_row not in self._names:
            if len(self._names) == _FOLDERS_AT_HAND:
                self._names.clear()
            self._names[directory_row] = {
                folded(name): _Found(row, Kind(kind))
                for name, row, kind in self._rows.execute(
                    "select name, object, kind from file"
                    " join item on item.file = file.id where directory = ?"
                    " order by name desc",  # of equal ones the first counts
                    (directory_row,),
                )
            }
        return self._names[directory_row]
