"""Films, and the audio formats that mutagen can't read, by libmediainfo."""

from dataclasses import replace
from typing import Final

from upnpserver.dlna.mimes import mime_for
from upnpserver.errors import ProbeError
from upnpserver.media import streams, text, transport_facts
from upnpserver.media.covers import find_cover
from upnpserver.media.libmediainfo import Analysis, Stream, analysed
from upnpserver.media.seeking import can_seek
from upnpserver.media.signatures import HEAD_BYTES, transport_packets
from upnpserver.media.source import Source
from upnpserver.model import Kind, MediaFacts

# The library's parser for each container.
PARSERS: Final = {
    "mp4": "Mpeg4",
    "quicktime": "Mpeg4",
    "3gpp": "Mpeg4",
    "3gpp2": "Mpeg4",
    "matroska": "Mk",
    "webm": "Mk",
    "avi": "Riff",
    "mpegps": "MpegPs",
    "mpegts": "MpegTs",
    "mpegvideo": "Mpegv",
    "asf": "Wm",
    "flv": "Flv",
    "ogg": "Ogg",
    "realmedia": "Rm",
    "mxf": "Mxf",
    "dv": "DvDif",
    "wtv": "Wtv",
    "truehd": "Ac3",
    "dts": "Dts",
    "au": "Au",
    "amr": "Amr",
}
# Recordings of Windows Media Center, of which the library knows the name only.
_OPAQUE: Final = {"wtv"}
# What programs write that know no date: the beginnings of clocks.
_NO_DATES: Final = ("1970-01-01T00:00:00", "1904-01-01T00:00:00")
_TRANSPORT_PARSERS: Final = {188: "MpegTs", 192: "Bdav", 204: "Tsp"}

# How much of an MPEG-TS is read at its beginning and end: more only while the
# first key frame, which tells the size of the picture, or the last time stamp
# was not among it.
_TRANSPORT_LIMITS: Final = (128 << 10, 1 << 20, 16 << 20)
# An MPEG program stream is read whole up to 16 MiB by the library; its first
# 2 MiB and last 1 MiB hold the same: headers, first and last time stamp.
_PROGRAM_STREAM_SHOWN: Final = 3 << 20

_LIST_SEPARATOR: Final = " / "


def read_video(source: Source, container: str, content_id: str) -> MediaFacts:
    """Return the facts of a film, or of a file of that container with sound only.

    Raises ProbeError if there is neither picture nor sound.
    """
    facts = _read(source, container, content_id)
    return replace(facts, time_seek=True) if can_seek(source, facts) else facts


def _read(source: Source, container: str, content_id: str) -> MediaFacts:
    if container == "mpegts":
        return _read_transport_stream(source, content_id)
    skip = 0
    if container == "mpegps":
        skip = max(0, source.size_bytes - _PROGRAM_STREAM_SHOWN)
    with analysed(source, PARSERS[container], skip=skip) as analysis:
        return _facts(source, container, content_id, analysis)


def _read_transport_stream(source: Source, content_id: str) -> MediaFacts:
    head = source.read_at(0, HEAD_BYTES)
    packets = transport_packets(head)
    if packets is None:
        raise ProbeError("it is no MPEG transport stream")
    sync_offset, packet_size = packets
    facts = transport_facts.read_transport_stream(source, *packets, content_id)
    if facts is None:
        facts = _first_telling(source, packet_size, content_id)
    if packet_size == 192 and _has_time_stamps(head, sync_offset):
        return replace(facts, timestamped=True)
    return facts


def _first_telling(source: Source, packet_size: int, content_id: str) -> MediaFacts:
    """Return the facts of an MPEG-TS by the library, from as few bytes as will do."""
    facts = None
    parser = _TRANSPORT_PARSERS[packet_size]
    for limit in _TRANSPORT_LIMITS:
        with analysed(source, parser, transport_limit_bytes=limit) as analysis:
            if _has_streams(analysis):
                facts = _facts(source, "mpegts", content_id, analysis)
        if limit >= source.size_bytes or (facts and _tells_enough(facts)):
            break
    if facts is None:
        raise ProbeError("neither picture nor sound was found in it")
    mime = mime_for("mpegts", facts.kind, packet_size)
    return replace(facts, packet_size=packet_size, mime=mime)


def _tells_enough(facts: MediaFacts) -> bool:
    return bool(facts.duration_ms and (facts.width or facts.kind is Kind.AUDIO))


def _has_time_stamps(head: bytes, sync_offset: int) -> bool:
    """Return whether the four bytes before any packet of 192 are not all zero."""
    first = (sync_offset - 4) % 192
    return any(any(head[at : at + 4]) for at in range(first, len(head) - 3, 192))


def _has_streams(analysis: Analysis) -> bool:
    """Return whether there is a stream of a known format: a header may lie."""
    return any(analysis.text(kind, "Format") for kind in (Stream.VIDEO, Stream.AUDIO))


def _facts(
    source: Source, container: str, content_id: str, analysis: Analysis
) -> MediaFacts:
    if not _has_streams(analysis) and container not in _OPAQUE:
        raise ProbeError("neither picture nor sound was found in it")
    is_film = analysis.count(Stream.VIDEO) or container in _OPAQUE
    kind = Kind.VIDEO if is_film else Kind.AUDIO
    duration_ms = _duration_ms(analysis)
    fields = streams.sound(analysis)
    if kind is Kind.VIDEO:
        fields |= streams.picture(analysis)
        fields |= _film_tags(analysis)
        fields["tracks"] = streams.tracks(analysis)
        fields["chapters"] = streams.chapters(analysis)
    else:
        fields |= _music_tags(analysis)
    if _tag(analysis, "Cover") or _tag(analysis, "Attachments"):
        cover = find_cover(source.read_at, source.size_bytes, container)
        if cover:
            fields["art_mime"] = cover.mime
            fields["art_offset"], fields["art_length"] = cover.offset, cover.length
    title = _tag(analysis, "Title") or _tag(analysis, "Movie")
    return MediaFacts(
        kind=kind,
        mime=mime_for(container, kind),
        content_id=content_id,
        container=container,
        title=text.one_line(title or _tag(analysis, "Track")),
        date=_date(analysis),
        comment=text.comment(_tag(analysis, "Comment")),
        duration_ms=duration_ms,
        bitrate_bps=source.size_bytes * 8000 // duration_ms if duration_ms else None,
        **fields,
    )


def _date(analysis: Analysis) -> str:
    date = text.date(_tag(analysis, "Recorded_Date"))
    return "" if date.startswith(_NO_DATES) else date


def _duration_ms(analysis: Analysis) -> int | None:
    for stream in (Stream.GENERAL, Stream.VIDEO, Stream.AUDIO):
        milliseconds = analysis.number(stream, "Duration")
        if milliseconds and milliseconds >= 1:
            return round(milliseconds)
    return None


def _film_tags(analysis: Analysis) -> streams.Fields:
    plots = ("LongDescription", "Synopsis", "Description", "Summary")
    plot = next(filter(None, (_tag(analysis, name) for name in plots)), "")
    fields: streams.Fields = {
        "description": text.comment(plot),
        "genres": _names(analysis, "Genre"),
        "directors": _names(analysis, "Director"),
        "actors": _names(analysis, "Actor"),
    }
    season, episode = _tag(analysis, "Season"), text.number(_tag(analysis, "Part"))
    if episode and season.isdecimal():
        fields["series"] = text.one_line(_tag(analysis, "Collection"))
        fields["season"], fields["episode"] = int(season[:4]), episode
    return fields


def _music_tags(analysis: Analysis) -> streams.Fields:
    return {
        "artists": _names(analysis, "Performer"),
        "album_artists": _names(analysis, "Album/Performer"),
        "album": text.one_line(_tag(analysis, "Album"), text.MAX_NAME),
        "genres": _names(analysis, "Genre"),
        "composers": _names(analysis, "Composer"),
        "track": text.number(_tag(analysis, "Track/Position")),
        "disc": text.number(_tag(analysis, "Part/Position")),
    }


def _tag(analysis: Analysis, parameter: str) -> str:
    return analysis.text(Stream.GENERAL, parameter)


def _names(analysis: Analysis, parameter: str) -> tuple[str, ...]:
    return text.names(_tag(analysis, parameter).split(_LIST_SEPARATOR))
