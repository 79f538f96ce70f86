"""A picture of any format -> a small plain JPEG or PNG, for screens.

Turned upright, in sRGB, without any of the original's metadata: where it was
taken stays at home. Runs in a child process (forms_child.py) only.

Source: reference dlna-media.md section 4; EXIF 2.32, tag Orientation.
"""

import io
from typing import IO, Final

import pi_heif
from PIL import AvifImagePlugin, Image, ImageCms, ImageFile, features

from upnpserver.dlna.scaled import FORMS, MAX_PIXELS, Form, fitted, upright
from upnpserver.errors import ProbeError

_QUALITY: Final = 85
_DRAWN_LARGER: Final = 1.5  # before the last, exact step of making it smaller
_BEHIND: Final = (255, 255, 255)  # what is seen through a picture, in a JPEG
_FORMATS: Final = (
    *("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "HEIF"),
    *(("AVIF",) if features.check("avif") else ()),
)
_PLAIN: Final = {"L", "RGB", "RGBA", "CMYK"}
_DEEP: Final = {"I;16", "I;16B", "I;16L", "I"}
_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB: Final = ImageCms.createProfile("sRGB")


def load_codecs() -> None:
    """Load what would be loaded with the first picture, and set the limits."""
    Image.MAX_IMAGE_PIXELS = None  # ours is in _check_size()
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # half a photo is better than none
    # The server and its streams need the processors more.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.init()
    pi_heif.register_heif_opener(decode_threads=1, thumbnails=False)


def render(file: IO[bytes], name: str) -> bytes:
    """Return a picture in the form of this name, see dlna.scaled.FORMS.

    Raises ProbeError with the reason if it is too large, and whatever Pillow's
    readers raise on broken files.
    """
    form = FORMS[name]
    with Image.open(file, formats=_FORMATS) as picture:
        drawn = _drawn(picture, form)
    if form.mime == "image/png":
        return _saved(drawn, "PNG")
    if drawn.mode == "RGBA":
        behind = Image.new("RGB", drawn.size, _BEHIND)
        behind.paste(drawn, mask=drawn.getchannel("A"))
        drawn = behind
    # Baseline, with colours at half the resolution: what every screen reads.
    return _saved(drawn, "JPEG", quality=_QUALITY, subsampling="4:2:0")


def _saved(picture: Image.Image, container: str, **how: object) -> bytes:
    written = io.BytesIO()
    picture.info = {}  # Pillow would carry some of it on
    picture.save(written, container, **how)
    return written.getvalue()


def _drawn(picture: Image.Image, form: Form) -> Image.Image:
    """Return the picture upright, in sRGB and in the form's size."""
    turn = _turn_of(picture)
    whole = upright(*picture.size, turn)
    size = upright(*fitted(*whole, form), turn)
    icc = picture.info.get("icc_profile")
    picture.draft("", _wanted_of_jpeg(picture.size, size))
    if _pixels(picture) > MAX_PIXELS:
        millions = _pixels(picture) // 1_000_000
        raise ProbeError(f"has {millions} million pixels, too many to draw")
    plain = _with_plain_pixels(picture)
    small = plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=_DRAWN_LARGER)
    coloured = _in_srgb(small, icc)
    return coloured.transpose(_TURNS[turn]) if turn in _TURNS else coloured


def _wanted_of_jpeg(size: tuple[int, int], drawn: tuple[int, int]) -> tuple[int, int]:
    """Return how large a JPEG must be read at least: its half, quarter or eighth."""
    parts = [part for part in (1, 2, 4) if size[0] * size[1] / part**2 <= MAX_PIXELS]
    most = min(parts, default=8)
    width, height = (
        min(round(_DRAWN_LARGER * wanted), having // most)
        for wanted, having in zip(drawn, size, strict=True)
    )
    return max(1, width), max(1, height)


def _turn_of(picture: Image.Image) -> int:
    turn = picture.getexif().get(_ORIENTATION, 1)
    return turn if turn in _TURNS else 1


def _pixels(picture: Image.Image) -> int:
    return picture.width * picture.height


def _with_plain_pixels(picture: Image.Image) -> Image.Image:
    """Return the picture with 8 bits a colour and no palette."""
    if picture.mode in _DEEP:
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode in _PLAIN and "transparency" not in picture.info:
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _in_srgb(picture: Image.Image, icc: bytes | None) -> Image.Image:
    """Return the picture in sRGB, whatever profile it has."""
    if picture.mode == "L":
        return picture  # grey is grey in every space, or nearly
    flat = picture.convert("RGB") if picture.mode == "RGBA" else picture
    shown = _converted(flat, icc) if icc else None
    if shown is None:
        return flat.convert("RGB") if picture.mode == "CMYK" else picture
    if picture.mode == "RGBA":
        shown.putalpha(picture.getchannel("A"))
    return shown


def _converted(picture: Image.Image, icc: bytes) -> Image.Image | None:
    """Return the picture in sRGB, None if its profile is broken or for others."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        return ImageCms.profileToProfile(picture, profile, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
