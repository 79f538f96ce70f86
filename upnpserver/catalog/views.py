"""The tree that a person walks with a remote control.

placements() says in which containers one file is found. It is a pure function
of the file's facts and place, so that a catalog built in any order, or built
again, is the same. The first placement is the original: the folder as on disk.
"""

from dataclasses import dataclass
from functools import lru_cache

from upnpserver.catalog.identity import short_hash
from upnpserver.model import Kind, MediaFacts
from upnpserver.upnp.props import fold
from upnpserver.upnp.values import natural_key

VERSION = 1  # raise it when placements() or items.py change: rows are made anew

_FOLDER = "object.container.storageFolder"
PLAIN = "object.container"
_ALBUM = "object.container.album.musicAlbum"
_ARTIST = "object.container.person.musicArtist"
_GENRE = "object.container.genre.musicGenre"
_PHOTO_ALBUM = "object.container.album.photoAlbum"

_CONTAINERS_FIRST, _ITEMS_LAST = "0", "1"
_UNKNOWN_ARTIST = "Unknown artist"
_UNKNOWN_ALBUM = "Unknown album"
_UNDATED = "Undated"


@dataclass(frozen=True, slots=True)
class Container:
    """One container on the way down to an item."""

    object_id: str
    upnp_class: str
    title: str
    sort_key: str
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """One place of an item: the containers from below the root on, outermost first."""

    way: tuple[Container, ...]
    sort_key: str


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a file lies.

    library: its library's name. shown_folders: titles of the containers
    between "Folders" and the root folder, none when there is only one.
    """

    library: str
    shown_folders: tuple[str, ...]
    relative_path: bytes


def placements(facts: MediaFacts, place: FilePlace) -> tuple[Placement, ...]:
    """Return every place in which the file is found, its folder first."""
    views = {Kind.AUDIO: _music, Kind.VIDEO: _videos, Kind.IMAGE: _pictures}
    return (_in_folder(place), *views[facts.kind](facts, place))


def shown_title(facts: MediaFacts, place: FilePlace) -> str:
    """Return the item's title: the tag's, else the file name's stem."""
    return facts.title or _stem(_decoded(place.relative_path.rpartition(b"/")[2]))


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


@lru_cache(maxsize=4096)
def _key(title: str) -> str:
    return natural_key(fold(title))


@lru_cache(maxsize=4096)  # neighbours share most of their way
def _child(
    object_id: str,
    title: str,
    upnp_class: str = PLAIN,
    sort_key: str | None = None,
    properties: tuple[tuple[str, str], ...] = (),
) -> Container:
    key = _key(title) if sort_key is None else sort_key
    # The id settles the order of equal titles, whoever was found first.
    whole_key = f"{_CONTAINERS_FIRST}{key}\x1f{object_id}"
    return Container(object_id, upnp_class, title, whole_key, properties)


def _item_key(*parts: str) -> str:
    return _ITEMS_LAST + "\x1f".join(parts)


def _number_key(number: int | None) -> str:
    return f"{number or 0:05}"


_MUSIC = _child("music$", "Music", sort_key="1")
_VIDEO = _child("video$", "Videos", sort_key="2")
_PICTURE = _child("picture$", "Pictures", sort_key="3")
_FOLDERS = _child("folder$", "Folders", sort_key="4")


def _in_folder(place: FilePlace) -> Placement:
    way = [_FOLDERS]
    above: tuple[str, ...] = (place.library,)
    for title in place.shown_folders:
        above = (*above, title)
        way.append(_folder(short_hash("shown", *above), title))
    *folders, name = place.relative_path.split(b"/")
    path = b""
    for folder in folders:
        path += b"/" + folder
        way.append(_folder(short_hash("disk", *above, path), _decoded(folder)))
    return Placement(tuple(way), _item_key(_key(_decoded(name))))


def _folder(name: str, title: str) -> Container:
    return _child(
        f"folder${name}", title, _FOLDER, properties=(("upnp:storageUsed", "-1"),)
    )


def _music(facts: MediaFacts, place: FilePlace) -> tuple[Placement, ...]:
    title = _key(shown_title(facts, place))
    in_album = _item_key(_number_key(facts.disc), _number_key(facts.track), title)
    albums = _child("music$albums", "Albums", sort_key="1")
    artists = _child("music$artists", "Artists", sort_key="2")
    genres = _child("music$genres", "Genres", sort_key="3")
    everything = _child("music$all", "All music", sort_key="4")
    found = [
        Placement((_MUSIC, everything), _item_key(title)),
        Placement((_MUSIC, albums, _album("music", facts, place)), in_album),
    ]
    for top, one, upnp_class, names in (
        (artists, "music$artist", _ARTIST, _artists(facts)),
        (genres, "music$genre", _GENRE, facts.genres),
    ):
        for name in dict.fromkeys(names):
            within = f"{one}${short_hash(fold(name))}"
            way = (_MUSIC, top, _child(within, name, upnp_class))
            album = _album(within, facts, place)
            found.append(Placement((*way, album), in_album))
    return tuple(dict.fromkeys(found))


def _artists(facts: MediaFacts) -> tuple[str, ...]:
    return facts.album_artists + facts.artists or (_UNKNOWN_ARTIST,)


def _album(within: str, facts: MediaFacts, place: FilePlace) -> Container:
    """Return the album's container; albums of one name are told apart by artist.

    An album without album artist (often a compilation) is what lies in one
    folder under one album name.
    """
    artist = " & ".join(facts.album_artists)
    folder = b"" if artist else place.relative_path.rpartition(b"/")[0]
    title = facts.album or _UNKNOWN_ALBUM
    key = short_hash(fold(title), fold(artist), place.library if folder else "", folder)
    properties = (("upnp:artist", artist), ("dc:creator", artist)) if artist else ()
    return _child(f"{within}$album${key}", title, _ALBUM, properties=properties)


def _videos(facts: MediaFacts, place: FilePlace) -> tuple[Placement, ...]:
    everything = _child("video$all", "All videos", sort_key="1")
    key = _item_key(_key(shown_title(facts, place)))
    return (Placement((_VIDEO, everything), key),)


def _pictures(facts: MediaFacts, place: FilePlace) -> tuple[Placement, ...]:
    by_date = _child("picture$dates", "By date", sort_key="1")
    everything = _child("picture$all", "All pictures", sort_key="2")
    key = _item_key(facts.date, _key(shown_title(facts, place)))
    way = (_PICTURE, by_date, *_date_containers(facts.date))
    return (Placement((_PICTURE, everything), key), Placement(way, key))


def _date_containers(date: str) -> tuple[Container, ...]:
    """Return the containers of year, month and day, as far as date goes."""
    parts = date[:10].split("-") if date else []
    if not parts:
        return (_child("picture$date$none", _UNDATED, _PHOTO_ALBUM, "~"),)
    return tuple(
        _child(
            f"picture$date${''.join(parts[:count])}",
            "-".join(parts[:count]),
            _PHOTO_ALBUM,
            # The newest first: nine minus each digit.
            parts[count - 1].translate(_NEWEST_FIRST),
        )
        for count in range(1, len(parts) + 1)
    )


_NEWEST_FIRST = str.maketrans("0123456789", "9876543210")
