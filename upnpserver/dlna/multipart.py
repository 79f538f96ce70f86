"""An answer of several parts of a file: multipart/byteranges. Pure.

Source: RFC 9110 section 14.6; RFC 2046 section 5.1.
"""

from collections.abc import Sequence
from typing import NamedTuple

from upnpserver.dlna.ranges import Span


class Piece(NamedTuple):
    """Text that goes before the bytes start <= byte < end."""

    head: bytes
    start: int
    end: int


class Multipart(NamedTuple):
    """The whole body. tail: the text at its end; length: of all."""

    content_type: str
    pieces: tuple[Piece, ...]
    tail: bytes
    length: int


def multipart(
    spans: Sequence[Span], mime: str, size_bytes: int, boundary: str
) -> Multipart:
    """Return the body that holds these spans of a file.

    boundary: letters and digits that are not to be found in the file.
    """
    pieces = []
    line = f"--{boundary}\r\n"
    for start, end in spans:
        told = f"bytes {start}-{end - 1}/{size_bytes}"
        head = f"{line}Content-Type: {mime}\r\nContent-Range: {told}\r\n\r\n"
        pieces.append(Piece(head.encode("latin-1"), start, end))
        line = f"\r\n--{boundary}\r\n"
    tail = f"\r\n--{boundary}--\r\n".encode("latin-1")
    length = sum(len(one.head) + one.end - one.start for one in pieces) + len(tail)
    content_type = f"multipart/byteranges; boundary={boundary}"
    return Multipart(content_type, tuple(pieces), tail, length)
