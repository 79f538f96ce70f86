"""Tags as people wrote them -> clean, bounded values of MediaFacts."""

import calendar
import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from upnpserver.model import Chapter
from upnpserver.upnp.values import clean_text

MAX_TITLE: Final = 1024
MAX_NAME: Final = 256
_MAX_COMMENT: Final = 1024
_MAX_NAMES: Final = 16
# These keep a child's answer below 64 KiB.
_MAX_NAMES_TOTAL: Final = 1024
_MAX_CHAPTERS: Final = 400
_MAX_CHAPTER_TITLES_TOTAL: Final = 4096
_MAX_CHAPTER_MS: Final = 1 << 40
_EARLIEST_YEAR: Final = 1000  # "0001" stands for unknown in some programs

# NUL and other control characters pad or part texts in real tags.
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_LEADING_NUMBER = re.compile(r"\s*0*([1-9]\d{0,3})(?!\d)", re.ASCII)
_DATE = re.compile(
    r"\s*(\d{4})(?:[-/.:]?(0[1-9]|1[0-2])(?:[-/.:]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d+)?"
    r"(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?)?)?(?!\d)",
    re.ASCII,
)


def one_line(text: str, max_chars: int = MAX_TITLE) -> str:
    """Return text in one line, without characters that XML forbids."""
    # Most texts are as they should be, which costs a tenth to see.
    if text.isprintable() and len(text) <= max_chars and "  " not in text:
        return text.strip()
    # A hostile text of megabytes is cut before it costs anything.
    line = _BLANKS.sub(" ", text[: 4 * max_chars]).strip()
    return clean_text(line[:max_chars].rstrip())


def comment(text: str) -> str:
    """Return a comment in one line."""
    return one_line(text, _MAX_COMMENT)


def names(texts: Iterable[str]) -> tuple[str, ...]:
    """Return cleaned names without empty ones and repetitions, in order."""
    found: list[str] = []
    left = _MAX_NAMES_TOTAL
    for text in texts:
        name = one_line(text, MAX_NAME)
        if name and name not in found:
            left -= len(name)
            if left < 0 or len(found) == _MAX_NAMES:
                break
            found.append(name)
    return tuple(found)


def chapters(found: Iterable[tuple[int, str]]) -> tuple[Chapter, ...]:
    """Return chapters in the order of their starts (in milliseconds).

    A single one that begins with the file tells nothing, and is left out.
    """
    told: dict[int, str] = {}
    left = _MAX_CHAPTER_TITLES_TOTAL
    for start_ms, raw in islice(found, _MAX_CHAPTERS):
        if 0 <= start_ms < _MAX_CHAPTER_MS and start_ms not in told:
            told[start_ms] = one_line(raw, min(MAX_NAME, left)) if left else ""
            left -= len(told[start_ms])
    if set(told) == {0}:
        return ()
    return tuple(Chapter(start_ms, told[start_ms]) for start_ms in sorted(told))


def number(text: str) -> int | None:
    """Return the first number of "3", "03/12" or "3 of 12", None for 0 or none."""
    found = _LEADING_NUMBER.match(text)
    return int(found[1]) if found else None


def date(text: str) -> str:
    """Return a date in the form of MediaFacts.date, "" if it is none.

    Takes ISO 8601 in both its forms, EXIF's colons, and a time after "T" or a
    blank. What follows the last part that makes sense is left out.
    """
    found = _DATE.match(text)
    if found is None or int(found[1]) < _EARLIEST_YEAR:
        return ""
    year, month, day, hour, minute, second, zone = found.groups()
    if day and int(day) > calendar.monthrange(int(year), int(month))[1]:
        day = hour = None
    parts = "-".join(part for part in (year, month, day) if part)
    return f"{parts}T{hour}:{minute}:{second}{_zone(zone)}" if hour else parts


def _zone(zone: str | None) -> str:
    if zone is None or zone == "Z":
        return "+00:00" if zone else ""
    return zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
