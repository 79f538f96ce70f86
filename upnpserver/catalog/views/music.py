"""Music: by album, artist, composer, genre and year; audiobooks apart from it."""

from collections.abc import Iterator

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.titles import shown_title
from upnpserver.catalog.views.tree import (
    ALBUM,
    ARTIST,
    GENRE,
    PLAIN,
    Container,
    FilePlace,
    Placement,
    child,
    item_key,
    key,
    newest_first,
    number_key,
    recent,
)
from upnpserver.catalog.views.words import Words
from upnpserver.model import MediaFacts
from upnpserver.upnp.props import fold

_UNKNOWN = ""
_VARIOUS = "\x1fvarious"  # no tag can hold it; each language has its words for it
_VARIOUS_NAMES = {"various artists", "various", "va", "v.a.", "v/a"}


def music(facts: MediaFacts, place: FilePlace, words: Words) -> Iterator[Placement]:
    """Yield the places of a track or of a part of an audiobook."""
    return _Track(facts, place, words).places()


class _Track:
    def __init__(self, facts: MediaFacts, place: FilePlace, words: Words) -> None:
        self._facts, self._place, self._words = facts, place, words
        self._top = child("music$", words["music"], sort_key="1")
        self._title = key(shown_title(facts, place, words), words)
        self._in_album = item_key(
            number_key(facts.disc), number_key(facts.track), self._title
        )
        self._album_artists = tuple(map(_one_various, facts.album_artists))
        if facts.compilation and not facts.album_artists:
            self._album_artists = (_VARIOUS,)

    def places(self) -> Iterator[Placement]:
        facts, words = self._facts, self._words
        if facts.audiobook:
            yield self._audiobook()
            yield recent("music", self._top, self._place, words)
            return
        everything = child("music$all", words["all_music"], sort_key="7")
        yield Placement((self._top, everything), item_key(self._title))
        albums = child("music$albums", words["albums"], sort_key="1")
        yield self._in((albums, self._album("music")))
        owners = self._album_artists or facts.artists or (_UNKNOWN,)
        artists = (*self._album_artists, *facts.artists) or (_UNKNOWN,)
        yield from self._under(
            "2", "albumartist", words["album_artists"], ARTIST, owners
        )
        yield from self._under("3", "artist", words["artists"], ARTIST, artists)
        yield from self._under(
            "5", "composer", words["composers"], ARTIST, facts.composers
        )
        yield from self._under_genres(owners)
        yield from self._under_years()
        yield recent("music", self._top, self._place, words)

    def _in(self, way: tuple[Container, ...]) -> Placement:
        return Placement((self._top, *way), self._in_album)

    def _under(
        self, order: str, one: str, title: str, upnp_class: str, names: tuple[str, ...]
    ) -> Iterator[Placement]:
        top = child(f"music${one}s", title, sort_key=order)
        for name in dict.fromkeys(names):
            container = self._named(f"music${one}", name, upnp_class)
            yield self._in((top, container, self._album(container.object_id)))

    def _under_genres(self, owners: tuple[str, ...]) -> Iterator[Placement]:
        top = child("music$genres", self._words["genres"], sort_key="4")
        for name in dict.fromkeys(self._facts.genres):
            genre = self._named("music$genre", name, GENRE)
            for owner in dict.fromkeys(owners):
                artist = self._named(f"{genre.object_id}$a", owner, ARTIST)
                yield self._in((top, genre, artist, self._album(artist.object_id)))

    def _under_years(self) -> Iterator[Placement]:
        year = (self._facts.original_date or self._facts.date)[:4]
        if not year:
            return
        first = f"{year[:3]}0"
        top = child("music$years", self._words["years"], sort_key="6")
        title = self._words.filled("decade", year=first)
        decade = child(f"music$decade${first}", title, PLAIN, newest_first(first))
        one = child(f"music$year${year}", year, PLAIN, newest_first(year))
        yield self._in((top, decade, one, self._album(one.object_id)))

    def _audiobook(self) -> Placement:
        facts = self._facts
        top = child("music$books", self._words["audiobooks"], sort_key="9")
        author = (self._album_artists or facts.artists or (_UNKNOWN,))[0]
        container = self._named("music$author", author, ARTIST)
        return self._in((top, container, self._album(container.object_id)))

    def _named(self, within: str, name: str, upnp_class: str) -> Container:
        title, object_id = self._shown(name), f"{within}${short_hash(fold(name))}"
        return child(object_id, title, upnp_class, key(title, self._words))

    def _shown(self, name: str) -> str:
        words = self._words
        return {
            _UNKNOWN: words["unknown_artist"],
            _VARIOUS: words["various_artists"],
        }.get(name, name)

    def _album(self, within: str) -> Container:
        """Return the album's container; albums of one name are told apart by artist.

        An album without album artist (often a compilation) is what lies in one
        folder under one album name; folders for its discs don't count.
        """
        facts, place = self._facts, self._place
        artist = " & ".join(map(self._shown, self._album_artists))
        folder = b"" if artist else _without_disc(place.relative_path)
        title = facts.album or self._words["unknown_album"]
        library = place.library if folder else ""
        owners = fold("\x1f".join(self._album_artists))
        name = short_hash(fold(facts.album), owners, library, folder)
        properties = (("upnp:artist", artist), ("dc:creator", artist)) if artist else ()
        return child(
            f"{within}$album${name}", title, ALBUM, key(title, self._words), properties
        )


def _one_various(name: str) -> str:
    return _VARIOUS if name.lower() in _VARIOUS_NAMES else name


_DISC_NAMES = (b"cd", b"disc", b"disk", b"dvd")


def _without_disc(relative_path: bytes) -> bytes:
    """Return the folder of an album, above "CD 1" and the like."""
    above, _, folder = relative_path.rpartition(b"/")[0].rpartition(b"/")
    name = folder.lower().rstrip(b"0123456789").rstrip(b" _-.")
    if name in _DISC_NAMES and folder[-1:].isdigit() and above:
        return above
    return relative_path.rpartition(b"/")[0]
