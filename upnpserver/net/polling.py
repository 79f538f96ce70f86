"""Looks at folders of which nobody tells what happens in them.

Those are folders on shared file systems, those for which no watch was left,
and roots that are not there. Looking means the folder's own time: it changes
when something in it comes, goes or is renamed. Where nothing happens the looks
become rare, so that a disk may sleep. All of it in threads: disks may hang.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from upnpserver.net.disks import Disks
from upnpserver.paths import is_below, joined
from upnpserver.scan.messages import InRoot, Stamp
from upnpserver.scan.names import is_shown, stamp_of

FIRST_S, LONGEST_S = 5.0, 300.0
# After a change a folder is looked at so many times with all its files: a copy
# in progress does not change the time of its folder.
_CLOSELY = 6
# How long after each look at a root that is not there comes the next.
AWAY_EVERY_S = (1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(slots=True)
class News:
    """What one look found: folders with changes inside, trees that came or went."""

    stamps: dict[bytes, Stamp] = field(default_factory=dict)
    folders: list[bytes] = field(default_factory=list)
    trees: list[bytes] = field(default_factory=list)


def look(root: bytes, known: Mapping[bytes, Stamp]) -> News:
    """Compare folders with how they were."""
    news = News()
    for directory, before in known.items():
        path = joined(root, directory)
        now = stamp_of(path)
        if now is None:
            news.trees.append(directory)
            continue
        news.stamps[directory] = now
        if now != before:
            news.folders.append(directory)
            news.trees += [
                below
                for name in _folders_in(path)
                if (below := joined(directory, name)) not in known
            ]
    return news


def _folders_in(path: bytes) -> list[bytes]:
    try:
        with os.scandir(path) as entries:
            return [
                entry.name
                for entry in entries
                if is_shown(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []


class Polling:
    """Looks now and then; found(folders, trees) is called with what is new."""

    def __init__(
        self,
        clock: IReactorTime,
        disks: Disks,
        roots: Sequence[bytes],
        found: Callable[[Iterable[InRoot], Iterable[InRoot]], None],
    ) -> None:
        self._clock, self._disks, self._found = clock, disks, found
        self._roots = tuple(roots)
        self._known: dict[int, dict[bytes, Stamp]] = {}
        self._closely: dict[InRoot, int] = {}
        self._under_way: set[int] = set()
        self._pause_s = FIRST_S
        self._next: IDelayedCall | None = None
        self._away: dict[int, Stamp | None] = {}
        self._away_looks = 0
        self._next_away: IDelayedCall | None = None

    def stop(self) -> None:
        """Look no more."""
        for call in (self._next, self._next_away):
            if call is not None:
                call.cancel()
        self._next = self._next_away = None
        self._disks.stop()

    def follow(self, root: int, folders: Iterable[tuple[Stamp, bytes]]) -> None:
        """Look at these folders too, as they were when the scanner saw them."""
        known = self._known.setdefault(root, {})
        known.update((folder, stamp) for stamp, folder in folders)
        self._look_soon()

    def away_now(self, roots: Iterable[int]) -> None:
        """Look for these roots until they are there; for no others."""
        away = dict.fromkeys(roots)
        if away.keys() - self._away.keys():
            self._away_looks = 0
            if self._next_away is not None:
                self._next_away.cancel()
                self._next_away = None
        self._away = {root: self._away.get(root) for root in away}
        if away and self._next_away is None:
            self._plan_away()

    def _look_soon(self) -> None:
        self._pause_s = FIRST_S
        if self._next is not None:
            if self._next.getTime() <= self._clock.seconds() + FIRST_S:
                return
            self._next.cancel()
        self._next = self._clock.callLater(FIRST_S, self._look)

    def _look(self) -> None:
        self._pause_s = min(self._pause_s * 2, LONGEST_S)
        self._next = self._clock.callLater(self._pause_s, self._look)
        for root, known in self._known.items():
            if known and root not in self._under_way:
                self._under_way.add(root)
                done = self._disks.run(
                    self._roots[root], partial(look, self._roots[root], dict(known))
                )
                done.addCallback(self._looked, root)
                done.addErrback(self._failed, root)

    def _looked(self, news: News, root: int) -> None:
        self._under_way.discard(root)
        known = self._known[root]
        for directory in news.trees:
            for below in [path for path in known if is_below(path, directory)]:
                del known[below]
        known.update((d, s) for d, s in news.stamps.items() if d in known)
        for directory in news.folders:
            self._closely[InRoot(root, directory)] = _CLOSELY
        folders = [place for place in self._closely if place.root == root]
        for place in folders:
            self._closely[place] -= 1
            if not self._closely[place]:
                del self._closely[place]
        if news.folders or news.trees:
            self._look_soon()
        if folders or news.trees:
            self._found(folders, [InRoot(root, tree) for tree in news.trees])

    def _failed(self, failure: Failure, root: int) -> None:
        """Nothing was found; the next look may find it."""
        self._under_way.discard(root)
        if not isinstance(failure.value, OSError):
            failure.raiseException()

    def _plan_away(self) -> None:
        pause_s = AWAY_EVERY_S[min(self._away_looks, len(AWAY_EVERY_S) - 1)]
        self._away_looks += 1
        self._next_away = self._clock.callLater(pause_s, self._look_for_away)

    def _look_for_away(self) -> None:
        self._next_away = None
        for root in self._away:
            done = self._disks.run(
                self._roots[root], partial(stamp_of, self._roots[root])
            )
            done.addCallback(self._looked_for, root)
        if self._away:
            self._plan_away()

    def _looked_for(self, stamp: Stamp | None, root: int) -> None:
        if root in self._away and stamp != self._away[root]:
            self._away[root] = stamp
            if stamp is not None:
                self._found([], [InRoot(root, b"")])
