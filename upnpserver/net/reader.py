"""HTTP requests out of a stream of bytes that arrives in any pieces.

Source: RFC 9112 sections 2.2 and 6; security.md requirements 14, 15 and 17.
"""

from upnpserver.errors import RefusedRequest
from upnpserver.net.chunks import ChunkedBody
from upnpserver.net.head import Head, parse_head
from upnpserver.net.limits import Limits


class RequestReader:
    """Collects the head and then the body of one request after another.

    Both takes raise RefusedRequest; nothing can be read after that.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0  # how far the buffer holds no end of a head
        self._chunked: ChunkedBody | None = None

    def __len__(self) -> int:
        """Return how many bytes wait to be understood."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what arrived."""
        self._buffer += data

    def clear(self) -> None:
        """Throw away what arrived."""
        self._buffer.clear()

    def take_head(self) -> Head | None:
        """Return the next head, None while it is incomplete."""
        buffer, limit = self._buffer, self._limits.head_bytes
        while buffer.startswith(b"\r\n"):
            del buffer[:2]  # some clients end a body with it: RFC 9112 section 2.2
            self._searched = 0
        end = buffer.find(b"\r\n\r\n", max(0, self._searched - 3), limit)
        if end < 0:
            self._searched = len(buffer)
            if len(buffer) >= limit:
                raise self._too_long()
            return None
        head = parse_head(bytes(buffer[:end]), self._limits)
        del buffer[: end + 4]
        self._searched = 0
        return head

    def take_body(self, head: Head) -> bytes | None:
        """Return the body that follows head, None while it is incomplete."""
        length = head.body_length
        if length == 0:
            return b""
        if length is None:
            return self._take_chunked()
        if length > self._limits.body_bytes:
            raise RefusedRequest(413, "The body is too large.")
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _take_chunked(self) -> bytes | None:
        if self._chunked is None:
            self._chunked = ChunkedBody(self._limits.body_bytes)
        if not self._chunked.feed(self._buffer):
            return None
        body, self._chunked = self._chunked.content, None
        return body

    def _too_long(self) -> RefusedRequest:
        if b"\r\n" in self._buffer[: self._limits.head_bytes]:
            return RefusedRequest(431, "The headers are too long.")
        return RefusedRequest(414, "The address asked for is too long.")
