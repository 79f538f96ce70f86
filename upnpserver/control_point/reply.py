"""An HTTP answer as it comes in: bounded, whatever is sent.

Source: RFC 9112 sections 4 and 6.3.
"""

import re

from upnpserver.errors import MalformedRequest
from upnpserver.net.chunks import ChunkedBody

MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 8 << 20
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?")
_LENGTH = re.compile(r"\d{1,9}", re.ASCII)
_CONTINUE = 100


class Reply:
    """Collects one answer. status: 0 until its first line is there."""

    def __init__(self) -> None:
        self.status = 0
        self._buffer = bytearray()
        self._chunks: ChunkedBody | None = None
        self._length: int | None = None  # None: to the connection's end

    @property
    def body(self) -> bytes:
        """What has come so far."""
        return self._chunks.content if self._chunks else bytes(self._buffer)

    def feed(self, data: bytes) -> bool:
        """Take more of it; True when nothing is missing. Raises MalformedRequest."""
        self._buffer += data
        if len(self._buffer) > MAX_HEAD_BYTES + MAX_BODY_BYTES:
            raise MalformedRequest("the answer is too long")
        while not self.status:
            if not self._read_head():
                return False
        if self._chunks is not None:
            return self._chunks.feed(self._buffer)
        return self._length is not None and len(self._buffer) >= self._length

    def ended(self) -> None:
        """Hear that nothing more comes. Raises MalformedRequest if that is too early.

        Without a length the connection's end is the end.
        """
        if not self.status or self._chunks is not None or self._length is not None:
            raise MalformedRequest("the answer ends too early")

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        if end < 0:
            if len(self._buffer) >= MAX_HEAD_BYTES:
                raise MalformedRequest("the answer's head is too long")
            return False
        start, *lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        match = _STATUS.fullmatch(start)
        if match is None:
            raise MalformedRequest("not an HTTP answer")
        status = int(match[1])
        if status != _CONTINUE:
            self.status = status
            self._frame(lines)
        return True

    def _frame(self, lines: list[bytes]) -> None:
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.decode("latin-1").partition(":")
            headers.setdefault(name.strip().lower(), value.strip())
        if "chunked" in headers.get("transfer-encoding", "").lower():
            self._chunks = ChunkedBody(MAX_BODY_BYTES)
        elif "content-length" in headers:
            length = headers["content-length"]
            if _LENGTH.fullmatch(length) is None or int(length) > MAX_BODY_BYTES:
                raise MalformedRequest("no length that can be taken")
            self._length = int(length)
