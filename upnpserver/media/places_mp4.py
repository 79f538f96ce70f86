"""The places of an MP4 or QuickTime file, by its sample tables.

A place is a picture that can be begun at (of music: any sample), with the offset
from which on nothing is missing that is shown from then on: sound may lie before
the picture that it belongs to.

Source: ISO/IEC 14496-12 sections 8.6.1 (times), 8.6.2 (sync samples), 8.6.5 and
8.6.6 (edits), 8.7.2 to 8.7.5 (where samples are).
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, repeat
from typing import Final, Literal

from upnpserver.errors import ProbeError
from upnpserver.media.mp4_boxes import Span, boxes, child
from upnpserver.media.places import Place, Table
from upnpserver.media.riff import ReadAt
from upnpserver.media.window import Window

_MAX_TRACKS: Final = 32
_MAX_TABLE_BYTES: Final = 32 << 20
_MAX_SAMPLES: Final = 3_000_000  # some 12 hours of pictures with their sound
_NEVER: Final = (1 << 64) - 1
_NO_MEDIA: Final = (1 << 32) - 1
_NO_MEDIA_64: Final = (1 << 64) - 1


@dataclass(slots=True)
class _Track:
    handler: bytes = b""
    timescale: int = 0
    tables: Span = (0, 0)
    edits: Span | None = None


def mp4_table(read_at: ReadAt, size_bytes: int) -> Table:
    """Return the places of a file. Raises ProbeError if its tables don't tell them."""
    window = Window(read_at, 0, size_bytes)
    movie_scale, tracks = _movie(window, size_bytes)
    leading = _leading(tracks)
    if leading is None:
        raise ProbeError("neither picture nor sound is told of in it")
    samples = _Samples(window, leading, movie_scale, _MAX_SAMPLES)
    left = _MAX_SAMPLES - len(samples.offsets)
    beside = []
    for track in _sounds(tracks, leading):
        one = _Samples(window, track, movie_scale, left)
        left -= len(one.offsets)
        if one.offsets:
            beside.append(one)
    return Table.of(_places(samples, beside), size_bytes)


def tells_mp4(read_at: ReadAt, size_bytes: int) -> bool:
    """Tell whether there are tables of samples, without reading them."""
    window = Window(read_at, 0, size_bytes)
    try:
        _, tracks = _movie(window, size_bytes)
        leading = _leading(tracks)
        used = [leading, *_sounds(tracks, leading)] if leading else []
        counted = [_sizes_told(window, track) for track in used]
    except ProbeError:
        return False
    if not counted or not counted[0][1]:
        return False
    if sum(count for one_size, count in counted if not one_size) > _MAX_SAMPLES:
        return False
    chunked = [track for track, (size, _) in zip(used, counted, strict=True) if size]
    return all(_rows_told(window, track, b"stts") == 1 for track in chunked)


def _rows_told(window: Window, track: _Track, name: bytes) -> int:
    box = child(window, track.tables, name)
    return _number(window, box[0] + 4) if box else 0


def _movie(window: Window, size_bytes: int) -> tuple[int, list[_Track]]:
    """Return units a second of the whole film, and its tracks."""
    movie = child(window, (0, size_bytes), b"moov")
    if movie is None:
        raise ProbeError("it is broken or not complete")
    timescale = 0
    tracks: list[_Track] = []
    for name, start, end in boxes(window, movie):
        if name == b"mvhd":
            timescale = _timescale(window, start)
        elif name == b"trak" and len(tracks) < _MAX_TRACKS:
            tracks.append(_track(window, (start, end)))
    return timescale, tracks


def _leading(tracks: list[_Track]) -> _Track | None:
    """Return the track whose samples are sought: the picture, else the sound."""
    for handler in (b"vide", b"soun"):
        for track in tracks:
            if track.handler == handler and track.timescale:
                return track
    return None


def _sounds(tracks: list[_Track], leading: _Track) -> list[_Track]:
    return [
        one
        for one in tracks
        if one is not leading and one.handler == b"soun" and one.timescale
    ]


def _track(window: Window, span: Span) -> _Track:
    track = _Track(edits=child(window, span, b"edts", b"elst"))
    media = child(window, span, b"mdia")
    for name, start, end in boxes(window, media) if media else ():
        if name == b"mdhd":
            track.timescale = _timescale(window, start)
        elif name == b"hdlr":
            track.handler = window.get(start + 8, 4)
        elif name == b"minf":
            track.tables = child(window, (start, end), b"stbl") or (0, 0)
    return track


def _timescale(window: Window, start: int) -> int:
    is_long = window.get(start, 1) == b"\1"
    return _number(window, start + (20 if is_long else 12))


def _number(window: Window, at: int, size: int = 4) -> int:
    return int.from_bytes(window.get(at, size), "big")


class _Samples:
    """Where each sample of a track is, and when it is decoded; in that order.

    Of plain sound, where a sample is a few bytes, whole chunks count as one.
    """

    def __init__(
        self, window: Window, track: _Track, movie_scale: int, most: int
    ) -> None:
        self._window, self._track = window, track
        one_size, count = _sizes_told(window, track)
        if count > most and not one_size:
            raise ProbeError("it has too many samples")
        self._is_chunked = one_size > 0
        if one_size:
            self.offsets, self._times = self._chunks()
        else:
            self.offsets = self._offsets()
            self._times = self._decoded()
        self._shift_ms = _shift_ms(window, track, movie_scale)
        # The first byte of all that comes later.
        self.first_of_rest = array(
            "Q", list(accumulate(reversed(self.offsets), min))[::-1]
        )

    def time_ms(self, number: int, later: int = 0) -> int:
        """Return when a sample is shown; later: than decoded, in the track's units."""
        time = (self._times[number] + later) * 1000 // self._track.timescale
        return max(0, time + self._shift_ms)

    def rest_from(self, time_ms: int) -> int:
        """Return the offset from which on all lies that is decoded from a time on."""
        wanted = (time_ms - self._shift_ms) * self._track.timescale
        first = bisect_left(self._times, -(-wanted // 1000))
        if self._is_chunked:  # it is inside the chunk that begins before
            first = max(0, bisect_right(self._times, wanted // 1000) - 1)
        return self.first_of_rest[first] if first < len(self.offsets) else _NEVER

    def beginnings(self) -> Iterator[tuple[int, int]]:
        """Yield (number, time) of the samples that can be begun at."""
        sync = self._rows(b"stss", 1)
        numbers: Iterable[int] = range(len(self.offsets))
        if sync or child(self._window, self._track.tables, b"stss"):
            numbers = (one - 1 for one in sync if 0 < one <= len(self.offsets))
        later = self._later()
        for number in numbers:
            yield number, self.time_ms(number, later[number] if later else 0)

    def _later(self) -> "array[int]":
        """Return how much later than decoded each is shown; nothing: not later."""
        later = array("q")
        for number, offset in _pairs(self._rows(b"ctts", 2)):
            signed = offset - (1 << 32) if offset >> 31 else offset
            left = min(number, len(self.offsets) - len(later))
            later.extend(repeat(signed, left))
        if later:
            later.extend(repeat(0, len(self.offsets) - len(later)))
        return later

    def _decoded(self) -> "array[int]":
        """Return when each sample is decoded."""
        times = array("q")
        begin = 0
        for number, step in _pairs(self._rows(b"stts", 2)):
            left = min(number, len(self.offsets) - len(times))
            times.extend(range(begin, begin + left * step, step) if step else ())
            times.extend(repeat(begin, 0 if step else left))
            begin += left * step
        if len(times) < len(self.offsets):
            raise ProbeError("its tables don't fit together")
        return times

    def _runs(self) -> Iterator[tuple["array[int]", int]]:
        """Yield (chunks, samples in each) of the runs of chunks that are alike."""
        chunks = self._rows(b"stco", 1) or self._rows(b"co64", 1, "Q")
        runs = self._rows(b"stsc", 3)
        begins = [*(max(0, begin - 1) for begin in runs[::3]), len(chunks)]
        for number, in_each in enumerate(runs[1::3]):
            yield chunks[begins[number] : begins[number + 1]], in_each

    def _offsets(self) -> "array[int]":
        sizes = self._rows(b"stsz", 1, start=12)
        offsets = array("Q")
        first = 0
        for chunks, in_each in self._runs():
            for chunk in chunks:
                part = sizes[first : first + in_each]
                if not part:
                    return offsets
                first += len(part)
                offsets.extend(accumulate(part[:-1], initial=chunk))
        return offsets

    def _chunks(self) -> tuple["array[int]", "array[int]"]:
        """Return the offsets of chunks, and when the first sample of each is."""
        steps = self._rows(b"stts", 2)
        if len(steps) != 2:
            raise ProbeError("its samples differ in length")
        offsets, times = array("Q"), array("q")
        first = 0
        for chunks, in_each in self._runs():
            offsets.extend(iter(chunks))  # of 32 or 64 bits
            step = in_each * steps[1]
            times.extend(first + step * number for number in range(len(chunks)))
            first += step * len(chunks)
        return offsets, times

    def _rows(
        self,
        name: bytes,
        columns: int,
        code: Literal["I", "Q"] = "I",
        start: int = 8,
    ) -> "array[int]":
        """Return the numbers of a table, one row after the other; none without one."""
        found: array[int] = array(code)
        box = child(self._window, self._track.tables, name)
        if box is None:
            return found
        row = found.itemsize * columns
        count = _number(self._window, box[0] + start - 4)
        length = min(box[1] - box[0] - start, count * row)
        if length > _MAX_TABLE_BYTES:
            raise ProbeError("its tables are too long")
        data = self._window.get(box[0] + start, max(0, length))
        found.frombytes(data[: len(data) - len(data) % row])
        if sys.byteorder == "little":
            found.byteswap()
        return found


def _sizes_told(window: Window, track: _Track) -> tuple[int, int]:
    """Return the size of all samples, 0 if it differs, and how many there are."""
    box = child(window, track.tables, b"stsz")
    if box is None:
        raise ProbeError("its tables don't tell where samples are")
    return _number(window, box[0] + 4), _number(window, box[0] + 8)


def _pairs(rows: "array[int]") -> Iterator[tuple[int, int]]:
    return zip(rows[::2], rows[1::2], strict=True)


def _shift_ms(window: Window, track: _Track, movie_scale: int) -> int:
    """Return how much later than its own time a track is shown, by its edits."""
    if track.edits is None or not movie_scale:
        return 0
    start, end = track.edits
    long = window.get(start, 1) == b"\1"
    size, none = (8, _NO_MEDIA_64) if long else (4, _NO_MEDIA)
    delay_ms, at = 0, start + 8
    for _ in range(2):  # one that is empty, one that begins later
        if at + 2 * size > end:
            break
        length, media_time = _number(window, at, size), _number(window, at + size, size)
        if media_time != none:
            return delay_ms - media_time * 1000 // track.timescale
        delay_ms += length * 1000 // movie_scale
        at += 2 * size + 4
    return delay_ms


def _places(samples: _Samples, beside: list[_Samples]) -> Iterator[Place]:
    for number, time_ms in samples.beginnings():
        own = samples.first_of_rest[number]
        rest = (one.rest_from(time_ms) for one in beside)
        yield Place(time_ms, min([own, *rest]))
