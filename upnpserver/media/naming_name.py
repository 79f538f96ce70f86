"""One name -> what it says of a film or an episode. Pure.

naming.py puts together what the names of a file and of its folders say.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from upnpserver.media import naming_episodes as episodes
from upnpserver.media import naming_marks as marks
from upnpserver.media import naming_specials as specials
from upnpserver.media.naming_marks import Dated, Mark, Year
from upnpserver.media.naming_text import (
    Spaced,
    clean,
    same,
    spaced,
    unshelved,
    without_open,
)
from upnpserver.media.naming_words import (
    COUNTRIES,
    EDITION,
    EDITION_NAMES,
    END,
    EPISODE,
    LANGUAGES,
    START,
    STRONG,
    SURE_EDITION,
)

_I: Final = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Name:
    """What one name says. title: of the film, or of the series.

    episodic: it is one of a series, told by a number or a date. sure: that, or
    the film's title, can hardly be something else.
    """

    title: str
    episode_title: str = ""
    date: str = ""
    season: int | None = None
    episode: int | None = None
    last_episode: int | None = None
    part: int | None = None
    edition: str = ""
    episodic: bool = False
    sure: bool = False
    noisy: bool = False  # it has words about the file, as releases have


@dataclass(frozen=True, slots=True)
class Place:
    """What the folders say: season of theirs, whether they hold series."""

    season: int | None = None
    series: bool = False
    show: str = ""
    date: str = ""  # the year of the series
    numbered: bool = False  # a number before a title may be an episode's


NOWHERE: Final = Place()


def read_name(name: str, place: Place = NOWHERE) -> Name:
    """Return what a file's name, without its extension, says in its place."""
    made = spaced(name)
    if mark := episodes.sure_episode(made.text):
        return _episode(made, mark)
    date = marks.dated(made.text)
    daily = _on_a_date(made, date, place) if date else None
    if place.season is not None:
        if daily and daily.episodic:
            return replace(daily, season=place.season)
        return _in_season(made, place)
    return daily or _by_guess(made, place)


def _by_guess(made: Spaced, place: Place) -> Name:
    """Return what a name without a sure mark says: of an episode, else of a film."""
    noise = marks.noise(made.text)
    year = marks.year(made.text, noise)
    if counted := episodes.counted(made.text):
        return _counted(made, counted)
    if holiday := specials.of_a_year(made.text):
        return _episode(made, holiday)
    mark = _likely(made, year) or _by_place(made, year, place)
    if mark is None:
        mark = episodes.season_pack(made.text)
        if mark and year and year.bracketed and year.start > mark.start:
            mark = None
    return _episode(made, mark) if mark else _film(made, noise, year)


def _counted(made: Spaced, mark: Mark) -> Name:
    """Return what "003. Show - Title" says."""
    show, _, title = made.text[mark.end :].partition(" - ")
    told = _episode(replace(made, text=title), replace(mark, start=0, end=0))
    return replace(told, title=clean(show))


_NUMBER_FIRST: Final = re.compile(r"(\d{2,3}) (?:- )?(?=[^\W\d])")


def _likely(made: Spaced, year: Year | None) -> Mark | None:
    """Return the mark of an episode that is not a number in a film's title."""
    text = made.text
    mark = episodes.likely_episode(text, fans=made.group) or specials.ova(text)
    if mark and year and mark.start < year.start and not mark.sure:
        # "Star Wars Episode 1 (1999)", but "[Group] Show - 09 (2021)"
        digits = text[mark.start + 2 : mark.end].split("-")[0]
        dashed = text[mark.start] in "-–" and len(digits) > 1
        mark = mark if dashed and year.start <= mark.end + 2 else None
    if made.group and mark is None:
        if found := _NUMBER_FIRST.match(text):
            return Mark(0, found.end(), episode=int(found[1]), sure=False)
        return specials.special(text)
    return mark


def _by_place(made: Spaced, year: Year | None, place: Place) -> Mark | None:
    """Return the mark of an episode where the folders, or a recorder, make it one."""
    text = made.text
    mark = None
    if not (year and year.bracketed):
        mark = episodes.combined_episode(text, place.season, series=place.series)
        if mark is None and place.show and place.numbered:
            mark = episodes.combined_episode(text, place.season, series=True)
            if mark and same(text[: mark.start]) != same(place.show):
                mark = None
    if mark or year:
        return mark
    if place.show and place.numbered:
        mark = episodes.numbered(text)
    if mark is None and place.series:
        mark = specials.special(text) or episodes.trailing(text)
    if mark is None and place.series and place.show:
        leading = episodes.leading_episode(text, None)
        mark = leading if leading and (leading.episode or 0) < 1900 else None
    return mark


def _in_season(made: Spaced, place: Place) -> Name:
    """Return what a name says in the folder of a season, whose number is known."""
    text = made.text
    mark = episodes.leading_episode(text, place.season)
    if mark is None and place.season == 0:
        mark = specials.special(text)
    if mark is None:
        mark = episodes.likely_episode(text, fans=True)
    if mark is None:
        mark = episodes.combined_episode(text, place.season, series=True)
    if mark is None:
        whole = clean(text[: marks.noise(text)])
        if place.show and same(whole).startswith(same(place.show)):
            whole = _without(whole, place.show)
        return Name(place.show, whole, season=place.season, episodic=True)
    if mark.season is None:
        season, number = divmod(mark.episode or 0, 100)
        if season == place.season and season and number:  # 401 in "Season 4"
            mark = replace(mark, episode=number)
        mark = replace(mark, season=place.season)
    return _episode(made, mark)


def _without(title: str, show: str) -> str:
    """Return title without the name of its show before it."""
    words = title.split(" ")
    for count in range(1, len(words)):
        if same(" ".join(words[:count])) == same(show):
            return clean(" ".join(words[count:]))
    return title


def _on_a_date(made: Spaced, date: Dated, place: Place) -> Name | None:
    """Return what the name of a daily show says, None if it is none of one."""
    head, tail = made.text[: date.start], made.text[date.end :]
    show = clean(head[: marks.noise(head)])
    if _is_camera(show) or not (show or place.series):
        return None
    parted = head.endswith((" - ", " – ")) or "." in made.text or place.series
    told = bool(tail.strip(" -"))
    if not (parted or told or same(show) == same(place.show)):
        return None
    if _TIME_OF_DAY.match(tail):  # a recording
        return Name(show, date=date.date, sure=False)
    episode_title, _ = _titled(tail)
    show, _ = _with_year(show)
    return Name(
        show,
        episode_title,
        date=date.date,
        episodic=True,
        sure=True,
        noisy=_noisy(made.text),
    )


# "20.15", "2015", but neither "1080p" nor "1440p"
_TIME_OF_DAY: Final = re.compile(
    r"[ T-]*(?:at |um )?(?:[01]\d|2[0-3])[.:h-]?[0-5]\d(?![ip\d]\b)", _I
)
_CAMERA: Final = re.compile(
    r"(?:vid|img|dsc[nf]?|mvi|mov|gopr|g[hxp]\d\d|dji|pxl|wa|clip|video|photo|rec|trim|"
    r"screen ?recording|whatsapp video|signal|capture|bandicam|obs|zoom|aufnahme|mah|"
    r"screencast|screenrecord(?:er)?|snapchat|inshot|p\d{7}|sam|cimg|00\d{3})?"
    r"[ \d()_.-]*",
    _I,
)


def _is_camera(text: str) -> bool:
    """Return whether a camera or telephone gave this name."""
    return bool(text) and _CAMERA.fullmatch(text) is not None


def camera_date(name: str) -> str | None:
    """Return the date in a name that a camera gave, "" if it tells none.

    None: a person gave the name.
    """
    text = spaced(name).text
    date = marks.dated(text)
    head = text[: date.start] if date else text
    if head and not _is_camera(head):
        return None
    if not head and date and any(map(str.isalpha, text[date.end :])):
        return None
    if not any(map(str.isdecimal, text)) or (
        not date and not any(map(str.isalpha, text))
    ):
        return None
    return date.date if date else ""


def _episode(made: Spaced, mark: Mark) -> Name:
    text = made.text
    head, tail = text[: mark.start], text[mark.end :]
    show, year, season = _show(head)
    title, edition = _titled(tail)
    if made.group and not mark.start:  # "[Group] 01 - Show"
        show, title = title, ""
    date = marks.dated(tail)
    if date and not year:
        title = _titled(tail[: date.start] + tail[date.end :])[0]
    if not mark.episode and title.casefold().startswith(("complet", "full")):
        title = ""
    if _EPISODE_ALONE.fullmatch(title) or title in {"END", "End", "FIN"}:
        title = ""
    if title.startswith("(") and title.find(")") == len(title) - 1:
        title = ""  # the group that made it, or its number in the whole series
    if _YEAR_ALONE.fullmatch(title):
        year, title = year or int(title), ""
    return Name(
        show,
        title,
        date=date.date if date else (str(year) if year else ""),
        season=season if mark.season is None else mark.season,
        episode=mark.episode,
        last_episode=mark.last_episode,
        edition=made.edition or edition,
        episodic=True,
        sure=mark.sure,
        noisy=_noisy(text),
    )


def _noisy(text: str) -> bool:
    return STRONG.search(text) is not None


_EPISODE_ALONE: Final = re.compile(EPISODE, _I)
_YEAR_ALONE: Final = re.compile(r"(?:19|20)\d\d")


def _show(head: str) -> tuple[str, int | None, int | None]:
    """Return (name, year, season) of the series in what stands before the number."""
    date = marks.dated(head)
    if date and date.start:
        head = head[: date.start]
    season = None
    if pack := episodes.season_pack(head):
        season, head, after = pack.season, head[: pack.start], head[pack.end :]
        if not marks.year(head, len(head)) and (year := marks.year(after, len(after))):
            head = f"{head} ({year.year})"
    head = clean(head[: marks.noise(head)])
    absolute = _ABSOLUTE_LAST.search(head)
    if absolute and not marks.is_year(int(absolute[1] or absolute[2])):
        head = head[: absolute.start()]
    name, told = _with_year(head)
    return with_country(unshelved(name)), told, season


# "Show - 313-315 - S16E03-05", "Show 313-315 S16E03": its place in the whole series
_ABSOLUTE_LAST: Final = re.compile(
    r"(?<=\S) [-–] (\d{2,4})(?:-\d{2,4})?$|(?<=\S) (\d{2,4})-\d{2,4}$"
)


def show_of(text: str) -> tuple[str, int | None]:
    """Return (name, year) of the series that a folder is called by."""
    if mark := episodes.sure_episode(text):
        text = text[: mark.start]
    name, year, _ = _show(text)
    return name, year


def _with_year(name: str) -> tuple[str, int | None]:
    """Return (name without the year at its end, the year)."""
    found = marks.year(name, len(name))
    if found is None or not name[: found.start].strip(" -("):
        return name, None
    if not found.bracketed and found.end != len(name):
        return name, None
    rest = name[found.end :] if found.bracketed else ""
    return clean(f"{name[: found.start]} {rest}"), found.year


_COUNTRY: Final = re.compile(r"^(.*\w.*?)[ .]\(?([A-Za-z]{2,3})\)?$")


def with_country(name: str) -> str:
    """Return "The Office (US)" for it and "The Office US"; others as they are."""
    found = _COUNTRY.match(name)
    if found is None or found[2].casefold() not in COUNTRIES:
        return name
    bare, code = found[1].rstrip(" ("), found[2]
    if name.endswith(")"):
        return f"{bare} ({code.upper()})"
    shouting = not any(map(str.islower, bare))
    if (
        code.isupper()
        and not shouting
        and not bare.casefold().endswith((" of", " and", " to", " than"))
    ):
        return f"{bare} ({code})"
    return name


def _titled(tail: str) -> tuple[str, str]:
    """Return (title, edition) of an episode, from what stands after the number."""
    end = marks.noise(tail, 0)
    text = tail[:end]
    text = text[: marks.shouted(text, 0)]
    editions = [found[0] for found in SURE_EDITION.finditer(tail)]
    title = clean(without_open(text))
    if title.casefold() in {"end", "final", "v2", "v3", "uncut"} and len(title) < 3:
        title = ""
    return title, edition_of(" ".join(editions))


def _film(made: Spaced, noise: int, year: Year | None) -> Name:
    text = made.text
    first = 0
    if year and year.start <= 1 and year.bracketed:
        first = year.end
        noise = marks.noise(text, first + 2)
    elif year is None and (found := _YEAR_FIRST.match(text)):
        year = Year(found.start(1), found.end(1), int(found[1]), bracketed=False)
        first = found.end()
    cut = noise
    if year and year.start >= first:
        cut = min(noise, year.start)
        if not year.bracketed and noise <= year.end + 1:
            cut = _before_language(text, first, cut)
    cut = _before_edition(text, first, cut)
    part = marks.part(text, cut)
    if part and part.start >= first:
        cut = min(cut, part.start)
    title = _film_title(text[first:cut]) or clean(text) or text
    told = bool(year) or bool(part) or noise < len(text)
    if told:
        title = _unnumbered(title)
    return Name(
        title,
        date=_date_of(text, year),
        part=part.episode if part else None,
        edition=made.edition or edition_of(text[cut:]),
        sure=told,
        noisy=noise < len(text),
    )


def _date_of(text: str, year: Year | None) -> str:
    """Return the date of a film: of one at home maybe the day."""
    day = marks.dated(text)
    if year is None:
        return day.date if day else ""
    return day.date if day and day.start <= year.start < day.end else str(year.year)


_ENGLISH: Final = re.compile(r"(?:the|a|an|my|in|speaking) ", _I)


def _before_language(text: str, first: int, cut: int) -> int:
    """Return where the title ends in "Noah German 2014", not "The Good German 2006"."""
    words = text[first:cut].rstrip()
    head, _, last = words.rpartition(" ")
    if (
        head
        and len(last) > 3
        and LANGUAGES.fullmatch(last)
        and not _ENGLISH.match(words)
    ):
        return first + len(head)
    return cut


_YEAR_FIRST: Final = re.compile(r"((?:19|20)\d\d) [-–] (?=\S)")
_BARE_EDITION: Final = re.compile(
    rf"{START}(?:extended|imax|unrated|uncut|remastered|theatrical|redux|recut|restored)"
    rf"(?: cut)?{END}[ ()\[\]-]*$",
    _I,
)


def _before_edition(text: str, first: int, cut: int) -> int:
    """Return where the title ends when an edition stands between it and cut."""
    sure = next(
        (
            found.start()
            for found in SURE_EDITION.finditer(text, first)
            if _named_before(text[first : found.start()])
        ),
        cut,
    )
    cut = min(cut, sure)
    if cut < len(text):
        cut = min(cut, first + marks.shouted(text[first:cut]))
        bare = _BARE_EDITION.search(text, first, cut)
        # The last word of a title too: only what follows tells ("Uncut Gems").
        if (
            bare
            and _named_before(text[first : bare.start()])
            and not text[: bare.start()].rstrip().endswith(" -")
        ):
            cut = bare.start()
    return cut


def _named_before(text: str) -> bool:
    return same(text) not in {"", "the"}


def edition_of(text: str) -> str:
    """Return the names of all editions in a text, "" if there is none."""
    names = [
        EDITION_NAMES[found.lastgroup]
        for found in EDITION.finditer(text)
        if found.lastgroup
    ]
    return " ".join(dict.fromkeys(names))


_AKA: Final = re.compile(r"\s+[(\[]?(?:aka|a\.k\.a\.)\s+", _I)


def _film_title(text: str) -> str:
    """Return a title without the place in a collection or another title."""
    title = clean(_AKA.split(without_open(text), maxsplit=1)[0])
    return unshelved(_without_other(title))


_OTHER_TITLE: Final = re.compile(r"^(.*\w.*?) \(([^()]*[^\W\d][^()]*)\)$")
_OWN: Final = re.compile(r"\b(?:or|vol|volume|part|the movie|ii+|\d)\b", _I)


def _without_other(title: str) -> str:
    """Return "Léon" for "Léon (The Professional)"; "Mockingjay (Part 1)" stays."""
    found = _OTHER_TITLE.match(title)
    if found is None or _OWN.search(found[2]) or found[1].endswith((" or", " &")):
        return title
    return clean(found[1])


_NUMBERED: Final = re.compile(
    r"(?:0\d|[1-9]\d?)(?: - |\. )(?=[^\W\d])|0\d (?=[^\W\d])|\(\d{1,2}\) ?(?=[^\W\d])"
)


def _unnumbered(title: str) -> str:
    """Return "Alien" for "01 - Alien" and "1. Alien": a place in a collection."""
    found = _NUMBERED.match(title)
    return title[found.end() :] if found else title


def is_credits(stem: str) -> bool:
    """Return whether it is the opening or ending of a series, as fans keep it."""
    made = spaced(stem)
    return specials.is_credits(made.text, fans=made.group)
