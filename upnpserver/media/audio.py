"""Music files: each container by its own reader, never by guessing.

What most libraries are made of (MP3, FLAC, MP4, Ogg, WAV) is read by this package;
the rest by mutagen, one class for each format. (mutagen.File() tries all
classes, and turns all of each tag into objects that can be written back.)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from mutagen.aac import AAC
from mutagen.ac3 import AC3
from mutagen.aiff import AIFF
from mutagen.asf import ASF
from mutagen.dsdiff import DSDIFF
from mutagen.dsf import DSF
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.musepack import Musepack
from mutagen.optimfrog import OptimFROG
from mutagen.smf import SMF
from mutagen.tak import TAK
from mutagen.trueaudio import TrueAudio
from mutagen.wavpack import WavPack

from upnpserver.dlna.mimes import mime_for
from upnpserver.errors import ProbeError
from upnpserver.media import audio_tag_formats as tag_formats
from upnpserver.media.audio_beside import id3_tags, tags_beside
from upnpserver.media.audio_caf import read_caf
from upnpserver.media.audio_flac import read_flac
from upnpserver.media.audio_mp4 import read_mp4
from upnpserver.media.audio_mpeg import read_mpeg_audio
from upnpserver.media.audio_ogg import read_ogg
from upnpserver.media.audio_pcm import (
    PLAIN_CODECS,
    Pcm,
    read_au,
    read_wave,
    read_wave64,
)
from upnpserver.media.audio_tags import NO_TAGS, Tags
from upnpserver.media.places_mp4 import tells_mp4
from upnpserver.media.riff import chunks
from upnpserver.media.source import Source
from upnpserver.model import Kind, MediaFacts

# mutagen reads a MIDI file whole.
_MAX_MIDI_BYTES: Final = 8 << 20
_MAX_DFF_CHUNKS: Final = 64

# Codecs of which bits a sample are a fact, not the decoder's choice.
_LOSSLESS: Final = {
    *("pcm", "flac", "alac", "ape", "wavpack", "tta", "tak", "ofr", "dsd", "dst"),
}
_AUDIOBOOK_BRAND: Final = b"ftypM4B "
_NUMBERS: Final = (
    *("duration_ms", "bitrate_bps", "sample_rate_hz", "channels", "bits_per_sample"),
)


@dataclass(frozen=True, slots=True)
class _Sound:
    """What a format's reader found. None or 0: not told."""

    codec: str
    profile: str = ""
    duration_ms: float | None = None
    bitrate_bps: float | None = None
    sample_rate_hz: float | None = None
    channels: int | None = None
    bits_per_sample: int | None = None
    tags: Tags = NO_TAGS
    can_seek: bool = False  # its places can be told: see seeking.py


def read_audio(source: Source, container: str, content_id: str) -> MediaFacts:
    """Return the facts of a file that holds sound only.

    Raises ProbeError if the container is none of READERS, and what mutagen
    raises for a file that it can't read.
    """
    sound = READERS[container](source)
    duration_ms = _count(sound.duration_ms)
    bitrate_bps = _count(sound.bitrate_bps)
    if bitrate_bps is None and duration_ms:
        bitrate_bps = source.size_bytes * 8000 // duration_ms
    lossless = sound.codec in _LOSSLESS
    tags = sound.tags
    if tags.art_offset + tags.art_length > source.size_bytes:
        tags = replace(tags, art_offset=0, art_length=0)
    return MediaFacts(
        kind=Kind.AUDIO,
        mime=mime_for(container, Kind.AUDIO),
        content_id=content_id,
        container=container,
        duration_ms=duration_ms,
        bitrate_bps=bitrate_bps,
        sample_rate_hz=_count(sound.sample_rate_hz),
        channels=_count(sound.channels),
        bits_per_sample=_count(sound.bits_per_sample) if lossless else None,
        audio_codec=sound.codec,
        audio_profile=sound.profile,
        time_seek=sound.can_seek and duration_ms is not None,
        **tags.fields(),
    )


def with_asf_tags(facts: MediaFacts, source: Source) -> MediaFacts:
    """Return facts with the tags of a WMA file, which libmediainfo reads less of."""
    tags = tag_formats.from_asf(_open(ASF, source).tags, source.find_before)
    return replace(facts, **tags.fields())


def _count(value: float | None) -> int | None:
    """Return a positive number as a whole one, None for anything odd."""
    return round(value) if value is not None and 1 <= value < 1 << 40 else None


# Formats that this package reads ----------------------------------------------


def _mpeg(source: Source) -> _Sound:
    beside = tags_beside(source)
    sound = read_mpeg_audio(source.read_at, beside.start, beside.end)
    layer = sound.layer
    told = {"profile": f"layer{layer}", "can_seek": sound.is_exact}
    return _sound(sound, f"mp{layer}", beside.tags(), **told)


def _flac(source: Source) -> _Sound:
    beside = tags_beside(source)
    flac = read_flac(source.read_at, beside.start)
    tags = tag_formats.from_vorbis(flac.comments, flac.pictures)
    if not (tags.title or tags.artists):
        tags = beside.tags()
    hz = flac.sample_rate_hz
    duration_ms = flac.samples * 1000 / hz if hz else 0
    sound_bytes = beside.end - flac.sound_at
    bitrate_bps = sound_bytes * 8000 / duration_ms if duration_ms else None
    told = {"duration_ms": duration_ms, "bitrate_bps": bitrate_bps}
    return _sound(flac, "flac", tags, **told, can_seek=bool(duration_ms))


def _mp4(source: Source) -> _Sound:
    mp4 = read_mp4(source.read_at, source.size_bytes)
    tags = tag_formats.from_mp4(mp4)
    if source.extension == "m4b" or source.read_at(4, 8) == _AUDIOBOOK_BRAND:
        tags = replace(tags, audiobook=True)
    codec = mp4.codec
    told = {"profile": codec.profile, "duration_ms": mp4.duration_ms}
    can_seek = tells_mp4(source.read_at, source.size_bytes)
    return _sound(codec, codec.codec, tags, **told, can_seek=can_seek)


def _ogg(source: Source) -> _Sound:
    ogg = read_ogg(source.read_at, source.size_bytes)
    return _sound(ogg, ogg.codec, tag_formats.from_vorbis(ogg.comments))


def _wave(source: Source) -> _Sound:
    wave = read_wave(source.read_at, source.size_bytes)
    tags = id3_tags(source, wave.id3_at) if wave.id3_at else NO_TAGS
    if tags == NO_TAGS:
        tags = tag_formats.from_riff_info(wave.info)
    return _plain(wave, tags)


def _wave64(source: Source) -> _Sound:
    wave = read_wave64(source.read_at, source.size_bytes)
    return _plain(wave, NO_TAGS)


def _au(source: Source) -> _Sound:
    au = read_au(source.read_at, source.size_bytes)
    return _plain(au, NO_TAGS)


def _caf(source: Source) -> _Sound:
    caf = read_caf(source.read_at, source.size_bytes)
    return _sound(caf, caf.codec, tag_formats.from_vorbis(caf.info))


def _plain(pcm: Pcm, tags: Tags) -> _Sound:
    return _sound(pcm, pcm.codec, tags, can_seek=pcm.codec in PLAIN_CODECS)


def _sound(found: Any, codec: str, tags: Tags, **told: Any) -> _Sound:
    """Return a sound with the numbers that a reader found; told: better ones."""
    numbers = {name: getattr(found, name, None) for name in _NUMBERS}
    return _Sound(codec=codec, tags=tags, **{**numbers, **told})


# Formats that mutagen reads ---------------------------------------------------


def _open(reader: Any, source: Source) -> Any:
    """Return what one of mutagen's classes reads from the file."""
    return reader(source.stream())


def _by_mutagen(info: Any, codec: str, tags: Tags, profile: str = "") -> _Sound:
    """Return the sound that one of mutagen's StreamInfo classes tells of."""
    return _sound(
        info,
        codec,
        tags,
        profile=profile,
        duration_ms=float(getattr(info, "length", 0) or 0) * 1000,
        bitrate_bps=getattr(info, "bitrate", 0),
        sample_rate_hz=getattr(info, "sample_rate", 0),
    )


def _aac(source: Source) -> _Sound:
    aac = _open(AAC, source)
    # At a low rate the frame header can't tell HE-AAC from LC.
    profile = "lc" if aac.info.sample_rate > 24000 else ""
    return _by_mutagen(aac.info, "aac", tags_beside(source).tags(), profile)


def _ac3(source: Source) -> _Sound:
    ac3 = _open(AC3, source)
    codec = "eac3" if ac3.info.codec == "ec-3" else "ac3"
    return _by_mutagen(ac3.info, codec, tags_beside(source).tags())


def _aiff(source: Source) -> _Sound:
    aiff = _open(AIFF, source)
    found = chunks(source.read_at, 12, source.size_bytes, "big")
    at = next((start for name, start, _ in found if name == b"ID3 "), 0)
    tags = id3_tags(source, at) if at else NO_TAGS
    return _by_mutagen(aiff.info, _aiff_codec(source), tags)


# Compression types of AIFF-C that are not linear PCM.
_AIFC_CODECS: Final = {
    b"ulaw": "ulaw",
    b"ULAW": "ulaw",
    b"alaw": "alaw",
    b"ALAW": "alaw",
    b"ima4": "adpcm",
    b"MAC3": "mace",
    b"MAC6": "mace",
    b"GSM ": "gsm",
}


def _aiff_codec(source: Source) -> str:
    if source.read_at(8, 4) == b"AIFF":
        return "pcm"
    for name, start, _ in chunks(source.read_at, 12, source.size_bytes, "big"):
        if name == b"COMM":
            return _AIFC_CODECS.get(source.read_at(start + 18, 4), "pcm")
    return ""


def _dsf(source: Source) -> _Sound:
    dsf = _open(DSF, source)
    at = int.from_bytes(source.read_at(20, 8), "little")
    return _by_mutagen(dsf.info, "dsd", id3_tags(source, at) if at else NO_TAGS)


def _dff(source: Source) -> _Sound:
    dff = _open(DSDIFF, source)
    found = dict(_dff_chunks(source))
    tags = id3_tags(source, found[b"ID3 "]) if b"ID3 " in found else NO_TAGS
    if b"DST " not in found:
        return _by_mutagen(dff.info, "dsd", tags)
    # Compressed: the first chunk inside counts the frames, 75 a second.
    counted = source.read_at(found[b"DST "] + 12, 6)
    frames, rate = (
        int.from_bytes(counted[:4], "big"),
        int.from_bytes(counted[4:], "big"),
    )
    sound = _by_mutagen(dff.info, "dst", tags)
    return replace(sound, duration_ms=frames * 1000 / rate if rate else None)


def _dff_chunks(source: Source) -> Iterator[tuple[bytes, int]]:
    """Yield (name, start) of a DFF file's chunks.

    Source: DSDIFF 1.5 section 3: lengths of 64 bits, even offsets.
    """
    at = 16
    for _ in range(_MAX_DFF_CHUNKS):
        header = source.read_at(at, 12)
        if len(header) < 12:
            return
        length = int.from_bytes(header[4:], "big")
        at += 12
        yield header[:4], at
        at += length + length % 2


def _midi(source: Source) -> _Sound:
    if source.size_bytes > _MAX_MIDI_BYTES:
        raise ProbeError("it is too large for a MIDI file")
    return _by_mutagen(_open(SMF, source).info, "midi", NO_TAGS)


def _tta(source: Source) -> _Sound:
    info = _open(TrueAudio, source).info
    beside = tags_beside(source)
    header = source.read_at(beside.start, 10)  # "TTA1", format, channels, bits
    sound = _by_mutagen(info, "tta", beside.tags())
    return replace(sound, channels=header[6], bits_per_sample=header[8])


def _with_ape_tags(reader: Any, codec: str) -> Callable[[Source], _Sound]:
    """Return a reader of a format that has APEv2 tags, or else ID3."""

    def read(source: Source) -> _Sound:
        found = _open(reader, source)
        tags = (
            tag_formats.from_ape(found.tags, source.find_behind)
            if found.tags
            else tags_beside(source).tags()
        )
        return _by_mutagen(found.info, codec, tags)

    return read


READERS: Final[dict[str, Callable[[Source], _Sound]]] = {
    "mp3": _mpeg,
    "mp4": _mp4,
    "quicktime": _mp4,
    "3gpp": _mp4,
    "3gpp2": _mp4,
    "flac": _flac,
    "ogg": _ogg,
    "wav": _wave,
    "wave64": _wave64,
    "au": _au,
    "caf": _caf,
    "adts": _aac,
    "adif": _aac,
    "ac3": _ac3,
    "eac3": _ac3,
    "midi": _midi,
    "aiff": _aiff,
    "ape": _with_ape_tags(MonkeysAudio, "ape"),
    "wavpack": _with_ape_tags(WavPack, "wavpack"),
    "musepack": _with_ape_tags(Musepack, "musepack"),
    "tak": _with_ape_tags(TAK, "tak"),
    "ofr": _with_ape_tags(OptimFROG, "ofr"),
    "tta": _tta,
    "dsf": _dsf,
    "dff": _dff,
}
