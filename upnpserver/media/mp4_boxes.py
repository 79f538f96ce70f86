"""The boxes of an MP4 or QuickTime file.

Source: ISO/IEC 14496-12 section 4.2.
"""

from collections.abc import Iterator
from typing import Final

from upnpserver.media.window import Window

Span = tuple[int, int]  # start, end

_MAX_BOXES: Final = 2048


def boxes(window: Window, span: Span) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start of content, end) of the boxes in a span."""
    at, last = span
    for _ in range(_MAX_BOXES):
        header = window.get(at, 16) if at + 8 <= last else b""
        if len(header) < 8:
            return
        length, name, start = int.from_bytes(header[:4], "big"), header[4:8], at + 8
        if length == 1 and len(header) == 16:
            length, start = int.from_bytes(header[8:], "big"), at + 16
        end = min(at + length, last) if length else last
        if end < start:
            return
        yield name, start, end
        at = end


def child(window: Window, span: Span, *path: bytes) -> Span | None:
    """Return the first box of that path below a span."""
    for wanted in path:
        found = ((s, e) for name, s, e in boxes(window, span) if name == wanted)
        below = next(found, None)
        if below is None:
            return None
        span = below
    return span
