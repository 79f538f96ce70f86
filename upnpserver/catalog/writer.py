"""The one writer of the catalog: files in, rows out, one transaction a batch.

A batch changes files, then the items made from them, then the containers that
gained or lost children, then the update ids, and commits once: a reader sees
the tree before or after, never between.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from upnpserver.catalog import schema, views
from upnpserver.catalog.containers import ContainerRows
from upnpserver.catalog.item_rows import ItemRows, Root
from upnpserver.catalog.schema import damage_told
from upnpserver.errors import StateFolderError, UpnpServerError
from upnpserver.facts import facts_to_json
from upnpserver.model import MediaFacts

_UI4 = 2**32


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the catalog knows of a file without opening it."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file as it was read; facts None: it can't be, and problem says why.

    directory is relative to the root, b"" for the root itself.
    """

    root: Root
    directory: bytes
    name: bytes
    size_bytes: int
    mtime_ns: int
    facts: MediaFacts | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction changed: ids of the containers it touched."""

    system_update_id: int
    containers: tuple[str, ...]


class Writer:
    """The scanner's end of the catalog.

    All of it raises CatalogUnusable if the file turns out to be damaged (set it
    aside and build it again), and StateFolderError if it can't be written.
    """

    def __init__(self, path: Path, *, check: bool = False) -> None:
        """Open or make the catalog; check: look at every page of it first."""
        with _told_plainly():
            self._rows = schema.connect_for_writing(path, check=check)
        self._containers = ContainerRows(self._rows)
        self._items = ItemRows(self._rows, self._containers)
        self._root_rows: dict[Root, int] = {}
        self._contents: set[str] = set()  # contents whose items must be settled
        self._fresh: set[int] = set()  # files whose facts are new
        try:
            with self._transaction():
                self._containers.ensure_root()
                self._settle()
        except UpnpServerError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; what is committed is on disk."""
        self._rows.close()

    def sync_roots(self, roots: Iterable[Root]) -> Commit:
        """Make the catalog hold these roots only.

        Items depend on all roots (how folders are shown) and on the version of
        the views: if either changed, they are made anew from the facts at
        hand; no media file is opened for it.
        """
        with self._transaction():
            known = {
                (library, shown, path): row
                for row, library, shown, path in self._rows.execute(
                    "select id, library, shown, path from root"
                )
            }
            for root in roots:
                key = (root.library, "\x1f".join(root.shown), root.path)
                self._root_rows[root] = known.pop(key, 0) or self._add_root(key)
            for row in known.values():
                self._forget_root(row)
            if self._layout_changed():
                self._show_everything_anew()
            return self._settle()

    def known_files(self, root: Root, directory: bytes) -> Mapping[bytes, KnownFile]:
        """Return what is known of the files right inside one directory."""
        rows = self._rows.execute(
            "select name, size_bytes, mtime_ns from file where directory ="
            " (select id from directory where root = ? and path = ?)",
            (self._root_rows[root], directory),
        )
        return {name: KnownFile(size, mtime_ns) for name, size, mtime_ns in rows}

    def known_directories(self, root: Root) -> list[bytes]:
        """Return every directory of a root that holds files, in no order."""
        rows = self._rows.execute(
            "select path from directory where root = ?", (self._root_rows[root],)
        )
        return [path for (path,) in rows]

    def apply(
        self, read: Iterable[ReadFile], gone: Iterable[tuple[Root, bytes, bytes]]
    ) -> Commit:
        """Write one batch; gone: (root, directory, name) of files that left."""
        with self._transaction():
            for root, directory, name in gone:
                self._forget_file(self._root_rows[root], directory, name)
            for file in read:
                self._note_file(file)
            return self._settle()

    def _add_root(self, key: tuple[str, str, bytes]) -> int:
        cursor = self._rows.execute(
            "insert into root (library, shown, path) values (?, ?, ?)", key
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _forget_root(self, row: int) -> None:
        files = self._rows.execute(
            "select directory.path, name from file"
            " join directory on directory.id = file.directory where root = ?",
            (row,),
        ).fetchall()
        for directory, name in files:
            self._forget_file(row, directory, name)
        self._rows.execute("delete from directory where root = ?", (row,))
        self._rows.execute("delete from root where id = ?", (row,))

    def _layout_changed(self) -> bool:
        """Note what items are made for; return whether that changed."""
        roots = sorted(
            (root.library, root.shown, root.path, sorted(root.kinds))
            for root in self._root_rows
        )
        layout = repr((views.VERSION, roots))
        found = self._rows.execute(
            "select value from meta where name = 'layout'"
        ).fetchone()
        if found and found[0] == layout:
            return False
        self._rows.execute(
            "insert or replace into meta values ('layout', ?)", (layout,)
        )
        return True

    def _show_everything_anew(self) -> None:
        for (row,) in self._rows.execute("select file from item").fetchall():
            self._items.hide(row)
        self._contents.update(
            content_id
            for (content_id,) in self._rows.execute(
                "select distinct content_id from file where content_id is not null"
            )
        )

    def _note_file(self, file: ReadFile) -> None:
        directory = self._directory_row(self._root_rows[file.root], file.directory)
        content_id = file.facts.content_id if file.facts else None
        facts_json = facts_to_json(file.facts) if file.facts else None
        before = self._rows.execute(
            "select id, content_id from file where directory = ? and name = ?",
            (directory, file.name),
        ).fetchone()
        values = (
            file.size_bytes,
            file.mtime_ns,
            content_id,
            facts_json,
            file.problem or None,
        )
        if before:
            row, old_content_id = before
            if old_content_id and old_content_id != content_id:
                self._items.hide(row)
                self._contents.add(old_content_id)
            self._rows.execute(
                "update file set size_bytes = ?, mtime_ns = ?, content_id = ?,"
                " facts = ?, problem = ? where id = ?",
                (*values, row),
            )
        else:
            cursor = self._rows.execute(
                "insert into file (directory, name, size_bytes, mtime_ns, content_id,"
                " facts, problem) values (?, ?, ?, ?, ?, ?, ?)",
                (directory, file.name, *values),
            )
            assert cursor.lastrowid is not None
            row = cursor.lastrowid
        if content_id:
            self._contents.add(content_id)
            self._fresh.add(row)

    def _directory_row(self, root_row: int, path: bytes) -> int:
        found = self._rows.execute(
            "select id from directory where root = ? and path = ?", (root_row, path)
        ).fetchone()
        if found:
            return int(found[0])
        cursor = self._rows.execute(
            "insert into directory (root, path) values (?, ?)", (root_row, path)
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _forget_file(self, root_row: int, directory: bytes, name: bytes) -> None:
        directory_row = self._directory_row(root_row, directory)
        found = self._rows.execute(
            "delete from file where directory = ? and name = ?"
            " returning id, content_id",
            (directory_row, name),
        ).fetchone()
        if found:
            self._items.hide(found[0])
            if found[1]:
                self._contents.add(found[1])
        self._rows.execute(
            "delete from directory where id = ?1"
            " and not exists (select 1 from file where directory = ?1)",
            (directory_row,),
        )

    def _settle(self) -> Commit:
        """Show what the noted contents ask for and count a change, if any."""
        roots = {row: root for root, row in self._root_rows.items()}
        for content_id in sorted(self._contents):
            self._items.show_all_of(content_id, roots, self._fresh)
        self._contents.clear()
        self._fresh.clear()
        update_id = self._system_update_id()
        if not self._containers.changed:
            return Commit(update_id, ())
        update_id = (update_id + 1) % _UI4
        changed = self._containers.settle(update_id)
        self._rows.execute(
            "insert or replace into meta values ('system_update_id', ?)",
            (str(update_id),),
        )
        return Commit(update_id, tuple(changed))

    def _system_update_id(self) -> int:
        found = self._rows.execute(
            "select value from meta where name = 'system_update_id'"
        ).fetchone()
        return int(found[0]) if found else 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Run the body in one transaction: all of it, or nothing."""
        with _told_plainly():
            self._rows.execute("begin immediate")
            try:
                yield
                self._rows.execute("commit")
            except BaseException:
                if self._rows.in_transaction:  # a full disk rolls back by itself
                    self._rows.execute("rollback")
                self._containers.forget()
                self._contents.clear()
                self._fresh.clear()
                raise


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn SQLite's errors about the file into ours."""
    try:
        with damage_told():
            yield
    except sqlite3.OperationalError as error:
        raise StateFolderError(f"the catalog cannot be written: {error}") from error
