"""Tells when something is mounted or unmounted at, above or below some folders.

The kernel tells of any change by a "priority" event on mountinfo, which is
always readable as well: an epoll of its own hears only the former.

Source: proc_pid_mounts(5), poll(2).
"""

import os
import select
from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.scan.mountinfo import MOUNTINFO, mount_point


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
        self._mountinfo = os.open(MOUNTINFO, os.O_RDONLY | os.O_CLOEXEC)
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
        with open(MOUNTINFO, "rb") as mounts:  # noqa: PTH123
            return [line for line in mounts if is_around(line, self._folders)]


def is_around(line: bytes, folders: Iterable[bytes]) -> bool:
    """Tell whether a line of mountinfo is of a mount above, at or below a folder.

    "/" is above all, and never comes or goes.
    """
    point = mount_point(line).rstrip(b"/") + b"/"
    return point != b"/" and any(
        point.startswith(folder + b"/") or (folder + b"/").startswith(point)
        for folder in folders
    )
