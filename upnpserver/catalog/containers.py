"""Rows of containers and of their children, with counts and landmarks.

Source of the update ids: ContentDirectory:1 sections 2.5.3 and 2.5.4.
"""

import sqlite3
from collections.abc import Iterable, Set
from dataclasses import dataclass

from upnpserver.catalog import views
from upnpserver.catalog.identity import ROOT
from upnpserver.catalog.items import Described, describe_container
from upnpserver.catalog.landmarks import Landmarks
from upnpserver.catalog.object_rows import ObjectRows, Place
from upnpserver.catalog.schema import ROOT_ROW
from upnpserver.catalog.spellings import Spelling, Spellings, spelled
from upnpserver.upnp import didl

_SEARCH_CLASSES = tuple(
    ("upnp:searchClass@includeDerived=1", name)
    for name in (
        "object.item.audioItem",
        "object.item.imageItem",
        "object.item.videoItem",
    )
)

_MAX_ENDS = 4096
_MAX_KNOWN = 8192  # some 8 MB


@dataclass(slots=True)
class _Known:
    """The row of a container, and how the files met so far spell it."""

    row: int
    last: views.Container
    judged: set[views.Container]


class ContainerRows:
    """The containers of one open transaction.

    changed collects the rows of containers whose children or title changed;
    settle() brings their counts, landmarks and update ids up to date and
    removes those that became empty.
    """

    def __init__(self, rows: sqlite3.Connection, objects: ObjectRows) -> None:
        self._rows, self._objects = rows, objects
        self._known: dict[str, _Known] = {}
        # Rows of the ends of ways, by the id() of each container on the way, which
        # is kept so that no other gets that. Hashing their texts takes too long.
        self._ends: dict[tuple[int, ...], tuple[views.Way, int]] = {}
        self.changed: set[int] = set()
        self.spellings = Spellings(rows)
        self._landmarks = Landmarks(rows)

    def forget(self) -> None:
        """Drop what is remembered of a transaction that was rolled back."""
        self._known.clear()
        self._ends.clear()
        self.changed.clear()
        self.spellings.forget()
        self._objects.forget()
        self._landmarks.forget()

    def ensure_root(self) -> None:
        """Add the root container to an empty catalog."""
        if self._rows.execute(
            "select 1 from object where id = ?", (ROOT_ROW,)
        ).fetchone():
            return
        segments = didl.pack("root", "object.container", _SEARCH_CLASSES)
        described = Described("object.container", "root", segments, {})
        self._objects.add(ROOT, None, described, is_container=True)
        self.changed.add(ROOT_ROW)

    def drop_all(self) -> None:
        """Take every object but the root away."""
        self.forget()
        self.spellings.drop_all()
        self._rows.execute("delete from child")
        self._rows.execute("delete from landmark")
        self._rows.execute("delete from found where object != ?", (ROOT_ROW,))
        self._rows.execute("delete from object where id != ?", (ROOT_ROW,))
        self.changed.add(ROOT_ROW)

    def end_of(self, way: views.Way) -> int:
        """Return the row of the innermost container, adding what is missing."""
        same = tuple(map(id, way))
        if same in self._ends:  # as the neighbours of a file often have it
            return self._ends[same][1]
        row = ROOT_ROW
        for container in way:
            row = self._row_of(container, row)
        if len(self._ends) == _MAX_ENDS:
            self._ends.clear()
        self._ends[same] = way, row
        return row

    def _row_of(self, container: views.Container, parent: int) -> int:
        known = self._known.get(container.object_id)
        if known is None:
            found = self._rows.execute(
                "select id from object where object_id = ?", (container.object_id,)
            ).fetchone()
            if found is None:
                known = _Known(self._add(container, parent), container, {container})
            else:
                known = _Known(found[0], container, {container})
                self._spell(known.row, container)
            self._known[container.object_id] = known
        elif container is not known.last:
            if container not in known.judged:
                known.judged.add(container)
                self._spell(known.row, container)
            known.last = container
        return known.row

    def _spell(self, row: int, container: views.Container) -> None:
        """Let a container be spelled as a file has it, if that is better."""
        found = self._spelling_of(row)
        assert found is not None
        having, _ = found
        spelling, _ = spelled(container)
        if spelling != having:
            self.spellings.note(row)
            if spelling.rank < having.rank:
                self._respell(row, container)

    def own(self, way: views.Way) -> int:
        """Return the row of the last container, spelled as it is on this way.

        Only one file at a time tells of such a container.
        """
        parent, container = self.end_of(way[:-1]), way[-1]
        found = self._rows.execute(
            "select id from object where object_id = ?", (container.object_id,)
        ).fetchone()
        if found is None:
            return self._add(container, parent)
        row = int(found[0])
        having = self._spelling_of(row)
        if having is None or having[0] != spelled(container)[0]:
            self._respell(row, container)
        return row

    def _spelling_of(self, row: int) -> tuple[Spelling, int] | None:
        self._objects.flush()
        return self.spellings.of(row)

    def respell(self, row: int, files: Iterable[Iterable[views.Container]]) -> None:
        """Let a container be spelled as the best of the files in it has it."""
        found = self._spelling_of(row)
        if found is None:
            return
        forms: dict[Spelling, views.Container] = {}
        for containers in files:
            forms |= {spelled(container)[0]: container for container in containers}
            if found[0] in forms:  # it was the best of them all, and is still there
                return
        if forms:
            best = min(forms, key=lambda spelling: spelling.rank)
            self._respell(row, forms[best])
            self._known.pop(forms[best].object_id, None)
            self._ends.clear()
        if len(forms) == 1:
            self.spellings.settle(row)

    def _respell(self, row: int, container: views.Container) -> None:
        found = self._spelling_of(row)
        assert found is not None
        having, parent = found
        _, described = spelled(container)
        self._objects.update(row, described)
        self.remove_child(row, (parent, having.sort_key))
        self.put(row, {(parent, container.sort_key)})
        self.changed.add(row)

    def _add(self, container: views.Container, parent: int) -> int:
        row = self._objects.add(
            container.object_id,
            parent,
            describe_container(container),
            is_container=True,
        )
        self.put(row, {(parent, container.sort_key)})
        return row

    def put(self, child: int, places: Set[Place]) -> None:
        """Put an object into containers."""
        self._objects.put(child, places)
        for parent, sort_key in places:
            self.changed.add(parent)
            self._landmarks.note_added(parent, sort_key, child)

    def remove_child(self, child: int, place: Place) -> None:
        """Take an object out of a container."""
        self._objects.take_out(child, place)
        self.changed.add(place[0])
        self._landmarks.note_removed(*place, child)

    def lose_children(self, parents: Set[int]) -> None:
        """Note that some children of containers were taken away by other means."""
        self.changed |= parents
        for parent in parents:
            self._landmarks.note_lost(parent)

    def settle(self, update_id: int) -> list[str]:
        """Bring the changed containers up to date; return their object ids."""
        self._objects.flush()
        settled: dict[int, str] = {}
        while self.changed:
            row = self.changed.pop()
            count = self._landmarks.settle(row)
            if count == 0 and row != ROOT_ROW:
                settled.pop(row, None)
                self._remove(row)
                continue
            count = min(count, views.most_children(self.object_id(row)) or count)
            self._take_art(row)
            settled[row] = self._rows.execute(
                "update object set child_count = ?, update_id = ? where id = ?"
                " returning object_id",
                (count, update_id, row),
            ).fetchone()[0]
        if len(self._known) > _MAX_KNOWN:
            self._known.clear()
            self._ends.clear()
        return sorted(settled.values())

    def _take_art(self, row: int) -> None:
        """Let the art of its first child stand for a container, and tell those above.

        A plain container, such as "Albums", only groups: it has none.
        """
        *before, upnp_class = self._rows.execute(
            "select art, group_art, class from object where id = ?", (row,)
        ).fetchone()
        if upnp_class == views.PLAIN:
            return
        told = self._rows.execute(
            "select coalesce(group_art, art), above_art from child"
            " join object on object.id = child.object where child.parent = ?"
            " order by sort_key, child.object limit 1",
            (row,),
        ).fetchone()
        if [*told] != before:
            self._rows.execute(
                "update object set art = ?, group_art = ? where id = ?", (*told, row)
            )
            self.changed.update(above for above, _ in self._objects.places_of(row))

    def object_id(self, row: int) -> str:
        """Return the object id of a row."""
        (object_id,) = self._rows.execute(
            "select object_id from object where id = ?", (row,)
        ).fetchone()
        return str(object_id)

    def _remove(self, row: int) -> None:
        for place in self._objects.places_of(row):
            self.remove_child(row, place)
        object_id = self._rows.execute(
            "delete from object where id = ? returning object_id", (row,)
        ).fetchone()[0]
        self._rows.execute("delete from found where object = ?", (row,))
        self._known.pop(object_id, None)
        self._ends.clear()
        self.spellings.settle(row)
