"""The one writer of the catalog: files in, rows out, one transaction a batch.

A batch changes files, then the items made from them, then the containers that
gained or lost children, then the update ids, and commits once: a reader sees
the tree before or after, never between.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from upnpserver.catalog import schema, views
from upnpserver.catalog.containers import ContainerRows
from upnpserver.catalog.file_rows import FileRows, KnownFile, ReadFile
from upnpserver.catalog.item_rows import ItemRows, Root
from upnpserver.catalog.list_rows import ListRows
from upnpserver.catalog.object_rows import ObjectRows
from upnpserver.catalog.open_views import odd
from upnpserver.catalog.partial import StoredFile
from upnpserver.catalog.schema import damage_told
from upnpserver.catalog.search_rows import SearchRows
from upnpserver.catalog.views.words import words_of
from upnpserver.config import DEFAULT_LANGUAGE
from upnpserver.errors import StateFolderError, UpnpServerError

FOLLOWED = "followed"  # the state of the catalog that this one follows
_STATE = "state"
_UI4 = 2**32
_NEXT_STATE = (
    # Begun anywhere: a catalog that was made anew is in no state of the old one.
    "insert into meta values (?, abs(random() % 1000000000000)) on conflict (name)"
    " do update set value = cast(value as integer) + 1"
)
_DISKS_AWAY = 4  # remembered of one path: a socket that several sticks take turns in
_Disks = dict[str, tuple[int, bool]]  # identity -> row, and whether it is here


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn SQLite's errors about the file into ours."""
    try:
        with damage_told():
            yield
    except sqlite3.OperationalError as error:
        raise StateFolderError(f"the catalog cannot be written: {error}") from error


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

    def __init__(
        self, path: Path, *, check: bool = False, language: str = DEFAULT_LANGUAGE
    ) -> None:
        """Open or make the catalog.

        check: look at every page of it first. language: of what containers are
        called, one of config.LANGUAGES.
        """
        self._language = language
        with _told_plainly():
            self._rows = schema.connect_for_writing(path, check=check)
        objects = ObjectRows(self._rows)
        self._containers = ContainerRows(self._rows, objects)
        self._items = ItemRows(
            self._rows, objects, self._containers, words_of(language)
        )
        self._lists = ListRows(
            self._rows, objects, self._containers, words_of(language)
        )
        self._files = FileRows(self._rows)
        self._searched = SearchRows(self._rows)
        self._root_rows: dict[Root, int] = {}
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

    def sync_roots(self, roots: Iterable[Root], away: Iterable[Root] = ()) -> Commit:
        """Make the catalog hold these roots only, and show those that are here.

        away: roots whose disks are not there now, of any identity. What is
        known of a disk that is away is kept and not shown, until it is back or
        its root is asked for no more.

        Items depend on all roots (how folders are shown) and on the version of
        the views: if either changed, they are made anew from the facts at
        hand; no media file is opened for it.
        """
        here, away = tuple(roots), tuple(away)
        with self._transaction():
            known = self._known_roots()
            self._root_rows.clear()
            for root in here:
                rows = known.pop((root.library, root.path), {})
                self._root_rows[root] = self._root_row(root, rows)
            for root in away:
                self._hide_roots(known.pop((root.library, root.path), {}))
            for rows in known.values():
                for row, _ in rows.values():
                    self._forget_root(row)
            if self._layout_changed((*here, *away)):
                self._items.drop_all()
                self._files.want_all()
            return self._settle()

    @_told_plainly()
    def is_other_disk(self, root: Root) -> bool:
        """Tell whether another disk than the root's was at its path."""
        rows = self._known_roots().get((root.library, root.path), {})
        return bool(rows) and root.identity not in rows

    @_told_plainly()
    def is_here(self, root: Root) -> bool:
        """Tell whether some disk was at the root's path when it was last seen."""
        rows = self._known_roots().get((root.library, root.path), {})
        return any(is_here for _, is_here in rows.values())

    @_told_plainly()
    def state(self, name: str = _STATE) -> str:
        """Return what is another text after every change, "" before the first.

        name: whose; a catalog that follows another one keeps the other's, too.
        """
        found = self._rows.execute(
            "select value from meta where name = ?", (name,)
        ).fetchone()
        return str(found[0]) if found else ""

    def follow(self, state: str) -> None:
        """Note that this catalog is in step with another one in a state."""
        with self._transaction():
            self._rows.execute(
                "insert or replace into meta values (?, ?)", (FOLLOWED, state)
            )

    def known_files(self, root: Root, directory: bytes) -> Mapping[bytes, KnownFile]:
        """Return what is known of the files right inside one directory."""
        return self._files.known_files(self._root_rows[root], directory)

    def read_file(self, root: Root, directory: bytes, name: bytes) -> ReadFile | None:
        """Return a file as it was once read, None if the catalog has none there."""
        return self._files.read_file(root, self._root_rows[root], directory, name)

    def stored_files(self, root: Root, directory: bytes) -> dict[bytes, StoredFile]:
        """Return the files right inside one directory, and what items they are."""
        return self._files.stored_files(self._root_rows[root], directory)

    def known_directories(self, root: Root) -> list[bytes]:
        """Return every directory of a root that holds files, in no order."""
        return self._files.known_directories(self._root_rows[root])

    def apply(
        self,
        read: Iterable[ReadFile],
        gone: Iterable[tuple[Root, bytes, bytes]],
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Commit:
        """Write one batch; gone: (root, directory, name) of files that left.

        meanwhile is called now and then: a batch may take half a second.
        """
        with self._transaction():
            for root, directory, name in gone:
                self._files.forget(self._root_rows[root], directory, name)
            for file in read:
                self._files.note(self._root_rows[file.root], file)
            return self._settle(meanwhile)

    def settle_lists(self) -> Commit:
        """Let playlists hold what they name: to be called when files are written."""
        with self._transaction():
            self._lists.settle(self._roots_by_row())
            return self._settle()

    def _roots_by_row(self) -> dict[int, Root]:
        return {row: root for root, row in self._root_rows.items()}

    def _known_roots(self) -> dict[tuple[str, bytes], _Disks]:
        known: dict[tuple[str, bytes], _Disks] = {}
        for row, library, path, identity, is_here in self._rows.execute(
            "select id, library, path, identity, is_here from root order by id"
        ):
            known.setdefault((library, path), {})[identity] = row, bool(is_here)
        return known

    def _root_row(self, root: Root, rows: _Disks) -> int:
        """Return the row of a root that is here; rows: of all disks at its path."""
        row, is_here = rows.pop(root.identity, (0, False))
        self._hide_roots(rows)
        for old, _ in list(rows.values())[:-_DISKS_AWAY]:
            self._forget_root(old)
        shown = "\x1f".join(root.shown)
        if not row:
            cursor = self._rows.execute(
                "insert into root (library, shown, path, odd_path, identity, is_here)"
                " values (?, ?, ?, ?, ?, 1)",
                (root.library, shown, root.path, odd(root.path), root.identity),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid
        self._rows.execute(
            "update root set shown = ?, is_here = 1 where id = ?"
            " and not (shown = ? and is_here)",
            (shown, row, shown),
        )
        if not is_here:
            self._files.want_root(row)
        return row

    def _hide_roots(self, rows: _Disks) -> None:
        for row, is_here in rows.values():
            if is_here:
                self._rows.execute("update root set is_here = 0 where id = ?", (row,))
                self._items.hide_root(row)
                self._files.want_copies(row)

    def _forget_root(self, row: int) -> None:
        self._files.forget_all(row)
        self._rows.execute("delete from root where id = ?", (row,))

    def _layout_changed(self, all_roots: Iterable[Root]) -> bool:
        """Note what items are made for; return whether that changed."""
        roots = sorted(
            (root.library, root.shown, root.path, sorted(root.kinds))
            for root in all_roots
        )
        layout = repr((views.VERSION, self._language, roots))
        found = self._rows.execute(
            "select value from meta where name = 'layout'"
        ).fetchone()
        if found and found[0] == layout:
            return False
        self._rows.execute(
            "insert or replace into meta values ('layout', ?)", (layout,)
        )
        return True

    def _settle(self, meanwhile: Callable[[], None] = lambda: None) -> Commit:
        """Show what the noted contents ask for and count a change, if any."""
        files = self._files
        roots = self._roots_by_row()
        files.show_told_of()
        for row in files.gone:
            self._items.hide(row)
        self._items.show_all(files.contents, roots, files.fresh, meanwhile)
        self._items.respell(roots)
        files.clear()
        self._items.forget()
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
            before = self._rows.total_changes
            try:
                yield
                self._searched.settle()
                if self._rows.total_changes != before:
                    self._rows.execute(_NEXT_STATE, (_STATE,))
                self._rows.execute("commit")
            except BaseException:
                if self._rows.in_transaction:  # a full disk rolls back by itself
                    self._rows.execute("rollback")
                self._containers.forget()
                self._files.clear()
                self._items.forget()
                raise
