"""Music in MP4 files: the sound track, iTunes' tags and chapters.

Only what is needed is read: no sample tables, and of a cover its first bytes.

Source: ISO/IEC 14496-12 (boxes), 14496-1 section 7.2.6 (descriptors), QuickTime
File Format (ilst, chapter tracks), the "chpl" box of Nero.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.audio_mp4_codec import NO_CODEC, Mp4Codec, read_codec
from upnpserver.media.embedded import Picture
from upnpserver.media.mp4_boxes import Span, boxes, child
from upnpserver.media.riff import ReadAt
from upnpserver.media.window import Window

_MAX_TRACKS: Final = 32
_MAX_TEXT_BYTES: Final = 64 * 1024
_COVER_LOOK: Final = 256
_MAX_CHAPTERS: Final = 400
_MAX_TABLE_BYTES: Final = 64 * 1024

_FREE_FORM: Final = b"----"
_COVER: Final = b"covr"
_PAIRS: Final = {b"trkn", b"disk"}
_NUMBERS: Final = {b"cpil", b"stik", b"gnre", b"pcst"}
_UTF_8, _UTF_16 = 1, 2


@dataclass(frozen=True, slots=True)
class Mp4:
    """A file's sound track and tags.

    tags: by the names of iTunes ("©nam"), and of its free forms ("ARTISTS").
    """

    codec: Mp4Codec = NO_CODEC
    duration_ms: int | None = None
    tags: Mapping[str, list[str]] = field(default_factory=dict)
    covers: tuple[Picture, ...] = ()
    chapters: tuple[tuple[int, str], ...] = ()  # start in milliseconds, title


@dataclass(slots=True)
class _Track:
    number: int = 0
    handler: bytes = b""
    timescale: int = 0
    duration: int = 0
    chapter_track: int = 0
    sample_tables: Span = (0, 0)


def read_mp4(read_at: ReadAt, size_bytes: int) -> Mp4:
    """Return what is told of the first sound track of a file.

    Raises ProbeError if there is none.
    """
    window = Window(read_at, 0, size_bytes)
    movie = child(window, (0, size_bytes), b"moov")
    if movie is None:
        raise ProbeError("it is broken or not complete")
    tracks: list[_Track] = []
    data: Span | None = None
    movie_ms: int | None = None
    for name, start, end in boxes(window, movie):
        if name == b"trak" and len(tracks) < _MAX_TRACKS:
            tracks.append(_track(window, (start, end)))
        elif name == b"udta":
            data = start, end
        elif name == b"mvhd":
            timescale, duration = _times(window.get(start, 32))
            movie_ms = _milliseconds(duration, timescale)
    sound = next((one for one in tracks if one.handler == b"soun"), None)
    if sound is None:
        raise ProbeError("there is no sound in it")
    tags, covers = _tags(window, data) if data else ({}, ())
    chapters = _chapters(window, data, sound, tracks)
    description = child(window, sound.sample_tables, b"stsd")
    return Mp4(
        read_codec(window, *description) if description else NO_CODEC,
        _milliseconds(sound.duration, sound.timescale) or movie_ms,
        tags,
        covers,
        tuple(chapters),
    )


def _track(window: Window, span: Span) -> _Track:
    track = _Track()
    for name, start, end in boxes(window, span):
        if name == b"tkhd":
            data = window.get(start, 24)
            at = 20 if data[:1] == b"\1" else 12  # 64-bit times
            track.number = int.from_bytes(data[at : at + 4], "big")
        elif name == b"tref" and (reference := child(window, (start, end), b"chap")):
            track.chapter_track = int.from_bytes(window.get(reference[0], 4), "big")
        elif name == b"mdia":
            _add_media(window, (start, end), track)
    return track


def _add_media(window: Window, span: Span, track: _Track) -> None:
    for name, start, end in boxes(window, span):
        if name == b"mdhd":
            track.timescale, track.duration = _times(window.get(start, 32))
        elif name == b"hdlr":
            track.handler = window.get(start + 8, 4)
        elif name == b"minf":
            tables = child(window, (start, end), b"stbl")
            track.sample_tables = tables or (0, 0)


def _times(data: bytes) -> tuple[int, int]:
    """Return (units a second, duration) of an mvhd or mdhd box."""
    at, size = (20, 8) if data[:1] == b"\1" else (12, 4)
    duration = int.from_bytes(data[at + 4 : at + 4 + size], "big")
    if duration == (1 << 8 * size) - 1:  # not told
        duration = 0
    return int.from_bytes(data[at : at + 4], "big"), duration


def _milliseconds(duration: int, timescale: int) -> int | None:
    return round(duration * 1000 / timescale) if duration and timescale else None


# Tags -------------------------------------------------------------------------


def _tags(
    window: Window, span: Span
) -> tuple[dict[str, list[str]], tuple[Picture, ...]]:
    meta = child(window, span, b"meta")
    if meta is None:
        return {}, ()
    # iTunes' meta begins with version and flags, QuickTime's does not.
    start = meta[0] if window.get(meta[0] + 4, 4) == b"hdlr" else meta[0] + 4
    found = child(window, (start, meta[1]), b"ilst")
    tags: dict[str, list[str]] = {}
    covers: list[Picture] = []
    for name, *inside in boxes(window, found) if found else ():
        entry = inside[0], inside[1]
        if name == _COVER:
            covers += [
                Picture(window.get(at, min(_COVER_LOOK, end - at)), at, end - at)
                for _, at, end in _values(window, entry)
            ]
            continue
        key = name.decode("latin-1")
        if name == _FREE_FORM:
            where = child(window, entry, b"name")
            key = _text(window, (where[0] + 4, where[1])) if where else ""
        texts = [
            _value(name, kind, window.get(at, min(_MAX_TEXT_BYTES, end - at)))
            for kind, at, end in _values(window, entry)
        ]
        tags.setdefault(key, []).extend(text for text in texts if text)
    return tags, tuple(covers)


def _values(window: Window, span: Span) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, start of content, end) of the data boxes of one entry."""
    for name, start, end in boxes(window, span):
        if name == b"data" and end - start >= 8:
            head = window.get(start, 8)
            yield int.from_bytes(head[1:4], "big"), start + 8, end


def _value(name: bytes, kind: int, data: bytes) -> str:
    if name in _PAIRS:  # number and count, 16 bits each
        return str(int.from_bytes(data[2:4], "big"))
    if name in _NUMBERS:
        return str(int.from_bytes(data[:8], "big"))
    if kind not in {0, _UTF_8, _UTF_16}:
        return ""
    return data.decode("utf-16-be" if kind == _UTF_16 else "utf-8", "replace")


def _text(window: Window, span: Span) -> str:
    return window.get(span[0], min(256, span[1] - span[0])).decode("utf-8", "replace")


# Chapters ---------------------------------------------------------------------


def _chapters(
    window: Window, data: Span | None, sound: _Track, tracks: list[_Track]
) -> Iterator[tuple[int, str]]:
    """Yield (start in milliseconds, title) of QuickTime's chapters, or Nero's."""
    told = False
    for track in tracks:
        if track.number == sound.chapter_track and track.handler in {b"text", b"sbtl"}:
            for chapter in _text_samples(window, track):
                told = True
                yield chapter
    if not told and data and (box := child(window, data, b"chpl")):
        yield from _nero_chapters(window.get(box[0], min(1 << 17, box[1] - box[0])))


def _nero_chapters(box: bytes) -> Iterator[tuple[int, str]]:
    """Yield the chapters of Nero's box: starts in 100 nanoseconds."""
    at = 9 if box[:1] == b"\1" else 5
    for _ in range(box[at - 1] if len(box) >= at else 0):
        if at + 9 > len(box):
            return
        start, length = struct.unpack_from(">QB", box, at)
        title = box[at + 9 : at + 9 + length].decode("utf-8", "replace")
        yield start // 10_000, title
        at += 9 + length


def _text_samples(window: Window, track: _Track) -> Iterator[tuple[int, str]]:
    """Yield start and text of each sample of a text track."""
    if not track.timescale:
        return
    offsets = list(_sample_offsets(window, track.sample_tables))
    start = 0
    for at, duration in zip(
        offsets, _durations(window, track.sample_tables), strict=False
    ):
        length = int.from_bytes(window.get(at, 2), "big")
        raw = window.get(at + 2, length)
        utf_16 = raw[:2] in {b"\xff\xfe", b"\xfe\xff"}
        title = raw.decode("utf-16" if utf_16 else "utf-8", "replace")
        yield start * 1000 // track.timescale, title
        start += duration


def _durations(window: Window, tables: Span) -> Iterator[int]:
    """Yield the durations of the samples. Source: 14496-12 section 8.6.1.2."""
    for count, duration in _table(window, tables, b"stts", ">II"):
        for _ in range(min(count, _MAX_CHAPTERS)):
            yield duration


def _sample_offsets(window: Window, tables: Span) -> Iterator[int]:
    """Yield where the samples are. Source: 14496-12 sections 8.7.2 to 8.7.5."""
    chunks = [at for (at,) in _table(window, tables, b"stco", ">I")]
    chunks = chunks or [at for (at,) in _table(window, tables, b"co64", ">Q")]
    runs = list(_table(window, tables, b"stsc", ">III"))
    sizes = _sample_sizes(window, tables)
    for number, at in enumerate(chunks, start=1):
        in_chunk = next((run[1] for run in reversed(runs) if run[0] <= number), 0)
        for _ in range(min(in_chunk, _MAX_CHAPTERS)):
            yield at
            at += next(sizes, 0)  # noqa: PLW2901 - the next sample of this chunk


def _sample_sizes(window: Window, tables: Span) -> Iterator[int]:
    box = child(window, tables, b"stsz")
    if box and (one_size := int.from_bytes(window.get(box[0] + 4, 4), "big")):
        while True:
            yield one_size
    for (size,) in _table(window, tables, b"stsz", ">I", 12):
        yield size


def _table(
    window: Window, tables: Span, name: bytes, row: str, start: int = 8
) -> Iterator[tuple[int, ...]]:
    """Yield the rows of a sample table that belongs to a chapter track."""
    box = child(window, tables, name)
    if box is None:
        return
    length = min(box[1] - box[0] - start, _MAX_CHAPTERS * struct.calcsize(row))
    data = window.get(box[0] + start, length)
    yield from struct.iter_unpack(row, data[: length - length % struct.calcsize(row)])
