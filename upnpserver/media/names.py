"""The words for codecs and profiles that MediaFacts uses, as one table.

Other parts (DLNA profiles, device rules) compare these words; what MediaInfo
and mutagen call the same thing is written only here. A codec that the table
does not know gets its own name in lower case, without blanks and signs.

Video codecs: h264 hevc vvc av1 vp8 vp9 mpeg1 mpeg2 mpeg4 h263 theora mjpeg dv
wmv1 wmv2 wmv3 (VC-1 of simple and main profile) vc1 (advanced profile) ...
Audio codecs: mp1 mp2 mp3 aac ac3 eac3 ac4 dts truehd flac alac pcm vorbis opus
speex wma (1 and 2) wmapro wmalossless amr ...
Video profiles: "baseline" "constrained baseline" "main" "high" "main 10"
"simple" "advanced simple" "advanced" ... Audio profiles: AAC "lc" "he" "hev2"
"main" "ltp"; MPEG audio "layer1" "layer2" "layer3"; DTS "hd", "ma", "express".
Subtitle codecs: srt ass ssa webvtt tx3g pgs vobsub dvbsub teletext cea608 ...
"""

import re

_VIDEO = {
    "avc": "h264",
    "mpeg-4 visual": "mpeg4",
    "s-mpeg 4 v1": "msmpeg4v1",
    "s-mpeg 4 v2": "msmpeg4v2",
    "s-mpeg 4 v3": "msmpeg4v3",
    "vc-1": "vc1",
    "sorenson spark": "flv1",
    "h.263": "h263",
    "jpeg": "mjpeg",
    "jpeg 2000": "jpeg2000",
}
_AUDIO = {
    "ac-3": "ac3",
    "e-ac-3": "eac3",
    "e-ac-3 joc": "eac3",
    "ac-4": "ac4",
    "mlp fba": "truehd",
    "mlp": "mlp",
    "mpeg audio": "mp3",
    "pcm": "pcm",
    "dts": "dts",
    "dts xll": "dts",
    "wma pro": "wmapro",
    "wma lossless": "wmalossless",
    "wma voice": "wmavoice",
    "monkey's audio": "ape",
    "amr nb": "amr",
    "amr wb": "amr-wb",
}
_SUBTITLES = {
    "utf-8": "srt",
    "subrip": "srt",
    "timed text": "tx3g",
    "eia-608": "cea608",
    "eia-708": "cea708",
    "dvb subtitle": "dvbsub",
    "teletext subtitle": "teletext",
    "rle": "vobsub",
}
# Format tags of WAVEFORMATEX, by which ASF names its codecs: MediaInfo's CodecID.
_WMA_TAGS = {"162": "wmapro", "163": "wmalossless"}
_AAC_OBJECTS = {
    "1": "main",
    "2": "lc",
    "4": "ltp",
    "5": "he",
    "29": "hev2",
    "42": "xhe",
}
_MP4_CODECS = {"mp4a": "aac", "ac-3": "ac3", "ec-3": "eac3", "dtsc": "dts"}
_MP4_OBJECTS = {"69": "mp3", "6b": "mp3", "a5": "ac3", "a6": "eac3", "a9": "dts"}

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_NOT_PROFILE = re.compile(r"[^a-z0-9.]+")
_LEVEL = re.compile(r"L?([1-9])(?:\.([0-9]))?", re.ASCII)


def video_codec(video_format: str, version: str = "", codec_id: str = "") -> str:
    """Return the word for MediaInfo's Format, Format_Version and CodecID."""
    name = video_format.lower()
    if name == "mpeg video":
        return "mpeg1" if version.endswith("1") else "mpeg2"
    if name == "vc-1" and codec_id == "WMV3":
        return "wmv3"  # simple and main profile, in DLNA another family
    return _VIDEO.get(name) or _word(name)


def audio_codec(audio_format: str, profile: str = "", codec_id: str = "") -> str:
    """Return the word for MediaInfo's Format, Format_Profile and CodecID."""
    name = audio_format.lower()
    if name == "mpeg audio" and profile[-1:] in {"1", "2"}:
        return f"mp{profile[-1:]}"
    if name == "wma":
        return _WMA_TAGS.get(codec_id, "wma")
    return _AUDIO.get(name) or _word(name)


def subtitle_codec(text_format: str, codec_id: str = "") -> str:
    """Return the word for MediaInfo's Format and CodecID of a text stream."""
    if codec_id == "S_TEXT/WEBVTT" or codec_id.startswith("D_WEBVTT"):
        return "webvtt"
    name = text_format.lower()
    return _SUBTITLES.get(name) or _word(name)


def audio_profile(codec: str, profile: str, features: str) -> str:
    """Return the word for Format_Profile and Format_AdditionalFeatures."""
    if codec == "aac":
        parts = features.upper().split()
        if "PS" in parts:
            return "hev2"
        if "SBR" in parts:
            return "he"
        return _word(parts[0]) if parts else ""
    if codec in {"mp1", "mp2", "mp3"}:
        return f"layer{codec[-1]}"
    if codec == "dts":
        return _dts_profile(f"{profile} {features}".upper())
    return ""


def _dts_profile(features: str) -> str:
    words = features.replace("/", " ").split()
    if "XLL" in words or "MA" in words:
        return "ma"
    if "LBR" in words or "EXPRESS" in words:
        return "express"
    return "hd" if "XBR" in words or "HRA" in words else ""


def mp4_codec(codec: str) -> tuple[str, str]:
    """Return (codec, profile) for "mp4a.40.2", "alac", "ac-3" (RFC 6381)."""
    entry, _, objects = codec.lower().partition(".")
    object_type, _, aac_object = objects.partition(".")
    if object_type in _MP4_OBJECTS:
        return _MP4_OBJECTS[object_type], ""
    name = _MP4_CODECS.get(entry) or _word(entry)
    return name, _AAC_OBJECTS.get(aac_object, "") if name == "aac" else ""


def video_profile(codec: str, text: str) -> tuple[str, int | None]:
    """Return (profile, level times 10) of MediaInfo's Format_Profile.

    "High@L4.1" is ("high", 41), "Main 10@L5@Main" ("main 10", 50),
    "Main@Main" ("main", None): MPEG-2 names its levels by words.
    """
    profile, _, rest = text.partition("@")
    words = _NOT_PROFILE.sub(" ", profile.lower()).strip()[:32]
    found = _LEVEL.fullmatch(rest.partition("@")[0].strip())
    if found is None or codec in {"mpeg1", "mpeg2"}:
        return words, None
    return words, int(found[1]) * 10 + int(found[2] or 0)


def _word(name: str) -> str:
    """Return an unknown name in the form of the known ones, at most 24 long."""
    return _NOT_WORD.sub("", name.lower())[:24]
