"""How far the scanner is, told by what it says."""

from collections.abc import Callable

from upnpserver.scan.messages import Finished, Message, Progress
from upnpserver.web.watched import Scan


class ScanState:
    """Hears every message of the scanner.

    is_free: whether it has nothing to do. changed: called when it is further.
    """

    def __init__(self, is_free: Callable[[], bool]) -> None:
        self._is_free = is_free
        self._done, self._total = 0, 0
        self.last: Finished | None = None  # what the last order came to
        self.changed: Callable[[], None] = lambda: None

    def heard(self, message: Message) -> None:
        """Take note of a message."""
        match message:
            case Progress(done, total):
                self._done, self._total = done, total
            case Finished():
                self._done = self._total = 0
                self.last = message
            case _:
                return
        self.changed()

    def now(self) -> Scan:
        """Return how far it is."""
        return Scan(not self._is_free(), self._done, self._total or None)
