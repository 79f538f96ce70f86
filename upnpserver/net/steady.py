"""The reactor of our processes."""

import select
import time
from typing import Protocol

from twisted.internet.epollreactor import EPollReactor

Event = tuple[int, int]  # descriptor, what epoll says of it


class _Poller(Protocol):
    """select.epoll, or a stand-in."""

    def poll(self, timeout: float, maxevents: int) -> list[Event]:
        """Return what has happened."""


class ReadersFirst:
    """A poller that tells first who asks, then who can be sent more.

    A turn in which streams have room takes a millisecond or two of sending: a Browse
    that came with it need not wait for that.
    """

    def __init__(self, poller: _Poller) -> None:
        self._poller = poller

    def poll(self, timeout: float, maxevents: int) -> list[Event]:
        """Return what has happened: those that can only be written to last."""
        found = self._poller.poll(timeout, maxevents)
        if len(found) > 1:
            found.sort(key=_is_for_writers)
        return found

    def __getattr__(self, name: str) -> object:
        return getattr(self._poller, name)


def _is_for_writers(event: Event) -> bool:
    return event[1] == select.EPOLLOUT


class SteadyReactor(EPollReactor):
    """A reactor whose timers don't follow the wall clock.

    A Pi without a battery starts in the past and learns the time later: every
    lease, limit and timetable would jump by years. Source: security.md
    requirement 33.
    """

    seconds = staticmethod(time.monotonic)

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._poller = ReadersFirst(self._poller)
