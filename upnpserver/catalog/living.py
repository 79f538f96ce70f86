"""Views that change though no file does: with the day, or with what is played.

They have no rows, so that an idle server writes nothing: they are read from the
rows of others, whenever they are asked for. What such a view holds are items, as
references, or likenesses of containers that have rows: with an id of their own
and the same content.

Nobody is told by events when they change; UpdateID is another number then.
"""

import json
import re
import sqlite3
import zlib
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from random import Random
from typing import Any

from upnpserver.catalog.compile import order_by
from upnpserver.catalog.entries import Found, entry_of, found_of, window_of
from upnpserver.catalog.identity import original, split_reference
from upnpserver.catalog.ordered import OrderedResults, numbers
from upnpserver.catalog.views.tree import PLAIN, child
from upnpserver.catalog.views.words import Words
from upnpserver.model import Entry, Kind, Page, Play, Plays, SortKey, Window
from upnpserver.policy import ClientPolicy
from upnpserver.upnp import didl

RANDOM_ALBUMS = 50  # a few screens
_MOST_YEARS = 200  # looked through for one day
_MOST_ITEMS = 100  # of those that were played; nobody looks for more
_LOOKED_THROUGH = 1000  # for these
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """What living views depend on beside the catalog."""

    words: Words
    today: Callable[[], date]
    # By the name of the rule for who asks; None: nobody takes note.
    plays: Callable[[str], Plays | None] = lambda who: None


@dataclass(frozen=True, slots=True)
class _View:
    """One view. word: its title. order: see views.child().

    held: what it holds, by rows. likeness_of: the first part of the ids of the
    containers that its own are like; length: of what follows that.
    """

    object_id: str
    above: str
    word: str
    order: str
    held: Callable[[sqlite3.Connection, Moment, Plays | None], Iterable[int]]
    likeness_of: str = ""
    length: int = 0

    def source_of(self, object_id: str) -> str:
        """Return what a container is like, empty if it is none of this view."""
        start = f"{self.object_id}$"
        name = object_id.removeprefix(start)
        if not object_id.startswith(start) or len(name) != self.length:
            return ""
        return f"{self.likeness_of}${name}"

    def likeness(self, object_id: str) -> str:
        """Return the id of what is like a container."""
        return f"{self.object_id}${object_id[-self.length :]}"


def _random_albums(
    rows: sqlite3.Connection, moment: Moment, plays: Plays | None
) -> Sequence[int]:
    """Draw albums, the same all day."""
    albums = [row for (row,) in _children(rows, "music$albums")]
    draw = Random(moment.today().toordinal())  # noqa: S311  nobody may not foresee it
    return draw.sample(albums, min(len(albums), RANDOM_ALBUMS))


def _on_this_day(
    rows: sqlite3.Connection, moment: Moment, plays: Plays | None
) -> Iterator[int]:
    """Yield the containers of this day in earlier years, the last one first."""
    today = moment.today()
    years = _children(rows, "picture$dates", "object_id", _MOST_YEARS)
    for (year_id,) in years.fetchall():
        if year_id.rpartition("$")[2] < f"{today.year:04}":
            yield from (
                row
                for (row,) in rows.execute(
                    "select id from object where object_id = ?",
                    (f"{year_id}{today:%m%d}",),
                )
            )


def _most_played(
    rows: sqlite3.Connection, moment: Moment, plays: Plays | None
) -> Iterator[int]:
    return _played(
        rows,
        plays,
        Kind.AUDIO,
        lambda play: (play.times, play.played_s) if play.times else None,
    )


def _recently_played(
    rows: sqlite3.Connection, moment: Moment, plays: Plays | None
) -> Iterator[int]:
    return _played(
        rows, plays, Kind.AUDIO, lambda play: play.played_s if play.times else None
    )


def _to_continue(
    rows: sqlite3.Connection, moment: Moment, plays: Plays | None
) -> Iterator[int]:
    return _played(
        rows,
        plays,
        Kind.VIDEO,
        lambda play: play.played_s if play.position_percent else None,
    )


def _played(
    rows: sqlite3.Connection,
    plays: Plays | None,
    kind: Kind,
    rank: Callable[[Play], Any],
) -> Iterator[int]:
    """Yield the rows of items by the rank of their plays, highest first.

    rank: None for what is left out.
    """
    ranked = sorted(
        (
            (rank(play), item_id)
            for item_id, play in (plays.of if plays else {}).items()
            if rank(play) is not None
        ),
        reverse=True,
    )
    items = [item_id for _, item_id in ranked[:_LOOKED_THROUGH]]
    return islice(_rows_of(rows, items, kind), _MOST_ITEMS)


def _rows_of(
    rows: sqlite3.Connection, items: Sequence[str], kind: Kind
) -> Iterator[int]:
    """Yield the rows of those items that are there and of a kind, in order."""
    for start in range(0, len(items), _AT_ONCE):
        some = [original(item_id) for item_id in items[start : start + _AT_ONCE]]
        marks = ", ".join("?" * len(some))
        found = dict(
            rows.execute(
                "select object_id, id from object join item on item.object = object.id"
                f" where object_id in ({marks}) and kind = ?",
                (*some, kind),
            )
        )
        yield from (found[one] for one in some if one in found)


def _not_watched(
    rows: sqlite3.Connection, moment: Moment, plays: Plays | None
) -> Sequence[int]:
    """Return what is left, once anything was watched: before, that is everything."""
    watched = [item for item, play in (plays.of if plays else {}).items() if play.times]
    seen = set(_rows_of(rows, watched, Kind.VIDEO))
    if not seen:
        return ()
    return [row for (row,) in _children(rows, "video$all") if row not in seen]


def _children(
    rows: sqlite3.Connection, object_id: str, column: str = "id", count: int = -1
) -> sqlite3.Cursor:
    return rows.execute(
        f"select object.{column} from child join object on object.id = child.object"
        " where child.parent = (select id from object where object_id = ?)"
        " order by child.sort_key, child.object limit ?",
        (object_id, count),
    )


_VIEWS = {
    view.object_id: view
    for view in (
        _View(
            *("music$random", "music$", "random_albums", "85", _random_albums),
            *("music$album", 16),
        ),
        _View("music$often", "music$", "most_played", "83", _most_played),
        _View("music$lately", "music$", "recently_played", "84", _recently_played),
        _View("video$begun", "video$", "continue_watching", "0", _to_continue),
        _View("video$unseen", "video$", "not_watched_yet", "82", _not_watched),
        _View(
            *("picture$onthisday", "picture$", "on_this_day", "85", _on_this_day),
            *("picture$date", 8),
        ),
    )
}
_VIEWS_IN = {
    above: tuple(view for view in _VIEWS.values() if view.above == above)
    for above in dict.fromkeys(view.above for view in _VIEWS.values())
}


class Living:
    """The living views of one reader, inside its transactions.

    moment: None if there are to be none. ordered: where lists are remembered.
    """

    def __init__(
        self, rows: sqlite3.Connection, moment: Moment | None, ordered: OrderedResults
    ) -> None:
        self._rows, self._moment, self._ordered = rows, moment, ordered
        self._who = ""

    def asked_by(self, policy: ClientPolicy) -> None:
        """Answer the next questions for a device: each group has its own plays."""
        self._who = policy.profile

    def revision(self) -> Hashable:
        """Return what is another value when a view could hold something else.

        As far as that comes neither from the catalog nor from what was played.
        """
        return self._moment.today() if self._moment else None

    def counted(self, entry: Entry) -> Entry:
        """Return a container with those of its children counted that have no rows."""
        more = len(self._views_in(entry.object_id))
        return entry._replace(child_count=entry.child_count + more) if more else entry

    def below(self, object_id: str) -> list[tuple[str, Entry]]:
        """Return (sort key, entry) of each view in a container that holds anything."""
        return [
            (child(view.object_id, "", sort_key=view.order).sort_key, self._shown(view))
            for view in self._views_in(object_id)
        ]

    def _views_in(self, object_id: str) -> Sequence[_View]:
        views = _VIEWS_IN.get(object_id, ())
        return [view for view in views if self._held(view)]

    def count(self, object_id: str) -> int:
        """Return how many children a view or a likeness has, 0 if it is neither."""
        return len(self._content(object_id) or ())

    def children(
        self, object_id: str, window: Window, sort: tuple[SortKey, ...]
    ) -> Page | None:
        """Return a window of the children of a view or a likeness, if it is one."""
        content = self._content(object_id)
        if not content:
            return None
        order = self._sorted(content, sort) if sort else content
        found = found_of(self._rows, window_of(order, window))
        entries = tuple(_entry(one, object_id) for one in found)
        return Page(entries, len(order), _update_id(content))

    def held(self, object_id: str) -> tuple[int, Mapping[int, str]] | None:
        """Return the update id of a view or a likeness, and the items below it.

        With the row of each item goes the id of what it lies in. None if it is
        neither.
        """
        content = self._content(object_id)
        if not content:
            return None
        view = _VIEWS.get(object_id)
        if view is None or not view.length:
            return _update_id(content), dict.fromkeys(content, object_id)
        items: dict[int, str] = {}
        for _, source_id, *_ in found_of(self._rows, content):
            likeness = view.likeness(source_id)
            for row in self._content(likeness) or ():
                items.setdefault(row, likeness)
        return _update_id(content), items

    def metadata(self, object_id: str) -> Page | None:
        """Return a view, a likeness, or an item in one of them, if it is that."""
        split = split_reference(object_id)
        if split is not None:
            return self._item(*split)
        content = self._content(object_id)
        if not content:
            return None
        view = _VIEWS.get(object_id)
        if view is not None:
            return Page((self._shown(view),), 1, _update_id(content))
        above, source = _source_of(object_id)
        row = self._row(source)
        assert row is not None
        entry = _entry(found_of(self._rows, [row])[0], above)
        return Page((entry,), 1, _update_id(content))

    def _item(self, original_id: str, container_id: str) -> Page | None:
        row = self._row(original_id)
        content = self._content(container_id)
        if row is None or content is None or row not in content:
            return None
        found = found_of(self._rows, [row])[0]
        return Page((_entry(found, container_id),), 1, _update_id(content))

    def _shown(self, view: _View) -> Entry:
        assert self._moment is not None
        segments = _packed(self._moment.words[view.word])
        count = len(self._held(view))
        return Entry(True, view.object_id, view.above, segments, "", count)

    def _content(self, object_id: str) -> Sequence[int] | None:
        """Return the rows of what a view or a likeness holds; None if it is neither."""
        if self._moment is None:
            return None
        view = _VIEWS.get(object_id)
        if view is not None:
            return self._held(view)
        _, source = _source_of(object_id)
        if not source:
            return None
        key = (self._update_id(), source)
        rows = self._rows
        return self._ordered.get(key, lambda: numbers(_children(rows, source))) or None

    def _held(self, view: _View) -> Sequence[int]:
        moment = self._moment
        if moment is None:
            return ()
        plays = moment.plays(self._who)
        version = plays.version if plays else None
        key = (self._update_id(), view.object_id, moment.today(), version)
        return self._ordered.get(key, lambda: view.held(self._rows, moment, plays))

    def _sorted(self, content: Sequence[int], sort: tuple[SortKey, ...]) -> list[int]:
        found = self._rows.execute(
            "select found.object from json_each(?) join found on found.object = value"
            f" order by {order_by(sort)} key",
            (json.dumps(list(content)),),
        )
        return [row for (row,) in found]

    def _row(self, object_id: str) -> int | None:
        found = self._rows.execute(
            "select id from object where object_id = ?", (object_id,)
        ).fetchone()
        return int(found[0]) if found else None

    def _update_id(self) -> str:
        found = self._rows.execute(
            "select value from meta where name = 'system_update_id'"
        ).fetchone()
        return str(found[0]) if found else ""


# A likeness is a plain container: whoever searches for albums finds each once, and
# all that the tree lists.
_CLASS_OF_ALBUMS = re.compile(
    rb"(&lt;upnp:class&gt;object\.container)\.album\.\w+(&lt;/upnp:class&gt;)"
)


@lru_cache
def _packed(title: str) -> bytes:
    return didl.pack(title, PLAIN)


def _source_of(object_id: str) -> tuple[str, str]:
    """Return a likeness' view and what it is like, empty if it is no likeness."""
    for view in _VIEWS.values():
        source = view.source_of(object_id) if view.length else ""
        if source:
            return view.object_id, source
    return "", ""


def _entry(found: Found, container_id: str) -> Entry:
    """Return an item as a reference, and of a container a likeness."""
    entry = entry_of(found, None, container_id)
    view = _VIEWS.get(container_id)
    if entry.is_container and view is not None:
        return entry._replace(
            object_id=view.likeness(entry.object_id),
            segments=_CLASS_OF_ALBUMS.sub(rb"\1\2", entry.segments, count=1),
        )
    return entry


def _update_id(content: Sequence[int]) -> int:
    """Return a number that is another one when the content is."""
    return zlib.crc32(array("q", content).tobytes())
