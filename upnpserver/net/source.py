"""A file, and the threads that may wait for it."""

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from upnpserver.model import Resource
from upnpserver.net.disks import Disks
from upnpserver.net.openfile import OpenFile

T = TypeVar("T")


class Source:
    """What a stream is made of. Threads open the file, read ahead, and close it."""

    def __init__(self, file: OpenFile, disk: bytes, disks: Disks) -> None:
        self.file, self._disk, self._disks = file, disk, disks
        self.sent_until = 0  # kept by who sends
        self._is_busy = self._is_released = False
        self._holders = 1

    @classmethod
    def open(
        cls,
        disks: Disks,
        of: Resource,
        is_wanted: Callable[[], bool],
    ) -> "Deferred[Source]":
        """Open the file of a resource; fails with OSError (UnsafePath is one).

        is_wanted: asked when a thread gets to it; a client that has left by
        then costs nothing. On a disk that a thread found to be local a moment ago,
        a file whose name the kernel knows is opened at once.
        """
        if disks.is_local(of.root) and not of.follows_out:
            file = OpenFile.open_if_known(of.root, of.relative_path)
            if file is not None:
                return succeed(cls(file, of.root, disks))

        def work() -> tuple[OpenFile, bool]:
            if not is_wanted():
                raise InterruptedError
            path, out = of.relative_path, of.follows_out
            file = OpenFile.open(of.root, path, follows_out=out)
            return file, file.is_local_in(of.root)

        def opened(found: tuple[OpenFile, bool]) -> Source:
            file, is_local = found
            disks.note_local(of.root, is_local)
            return cls(file, of.root, disks)

        return disks.run(of.root, work, first=True).addCallback(opened)

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Let a thread use the file."""
        self._is_busy = True
        return self._disks.run(self._disk, work).addBoth(self._idle)

    def hold(self) -> None:
        """Let one more release() be needed."""
        self._holders += 1

    def release(self) -> None:
        """Close the file, once nobody else holds it and no thread uses it.

        Closed any earlier, its number could be another file's in the middle of
        a read.
        """
        self._holders -= 1
        if self._holders:
            return
        self._is_released = True
        if not self._is_busy:
            self._close()

    def _idle(self, result: T | Failure) -> T | Failure:
        self._is_busy = False
        if self._is_released:
            self._close()
        return result

    def _close(self) -> None:
        closed = self._disks.run(self._disk, self.file.close, first=True)
        # A network file system may tell only now that it failed earlier.
        closed.addErrback(_ignore_os_errors)


def _ignore_os_errors(failure: Failure) -> None:
    failure.trap(OSError)  # type: ignore[no-untyped-call]
