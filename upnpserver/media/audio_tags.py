"""What the tags of a song or an audiobook tell, in one cleaned form.

Each family of tags (audio_tag_formats.py) gives its texts under common names:
those of Vorbis comments and MusicBrainz Picard in lower case, letters and
digits only ("albumartist", "originalyear"). The rules that make values of them
are here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mutagen.id3 import TCON

from upnpserver.media import text
from upnpserver.media.embedded import Picture, best_picture
from upnpserver.model import Chapter

Texts = Sequence[str]


@dataclass(frozen=True, slots=True)
class Tags:
    """The part of MediaFacts that comes from tags, cleaned."""

    title: str = ""
    title_sort: str = ""
    artists: tuple[str, ...] = ()
    artist_sort: str = ""
    album_artists: tuple[str, ...] = ()
    album_artist_sort: str = ""
    album: str = ""
    album_sort: str = ""
    genres: tuple[str, ...] = ()
    composers: tuple[str, ...] = ()
    conductors: tuple[str, ...] = ()
    work: str = ""
    track: int | None = None
    disc: int | None = None
    date: str = ""
    original_date: str = ""
    comment: str = ""
    rating_percent: int | None = None
    compilation: bool = False
    audiobook: bool = False
    lyrics: bool = False
    chapters: tuple[Chapter, ...] = ()
    art_mime: str = ""
    art_offset: int = 0
    art_length: int = 0

    def fields(self) -> dict[str, Any]:
        """Return the fields by their names, which are those of MediaFacts."""
        return {name: getattr(self, name) for name in self.__slots__}


NO_TAGS: Final = Tags()

# What parts several names in one text. Formats that can hold several texts
# leave the sign without a blank to the names themselves ("Steins;Gate").
SEMICOLON_AND_BLANK: Final = re.compile(r"\s*;\s+")
ANY_SEMICOLON: Final = re.compile(r"\s*;\s*")
# ID3v2.3 parts names by "/". So that AC/DC stay together, a slash without
# blanks counts only between words of four letters and more.
SLASHES: Final = re.compile(r"\s*;\s*|\s+/\s+|(?<=[^\W\d_]{4})/(?=[^\W\d_]{4})")


@dataclass(frozen=True, slots=True)
class Told:
    """What one file's tags say, before it is cleaned."""

    texts: Mapping[str, Texts]
    separators: re.Pattern[str] = SEMICOLON_AND_BLANK
    pictures: Sequence[Picture] = ()
    chapters: Iterable[tuple[int, str]] = field(default=())
    rating_percent: int | None = None  # where it is no text
    lyrics: bool = False  # where they are no text
    audiobook: bool = False  # by something else than its genre


# The names for each field, the best first.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("title",),
    "title_sort": ("titlesort", "titlesortorder"),
    "artists": ("artists", "artist", "author", "performer"),
    "artist_sort": ("artistsort", "artistsortorder"),
    "album_artists": ("albumartists", "albumartist"),
    "album_artist_sort": ("albumartistsort", "albumartistsortorder"),
    "album": ("album", "albumtitle"),
    "album_sort": ("albumsort", "albumsortorder"),
    "genres": ("genre",),
    "composers": ("composer",),
    "conductors": ("conductor",),
    "work": ("work",),
    "track": ("tracknumber", "track"),
    "disc": ("discnumber", "disc", "partofset"),
    "date": ("date", "year", "releasedate", "releasetime"),
    "original_date": (
        *("originaldate", "originalreleasedate", "originalreleasetime"),
        *("originalyear", "originalreleaseyear"),
    ),
    "comment": ("comment", "description"),
    "compilation": ("compilation", "iscompilation", "itunescompilation"),
    "lyrics": ("lyrics", "unsyncedlyrics", "syncedlyrics", "lyricssynchronised"),
}
_PLACES: Final = {
    key: (name, rank) for name, keys in _NAMES.items() for rank, key in enumerate(keys)
}
_YES: Final = {"1", "true", "yes"}
_VARIOUS_ARTISTS: Final = {
    *("various artists", "various", "va", "v.a.", "verschiedene interpreten"),
    *("verschiedene", "diverse interpreten", "artistes divers", "multi-interprètes"),
    *("varios artistas", "varios", "artisti vari", "aa.vv.", "diverse artiesten"),
    *("różni wykonawcy", "różni artyści"),
}
_VARIOUS_ARTISTS_ID: Final = "89ad4ac3-39f7-470e-963a-56509c546377"  # MusicBrainz
_AUDIOBOOKS: Final = {
    *("audiobook", "audiobooks", "audio book", "audio books", "hörbuch", "hörbücher"),
    *("hoerbuch", "livre audio", "livres audio", "audiolibro", "audiolibri"),
    *("audiolibros", "luisterboek", "luisterboeken", "książka audio"),
}


def tags_of(told: Told) -> Tags:
    """Return the cleaned values of what a file's tags say."""
    best: dict[str, tuple[int, Texts]] = {}
    for key, found in told.texts.items():
        if found and (place := _PLACES.get(key)):
            name, rank = place
            if name not in best or rank < best[name][0]:
                best[name] = rank, found

    def texts(name: str) -> Texts:
        return best[name][1] if name in best else ()

    def line(name: str) -> str:
        return text.one_line(_first(texts(name)), text.MAX_NAME)

    def people(name: str) -> tuple[str, ...]:
        return text.names(_parted(texts(name), told.separators))

    genres = text.names(genre_names(texts("genres")))
    album_artists = people("album_artists")
    art = best_picture(told.pictures)
    return Tags(
        title=text.one_line(_first(texts("title"))),
        title_sort=line("title_sort"),
        artists=people("artists"),
        artist_sort=line("artist_sort"),
        album_artists=album_artists,
        album_artist_sort=line("album_artist_sort"),
        album=line("album"),
        album_sort=line("album_sort"),
        genres=genres,
        composers=people("composers"),
        conductors=people("conductors"),
        work=line("work"),
        track=text.number(_first(texts("track"))),
        disc=text.number(_first(texts("disc"))),
        date=text.date(_first(texts("date"))),
        original_date=text.date(_first(texts("original_date"))),
        comment=text.comment(_first(texts("comment"))),
        rating_percent=told.rating_percent or _rating(told.texts),
        compilation=_first(texts("compilation")).strip().lower() in _YES
        or _by_various_artists(album_artists, told.texts),
        audiobook=told.audiobook or any(g.lower() in _AUDIOBOOKS for g in genres),
        lyrics=told.lyrics or bool(_first(texts("lyrics")).strip()),
        chapters=text.chapters(told.chapters),
        art_mime=art.mime,
        art_offset=art.offset,
        art_length=art.length,
    )


def _first(texts: Texts) -> str:
    return texts[0] if texts else ""


def _parted(texts: Texts, separators: re.Pattern[str]) -> Texts:
    """Return the names in a text, unless the tag itself has told them apart."""
    return separators.split(texts[0]) if len(texts) == 1 else texts


def _by_various_artists(album_artists: Texts, texts: Mapping[str, Texts]) -> bool:
    if any(name.lower() in _VARIOUS_ARTISTS for name in album_artists):
        return True
    return _VARIOUS_ARTISTS_ID in texts.get("musicbrainzalbumartistid", ())


# Genres -----------------------------------------------------------------------

_ID3_NUMBERS: Final = re.compile(r"\((\d{1,3}|RX|CR)\)", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,3}|RX|CR", re.ASCII)
_SHORT_GENRES: Final = {"RX": "Remix", "CR": "Cover"}
_GENRE_SEPARATORS: Final = re.compile(r"\s*[;|\\]\s*|\s+/\s+")
# Not "Folk, World, & Country", which is one genre.
_COMMAS: Final = re.compile(r",\s+")
_ONE_GENRE: Final = re.compile(r",\s+(?:&|and\b)")


def genre_names(texts: Texts) -> Iterator[str]:
    """Yield the genres in the texts of a tag.

    "17", "(17)" and "(17)Rock" name one by ID3v1's number, "(RX)" is a remix.
    Source: ID3v2.3.0 section 4.2.1 (TCON).
    """
    for one in texts:
        for part in _GENRE_SEPARATORS.split(one):
            commas = None if _ONE_GENRE.search(part) else _COMMAS
            for name in commas.split(part) if commas else (part,):
                yield from _without_numbers(name.strip())


def _without_numbers(name: str) -> Iterator[str]:
    while number := _ID3_NUMBERS.match(name):
        yield _numbered(number[1])
        name = name[number.end() :].strip()
    if name.startswith("(("):  # a bracket that begins no number
        name = name[1:]
    yield _numbered(name) if _NUMBER.fullmatch(name) else name


def _numbered(number: str) -> str:
    if number in _SHORT_GENRES:
        return _SHORT_GENRES[number]
    genres = TCON.GENRES
    return genres[int(number)] if int(number) < len(genres) else ""


# Ratings ----------------------------------------------------------------------

# Half stars as MediaMonkey and others write them into POPM; 255 is five stars.
_HALF_STARS: Final = {13: 10, 54: 30, 118: 50, 186: 70, 242: 90}
_STARS: Final = ((32, 20), (96, 40), (160, 60), (224, 80), (256, 100))
# These programs spread their stars evenly over 0 to 255.
_EVEN_RATERS: Final = ("quodlibet", "banshee", "traktor")
_MICROSOFT_STARS: Final = ((13, 20), (38, 40), (63, 60), (87, 80), (101, 100))


def popularimeter_percent(who: str, value: int) -> int | None:
    """Return an ID3 POPM rating (0 to 255) in per cent, None for none."""
    if not value:
        return None
    if any(name in who.lower() for name in _EVEN_RATERS):
        return round(value * 100 / 255)
    by_stars = next((percent for below, percent in _STARS if value < below), 100)
    return _HALF_STARS.get(value, by_stars)


def _rating(texts: Mapping[str, Texts]) -> int | None:
    """Return the rating that a tag has as text."""
    shared = _decimal(_first(texts.get("shareduserrating", ())))
    if shared:  # Windows: 1, 25, 50, 75, 99
        return next((percent for below, percent in _MICROSOFT_STARS if shared < below))
    if part := _decimal(_first(texts.get("fmpsrating", ()))):
        return round(part * 100) if part <= 1 else None
    raw = _first(texts.get("rating", ()))
    value = _decimal(raw)
    if not value:
        return None
    if value <= 1 and "." in raw:
        return round(value * 100)
    return round(value * 20 if value <= 5 else value)


def _decimal(raw: str) -> float:
    """Return a number from 0 to 100, 0 for anything else."""
    try:
        value = float(raw)
    except ValueError:
        return 0
    return value if 0 < value <= 100 else 0
