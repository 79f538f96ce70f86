"""The folders as on disk: where each item has its original."""

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.tree import (
    FOLDER,
    UNKNOWN_SIZE,
    Container,
    FilePlace,
    Placement,
    child,
    decoded,
    item_key,
    key,
)
from upnpserver.catalog.views.words import Words


def in_folder(place: FilePlace, words: Words) -> Placement:
    """Return the place of a file in its folder."""
    way = [child("folder$", words["folders"], sort_key="4")]
    above: tuple[str, ...] = (place.library,)
    for title in place.shown_folders:
        above = (*above, title)
        way.append(_folder(short_hash("shown", *above), title, words))
    *folders, name = place.relative_path.split(b"/")
    path = b""
    for folder in folders:
        path += b"/" + folder
        way.append(_folder(short_hash("disk", *above, path), decoded(folder), words))
    return Placement(tuple(way), item_key(key(decoded(name), words)))


def _folder(name: str, title: str, words: Words) -> Container:
    return child(f"folder${name}", title, FOLDER, key(title, words), UNKNOWN_SIZE)
