"""The places of a Matroska or WebM file, by its Cues: where its clusters begin.

Source: RFC 9559 sections 5.1.2 (Info), 5.1.4 (Tracks), 5.1.5 (Cues).
"""

from collections.abc import Iterator
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.ebml import Span, parts, segment_parts
from upnpserver.media.places import Place, Table
from upnpserver.media.riff import ReadAt
from upnpserver.media.window import Window

_SEGMENT: Final = 0
_INFO: Final = 0x1549A966
_TIMESTAMP_SCALE: Final = 0x2AD7B1
_TRACKS: Final = 0x1654AE6B
_TRACK: Final = 0xAE
_TRACK_NUMBER: Final = 0xD7
_TRACK_TYPE: Final = 0x83
_CUES: Final = 0x1C53BB6B
_CUE_POINT: Final = 0xBB
_CUE_TIME: Final = 0xB3
_CUE_POSITIONS: Final = 0xB7
_CUE_TRACK: Final = 0xF7
_CUE_CLUSTER: Final = 0xF1
_CLUSTER_ID: Final = b"\x1f\x43\xb6\x75"
_PICTURE, _SOUND = 1, 2
_DEFAULT_SCALE: Final = 1_000_000  # nanoseconds
_MAX_CUES_BYTES: Final = 16 << 20
_MAX_CUES: Final = 200_000


def matroska_table(read_at: ReadAt, size_bytes: int) -> Table:
    """Return the places of a file. Raises ProbeError if it has no Cues."""
    found = segment_parts(read_at, size_bytes, _INFO, _TRACKS, _CUES)
    if not found.keys() >= {_INFO, _TRACKS, _CUES}:
        raise ProbeError("it has no index")
    scale = _numbers(read_at, found[_INFO]).get(_TIMESTAMP_SCALE, _DEFAULT_SCALE)
    leading = _leading(read_at, found[_TRACKS])
    start, end = found[_CUES]
    if end - start > _MAX_CUES_BYTES:
        raise ProbeError("its index is too long")
    cues = Window.of(read_at(start, end - start))
    segment, _ = found[_SEGMENT]
    places = [
        Place(time * scale // 10**6, segment + at)
        for time, track, at in _cues(cues)
        if track == leading
    ]
    table = Table.of(places, size_bytes)
    if read_at(table.offsets[-1], 4) != _CLUSTER_ID:
        raise ProbeError("its index leads to something else")
    return table


def tells_matroska(read_at: ReadAt, size_bytes: int) -> bool:
    """Tell whether there are Cues that lead to clusters."""
    found = segment_parts(read_at, size_bytes, _INFO, _TRACKS, _CUES)
    if not found.keys() >= {_INFO, _TRACKS, _CUES}:
        return False
    segment, _ = found[_SEGMENT]
    start, end = found[_CUES]
    first = next(_cues(Window(read_at, start, end - start)), None)
    return first is not None and read_at(segment + first[2], 4) == _CLUSTER_ID


def _leading(read_at: ReadAt, span: Span) -> int:
    """Return the number of the first track of pictures, else of sound, else 0."""
    numbers = [
        _numbers(read_at, (start, end))
        for kind, start, end in parts(read_at, *span)
        if kind == _TRACK
    ]
    for wanted in (_PICTURE, _SOUND):
        for one in numbers:
            if one.get(_TRACK_TYPE) == wanted:
                return one.get(_TRACK_NUMBER, 0)
    return 0


def _cues(cues: Window) -> Iterator[tuple[int, int, int]]:
    """Yield (time, track, the cluster's offset in the segment) of each cue."""
    for kind, start, end in parts(cues.get, 0, cues.end, _MAX_CUES):
        if kind != _CUE_POINT:
            continue
        time = 0
        for part, inner, inner_end in parts(cues.get, start, end):
            if part == _CUE_TIME:
                time = _number(cues.get, inner, inner_end)
            elif part == _CUE_POSITIONS:
                told = _numbers(cues.get, (inner, inner_end))
                yield time, told.get(_CUE_TRACK, 0), told.get(_CUE_CLUSTER, 0)


def _numbers(read_at: ReadAt, span: Span) -> dict[int, int]:
    """Return the parts of a span that can be numbers."""
    return {
        kind: _number(read_at, start, end)
        for kind, start, end in parts(read_at, *span)
        if end - start <= 8
    }


def _number(read_at: ReadAt, start: int, end: int) -> int:
    return int.from_bytes(read_at(start, min(8, end - start)), "big")
