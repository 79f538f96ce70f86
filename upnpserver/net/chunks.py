"""The chunked transfer coding of a request body.

Source: RFC 9112 section 7.1; security.md requirement 15.
"""

import re

from upnpserver.errors import RefusedRequest

# Nine digits would be over any limit. Extensions mean nothing to us.
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_TRAILER_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*")
_MAX_LINE = 1024


class ChunkedBody:
    """Collects one chunked body; max_bytes bounds its content, and its framing.

    Without a bound on the framing a body of one-byte chunks with long
    extensions could keep the process busy for its whole time.
    """

    def __init__(self, max_bytes: int) -> None:
        self._room = self._framing_room = max_bytes
        self._content = bytearray()
        self._in_trailer = False

    @property
    def content(self) -> bytes:
        """What has been collected so far."""
        return bytes(self._content)

    def feed(self, buffer: bytearray) -> bool:
        """Take what is complete off the front of buffer; True at the body's end.

        Raises RefusedRequest: 400 for broken framing, 413 beyond max_bytes.
        """
        while (end := buffer.find(b"\r\n", 0, _MAX_LINE)) >= 0:
            line = bytes(buffer[:end])
            if self._in_trailer:
                self._spend_framing(end + 2)
                del buffer[: end + 2]
                if not line:
                    return True
                if _TRAILER_LINE.fullmatch(line) is None:
                    raise RefusedRequest(400, "Not a trailer line.")
                continue
            size = self._size(line)
            if size == 0:
                self._in_trailer = True
                self._spend_framing(end + 2)
                del buffer[: end + 2]
                continue
            if not self._take_chunk(buffer, end + 2, size):
                return False
        if len(buffer) >= _MAX_LINE:
            raise RefusedRequest(400, "A chunk's first line is too long.")
        return False

    def _size(self, line: bytes) -> int:
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise RefusedRequest(400, "Not a chunk size.")
        size = int(match[1], 16)
        if size > self._room:
            raise RefusedRequest(413, "The body is too large.")
        return size

    def _take_chunk(self, buffer: bytearray, start: int, size: int) -> bool:
        """Take one whole chunk off buffer; False while it is incomplete."""
        end = start + size
        if len(buffer) < end + 2:
            return False
        if buffer[end : end + 2] != b"\r\n":
            raise RefusedRequest(400, "A chunk does not end where it says.")
        self._spend_framing(start + 2)
        self._room -= size
        self._content += buffer[start:end]
        del buffer[: end + 2]
        return True

    def _spend_framing(self, size: int) -> None:
        self._framing_room -= size
        if self._framing_room < 0:
            raise RefusedRequest(400, "Too much framing for so little content.")
