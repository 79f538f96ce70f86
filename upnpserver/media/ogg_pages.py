"""The content of an Ogg file for its id: page bodies after the comments.

A longer comment can add a page, which renumbers all pages behind it and so
changes every page's header. So only the bodies count, and of the headers the
time position alone.

Source: RFC 3533 section 6.
"""

from collections.abc import Iterator
from typing import Final

from upnpserver.media.riff import ReadAt

_MAX_HEADER_PAGES: Final = 4096
_SAMPLE_BYTES: Final = 32 * 1024
_WINDOW: Final = 64 * 1024
_NO_POSITION: Final = (b"\0" * 8, b"\xff" * 8)
_HEADER: Final = 27


def samples(read_at: ReadAt, size_bytes: int) -> Iterator[bytes]:
    """Yield what tells one Ogg file's content from another's, tags aside."""
    start = _first_content(read_at)
    yield (size_bytes - start).to_bytes(8, "big")
    yield from _bodies(read_at(start, _SAMPLE_BYTES), 0)
    tail_at = max(start, size_bytes - _WINDOW)
    tail = read_at(tail_at, _WINDOW)
    yield from _bodies(tail, max(0, tail.find(b"OggS")))


def _first_content(read_at: ReadAt) -> int:
    """Return the offset of the first page that has a time position."""
    at = 0
    for _ in range(_MAX_HEADER_PAGES):
        header = read_at(at, _HEADER + 255)
        length = _page_bytes(header)
        if not length:
            return 0
        if header[6:14] not in _NO_POSITION:
            return at
        at += length
    return 0


def _page_bytes(page: bytes) -> int:
    """Return a page's length with its header, 0 if none begins here."""
    if page[:4] != b"OggS" or len(page) < _HEADER:
        return 0
    segments = page[26]
    return _HEADER + segments + sum(page[_HEADER : _HEADER + segments])


def _bodies(data: bytes, at: int) -> Iterator[bytes]:
    """Yield time position and body of each page; the last one may be cut."""
    while length := _page_bytes(data[at : at + _HEADER + 255]):
        yield data[at + 6 : at + 14]
        yield data[at + _HEADER + data[at + 26] : at + length]
        at += length
