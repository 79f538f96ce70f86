"""Keeps the catalog up to date: what happens in the folders becomes orders.

The kernel's events are collected until a burst is over (net/changes.py); then
the scanner is asked to look at those folders. One order is under way at a
time; what happens meanwhile makes the next one.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from twisted.internet.interfaces import IDelayedCall, IReactorFDSet, IReactorTime
from twisted.logger import Logger

from upnpserver.net.changes import Changes, Event
from upnpserver.net.disks import Disks
from upnpserver.net.inotify import Inotify
from upnpserver.net.mounts import Mounts
from upnpserver.net.polling import LONGEST_S, Polling
from upnpserver.net.scanner import Scanner
from upnpserver.scan.messages import (
    Away,
    Finished,
    InRoot,
    Message,
    Stamp,
    Unsettled,
    Unwatched,
    Watched,
)

# What lies on a shared file system may be changed in place by others, which
# nothing tells; a complete comparison finds it.
COMPLETE_EVERY_S = 6 * 3600.0


class Watch:
    """Has the scanner look at what changed.

    disks: for looks at folders that can't be watched. matters: whether a file
    of this name is of use.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        descriptors: IReactorFDSet,
        scanner: Scanner,
        disks: Disks,
        matters: Callable[[bytes], bool],
    ) -> None:
        self._clock, self._descriptors, self._scanner = clock, descriptors, scanner
        self._roots = roots = scanner.roots
        self._changes = Changes(matters, self._unwatch)
        self._polling = Polling(
            clock, disks, [root.path for root in roots], self._polled
        )
        self._inotify: Inotify | None = None
        self._mounts: Mounts | None = None
        self._timer: IDelayedCall | None = None
        self._complete: IDelayedCall | None = None
        self._away: tuple[int, ...] = ()
        self._told: set[str] = set()
        self._is_running = False

    def start(self) -> None:
        """Begin with a look at everything, and watch from then on."""
        self._is_running = True
        try:
            self._inotify = Inotify(self._clock, self._descriptors, self._happened)
        except OSError as error:
            self._tell_once(
                f"folders can't be watched ({error.strerror}): raise"
                " fs.inotify.max_user_instances with sysctl, then restart; until"
                " then they are looked at now and then"
            )
        else:
            self._scanner.watch_with(self._inotify.fileno())
        try:
            paths = [root.path for root in self._roots]
            self._mounts = Mounts(self._descriptors, paths, self._mounted)
        except OSError as error:
            self.log.info("no news about mounts: {error}", error=error)
        self._scanner.scan()

    def stop(self) -> None:
        """Look no more."""
        self._is_running = False
        for call in (self._timer, self._complete):
            if call is not None:
                call.cancel()
        self._timer = self._complete = None
        self._polling.stop()
        for source in (self._inotify, self._mounts):
            if source is not None:
                source.close()
        self._inotify = self._mounts = None

    def heard(self, message: Message) -> None:
        """Take in what the scanner says."""
        now = self._clock.seconds()
        match message:
            case Watched(root, folders):
                self._changes.watching(root, folders, now)
            case Unwatched(root, folders, reason):
                self._look_now_and_then(root, folders, reason)
            case Unsettled(folders):
                self._changes.look_again(folders, now)
            case Away(roots):
                self._away = roots
            case Finished():
                self._polling.away_now(self._away)
                self._away = ()
                if self._changes.next_due() is None:
                    self._changes.scanner_idle()
            case _:
                return
        self._plan()

    def _look_now_and_then(
        self, root: int, folders: Sequence[tuple[Stamp, bytes]], reason: str
    ) -> None:
        self._polling.follow(root, folders)
        if self._complete is None:
            self._complete = self._clock.callLater(COMPLETE_EVERY_S, self._compare_all)
        rarely = f"it is looked at every few seconds to {LONGEST_S / 60:.0f} minutes"
        if reason:
            self._tell_once(
                f"library {self._roots[root].library}: {reason} does not tell of all"
                f" changes: {rarely}"
            )
        elif self._inotify is not None:
            self._tell_once(
                "there are more folders than may be watched: what is left is looked"
                " at every now and then; to see changes there at once, set"
                f" sysctl fs.inotify.max_user_watches={_more_watches()} and restart"
            )

    @property
    def told(self) -> list[str]:
        """What the owner was told about watching folders."""
        return sorted(self._told)

    def _tell_once(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self.log.warn("{line}", line=line)

    def _compare_all(self) -> None:
        self._complete = self._clock.callLater(COMPLETE_EVERY_S, self._compare_all)
        self._changes.want_everything(self._clock.seconds())
        self._plan()

    def _mounted(self) -> None:
        now = self._clock.seconds()
        for number in range(len(self._roots)):
            self._changes.look_below(InRoot(number, b""), now)
        self._plan()

    def _polled(self, folders: Iterable[InRoot], trees: Iterable[InRoot]) -> None:
        now = self._clock.seconds()
        self._changes.look_now(folders, now)
        for tree in trees:
            self._changes.look_below(tree, now)
        self._plan()

    def _happened(self, event: Event) -> None:
        self._changes.heard(event, self._clock.seconds())
        if self._changes.is_coming():
            self._scanner.warm_up()  # it starts while the file is still written
        self._plan()

    def _plan(self) -> None:
        """Set the timer to when something is due."""
        when = self._changes.next_due()
        if when is None or not self._scanner.is_free or not self._is_running:
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
            self._inotify.unwatch(watch)


def _more_watches() -> int:
    """Return a limit of watches that is well above the one now."""
    try:
        limit = Path("/proc/sys/fs/inotify/max_user_watches").read_text("ascii")
        return max(524288, 4 * int(limit))
    except (OSError, ValueError):
        return 524288
