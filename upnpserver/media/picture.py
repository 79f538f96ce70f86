"""Pictures: their size, and what is told of them, from their headers.

No pixel is decoded. Where a picture was taken is never read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from upnpserver.dlna.mimes import mime_for
from upnpserver.errors import ProbeError
from upnpserver.media import heif, jpeg, picture_headers, picture_tags, png, text, webp
from upnpserver.media.exif import Directory, read_tags
from upnpserver.media.iptc import read_iptc
from upnpserver.media.picture_headers import Size
from upnpserver.media.picture_tags import Told
from upnpserver.media.source import Source
from upnpserver.media.xmp import read_xmp
from upnpserver.model import Kind, MediaFacts

_MAX_SIDE: Final = 65535
# More than the largest stitched panoramas; a "bomb" claims more.
_MAX_PIXELS: Final = 1 << 29


@dataclass(frozen=True, slots=True)
class _Header:
    """What a format's reader found."""

    size: Size
    told: Told
    progressive: bool = False
    orientation: int = 0  # 0: as Exif says


def read_picture(source: Source, container: str, content_id: str) -> MediaFacts:
    """Return the facts of a picture.

    Raises ProbeError for a header that makes no sense, or a size that no
    picture has.
    """
    header = READERS[container](source)
    width, height, bits = header.size
    sides = range(1, _MAX_SIDE + 1)
    if width not in sides or height not in sides or width * height > _MAX_PIXELS:
        raise ProbeError(f"it claims to be {width} x {height} pixels large")
    fields = picture_tags.fields(header.told)
    if header.orientation:
        fields["orientation"] = header.orientation
    return MediaFacts(
        kind=Kind.IMAGE,
        mime=mime_for(container, Kind.IMAGE),
        content_id=content_id,
        container=container,
        width=width,
        height=height,
        color_depth=bits,
        progressive=header.progressive,
        **fields,
    )


def _exif(data: bytes) -> Directory:
    if not data:
        return {}
    if data.startswith(b"Exif\0\0"):  # some write a JPEG's mark elsewhere too
        data = data[6:]
    return read_tags(lambda at, count: data[at : at + count], picture_tags.WANTED)


def _jpeg(source: Source) -> _Header:
    found = jpeg.read_header(source.read_at)
    told = Told(_exif(found.exif), read_xmp(found.xmp), read_iptc(found.photoshop))
    return _Header((found.width, found.height, found.bits), told, found.progressive)


def _png(source: Source) -> _Header:
    found = png.read_header(source.read_at, source.size_bytes)
    told = Told(
        _exif(found.exif),
        read_xmp(found.xmp),
        texts=found.texts,
        date=_png_date(found.time),
    )
    return _Header((found.width, found.height, found.bits), told)


def _png_date(time: bytes) -> str:
    if len(time) != 7:
        return ""
    year, (month, day, hour, minute, second) = int.from_bytes(time[:2], "big"), time[2:]
    return text.date(
        f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    )


def _webp(source: Source) -> _Header:
    found = webp.read_header(source.read_at, source.size_bytes)
    told = Told(_exif(found.exif), read_xmp(found.xmp))
    return _Header((found.width, found.height, found.bits), told)


def _heif(source: Source) -> _Header:
    found = heif.read_header(source.read_at)
    return _Header(
        (found.width, found.height, None),
        Told(_exif(found.exif), read_xmp(found.xmp)),
        # Turned by the format's own means; Exif may repeat it and must not count.
        orientation=found.orientation,
    )


def _tiff(source: Source) -> _Header:
    size, about = picture_headers.tiff(source.read_at)
    xmp = read_xmp(about.xmp)
    exif = read_tags(source.read_at, picture_tags.WANTED)
    return _Header(size, Told(exif, xmp, read_iptc(about.photoshop)))


def _plain(size: Callable[[Source], Size]) -> Callable[[Source], _Header]:
    return lambda source: _Header(size(source), Told())


READERS: Final[dict[str, Callable[[Source], _Header]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "gif": _plain(lambda source: picture_headers.gif(source.read_at)),
    "bmp": _plain(lambda source: picture_headers.bmp(source.read_at)),
    "tiff": _tiff,
    "webp": _webp,
    "heic": _heif,
    "avif": _heif,
    "jpeg2000": _plain(lambda source: picture_headers.jpeg2000(source.read_at)),
    "jxl": _plain(lambda source: picture_headers.jxl(source.read_at)),
}
