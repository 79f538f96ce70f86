"""What is told of a picture in Exif, XMP and IPTC -> fields of MediaFacts.

Where it was taken is never read: no position, no name of a place. What several
of them tell is taken from the one that people's programs keep up to date: XMP,
then IPTC, then Exif; the date, the camera and the lens from the camera's Exif.

Source: Exif 2.32 sections 4.6.4 to 4.6.6; Metadata Working Group 2.0 section 5;
Microsoft's tags XPTitle to XPSubject.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from upnpserver.media import iptc, text
from upnpserver.media.exif import Directory
from upnpserver.media.iptc import Texts
from upnpserver.media.xmp import Properties

DESCRIPTION: Final = 0x010E
MAKE: Final = 0x010F
MODEL: Final = 0x0110
ORIENTATION: Final = 0x0112
DATE_TIME: Final = 0x0132
RATING: Final = 0x4746
USER_COMMENT: Final = 0x9286
XP_TITLE: Final = 0x9C9B
XP_COMMENT: Final = 0x9C9C
XP_KEYWORDS: Final = 0x9C9E
LENS: Final = 0xA434
_TAKEN: Final = ((0x9003, 0x9011), (0x9004, 0x9012))  # taken, digitised; with zones
WANTED: Final = frozenset(
    (
        *(DESCRIPTION, MAKE, MODEL, ORIENTATION, DATE_TIME, RATING, USER_COMMENT),
        *(XP_TITLE, XP_COMMENT, XP_KEYWORDS, LENS),
        *(tag for pair in _TAKEN for tag in pair),
    )
)

_MAX_KEYWORDS: Final = 64
_MAX_KEYWORDS_CHARS: Final = 2048
_ORIENTATIONS: Final = set("12345678")
_STARS: Final = 5
# Windows writes stars as these shares of a hundred.
_SHARES: Final = {1: 1, 25: 2, 50: 3, 75: 4, 99: 5}

_NOT_MAKERS: Final = {
    *("corporation", "corp", "company", "co", "ltd", "inc", "ag", "gmbh"),
    *("imaging", "optical", "electronics", "camera", "cameras", "technologies"),
}
# What cameras write of themselves where people write a title.
_RUBBISH: Final = re.compile(
    r"(?:.*\bdigital (?:still ?)?camera|sony dsc|exif[_ ]jpeg.*|samsung camera pictures"
    r"|samsung|default|dcim\\.*|untitled|my beautiful picture|camera|<.*>|image"
    r"|(?:cof|dav|sdr|hdr|hdrpl|mde|oznor|ozno|nor|ptr|qrf|edf|rhdr|rpt|vbk|fbt|btf)"
    r"(?:_[a-z0-9]+|W[BO])?|charset=.*|jpeg|[?\s]*)",
    re.IGNORECASE,
)
_NO_LENS: Final = re.compile(r"(?:[-0.\s]|mm|f/|unknown|n/a|none)*", re.IGNORECASE)
_INTERNET_DATE: Final = re.compile(
    r"(?:[a-z]{3},? )?(\d{1,2}) ([a-z]{3}) (\d{4}) (\d\d:\d\d:\d\d)(?: ([+-]\d{4}))?.*",
    re.IGNORECASE | re.ASCII,
)
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_IPTC_DATE: Final = re.compile(r"\d{8}", re.ASCII)
_IPTC_TIME: Final = re.compile(r"(\d\d)(\d\d)(\d\d)([+-]\d{4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """What a file tells of its picture, as each form has it."""

    exif: Directory = field(default_factory=dict)
    xmp: Properties = field(default_factory=dict)
    iptc: Texts = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # of a PNG
    date: str = ""  # when the file was changed


_NOTHING: Final = Told()


def fields(told: Told) -> dict[str, Any]:
    """Return the fields of MediaFacts that are told."""
    if told == _NOTHING:
        return {}
    camera = _camera(told)
    return {
        "date": _date(told),
        "orientation": _orientation(told),
        "camera": camera,
        "lens": _lens(told),
        "rating_percent": _rating(told),
        "keywords": _keywords(told),
        **_words(told, camera),
    }


def _orientation(told: Told) -> int:
    found = told.exif.get(ORIENTATION)
    if found is None:
        words = _first(told.xmp, "tiff:Orientation")
        found = int(words) if words in _ORIENTATIONS else 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


# When ---------------------------------------------------------------------------


def _date(told: Told) -> str:
    dates = (text.date(date) for date in _dates(told))
    return next(filter(None, dates), "")


def _dates(told: Told) -> Iterator[str]:
    for when, zone in _TAKEN:
        date = _text(told.exif, when)
        if text.date(date):
            # The zone is a tag of its own since Exif 2.31: "+02:00".
            zoned = text.date(f"{date}{_text(told.exif, zone)}")
            yield max(date, zoned, key=lambda one: len(text.date(one)))
    yield _first(told.xmp, "exif:DateTimeOriginal")
    yield _first(told.xmp, "photoshop:DateCreated")
    yield _first(told.xmp, "xmp:CreateDate")
    yield _iptc_date(told.iptc)
    yield _text(told.exif, DATE_TIME)
    yield _internet_date(told.texts.get("Creation Time", ""))
    yield told.date


def _iptc_date(found: Texts) -> str:
    date = next(iter(found.get(iptc.DATE, ())), "")
    time = _IPTC_TIME.fullmatch(next(iter(found.get(iptc.TIME, ())), ""))
    if not _IPTC_DATE.fullmatch(date) or time is None:
        return date
    hour, minute, second, zone = time.groups(default="")
    return f"{date}T{hour}:{minute}:{second}{zone}"


def _internet_date(date: str) -> str:
    """Return "Tue, 14 Jul 2020 18:05:09 +0200" (RFC 1123) as ISO 8601."""
    found = _INTERNET_DATE.fullmatch(date.strip())
    if found is None or found[2].lower() not in _MONTHS:
        return date
    month = _MONTHS.index(found[2].lower()) + 1
    return f"{found[3]}-{month:02}-{int(found[1]):02}T{found[4]}{found[5] or ''}"


# By what ------------------------------------------------------------------------


def _camera(told: Told) -> str:
    """Return maker and model: "Canon EOS 5D", not "Canon Canon EOS 5D"."""
    maker = _text(told.exif, MAKE) or _first(told.xmp, "tiff:Make")
    model = _text(told.exif, MODEL) or _first(told.xmp, "tiff:Model")
    maker, model = (text.one_line(one, text.MAX_NAME) for one in (maker, model))
    makers = maker.casefold().split()
    if model and model.split()[0].casefold() in makers:
        return model
    words = maker.split()
    while len(words) > 1 and words[-1].strip(".,").casefold() in _NOT_MAKERS:
        words.pop()
    return " ".join((*words, *model.split()))[: text.MAX_NAME].rstrip(" ,")


def _lens(told: Told) -> str:
    for lens in (
        _text(told.exif, LENS),
        _first(told.xmp, "exifEX:LensModel"),
        _first(told.xmp, "aux:Lens"),
    ):
        if not _NO_LENS.fullmatch(lens):
            return text.one_line(lens, text.MAX_NAME)
    return ""


# What people say ----------------------------------------------------------------


def _rating(told: Told) -> int | None:
    """Return stars as a share of a hundred; 0 for what was rejected (-1)."""
    stars: float | None = _number(_first(told.xmp, "xmp:Rating"))
    if stars is None:
        share = _number(_first(told.xmp, "MicrosoftPhoto:Rating"))
        stars = _SHARES.get(int(share)) if share is not None else None
    if stars is None:
        found = told.exif.get(RATING)
        stars = found if isinstance(found, int) else None
    if stars is None or stars == 0 or not -1 <= stars <= _STARS:
        return None
    return max(0, round(stars * 100 / _STARS))


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if -1 <= number <= 100 else None


def _keywords(told: Told) -> tuple[str, ...]:
    found: dict[str, str] = {}
    left = _MAX_KEYWORDS_CHARS
    for raw in (
        *told.xmp.get("dc:subject", ()),
        *told.iptc.get(iptc.KEYWORD, ()),
        *_windows(told.exif, XP_KEYWORDS).split(";"),
    ):
        keyword = text.one_line(raw, text.MAX_NAME)
        if keyword and keyword.casefold() not in found:
            left -= len(keyword)
            if left < 0 or len(found) == _MAX_KEYWORDS:
                break
            found[keyword.casefold()] = keyword
    return tuple(found.values())


def _words(told: Told, camera: str) -> dict[str, str]:
    """Return title and comment: a description is the title where there is none."""
    titles = (
        _first(told.xmp, "dc:title"),
        *told.iptc.get(iptc.TITLE, ())[:1],
        _windows(told.exif, XP_TITLE),
        told.texts.get("Title", ""),
    )
    comments = (
        _first(told.xmp, "dc:description"),
        *told.iptc.get(iptc.CAPTION, ())[:1],
        _text(told.exif, DESCRIPTION),
        _windows(told.exif, XP_COMMENT),
        _user_comment(told.exif),
        told.texts.get("Description", ""),
        told.texts.get("Comment", ""),
    )
    title = text.one_line(_sensible(titles, camera))
    description = _sensible((_text(told.exif, DESCRIPTION),), camera)
    comment = text.comment(_sensible(comments, camera))
    title = title or text.one_line(description)
    return {"title": title, "comment": comment if comment != title else ""}


def _sensible(words: Iterable[str], camera: str) -> str:
    """Return the first that a person could have written."""
    for word in words:
        line = text.one_line(word)
        if not _RUBBISH.fullmatch(line) and line.casefold() not in camera.casefold():
            return line
    return ""


def _user_comment(exif: Directory) -> str:
    data = exif.get(USER_COMMENT)
    if not isinstance(data, bytes):
        return ""
    if data[:8] == b"ASCII\0\0\0":
        return data[8:].decode("utf-8", "replace")
    if data[:8] == b"UNICODE\0":
        order = "utf-16-be" if data[8:9] == b"\0" else "utf-16-le"
        return data[8:].decode(order, "replace")
    return ""


def _windows(exif: Directory, tag: int) -> str:
    data = exif.get(tag)
    return data.decode("utf-16-le", "replace") if isinstance(data, bytes) else ""


def _text(exif: Directory, tag: int) -> str:
    found = exif.get(tag)
    return found if isinstance(found, str) else ""


def _first(xmp: Properties, name: str) -> str:
    return next(iter(xmp.get(name, ())), "")
