"""What libmediainfo tells of the streams in a film -> fields of MediaFacts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from upnpserver.media import names, text
from upnpserver.media.languages import language_tag
from upnpserver.media.libmediainfo import Analysis, Stream
from upnpserver.model import Chapter, Track

MAX_TRACKS: Final = 64
_MAX_TITLE: Final = 64
_MAX_TITLES_TOTAL: Final = 512  # keeps a child's answer below 64 KiB
_MAX_CHAPTERS: Final = 500
_MAX_SIDE: Final = 65535

_INTERLACED: Final = {"Interlaced", "MBAFF", "PAFF", "Mixed"}
# Codecs of which bits a sample are a fact, not the decoder's choice.
_LOSSLESS: Final = {"pcm", "flac", "alac", "truehd", "mlp", "wmalossless"}
_TIME: Final = re.compile(r"(\d{2,4}):([0-5]\d):([0-5]\d)\.(\d{3})", re.ASCII)
# Matroska's chapters have a language before their titles: "en:Opening".
_LANGUAGE_BEFORE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*:", re.ASCII)


Fields = dict[str, Any]  # of MediaFacts: cheaper than replace() for each part


def sound(analysis: Analysis) -> Fields:
    """Return the form of the first sound, nothing if there is none."""
    if not analysis.count(Stream.AUDIO):
        return {}
    codec, profile = _audio_codec(analysis, 0)
    bits = _whole(analysis, Stream.AUDIO, "BitDepth", 64)
    return {
        "audio_codec": codec,
        "audio_profile": profile,
        "sample_rate_hz": _whole(analysis, Stream.AUDIO, "SamplingRate", 1 << 24),
        "channels": _whole(analysis, Stream.AUDIO, "Channel(s)", 255),
        "bits_per_sample": bits if codec in _LOSSLESS else None,
    }


def _audio_codec(analysis: Analysis, index: int) -> tuple[str, str]:
    profile = analysis.text(Stream.AUDIO, "Format_Profile", index)
    codec = names.audio_codec(
        analysis.text(Stream.AUDIO, "Format", index),
        profile,
        analysis.text(Stream.AUDIO, "CodecID", index),
    )
    features = analysis.text(Stream.AUDIO, "Format_AdditionalFeatures", index)
    return codec, names.audio_profile(codec, profile, features)


def picture(analysis: Analysis) -> Fields:
    """Return the form of the first moving picture."""
    codec = names.video_codec(
        analysis.text(Stream.VIDEO, "Format"),
        analysis.text(Stream.VIDEO, "Format_Version"),
        analysis.text(Stream.VIDEO, "CodecID"),
    )
    profile, level = names.video_profile(
        codec, analysis.text(Stream.VIDEO, "Format_Profile")
    )
    frames_per_s = analysis.number(Stream.VIDEO, "FrameRate")
    return {
        "width": _whole(analysis, Stream.VIDEO, "Width", _MAX_SIDE),
        "height": _whole(analysis, Stream.VIDEO, "Height", _MAX_SIDE),
        "video_codec": codec,
        "video_profile": profile,
        "video_level": level,
        "frame_rate_mhz": round(frames_per_s * 1000) if frames_per_s else None,
        "interlaced": analysis.text(Stream.VIDEO, "ScanType") in _INTERLACED,
    }


def tracks(analysis: Analysis) -> tuple[Track, ...]:
    """Return a film's tracks of sound, then those of subtitles."""
    found = (*_audio_tracks(analysis), *_subtitle_tracks(analysis))
    left = _MAX_TITLES_TOTAL
    bounded = []
    for track in found[:MAX_TRACKS]:
        if len(track.title) > left:
            track = replace(track, title="")  # noqa: PLW2901
        left -= len(track.title)
        bounded.append(track)
    return tuple(bounded)


def chapters(analysis: Analysis) -> tuple[Chapter, ...]:
    """Return the chapters that the file's first menu tells."""
    return text.chapters(_chapters(analysis))


def _audio_tracks(analysis: Analysis) -> Iterator[Track]:
    for index in range(min(analysis.count(Stream.AUDIO), MAX_TRACKS)):
        codec, _ = _audio_codec(analysis, index)
        channels = _whole(analysis, Stream.AUDIO, "Channel(s)", 255, index)
        about = _about(analysis, Stream.AUDIO, index)
        yield Track("audio", codec, channels=channels, **about)


def _subtitle_tracks(analysis: Analysis) -> Iterator[Track]:
    for index in range(min(analysis.count(Stream.TEXT), MAX_TRACKS)):
        codec = names.subtitle_codec(
            analysis.text(Stream.TEXT, "Format", index),
            analysis.text(Stream.TEXT, "CodecID", index),
        )
        yield Track("subtitle", codec, **_about(analysis, Stream.TEXT, index))


def _about(analysis: Analysis, stream: Stream, index: int) -> Fields:
    return {
        "language": language_tag(analysis.text(stream, "Language", index)),
        "title": text.one_line(analysis.text(stream, "Title", index), _MAX_TITLE),
        "default": analysis.text(stream, "Default", index) == "Yes",
        "forced": analysis.text(stream, "Forced", index) == "Yes",
    }


def _chapters(analysis: Analysis) -> Iterator[tuple[int, str]]:
    for time, title in analysis.menu(_MAX_CHAPTERS):
        found = _TIME.fullmatch(time)
        if found is not None:
            hours, minutes, seconds, milliseconds = map(int, found.groups())
            start_ms = ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
            language = _LANGUAGE_BEFORE.match(title)
            yield start_ms, title[language.end() :] if language else title


def _whole(
    analysis: Analysis, stream: Stream, parameter: str, largest: int, index: int = 0
) -> int | None:
    """Return a positive whole number up to largest, None for anything else."""
    value = analysis.number(stream, parameter, index)
    return int(value) if value is not None and 1 <= value <= largest else None
