"""The kernel's news about folders, read on the reactor.

The scanner adds the watches: see scan/watches.py. The descriptor is made here,
as inotify_simple's own class would start ldconfig to find libc.

Source: inotify(7).
"""

import ctypes
import os
from collections.abc import Callable

from inotify_simple import parse_events
from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorFDSet,
    IReactorTime,
    IReadDescriptor,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.net.changes import Event

# Between two reads: a file that is written gives one event for each write, and
# the kernel makes one of those that are alike and wait.
PAUSE_S = 0.02
_READ_BYTES = 32 * 1024  # some 600 events: 2 ms

_libc = ctypes.CDLL(None, use_errno=True)


@implementer(IReadDescriptor)
class Inotify:
    """Calls heard(event) for each event, in order.

    Raises OSError if the user has as many of these as the system allows.
    """

    def __init__(
        self,
        clock: IReactorTime,
        descriptors: IReactorFDSet,
        heard: Callable[[Event], None],
    ) -> None:
        self._clock, self._descriptors, self._heard = clock, descriptors, heard
        self._pause: IDelayedCall | None = None
        self._fd = _inotify_init()
        descriptors.addReader(self)

    def close(self) -> None:
        """Hear no more; the watches end with the last copy of the descriptor."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        else:
            self._descriptors.removeReader(self)
        os.close(self._fd)

    def unwatch(self, watch: int) -> None:
        """Hear no more of one folder, if it is watched at all."""
        _libc.inotify_rm_watch(self._fd, watch)

    def fileno(self) -> int:
        """Return the descriptor, to watch with and to wait for."""
        return self._fd

    def logPrefix(self) -> str:
        """Return what stands in the log before an error in doRead()."""
        return "inotify"

    def doRead(self) -> None:
        """Pass on what waits, then let more of it gather."""
        try:
            waiting = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return
        self._descriptors.removeReader(self)
        self._pause = self._clock.callLater(PAUSE_S, self._go_on)
        for watch, mask, cookie, name in parse_events(waiting):
            self._heard(Event(watch, mask, cookie, os.fsencode(name)))

    def connectionLost(self, reason: Failure) -> None:
        """Nothing to do: there is no other end."""

    def _go_on(self) -> None:
        self._pause = None
        self._descriptors.addReader(self)


def _inotify_init() -> int:
    fd: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if fd < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return fd
