"""The sizes in the headers of simple picture formats.

Source: GIF 89a section 18; Microsoft's BITMAPINFOHEADER; TIFF 6.0 section 8;
DNG 1.7; ISO/IEC 15444-1 annex I; ISO/IEC 18181-1 (JPEG XL) section A.3 and
18181-2 section 4.
"""

from dataclasses import dataclass
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.exif import Directory, read_tags
from upnpserver.media.riff import ReadAt

Size = tuple[int, int, int | None]  # width, height, bits a pixel

_BROKEN: Final = "its header is broken"

_SUBFILE_TYPE: Final = 0x00FE
_WIDTH, _HEIGHT, _BITS = 0x0100, 0x0101, 0x0102
_OFFSETS: Final = ((0x0111, 0x0117), (0x0144, 0x0145))  # of strips, of tiles
_SAMPLES: Final = 0x0115
_XMP: Final = 0x02BC
_PHOTOSHOP: Final = 0x8649
_DNG_VERSION: Final = 0xC612
_TIFF_TAGS: Final = frozenset(
    (_SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _SAMPLES, _XMP, _PHOTOSHOP, _DNG_VERSION)
)


def gif(read_at: ReadAt) -> Size:
    """Return the size of a GIF's screen. Raises ProbeError if there is none."""
    head = read_at(6, 4)
    _check(len(head) == 4)
    return _little(head, 0, 2), _little(head, 2, 2), 8


def bmp(read_at: ReadAt) -> Size:
    """Return the size of a bitmap. Raises ProbeError if there is none."""
    head = read_at(14, 16)
    _check(len(head) == 16)
    if _little(head, 0, 4) == 12:  # OS/2's
        return _little(head, 4, 2), _little(head, 6, 2), _little(head, 10, 2)
    height = int.from_bytes(head[8:12], "little", signed=True)  # < 0: from the top
    return _little(head, 4, 4), abs(height), _little(head, 14, 2)


@dataclass(frozen=True, slots=True)
class TiffWords:
    """Raw data inside a TIFF; b"" for none."""

    xmp: bytes
    photoshop: bytes


def tiff(read_at: ReadAt) -> tuple[Size, TiffWords]:
    """Return the size of a TIFF's first picture, and what is told of it.

    Raises ProbeError for a raw photo: its first picture is a small preview,
    and no player of the house shows the other.
    """
    tags = read_tags(read_at, _TIFF_TAGS)
    width, height = tags.get(_WIDTH), tags.get(_HEIGHT)
    subfile = tags.get(_SUBFILE_TYPE, 0)
    is_preview = isinstance(subfile, int) and subfile & 1
    if is_preview or _DNG_VERSION in tags or read_at(8, 2) == b"CR":
        raise ProbeError("it is a raw photo, which players cannot show")
    if not isinstance(width, int) or not isinstance(height, int):
        raise ProbeError(_BROKEN)
    words = TiffWords(_bytes(tags, _XMP), _bytes(tags, _PHOTOSHOP))
    return (width, height, _tiff_bits(tags)), words


def _tiff_bits(tags: Directory) -> int | None:
    bits, samples = tags.get(_BITS, 1), tags.get(_SAMPLES, 1)
    if isinstance(bits, tuple):
        return sum(bits)
    if isinstance(bits, int) and isinstance(samples, int):
        return bits * samples
    return None


def _bytes(tags: Directory, tag: int) -> bytes:
    found = tags.get(tag)
    return found if isinstance(found, bytes) else b""


def tiff_picture(read_at: ReadAt, size_bytes: int) -> tuple[int, int]:
    """Return from where to where a TIFF's pixels lie, (0, 0) if that isn't told."""
    tags = read_tags(read_at, {tag for pair in _OFFSETS for tag in pair})
    for offsets, lengths in _OFFSETS:
        starts, counts = _numbers(tags, offsets), _numbers(tags, lengths)
        if starts and len(starts) == len(counts):
            ends = (start + count for start, count in zip(starts, counts, strict=True))
            return min(starts), min(max(ends), size_bytes)
    return 0, 0


def _numbers(tags: Directory, tag: int) -> tuple[int, ...]:
    found = tags.get(tag, ())
    if isinstance(found, int):
        return (found,)
    return found if isinstance(found, tuple) else ()


def jpeg2000(read_at: ReadAt) -> Size:
    """Return the size of a JP2 picture. Raises ProbeError if there is none."""
    head = read_at(0, 4096)
    at = head.find(b"ihdr")
    _check(0 <= at <= len(head) - 16)
    height, width = (int.from_bytes(head[i : i + 4], "big") for i in (at + 4, at + 8))
    parts, bits = int.from_bytes(head[at + 12 : at + 14], "big"), head[at + 14]
    return width, height, None if bits == 0xFF else parts * ((bits & 0x7F) + 1)


# A JPEG XL codestream begins with its size in few bits.
_JXL_RATIOS: Final = {
    1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1),
}  # fmt: skip
_JXL_SIZE_BITS: Final = (9, 13, 18, 30)
_MAX_JXL_BOXES: Final = 32


def jxl(read_at: ReadAt) -> Size:
    """Return the size of a JPEG XL picture. Raises ProbeError if there is none."""
    head = read_at(_jxl_stream_at(read_at), 16)
    _check(head[:2] == b"\xff\x0a" and len(head) > 10)
    bits = _Bits(int.from_bytes(head[2:], "little"))
    is_small = bits.take(1)
    height = 8 * (1 + bits.take(5)) if is_small else _jxl_side(bits)
    ratio = _JXL_RATIOS.get(bits.take(3))
    if ratio:
        return height * ratio[0] // ratio[1], height, None
    return 8 * (1 + bits.take(5)) if is_small else _jxl_side(bits), height, None


def _jxl_side(bits: "_Bits") -> int:
    return 1 + bits.take(_JXL_SIZE_BITS[bits.take(2)])


def _jxl_stream_at(read_at: ReadAt) -> int:
    if read_at(0, 2) == b"\xff\x0a":
        return 0
    at = 0
    for _ in range(_MAX_JXL_BOXES):
        head = read_at(at, 16)
        length, name, start = int.from_bytes(head[:4], "big"), head[4:8], at + 8
        if length == 1:
            length, start = int.from_bytes(head[8:16], "big"), at + 16
        if name in {b"jxlc", b"jxlp"}:  # a part has its number first
            return start + (4 if name == b"jxlp" else 0)
        if length < 8:
            break
        at += length
    raise ProbeError(_BROKEN)


class _Bits:
    """A number that is taken apart from its lowest bit on."""

    def __init__(self, number: int) -> None:
        self._number = number

    def take(self, count: int) -> int:
        taken = self._number & (1 << count) - 1
        self._number >>= count
        return taken


def _little(data: bytes, at: int, count: int) -> int:
    return int.from_bytes(data[at : at + count], "little")


def _check(sensible: bool) -> None:
    if not sensible:
        raise ProbeError(_BROKEN)
