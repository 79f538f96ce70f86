"""The tree that a person walks with a remote control.

placements() says in which containers one file is found. It is a pure function
of the file's facts and place, so that a catalog built in any order, or built
again, is the same. The first placement is the original: the folder as on disk.
"""

from upnpserver.catalog.views.folders import in_folder
from upnpserver.catalog.views.lists import LIST_IDS, is_listed, listed_key, playlist
from upnpserver.catalog.views.music import music
from upnpserver.catalog.views.pictures import pictures
from upnpserver.catalog.views.titles import shown_title
from upnpserver.catalog.views.tree import (
    PLAIN,
    Container,
    FilePlace,
    Placement,
    Way,
    most_children,
)
from upnpserver.catalog.views.videos import is_film, videos
from upnpserver.catalog.views.words import Words
from upnpserver.model import Kind, MediaFacts

__all__ = [
    "LIST_IDS",
    "PLAIN",
    "VERSION",
    "Container",
    "FilePlace",
    "Placement",
    "Way",
    "is_film",
    "is_listed",
    "listed_key",
    "most_children",
    "placements",
    "playlist",
    "shown_title",
]

VERSION = 12  # raise it when placements() or items.py change: rows are made anew

_VIEWS = {Kind.AUDIO: music, Kind.VIDEO: videos, Kind.IMAGE: pictures}


def placements(
    facts: MediaFacts, place: FilePlace, words: Words
) -> tuple[Placement, ...]:
    """Return every place in which the file is found, its folder first.

    The same place may come twice, as of a composer who is an artist too.
    """
    return (in_folder(place, words), *_VIEWS[facts.kind](facts, place, words))
