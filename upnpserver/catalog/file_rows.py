"""Rows of files, and which items have to be made or made anew for them.

A file beside media (an NFO, a cover) has a row and no item: it changes the
items in its folder and in the folders right inside it.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.open_views import odd
from upnpserver.catalog.partial import StoredFile
from upnpserver.dlna.profiles import profile_of
from upnpserver.dlna.protocolinfo import content_features
from upnpserver.facts import facts_from_json, facts_to_json
from upnpserver.media.sidecars import kind_of, lyrics_mime, stem_of
from upnpserver.media.subtitle_names import film_folder, form_of, is_video
from upnpserver.model import Kind, MediaFacts, Role
from upnpserver.paths import joined

_SHOWN_BESIDE = (Role.NFO, Role.ART, Role.CUE)  # what items are made from, beside media
_NAMESAKES = (Kind.VIDEO, Kind.IMAGE)  # a film, and a picture named as it
_SENT_BESIDE = (Role.ART, Role.SUBTITLE, Role.LYRICS)

_IN_ROOT = "directory in (select id from directory where root = ?)"


class KnownFile(NamedTuple):
    """What the catalog knows of a file without opening it.

    A tuple: a rescan makes one for each file of the library.
    """

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file as it was read; facts None: there are none, problem may say why.

    directory is relative to the root, b"" for the root itself.
    """

    root: Root
    directory: bytes
    name: bytes
    size_bytes: int
    mtime_ns: int
    facts: MediaFacts | None
    problem: str = ""
    role: Role = Role.MEDIA
    told: str = ""  # the facts as JSON, where they just came as that


class FileRows:
    """The files of one open transaction.

    contents collects the content ids whose items must be settled; fresh, the
    rows of files whose items must be made anew, with their facts where these
    were just written; gone, the rows of files whose items must be taken away.
    """

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self.contents: set[str] = set()
        self.fresh: dict[int, MediaFacts | None] = {}
        self.gone: list[int] = []
        self._directories: dict[tuple[int, bytes], int] = {}
        self._film_folders: set[tuple[int, bytes]] = set()
        self._namesakes: dict[tuple[int, bytes], set[bytes]] = {}  # stems in folders

    def clear(self) -> None:
        """Drop what was collected: it is settled, or rolled back."""
        self.contents.clear()
        self.fresh.clear()
        self.gone.clear()
        self._directories.clear()
        self._film_folders.clear()
        self._namesakes.clear()

    def known_files(self, root_row: int, directory: bytes) -> Mapping[bytes, KnownFile]:
        """Return what is known of the files right inside one directory."""
        rows = self._rows.execute(
            "select name, size_bytes, mtime_ns from file where directory ="
            " (select id from directory where root = ? and path = ?)",
            (root_row, directory),
        )
        return {name: KnownFile(size, mtime_ns) for name, size, mtime_ns in rows}

    def read_file(
        self, root: Root, root_row: int, directory: bytes, name: bytes
    ) -> ReadFile | None:
        """Return a file as it was read, None if there is none."""
        found = self._rows.execute(
            "select size_bytes, mtime_ns, facts, problem, role from file"
            " where directory ="
            " (select id from directory where root = ? and path = ?) and name = ?",
            (root_row, directory, name),
        ).fetchone()
        if found is None:
            return None
        size_bytes, mtime_ns, facts, problem, role = found
        return ReadFile(
            root,
            directory,
            name,
            size_bytes,
            mtime_ns,
            facts_from_json(facts) if facts else None,
            problem or "",
            Role(role),
        )

    def stored_files(self, root_row: int, directory: bytes) -> dict[bytes, StoredFile]:
        """Return the files right inside one directory, and what items they are."""
        rows = self._rows.execute(
            "select name, size_bytes, mtime_ns, role, file.facts, problem,"
            " coalesce(kind, ''), coalesce(json_extract(coalesce(item.facts,"
            " file.facts), '$.content_rating'), '')"
            " from file left join item on item.file = file.id where directory ="
            " (select id from directory where root = ? and path = ?)",
            (root_row, directory),
        )
        return {name: StoredFile(*stored) for name, *stored in rows}

    def known_directories(self, root_row: int) -> list[bytes]:
        """Return every directory of a root that holds files, in no order."""
        rows = self._rows.execute(
            "select path from directory where root = ?", (root_row,)
        )
        return [path for (path,) in rows]

    def note(self, root_row: int, file: ReadFile) -> None:
        """Write down one file as it was read."""
        directory = self._directory_row(root_row, file.directory)
        is_media = file.role is Role.MEDIA
        content_id = file.facts.content_id or None if file.facts else None
        values = (
            file.role.value,
            file.size_bytes,
            file.mtime_ns,
            content_id,
            file.told or facts_to_json(file.facts) if file.facts else None,
            file.problem or None,
        )
        added = self._rows.execute(
            "insert into file (role, size_bytes, mtime_ns, content_id, facts,"
            " problem, directory, name, odd_name) values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " on conflict (directory, name) do nothing returning id",
            (*values, directory, file.name, odd(file.name)),
        ).fetchone()
        row = added[0] if added else self._write_over(file, directory, values)
        if is_media and content_id:
            self.contents.add(content_id)
            self.fresh[row] = file.facts
        if file.role in _SENT_BESIDE:
            self._attach(row, file)
        if added and is_video(file.name):
            self._film_folders.add((root_row, file.directory))
        self._show_told_of(root_row, file.directory, file.name, file.role)

    def _write_over(
        self, file: ReadFile, directory: int, values: tuple[object, ...]
    ) -> int:
        """Write down what was read of a file that is known; return its row."""
        row, before = self._rows.execute(
            "select id, content_id from file where directory = ? and name = ?",
            (directory, file.name),
        ).fetchone()
        content_id = file.facts.content_id if file.facts else None
        if file.role is Role.MEDIA and before and before != content_id:
            self.gone.append(row)
            self.contents.add(before)
            self._rows.execute("delete from attached where file = ?", (row,))
        self._rows.execute(
            "update file set role = ?, size_bytes = ?, mtime_ns = ?,"
            " content_id = ?, facts = ?, problem = ? where id = ?",
            (*values, row),
        )
        return int(row)

    def _attach(self, row: int, file: ReadFile) -> None:
        """Have a file beside media sent, if it can be."""
        self._rows.execute("delete from attached where file = ?", (row,))
        if sent := _sent(file):
            self._rows.execute(
                "insert into attached (file, attached_id, mime, features)"
                " values (?, ?, ?, ?)",
                (row, *sent),
            )

    def show_told_of(self) -> None:
        """Have made anew what is told of by its name, in files that came or left."""
        self._show_films()
        self._show_namesakes()

    def _show_films(self) -> None:
        """Have films made anew whose subtitles changed, or may be another's now."""
        for root_row, path in sorted(self._film_folders):
            for row, content_id, name in self._media_in(root_row, path):
                if is_video(name):
                    self.fresh.setdefault(row, None)
                    self.contents.add(content_id)
        self._film_folders.clear()

    def _show_namesakes(self) -> None:
        """Have media made anew that are named as a file beside them."""
        for (root_row, path), stems in sorted(self._namesakes.items()):
            # Names alone are read from their index: folders of photos are large.
            folder = (
                "directory = (select id from directory where root = ? and path = ?)"
            )
            names = self._rows.execute(
                f"select name from file where {folder}", (root_row, path)
            )
            alike = [name for (name,) in names if stem_of(name) in stems]
            for name in alike:
                for row, content_id in self._rows.execute(
                    f"select id, content_id from file where {folder} and name = ?"
                    " and role = 'media' and content_id is not null",
                    (root_row, path, name),
                ):
                    self.fresh.setdefault(row, None)
                    self.contents.add(content_id)
        self._namesakes.clear()

    def _media_in(self, root_row: int, path: bytes) -> list[tuple[int, str, bytes]]:
        """Return (row, content id, name) of the media right inside a folder."""
        return self._rows.execute(
            "select file.id, content_id, name from file"
            " join directory on directory.id = file.directory"
            " where root = ? and path = ?"
            " and role = 'media' and content_id is not null",
            (root_row, path),
        ).fetchall()

    def _show_told_of(
        self, root_row: int, path: bytes, name: bytes, role: Role
    ) -> None:
        """Have made anew what a file beside media tells of."""
        if role in _SHOWN_BESIDE:
            self._show_around(root_row, path)
        elif role is Role.SUBTITLE:
            self._film_folders.add((root_row, film_folder(path)))
        elif role is Role.LYRICS or kind_of(name) in _NAMESAKES:
            self._namesakes.setdefault((root_row, path), set()).add(stem_of(name))

    def _show_around(self, root_row: int, path: bytes) -> None:
        """Have the items made anew that a file in this directory tells of."""
        below = path + b"/" if path else b""
        end = path + b"0" if path else b"\xff"  # "0" comes right after "/"
        directories = self._rows.execute(
            "select id, path from directory where root = ?"
            " and (path = ? or (path >= ? and path < ?))",
            (root_row, path, below, end),
        ).fetchall()
        for directory, found in directories:
            if b"/" in found[len(below) :]:
                continue
            for row, content_id in self._rows.execute(
                "select id, content_id from file where directory = ?"
                " and role = 'media' and content_id is not null",
                (directory,),
            ):
                self.fresh.setdefault(row, None)
                self.contents.add(content_id)

    def forget(self, root_row: int, path: bytes, name: bytes) -> None:
        """Drop a file that left."""
        directory = self._directory_row(root_row, path)
        found = self._rows.execute(
            "delete from file where directory = ? and name = ?"
            " returning id, content_id, role",
            (directory, name),
        ).fetchone()
        if found:
            row, content_id, role = found
            self.gone.append(row)
            if role == Role.MEDIA and content_id:
                self.contents.add(content_id)
            self._rows.execute("delete from attached where file = ?", (row,))
            self._show_told_of(root_row, path, name, Role(role))
            if is_video(name):
                self._film_folders.add((root_row, path))
        emptied = self._rows.execute(
            "delete from directory where id = ?1"
            " and not exists (select 1 from file where directory = ?1)",
            (directory,),
        )
        if emptied.rowcount:
            del self._directories[root_row, path]

    def forget_all(self, root_row: int) -> None:
        """Drop all files of a root that is no longer shared."""
        files = self._rows.execute(
            "select directory.path, name from file"
            " join directory on directory.id = file.directory where root = ?",
            (root_row,),
        ).fetchall()
        for path, name in files:
            self.forget(root_row, path, name)

    def want_all(self) -> None:
        """Have every item made anew."""
        self.gone.extend(row for (row,) in self._rows.execute("select file from item"))
        self._want("where")

    def want_root(self, root_row: int) -> None:
        """Have items made for a root whose disk is here again."""
        self._want(f"where {_IN_ROOT} and", root_row)

    def want_copies(self, root_row: int) -> None:
        """Have items made anew of what is in this root, whose disk left, and others."""
        copies = f"content_id in (select content_id from file where not {_IN_ROOT})"
        self._want(f"where {_IN_ROOT} and {copies} and", root_row, root_row)

    def _want(self, where: str, *values: object) -> None:
        self.contents.update(
            content_id
            for (content_id,) in self._rows.execute(
                f"select distinct content_id from file {where}"
                " role = 'media' and content_id is not null",
                values,
            )
        )

    def _directory_row(self, root_row: int, path: bytes) -> int:
        row = self._directories.get((root_row, path))
        if row is None:
            row = self._directories[root_row, path] = self._found_or_added(
                root_row, path
            )
        return row

    def _found_or_added(self, root_row: int, path: bytes) -> int:
        found = self._rows.execute(
            "select id from directory where root = ? and path = ?", (root_row, path)
        ).fetchone()
        if found:
            return int(found[0])
        cursor = self._rows.execute(
            "insert into directory (root, path, odd_path) values (?, ?, ?)",
            (root_row, path, odd(path)),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid


def _sent(file: ReadFile) -> tuple[str, str, str] | None:
    """Return id, MIME name and features of what is sent of a file beside media."""
    mime = ""
    match file.role:
        case Role.ART if file.facts is not None:
            features = content_features(file.facts.kind, profile_of(file.facts))
            return file.facts.content_id, file.facts.mime, features
        case Role.SUBTITLE:
            _, mime = form_of(file.name) or ("", "")
        case Role.LYRICS:
            mime = lyrics_mime(file.name, file.size_bytes)
    if not mime:
        return None
    path = joined(file.directory, file.name)
    sent_id = short_hash(file.root.library, *file.root.shown, path)
    return sent_id, mime, content_features(Kind.IMAGE)
