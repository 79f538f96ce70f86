"""How much all streams together may send before everybody else gets a turn.

Without it, 64 streams that all have room would send 64 windows, and a Browse
would wait for them. While somebody browses, streams send less at once: that costs
them processor time, and halves the time that others wait.
"""

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

# Half a millisecond on a desktop, two on a Raspberry Pi.
BYTES_PER_TURN = 2 * 1024 * 1024
SHARED_BYTES_PER_TURN = 1024 * 1024
# What one stream sends at most in one turn: half a millisecond's worth, and as much as
# a socket takes. Smaller ones cost more, because each is looked up in the page cache
# by code that the bytes before it have pushed out of the processor's own.
WINDOW_BYTES = 4 * 1024 * 1024
SHARED_WINDOW_BYTES = 1024 * 1024
# Who asked for something else than a stream so lately will soon ask again.
SHARED_S = 1.0
_MAX_ASKERS = 64
# They can't send more than that anyway, and need not be counted.
FEW_STREAMS = 2


class Turns:
    """Lets streams send in the order they ask, some in each turn of the reactor."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._left = BYTES_PER_TURN
        self._waiting: deque[tuple[int, Callable[[], bool]]] = deque()
        self._is_counting = False
        self._streams = 0
        self._askers: dict[object, float] = {}  # when each has asked

    def join(self) -> None:
        """Count one more stream."""
        self._streams += 1

    def leave(self) -> None:
        """Count one stream less."""
        self._streams -= 1

    def asked(self, who: object) -> None:
        """Note that a connection asks for something."""
        if len(self._askers) >= _MAX_ASKERS:
            self._askers.clear()
        self._askers[who] = self._clock.seconds()

    def forget(self, who: object) -> None:
        """Forget that a connection has asked: it was for a stream."""
        self._askers.pop(who, None)

    @property
    def is_shared(self) -> bool:
        """Whether somebody else than streams has asked for something lately."""
        if self._askers:
            since = self._clock.seconds() - SHARED_S
            for who in [who for who, at in self._askers.items() if at < since]:
                del self._askers[who]
        return bool(self._askers)

    @property
    def window_bytes(self) -> int:
        """What one stream may send at once."""
        return SHARED_WINDOW_BYTES if self.is_shared else WINDOW_BYTES

    def take(self, size_bytes: int, granted: Callable[[], bool]) -> bool:
        """Tell whether size_bytes may be sent now.

        If not, granted is called at the begin of a later turn, when they may; it
        returns whether that is still wanted.
        """
        if self._streams <= FEW_STREAMS:
            return True
        if self._left <= 0:
            self._waiting.append((size_bytes, granted))
            return False
        self._use(size_bytes)
        return True

    def _use(self, size_bytes: int) -> None:
        self._left -= size_bytes
        if not self._is_counting:
            self._is_counting = True
            self._clock.callLater(0, self._next_turn)

    def _next_turn(self) -> None:
        self._is_counting = False
        self._left = SHARED_BYTES_PER_TURN if self.is_shared else BYTES_PER_TURN
        while self._waiting and self._left > 0:
            size_bytes, granted = self._waiting.popleft()
            if granted():
                self._use(size_bytes)
