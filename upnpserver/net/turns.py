"""How much all streams together may send before everybody else gets a turn.

Without it, 64 streams that all have room would send 64 windows, and a Browse
would wait for them.
"""

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

# Half a millisecond on a desktop, two on a Raspberry Pi.
BYTES_PER_TURN = 2 * 1024 * 1024
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

    def join(self) -> None:
        """Count one more stream."""
        self._streams += 1

    def leave(self) -> None:
        """Count one stream less."""
        self._streams -= 1

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
        self._left = BYTES_PER_TURN
        while self._waiting and self._left > 0:
            size_bytes, granted = self._waiting.popleft()
            if granted():
                self._use(size_bytes)
