"""Music: by album, artist, composer, genre and year; audiobooks apart from it."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from upnpserver.catalog.views.albums import (
    UNKNOWN,
    VARIOUS,
    Album,
    album_of,
    with_guests,
)
from upnpserver.catalog.views.titles import shown_title
from upnpserver.catalog.views.tree import (
    ALBUM,
    ARTIST,
    GENRE,
    PLAIN,
    Container,
    FilePlace,
    Placement,
    Way,
    child,
    id_of_name,
    item_key,
    key,
    named,
    newest_first,
    number_key,
    recent_group,
    titled,
)
from upnpserver.catalog.views.words import Words
from upnpserver.model import MediaFacts

_LAST = 99_999  # the place of a track that has no number


class _Told(NamedTuple):
    """What the ways to an album depend on: the same for most of its tracks."""

    album: Album
    artists: tuple[str, ...]
    composers: tuple[str, ...]
    genres: tuple[str, ...]
    year: str
    owner_sort: str
    artist_sort: str
    audiobook: bool


def music(facts: MediaFacts, place: FilePlace, words: Words) -> Iterator[Placement]:
    """Yield the places of a track or of a part of an audiobook."""
    album = album_of(facts, place)
    told = _Told(
        album,
        facts.artists,
        facts.composers,
        facts.genres,
        (facts.original_date or facts.date)[:4],
        facts.album_artist_sort if facts.album_artists else facts.artist_sort,
        facts.artist_sort,
        facts.audiobook,
    )
    title = key(facts.title_sort or shown_title(facts, place, words), words)
    in_album = item_key(number_key(album.disc), number_key(facts.track or _LAST), title)
    for way in _ways(told, words):
        yield Placement(way, in_album)
    top = child("music$", words["music"], sort_key="1")
    group = _album("music", album, words)
    yield Placement((top, *recent_group("music", place, group, words)), in_album)
    if not facts.audiobook:
        everything = child("music$all", words["all_music"], sort_key="7")
        yield Placement((top, everything), item_key(title))


@lru_cache(maxsize=256)  # the tracks of one album come together
def _ways(told: _Told, words: Words) -> tuple[Way, ...]:
    """Return every way to the album of a track."""
    top = child("music$", words["music"], sort_key="1")
    found = _books(told, words) if told.audiobook else _views(told, words)
    return tuple(dict.fromkeys((top, *way) for way in found))


def _books(told: _Told, words: Words) -> Iterator[Way]:
    top = child("music$books", words["audiobooks"], sort_key="9")
    return _under(top, "music$author", told.album.owners[:1], told, words)


def _views(told: _Told, words: Words) -> Iterator[Way]:
    owners = told.album.owners
    if told.album.title:
        albums = child("music$albums", words["albums"], sort_key="1")
        yield (albums, _album("music", told.album, words))
    by_owner = child("music$albumartists", words["album_artists"], sort_key="2")
    yield from _under(by_owner, "music$albumartist", owners, told, words)
    artists = with_guests((*filter(_is_name, owners), *told.artists)) or (UNKNOWN,)
    by_artist = child("music$artists", words["artists"], sort_key="3")
    yield from _under(by_artist, "music$artist", artists, told, words)
    by_composer = child("music$composers", words["composers"], sort_key="5")
    yield from _under(by_composer, "music$composer", told.composers, told, words)
    by_genre = child("music$genres", words["genres"], sort_key="4")
    for name in told.genres:
        genre = named("music$genre", name, GENRE, words)
        for way in _under(genre, f"{genre.object_id}$a", owners, told, words):
            yield (by_genre, *way)
    if told.year:
        yield _in_year(told, words)


def _is_name(artist: str) -> bool:
    return artist not in (UNKNOWN, VARIOUS)


def _under(
    top: Container, within: str, names: Iterable[str], told: _Told, words: Words
) -> Iterator[Way]:
    """Yield the way to the album under each of some artists."""
    for name in names:
        sort = told.owner_sort if told.album.owners == (name,) else ""
        if not sort and told.artists == (name,):
            sort = told.artist_sort
        object_id = id_of_name(within, name)
        artist = titled(object_id, _shown(name, words), ARTIST, words, sort)
        yield (top, artist, _album(artist.object_id, told.album, words))


def _in_year(told: _Told, words: Words) -> Way:
    first = f"{told.year[:3]}0"
    title = words.filled("decade", year=first)
    one = child(f"music$year${told.year}", told.year, PLAIN, newest_first(told.year))
    return (
        child("music$years", words["years"], sort_key="6"),
        child(f"music$decade${first}", title, PLAIN, newest_first(first)),
        one,
        _album(one.object_id, told.album, words),
    )


def _shown(name: str, words: Words) -> str:
    if _is_name(name):
        return name
    return words["various_artists" if name == VARIOUS else "unknown_artist"]


def _album(within: str, album: Album, words: Words) -> Container:
    title = album.title or words["unknown_album"]
    owners = album.owners if album.is_owned else ()
    artist = " & ".join(_shown(name, words) for name in owners)
    properties = (("upnp:artist", artist), ("dc:creator", artist)) if artist else ()
    object_id = f"{within}$album${album.name}"
    return child(object_id, title, ALBUM, key(title, words), properties)
