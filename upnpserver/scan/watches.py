"""Watches of folders, added by the scanner to the server's inotify descriptor.

The server reads the events; adding a watch touches the disk, which may sleep,
so the process that walks the disks does it: each folder is watched before it
is listed, and nothing that happens between is missed. The watches belong to
the descriptor and outlive the scanner.

Source: inotify(7), inotify_add_watch(2).
"""

import ctypes
import errno
import os
from collections.abc import Callable

from upnpserver.scan import inotify_bits as bits
from upnpserver.scan.messages import Message, Stamp, Unwatched, Watched
from upnpserver.scan.names import stamp_of

_CONTENT = bits.MODIFY | bits.ATTRIB | bits.CLOSE_WRITE
_NAMES = bits.MOVED_FROM | bits.MOVED_TO | bits.CREATE | bits.DELETE
_ALL = _CONTENT | _NAMES | bits.MOVE_SELF | bits.ONLYDIR | bits.EXCL_UNLINK
_TOLD_AT_ONCE = 200  # a millisecond of the server's time

_libc = ctypes.CDLL(None, use_errno=True)


class Watches:
    """Watches the folders that a walk enters, and tells which is which.

    fd: the server's inotify descriptor; None: the server has none.
    """

    def __init__(self, fd: int | None, tell: Callable[[Message], None]) -> None:
        self._fd, self._tell = fd, tell
        self._root = 0
        self._watched: list[tuple[int, bytes]] = []
        self._unwatched: list[tuple[Stamp, bytes]] = []
        self._kind = ""

    def enter(self, root: int, path: bytes, directory: bytes, kind: str = "") -> None:
        """Watch one folder; path: the whole of it; directory: below the root.

        kind: of a file system that does not tell of all changes.
        """
        if (root, kind) != (self._root, self._kind):
            self.flush()
            self._root, self._kind = root, kind
        if not self._watch(path, directory) or kind:
            stamp = stamp_of(path)
            if stamp is not None:
                self._unwatched.append((stamp, directory))
        if len(self._watched) + len(self._unwatched) >= _TOLD_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Tell what was not told yet."""
        if self._watched:
            self._tell(Watched(self._root, tuple(self._watched)))
        if self._unwatched:
            folders = tuple(self._unwatched)
            self._tell(Unwatched(self._root, folders, self._kind))
        self._watched, self._unwatched = [], []

    def _watch(self, path: bytes, directory: bytes) -> bool:
        """Watch a folder; return whether there was a watch for it."""
        if self._fd is None:
            return False
        try:
            self._watched.append((_add(self._fd, path), directory))
        except OSError as error:
            # What can't be read or is gone is told by who lists it.
            return error.errno not in (errno.ENOSPC, errno.ENOMEM)
        return True


def _add(fd: int, path: bytes) -> int:
    while True:
        watch: int = _libc.inotify_add_watch(fd, path, _ALL)
        code = ctypes.get_errno()
        if watch >= 0:
            return watch
        if code != errno.EINTR:
            raise OSError(code, os.strerror(code))
