"""At which byte of a film or a piece of music a time lies, by its own data.

Nothing is estimated: a file whose format doesn't tell it can't be sought by time.
can_seek() looks at little, as it is asked of every film that is read for the
catalog (music: audio.py); table_of() and span_of() are asked once somebody seeks.
"""

from collections.abc import Callable
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.audio_beside import tags_beside
from upnpserver.media.audio_pcm import (
    PLAIN_CODECS,
    Pcm,
    read_au,
    read_wave,
    read_wave64,
)
from upnpserver.media.places import Span, Table
from upnpserver.media.places_flac import flac_span
from upnpserver.media.places_matroska import matroska_table, tells_matroska
from upnpserver.media.places_mp3 import mp3_table
from upnpserver.media.places_mp4 import mp4_table, tells_mp4
from upnpserver.media.places_program import ProgramPlaces
from upnpserver.media.places_transport import TransportPlaces
from upnpserver.media.riff import ReadAt
from upnpserver.media.source import Source
from upnpserver.model import MediaFacts

_MP4: Final = ("mp4", "quicktime", "3gpp", "3gpp2")
_MATROSKA: Final = ("matroska", "webm")
_PLAIN: Final[dict[str, Callable[[ReadAt, int], Pcm]]] = {
    "wav": read_wave,
    "wave64": read_wave64,
    "au": read_au,
}
_STREAMS: Final[dict[str, type[TransportPlaces | ProgramPlaces]]] = {
    "mpegts": TransportPlaces,
    "mpegps": ProgramPlaces,
}
_MAY_TELL: Final[dict[str, Callable[[ReadAt, int], bool]]] = {
    **dict.fromkeys(_MP4, tells_mp4),
    **dict.fromkeys(_MATROSKA, tells_matroska),
}
_TABLES: Final[dict[str, Callable[[ReadAt, int], Table]]] = {
    **dict.fromkeys(_MP4, mp4_table),
    **dict.fromkeys(_MATROSKA, matroska_table),
}


def can_seek(source: Source, facts: MediaFacts) -> bool:
    """Tell whether a time in a film, or in what is read as one, can be found."""
    container, length_ms = facts.container, facts.duration_ms
    if not length_ms:
        return False
    try:
        if container in _STREAMS:
            places = _STREAMS[container](source.read_at, source.size_bytes, length_ms)
            return places.is_steady()
        tells = _MAY_TELL.get(container)
        return tells is not None and tells(source.read_at, source.size_bytes)
    except ProbeError:
        return False


def table_of(source: Source, container: str) -> Table:
    """Return the places of a file; container: one of WITH_TABLE. Raises ProbeError."""
    if container == "mp3":
        beside = tags_beside(source)
        return mp3_table(source.read_at, beside.start, beside.end)
    return _TABLES[container](source.read_at, source.size_bytes)


def span_of(
    source: Source, container: str, length_ms: int, start_ms: int, end_ms: int | None
) -> Span:
    """Return the bytes from one time to another of a file of another format.

    length_ms: how long it plays. Raises ProbeError.
    """
    if container == "flac":
        beside = tags_beside(source)
        bounds = Span(beside.start, beside.end)
        return flac_span(source.read_at, bounds, start_ms, end_ms)
    if container in _STREAMS:
        places = _STREAMS[container](source.read_at, source.size_bytes, length_ms)
        return places.span(start_ms, end_ms)
    if container in _PLAIN:
        pcm = _PLAIN[container](source.read_at, source.size_bytes)
        return _plain_span(pcm, source.size_bytes, start_ms, end_ms)
    raise ProbeError("it can't be sought by time")


def _plain_span(pcm: Pcm, size_bytes: int, start_ms: int, end_ms: int | None) -> Span:
    if pcm.codec not in PLAIN_CODECS or not pcm.sample_rate_hz:
        raise ProbeError("its samples differ in length")
    frame = pcm.bytes_per_s // pcm.sample_rate_hz
    behind = min(pcm.sound_at + pcm.sound_bytes, size_bytes)

    def at(time_ms: int) -> int:
        return min(pcm.sound_at + time_ms * pcm.sample_rate_hz // 1000 * frame, behind)

    start = at(start_ms) if start_ms else 0
    end = size_bytes if end_ms is None else at(end_ms)
    return Span(start, max(end, min(start + frame, size_bytes)))
