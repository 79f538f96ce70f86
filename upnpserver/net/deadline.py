"""One timer for a connection whose next deadline moves with every request."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Deadline:
    """Calls expired() when the latest deadline passes.

    A delayed call for each request would cost more than reading its head: one
    call stays pending, and looks when it fires whether the deadline moved.
    """

    def __init__(self, clock: IReactorTime, expired: Callable[[], None]) -> None:
        self._clock = clock
        self._expired: Callable[[], None] | None = expired
        self._call: IDelayedCall | None = None
        self._fires_at = self._due = 0.0
        self._armed = False

    def set(self, seconds: float) -> None:
        """Let the deadline be seconds from now, whatever it was before."""
        if self._expired is None:
            return
        self._due = self._clock.seconds() + seconds
        self._armed = True
        if self._call is not None and self._fires_at > self._due:
            self._call.cancel()
            self._call = None
        if self._call is None:
            self._start()

    def clear(self) -> None:
        """Let there be no deadline."""
        self._armed = False

    def stop(self) -> None:
        """Let there never be a deadline again, and nothing left behind.

        Without expired there is no cycle of references: its owner is freed at
        once, not when the garbage collector runs.
        """
        self._armed, self._expired = False, None
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _start(self) -> None:
        self._fires_at = self._due
        self._call = self._clock.callLater(
            max(0.0, self._due - self._clock.seconds()), self._look
        )

    def _look(self) -> None:
        self._call = None
        if not self._armed or self._expired is None:
            return
        if self._clock.seconds() < self._due:
            self._start()
            return
        self._armed = False
        self._expired()
