"""Pictures: size, orientation and date from their headers; no pixel is decoded.

Pillow's class for each format is named, its guessing not used: that keeps the
formats that nobody has at home (and their parsers' faults) out of reach.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from upnpserver.dlna.mimes import mime_for
from upnpserver.errors import ProbeError
from upnpserver.media import heif, text, webp
from upnpserver.media.source import Source
from upnpserver.model import Kind, MediaFacts

_MAX_SIDE: Final = 65535
# More than the largest stitched panoramas; a "bomb" claims more.
_MAX_PIXELS: Final = 1 << 29

_BITS: Final = {
    **dict.fromkeys(("L", "P"), 8),
    **dict.fromkeys(("I;16", "I;16B", "LA"), 16),
    **dict.fromkeys(("RGB", "YCbCr", "LAB"), 24),
    **dict.fromkeys(("RGBA", "RGBX", "CMYK", "I", "F"), 32),
    "1": 1,
}

# Exif 2.32: tags of the first directory, and of the one that it points to.
_EXIF_DIRECTORY: Final = 0x8769
_ORIENTATION: Final = 0x0112
_DATE_TIME: Final = 0x0132
_WHEN: Final = ((0x9003, 0x9011), (0x9004, 0x9012))  # taken, digitised; with zones

# Whatever a broken camera wrote there, the picture itself is shown.
_BROKEN_EXIF: Final = (
    *(SyntaxError, ValueError, TypeError, KeyError, IndexError),
    *(OSError, struct.error),
)


@dataclass(frozen=True, slots=True)
class _Header:
    """What a format's reader found."""

    width: int
    height: int
    bits: int | None = None
    progressive: bool = False
    exif: Image.Exif | None = None
    orientation: int = 0  # 0: as exif says


def read_picture(source: Source, container: str, content_id: str) -> MediaFacts:
    """Return the facts of a picture.

    Raises ProbeError for a size that no picture has, and what Pillow raises
    for a file that it can't read.
    """
    header = READERS[container](source)
    width, height = header.width, header.height
    sides = range(1, _MAX_SIDE + 1)
    if width not in sides or height not in sides or width * height > _MAX_PIXELS:
        raise ProbeError(f"it claims to be {width} x {height} pixels large")
    orientation, date = _orientation_and_date(header.exif)
    return MediaFacts(
        kind=Kind.IMAGE,
        mime=mime_for(container, Kind.IMAGE),
        content_id=content_id,
        container=container,
        date=date,
        width=width,
        height=height,
        color_depth=header.bits,
        orientation=header.orientation or orientation,
        progressive=header.progressive,
    )


def _orientation_and_date(exif: Image.Exif | None) -> tuple[int, str]:
    """Return (1..8, MediaFacts.date)."""
    if exif is None:
        return 1, ""
    orientation = exif.get(_ORIENTATION)
    if type(orientation) is not int or not 1 <= orientation <= 8:
        orientation = 1
    details = exif.get_ifd(_EXIF_DIRECTORY)
    for when, zone in _WHEN:
        date = text.date(_words(details.get(when)))
        if date:
            # The zone is a tag of its own since Exif 2.31: "+02:00".
            zoned = text.date(f"{_words(details.get(when))}{_words(details.get(zone))}")
            return orientation, max(date, zoned, key=len)
    return orientation, text.date(_words(exif.get(_DATE_TIME)))


def _words(value: object) -> str:
    return value.strip("\0 ") if isinstance(value, str) else ""


def _exif(data: object) -> Image.Exif | None:
    """Return parsed Exif data, None if there is none or it makes no sense."""
    if not isinstance(data, bytes) or not data:
        return None
    exif = Image.Exif()
    try:
        exif.load(data)
        exif.get_ifd(_EXIF_DIRECTORY)
    except _BROKEN_EXIF:
        return None
    return exif


def _by_class(reader: Any) -> Callable[[Source], _Header]:
    def read(source: Source) -> _Header:
        with source.stream() as stream:
            picture = reader(stream)
            width, height = picture.size
            # Not getexif(): for a PNG that decodes the whole picture.
            return _Header(
                width,
                height,
                _BITS.get(picture.mode),
                bool(picture.info.get("progressive")),
                _exif(picture.info.get("exif")),
            )

    return read


def _tiff(source: Source) -> _Header:
    with source.stream() as stream:
        picture = TiffImageFile(stream)
        width, height = picture.size
        return _Header(width, height, _BITS.get(picture.mode), exif=_tiff_exif(picture))


def _tiff_exif(picture: TiffImageFile) -> Image.Exif | None:
    try:
        exif = picture.getexif()
        exif.get_ifd(_EXIF_DIRECTORY)  # read while the file is open
    except _BROKEN_EXIF:
        return None
    return exif


def _webp(source: Source) -> _Header:
    found = webp.read_header(source.read_at, source.size_bytes)
    return _Header(found.width, found.height, found.bits, exif=_exif(found.exif))


def _heif(source: Source) -> _Header:
    found = heif.read_header(source.read_at)
    return _Header(
        found.width,
        found.height,
        exif=_exif(found.exif),
        # Turned by the format's own means; Exif may repeat it and must not count.
        orientation=found.orientation,
    )


READERS: Final[dict[str, Callable[[Source], _Header]]] = {
    "jpeg": _by_class(JpegImageFile),
    "png": _by_class(PngImageFile),
    "gif": _by_class(GifImageFile),
    "bmp": _by_class(BmpImageFile),
    "tiff": _tiff,
    "webp": _webp,
    "heic": _heif,
    "avif": _heif,
}
