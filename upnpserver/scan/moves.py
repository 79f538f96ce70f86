"""Files that moved: told from new ones by size and time, so not read again. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

from upnpserver.catalog.file_rows import KnownFile

File = TypeVar("File")  # where a file lies; anything that is hashable
_Key = tuple[object, ...]


def moved_from(
    gone: Mapping[File, KnownFile],
    found: Mapping[File, KnownFile],
    name_of: Callable[[File], bytes],
) -> dict[File, File]:
    """Return where files that were found had been: found -> gone.

    A file that moved keeps size, time and extension; if several are alike in
    that, name too, else none of them is told.
    """
    moves: dict[File, File] = {}
    for key_of in (_alike, _alike_in_name):
        taken = set(moves.values())
        left = {f: known for f, known in gone.items() if f not in taken}
        here = {f: known for f, known in found.items() if f not in moves}
        was = _unique(left, key_of, name_of)
        now = _unique(here, key_of, name_of)
        moves |= {now[key]: was[key] for key in now.keys() & was.keys()}
    return moves


def _alike(name: bytes, known: KnownFile) -> _Key:
    return (known, name.rpartition(b".")[2].lower())


def _alike_in_name(name: bytes, known: KnownFile) -> _Key:
    return (known, name)


def _unique(
    files: Mapping[File, KnownFile],
    key_of: Callable[[bytes, KnownFile], _Key],
    name_of: Callable[[File], bytes],
) -> dict[_Key, File]:
    """Return the only file of each key; what has several is left out."""
    keys = [(key_of(name_of(file), known), file) for file, known in files.items()]
    counts = Counter(key for key, _ in keys)
    return {key: file for key, file in keys if counts[key] == 1}
