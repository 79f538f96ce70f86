"""The scanner process: walk, probe, write, and end when there is nothing to do.

Started by the server with one Scan message on standard input; tells what it
does in messages on standard output. Standard input that ends means that the
server is gone: the transaction at hand is finished, then the process ends.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from upnpserver.catalog.file_rows import ReadFile
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
    Message,
    Progress,
    Ready,
    Scan,
    ScanRoot,
    Trouble,
    from_line,
    to_line,
)
from upnpserver.scan.pool import ProbeJob, ProbePool, ProbeResult

# A batch is written after so many files or seconds: few enough writes for an
# SD card, soon enough for a person who watches the folder fill.
BATCH_FILES = 1000
BATCH_SECONDS = 2.0
PROGRESS_SECONDS = 0.2
_OPENED = (Role.MEDIA, Role.ART)  # of other files, only that they are there

Tell = Callable[[Message], None]


def scan(order: Scan, tell: Tell, stopping: Callable[[], bool] = lambda: False) -> None:
    """Bring the catalog up to date with the disks; tell what happens.

    A catalog that can't be used is set aside and built again at once.

    Raises StateFolderError if the catalog can't be written.
    """
    path = Path(os.fsdecode(order.catalog))
    try:
        _scan_into(path, order, tell, stopping)
    except CatalogUnusable as error:
        kept = set_aside(path)
        tell(Trouble(f"the catalog can't be used ({error}): it is now {kept.name}"))
        _scan_into(path, order, tell, stopping)


def _scan_into(
    path: Path, order: Scan, tell: Tell, stopping: Callable[[], bool]
) -> None:
    with (
        closing(Writer(path, check=order.check)) as writer,
        closing(ProbePool()) as pool,
    ):
        _OneScan(writer, pool, tell, stopping).run(order)


def _root(root: ScanRoot) -> Root:
    kinds = frozenset(Kind(kind) for kind in root.kinds)
    return Root(root.library, root.shown, root.path, kinds)


class _OneScan:
    """One comparison of all roots with the catalog, and what it found so far."""

    def __init__(
        self, writer: Writer, pool: ProbePool, tell: Tell, stopping: Callable[[], bool]
    ) -> None:
        self._writer, self._pool = writer, pool
        self._tell, self._stopping = tell, stopping
        self._read: list[ReadFile] = []
        self._gone: list[tuple[Root, bytes, bytes]] = []
        self._batch_since = self._told_at = time.monotonic()
        self._files_read = self._files_gone = self._problems = self._total = 0

    def run(self, order: Scan) -> None:
        began = time.monotonic()
        roots = [_root(root) for root in order.roots]
        commit = self._writer.sync_roots(roots)
        self._tell(Ready())
        self._tell_commit(commit)
        if order.count_first:
            self._total = sum(walk.count_files(root.path, _is_opened) for root in roots)
        for root in roots:
            self._scan_root(root)
        self._tell(
            Finished(
                self._files_read,
                self._files_gone,
                self._problems,
                time.monotonic() - began,
            )
        )

    def _scan_root(self, root: Root) -> None:
        for result in self._pool.probe(self._jobs(root)):
            self._read.append(_read_file(root, result))
            self._files_read += 1
            self._problems += result.facts is None
            self._tell_progress()
            self._write_if_due()
        self._write()

    def _jobs(self, root: Root) -> Iterator[ProbeJob]:
        """Yield the files to open; what needs no opening is noted on the way."""
        known = set(self._writer.known_directories(root))
        for change in walk.compare(
            root.path,
            lambda path: self._writer.known_files(root, path),
            known,
            _is_known,
        ):
            if self._stopping():
                return
            match change:
                case walk.Changed(directory, name, size_bytes, mtime_ns):
                    path = directory + b"/" + name if directory else name
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
                    self._tell(Trouble(f"library {root.library}: {what}: {reason}"))

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


def _is_known(name: bytes) -> bool:
    return role_of(name) is not None


def _is_opened(name: bytes) -> bool:
    return role_of(name) in _OPENED


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


def main() -> int:
    """Do the one Scan that standard input asks for."""
    guard.install()
    ended = threading.Event()
    try:
        order = from_line(sys.stdin.buffer.readline(MAX_LINE_BYTES))
    except MalformedRequest:
        return 2  # the server ended before it could ask
    if not isinstance(order, Scan):
        return 2

    def wait_for_the_end() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        ended.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    try:
        scan(order, _tell_server, ended.is_set)
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
    sys.exit(main())
