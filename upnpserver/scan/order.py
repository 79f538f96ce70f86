"""One order of the server carried out: compare, probe, write, tell.

The disks are compared with the catalog, what is new is read by the probes, and
batches of it are written. What may still be written by somebody is left for
another look.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from upnpserver.catalog.file_rows import KnownFile, ReadFile
from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.writer import Commit, Writer
from upnpserver.media.sidecars import role_of
from upnpserver.model import Role
from upnpserver.paths import joined
from upnpserver.scan import walk
from upnpserver.scan.disks import Disk, is_at
from upnpserver.scan.following import Partials, root_of
from upnpserver.scan.messages import (
    Away,
    Committed,
    Finished,
    InRoot,
    Look,
    Message,
    Order,
    Progress,
    Ready,
    Scan,
    Trouble,
    Unsettled,
)
from upnpserver.scan.moves import moved_from
from upnpserver.scan.partial import Place
from upnpserver.scan.pool import ProbeJob, ProbePool, ProbeResult
from upnpserver.scan.presence import presence
from upnpserver.scan.watches import Watches

# A batch is written after so many files or seconds: few enough writes for an
# SD card, soon enough for a person who watches the folder fill.
BATCH_FILES = 1000
BATCH_SECONDS = 2.0
PROGRESS_SECONDS = 0.2
# A file that was written so lately, and that nobody saw being closed, may be a
# copy in progress.
SETTLE_SECONDS = 1.0
MAX_TROUBLES = 10  # lines about folders, for one order
# Of other files, only that they are there.
_OPENED = (Role.MEDIA, Role.ART, Role.NFO, Role.CUE, Role.PLAYLIST)

Tell = Callable[[Message], None]
_Place = tuple[int, bytes, bytes]  # a root's number, directory and name


@dataclass(frozen=True, slots=True)
class Means:
    """What orders are carried out with, kept from one to the next.

    watches: None when nobody will ask for another look; files that may still
    be written are then waited for.
    """

    pool: ProbePool
    tell: Tell
    stopping: Callable[[], bool]
    partials: Partials
    watches: Watches | None = None


class OneOrder:
    """One comparison of roots or folders with the catalog, and what it found."""

    def __init__(self, means: Means, writer: Writer, order: Order) -> None:
        self._writer, self._order, self._pool = writer, order, means.pool
        self._tell, self._stopping = means.tell, means.stopping
        self._watches, self._partials = means.watches, means.partials
        self._roots = [root_of(root) for root in order.roots]
        self._disks: dict[int, Disk] = {}  # of the roots that are here, by number
        self._busy = frozenset(order.busy)
        self._closed = frozenset(order.closed if isinstance(order, Look) else ())
        self._read: list[ReadFile] = []
        self._gone: list[tuple[Root, bytes, bytes]] = []
        self._unsettled: dict[InRoot, None] = {}
        self._batch_since = self._told_at = time.monotonic()
        self._files_read = self._files_gone = self._problems = self._total = 0
        self._troubles = 0
        self._has_changed = False
        self._changed: set[Place] = set()

    def run(self, *, is_first: bool) -> None:
        """Carry it out; is_first: the catalog was just opened."""
        began = time.monotonic()
        self._partials.begin(self._order, self._writer)
        found = presence(self._roots, self._writer)
        for number, (root, disk) in found.here.items():
            self._roots[number], self._disks[number] = root, disk
        here = [self._roots[number] for number in self._disks]
        commit = self._writer.sync_roots(here, found.away.values())
        self._has_changed = bool(commit.containers)
        if is_first:
            self._tell(Ready())
        self._tell_commit(commit)
        for number, line in found.lines.items():
            if number in found.news or isinstance(self._order, Scan):
                self._tell_trouble(line)
        self._tell_away(found.away)
        if isinstance(self._order, Scan):
            self._scan(self._order)
        else:
            self._look(self._order)
        self._tell_watched()
        if self._watches is None:
            self._wait_and_look_again()
        if is_first or self._has_changed:
            self._tell_commit(self._writer.settle_lists())
        self._partials.follow(
            self._order, self._writer, here, self._changed, self._stopping
        )
        if self._watches is not None and self._unsettled:
            self._tell(Unsettled(tuple(self._unsettled)))
        self._tell(
            Finished(
                self._files_read,
                self._files_gone,
                self._problems,
                time.monotonic() - began,
                isinstance(self._order, Scan),
            )
        )

    def _scan(self, order: Scan) -> None:
        if order.count_first:
            self._total = sum(
                walk.count_files(self._roots[number].path, _is_opened)
                for number in self._disks
            )
        for number in self._disks:
            self._take(number, self._compared(InRoot(number, b""), below=True))
            self._write()

    def _look(self, order: Look) -> None:
        """Compare some folders, so that a file that moved is never seen twice.

        What is gone and what only moved is written in one transaction.
        """
        changes: list[tuple[int, walk.Change]] = []
        for places, below in ((order.trees, True), (order.folders, False)):
            for place in places:
                if place.root not in self._disks:
                    continue
                found = self._compared(place, below=below)
                changes += [(place.root, change) for change in found]
        self._tell_watched()
        changes = self._without_moved(changes)
        for number in self._disks:
            self._take(number, [change for root, change in changes if root == number])
        self._write()

    def _wait_and_look_again(self) -> None:
        if self._unsettled:
            time.sleep(SETTLE_SECONDS)
        self._closed |= self._unsettled.keys()
        for place in list(self._unsettled):
            self._take(place.root, self._compared(place, below=False))
        self._write()

    def _compared(self, place: InRoot, *, below: bool) -> Iterator[walk.Change]:
        root = self._roots[place.root]

        disk = self._disks[place.root]
        unsure = "" if disk.tells_all else disk.kind

        def enter(directory: bytes) -> None:
            if self._watches is not None:
                path = joined(root.path, directory)
                self._watches.enter(place.root, path, directory, unsure)

        tree = walk.Tree(
            root.path,
            lambda path: self._writer.known_files(root, path),
            _is_known,
            enter,
            self._order.roots[place.root].follows_out,
        )
        known = set(self._writer.known_directories(root))
        return walk.compare(tree, known, place.path, below=below)

    def _without_moved(
        self, changes: list[tuple[int, walk.Change]]
    ) -> list[tuple[int, walk.Change]]:
        """Note what is gone and what only moved; return the other changes."""
        gone: dict[_Place, KnownFile] = {}
        found: dict[_Place, KnownFile] = {}
        for number, change in changes:
            match change:
                case walk.Gone(directory, name):
                    root = self._roots[number]
                    known = self._writer.known_files(root, directory)
                    gone[number, directory, name] = known[name]
                    self._gone.append((root, directory, name))
                case walk.Changed(directory, name, size_bytes, mtime_ns):
                    there = KnownFile(size_bytes, mtime_ns)
                    found[number, directory, name] = there
        self._files_gone += len(gone)
        moves = moved_from(gone, found, lambda place: place[2])
        for (number, directory, name), (old, old_directory, old_name) in moves.items():
            read = self._writer.read_file(self._roots[old], old_directory, old_name)
            assert read is not None  # it was known a moment ago, and only we write
            root = self._roots[number]
            moved = replace(read, root=root, directory=directory, name=name)
            self._read.append(moved)
        return [
            (number, change)
            for number, change in changes
            if isinstance(change, walk.Unreadable | walk.PassedBy)
            or (
                isinstance(change, walk.Changed)
                and (number, change.directory, change.name) not in moves
            )
        ]

    def _take(self, number: int, changes: Iterable[walk.Change]) -> None:
        """Read and write what changed in one root."""
        root = self._roots[number]
        for result in self._pool.probe(self._jobs(number, changes)):
            self._files_read += 1
            self._tell_watched()
            if not _is_as_it_was(result.job):
                directory = result.job.relative_path.rpartition(b"/")[0]
                self._unsettled[InRoot(number, directory)] = None
                continue
            self._read.append(_read_file(root, result))
            self._problems += result.facts is None
            self._tell_progress()
            self._write_if_due()
            if self._stopping():
                break

    def _jobs(self, number: int, changes: Iterable[walk.Change]) -> Iterator[ProbeJob]:
        """Yield the files to open; what needs no opening is noted on the way."""
        root = self._roots[number]
        for change in changes:
            if self._stopping():
                return
            match change:
                case walk.Changed(directory, name, size_bytes, mtime_ns):
                    path = joined(directory, name)
                    if not self._is_complete(InRoot(number, path), mtime_ns):
                        continue
                    follows_out = self._order.roots[number].follows_out
                    job = ProbeJob(root.path, path, size_bytes, mtime_ns, follows_out)
                    if _is_opened(name):
                        yield job
                    else:
                        self._read.append(_read_file(root, ProbeResult(job, None)))
                        self._write_if_due()
                case walk.Gone(directory, name):
                    self._gone.append((root, directory, name))
                    self._files_gone += 1
                    self._write_if_due()
                case walk.Unreadable(directory, reason):
                    what = "a folder in it" if directory else "its folder"
                    self._tell_trouble(f"library {root.library}: {what}: {reason}")
                case walk.PassedBy(_, reason):
                    self._tell_trouble(
                        f"library {root.library}: passed by in a folder: {reason}"
                    )

    def _is_complete(self, file: InRoot, mtime_ns: int) -> bool:
        """Tell whether a file is surely not a copy in progress."""
        if file in self._busy:
            return False
        directory = InRoot(file.root, file.path.rpartition(b"/")[0])
        age_s = time.time() - mtime_ns / 1e9
        # A time in the future is a wrong clock: it says nothing.
        is_young = 0 <= age_s < SETTLE_SECONDS
        if is_young and file not in self._closed and directory not in self._closed:
            self._unsettled[directory] = None
            return False
        return True

    def _write_if_due(self) -> None:
        waiting = len(self._read) + len(self._gone)
        age = time.monotonic() - self._batch_since
        if waiting >= BATCH_FILES or age >= BATCH_SECONDS:
            self._write()

    def _write(self) -> None:
        self._spare_what_went_away()
        if self._read or self._gone:
            self._has_changed = True
            self._changed |= {(file.root, file.directory) for file in self._read}
            self._changed |= {(root, directory) for root, directory, _ in self._gone}
            self._tell_commit(
                self._writer.apply(self._read, self._gone, self._pool.go_on)
            )
        self._read, self._gone = [], []
        self._batch_since = time.monotonic()

    def _spare_what_went_away(self) -> None:
        """Believe in nothing that is gone if the whole root is, by now."""
        for number, disk in self._disks.items():
            root = self._roots[number]
            has_gone = any(of is root for of, _, _ in self._gone)
            if has_gone and not is_at(root.path, disk):
                self._gone = [one for one in self._gone if one[0] is not root]
                self._unsettled[InRoot(number, b"")] = None

    def _tell_commit(self, commit: Commit) -> None:
        if commit.containers:
            self._tell(Committed(commit.system_update_id, commit.containers))

    def _tell_progress(self) -> None:
        now = time.monotonic()
        if now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            self._tell(Progress(self._files_read, self._total))

    def _tell_away(self, away: Mapping[int, Root]) -> None:
        for number, root in away.items():
            if self._watches is not None:  # a mount point may be filled without a disk
                self._watches.enter(number, root.path, b"")
        if away:
            self._tell(Away(tuple(away)))

    def _tell_watched(self) -> None:
        if self._watches is not None:
            self._watches.flush()

    def _tell_trouble(self, text: str) -> None:
        self._troubles += 1
        if self._troubles < MAX_TROUBLES:
            self._tell(Trouble(text))
        elif self._troubles == MAX_TROUBLES:
            self._tell(Trouble("and more folders that can't be read"))


def _is_known(name: bytes) -> bool:
    return role_of(name) is not None


def _is_opened(name: bytes) -> bool:
    return role_of(name) in _OPENED


def _is_as_it_was(job: ProbeJob) -> bool:
    """Tell whether a file still is what the walk saw, after it was read."""
    try:
        status = os.stat(joined(job.root, job.relative_path))  # noqa: PTH116  bytes
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (job.size_bytes, job.mtime_ns)


def _read_file(root: Root, result: ProbeResult) -> ReadFile:
    directory, _, name = result.job.relative_path.rpartition(b"/")
    return ReadFile(
        root,
        directory,
        name,
        result.job.size_bytes,
        result.job.mtime_ns,
        result.facts,
        result.problem,
        role_of(name) or Role.MEDIA,
        result.told,
    )
