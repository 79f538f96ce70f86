"""Several parts of a file in one answer, one after the other."""

from collections.abc import Generator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from upnpserver.dlna.multipart import Piece
from upnpserver.net.sendfile import send_file
from upnpserver.net.source import Source
from upnpserver.net.transport import Transport


class Parts:
    """Parts of a file on their way. sent: bytes of it; at: where it is in it."""

    def __init__(self, pieces: Sequence[Piece], tail: bytes) -> None:
        self._pieces, self._tail = pieces, tail
        self._sent_before = self._start = 0
        self._source: Source | None = None

    def at(self) -> int:
        """Return up to where in the file was sent."""
        return self._source.sent_until if self._source else 0

    def sent(self) -> int:
        """Return how many bytes of the file were sent."""
        return self._sent_before + self.at() - self._start

    @inlineCallbacks
    def send(
        self, wire: Transport, source: Source, stall_s: float
    ) -> Generator[Deferred[Any], Any, None]:
        """Send all; takes source over. Fails as send_file() does."""
        self._source = source
        try:
            for head, start, end in self._pieces:
                self._sent_before = self.sent()
                self._start = source.sent_until = start
                wire.write(head)
                source.hold()
                yield send_file(wire, source, start, end, stall_s)
            wire.write(self._tail)
        finally:
            source.release()
