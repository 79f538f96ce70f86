"""Where the files may lie that a playlist names. Pure.

Lists are written on other machines, too, and for other players: a path from
the root of some computer counts by its end, and case and composition of letters
count only where they tell files apart.
"""

import unicodedata
from collections.abc import Iterator, Mapping

_MAX_PARTS = 8  # of a path from elsewhere: no library is deeper in it
Place = tuple[int, bytes]  # a root's row, and a path relative to that root


def candidates(
    entry: str, root_row: int, directory: bytes, roots: Mapping[int, bytes]
) -> Iterator[Place]:
    """Yield the places that an entry may mean, the likeliest first.

    entry: see MediaFacts.entries. root_row, directory: where the list lies.
    roots: row -> absolute path, in the order in which they are tried.
    """
    path = entry.encode("utf-8", "replace")
    if not path.startswith(b"/"):
        inside = _resolved(directory.split(b"/") if directory else [], path)
        if inside is not None:
            yield root_row, inside
            return
        path = b"/".join((roots[root_row], directory, path))
    absolute = _resolved([], path)
    if absolute is None:
        return
    for row, root in roots.items():
        top = root.strip(b"/")
        if not top or absolute.startswith(top + b"/"):
            yield row, absolute[len(top) :].lstrip(b"/")
    if entry.startswith("/"):
        yield from _by_their_ends(absolute, root_row, roots)


def _by_their_ends(
    path: bytes, root_row: int, roots: Mapping[int, bytes]
) -> Iterator[Place]:
    """Yield a/b/c, b/c and c below each root, its own one first."""
    rows = dict.fromkeys((root_row, *roots))
    path = b"/".join(path.split(b"/")[-_MAX_PARTS:])
    while path:
        for row in rows:
            yield row, path
        path = path.partition(b"/")[2]


def _resolved(above: list[bytes], path: bytes) -> bytes | None:
    """Return above/path without dots; None if it leads out, or to nothing."""
    parts = above.copy()
    for part in path.split(b"/"):
        if part == b"..":
            if not parts:
                return None
            parts.pop()
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts) or None


def folded(path: bytes) -> str:
    """Return a path as it is compared where no file has exactly that one."""
    return unicodedata.normalize("NFC", path.decode("utf-8", "replace")).casefold()
