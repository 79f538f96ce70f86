"""A file that is being sent: what is in memory at once, the rest by waiting.

Two kinds of methods. Those for the reactor never wait: they only use what the
kernel has in its page cache. Those for a thread wait for the disk. A file has
one stream, which calls one of them at a time.

Source: preadv2(2) on RWF_NOWAIT; statfs(2); security.md requirements 7 and 8.
"""

import ctypes
import os
from collections.abc import Callable
from enum import Enum

from upnpserver.beneath import open_beneath, open_if_known
from upnpserver.errors import FileChanged

# Between two looks into the page cache. The kernel reads ahead in pieces at
# least as large as the first. A file that is all there is looked at less and
# less often: all looks together cost a tenth of what sending does.
STRIDE_BYTES = 128 * 1024
LONGEST_STRIDE_BYTES = 1024 * 1024
_SAMPLE_BYTES = 64
_CHUNK_BYTES = 128 * 1024


class Way(Enum):
    """How to find out what the kernel can send without waiting for a disk."""

    ASK = "the page cache can be asked"  # ext4, xfs, btrfs, f2fs
    MEMORY = "there is no disk"  # tmpfs
    TRUST = "what was just read is there"  # exFAT, NTFS, FAT on a disk of our own
    COPY = "nothing is sure: only threads touch the file"  # NFS, SMB, FUSE


class OpenFile:
    """A regular file, open to be read.

    size_bytes, mtime_ns: as they were when it was opened.
    promised_bytes: what the stream must be able to read up to.
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
        self._was_read = (0, 0)
        self._stride_bytes = STRIDE_BYTES
        self.way = _way(fd)
        self._flags = os.RWF_NOWAIT if self.way is Way.ASK else 0

    @classmethod
    def open(
        cls, root: bytes, relative_path: bytes, *, follows_out: bool = False
    ) -> "OpenFile":
        """In a thread: open root/relative_path. Raises OSError, UnsafePath.

        follows_out: see beneath.py.
        """
        return cls._of(open_beneath(root, relative_path, follows_out=follows_out))

    @classmethod
    def open_if_known(cls, root: bytes, relative_path: bytes) -> "OpenFile | None":
        """In the reactor: open root/relative_path, None if a thread has to.

        root: one of which is_local_in() was told.
        """
        fd = open_if_known(root, relative_path)
        try:
            return None if fd is None else cls._of(fd)
        except OSError:
            return None

    @classmethod
    def _of(cls, fd: int) -> "OpenFile":
        try:
            return cls(fd)
        except OSError:
            os.close(fd)
            raise

    def is_local_in(self, root: bytes) -> bool:
        """In a thread: tell whether it is on root's file system, and that is local."""
        if self.way not in {Way.ASK, Way.MEMORY}:
            return False
        try:
            return os.fstat(self.fd).st_dev == os.lstat(root + b"/.").st_dev
        except OSError:
            return False

    # In the reactor

    def cached_until(self, start: int, end: int) -> int:
        """Return up to where bytes from start on can be sent without waiting.

        start: nothing can; then a thread has to read first.
        """
        if self.way is Way.COPY or self._is_touched():
            return start
        if self.way is Way.TRUST:
            first, until = self._was_read
            return min(until, end) if first <= start < until else start
        return self._asked_until(start, end)

    def _asked_until(self, start: int, end: int) -> int:
        """Look at places a stride apart, up to the first that is not cached."""
        fd, flags, buffer = self.fd, self._flags, bytearray(_SAMPLE_BYTES)
        buffers = [buffer]
        reached, last, count = start, start, 0
        try:
            for at in (*range(start, end - 1, self._stride_bytes), end - 1):
                found = os.preadv(fd, buffers, at, flags)
                if not found:
                    break
                reached, last, count = at, at, found
            else:
                reached = end
                self._stride_bytes = min(self._stride_bytes * 2, LONGEST_STRIDE_BYTES)
        except OSError:  # BlockingIOError; a disk that fails is told by a thread
            self._stride_bytes = STRIDE_BYTES
        if count:
            self._sample = [(last, bytes(buffer[:count]))]
        return reached

    def cached(self, start: int, end: int) -> bytes | None:
        """Return the bytes from start to end if all are in memory."""
        if self.way in {Way.COPY, Way.TRUST} or self._is_touched():
            return None
        buffer = bytearray(end - start)
        try:
            count = os.preadv(self.fd, [buffer], start, self._flags)
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
        buffer, at = bytearray(_CHUNK_BYTES), start
        sample = []
        while at < end and is_wanted():
            room = memoryview(buffer)[: end - at]
            count = os.preadv(self.fd, [room], at)
            if not count:
                raise FileChanged("shorter than promised")
            sample.append((at, bytes(room[: min(count, _SAMPLE_BYTES)])))
            at += count
        self._check()
        self._sample, self._was_read = sample, (start, at)

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
        # Nothing was looked at yet: only what grew may be what was opened.
        if not self._sample and status.st_size == self._stamp[0]:
            raise FileChanged("written over")
        for at, content in self._sample:
            if os.pread(self.fd, len(content), at) != content:
                raise FileChanged("written over")
        self._stamp = stamp


def _way(fd: int) -> Way:
    try:
        os.preadv(fd, [bytearray(1)], 0, os.RWF_NOWAIT)
    except BlockingIOError:
        return Way.ASK
    except OSError:
        return _way_without_asking(fd)
    return Way.ASK


_fstatfs = ctypes.CDLL(None).fstatfs
_TMPFS, _FUSE = 0x01021994, 0x65735546


def _way_without_asking(fd: int) -> Way:
    status = (ctypes.c_long * 64)()  # twice as large as struct statfs
    kind = int(status[0]) if _fstatfs(fd, status) == 0 else 0
    if kind == _TMPFS:
        return Way.MEMORY
    is_on_a_disk = os.major(os.fstat(fd).st_dev) != 0
    return Way.TRUST if is_on_a_disk and kind not in {0, _FUSE} else Way.COPY
