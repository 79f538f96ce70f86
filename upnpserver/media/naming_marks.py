"""Where in a name its date, year, part and noise stand. Pure.

All take text as naming_text.spaced() made it; naming_episodes.py finds the
numbers of seasons and episodes.
"""

import calendar
import re
from dataclasses import dataclass
from typing import Final

from upnpserver.media.naming_text import same
from upnpserver.media.naming_words import (
    END,
    START,
    STRONG,
    WEAK,
    YEAR_IN_TITLE,
)

_I: Final = re.IGNORECASE
_FIRST_FILM, _LAST_YEAR = 1888, 2035


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text that tells a number: text[start:end].

    season 0: specials. sure: it can mean nothing else.
    """

    start: int
    end: int
    season: int | None = None
    episode: int | None = None
    last_episode: int | None = None
    sure: bool = True


_DATE: Final = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<p>[ .-]?)(?P<m>0?[1-9]|1[0-2])(?P=p)"
    r"(?P<d>0[1-9]|[12]\d|3[01]|[1-9])(?!\d)"
)
_DATE_LAST: Final = re.compile(
    r"(?<!\d)(?P<a>0?[1-9]|[12]\d|3[01])(?P<p>[ .-])(?P<b>0?[1-9]|[12]\d|3[01])(?P=p)"
    r"(?P<y>(?:19|20)\d\d)(?!\d)"
)


_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE_IN_WORDS: Final = re.compile(
    rf"(?<![^\W_])(?:(?P<m>{_MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?|"
    rf"(?P<d2>\d{{1,2}})(?:st|nd|rd|th)? (?P<m2>{_MONTH})),? "
    r"(?P<y>(?:19|20)\d\d)(?!\d)",
    _I,
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date at text[start:end], as "2021-03-04"."""

    start: int
    end: int
    date: str


def dated(text: str) -> Dated | None:
    """Return the first date in text: year first or last, never of two digits."""
    for found in _DATE.finditer(text):
        if found["p"] or len(found["m"]) == len(found["d"]) == 2:
            date = _date(int(found["y"]), int(found["m"]), int(found["d"]))
            if date:
                return Dated(*found.span(), date)
    for found in _DATE_IN_WORDS.finditer(text):
        month = _MONTHS.index((found["m"] or found["m2"])[:3].lower()) + 1
        date = _date(int(found["y"]), month, int(found["d"] or found["d2"]))
        if date:
            return Dated(*found.span(), date)
    for found in _DATE_LAST.finditer(text):
        # Day first, as most of the world has it, unless it can't be.
        day, month = int(found["a"]), int(found["b"])
        date = _date(int(found["y"]), month, day) or _date(int(found["y"]), day, month)
        if date:
            return Dated(*found.span(), date)
    return None


def _date(year: int, month: int, day: int) -> str:
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return ""
    return f"{year:04}-{month:02}-{day:02}"


_YEAR: Final = re.compile(
    r"(?<![^\W_])(?<![-.]\d)(1[89]\d\d|20\d\d)(?:г\.?)?(?![^\W_])(?!\.\d)"
)
_YEAR_BRACKETED: Final = re.compile(
    r"[\[({](?:[^\[\](){}]{0,40}[ ,-])??(1[89]\d\d|20\d\d)"
    r"(?:[ ,;–-][^\[\](){}]{0,60})?[\])}]"
)


@dataclass(frozen=True, slots=True)
class Year:
    """A year at text[start:end]; bracketed: it can hardly be part of a title."""

    start: int
    end: int
    year: int
    bracketed: bool


def year(text: str, noise: int) -> Year | None:
    """Return the year that a name tells. noise: where its noise begins.

    In brackets it is sure; else the last one before the noise, but never the
    first word: "2012 2009 1080p" is the film 2012 of 2009.
    """
    for found in _YEAR_BRACKETED.finditer(text):
        if is_year(int(found[1])):
            return Year(*found.span(), int(found[1]), bracketed=True)
    bare = [
        Year(*found.span(), int(found[1]), bracketed=False)
        for found in _YEAR.finditer(text)
        if is_year(int(found[1]))
        and int(found[1]) >= 1900
        and any(map(str.isalnum, text[: found.start()]))
        and same(text[: found.end()]) not in _TITLES_WITH_YEAR
    ]
    before = [one for one in bare if one.start <= noise]
    return before[-1] if before else (bare[0] if bare else None)


_TITLES_WITH_YEAR: Final = {same(title) for title in YEAR_IN_TITLE}


def is_year(number: int) -> bool:
    """Return whether a film may be of this year."""
    return _FIRST_FILM <= number <= _LAST_YEAR


def noise(text: str, first: int = 1) -> int:
    """Return where the words about the file begin, len(text) if there are none.

    Weak words (languages, "PROPER") count where strong ones follow at once.
    first: a position before which nothing is noise.
    """
    strong = next(
        (found for found in STRONG.finditer(text) if found.start() >= first), None
    )
    if strong is None:
        return len(text)
    return _back(text, strong.start(), first)


def _back(text: str, at: int, first: int) -> int:
    """Return where the weak words begin that stand right before at."""
    weak = [found for found in WEAK.finditer(text, 0, at) if found.start() >= first]
    for found in reversed(weak):
        if any(char.isalnum() for char in text[found.end() : at]):
            break
        at = found.start()
    return at


def shouted(text: str, first: int = 1) -> int:
    """Return where weak words in capitals begin at the end of text.

    "Film EXTENDED MULTi" before a year: only where the rest has small letters.
    """
    at = len(text)
    for found in reversed(list(WEAK.finditer(text))):
        letters = found[0].replace("i", "")  # MULTi, iTALiAN
        if found.start() < first or any(map(str.isalnum, text[found.end() : at])):
            break
        if letters == "3D":
            break
        if (
            not letters.isupper()
            or len(letters) < 2
            or not any(map(str.islower, text[: found.start()]))
        ):
            break
        at = found.start()
    return at


_PART: Final = re.compile(
    rf"{START}\(?(?!dvd[59]{END})(?:cd|dis[ck]|dvd)[ -]?(\d{{1,2}})"
    rf"(?: ?of ?\d{{1,2}})?\)?{END}",
    _I,
)
_PART_LAST: Final = re.compile(
    r"(?:(?<=[\])])|(?<=\d{4})|(?<=[ipx]))?[ -]+(?:part|pt|teil)[ -]?(\d{1,2})\)?$", _I
)
_PART_GLUED: Final = re.compile(r"[ -](?:part|pt)(\d{1,2})(?=$| ?[\[(])", _I)
_HALF: Final = re.compile(r"[ (\[]([12]) ?(?:of|von|de|sur) ?2[)\]]?", _I)


def part(text: str, told: int) -> Mark | None:
    """Return the part that a file is of a film; its number is Mark.episode.

    told: where the title has ended. "Part 2" before that belongs to the title.
    """
    for pattern in (_PART, _HALF, _PART_GLUED):
        if (found := pattern.search(text)) and (found.start() or found[0][0] == "("):
            return Mark(*found.span(), episode=int(found[1]))
    found = _PART_LAST.search(text)
    if found and found.start() >= told:
        return Mark(*found.span(), episode=int(found[1]))
    return None
