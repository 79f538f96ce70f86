"""One open file -> MediaFacts: what it is by content, then that kind's reader.

Of a film the names of file and folders tell too (naming.py); an NFO file is
read as what it tells of the film beside it (nfo.py), a playlist as what it
names (playlist.py), a cue sheet as the album it tells of (cue.py).

The edge of "one probed file": whatever a parser raises becomes a ProbeError
here, with a reason that a person can act on and without the file's path.
"""

import struct
import zlib
from collections.abc import Mapping
from typing import Final

from mutagen import MutagenError

from upnpserver.errors import ProbeError
from upnpserver.media import audio, cue, nfo, picture, playlist, video
from upnpserver.media.cue import facts_of, read_cue
from upnpserver.media.embedded import with_size
from upnpserver.media.identity import content_id
from upnpserver.media.nfo import read_nfo
from upnpserver.media.playlist import read_playlist
from upnpserver.media.sidecars import role_of
from upnpserver.media.signatures import HEAD_BYTES, id3_bytes, recognise
from upnpserver.media.source import Source, open_source
from upnpserver.model import Kind, MediaFacts, Role

# Brands of MP4 files that hold sound only (registered at mp4ra.org).
_AUDIO_BRANDS: Final = {b"M4A ", b"M4B ", b"M4P "}
_OGG_FILMS: Final = (b"\x80theora", b"\x01video\0\0\0", b"BBCD\0", b"OVP80")
# What the parsers raise on purpose; anything else is told by its name.
_BROKEN: Final = (MutagenError, SyntaxError, OSError, struct.error, zlib.error)
_REASONS: Final[Mapping[type[Exception], str]] = {
    RecursionError: "its parts are nested too deeply",
    EOFError: "it ends too early",
}


def probe(fd: int, path: str) -> MediaFacts:
    """Return the facts of an open regular file.

    path: its own below its library, of which the last parts will do; "/" parts
    its names. Facts of what lies beside media have no MIME name and no content
    id.

    Raises ProbeError, and MemoryError if the file needs too much of it.
    """
    name = path.rpartition("/")[2]
    try:
        source = open_source(fd, name)
        match role_of(name.encode("utf-8", "replace")):
            case Role.NFO:
                return read_nfo(_text(source, nfo.MAX_BYTES))
            case Role.CUE:
                return facts_of(read_cue(_text(source, cue.MAX_BYTES)))
            case Role.PLAYLIST:
                content = _text(source, playlist.MAX_BYTES)
                return read_playlist(content, source.extension)
            case _:
                facts = _named(_probe(source), path)
                return with_size(facts, source.read_at) if facts.art_length else facts
    except (ProbeError, MemoryError):
        raise
    # Parsers raise anything on broken files: struct.error, KeyError, zlib.error...
    except Exception as error:
        raise ProbeError(_reason(error)) from error


def _named(facts: MediaFacts, path: str) -> MediaFacts:
    """Return a film's facts with what its names tell, others' as they are."""
    if facts.kind is not Kind.VIDEO:
        return facts
    # With the first film: its patterns take longer to load than 20 songs to read.
    from upnpserver.media.naming import named  # noqa: PLC0415

    return named(facts, path)


def _text(source: Source, max_bytes: int) -> bytes:
    """Return a file's content, one byte more than allowed if it is too long."""
    if source.size_bytes == 0:
        raise ProbeError("it is empty")
    return source.read_at(0, max_bytes + 1)


def _probe(source: Source) -> MediaFacts:
    if source.size_bytes == 0:
        raise ProbeError("it is empty")
    head = source.read_at(0, HEAD_BYTES)
    tag_bytes = id3_bytes(head)
    first = source.read_at(tag_bytes, HEAD_BYTES) if tag_bytes else head
    container = _container(first, source, tagged=bool(tag_bytes))
    identity = content_id(source.read_at, source.size_bytes, container)
    if container in picture.READERS:
        return picture.read_picture(source, container, identity)
    if container in video.PARSERS and not _is_music(container, head):
        facts = video.read_video(source, container, identity)
        return _with_better_tags(facts, source)
    try:
        return audio.read_audio(source, container, identity)
    except (MutagenError, ProbeError):
        if container not in video.PARSERS:
            raise
        # What is broken for the one may still have something to tell the other.
        return video.read_video(source, container, identity)


def _container(first: bytes, source: Source, *, tagged: bool) -> str:
    try:
        return recognise(first, source.extension)
    except ProbeError:
        if tagged:  # nothing but MPEG audio has rubbish between tag and frames
            return "mp3"
        raise


def _is_music(container: str, head: bytes) -> bool:
    """Return whether mutagen is asked at once, without looking for pictures."""
    if container == "mp4":
        return head[8:12] in _AUDIO_BRANDS
    if container == "ogg":
        return not any(mark in head for mark in _OGG_FILMS)
    return False


def _with_better_tags(facts: MediaFacts, source: Source) -> MediaFacts:
    """Return facts with mutagen's tags where the file turned out to be music."""
    if facts.kind is Kind.AUDIO and facts.container == "asf":
        return audio.with_asf_tags(facts, source)
    if facts.kind is Kind.AUDIO and facts.container in audio.READERS:
        return audio.read_audio(source, facts.container, facts.content_id)
    return facts


def _reason(error: Exception) -> str:
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return reason
    if isinstance(error, _BROKEN):
        return "it is broken or not complete"
    return f"it is broken ({type(error).__name__})"
