"""The picture that a film carries: what it is, and where it lies in the file.

Source: RFC 9559 section 5.1.6 and 21.2 (attachments, cover art); ISO/IEC
14496-12 section 4.2 and iTunes' "covr" as its files have it.
"""

from dataclasses import dataclass
from typing import Final

from upnpserver.media import ebml
from upnpserver.media.riff import ReadAt

_MATROSKA: Final = {"matroska", "webm"}
_ISO_MEDIA: Final = {"mp4", "quicktime", "3gpp", "3gpp2"}
_COVER_PATH: Final = (b"moov", b"udta", b"meta", b"ilst", b"covr", b"data")
_MAX_BOXES: Final = 1024
_MARKS: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}
# Of several attached pictures the best stand first.
_NAMES: Final = ("cover", "poster", "folder", "small_cover", "cover_land")


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture inside a file."""

    mime: str
    offset: int
    length: int


def find_cover(read_at: ReadAt, size_bytes: int, container: str) -> Cover | None:
    """Return the picture that stands for a film, None if it carries none.

    Only what every player knows (JPEG, PNG), whatever the file calls it.
    """
    if container in _MATROSKA:
        places = _attached(read_at, size_bytes)
    elif container in _ISO_MEDIA:
        places = _in_boxes(read_at, size_bytes)
    else:
        places = []
    for offset, length in places:
        head = read_at(offset, 4)
        for mark, mime in _MARKS.items():
            if head.startswith(mark) and offset + length <= size_bytes:
                return Cover(mime, offset, length)
    return None


def _attached(read_at: ReadAt, size_bytes: int) -> list[tuple[int, int]]:
    found = [
        (_rank(name), offset, length)
        for name, mime, offset, length in ebml.attached_files(read_at, size_bytes)
        if mime.startswith("image/")
    ]
    return [(offset, length) for _, offset, length in sorted(found)]


def _rank(name: str) -> int:
    stem = name.lower().rpartition(".")[0]
    return _NAMES.index(stem) if stem in _NAMES else len(_NAMES)


def _in_boxes(read_at: ReadAt, size_bytes: int) -> list[tuple[int, int]]:
    span: tuple[int, int] | None = (0, size_bytes)
    for name in _COVER_PATH:
        span = _child(read_at, span, name) if span else None
        if span and name == b"meta" and read_at(span[0] + 4, 4) != b"hdlr":
            span = span[0] + 4, span[1]  # a version first; QuickTime has none
    return [(span[0] + 8, span[1] - span[0] - 8)] if span else []  # type, locale


def _child(
    read_at: ReadAt, span: tuple[int, int], wanted: bytes
) -> tuple[int, int] | None:
    at, end = span
    for _ in range(_MAX_BOXES):
        head = read_at(at, 16) if at + 8 <= end else b""
        if len(head) < 8:
            return None
        length, start = int.from_bytes(head[:4], "big"), at + 8
        if length == 1:
            length, start = int.from_bytes(head[8:16], "big"), at + 16
        box_end = min(at + length, end) if length else end
        if head[4:8] == wanted and start <= box_end:
            return start, box_end
        if box_end <= at:
            return None
        at = box_end
    return None
