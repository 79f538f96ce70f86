"""What a device gets instead of what it can't play, by its rules. Pure.

The rules are data, Needs.instead, in the files of devices/:

    "music flac" = "lpcm"       a piece of music coded as FLAC comes as LPCM
    "film matroska" = "mpegts"  a film in a Matroska file is put into another container
    "sound dts" = "ac3"         the sound of a film, of this codec, is coded anew
    "picture hevc" = "h264"     the picture of a film is; "picture h264 high 10": of
                                this profile only

The first word alone ("music") holds for all of its kind, an empty value for none. The
names of containers, codecs and profiles are those of model.MediaFacts. What can be
copied is copied: a film whose sound is coded anew keeps its picture.

Source: reference dlna-media.md sections 1, 5 and 6; devices.md.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from upnpserver.dlna.protocolinfo import converted_features, protocol_info
from upnpserver.model import Kind, MediaFacts
from upnpserver.policy import Needs

CONVERTED_PATH: Final = "/convert/"
COPY, NONE = "copy", "none"
WAV_HEAD_BYTES: Final = 44
_RATES: Final = (44_100, 48_000)  # of LPCM in DLNA
_BYTES_A_SAMPLE: Final = 2

_BURNT: Final = re.compile(r"s\d{1,2}", re.ASCII)
# MIME name, suffix of the URL.
_MUSIC: Final = {
    "lpcm": ("audio/L16", "l16"),
    "wav": ("audio/x-wav", "wav"),
    "mp3": ("audio/mpeg", "mp3"),
}
_FILMS: Final = {"mpegts": ("video/mpeg", "ts"), "mp4": ("video/mp4", "mp4")}
# What each container can hold as it is, in a form that players expect there; what it
# can't comes as the last of them.
_PICTURES: Final = {
    "mpegts": ("mpeg1", "mpeg2", "hevc", "h264"),
    "mp4": ("mpeg4", "hevc", "av1", "h264"),
}
_SOUNDS: Final = {
    "mpegts": ("mp2", "mp3", "aac", "eac3", "dts", "ac3"),
    "mp4": ("mp3", "ac3", "eac3", "aac"),
}
_CODED: Final = frozenset({"h264", "ac3", "aac", "mp3"})  # what can be made
_ENCODERS: Final[Mapping[str, tuple[str, ...]]] = {  # ffmpeg's names, the best first
    "h264": ("h264_v4l2m2m", "libx264"),
    "ac3": ("ac3",),
    "aac": ("aac",),
    "mp3": ("libmp3lame", "libshine"),
    "lpcm": ("pcm_s16be",),
    "wav": ("pcm_s16le",),
}
# Of transport streams with AC-3: by the codec and profile of the picture.
_PROFILES: Final = {
    ("h264", "high"): "AVC_TS_HP_HD_AC3_ISO",
    ("h264", "main"): "AVC_TS_MP_HD_AC3_ISO",
}
_HIGHEST_LEVEL: Final = 40
_MADE_PROFILE: Final = "high"  # of the H.264 that is made, at that level


class Coded(NamedTuple):
    """How an item is coded, as far as it matters here; numbers: 0 is unknown."""

    kind: Kind
    container: str
    picture: str = ""
    picture_profile: str = ""
    picture_level: int = 0
    sound: str = ""
    channels: int = 0
    rate_hz: int = 0
    duration_ms: int = 0

    def __str__(self) -> str:
        """Return it as coded_from() reads it: words and numbers between slashes."""
        return "/".join(map(str, self))


class Form(NamedTuple):
    """A form to convert to. Music has no picture; its container says it all.

    picture, sound: a codec, COPY or NONE. burnt: "s" and ffmpeg's number of the
    subtitles that are drawn into the picture; "" for none.
    """

    container: str
    picture: str = NONE
    sound: str = NONE
    burnt: str = ""

    @property
    def is_music(self) -> bool:
        """Whether it is one for music."""
        return self.container in _MUSIC

    @property
    def name(self) -> str:
        """What its URL ends with: "lpcm.l16", "mpegts-copy-ac3.ts"."""
        if self.is_music:
            return f"{self.container}.{_MUSIC[self.container][1]}"
        return f"{'-'.join(filter(None, self))}.{_FILMS[self.container][1]}"

    @property
    def made(self) -> frozenset[str]:
        """What has to be coded: keys of the table of encoders."""
        words = {self.container} if self.is_music else {self.picture, self.sound}
        return frozenset(words & _ENCODERS.keys())


class Offer(NamedTuple):
    """A form of one item, and how it is told."""

    form: Form
    mime: str
    features: str
    size_bytes: int | None
    channels: int | None
    rate_hz: int | None


def coded_of(facts: MediaFacts) -> Coded | None:
    """Return how an item is coded, None of what can't be converted."""
    is_known = facts.container and (facts.video_codec or facts.audio_codec)
    if facts.kind is Kind.IMAGE or not is_known:
        return None
    return Coded(
        facts.kind,
        facts.container,
        facts.video_codec,
        facts.video_profile,
        facts.video_level or 0,
        facts.audio_codec,
        facts.channels or 0,
        facts.sample_rate_hz or 0,
        facts.duration_ms or 0,
    )


def coded_from(text: str) -> Coded | None:
    """Return what str() of a Coded gave, None for anything else."""
    words = text.split("/")
    try:
        kind, container, picture, profile, level, sound, *numbers = words
        channels, rate_hz, duration_ms = map(int, numbers)
        return Coded(
            *(Kind(kind), container, picture, profile, int(level)),
            *(sound, channels, rate_hz, duration_ms),
        )
    except ValueError:
        return None


def form_for(coded: Coded, instead: Mapping[str, str]) -> Form | None:
    """Return what a device gets instead of an item, None if that will do as it is."""
    if coded.kind is Kind.AUDIO:
        wanted = _wanted(instead, "music", coded.sound)
        is_so = wanted == coded.container and wanted in {"mp3", "wav"}
        return Form(wanted) if wanted and not is_so else None
    container = _wanted(instead, "film", coded.container)
    picture = _wanted(instead, "picture", coded.picture, coded.picture_profile)
    sound = _wanted(instead, "sound", coded.sound) if coded.sound else ""
    is_same_codec = picture == coded.picture
    if is_same_codec and not _names_profile(instead, coded):
        picture = ""
    sound = "" if sound == coded.sound else sound
    if not picture and not sound and container in {"", coded.container}:
        return None
    container = container or (
        coded.container if coded.container in _FILMS else "mpegts"
    )
    pictures, sounds = _PICTURES[container], _SOUNDS[container]
    if not coded.sound:
        made = NONE
    elif sound:
        made = sound if sound in sounds else sounds[-1]
    else:
        made = _fitting(coded.sound, sounds)
    return Form(container, picture or _fitting(coded.picture, pictures), made)


def _wanted(instead: Mapping[str, str], what: str, *words: str) -> str:
    """Return what the most special rule says, "" for nothing."""
    for count in range(len(words), -1, -1):
        name = " ".join((what, *words[:count]))
        if name in instead:
            return instead[name]
    return ""


def _names_profile(instead: Mapping[str, str], coded: Coded) -> bool:
    """Whether a rule is for this very profile: then H.264 is made of H.264."""
    return f"picture {coded.picture} {coded.picture_profile}" in instead


def _fitting(codec: str, held: tuple[str, ...]) -> str:
    return COPY if codec in held else held[-1]


def copied_form(coded: Coded) -> Form | None:
    """Return the form of a film that can begin anywhere, its picture as it is.

    None if there is none such.
    """
    if coded.kind is not Kind.VIDEO or coded.picture not in _PICTURES["mpegts"]:
        return None
    sound = _fitting(coded.sound, _SOUNDS["mpegts"]) if coded.sound else NONE
    return Form("mpegts", COPY, sound)


def burnt_form(coded: Coded, form: Form | None, number: int) -> Form:
    """Return a form with subtitles drawn into the picture.

    form: what the device gets else; None: the film as it is.
    """
    if form is None:
        sound = _fitting(coded.sound, _SOUNDS["mpegts"]) if coded.sound else NONE
        form = Form("mpegts", COPY, sound)
    return form._replace(picture="h264", burnt=f"s{number}")


def converted_path(item_id: str, form: Form, start_s: int = 0) -> str:
    """Return the URL path of an item in a form, from a second on."""
    start = f"from{start_s}-" if start_s else ""
    return f"{CONVERTED_PATH}{item_id}/{start}{form.name}"


def form_named(name: str, coded: Coded) -> Form | None:
    """Return the form that a URL names, None if there is none such of the item."""
    words, _, suffix = name.partition(".")
    container, *more = words.split("-")
    if coded.kind is Kind.AUDIO:
        is_known = not more and container in _MUSIC and _MUSIC[container][1] == suffix
        return Form(container) if is_known else None
    if not 2 <= len(more) <= 3:
        return None
    if container not in _FILMS or _FILMS[container][1] != suffix:
        return None
    form = Form(container, *more)
    return form if _is_possible(form, coded) else None


def _is_possible(form: Form, coded: Coded) -> bool:
    pictures, sounds = _PICTURES[form.container], _SOUNDS[form.container]
    if form.burnt and (form.picture != "h264" or not _BURNT.fullmatch(form.burnt)):
        return False
    is_picture = form.picture == "h264" or (
        form.picture == COPY and coded.picture in pictures
    )
    if not coded.sound:
        return is_picture and form.sound == NONE
    is_sound = form.sound in _CODED & set(sounds) or (
        form.sound == COPY and coded.sound in sounds
    )
    return is_picture and is_sound


def encoder_for(what: str, encoders: Collection[str]) -> str:
    """Return ffmpeg's name of the best encoder there is, "" if there is none."""
    return next((name for name in _ENCODERS[what] if name in encoders), "")


def is_able(form: Form, encoders: Collection[str]) -> bool:
    """Whether a form can be made with these encoders of ffmpeg."""
    return all(encoder_for(what, encoders) for what in form.made)


def can_take_out(encoders: Collection[str]) -> bool:
    """Whether pictures and texts of films can be had with these encoders."""
    return {"mjpeg", "png", "srt"}.issubset(encoders)


def sources(instead: Mapping[str, str]) -> list[str]:
    """Return the protocolInfo of what a device may get by its rules, in short."""
    told: set[str] = set()
    for key, given in instead.items():
        if not given:
            continue
        if given == "lpcm":
            mime = _MUSIC["lpcm"][0]
            mimes = [f"{mime};rate={rate};channels=2" for rate in _RATES]
            told |= {protocol_info(one, "DLNA.ORG_PN=LPCM") for one in mimes}
        elif given in _MUSIC and key.startswith("music"):
            told.add(protocol_info(_MUSIC[given][0], "*"))
        else:
            mime, _ = _FILMS.get(given, _FILMS["mpegts"])
            told.add(protocol_info(mime, "*"))
            named = _PROFILES.values() if mime == _FILMS["mpegts"][0] else ()
            told |= {protocol_info(mime, f"DLNA.ORG_PN={name}") for name in named}
    return sorted(told)


def able(needs: Needs, encoders: Collection[str]) -> Needs:
    """Return needs without the rules that can't be followed.

    encoders: those of ffmpeg, as it names them; none where there is no ffmpeg.
    """
    left = {
        key: what
        for key, what in needs.instead.items()
        if encoders and (not what or what in _FILMS or encoder_for(what, encoders))
    }
    burn = needs.burn if encoder_for("h264", encoders) else ""
    if left == needs.instead and burn == needs.burn:
        return needs
    return replace(needs, instead=left, burn=burn)


def offer(coded: Coded, form: Form, seek: str) -> Offer:
    """Return how a form of an item is told. seek: see Needs."""
    size_bytes = pcm_size(coded, form)
    operations = _operations(seek, has_size=size_bytes is not None, coded=coded)
    if not form.is_music:
        mime, _ = _FILMS[form.container]
        features = converted_features(Kind.VIDEO, _profile(coded, form), operations)
        return Offer(form, mime, features, None, None, None)
    mime, _ = _MUSIC[form.container]
    channels, rate_hz = pcm_shape(coded)
    profile = ""
    if form.container == "lpcm":
        mime, profile = f"{mime};rate={rate_hz};channels={channels}", "LPCM"
    elif form.container == "mp3":
        profile = "MP3"
    features = converted_features(Kind.AUDIO, profile, operations)
    return Offer(form, mime, features, size_bytes, channels, rate_hz)


def _operations(seek: str, *, has_size: bool, coded: Coded) -> str:
    """Return the two digits of DLNA.ORG_OP: by time, by bytes."""
    if not coded.duration_ms:
        return "00"
    if not has_size:
        return "10"
    return {"both": "11", "time-exclusive": "10"}.get(seek, "01")


def _profile(coded: Coded, form: Form) -> str:
    if form.container != "mpegts" or "ac3" not in {form.sound, coded.sound}:
        return ""
    if form.sound not in {"ac3", COPY}:
        return ""
    profile, level = coded.picture_profile, coded.picture_level
    if form.picture != COPY:
        profile, level = _MADE_PROFILE, _HIGHEST_LEVEL
    codec = coded.picture if form.picture == COPY else form.picture
    return _PROFILES.get((codec, profile), "") if 0 < level <= _HIGHEST_LEVEL else ""


def pcm_shape(coded: Coded) -> tuple[int, int]:
    """Return channels and samples a second of what music is converted to."""
    rate_hz = coded.rate_hz or _RATES[1]
    plain = [rate for rate in _RATES if rate_hz % (rate // 4) == 0]
    return min(coded.channels or 2, 2), plain[0] if plain else _RATES[1]


def pcm_frames(coded: Coded) -> int:
    """Return how many samples of each channel there are."""
    return coded.duration_ms * pcm_shape(coded)[1] // 1000


def pcm_frame_bytes(coded: Coded) -> int:
    """Return the bytes of one sample of all channels."""
    return pcm_shape(coded)[0] * _BYTES_A_SAMPLE


def pcm_size(coded: Coded, form: Form) -> int | None:
    """Return how many bytes a form has, None where nobody knows before it is made."""
    if form.container not in {"lpcm", "wav"} or not coded.duration_ms:
        return None
    head = WAV_HEAD_BYTES if form.container == "wav" else 0
    return head + pcm_frames(coded) * pcm_frame_bytes(coded)


def wav_head(coded: Coded) -> bytes:
    """Return the first bytes of a WAV file: RIFF, PCM of 16 bits."""
    channels, rate_hz = pcm_shape(coded)
    frame = pcm_frame_bytes(coded)
    length = min(pcm_frames(coded) * frame, 0xFFFFFFFF - WAV_HEAD_BYTES)

    def number(value: int, size: int = 4) -> bytes:
        return value.to_bytes(size, "little")

    shape = number(1, 2) + number(channels, 2) + number(rate_hz)
    shape += number(rate_hz * frame) + number(frame, 2) + number(8 * _BYTES_A_SAMPLE, 2)
    riff = b"RIFF" + number(length + WAV_HEAD_BYTES - 8) + b"WAVE"
    return riff + b"fmt " + number(len(shape)) + shape + b"data" + number(length)
