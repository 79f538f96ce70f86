"""Rows of items: which files are shown, under which id, and where.

Files of the same content are told apart by their place: the first by library,
folder and name has the content's own id, each other one an id made from both,
so that the ids don't depend on the order in which files were found.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from upnpserver.catalog import views
from upnpserver.catalog.beside_rows import BesideRows
from upnpserver.catalog.containers import ContainerRows, Place, insert_object
from upnpserver.catalog.identity import original, short_hash
from upnpserver.catalog.items import Described, describe_item, media_path
from upnpserver.catalog.views.words import Words
from upnpserver.facts import facts_from_json, facts_to_json
from upnpserver.model import Kind, MediaFacts


@dataclass(frozen=True, slots=True)
class Root:
    """One folder of a library.

    shown: titles between the "Folders" container and this folder's content.
    identity: of the disk that lies there; another disk there is another root.
    """

    library: str
    shown: tuple[str, ...]
    path: bytes
    kinds: frozenset[Kind] = frozenset(Kind)
    identity: str = ""


@dataclass(frozen=True, slots=True)
class _ShownFile:
    row: int
    size_bytes: int
    facts: MediaFacts
    own_facts: MediaFacts  # without what the files beside it tell
    place: views.FilePlace
    art: bytes

    @property
    def order(self) -> tuple[object, ...]:
        place = self.place
        return (place.library, place.shown_folders, place.relative_path)


class ItemRows:
    """The items of one open transaction."""

    def __init__(
        self, rows: sqlite3.Connection, containers: ContainerRows, words: Words
    ) -> None:
        self._rows, self._containers, self._words = rows, containers, words
        self._beside = BesideRows(rows)

    def forget(self) -> None:
        """Drop what is remembered of a transaction that has ended."""
        self._beside.clear()

    def drop_all(self) -> None:
        """Take all items and containers away: they are made anew."""
        self._rows.execute("delete from item")
        self._containers.drop_all()

    def show_all_of(
        self, content_id: str, roots: Mapping[int, Root], fresh: Set[int]
    ) -> None:
        """Give every file with this content its item.

        roots: those whose disks are here; files of others have no item.
        fresh: rows of files whose facts are new; the others' items stay as
        they are unless their id changes.
        """
        files = sorted(self._files_of(content_id, roots), key=lambda file: file.order)
        wanted: dict[int, str] = {}
        for file in files:
            place = (file.place.library, *file.place.shown_folders)
            same = (
                content_id
                if not wanted
                else short_hash(content_id, *place, file.place.relative_path)
            )
            wanted[file.row] = same
        # All wrong ids are given up before any is taken: two files may swap.
        stale = [f for f in files if not self._has_id(f.row, original(wanted[f.row]))]
        for file in stale:
            self.hide(file.row)
        for file in files:
            if file in stale or file.row in fresh:
                self._show(file, wanted[file.row])

    def _files_of(
        self, content_id: str, roots: Mapping[int, Root]
    ) -> Iterable[_ShownFile]:
        for row, size, mtime_ns, facts_json, root_row, path, name in self._rows.execute(
            "select file.id, size_bytes, mtime_ns, facts, root, path, name from file"
            " join directory on directory.id = file.directory"
            " where content_id = ? and role = 'media'",
            (content_id,),
        ).fetchall():
            root = roots.get(root_row)
            if root is None:  # its disk is away
                continue
            facts = facts_from_json(facts_json)
            if facts.kind in root.kinds:
                relative = path + b"/" + name if path else name
                place = views.FilePlace(root.library, root.shown, relative, mtime_ns)
                told = self._beside.told(root_row, relative, facts)
                art = self._beside.art(root_row, relative)
                yield _ShownFile(row, size, told, facts, place, art)

    def _has_id(self, file_row: int, object_id: str) -> bool:
        having = self._rows.execute(
            "select object_id from item join object on object.id = item.object"
            " where file = ?",
            (file_row,),
        ).fetchone()
        return bool(having) and having[0] == object_id

    def _show(self, file: _ShownFile, item_id: str) -> None:
        title = views.shown_title(file.facts, file.place, self._words)
        described, features = describe_item(
            file.facts, title, _url_path(file, item_id), file.size_bytes
        )
        described = replace(described, art=file.art)
        ways = views.placements(file.facts, file.place, self._words)
        places = {
            (
                self._containers.end_of(placement.way),
                f"{placement.sort_key}\x1f{item_id}",
            )
            for placement in ways
        }
        folder = self._containers.end_of(ways[0].way)
        found = self._rows.execute(
            "select object from item where file = ?", (file.row,)
        ).fetchone()
        if found:
            row = found[0]
            self._update(row, folder, described)
        else:
            row = insert_object(
                self._rows,
                original(item_id),
                folder,
                described,
                is_container=False,
            )
        self._rows.execute(
            "insert or replace into item (object, file, kind, mime, features,"
            " duration_ms, facts) values (?, ?, ?, ?, ?, ?, ?)",
            (
                row,
                file.row,
                file.facts.kind.value,
                file.facts.mime,
                features,
                file.facts.duration_ms,
                None if file.facts is file.own_facts else facts_to_json(file.facts),
            ),
        )
        self._put(row, places)

    def _update(self, row: int, folder: int, described: Described) -> None:
        self._rows.execute(
            "update object set parent = ?, class = ?, title = ?, segments = ?, art = ?"
            " where id = ?",
            (
                folder,
                described.upnp_class,
                described.title,
                described.segments,
                described.art or None,
                row,
            ),
        )
        columns = ", ".join(f"{name} = ?" for name in described.found)
        self._rows.execute(
            f"update found set {columns} where object = ?",
            (*described.found.values(), row),
        )

    def _put(self, row: int, places: set[Place]) -> None:
        before = self._containers.places_of(row)
        for place in before - places:
            self._containers.remove_child(row, place)
        for place in places - before:
            self._containers.add_child(row, place)
        self._containers.changed.update(container for container, _ in places)

    def hide(self, file_row: int) -> None:
        """Remove the item of a file, if it has one."""
        found = self._rows.execute(
            "delete from item where file = ? returning object", (file_row,)
        ).fetchone()
        if found is None:
            return
        for place in self._containers.places_of(found[0]):
            self._containers.remove_child(found[0], place)
        self._rows.execute("delete from object where id = ?", found)
        self._rows.execute("delete from found where object = ?", found)


def _url_path(file: _ShownFile, item_id: str) -> str:
    extension = file.place.relative_path.rpartition(b".")[2].decode("ascii", "replace")
    return media_path(item_id, file.facts.kind, extension)
