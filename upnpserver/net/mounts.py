"""Tells when something is mounted or unmounted at, above or below some folders.

The kernel tells of any change by a "priority" event on mountinfo, which is
always readable as well: an epoll of its own hears only the former. Reading
mountinfo touches no disk.

Source: proc_pid_mounts(5), poll(2).
"""

import os
import re
import select
from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

_MOUNTINFO = "/proc/self/mountinfo"
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2})")


@implementer(IReadDescriptor)
class Mounts:
    """Calls changed() when what is mounted around the folders is not as before.

    Raises OSError if the system doesn't tell.
    """

    log = Logger()

    def __init__(
        self,
        descriptors: IReactorFDSet,
        folders: Iterable[bytes],
        changed: Callable[[], None],
    ) -> None:
        self._descriptors, self._changed = descriptors, changed
        self._folders = tuple(folders)
        self._mountinfo = os.open(_MOUNTINFO, os.O_RDONLY | os.O_CLOEXEC)
        self._epoll = select.epoll()
        self._epoll.register(self._mountinfo, select.EPOLLPRI)
        self._last = self._around()
        descriptors.addReader(self)

    def close(self) -> None:
        """Look no more."""
        self._descriptors.removeReader(self)
        self._epoll.close()
        os.close(self._mountinfo)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._epoll.fileno()

    def logPrefix(self) -> str:
        """Return what stands in the log before an error in doRead()."""
        return "mounts"

    def doRead(self) -> None:
        """See whether it was about our folders."""
        self._epoll.poll(0)
        before, self._last = self._last, self._around()
        if self._last != before:
            self._changed()

    def connectionLost(self, reason: Failure) -> None:
        """Nothing to do: there is no other end."""

    def _around(self) -> list[bytes]:
        with open(_MOUNTINFO, "rb") as mounts:  # noqa: PTH123
            return [line for line in mounts if is_around(line, self._folders)]


def is_around(line: bytes, folders: Iterable[bytes]) -> bool:
    """Tell whether a line of mountinfo is of a mount above, at or below a folder.

    "/" is above all, and never comes or goes.
    """
    point = (
        _ESCAPED.sub(lambda one: bytes([int(one[1], 8)]), line.split(b" ")[4]) + b"/"
    )
    return point != b"//" and any(
        point.startswith(folder + b"/") or (folder + b"/").startswith(point)
        for folder in folders
    )
