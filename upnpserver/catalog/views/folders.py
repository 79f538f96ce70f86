"""The folders as on disk: where each item has its original."""

from functools import lru_cache

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.tree import (
    FOLDER,
    Container,
    FilePlace,
    Placement,
    Way,
    child,
    decoded,
    item_key,
    key,
    titled,
)
from upnpserver.catalog.views.words import Words


def in_folder(place: FilePlace, words: Words) -> Placement:
    """Return the place of a file in its folder."""
    directory, _, name = place.relative_path.rpartition(b"/")
    way = _way((place.library, *place.shown_folders), directory, words)
    return Placement(way, item_key(key(decoded(name), words)))


@lru_cache(maxsize=256)  # the files of one folder come together
def _way(shown: tuple[str, ...], directory: bytes, words: Words) -> Way:
    """Return the way to a directory; shown: its library and the titles below."""
    way = [child("folder$", words["folders"], sort_key="4")]
    for depth, title in enumerate(shown[1:], 2):
        way.append(_folder(short_hash("shown", *shown[:depth]), title, words))
    path = b""
    for folder in directory.split(b"/") if directory else ():
        path += b"/" + folder
        way.append(_folder(short_hash("disk", *shown, path), decoded(folder), words))
    return tuple(way)


def _folder(name: str, title: str, words: Words) -> Container:
    return titled(f"folder${name}", title, FOLDER, words)
