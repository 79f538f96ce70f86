"""A video's path below its library -> film or episode, as people mean it. Pure.

The file's own name comes first where it is certain; then its folders ("Season
2", "Film (1999)"); then guessit, where the folders say that it is an episode
and no rule here finds which.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from upnpserver.media import text as tags
from upnpserver.media.naming_guess import guessed
from upnpserver.media.naming_name import (
    Name,
    Place,
    camera_date,
    is_credits,
    read_name,
)
from upnpserver.media.naming_place import (
    Path,
    is_plain,
    is_season,
    place_of,
    taken_apart,
)
from upnpserver.media.naming_text import clean, same, spaced
from upnpserver.media.naming_words import STRONG
from upnpserver.model import Kind, MediaFacts

_MAX_PARTS: Final = 6
_MAX_NUMBER: Final = 99_999
_I: Final = re.IGNORECASE


def named(facts: MediaFacts, relative_path: bytes | str) -> MediaFacts:
    """Return a video's facts with what its path tells of film or episode.

    relative_path: of the file below its library's folder; its last parts will
    do. Facts of anything but a video come back as they are.
    """
    if facts.kind is not Kind.VIDEO:
        return facts
    parts = _parts(relative_path)
    return _merged(facts, _read(taken_apart(parts))) if parts else facts


_DRIVE: Final = re.compile(r"[A-Za-z]:\\")  # a path of Windows, from an archive


def _parts(path: bytes | str) -> list[str]:
    if isinstance(path, bytes):
        path = path.decode("utf-8", "replace")
    if _DRIVE.match(path):
        path = path.replace("\\", "/")
    parts = [part.strip() for part in path.split("/")[-_MAX_PARTS:]]
    return [part for part in parts if part not in {"", ".", ".."}]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a whole path says; plain: no rule was sure of anything."""

    name: Name
    extra: str = ""
    plain: bool = False


def _read(path: Path) -> _Told:
    date = camera_date(path.stem)
    if date is not None and not (path.extra or place_of(path.folders).series):
        return _Told(Name(_plain(path.stem), date=date), plain=True)
    if path.extra and not _tells(path.stem):
        return _Told(Name(_plain(path.stem)), path.extra)
    if is_credits(path.stem):
        title = clean(spaced(path.stem).text) or path.stem
        return _Told(Name(title), path.extra or "extra", plain=True)
    name = _in_folders(path.stem, path.folders)
    if path.part is not None and not name.episodic:
        name = replace(name, part=name.part or path.part)
    return _Told(name, path.extra, plain=not (name.sure or name.episodic))


def _plain(stem: str) -> str:
    return spaced(stem).text or stem


def _tells(stem: str) -> bool:
    """Return whether an extra's own name tells a film or an episode."""
    name = read_name(stem)
    return bool(name.date) or name.episodic or name.noisy


def _in_folders(stem: str, folders: tuple[str, ...]) -> Name:
    place = place_of(folders)
    name = read_name(stem, place)
    if name.episodic:
        return _as_episode(name, place)
    release = _release(folders)
    if release and release.episodic:
        if release.episode is not None or _is_junk(stem, name):
            return _as_episode(release, place)
        release = None
    if place.series and not name.sure and (found := guessed(stem)):
        return _as_episode(found, place)
    return _as_film(name, stem, release) if release else name


def _as_episode(name: Name, place: Place) -> Name:
    """Return an episode with the name of its series that suits best."""
    show = name.title
    if place.show and _is_better(place.show, show, sure=place.season is not None):
        show = place.show
    date = name.date or (place.date if show == place.show else "")
    season = place.season if name.season is None else name.season
    return replace(name, title=show or place.show, season=season, date=date)


def _is_better(folder: str, told: str, *, sure: bool) -> bool:
    """Return whether a folder's name is the better one for a series.

    sure: it holds folders of seasons, so it is meant as that name.
    """
    if not told or same(told) == same(folder):
        return True
    mine, theirs = _words(told), _words(folder)
    if mine < theirs:
        return True
    if theirs <= mine:
        return False
    return sure or _abbreviates(told, folder)


def _words(text: str) -> set[str]:
    return {same(word) for word in re.split(r"[\s'\u2019]+", text)} - {"", "the", "s"}


def _abbreviates(short: str, full: str) -> bool:
    """Return whether short is "tbbt" or "grp-theshow" for full."""
    if " " in short:
        return False
    initials = "".join(word[0] for word in full.split() if word[0].isalnum())
    bare = same(full)
    return same(short) == same(initials) or (len(bare) > 3 and bare in same(short))


@lru_cache(maxsize=64)
def _release(folders: tuple[str, ...]) -> Name | None:
    """Return what the nearest folder that tells something says."""
    for folder in reversed(folders):
        if is_plain(folder) or _is_hash(spaced(folder).text):
            continue
        return None if is_season(folder) else read_name(folder)
    return None


def _as_film(name: Name, stem: str, folder: Name) -> Name:
    """Return a film's name by its file or its folder, whichever tells more."""
    mine, theirs = same(name.title), same(folder.title)
    if mine == theirs:
        name = replace(name, title=_better_spelt(folder.title, name.title))
    if not folder.sure or (name.date and folder.date and name.date != folder.date):
        return name
    shares = bool(_words(name.title) & _words(folder.title))
    grouped = " " not in stem and mine.endswith(theirs)  # "grp-the.film.1999"
    if mine != theirs and (
        grouped or _is_junk(stem, name) or (shares and folder.date and not name.date)
    ):
        name = replace(name, title=folder.title)
    elif mine != theirs:
        return replace(name, date=name.date or folder.date)
    return replace(
        name,
        date=name.date or folder.date,
        edition=name.edition or folder.edition,
        part=name.part or folder.part,
        sure=True,
    )


def _better_spelt(one: str, other: str) -> str:
    """Return other, but one where only that has capitals and small letters."""
    plain = other in {other.lower(), other.upper()}
    return one if plain and one not in {one.lower(), one.upper()} else other


_JUNK: Final = re.compile(
    r"(?:movie|film|video|main|feature|title|dvd|disc|video ts.*|title ?t?\d+|\d{5}|"
    r"[0-9a-f]{16,}|[a-z0-9]{20,})",
    _I,
)
_HASH: Final = re.compile(r"[0-9a-zA-Z]{4,12}(?:[ -][0-9a-zA-Z]{4,12}){2,}")


def _is_junk(stem: str, name: Name) -> bool:
    """Return whether a file is called so that only its folder tells the film."""
    text = spaced(stem).text
    if _JUNK.fullmatch(text.strip(" -.")) or _is_hash(text):
        return True
    return not name.date and (name.noisy or (text == text.lower() and " " not in stem))


def _is_hash(text: str) -> bool:
    return bool(_HASH.fullmatch(text)) and sum(map(str.isdigit, text)) * 4 > len(text)


_RUBBISH_TAG: Final = re.compile(
    r"https?:|www\.|\.(?:com|org|net|mkv|avi|mp4)\b|encoded|ripped|untitled|torrent|"
    r"handbrake|gopro|^(?:title|movie|film|video|track|dvd|disc)\W*\d*$|^[0-9a-f]{12,}$",
    _I,
)


def _usable(tag: str) -> bool:
    """Return whether a title in a file was written by a person, for people."""
    if _RUBBISH_TAG.search(tag) or not any(map(str.isalpha, tag)):
        return False
    if STRONG.search(re.sub("[._]", " ", tag)):
        return False  # the name of a release
    return " " in tag or not ("." in tag or "_" in tag)


def _merged(facts: MediaFacts, told: _Told) -> MediaFacts:
    """Return facts with what the path tells; what it does not tell stays."""
    name = told.name
    date = facts.date
    if name.date and not (told.plain and date) and not date.startswith(name.date):
        date = name.date
    facts = replace(
        facts,
        title=_title(facts, told),
        date=date,
        part=_bounded(name.part) or facts.part,
        edition=tags.one_line(name.edition, tags.MAX_NAME) or facts.edition,
        extra=told.extra or facts.extra,
    )
    if not name.episodic:
        return facts
    return replace(
        facts,
        series=tags.one_line(name.title, tags.MAX_NAME) or facts.series,
        season=_bounded(name.season),
        episode=_bounded(name.episode),
        last_episode=_bounded(name.last_episode),
    )


def _title(facts: MediaFacts, told: _Told) -> str:
    """Return the name's title, or the file's own where that is the better one."""
    tag = facts.title if _usable(facts.title) else ""
    name = told.name
    if name.episodic:
        is_series = same(tag) in {same(name.title), same(facts.series)}
        return tags.one_line(name.episode_title or ("" if is_series else tag))
    # Tags that tell an episode tell its title, too.
    if tag and (told.plain or facts.series):
        return tag
    return tags.one_line(name.title)


def _bounded(number: int | None) -> int | None:
    return number if number is not None and number <= _MAX_NUMBER else None
