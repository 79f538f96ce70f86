"""The server's end of the catalog: pages, single objects, files to send.

Every answer is read inside one transaction, so that counts, order and content
agree while the scanner writes.
"""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

from upnpserver.catalog import schema
from upnpserver.catalog.compile import order_by
from upnpserver.catalog.entries import COLUMNS, entry_of, found_of, window_of
from upnpserver.catalog.finder import Finder
from upnpserver.catalog.identity import (
    ABOVE_ROOT,
    original,
    split_reference,
)
from upnpserver.catalog.letters import Letters, whole_of
from upnpserver.catalog.living import Living, Moment
from upnpserver.catalog.ordered import numbers
from upnpserver.catalog.remembered import Remembered
from upnpserver.catalog.schema import damage_told
from upnpserver.errors import NoSuchContainer, NoSuchObject
from upnpserver.facts import facts_from_json
from upnpserver.model import (
    CataloguedFile,
    Entry,
    Kind,
    LibraryCounts,
    Page,
    Resource,
    SortKey,
    Span,
    Window,
)
from upnpserver.paths import joined
from upnpserver.policy import ClientPolicy
from upnpserver.upnp.criteria import Criteria

_PLACE = (
    " join directory on directory.id = file.directory"
    " join root on root.id = directory.root"
)
_FILE = "root.path, directory.path, file.name"
_ITEM_FILE = (
    f"select kind, {_FILE}, mime, features, item.duration_ms, caption_path,"
    " size_bytes, mtime_ns, null, null, coalesce(item.facts, file.facts)"
    " from object join item on item.object = object.id"
    f" join file on file.id = item.file{_PLACE} where object_id = ?"
)
# All that is attached is sent in the way of pictures, subtitles too.
_ATTACHED_FILE = (
    f"select '{Kind.IMAGE}', {_FILE}, mime, features, null, null,"
    " size_bytes, mtime_ns, first_byte, length, ''"
    f" from file join attached on attached.file = file.id{_PLACE}"
    " where attached_id = ? and is_here order by file.id limit 1"
)


class Reader:
    """Read-only access, for one thread at a time.

    children() without sort, metadata() and resource() cost little whatever the
    catalog's size; search(), and children() with sort, belong in a thread.

    All of it raises CatalogUnusable if there is no catalog, or a damaged one.
    """

    def __init__(
        self,
        path: Path,
        moment: Moment | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        """Open the catalog.

        moment: for living views, which there are none without. remembered: by all
        readers of this file that may have the same moment.
        """
        self._rows = schema.connect_for_reading(path)
        remembered = remembered or Remembered()
        self._ordered = remembered.ordered
        self._living = Living(self._rows, moment, self._ordered)
        self._counted: tuple[int, tuple[LibraryCounts, ...]] | None = None
        self._letters = Letters(self._rows, self._ordered)
        self._finder = Finder(self._rows, self._living, self._letters, remembered)

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    @damage_told()
    def system_update_id(self) -> int:
        """Return ContentDirectory's SystemUpdateID."""
        found = self._rows.execute(
            "select value from meta where name = 'system_update_id'"
        ).fetchone()
        return int(found[0]) if found else 0

    @damage_told()
    def revision(self) -> Hashable:
        """Return what is another value when any answer could be another one.

        Within one reader: SQLite counts what others have committed.
        """
        (commits,) = self._rows.execute("pragma data_version").fetchone()
        return commits, self._living.revision()

    @damage_told()
    def child_count(self, object_id: str) -> int:
        """Return how many children an object has, 0 if it is unknown."""
        found = self._rows.execute(
            "select child_count from object where object_id = ?", (object_id,)
        ).fetchone()
        if found:
            return int(found[0])
        return self._living.count(object_id) or self._letters.count(object_id)

    @damage_told()
    def children(
        self,
        object_id: str,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return a window of a container's children.

        Raises NoSuchObject; NoSuchContainer if it is an item.
        """
        self._living.asked_by(policy)
        with self._snapshot():
            found = self._rows.execute(
                "select id, is_container, child_count, update_id from object"
                " where object_id = ?",
                (object_id,),
            ).fetchone()
            if found is None:
                return self._unstored_children(object_id, window, sort)
            row, is_container, total, update_id = found
            if not is_container:
                raise NoSuchContainer
            if 0 < policy.letters_from < total:
                letters = self._letters.shown(row, object_id, update_id)
                if letters:
                    return Page(
                        tuple(window_of(letters, window)), len(letters), update_id
                    )
            more = self._living.below(object_id)
            if more:
                page = self._with_living(row, sort, more, window, update_id)
                counted = self._letters.counted(page.entries, policy)
                return replace(page, entries=counted)
            if sort:
                order = self._sorted_children(row, sort, total)
                entries = found_of(self._rows, window_of(order, window))
            else:
                entries = self._in_order(row, window, total)
            shown = [entry_of(entry, row, object_id) for entry in entries]
            if row == schema.ROOT_ROW:
                shown = list(map(self._living.counted, shown))
            return Page(self._letters.counted(shown, policy), total, update_id)

    def _unstored_children(
        self, object_id: str, window: Window, sort: tuple[SortKey, ...]
    ) -> Page:
        for unstored in (self._living, self._letters):
            page = unstored.children(object_id, window, sort)
            if page is not None:
                return page
        if self._living.metadata(object_id) is None:
            self._metadata_row(object_id)
        raise NoSuchContainer

    @damage_told()
    def metadata(self, object_id: str, policy: ClientPolicy) -> Page:
        """Return one object. Raises NoSuchObject."""
        self._living.asked_by(policy)
        with self._snapshot():
            try:
                row, place = self._metadata_row(object_id)
            except NoSuchObject:
                for unstored in (self._living, self._letters):
                    page = unstored.metadata(object_id)
                    if page is not None:
                        return page
                raise
            entry = found_of(self._rows, [row])[0]
            parent = place if place is not None else entry[2]
            if parent is None:
                return Page(
                    (entry_of(entry, None, ABOVE_ROOT),), 1, self._update_id(row)
                )
            parent_id, update_id = self._rows.execute(
                "select object_id, update_id from object where id = ?", (parent,)
            ).fetchone()
            if entry[3]:
                update_id = self._update_id(row)
            if place is not None:  # as it was asked for: perhaps below a letter
                _, parent_id = split_reference(object_id) or ("", parent_id)
            shown = self._living.counted(entry_of(entry, parent, parent_id))
            return Page(self._letters.counted([shown], policy), 1, update_id)

    @damage_told()
    def search(
        self,
        container_id: str,
        criteria: Criteria,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return a window of what matches below a container.

        Each item is found once: see catalog/finder.py.

        Raises NoSuchContainer; CannotProcess if it would take too long.
        """
        self._living.asked_by(policy)
        with self._snapshot():
            state = self.system_update_id()
            return self._finder.search(container_id, criteria, window, sort, state)

    @damage_told()
    def resource(self, item_id: str, policy: ClientPolicy) -> Resource:
        """Return the file of an item, or of what is attached to some.

        Raises NoSuchObject.
        """
        found = (
            self._rows.execute(_ITEM_FILE, (original(item_id),)).fetchone()
            or self._rows.execute(_ATTACHED_FILE, (item_id,)).fetchone()
        )
        if found is None:
            raise NoSuchObject
        kind, root, directory, name, mime, features, duration, caption, *rest = found
        size_bytes, mtime_ns, offset, length, facts_json = rest
        is_part = offset is not None
        return Resource(
            item_id=item_id,
            kind=Kind(kind),
            root=root,
            relative_path=joined(directory, name),
            mime=mime,
            content_features=features,
            duration_ms=duration,
            span=Span(offset, length, size_bytes, mtime_ns) if is_part else None,
            caption_path=caption or "",
            size_bytes=size_bytes,
            mtime_ns=mtime_ns,
            facts_json=facts_json,
        )

    @damage_told()
    def library_counts(self) -> tuple[LibraryCounts, ...]:
        """Return how much each library holds, in the order of their names.

        100,000 files take 0.1 s: it is counted again when anything was committed.
        """
        (commits,) = self._rows.execute("pragma data_version").fetchone()
        if self._counted is None or self._counted[0] != commits:
            self._counted = commits, self._count_libraries()
        return self._counted[1]

    def _count_libraries(self) -> tuple[LibraryCounts, ...]:
        counts: dict[str, dict[str, int]] = {}
        for (library,) in self._rows.execute(
            "select distinct library from root order by library"
        ):
            counts[library] = dict.fromkeys((*Kind, "problem"), 0)
        for library, kind, count in self._rows.execute(
            "select library, coalesce(kind, 'problem'), count(*) from file"
            " join directory on directory.id = file.directory"
            " join root on root.id = directory.root"
            " left join item on item.file = file.id"
            " where is_here and (kind is not null"
            "  or (problem is not null and file.facts is null))"
            " group by 1, 2"
        ):
            counts[library][kind] = count
        return tuple(
            LibraryCounts(
                name, of[Kind.AUDIO], of[Kind.VIDEO], of[Kind.IMAGE], of["problem"]
            )
            for name, of in counts.items()
        )

    @damage_told()
    def served(self) -> list[tuple[str, str]]:
        """Return each (MIME name, 4th field of protocolInfo) that any item has.

        It looks through all items: to be asked in a thread.
        """
        return self._rows.execute("select distinct mime, features from item").fetchall()

    @damage_told()
    def roots_here(self) -> set[bytes]:
        """Return the folders of libraries whose files are there to be shown."""
        found = self._rows.execute("select path from root where is_here").fetchall()
        return {path for (path,) in found}

    @damage_told()
    def file_at(self, path: bytes) -> CataloguedFile | None:
        """Return what is known of the file at an absolute path, None for nothing."""
        for root, root_path in self._rows.execute(
            "select id, path from root where is_here order by id"
        ).fetchall():
            start = root_path.rstrip(b"/") + b"/"
            directory, _, name = path.removeprefix(start).rpartition(b"/")
            found = self._rows.execute(
                "select object_id, file.facts, problem from directory"
                " join file on file.directory = directory.id"
                " left join item on item.file = file.id"
                " left join object on object.id = item.object"
                " where root = ? and directory.path = ? and name = ?",
                (root, directory, name),
            ).fetchone()
            if path.startswith(start) and found:
                object_id, facts, problem = found
                read = facts_from_json(facts) if facts else None
                return CataloguedFile(object_id or "", read, problem or "")
        return None

    def problems(self) -> Iterator[tuple[str, bytes, str]]:
        """Yield (library, path in it, reason) of each file that can't be shown."""
        yield from self._rows.execute(
            "select library, cast(iif(directory.path = x'', '', directory.path || '/')"
            " || file.name as blob), problem from file"
            " join directory on directory.id = file.directory"
            " join root on root.id = directory.root"
            " where is_here and problem is not null order by 1, 2"
        )

    def _metadata_row(self, object_id: str) -> tuple[int, int | None]:
        """Return an object's row and, for a reference, its container's row."""
        split = split_reference(object_id)
        if split is None:
            found = self._rows.execute(
                "select id from object where object_id = ?", (object_id,)
            ).fetchone()
            if found is None:
                raise NoSuchObject
            return int(found[0]), None
        item_id, container_id = split
        found = self._rows.execute(
            "select child.object, child.parent from object as item"
            " join child on child.object = item.id"
            " join object as container on container.id = child.parent"
            " where item.object_id = ? and container.object_id = ?"
            " and item.parent is not container.id",
            (item_id, whole_of(container_id)),
        ).fetchone()
        if found is None:
            raise NoSuchObject
        return int(found[0]), int(found[1])

    def _with_living(
        self,
        row: int,
        sort: tuple[SortKey, ...],
        living: Sequence[tuple[str, Entry]],
        window: Window,
        update_id: int,
    ) -> Page:
        """Return children among which are living views: those come last if sorted."""
        having = self._rows.execute(
            f"select sort_key, {COLUMNS} from child"
            " join object on object.id = child.object where child.parent = ?"
            " order by sort_key, child.object",
            (row,),
        ).fetchall()
        parent_id = living[0][1].parent_id
        stored = {one[1]: (one[0], entry_of(one[1:], row, parent_id)) for one in having}
        if sort:
            order = self._sorted_children(row, sort, len(stored))
            shown = [*(stored[one] for one in order), *living]
        else:
            shown = sorted((*stored.values(), *living), key=itemgetter(0))
        end = window.start + window.count if window.count else len(shown)
        entries = tuple(entry for _, entry in shown[window.start : end])
        return Page(entries, len(shown), update_id)

    def _update_id(self, row: int) -> int:
        return int(
            self._rows.execute(
                "select update_id from object where id = ?", (row,)
            ).fetchone()[0]
        )

    def _in_order(self, row: int, window: Window, total: int) -> list[tuple[Any, ...]]:
        """Return entries in the order in which the container shows them.

        total: how many it shows; what was added last is cut there.
        """
        count = min(window.count or total, max(0, total - window.start))
        position, sort_key, child = self._rows.execute(
            "select position, sort_key, object from landmark"
            " where parent = ? and position <= ? order by position desc limit 1",
            (row, window.start),
        ).fetchone() or (0, "", 0)
        return self._rows.execute(
            f"select {COLUMNS} from child cross join object on object.id = child.object"
            " where child.parent = ? and (child.sort_key, child.object) >= (?, ?)"
            " order by child.sort_key, child.object limit ? offset ?",
            (row, sort_key, child, count, window.start - position),
        ).fetchall()

    def _sorted_children(
        self, row: int, sort: tuple[SortKey, ...], total: int
    ) -> Sequence[int]:
        key = (self.system_update_id(), row, sort)
        return self._ordered.get(
            key,
            lambda: numbers(
                self._rows.execute(
                    "select child.object from (select * from child where parent = ?"
                    "  order by sort_key, object limit ?) as child"
                    " join found on found.object = child.object order by"
                    f" {order_by(sort)} child.sort_key, child.object",
                    (row, total),
                )
            ),
        )

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        self._rows.execute("begin")
        try:
            yield
        finally:
            self._rows.execute("commit")
