"""The parts of a Matroska or WebM file: where its clusters and cover lie.

No cluster is opened and no list of clusters read: only the few parts before
the first one, and the index of parts (SeekHead), which names those behind.

Source: RFC 8794 (EBML) sections 4 and 5; RFC 9559 (Matroska) sections 5.1 and 6.3.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from upnpserver.media.riff import ReadAt

Span = tuple[int, int]  # start, end

_SEGMENT: Final = 0x18538067
_SEEK_HEAD: Final = 0x114D9B74
_SEEK: Final = 0x4DBB
_SEEK_ID: Final = 0x53AB
_SEEK_POSITION: Final = 0x53AC
_CLUSTER: Final = 0x1F43B675
_ATTACHMENTS: Final = 0x1941A469
_ATTACHED_FILE: Final = 0x61A7
_FILE_NAME: Final = 0x466E
_FILE_MIME: Final = 0x4660
_FILE_DATA: Final = 0x465C
_MAX_PARTS: Final = 256
_MAX_INDEX_BYTES: Final = 16 * 1024
_MAX_NAME_BYTES: Final = 1024


def clusters(read_at: ReadAt, size_bytes: int) -> Span:
    """Return the span of all clusters, (0, 0) if none is found.

    It ends where the first of the parts behind begins, else with the file.
    """
    layout = _layout(read_at, size_bytes)
    if layout is None or _CLUSTER not in layout.parts:
        return 0, 0
    start = layout.parts[_CLUSTER][0]
    behind = (at for part, at in layout.index if part != _CLUSTER)
    return start, min(
        (at for at in behind if start < at < size_bytes), default=size_bytes
    )


def segment_parts(read_at: ReadAt, size_bytes: int, *kinds: int) -> dict[int, Span]:
    """Return the spans of the parts of these kinds, 0 for the segment itself.

    Only those before the first cluster, and those that the index names.
    """
    layout = _layout(read_at, size_bytes)
    if layout is None:
        return {}
    found = {kind: layout.parts[kind] for kind in kinds if kind in layout.parts}
    for kind, at in layout.index:
        if kind in kinds and kind not in found:
            header = _header(read_at, at, size_bytes)
            if header and header[0] == kind:
                found[kind] = header[1:]
    return {**found, 0: (layout.start, size_bytes)}


def attached_files(
    read_at: ReadAt, size_bytes: int
) -> Iterator[tuple[str, str, int, int]]:
    """Yield (name, MIME name, offset, length) of the files attached to a film."""
    place = segment_parts(read_at, size_bytes, _ATTACHMENTS).get(_ATTACHMENTS)
    for part, start, end in parts(read_at, *place) if place else ():
        if part == _ATTACHED_FILE:
            yield _attached(read_at, start, end)


def _attached(read_at: ReadAt, start: int, end: int) -> tuple[str, str, int, int]:
    words = {_FILE_NAME: "", _FILE_MIME: ""}
    offset = length = 0
    for part, inner, inner_end in parts(read_at, start, end):
        if part in words:
            data = read_at(inner, min(inner_end - inner, _MAX_NAME_BYTES))
            words[part] = data.rstrip(b"\0").decode("utf-8", "replace")
        elif part == _FILE_DATA:
            offset, length = inner, inner_end - inner
    return words[_FILE_NAME], words[_FILE_MIME], offset, length


@dataclass(frozen=True, slots=True)
class _Layout:
    """A segment's parts up to the first cluster, and what its index names.

    parts: the first of each kind; a cluster with its header. index: kinds of
    parts and their offsets in the file. start: where the segment's content begins.
    """

    parts: dict[int, Span]
    index: list[tuple[int, int]]
    start: int


def _layout(read_at: ReadAt, size_bytes: int) -> _Layout | None:
    for part, start, end in parts(read_at, 0, size_bytes):
        if part == _SEGMENT:
            return _segment(read_at, start, end)
    return None


def _segment(read_at: ReadAt, start: int, end: int) -> _Layout:
    found: dict[int, Span] = {}
    at = start
    for part, inner, inner_end in parts(read_at, start, end):
        found.setdefault(part, (at if part == _CLUSTER else inner, inner_end))
        at = inner_end
        if part == _CLUSTER:
            break
    index = _index(read_at, *found[_SEEK_HEAD]) if _SEEK_HEAD in found else ()
    return _Layout(found, [(part, start + offset) for part, offset in index], start)


def _index(read_at: ReadAt, start: int, end: int) -> Iterator[tuple[int, int]]:
    data = read_at(start, min(end - start, _MAX_INDEX_BYTES))

    def inside(at: int, count: int) -> bytes:
        return data[at : at + count]

    for part, inner, inner_end in parts(inside, 0, len(data)):
        if part != _SEEK:
            continue
        numbers = {
            key: int.from_bytes(data[one:two], "big")
            for key, one, two in parts(inside, inner, inner_end)
            if two - one <= 8
        }
        if _SEEK_ID in numbers and _SEEK_POSITION in numbers:
            yield numbers[_SEEK_ID], numbers[_SEEK_POSITION]


def parts(
    read_at: ReadAt, at: int, end: int, most: int = _MAX_PARTS
) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, start, end) of the parts between at and end."""
    for _ in range(most):
        header = _header(read_at, at, end)
        if header is None:
            return
        yield header
        at = header[2]


def _header(read_at: ReadAt, at: int, end: int) -> tuple[int, int, int] | None:
    """Return the (kind, start, end) of the part at an offset; its end is cut."""
    head = read_at(at, 12) if at < end else b""
    width = _width(head, 0)
    size_width = _width(head, width)
    if not width or width > 4 or not size_width or len(head) < width + size_width:
        return None
    kind = int.from_bytes(head[:width], "big")
    mask = (1 << 7 * size_width) - 1
    length = int.from_bytes(head[width : width + size_width], "big") & mask
    start = at + width + size_width
    if length == mask:  # not known: a recording
        return kind, start, end
    return kind, start, min(start + length, end)


def _width(head: bytes, at: int) -> int:
    """Return the bytes of the number at an offset, told by its first bit."""
    if at >= len(head) or not head[at]:
        return 0
    return 9 - head[at].bit_length()
