"""The pages of an Ogg file, and its content for its id.

A longer comment can add a page, which renumbers all pages behind it and so
changes every page's header. So of the content only the bodies count, and of
the headers the time position alone.

Source: RFC 3533 section 6.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from upnpserver.media.riff import ReadAt

_MAX_HEADER_PAGES: Final = 4096
_SAMPLE_BYTES: Final = 32 * 1024
_WINDOW: Final = 64 * 1024
_MARK: Final = b"OggS"
_NO_POSITION: Final = (b"\0" * 8, b"\xff" * 8)
_UNFINISHED: Final = b"\xff" * 8  # no packet ends on this page
_HEADER: Final = 27
_MOST_HEADER: Final = _HEADER + 255
_TAILS: Final = (_WINDOW, 1 << 20)  # looked through for a stream's last page


class Page(NamedTuple):
    """One page: where it is, and what its header says."""

    at: int
    body_at: int
    end: int
    stream: bytes  # its serial number
    position: bytes
    sizes: bytes  # of its segments; a packet ends with one below 255


def pages(read_at: ReadAt, at: int = 0) -> Iterator[Page]:
    """Yield the pages from an offset on, up to where none begins."""
    block, start = b"", at
    for _ in range(_MAX_HEADER_PAGES):
        if at + _MOST_HEADER > start + len(block):
            block, start = read_at(at, _WINDOW), at
        page = _page(block, at - start, start)
        if page is None:
            return
        yield page
        at = page.end


def last_position(read_at: ReadAt, size_bytes: int, stream: bytes) -> int:
    """Return the time position at which a stream ends, 0 if it isn't found."""
    for tail_bytes in _TAILS:
        start = max(0, size_bytes - tail_bytes)
        tail = read_at(start, tail_bytes)
        at = tail.rfind(_MARK)
        while at >= 0:
            header = tail[at : at + _HEADER]
            if header[14:18] == stream and header[6:14] != _UNFINISHED:
                return int.from_bytes(header[6:14], "little")
            at = tail.rfind(_MARK, 0, at)
        if not start:
            break
    return 0


def samples(read_at: ReadAt, size_bytes: int) -> Iterator[bytes]:
    """Yield what tells one Ogg file's content from another's, tags aside."""
    start = _first_content(read_at)
    yield (size_bytes - start).to_bytes(8, "big")
    yield from _bodies(read_at(start, _SAMPLE_BYTES), 0)
    tail_at = max(start, size_bytes - _WINDOW)
    tail = read_at(tail_at, _WINDOW)
    yield from _bodies(tail, max(0, tail.find(_MARK)))


def _first_content(read_at: ReadAt) -> int:
    """Return the offset of the first page that has a time position."""
    found = (page.at for page in pages(read_at) if page.position not in _NO_POSITION)
    return next(found, 0)


def _page(data: bytes, at: int, start: int = 0) -> Page | None:
    """Return the page at an offset of data, None if none begins there.

    start: the offset of data in the file.
    """
    header = data[at : at + _HEADER]
    if header[:4] != _MARK or len(header) < _HEADER:
        return None
    body_at = at + _HEADER + header[26]
    sizes = data[at + _HEADER : body_at]
    return Page(
        start + at,
        start + body_at,
        start + body_at + sum(sizes),
        header[14:18],
        header[6:14],
        sizes,
    )


def _bodies(data: bytes, at: int) -> Iterator[bytes]:
    """Yield time position and body of each page; the last one may be cut."""
    while page := _page(data, at):
        yield page.position
        yield data[page.body_at : page.end]
        at = page.end
