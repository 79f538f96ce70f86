"""The scanner process: walk, probe, write, and wait for the next order.

Started by the server with one order a line on standard input; tells what it
does in messages on standard output. Standard input that ends means that there
is nothing more to do, or that the server is gone: the transaction at hand is
finished, then the process ends.

    python -m upnpserver.scan.worker [FD]

FD is the server's inotify descriptor, to which watches are added.
"""

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from upnpserver.catalog.file_rows import KnownFile, ReadFile
from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.schema import set_aside
from upnpserver.catalog.writer import Commit, Writer
from upnpserver.errors import (
    CatalogUnusable,
    MalformedRequest,
    ProbesUnavailable,
    StateFolderError,
)
from upnpserver.media.sidecars import role_of
from upnpserver.model import Kind, Role
from upnpserver.offline import guard
from upnpserver.scan import walk
from upnpserver.scan.messages import (
    MAX_LINE_BYTES,
    Committed,
    Finished,
    InRoot,
    Look,
    Message,
    Order,
    Progress,
    Ready,
    Scan,
    ScanRoot,
    Trouble,
    Unsettled,
    from_line,
    to_line,
)
from upnpserver.scan.moves import moved_from
from upnpserver.scan.names import joined
from upnpserver.scan.pool import ProbeJob, ProbePool, ProbeResult
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
_OPENED = (Role.MEDIA, Role.ART)  # of other files, only that they are there

Tell = Callable[[Message], None]
_Place = tuple[int, bytes, bytes]  # a root's number, directory and name


def scan(order: Scan, tell: Tell, stopping: Callable[[], bool] = lambda: False) -> None:
    """Bring the catalog up to date with the disks; tell what happens.

    Files that may still be written are waited for. A catalog that can't be
    used is set aside and built again at once.

    Raises StateFolderError if the catalog can't be written.
    """
    with closing(Session(tell, stopping)) as session:
        session.do(order)


class Session:
    """The catalog and the probes, kept from one order to the next.

    watches: None when nobody will ask for another look.
    """

    def __init__(
        self, tell: Tell, stopping: Callable[[], bool], watches: Watches | None = None
    ) -> None:
        self.tell, self.stopping, self.watches = tell, stopping, watches
        self.pool = ProbePool()
        self._writer: Writer | None = None

    def close(self) -> None:
        """End the probes and close the catalog."""
        self.pool.close()
        self._close_writer()

    def do(self, order: Order) -> None:
        """Carry out one order. Raises StateFolderError."""
        path = Path(os.fsdecode(order.catalog))
        try:
            self._do(path, order)
        except CatalogUnusable as error:
            self._close_writer()
            kept = set_aside(path)
            self.tell(
                Trouble(f"the catalog can't be used ({error}): it is now {kept.name}")
            )
            self._do(path, Scan(order.catalog, order.roots, busy=order.busy))

    def _do(self, path: Path, order: Order) -> None:
        check = isinstance(order, Scan) and order.check
        if check:
            self._close_writer()
        is_new = self._writer is None
        writer = self._writer = self._writer or Writer(path, check=check)
        _OneOrder(self, writer, order).run(is_first=is_new)

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _root(root: ScanRoot) -> Root:
    kinds = frozenset(Kind(kind) for kind in root.kinds)
    return Root(root.library, root.shown, root.path, kinds)


class _OneOrder:
    """One comparison of roots or folders with the catalog, and what it found."""

    def __init__(self, session: Session, writer: Writer, order: Order) -> None:
        self._writer, self._order, self._pool = writer, order, session.pool
        self._tell, self._stopping = session.tell, session.stopping
        self._watches = session.watches
        self._roots = [_root(root) for root in order.roots]
        self._busy = frozenset(order.busy)
        self._closed = frozenset(order.closed if isinstance(order, Look) else ())
        self._read: list[ReadFile] = []
        self._gone: list[tuple[Root, bytes, bytes]] = []
        self._unsettled: dict[InRoot, None] = {}
        self._batch_since = self._told_at = time.monotonic()
        self._files_read = self._files_gone = self._problems = self._total = 0
        self._troubles = 0

    def run(self, *, is_first: bool) -> None:
        """Carry it out; is_first: the catalog was just opened."""
        began = time.monotonic()
        commit = self._writer.sync_roots(self._roots)
        if is_first:
            self._tell(Ready())
        self._tell_commit(commit)
        if isinstance(self._order, Scan):
            self._scan(self._order)
        else:
            self._look(self._order)
        self._tell_watched()
        if self._watches is None:
            self._wait_and_look_again()
        elif self._unsettled:
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
                walk.count_files(root.path, _is_opened) for root in self._roots
            )
        for number in range(len(self._roots)):
            self._take(number, self._compared(InRoot(number, b""), below=True))
            self._write()

    def _look(self, order: Look) -> None:
        """Compare some folders, so that a file that moved is never seen twice.

        What is gone and what only moved is written in one transaction.
        """
        changes: list[tuple[int, walk.Change]] = []
        for places, below in ((order.trees, True), (order.folders, False)):
            for place in places:
                found = self._compared(place, below=below)
                changes += [(place.root, change) for change in found]
        self._tell_watched()
        changes = self._without_moved(changes)
        for number in range(len(self._roots)):
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

        def enter(directory: bytes) -> None:
            if self._watches is not None:
                path = root.path + b"/" + directory if directory else root.path
                self._watches.enter(place.root, path, directory)

        tree = walk.Tree(
            root.path,
            lambda path: self._writer.known_files(root, path),
            _is_known,
            enter,
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
            if isinstance(change, walk.Unreadable)
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
                    job = ProbeJob(root.path, path, size_bytes, mtime_ns)
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
        if self._read or self._gone:
            self._tell_commit(self._writer.apply(self._read, self._gone))
        self._read, self._gone = [], []
        self._batch_since = time.monotonic()

    def _tell_commit(self, commit: Commit) -> None:
        if commit.containers:
            self._tell(Committed(commit.system_update_id, commit.containers))

    def _tell_progress(self) -> None:
        now = time.monotonic()
        if now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            self._tell(Progress(self._files_read, self._total))

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
        status = os.stat(  # noqa: PTH116  bytes
            job.root + b"/" + job.relative_path
        )
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
    )


class _Orders:
    """The lines of standard input, read while an order is carried out."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> Order | None:
        """Wait for an order; None: there will be no more.

        Raises MalformedRequest.
        """
        line = self._lines.get()
        if not line:
            return None
        order = from_line(line)
        if not isinstance(order, Order):
            raise MalformedRequest("not an order")
        return order

    def _listen(self) -> None:
        # Not by sys.stdin: Python ends badly while a thread waits in that.
        with open(0, "rb", closefd=False) as lines:  # noqa: PTH123
            while line := lines.readline(MAX_LINE_BYTES):
                self._lines.put(line)
        self.ended.set()
        self._lines.put(b"")


def main(arguments: list[str]) -> int:
    """Carry out what standard input asks for; return the exit code."""
    guard.install()
    fd = int(arguments[0]) if arguments else None
    if fd is not None:
        os.set_inheritable(fd, False)  # not for the probe children
    orders = _Orders()
    session = Session(_tell_server, orders.ended.is_set, Watches(fd, _tell_server))
    with closing(session):
        return _obey(orders, session)


def _obey(orders: _Orders, session: Session) -> int:
    try:
        while (order := orders.next()) is not None:
            session.do(order)
    except MalformedRequest:
        return 2
    except (StateFolderError, ProbesUnavailable) as error:
        _tell_server(Trouble(str(error)))
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _tell_server(message: Message) -> None:
    sys.stdout.buffer.write(to_line(message))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
