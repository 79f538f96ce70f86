"""The header of a JPEG picture: size, form, and what is told of it.

Source: ITU-T T.81 annex B; Exif 2.32 section 4.7 (APP1); XMP part 3 section
1.1.3; Photoshop's APP13.
"""

from dataclasses import dataclass
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.riff import ReadAt

_MAX_MARKERS: Final = 512
_SIZES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF without DHT, JPG, DAC
_PROGRESSIVE: Final = {0xC2, 0xC6, 0xCA, 0xCE}
_SCAN: Final = 0xDA
_ALONE: Final = {0x01, *range(0xD0, 0xD9)}  # without a length
_APP1, _APP13 = 0xE1, 0xED
_EXIF: Final = b"Exif\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP: Final = b"Photoshop 3.0\0"


@dataclass(slots=True)
class JpegHeader:
    """Size in pixels, bits a pixel, and raw data (b"" for none)."""

    width: int = 0
    height: int = 0
    bits: int = 0
    progressive: bool = False
    exif: bytes = b""
    xmp: bytes = b""
    photoshop: bytes = b""
    scan_at: int = 0  # where the first scan begins


def read_header(read_at: ReadAt) -> JpegHeader:
    """Return the header. Raises ProbeError if there is no picture after it."""
    header = JpegHeader()
    at = 2
    for _ in range(_MAX_MARKERS):
        mark = read_at(at, 4)
        if len(mark) < 4:
            break
        if mark[0] != 0xFF or mark[1] in {0xFF, 0, *_ALONE}:
            at += 1 if mark[0] != 0xFF or mark[1] == 0xFF else 2  # what fills
            continue
        if mark[1] == _SCAN:
            header.scan_at = at
            break
        length = int.from_bytes(mark[2:], "big")
        _note(header, read_at, mark[1], at + 4, length - 2)
        at += 2 + length
    if not header.width or not header.scan_at:
        raise ProbeError("it ends before its picture begins")
    return header


def _note(header: JpegHeader, read_at: ReadAt, mark: int, at: int, length: int) -> None:
    if mark in _SIZES:
        size = read_at(at, 6)
        if len(size) == 6 and not header.width:
            header.height = int.from_bytes(size[1:3], "big")
            header.width = int.from_bytes(size[3:5], "big")
            header.bits = size[0] * size[5]
            header.progressive = mark in _PROGRESSIVE
    elif mark == _APP1:
        data = read_at(at, length)
        if data.startswith(_EXIF) and not header.exif:
            header.exif = data[6:]
        elif data.startswith(_XMP) and not header.xmp:
            header.xmp = data[len(_XMP) :]
    elif mark == _APP13:
        data = read_at(at, length)
        if data.startswith(_PHOTOSHOP):
            header.photoshop += data[len(_PHOTOSHOP) :]
