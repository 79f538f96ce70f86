"""Playlists: containers whose content and order somebody wrote into a file."""

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.tree import (
    PLAYLIST,
    FilePlace,
    Way,
    child,
    decoded,
    key,
    stem,
)
from upnpserver.catalog.views.words import Words
from upnpserver.model import Kind, MediaFacts

_TOPS = {
    Kind.AUDIO: ("music", "music", "1"),
    Kind.VIDEO: ("video", "videos", "2"),
    Kind.IMAGE: ("picture", "pictures", "3"),
}
LIST_IDS = tuple(f"{view}$playlists" for view, _, _ in _TOPS.values())
_LISTED = "2"  # before the sort keys of what a list holds: see tree.py


def playlist(
    facts: MediaFacts, place: FilePlace, kind: Kind, missing: int, words: Words
) -> Way:
    """Return the way to a playlist, which is the last container on it.

    facts, place: the list file's. kind: of what it holds. missing: how many of
    its entries are not in the catalog.
    """
    view, word, order = _TOPS[kind]
    title = facts.title or stem(decoded(place.relative_path.rpartition(b"/")[2]))
    where = (place.library, *place.shown_folders, place.relative_path)
    told = [
        words.filled(word, number=number)
        for word, number in (
            ("entries_not_found", missing),
            ("entries_left_out", facts.skipped_remote),
        )
        if number
    ]
    return (
        child(f"{view}$", words[word], sort_key=order),
        child(f"{view}$playlists", words["playlists"], sort_key="75"),
        child(
            f"{view}$playlist${short_hash(*where)}",
            title,
            PLAYLIST,
            key(title, words),
            (("dc:description", "; ".join(told)),) if told else (),
        ),
    )


def listed_key(position: int) -> str:
    """Return the sort key of an entry of a playlist."""
    return f"{_LISTED}{position:06}"


def is_listed(sort_key: str) -> bool:
    """Tell whether an item is somewhere because a playlist names it."""
    return sort_key.startswith(_LISTED)
