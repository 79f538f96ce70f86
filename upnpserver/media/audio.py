"""Music files by mutagen: one class for each format, never its guessing.

(mutagen.File() tries all classes and costs twice as much: 1.1 ms for an MP3.)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from mutagen.aac import AAC
from mutagen.ac3 import AC3
from mutagen.aiff import AIFF
from mutagen.asf import ASF
from mutagen.dsdiff import DSDIFF
from mutagen.dsf import DSF
from mutagen.flac import FLAC
from mutagen.id3 import ID3NoHeaderError
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MPEGInfo
from mutagen.mp4 import MP4
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.smf import SMF
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from upnpserver.dlna.mimes import mime_for
from upnpserver.errors import ProbeError
from upnpserver.media import audio_tags, names
from upnpserver.media.audio_tags import NO_TAGS, Tags
from upnpserver.media.id3 import Id3Texts, read_id3
from upnpserver.media.riff import info_list
from upnpserver.media.signatures import HEAD_BYTES, id3_bytes
from upnpserver.media.source import Source
from upnpserver.model import Kind, MediaFacts

# A tag is read into memory at once; real ones with many pictures stay below.
_MAX_ID3_BYTES: Final = 32 << 20
# mutagen reads a MIDI file whole.
_MAX_MIDI_BYTES: Final = 8 << 20

_LOSSLESS: Final = {"pcm", "flac", "alac", "ape", "wavpack", "tta", "dsd"}
# WAVEFORMATEX tags in a WAV that are not linear PCM; RFC 2361.
_WAV_CODECS: Final = {
    **dict.fromkeys((1, 3, 0xFFFE), "pcm"),
    **dict.fromkeys((2, 0x11), "adpcm"),
    6: "alaw",
    7: "ulaw",
    0x50: "mp2",
    0x55: "mp3",
    0xFF: "aac",
    0x2000: "ac3",
    0x2001: "dts",
}
# In an Ogg file: how a codec's first packet begins, and who reads it.
_OGG_CODECS: Final[tuple[tuple[bytes, str, Any], ...]] = (
    (b"\x01vorbis", "vorbis", OggVorbis),
    (b"OpusHead", "opus", OggOpus),
    (b"\x7fFLAC", "flac", OggFLAC),
    (b"Speex   ", "speex", OggSpeex),
)


@dataclass(frozen=True, slots=True)
class _Sound:
    """What a format's reader found: mutagen's stream info, codec, tags."""

    info: Any
    codec: str
    profile: str = ""
    tags: Tags = NO_TAGS


def read_audio(source: Source, container: str, content_id: str) -> MediaFacts:
    """Return the facts of a file that holds sound only.

    Raises ProbeError if the container is none of READERS, and what mutagen
    raises for a file that it can't read.
    """
    sound = READERS[container](source)
    info = sound.info
    duration_ms = _count(float(getattr(info, "length", 0) or 0) * 1000)
    bitrate_bps = _count(getattr(info, "bitrate", 0))
    if bitrate_bps is None and duration_ms:
        bitrate_bps = source.size_bytes * 8000 // duration_ms
    bits = getattr(info, "bits_per_sample", 0) if sound.codec in _LOSSLESS else 0
    return MediaFacts(
        kind=Kind.AUDIO,
        mime=mime_for(container, Kind.AUDIO),
        content_id=content_id,
        container=container,
        duration_ms=duration_ms,
        bitrate_bps=bitrate_bps,
        sample_rate_hz=_count(getattr(info, "sample_rate", 0)),
        channels=_count(getattr(info, "channels", 0)),
        bits_per_sample=_count(bits),
        audio_codec=sound.codec,
        audio_profile=sound.profile,
        **sound.tags.fields(),
    )


def with_asf_tags(facts: MediaFacts, source: Source) -> MediaFacts:
    """Return facts with the tags of a WMA file, which libmediainfo reads less of."""
    return replace(facts, **audio_tags.from_asf(_open(ASF, source).tags).fields())


def _open(reader: Any, source: Source, **options: Any) -> Any:
    """Return what one of mutagen's classes reads from the file."""
    return reader(source.stream(), **options)


def _count(value: float) -> int | None:
    """Return a positive number as a whole one, None for anything odd."""
    return round(value) if 1 <= value < 1 << 40 else None


def _mpeg(source: Source) -> _Sound:
    tag_bytes = id3_bytes(source.read_at(0, 10))
    info = _open(MPEGInfo, source, offset=tag_bytes)
    return _Sound(
        info, f"mp{info.layer}", f"layer{info.layer}", _id3(source, tag_bytes)
    )


def _id3(source: Source, tag_bytes: int) -> Tags:
    """Return the tags of ID3v2, or of ID3v1 where that says nothing."""
    tags = _id3_of(source, load_v1=False) if tag_bytes else NO_TAGS
    return tags if tags.title or tags.artists else _id3_of(source, load_v1=True)


def _id3_of(source: Source, *, load_v1: bool) -> Tags:
    try:
        return audio_tags.from_id3(read_id3(source.stream(), load_v1=load_v1))
    except ID3NoHeaderError:
        return NO_TAGS


def _frames(tags: Any) -> Tags:
    """Return the tags of ID3 frames that one of mutagen's classes has read."""
    return audio_tags.from_id3(Id3Texts(tags))


def _mp4(source: Source) -> _Sound:
    mp4 = _open(MP4, source)
    codec, profile = names.mp4_codec(mp4.info.codec)
    return _Sound(mp4.info, codec, profile, audio_tags.from_mp4(mp4.tags or {}))


def _flac(source: Source) -> _Sound:
    flac = _open(FLAC, source)
    pictures = [picture.data for picture in flac.pictures]
    tags = audio_tags.from_vorbis(flac.tags or {}, pictures)
    return _Sound(flac.info, "flac", "", tags)


def _ogg(source: Source) -> _Sound:
    head = source.read_at(0, HEAD_BYTES)
    for mark, codec, reader in _OGG_CODECS:
        if mark in head:
            ogg = _open(reader, source)
            return _Sound(ogg.info, codec, "", audio_tags.from_vorbis(ogg.tags))
    raise ProbeError("its sound is in no known codec")


def _wav(source: Source) -> _Sound:
    wav = _open(WAVE, source)
    codec = _WAV_CODECS.get(wav.info.audio_format, "")
    if wav.tags:
        return _Sound(wav.info, codec, "", _frames(wav.tags))
    info = info_list(source.read_at, source.size_bytes)
    return _Sound(wav.info, codec, "", audio_tags.from_riff_info(info))


def _adts(source: Source) -> _Sound:
    aac = _open(AAC, source)
    # At a low rate the frame header can't tell HE-AAC from LC.
    profile = "lc" if aac.info.sample_rate > 24000 else ""
    return _Sound(aac.info, "aac", profile)


def _ac3(source: Source) -> _Sound:
    ac3 = _open(AC3, source)
    return _Sound(ac3.info, "eac3" if ac3.info.codec == "ec-3" else "ac3")


def _midi(source: Source) -> _Sound:
    if source.size_bytes > _MAX_MIDI_BYTES:
        raise ProbeError("it is too large for a MIDI file")
    return _Sound(_open(SMF, source).info, "midi")


def _by_class(
    reader: Any, codec: str, tags_of: Callable[[Any], Tags]
) -> Callable[[Source], _Sound]:
    def read(source: Source) -> _Sound:
        found = _open(reader, source)
        tags = tags_of(found.tags) if found.tags else NO_TAGS
        return _Sound(found.info, codec, "", tags)

    return read


READERS: Final[dict[str, Callable[[Source], _Sound]]] = {
    "mp3": _mpeg,
    "mp4": _mp4,
    "quicktime": _mp4,
    "3gpp": _mp4,
    "3gpp2": _mp4,
    "flac": _flac,
    "ogg": _ogg,
    "wav": _wav,
    "adts": _adts,
    "ac3": _ac3,
    "eac3": _ac3,
    "midi": _midi,
    "aiff": _by_class(AIFF, "pcm", _frames),
    "ape": _by_class(MonkeysAudio, "ape", audio_tags.from_ape),
    "wavpack": _by_class(WavPack, "wavpack", audio_tags.from_ape),
    "musepack": _by_class(Musepack, "musepack", audio_tags.from_ape),
    "tta": _by_class(TrueAudio, "tta", _frames),
    "dsf": _by_class(DSF, "dsd", _frames),
    "dff": _by_class(DSDIFF, "dsd", _frames),
}
