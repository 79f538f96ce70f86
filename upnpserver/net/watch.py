"""Keeps the catalog up to date: what happens in the folders becomes orders.

The kernel's events are collected until a burst is over (net/changes.py); then
the scanner is asked to look at those folders. One order is under way at a
time; what happens meanwhile makes the next one.
"""

import ctypes
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorFDSet, IReactorTime
from twisted.logger import Logger

from upnpserver.net.changes import Changes, Event
from upnpserver.net.inotify import Inotify
from upnpserver.net.scanner import Scanner
from upnpserver.scan.messages import Finished, Message, Unsettled, Watched


class Watch:
    """Has the scanner look at what changed.

    matters: whether a file of this name is of use.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        descriptors: IReactorFDSet,
        scanner: Scanner,
        matters: Callable[[bytes], bool],
    ) -> None:
        self._clock, self._descriptors, self._scanner = clock, descriptors, scanner
        self._changes = Changes(matters, self._unwatch)
        self._inotify: Inotify | None = None
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """Begin with a look at everything, and watch from then on."""
        try:
            self._inotify = Inotify(self._clock, self._descriptors, self._happened)
        except OSError as error:
            self.log.warn(
                "folders can't be watched ({error}): raise"
                " fs.inotify.max_user_instances with sysctl",
                error=error,
            )
        else:
            self._scanner.watch_with(self._inotify.fileno())
        self._scanner.scan()

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    def heard(self, message: Message) -> None:
        """Take in what the scanner says."""
        now = self._clock.seconds()
        match message:
            case Watched(root, folders):
                self._changes.watching(root, folders, now)
            case Unsettled(folders):
                self._changes.look_again(folders, now)
            case Finished():
                if self._changes.next_due() is None:
                    self._changes.scanner_idle()
            case _:
                return
        self._plan()

    def _happened(self, event: Event) -> None:
        self._changes.heard(event, self._clock.seconds())
        self._plan()

    def _plan(self) -> None:
        """Set the timer to when something is due."""
        when = self._changes.next_due()
        if when is None or not self._scanner.is_free or self._inotify is None:
            return
        wait_s = max(0.0, when - self._clock.seconds())
        if self._timer is None:
            self._timer = self._clock.callLater(wait_s, self._look)
        elif self._timer.getTime() > when:
            self._timer.reset(wait_s)

    def _look(self) -> None:
        self._timer = None
        if not self._scanner.is_free:  # Finished brings us back
            return
        due = self._changes.due(self._clock.seconds())
        if due is not None:
            busy = self._changes.busy()
            if due.everything:
                self._scanner.scan(busy=busy)
            else:
                self._scanner.look(due.folders, due.trees, due.closed, busy)
        self._plan()

    def _unwatch(self, watch: int) -> None:
        """Take away the watch of a folder that left."""
        if self._inotify is not None:
            ctypes.CDLL(None).inotify_rm_watch(self._inotify.fileno(), watch)
