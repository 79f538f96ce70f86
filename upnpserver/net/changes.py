"""From the kernel's events to the folders that are worth a look. Pure.

What happened within a moment becomes one look, so that a file that was renamed
or moved is in its old and new place at once for the scanner. A file that is
being written is passed by until it is closed, or quiet for long.

Source of the order of events: inotify(7).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from upnpserver.paths import is_below, joined
from upnpserver.scan import inotify_bits as bits
from upnpserver.scan.messages import InRoot
from upnpserver.scan.names import is_shown

SETTLE_S = 0.05  # from the first event of a burst to the look
UNTOUCHED_S = 1.0  # made and never written: a link, or nothing yet
QUIET_S = 60.0  # written and never closed: a download that keeps its file open
AGAIN_S = 1.05  # the scanner wants a file to be untouched for a second
MAX_PLACES = 500  # more are a whole scan
MAX_FILES = 1000  # named as closed or as busy in one look
_MAX_STRAYS = 1000

_CAME = bits.CREATE | bits.MOVED_TO | bits.ATTRIB
_LEFT = bits.DELETE | bits.MOVED_FROM


class Event(NamedTuple):
    """One event: in a watched folder, about a name in it or (b"") itself."""

    watch: int
    mask: int
    cookie: int
    name: bytes


@dataclass(slots=True)
class Due:
    """What to look at now. everything: too much, or too unclear, for parts."""

    everything: bool = False
    folders: list[InRoot] = field(default_factory=list)
    trees: list[InRoot] = field(default_factory=list)
    closed: list[InRoot] = field(default_factory=list)


class Changes:
    """Remembers what happened until it is due.

    matters: whether a file of this name is of use. unwatch: takes a folder's
    watch away, once it was moved out. Times are seconds of one clock.
    """

    def __init__(
        self, matters: Callable[[bytes], bool], unwatch: Callable[[int], None]
    ) -> None:
        self._matters, self._unwatch = matters, unwatch
        # One folder may be in several roots, or be seen by links as well.
        self._folders: dict[int, tuple[InRoot, ...]] = {}
        self._linked: set[InRoot] = set()  # folders that have several such names
        self._ended: set[int] = set()
        self._strays: list[Event] = []
        self._everything: float | None = None
        self._looks: dict[InRoot, float] = {}  # right inside; when
        self._trees: dict[InRoot, float] = {}
        self._closed: set[InRoot] = set()
        self._open: dict[InRoot, float] = {}  # being written; when it is taken as done
        self._moving: dict[int, float] = {}  # open files between two events of a move

    def is_coming(self) -> bool:
        """Tell whether there will be something to look at soon."""
        return bool(self._looks or self._trees or self._everything is not None) or any(
            self._matters(file.path.rpartition(b"/")[2]) for file in self._open
        )

    def busy(self) -> tuple[InRoot, ...]:
        """Return files that are being written."""
        return tuple(sorted(self._open, key=lambda f: (f.root, f.path))[:MAX_FILES])

    def next_due(self) -> float | None:
        """Return when due() will have something, None: nothing waits."""
        times = [
            *([] if self._everything is None else [self._everything]),
            *self._looks.values(),
            *self._trees.values(),
            *self._open.values(),
        ]
        return min(times, default=None)

    def due(self, now: float) -> Due | None:
        """Return what to look at, and forget it; None: nothing yet."""
        for file in [file for file, when in self._open.items() if when <= now]:
            del self._open[file]
            self._done(file, now)
        times = [*self._looks.values(), *self._trees.values()]
        if self._everything is not None:
            times.append(self._everything)
        if not times or min(times) > now:
            return None
        # Also what is not due yet, if it is of this moment: halves of a move.
        return self._taken(now + SETTLE_S)

    def want_everything(self, now: float) -> None:
        """Have all looked at."""
        self._everything = now

    def everything_is_looked_at(self) -> None:
        """Forget what waits for a look: a scan of everything begins."""
        self._looks, self._trees, self._everything = {}, {}, None
        self._closed.clear()

    def look_again(self, folders: Iterable[InRoot], now: float) -> None:
        """Have folders looked at once more, as files in them may be incomplete."""
        for folder in folders:
            self._looks.setdefault(folder, now + AGAIN_S)

    def look_now(self, folders: Iterable[InRoot], now: float) -> None:
        """Have folders looked at."""
        for folder in folders:
            when = now + SETTLE_S
            self._looks[folder] = min(self._looks.get(folder, when), when)

    def look_below(self, place: InRoot, now: float) -> None:
        """Have a folder looked at with all below it."""
        self._trees.setdefault(place, now + SETTLE_S)

    def scanner_idle(self) -> None:
        """Forget events of watches that nobody will tell any more."""
        self._strays.clear()
        self._ended.clear()

    def watching(
        self, root: int, folders: Iterable[tuple[int, bytes]], now: float
    ) -> None:
        """Note which watch is which folder; its events may have come before."""
        told = dict(folders)
        for watch, path in told.items():
            folder = InRoot(root, path)
            if watch in self._ended:  # it was taken away before we heard of it
                self.look_below(folder, now)
            elif folder not in (known := self._folders.get(watch, ())):
                self._folders[watch] = (*known, folder)
                if known:
                    self._linked.update((*known, folder))
        strays, self._strays = self._strays, []
        for event in strays:
            self.heard(event, now)

    def heard(self, event: Event, now: float) -> None:
        """Take in one event."""
        if event.mask & bits.OVERFLOW:
            self._lost(now)
            return
        folders = self._folders.get(event.watch)
        if folders is None:
            self._heard_of_stranger(event, now)
            return
        if event.mask & bits.IGNORED:
            del self._folders[event.watch]
            self._ended.add(event.watch)
        for folder in folders:
            if not event.name:
                self._heard_of_itself(folder, event, now)
            elif event.mask & bits.ISDIR:
                self._heard_of_folder(joined_to(folder, event.name), event, now)
            else:
                self._heard_of_file(joined_to(folder, event.name), event, now)

    def _heard_of_stranger(self, event: Event, now: float) -> None:
        if event.mask & bits.IGNORED:
            self._ended.add(event.watch)
        elif len(self._strays) < _MAX_STRAYS:
            self._strays.append(event)
        else:
            self._lost(now)

    def _lost(self, now: float) -> None:
        """Have everything looked at: some events will never be told."""
        self._open.clear()  # we may have missed that they were closed
        self._everything = now + SETTLE_S

    def _heard_of_itself(self, folder: InRoot, event: Event, now: float) -> None:
        if event.mask & bits.IGNORED:
            self._stop_waiting_below(folder)
            self.look_below(folder, now)
        elif event.mask & bits.UNMOUNT or (
            event.mask & bits.MOVE_SELF and not folder.path
        ):
            self.look_below(folder, now)
        elif event.mask & bits.ATTRIB:
            self.look_now([folder], now)

    def _heard_of_folder(self, folder: InRoot, event: Event, now: float) -> None:
        if not is_shown(event.name):
            return
        if event.mask & bits.MOVED_FROM:
            self._leave(folder)
            self._stop_waiting_below(folder)
        if event.mask & (_CAME | _LEFT):
            self.look_below(folder, now)

    def _heard_of_file(self, file: InRoot, event: Event, now: float) -> None:
        mask = event.mask
        if mask & bits.MODIFY:
            self._open[file] = now + QUIET_S
        elif mask & bits.CREATE:
            self._open[file] = now + UNTOUCHED_S
        elif mask & bits.CLOSE_WRITE:
            self._open.pop(file, None)
            self._done(file, now)
        elif mask & bits.MOVED_TO:
            was_open = self._moving.pop(event.cookie, None)
            if was_open is None:
                self._done(file, now)
            else:
                self._open[file] = was_open
        elif mask & _LEFT and file in self._linked:  # the link, not its folder
            self._linked.discard(file)
            self._leave(file)
            self.look_below(file, now)
        elif mask & _LEFT:
            when = self._open.pop(file, None)
            if when is not None and mask & bits.MOVED_FROM:
                self._moving = {event.cookie: when}
            self._closed.discard(file)
            self._note(file, now)
        elif mask & bits.ATTRIB and file not in self._open:
            self._done(file, now)

    def _done(self, file: InRoot, now: float) -> None:
        self._closed.add(file)
        self._note(file, now)

    def _note(self, file: InRoot, now: float) -> None:
        directory, _, name = file.path.rpartition(b"/")
        if self._matters(name):
            self.look_now([InRoot(file.root, directory)], now)
        else:
            self._closed.discard(file)

    def _leave(self, folder: InRoot) -> None:
        """Hear no more of what lies in a folder under this path."""
        below = [
            (watch, places)
            for watch, places in self._folders.items()
            if any(_is_in(place, folder) for place in places)
        ]
        for watch, places in below:
            left = tuple(place for place in places if not _is_in(place, folder))
            if left:
                self._folders[watch] = left
            else:
                del self._folders[watch]
                self._unwatch(watch)

    def _stop_waiting_below(self, folder: InRoot) -> None:
        for file in [file for file in self._open if _is_in(file, folder)]:
            del self._open[file]

    def _taken(self, until: float) -> Due:
        looks = [place for place, when in self._looks.items() if when <= until]
        trees = _outermost(p for p, when in self._trees.items() if when <= until)
        everything = self._everything is not None
        if everything or len(looks) + len(trees) > MAX_PLACES:
            self.everything_is_looked_at()
            return Due(everything=True)
        for place in looks:
            del self._looks[place]
        self._trees = {p: when for p, when in self._trees.items() if when > until}
        closed = sorted(self._closed, key=lambda file: (file.root, file.path))
        self._closed.clear()
        return Due(
            folders=[place for place in looks if not _is_in_any(place, set(trees))],
            trees=trees,
            closed=closed[:MAX_FILES],
        )


def joined_to(folder: InRoot, name: bytes) -> InRoot:
    """Return what lies in a folder under a name."""
    return InRoot(folder.root, joined(folder.path, name))


def _is_in(place: InRoot, folder: InRoot) -> bool:
    return place.root == folder.root and is_below(place.path, folder.path)


def _is_in_any(place: InRoot, trees: set[InRoot]) -> bool:
    path = place.path
    while path:
        if InRoot(place.root, path) in trees:
            return True
        path = path.rpartition(b"/")[0]
    return InRoot(place.root, b"") in trees


def _outermost(trees: Iterable[InRoot]) -> list[InRoot]:
    """Return only those that lie in none of the others."""
    kept: list[InRoot] = []
    # By steps: what lies in a folder comes right after it.
    for tree in sorted(trees, key=lambda tree: (tree.root, tree.path.split(b"/"))):
        if not tree.path:
            kept = [*(other for other in kept if other.root != tree.root), tree]
        elif not kept or not _is_in(tree, kept[-1]):
            kept.append(tree)
    return kept
