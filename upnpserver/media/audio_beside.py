"""The tags that stand before and behind the sound of frame-by-frame formats.

ID3v2 before; APEv2 and ID3v1 behind. The first that names a song counts:
ID3v2, then APEv2, then ID3v1, whose texts end after 30 letters. What the first
leaves open, ID3v1 may tell.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from mutagen import MutagenError
from mutagen.apev2 import APEv2

from upnpserver.media.audio_tag_formats import from_ape, from_id3
from upnpserver.media.audio_tags import NO_TAGS, Tags
from upnpserver.media.id3 import V1_BYTES, read_id3v1, read_id3v2
from upnpserver.media.signatures import id3_bytes
from upnpserver.media.source import Source

_MAX_LEADING: Final = 4  # Windows Media Player stacked tags
_APE_MARK: Final = b"APETAGEX"
_APE_FOOTER_BYTES: Final = 32
_NOT_CHOSEN: Final = "0"  # "Blues": what programs write that know no genre
_OLD_FIELDS: Final = ("title", "artists", "album", "date", "track", "genres")


@dataclass(frozen=True, slots=True)
class Beside:
    """Where the sound begins and ends, and what is beside it."""

    source: Source
    start: int
    end: int
    tail: bytes  # the last bytes of the file

    def tags(self) -> Tags:
        """Return the tags of the best kind there is."""
        found = id3_tags(self.source, 0) if self.start else NO_TAGS
        if not _names_a_song(found) and _APE_MARK in self.tail:
            found = _ape_behind(self.source) or found
        open_fields = [name for name in _OLD_FIELDS if not getattr(found, name)]
        if open_fields and (old := read_id3v1(self.tail[-V1_BYTES:])):
            told = from_id3(old)
            if not _names_a_song(found):
                return told
            if old.texts("TCON") == [_NOT_CHOSEN]:
                told = replace(told, genres=())
            found = replace(found, **{one: getattr(told, one) for one in open_fields})
        return found


def tags_beside(source: Source) -> Beside:
    """Return the span between the tags of a file."""
    start = 0
    for _ in range(_MAX_LEADING):
        length = id3_bytes(source.read_at(start, 10))
        if not length:
            break
        start += length
    wanted = V1_BYTES + _APE_FOOTER_BYTES
    tail = source.read_at(max(0, source.size_bytes - wanted), wanted)
    old = len(tail) >= V1_BYTES and tail[-V1_BYTES:].startswith(b"TAG")
    return Beside(source, start, source.size_bytes - (V1_BYTES if old else 0), tail)


def id3_tags(source: Source, at: int) -> Tags:
    """Return the tags of the ID3v2 tag that begins at an offset, if any."""
    tag = read_id3v2(source.read_at, at)
    return from_id3(tag) if tag else NO_TAGS


def _names_a_song(tags: Tags) -> bool:
    return bool(tags.title or tags.artists)


def _ape_behind(source: Source) -> Tags | None:
    reader: Any = APEv2
    try:
        return from_ape(reader(source.stream()), source.find_behind)
    except MutagenError:
        return None
