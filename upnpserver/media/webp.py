"""The header of a WebP picture.

Pillow reads the whole file into its decoder to tell the size; here some bytes
of each chunk's beginning do.

Source: RFC 9649 (WebP container, lossless bitstream); RFC 6386 section 9.1.
"""

from dataclasses import dataclass, replace
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.riff import ReadAt, chunks

_MAX_CHUNK_BYTES: Final = 256 * 1024
_PIXELS: Final = {b"VP8 ", b"VP8L", b"ALPH", b"ANMF"}
_ALPHA: Final = 0x10


@dataclass(frozen=True, slots=True)
class WebpHeader:
    """Size in pixels, bits a pixel, and raw data (b"" for none).

    picture: where the pixels begin and end in the file.
    """

    width: int
    height: int
    bits: int
    exif: bytes = b""
    xmp: bytes = b""
    picture: tuple[int, int] = (0, 0)


def read_header(read_at: ReadAt, size_bytes: int) -> WebpHeader:
    """Return the header. Raises ProbeError if there is no picture in the file."""
    found: WebpHeader | None = None
    told = {b"EXIF": b"", b"XMP ": b""}
    begin = end = 0
    for name, start, length in chunks(read_at, 12, size_bytes, "little"):
        if found is None:
            found = _picture(name, read_at(start, 10))
        if name in _PIXELS:
            begin, end = begin or start, start + length
        elif name in told:
            told[name] = told[name] or read_at(start, min(length, _MAX_CHUNK_BYTES))
    if found is None:
        raise ProbeError("it is a WebP without a picture")
    return replace(found, exif=told[b"EXIF"], xmp=told[b"XMP "], picture=(begin, end))


def _picture(name: bytes, head: bytes) -> WebpHeader | None:
    if len(head) < 10:
        return None
    if name == b"VP8X":  # the canvas, less one
        width = int.from_bytes(head[4:7], "little") + 1
        height = int.from_bytes(head[7:10], "little") + 1
        return WebpHeader(width, height, 32 if head[0] & _ALPHA else 24)
    if name == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width = int.from_bytes(head[6:8], "little") & 0x3FFF
        height = int.from_bytes(head[8:10], "little") & 0x3FFF
        return WebpHeader(width, height, 24)
    if name == b"VP8L" and head[0] == 0x2F:
        packed = int.from_bytes(head[1:5], "little")
        width, height = packed & 0x3FFF, packed >> 14 & 0x3FFF
        return WebpHeader(width + 1, height + 1, 32 if packed >> 28 & 1 else 24)
    return None
