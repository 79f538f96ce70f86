"""A file that is being sent: what is in memory at once, the rest by waiting.

Two kinds of methods. Those for the reactor never wait: they only use what the
kernel has in its page cache. Those for a thread wait for the disk. A file has
one stream, which calls one of them at a time.

Source: preadv2(2) on RWF_NOWAIT; statfs(2); security.md requirements 7 and 8.
"""

import ctypes
import errno
import os
from collections.abc import Callable

from upnpserver.beneath import open_beneath
from upnpserver.errors import FileChanged

# Between two looks into the page cache. The kernel reads ahead, and forgets, in
# pieces at least as large; each look costs about 1 microsecond.
STRIDE_BYTES = 128 * 1024
_SAMPLE_BYTES = 32
_CHUNK_BYTES = 128 * 1024


class OpenFile:
    """A regular file, open to be read.

    size_bytes, mtime_ns: as they were when it was opened.
    promised_bytes: what the stream must be able to read up to.
    says_what_is_cached: the file system can refuse to wait (FUSE, NFS and exFAT
    can't): otherwise only threads touch the file.
    """

    def __init__(self, fd: int) -> None:
        status = os.fstat(fd)
        self.fd = fd
        self.size_bytes, self.mtime_ns = status.st_size, status.st_mtime_ns
        self.promised_bytes = 0
        self._stamp = (self.size_bytes, self.mtime_ns)
        # Bytes where the stream is, to tell a file that grew from another one
        # that was written over it.
        self._sample: list[tuple[int, bytes]] = []
        self._no_wait = _flags_not_to_wait(fd)
        self.says_what_is_cached = self._no_wait is not None

    @classmethod
    def open(cls, root: bytes, relative_path: bytes) -> "OpenFile":
        """In a thread: open root/relative_path. Raises OSError, UnsafePath."""
        fd = open_beneath(root, relative_path)
        try:
            return cls(fd)
        except OSError:
            os.close(fd)
            raise

    # In the reactor

    def cached_until(self, start: int, end: int) -> int:
        """Return up to where bytes from start on can be sent without waiting.

        start: nothing can; then a thread has to read first.
        """
        if self._no_wait is None or self._is_touched():
            return start
        buffer, sample, reached = bytearray(_SAMPLE_BYTES), [], start
        for at in (*range(start, end - 1, STRIDE_BYTES), end - 1):
            try:
                count = os.preadv(self.fd, [buffer], at, self._no_wait)
            except OSError:  # BlockingIOError; a disk that fails is told by a thread
                break
            if not count:
                break
            sample.append((at, bytes(buffer[:count])))
            reached = at
        else:
            reached = end
        if sample:
            self._sample = sample
        return reached

    def cached(self, start: int, end: int) -> bytes | None:
        """Return the bytes from start to end if all are in memory."""
        if self._no_wait is None or self._is_touched():
            return None
        buffer = bytearray(end - start)
        try:
            count = os.preadv(self.fd, [buffer], start, self._no_wait)
        except OSError:
            return None
        return bytes(buffer) if count == len(buffer) else None

    def _is_touched(self) -> bool:
        status = os.fstat(self.fd)
        return (status.st_size, status.st_mtime_ns) != self._stamp

    # In a thread

    def read_ahead(self, start: int, end: int, is_wanted: Callable[[], bool]) -> None:
        """Bring the bytes from start to end into memory, as long as wanted.

        Raises FileChanged, OSError.
        """
        buffer = bytearray(_CHUNK_BYTES)
        while start < end and is_wanted():
            room = memoryview(buffer)[: end - start]
            count = os.preadv(self.fd, [room], start)
            if not count:
                raise FileChanged("shorter than promised")
            start += count
        self._check()

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from start to end. Raises FileChanged, OSError."""
        pieces = []
        at = start
        while at < end:
            piece = os.pread(self.fd, end - at, at)
            if not piece:
                raise FileChanged("shorter than promised")
            pieces.append(piece)
            at += len(piece)
        content = b"".join(pieces)
        self._check()
        last = max(start, end - _SAMPLE_BYTES)
        self._sample = [(start, content[:_SAMPLE_BYTES]), (last, content[last - end :])]
        return content

    def close(self) -> None:
        """Give the descriptor back: may wait, as for the last one of a deleted film."""
        os.close(self.fd)

    def _check(self) -> None:
        """Raise FileChanged unless this is what was opened, perhaps grown."""
        status = os.fstat(self.fd)
        stamp = (status.st_size, status.st_mtime_ns)
        if stamp == self._stamp:
            return
        if status.st_size < self.promised_bytes:
            raise FileChanged("shorter than promised")
        for at, content in self._sample:
            if os.pread(self.fd, len(content), at) != content:
                raise FileChanged("written over")
        self._stamp = stamp


def _flags_not_to_wait(fd: int) -> int | None:
    """Return the flags of a read that never waits; None if there are none."""
    try:
        os.preadv(fd, [bytearray(1)], 0, os.RWF_NOWAIT)
    except OSError as error:
        if error.errno != errno.EAGAIN:
            return 0 if _is_in_memory(fd) else None
    return os.RWF_NOWAIT


_fstatfs = ctypes.CDLL(None).fstatfs
_TMPFS_MAGIC = 0x01021994


def _is_in_memory(fd: int) -> bool:
    status = (ctypes.c_long * 64)()  # twice as large as struct statfs
    return _fstatfs(fd, status) == 0 and int(status[0]) == _TMPFS_MAGIC
