"""What the views are made of: containers, places of items, and keys to order them.

Ids never depend on the language, and neither does what a container holds: only
titles and the order do.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.words import Words
from upnpserver.upnp.props import fold
from upnpserver.upnp.values import natural_key

PLAIN = "object.container"
FOLDER = "object.container.storageFolder"
ALBUM = "object.container.album.musicAlbum"
ARTIST = "object.container.person.musicArtist"
PERSON = "object.container.person"
GENRE = "object.container.genre.musicGenre"
FILM_GENRE = "object.container.genre.movieGenre"
PHOTO_ALBUM = "object.container.album.photoAlbum"
PLAYLIST = "object.container.playlistContainer"

UNKNOWN_SIZE = (("upnp:storageUsed", "-1"),)  # required of a storageFolder

_CONTAINERS_FIRST, _ITEMS_LAST = "0", "1"
LAST = "~"  # a sort key after all titles
_RECENT = "$recent"
RECENT_ITEMS = 200  # what people look through before they search
_DAY_NS = 86_400 * 10**9
_LAST_DAY = 999_999  # in the year 4707
# Left out at the beginning of titles.
_PUNCTUATION = " \"'([{<.…*_#¿¡«»‹›„“”‘’‚-–—"  # noqa: RUF001
AFTER_ALL = 0xF600  # private characters, which come after all letters
# Letters that NFKD leaves whole, and people look for under these.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th"}
)


class Container(NamedTuple):
    """One container on the way down to an item. A tuple: thousands are made."""

    object_id: str
    upnp_class: str
    title: str
    sort_key: str
    properties: tuple[tuple[str, str], ...] = ()


Way = tuple[Container, ...]


class Placement(NamedTuple):
    """One place of an item: the containers from below the root on, outermost first."""

    way: Way
    sort_key: str


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a file lies, and since when it has been as it is.

    library: its library's name. shown_folders: titles of the containers
    between "Folders" and the root folder, none when there is only one.
    """

    library: str
    shown_folders: tuple[str, ...]
    relative_path: bytes
    mtime_ns: int = 0


@lru_cache(maxsize=4096)  # neighbours share most of their way
def child(
    object_id: str,
    title: str,
    upnp_class: str = PLAIN,
    sort_key: str = "",
    properties: tuple[tuple[str, str], ...] = (),
) -> Container:
    """Return a container; sort_key: see key(). The id settles equal ones."""
    whole_key = f"{_CONTAINERS_FIRST}{sort_key}\x1f{object_id}"
    return Container(object_id, upnp_class, title, whole_key, properties)


def named(within: str, name: str, upnp_class: str, words: Words) -> Container:
    """Return the container of a name; within: what its id begins with."""
    return titled(id_of_name(within, name), name, upnp_class, words)


def id_of_name(within: str, name: str) -> str:
    """Return the id of a name's container: the same however it is spelled."""
    return f"{within}${short_hash(fold(name))}"


def titled(
    object_id: str, title: str, upnp_class: str, words: Words, sort: str = ""
) -> Container:
    """Return a container in the order of its title, or of sort where that is told."""
    size = UNKNOWN_SIZE if upnp_class == FOLDER else ()
    return child(object_id, title, upnp_class, key(sort or title, words), size)


@lru_cache(maxsize=4096)
def key(title: str, words: Words) -> str:
    """Return how a title is put in order: no article, no accents, 2 before 10."""
    folded = _without_article(_folded(title, words.own_letters), words)
    bare = folded.lstrip(_PUNCTUATION)
    if bare and bare != folded:
        folded = _without_article(bare, words)
    return natural_key(folded.translate(_LETTERS))


def _without_article(folded: str, words: Words) -> str:
    for article in words.articles:
        start = article if article.endswith("'") else f"{article} "
        if folded.startswith(start) and len(folded) > len(start):
            return folded[len(start) :]
    return folded


def _folded(title: str, own_letters: str) -> str:
    """Fold all letters but the language's own, which come after their plain form."""
    if not own_letters or title.isascii():
        return fold(title.replace("’", "'"))  # noqa: RUF001
    folded = []
    for letter in title.replace("’", "'"):  # noqa: RUF001
        low = letter.lower()
        plain = fold(letter).translate(_LETTERS)
        folded.append(
            plain + chr(AFTER_ALL + ord(low)) if low in own_letters else plain
        )
    return "".join(folded)


def item_key(*parts: str) -> str:
    """Return the sort key of an item from its parts, the weightiest first."""
    return _ITEMS_LAST + "\x1f".join(parts)


def number_key(number: int | None) -> str:
    """Return the sort key of a track, disc or episode; without one it is first."""
    return f"{number or 0:05}"


_NEWEST_FIRST = str.maketrans("0123456789", "9876543210")


def newest_first(digits: str) -> str:
    """Return a sort key that puts later years, months and days before earlier."""
    return digits.translate(_NEWEST_FIRST)


def recent(kind: str, top: Container, place: FilePlace, words: Words) -> Placement:
    """Return the place among what was added last; kind: the view's id.

    By the file's own time: a catalog that is built again shows the same. Items
    and groups are in one order here.
    """
    day, time_ns = divmod(max(0, place.mtime_ns), _DAY_NS)
    path = key(decoded(place.relative_path), words)
    order = f"{_CONTAINERS_FIRST}{_days_left(day)}{_DAY_NS - time_ns:014}\x1f{path}"
    return Placement((top, _recent(kind, words)), order)


def recent_group(kind: str, place: FilePlace, group: Container, words: Words) -> Way:
    """Return the way to a group, such as an album, among what was added last.

    What was added to it on another day is another group: so its order needs
    nothing but the file. Days are those of UTC, the same wherever it is built.
    """
    return _recent_way(kind, place.mtime_ns // _DAY_NS, group, words)


@lru_cache(maxsize=256)  # the files of one group come together
def _recent_way(kind: str, day: int, group: Container, words: Words) -> Way:
    title_key = group.sort_key[1:].partition("\x1f")[0]
    return (
        _recent(kind, words),
        child(
            f"{kind}{_RECENT}${day}${group.object_id.rpartition('$')[2]}",
            group.title,
            group.upnp_class,
            f"{_days_left(day)}{title_key}",
            group.properties,
        ),
    )


def _days_left(day: int) -> str:
    """Return the sort key of a day, later ones first."""
    return f"{_LAST_DAY - min(max(0, day), _LAST_DAY):06}"


def _recent(kind: str, words: Words) -> Container:
    return child(f"{kind}{_RECENT}", words["recently_added"], sort_key="8")


def most_children(object_id: str) -> int | None:
    """Return how many children of a container are shown at most; None: all."""
    return RECENT_ITEMS if object_id.endswith(_RECENT) else None


def decoded(name: bytes) -> str:
    """Return a file's or folder's name as text."""
    return name.decode("utf-8", "replace")


def stem(name: str) -> str:
    """Return a file's name without its extension."""
    return name.rpartition(".")[0] or name
