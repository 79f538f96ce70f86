"""What the folders of a video say: a disc, an extra, a season, a series. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from upnpserver.dlna.mimes import usual_type
from upnpserver.media import naming_episodes as episodes
from upnpserver.media.naming_name import NOWHERE, Place, show_of
from upnpserver.media.naming_text import spaced
from upnpserver.media.naming_words import (
    EXTRA_ENDS,
    EXTRA_FOLDERS,
    FILM_FOLDERS,
    HOME_FOLDERS,
    PLAIN_FOLDERS,
    TV_FOLDERS,
    UNSURE_EXTRA_FOLDERS,
)

_I: Final = re.IGNORECASE
_MORE_EXTENSIONS: Final = {"iso", "img", "strm", "nfo", "srt", "bin", "ifo"}


@dataclass(frozen=True, slots=True)
class Path:
    """A path taken apart: the name that tells most, and the folders above it."""

    stem: str
    folders: tuple[str, ...]
    part: int | None = None
    extra: str = ""


def taken_apart(parts: list[str]) -> Path:
    """Return what names a file: of a disc's own files, the disc's folder."""
    path = _without_disc(_stem(parts[-1]), tuple(parts[:-1]))
    return _without_extra(path)


def _stem(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    extension = extension.casefold()
    if dot and stem and (usual_type(extension) or extension in _MORE_EXTENSIONS):
        return stem
    return name


_DISC_INSIDE: Final = {"video_ts", "bdmv", "stream", "avchd", "hvdvd_ts", "bdav"}
_DISC: Final = re.compile(r"(?:cd|dvd|dis[ck]|bd|blu-?ray|part)[ ._-]?(\d{1,2})", _I)
_DVD_PART: Final = re.compile(r"vts_\d\d_(\d)", _I)


def _without_disc(stem: str, folders: tuple[str, ...]) -> Path:
    part, extra = None, ""
    if folders and folders[-1].casefold() in _DISC_INSIDE:
        found = _DVD_PART.match(stem)
        if stem.casefold() == "video_ts" or (found and found[1] == "0"):
            extra = "menu"
        elif found:
            part = int(found[1])
        while folders and folders[-1].casefold() in _DISC_INSIDE:
            folders = folders[:-1]
        if len(folders) > 1 and (disc := _DISC.fullmatch(folders[-1])):
            part, folders = int(disc[1]), folders[:-1]
        if folders:
            stem, folders = folders[-1], folders[:-1]
    elif len(folders) > 1 and (disc := _DISC.fullmatch(folders[-1])):
        part, folders = int(disc[1]), folders[:-1]
    return Path(stem, folders, part, extra)


_EXTRA_END: Final = re.compile(
    r"(?P<name>.*?[^ ._-])(?:(?:[-_.]|(?<=[)\]])-)(?P<end>behindthescenes|"
    r"behind the scenes|deleted ?scene|deleted|featurette|interview|scene|short|"
    r"trailer|teaser|clip|other|extra|sample)\d{0,2}|"
    r"[ ._-]+(?:official |theatrical )?(?P<last>trailer|teaser|sample) ?\d{0,2})",
    _I,
)
_EXTRA_ONLY: Final = re.compile(
    r"(?P<end>trailer|teaser|sample|featurette|interview)[ ._-]?\d{0,2}", _I
)
_SAMPLE_FIRST: Final = re.compile(r"sample[-_. ]+(?=\S)", _I)


def _without_extra(path: Path) -> Path:
    """Return path without what told that it is an extra, which is noted."""
    stem, folders = path.stem, path.folders
    folder = re.sub("[._]", " ", _key(folders[-1])) if folders else ""
    extra = EXTRA_FOLDERS.get(folder, "")
    alone = len(folders) == 1 or (
        len(folders) > 1 and _key(folders[-2]) in FILM_FOLDERS | TV_FOLDERS
    )
    if extra and not (alone and folder in UNSURE_EXTRA_FOLDERS):
        folders = folders[:-1]
    else:
        extra = path.extra
    if found := _EXTRA_ONLY.fullmatch(stem):
        extra = EXTRA_ENDS[found["end"].casefold()]
    elif found := _SAMPLE_FIRST.match(stem):
        stem, extra = stem[found.end() :], "sample"
    elif found := _EXTRA_END.fullmatch(stem):
        stem = found["name"]
        extra = EXTRA_ENDS[(found["end"] or found["last"]).casefold()]
    return Path(stem, folders, path.part, extra)


@lru_cache(maxsize=64)  # one folder holds many files
def place_of(folders: tuple[str, ...]) -> Place:
    """Return what folders say of a series: its name, its season."""
    season: int | None = None
    show, date = "", ""
    series = films = home = False
    for folder in reversed(folders):
        key = _key(folder)
        series = series or key in TV_FOLDERS
        films = films or key in FILM_FOLDERS
        home = home or key in HOME_FOLDERS
        if show or is_plain(folder):
            continue
        found = _season_folder(folder) if season is None else None
        if found is None:
            show, year = show_of(spaced(folder).text)
            date = str(year) if year else ""
        else:
            season, show = found
    if season is not None:
        series = True
    if not folders:
        return NOWHERE
    return Place(season, series, show, date, numbered=not (films or home))


def _key(folder: str) -> str:
    return folder.casefold().strip(" ._-[]()")


_LETTERS: Final = re.compile(
    r"[#0-9a-z](?: ?[-–] ?[0-9a-z])?|[12]\d{3}s?|[12]\d{3} ?- ?[12]\d{3}", _I
)


def is_plain(folder: str) -> bool:
    """Return whether a folder only sorts: "Films", "A-F", "1990s"."""
    key = _key(folder)
    return (
        key in PLAIN_FOLDERS
        or key in HOME_FOLDERS
        or key in TV_FOLDERS
        or key in FILM_FOLDERS
        or _LETTERS.fullmatch(key) is not None
    )


def is_season(folder: str) -> bool:
    """Return whether a folder holds one season of a series."""
    return _season_folder(folder) is not None


def _season_folder(folder: str) -> tuple[int, str] | None:
    """Return (season, name of the series or "") of a folder for a season."""
    text = spaced(folder).text
    if episodes.sure_episode(text):
        return None
    first = next(episodes.seasons(text), None)
    if first and not text[: first.start].strip(" -([{"):
        return first.season or 0, ""
    pack = episodes.season_pack(text)
    if pack is None or pack.season is None:
        return None
    return pack.season, show_of(text)[0]
