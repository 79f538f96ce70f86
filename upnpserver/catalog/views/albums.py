"""Which tracks make one album, and whose it is. Pure, and of one file at a time.

Nobody knows a file's neighbours here, so what holds an album together must be
seen from each track: the folder, where its name tells the album; else the name
of the album and its artist.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.tree import FilePlace, decoded
from upnpserver.model import MediaFacts
from upnpserver.upnp.props import fold

UNKNOWN = ""
VARIOUS = "\x1fvarious"  # no tag can hold it; each language has its words for it
# What taggers and people write where an album has many artists, folded.
_VARIOUS_NAMES = {
    *("various artists", "various artist", "various", "compilations", "sampler"),
    *("va", "v.a.", "v. a.", "v/a", "aa.vv.", "aa. vv."),
    *("verschiedene interpreten", "verschiedene kunstler", "verschiedene", "diverse"),
    *("artistes divers", "divers", "artistes varies"),
    *("varios artistas", "varios interpretes", "artisti vari", "vari artisti"),
    *("diverse artiesten", "rozni wykonawcy"),
}
_DISC = r"(?:cd|dvd|disc|disk|disque|disco|schijf|plyta|płyta)"
_NUMBER = r"[\s_.#-]*(?P<disc>\d{1,2})(?!\d)(?:\s*(?:of|von|sur|de|di|van|z|/)\s*\d+)?"
_DISC_FOLDER = re.compile(rf"{_DISC}{_NUMBER}", re.IGNORECASE)
_DISC_AT_END = re.compile(
    rf"(?P<before>.*\w\S*?)[\s,:;_-]*[\s(\[_-]{_DISC}{_NUMBER}[)\]]?", re.IGNORECASE
)
_GUESTS = re.compile(
    r"(?P<artist>.*\S)\s+[(\[]?(?:feat(?:uring)?|ft)\b\.?\s+(?P<guests>\S.*?)[)\]]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Album:
    """What an album is to the views.

    title: empty if neither tag nor folder tells one. owners: its artists,
    maybe VARIOUS or UNKNOWN. name: tells it from all other albums, as hash.
    is_owned: the owners are the album's, and not only the track's.
    """

    title: str
    owners: tuple[str, ...]
    name: str
    disc: int
    is_owned: bool


class _Told(NamedTuple):
    """What an album depends on: the same for most of its tracks."""

    tag: str
    album_artists: tuple[str, ...]
    artists: tuple[str, ...]
    compilation: bool
    disc: int | None
    above: tuple[str, ...]
    directory: bytes


def album_of(facts: MediaFacts, place: FilePlace) -> Album:
    """Return the album of a track or of a part of an audiobook."""
    return _album(
        _Told(
            facts.album,
            facts.album_artists,
            facts.artists[:1],
            facts.compilation,
            facts.disc,
            (place.library, *place.shown_folders),
            place.relative_path.rpartition(b"/")[0],
        )
    )


@lru_cache(maxsize=256)
def _album(told: _Told) -> Album:
    title, disc_in_tag = _without_disc(told.tag)
    folders, disc_in_folder = _folders(told.directory)
    title = title or (folders[-1] if folders else "")
    owners = tuple(map(_one_various, told.album_artists))
    if not owners and (told.compilation or any(map(_is_various, folders))):
        owners = (VARIOUS,)
    is_owned = bool(owners)
    if not owners:
        owners = tuple(map(main_artist, told.artists)) or (UNKNOWN,)
    bare = _bare(title)
    if folders and bare and bare in _bare(folders[-1]):
        name = short_hash("folder", bare, *told.above, *folders)
    else:
        name = short_hash("artist", fold(title), *map(fold, owners))
    disc = told.disc or disc_in_tag or disc_in_folder or 1
    return Album(title, owners, name, disc, is_owned)


def main_artist(name: str) -> str:
    """Return the artist without guests: a guest makes no album of one's own."""
    found = _GUESTS.fullmatch(name)
    return found["artist"] if found else name


def with_guests(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return each artist, and who is a guest on the track, once."""
    found: list[str] = []
    for name in names:
        parts = _GUESTS.fullmatch(name)
        found += [parts["artist"], parts["guests"]] if parts else [name]
    return tuple(dict.fromkeys(found))


def _one_various(name: str) -> str:
    return VARIOUS if _is_various(name) else name


def _is_various(name: str) -> bool:
    return fold(name) in _VARIOUS_NAMES


def _without_disc(title: str) -> tuple[str, int]:
    """Return ("Album", 2) of "Album (Disc 2)", and 0 where no disc is told."""
    found = _DISC_AT_END.fullmatch(title)
    return (found["before"], int(found["disc"])) if found else (title, 0)


def _folders(directory: bytes) -> tuple[tuple[str, ...], int]:
    """Return the folders down to the album's, and the disc that those below tell."""
    folders = tuple(decoded(directory).split("/")) if directory else ()
    if not folders:
        return (), 0
    own = _DISC_FOLDER.match(folders[-1])
    if own and len(folders) > 1:
        return folders[:-1], int(own["disc"])
    name, disc = _without_disc(folders[-1])
    return (*folders[:-1], name), disc


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, fold(text)))
