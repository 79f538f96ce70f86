"""Which of the pictures inside a file stands for it, and where it lies. Pure.

Nearly every format keeps a picture as one run of bytes, which is served as it
lies there. Where it does not (base64 in Ogg, ID3 that is unsynchronised or
compressed), only its type is told.

Source: ID3v2.4.0 native frames section 4.14 (picture types).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from upnpserver.errors import ProbeError
from upnpserver.media import jpeg, png
from upnpserver.media.riff import ReadAt
from upnpserver.model import MediaFacts

FRONT_COVER: Final = 3
_LOOK: Final = 16
_MARKS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)

Find = Callable[[bytes], int]  # where in the file a tag's value is, -1: not found


class Picture(NamedTuple):
    """One picture inside a file; length 0: it doesn't lie there in one piece."""

    head: bytes  # its beginning
    offset: int = 0  # in the file
    length: int = 0
    kind: int = 0  # as ID3 counts


class Art(NamedTuple):
    """What MediaFacts tell of the best picture."""

    mime: str = ""
    offset: int = 0
    length: int = 0


def best_picture(pictures: Iterable[Picture]) -> Art:
    """Return the art among pictures: what can be served, front covers first."""
    known = [(mime, one) for one in pictures if (mime := mime_of(one.head))]
    if not known:
        return Art()
    mime, best = min(
        known, key=lambda one: (not one[1].length, one[1].kind != FRONT_COVER)
    )
    return Art(mime, best.offset, best.length)


def with_size(facts: MediaFacts, read_at: ReadAt) -> MediaFacts:
    """Return a file's facts with the size of the picture in it, if that is plain.

    read_at: offset in the file, count -> bytes. A progressive JPEG counts as one
    of no known size: no DLNA profile fits it.
    """

    def inside(at: int, count: int) -> bytes:
        return read_at(facts.art_offset + at, max(0, min(count, facts.art_length - at)))

    try:
        match facts.art_mime:
            case "image/jpeg":
                found = jpeg.read_header(inside)
                if found.progressive:
                    return facts
                size = found.width, found.height, found.bits
            case "image/png":
                head = png.read_header(inside, facts.art_length)
                size = head.width, head.height, head.bits
            case _:
                return facts
    except ProbeError:
        return facts
    width, height, depth = size
    return replace(facts, art_width=width, art_height=height, art_depth=depth)


def mime_of(head: bytes) -> str:
    """Return the MIME name of a picture by its content, "" for none that is known."""
    for mark, mime in _MARKS:
        if head.startswith(mark):
            return mime
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else ""


def placed(value: bytes, at: int, kind: int, find: Find) -> Picture:
    """Return the picture in a tag's value, from at on."""
    head = value[at : at + _LOOK]
    offset = find(value) if head else -1
    if offset < 0:
        return Picture(head)
    return Picture(head, offset + at, len(value) - at, kind)


def nowhere(_: bytes) -> int:
    """Find nothing."""
    return -1
