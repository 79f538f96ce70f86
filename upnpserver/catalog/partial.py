"""Which of the files of a folder belong into the catalog of somebody. Pure.

A film that may not be seen takes along what lies beside it: its poster would show
what it is, its NFO file would tell. So a file beside media is seen with the media
file that it is named after; one that stands for a folder, with anything in it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from upnpserver.media.sidecars import stem_of
from upnpserver.model import Kind, Role
from upnpserver.paths import joined
from upnpserver.rules.visibility import Visibility


class StoredFile(NamedTuple):
    """One file as a catalog has it.

    facts: as JSON, None if there are none. kind, rating: of the item that is made
    of it and of what lies beside it; "" if it is none, or has none.
    """

    size_bytes: int
    mtime_ns: int
    role: str
    facts: str | None
    problem: str | None
    kind: str = ""
    rating: str = ""

    @property
    def content(self) -> tuple[object, ...]:
        """What a catalog in step has the same of."""
        return self[:5]


class Folder(NamedTuple):
    """A folder of a library: its absolute path, and the files right in it."""

    library: str
    path: bytes
    files: Mapping[bytes, StoredFile]  # by name


def seen_media(visibility: Visibility, folder: Folder) -> set[bytes]:
    """Return the names of the items in a folder that may be seen."""
    return {
        name
        for name, file in folder.files.items()
        if file.kind in visibility.kinds
        and (file.kind != Kind.VIDEO or visibility.sees_rated(file.rating))
        and visibility.sees_place(folder.library, joined(folder.path, name))
    }


def seen_beside(
    visibility: Visibility, folder: Folder, films: Folder, *, is_seen_inside: bool
) -> set[bytes]:
    """Return the names of the other files in a folder that may be seen.

    films: the folder whose media they are named after, mostly the same one.
    is_seen_inside: whether anything may be, in the folders right inside.
    """
    shown = {stem_of(name) for name in seen_media(visibility, films)}
    stems = {stem_of(name) for name, file in films.files.items() if file.kind}
    any_seen = bool(shown) or is_seen_inside
    found = set()
    for name, file in folder.files.items():
        path = joined(folder.path, name)
        if file.kind or not visibility.sees_place(folder.library, path):
            continue
        if file.role == Role.PLAYLIST:  # it names files that are seen, or not
            found.add(name)
            continue
        stem = _named_after(stem_of(name), stems)
        if any_seen if stem is None else stem in shown:
            found.add(name)
    return found


def _named_after(stem: bytes, stems: set[bytes]) -> bytes | None:
    """Return the longest of some stems that a name begins with, None if none."""
    for end in range(len(stem), 0, -1):
        is_word_end = end == len(stem) or not stem[end : end + 1].isalnum()
        if is_word_end and stem[:end] in stems:
            return stem[:end]
    return None
