"""Rows of items: which files are shown, under which id, and where.

Files of the same content are told apart by their place: the first by library,
folder and name has the content's own id, each other one an id made from both,
so that the ids don't depend on the order in which files were found.
"""

import sqlite3
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from upnpserver.catalog import views
from upnpserver.catalog.beside_rows import BesideRows
from upnpserver.catalog.containers import ContainerRows
from upnpserver.catalog.identity import original, short_hash
from upnpserver.catalog.items import Beside, SentFile, art_profile, describe_item
from upnpserver.catalog.object_rows import ObjectRows, Place
from upnpserver.catalog.views.words import Words
from upnpserver.dlna.profiles import profile_of
from upnpserver.dlna.protocolinfo import content_features
from upnpserver.facts import facts_from_json, facts_to_json
from upnpserver.model import Kind, MediaFacts
from upnpserver.paths import joined


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
    embedded_id: str  # of the picture in it
    beside: Beside
    is_poster: bool  # it stands for a film, and is no item

    @property
    def order(self) -> tuple[object, ...]:
        place = self.place
        return (place.library, place.shown_folders, place.relative_path)


_Item = tuple[int, str]  # its object's row and id
_AT_ONCE = 8  # contents: a few milliseconds

_FILES = (
    "select file.id, size_bytes, mtime_ns, file.facts, root, path, name from file"
    " join directory on directory.id = file.directory"
)
_INSIDE = (
    "with recursive inside(id) as (values (?) union select child.object from inside"
    " join child on child.parent = inside.id"
    " join object on object.id = child.object and object.is_container) "
)


class ItemRows:
    """The items of one open transaction."""

    def __init__(
        self,
        rows: sqlite3.Connection,
        objects: ObjectRows,
        containers: ContainerRows,
        words: Words,
    ) -> None:
        self._rows, self._objects = rows, objects
        self._containers, self._words = containers, words
        self._beside = BesideRows(rows)
        self._items: list[tuple[object, ...]] = []  # rows not yet written
        self._attached: list[tuple[object, ...]] = []

    def forget(self) -> None:
        """Drop what is remembered of a transaction that has ended."""
        self._beside.clear()
        self._items.clear()
        self._attached.clear()

    def drop_all(self) -> None:
        """Take all items and containers away: they are made anew."""
        self._rows.execute("delete from attached where file in (select file from item)")
        self._rows.execute("delete from item")
        self._containers.drop_all()

    def show_all(
        self,
        contents: Iterable[str],
        roots: Mapping[int, Root],
        fresh: Mapping[int, MediaFacts | None],
        meanwhile: Callable[[], None],
    ) -> None:
        """Give every file with one of these contents its item.

        roots: those whose disks are here; files of others have no item.
        fresh: rows of files whose items are made anew, and their facts where
        they are at hand; the others' items stay unless their id changes.
        meanwhile: called every few milliseconds.
        """
        coming = iter(sorted(contents))
        while some := tuple(islice(coming, _AT_ONCE)):
            meanwhile()
            files, having = self._files_of(some, roots, fresh), self._items_of(some)
            for content_id in some:
                self._show_all_of(
                    content_id, files[content_id], having[content_id], fresh
                )
        self._flush()

    def _flush(self) -> None:
        self._objects.flush()
        self._rows.executemany(
            "insert or replace into item (object, file, kind, mime, features,"
            " duration_ms, facts, caption_path) values (?, ?, ?, ?, ?, ?, ?, ?)",
            self._items,
        )
        self._items.clear()
        self._rows.executemany(
            "insert or replace into attached (file, attached_id, mime, features,"
            " first_byte, length) values (?, ?, ?, ?, ?, ?)",
            self._attached,
        )
        self._attached.clear()

    def _files_of(
        self,
        contents: Sequence[str],
        roots: Mapping[int, Root],
        fresh: Mapping[int, MediaFacts | None],
    ) -> Mapping[str, list[_ShownFile]]:
        found = self._rows.execute(
            f"{_FILES} where content_id in ({_marks(contents)}) and role = 'media'",
            contents,
        )
        files: dict[str, list[_ShownFile]] = {content: [] for content in contents}
        for file in self._shown_files(found, roots, fresh):
            if file.is_poster:
                self._attach_poster(file)
            else:
                files[file.own_facts.content_id].append(file)
        return files

    def _items_of(self, contents: Sequence[str]) -> Mapping[str, dict[int, _Item]]:
        """Return the items that files have: by the content and the file's row."""
        items: dict[str, dict[int, _Item]] = {content: {} for content in contents}
        for content_id, file_row, row, object_id in self._rows.execute(
            "select content_id, file, object.id, object_id from file"
            " join item on item.file = file.id join object on object.id = item.object"
            f" where content_id in ({_marks(contents)})",
            contents,
        ):
            items[content_id][file_row] = row, object_id
        return items

    def _show_all_of(
        self,
        content_id: str,
        files: list[_ShownFile],
        having: dict[int, _Item],
        fresh: Container[int],
    ) -> None:
        wanted: dict[int, str] = {}
        for file in sorted(files, key=lambda file: file.order):
            place = (file.place.library, *file.place.shown_folders)
            wanted[file.row] = (
                content_id
                if not wanted
                else short_hash(content_id, *place, file.place.relative_path)
            )
        # All wrong ids are given up before any is taken: two files may swap.
        for file_row, (_, object_id) in list(having.items()):
            if original(wanted.get(file_row, "")) != object_id:
                self.hide(file_row)
                del having[file_row]
        for file in files:
            row, _ = having.get(file.row, (None, ""))
            if row is None or file.row in fresh:
                self._show(file, wanted[file.row], row)

    def _shown_files(
        self,
        found: Iterable[tuple[Any, ...]],
        roots: Mapping[int, Root],
        fresh: Mapping[int, MediaFacts | None],
    ) -> Iterable[_ShownFile]:
        for row, size, mtime_ns, facts_json, root_row, path, name in list(found):
            root = roots.get(root_row)
            if root is None:  # its disk is away
                continue
            facts = fresh.get(row) or facts_from_json(facts_json)
            relative = joined(path, name)
            is_poster = Kind.VIDEO in root.kinds and self._beside.is_poster(
                root_row, relative, facts
            )
            if is_poster or facts.kind in root.kinds:
                place = views.FilePlace(root.library, root.shown, relative, mtime_ns)
                told = self._beside.told(root_row, relative, facts)
                embedded_id = _embedded_id(root, relative, facts)
                beside = self._beside.shown(root_row, relative, told, embedded_id)
                yield _ShownFile(
                    *(row, size, told, facts, place, embedded_id, beside, is_poster)
                )

    def respell(self, roots: Mapping[int, Root]) -> None:
        """Spell containers anew that may have lost the file they are spelled as."""
        for row in sorted(self._containers.spellings.doubtful):
            self._objects.flush()
            found = self._rows.execute(
                f"{_INSIDE}{_FILES} where file.id in (select item.file from inside"
                " join child on child.parent = inside.id"
                " join item on item.object = child.object) order by file.id",
                (row,),
            )
            object_id = self._containers.object_id(row)
            self._containers.respell(
                row,
                (
                    self._named_by(file, object_id)
                    for file in self._shown_files(found, roots, {})
                ),
            )
        self._containers.spellings.doubtful.clear()

    def _named_by(self, file: _ShownFile, object_id: str) -> set[views.Container]:
        """Return how a file spells one container."""
        return {
            container
            for placement in views.placements(file.facts, file.place, self._words)
            for container in placement.way
            if container.object_id == object_id
        }

    def _show(self, file: _ShownFile, item_id: str, row: int | None) -> None:
        """Make an item, or make it anew; row: the object's, None if there is none."""
        title = views.shown_title(file.facts, file.place, self._words)
        sent = SentFile(item_id, file.place.relative_path, file.size_bytes)
        described, features = describe_item(file.facts, title, sent, file.beside)
        ways = views.placements(file.facts, file.place, self._words)
        places = {
            (
                self._containers.end_of(placement.way),
                f"{placement.sort_key}\x1f{item_id}",
            )
            for placement in ways
        }
        folder = self._containers.end_of(ways[0].way)
        if row is None:
            row = self._objects.add(
                original(item_id), folder, described, is_container=False
            )
            self._containers.put(row, places)
            if file.facts.kind is Kind.IMAGE:  # it may have been a poster
                self._rows.execute("delete from attached where file = ?", (file.row,))
        else:
            self._objects.update(
                *(row, described),
                parent=folder,
                art=described.art or None,
                group_art=described.group_art or None,
                above_art=described.above_art or None,
            )
            self._move(row, places)
            self._rows.execute("delete from attached where file = ?", (file.row,))
        self._attach(file)
        self._items.append(
            (
                row,
                file.row,
                file.facts.kind.value,
                file.facts.mime,
                features,
                file.facts.duration_ms,
                None if file.facts is file.own_facts else facts_to_json(file.facts),
                file.beside.captions[0].path if file.beside.captions else None,
            )
        )

    def _attach(self, file: _ShownFile) -> None:
        """Have the picture inside a file sent, if there is one."""
        if file.embedded_id:
            facts = file.own_facts
            features = content_features(Kind.IMAGE, art_profile(facts))
            span = facts.art_offset, facts.art_length
            self._attached.append(
                (file.row, file.embedded_id, facts.art_mime, features, *span)
            )

    def _attach_poster(self, file: _ShownFile) -> None:
        facts = file.own_facts
        features = content_features(facts.kind, profile_of(facts))
        self._attached.append(
            (file.row, facts.content_id, facts.mime, features, None, None)
        )

    def _move(self, row: int, places: set[Place]) -> None:
        """Have an item in these places, and in no other but playlists."""
        everywhere = self._objects.places_of(row)
        before = {place for place in everywhere if not views.is_listed(place[1])}
        for place in before - places:
            self._containers.remove_child(row, place)
        self._containers.put(row, places - before)
        self._containers.changed.update(parent for parent, _ in everywhere | places)
        self._containers.spellings.doubt(parent for parent, _ in before)

    def hide(self, file_row: int) -> None:
        """Remove the item of a file, if it has one."""
        found = self._rows.execute(
            "delete from item where file = ? returning object", (file_row,)
        ).fetchone()
        if found is None:
            return
        places = self._objects.places_of(found[0])
        for place in places:
            self._containers.remove_child(found[0], place)
        self._containers.spellings.doubt(parent for parent, _ in places)
        # The row may be that of a cover by now, if the file left.
        self._rows.execute(
            "delete from attached where file = ? and first_byte is not null",
            (file_row,),
        )
        self._rows.execute("delete from object where id = ?", found)
        self._rows.execute("delete from found where object = ?", found)

    def hide_root(self, root_row: int) -> None:
        """Remove the items of all files of a root at once."""
        objects = self._rows.execute(
            "select object from item join file on file.id = item.file"
            " join directory on directory.id = file.directory where root = ?",
            (root_row,),
        ).fetchall()
        for row in objects:
            parents = {parent for parent, _ in self._objects.places_of(row[0])}
            self._containers.lose_children(parents)
            self._containers.spellings.doubt(parents)
        self._rows.execute(
            "delete from attached where file in (select item.file from item"
            " join file on file.id = item.file"
            " join directory on directory.id = file.directory where root = ?)",
            (root_row,),
        )
        for table, column in (
            ("child", "object"),
            ("found", "object"),
            ("item", "object"),
            ("object", "id"),
        ):
            self._rows.executemany(f"delete from {table} where {column} = ?", objects)


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _embedded_id(root: Root, relative_path: bytes, facts: MediaFacts) -> str:
    """Return the id of the picture in a file: another one's is another."""
    if not facts.art_length:
        return ""
    span = f"{facts.art_offset}-{facts.art_length}"
    return short_hash(root.library, *root.shown, relative_path, span)
