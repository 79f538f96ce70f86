"""The forms in which pictures are offered besides the one on the disk.

Source: DLNA guidelines, image profiles; reference dlna-media.md sections 1 and 4.
"""

from typing import Final, NamedTuple

from upnpserver.model import MediaFacts

# More can't be drawn, but from a JPEG, of which an eighth can be read.
MAX_PIXELS: Final = 40_000_000
_TURNED: Final = 5  # EXIF orientations from here on swap width and height


class Form(NamedTuple):
    """One size of picture, made on demand; width and height are its limits."""

    profile: str
    mime: str
    suffix: str  # of its URL
    width: int
    height: int


FORMS: Final[dict[str, Form]] = {
    "tn": Form("JPEG_TN", "image/jpeg", "jpg", 160, 160),
    "sm": Form("JPEG_SM", "image/jpeg", "jpg", 640, 480),
    "med": Form("JPEG_MED", "image/jpeg", "jpg", 1024, 768),
    "lrg": Form("JPEG_LRG", "image/jpeg", "jpg", 4096, 4096),
    "png": Form("PNG_TN", "image/png", "png", 160, 160),
}
# By their MIME names: what media/render.py can draw.
DRAWN: Final = frozenset(
    f"image/{name}"
    for name in ("jpeg", "png", "gif", "webp", "tiff", "bmp", "heic", "avif")
)
_FOR_PHOTOS: Final = ("lrg", "med", "sm", "tn")


def picture_path(picture_id: str, name: str) -> str:
    """Return the URL path of a picture in a form."""
    return f"/picture/{picture_id}/{name}.{FORMS[name].suffix}"


def fitted(width: int, height: int, form: Form) -> tuple[int, int]:
    """Return the size of a picture in a form: never larger, never nothing."""
    scale = min(1.0, form.width / width, form.height / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def upright(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Return the size of a picture once it is turned; orientation: EXIF's 1 to 8."""
    return (height, width) if orientation >= _TURNED else (width, height)


def offered(facts: MediaFacts, profile: str) -> list[tuple[str, tuple[int, int]]]:
    """Return the names of the forms that help with a photo, with their sizes.

    The largest first. profile: the photo's own, "" for none. One that every
    screen shows as it is has smaller ones only; any other has, first of all, the
    smallest form that loses nothing.
    """
    width, height = facts.width or 0, facts.height or 0
    is_small = width * height <= MAX_PIXELS or facts.mime == "image/jpeg"
    if facts.mime not in DRAWN or not width or not height or not is_small:
        return []
    size = upright(width, height, facts.orientation)
    is_plain = facts.orientation == 1 and profile.startswith("JPEG_")
    chosen: list[tuple[str, tuple[int, int]]] = []
    for name in _FOR_PHOTOS:
        shown = fitted(*size, FORMS[name])
        if shown != size:
            chosen.append((name, shown))
        elif not is_plain:
            chosen = [(name, shown)]
    return chosen
