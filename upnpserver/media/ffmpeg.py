"""ffmpeg's command line for what is converted. Pure, but for a look at devices.

ffmpeg reads the one file that is open as its descriptor 0, by the demuxer of the
container that the catalog knows: one that could lead to other files (concat, HLS) is
never chosen. It writes to descriptor 1. What comes from outside is numbers only.

Source: ffmpeg(1), ffmpeg-protocols(1), ffmpeg-formats(1).
"""

from collections.abc import Collection
from typing import Final

from upnpserver.dlna.converted import (
    COPY,
    NONE,
    Coded,
    Form,
    encoder_for,
    pcm_frames,
    pcm_shape,
)
from upnpserver.media.video_devices import BY_DEVICE, video_devices

LIST_ENCODERS: Final = ("-hide_banner", "-loglevel", "error", "-encoders")
INPUT: Final = "file:/dev/fd/0"
_OUTPUT: Final = "pipe:1"

# Containers as media/ names them -> ffmpeg's demuxers.
_DEMUXERS: Final = {
    **dict.fromkeys(("matroska", "webm"), "matroska"),
    **dict.fromkeys(("mp4", "quicktime", "3gpp", "3gpp2"), "mov"),
    "mpegts": "mpegts",
    "mpegps": "mpeg",
    "mpegvideo": "mpegvideo",
    "avi": "avi",
    "asf": "asf",
    "flv": "flv",
    "ogg": "ogg",
    "realmedia": "rm",
    "wtv": "wtv",
    "mxf": "mxf",
    "dv": "dv",
    "mp3": "mp3",
    "flac": "flac",
    "adts": "aac",
    "wav": "wav",
    "wave64": "w64",
    "aiff": "aiff",
    "au": "au",
    "caf": "caf",
    "ape": "ape",
    "tak": "tak",
    "wavpack": "wv",
    "tta": "tta",
    "dsf": "dsf",
    "dff": "iff",
    "ac3": "ac3",
    "eac3": "eac3",
    "dts": "dts",
    "truehd": "truehd",
    "amr": "amr",
    "oma": "oma",
}
_MUXERS: Final = {
    "lpcm": ("-f", "s16be"),
    "wav": ("-f", "s16le"),
    "mp3": ("-f", "mp3", "-write_xing", "0", "-id3v2_version", "0"),
    "mpegts": ("-f", "mpegts"),
    # In pieces, each with its own index: nobody can write to the beginning again.
    "mp4": ("-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof"),
}
_SOUNDS: Final = {
    "ac3": ("-ac", "6", "-b:a", "448k"),
    "aac": ("-ac", "2", "-b:a", "192k"),
    "mp3": ("-ac", "2", "-b:a", "320k"),
}
_STEREO_AC3: Final = ("-ac", "2", "-b:a", "192k")
_ARRANGED: Final = "48000"  # samples a second: what every form and TV knows
# At most 1920x1080 with even sides, 8 bits a colour.
_SMALL_ENOUGH: Final = (
    "scale=w='min(1920,iw)':h='min(1080,ih)':force_original_aspect_ratio=decrease"
    ":force_divisible_by=2,format=yuv420p"
)
_PICTURES: Final = {
    "libx264": (
        *("-preset", "veryfast", "-crf", "21", "-maxrate", "15M", "-bufsize", "15M"),
        *("-profile:v", "high", "-level:v", "4.0", "-g", "50"),
    ),
    BY_DEVICE: ("-b:v", "8M", "-g", "50"),
}

_STILLS: Final = {"mjpeg": ("-pix_fmt", "yuvj420p", "-q:v", "4"), "png": ()}


def encoders_in(listed: str) -> frozenset[str]:
    """Return the names in what "ffmpeg -encoders" prints.

    Many have the one for a Raspberry Pi's device; few machines have that.
    """
    _, _, rows = listed.partition("------")
    lines = (line.split(None, 2) for line in rows.splitlines())
    named = frozenset(words[1] for words in lines if len(words) > 1)
    return named if video_devices() else named - {BY_DEVICE}


def progress_us(line: bytes) -> int | None:
    """Return how much was made, from a line of what -progress tells."""
    name, _, value = line.partition(b"=")
    is_number = name == b"out_time_us" and value.isdigit() and len(value) < 18
    return int(value) if is_number else None


def is_readable(coded: Coded) -> bool:
    """Whether ffmpeg can be told how to read an item's container."""
    return coded.container in _DEMUXERS


def arguments(
    coded: Coded, form: Form, encoders: Collection[str], start_us: int = 0
) -> list[str]:
    """Return the arguments that convert an item, from start_us (microseconds) on.

    The encoders that form.made names must be there, see converted.is_able().
    """
    return [
        *("-hide_banner", "-nostdin", "-loglevel", "error"),
        *_input(coded, form, start_us),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn"),
        *(_music(coded, form, encoders, start_us) if form.is_music else ()),
        *(() if form.is_music else _film(coded, form, encoders)),
        *_MUXERS[form.container],
        *("-protocol_whitelist", "pipe", _OUTPUT),
        *(() if form.is_music else ("-progress", "pipe:2")),
    ]


def still_arguments(coded: Coded, width: int, height: int, codec: str) -> list[str]:
    """Return the arguments that draw one picture of a film, a tenth into it.

    It fits into width and height. codec: "mjpeg" or "png". Only pictures that are
    whole in themselves are decoded.
    """
    start_ms = coded.duration_ms // 10
    shown = f"scale=w='max(1,trunc(iw*sar))':h=ih,setsar=1,scale=w={width}:h={height}"
    return [
        *("-hide_banner", "-nostdin", "-loglevel", "error"),
        *("-protocol_whitelist", "file", "-threads", "1", "-skip_frame", "nokey"),
        *("-noaccurate_seek", "-ss", f"{start_ms // 1000}.{start_ms % 1000:03}"),
        *("-f", _DEMUXERS[coded.container], "-i", INPUT),
        *("-map_metadata", "-1", "-map", "0:V:0", "-an", "-sn", "-dn"),
        *("-frames:v", "1", "-vf", f"{shown}:force_original_aspect_ratio=decrease"),
        *("-c:v", codec, *_STILLS[codec], "-f", "image2pipe"),
        *("-protocol_whitelist", "pipe", _OUTPUT),
    ]


def text_arguments(coded: Coded, number: int) -> list[str]:
    """Return the arguments that take the text of a subtitle track out of a film."""
    return [
        *("-hide_banner", "-nostdin", "-loglevel", "error"),
        *("-protocol_whitelist", "file", "-threads", "1"),
        *("-f", _DEMUXERS[coded.container], "-i", INPUT, "-map_metadata", "-1"),
        *("-map", f"0:s:{number}", "-c:s", "srt", "-f", "srt"),
        *("-protocol_whitelist", "pipe", _OUTPUT),
    ]


def _input(coded: Coded, form: Form, start_us: int) -> list[str]:
    options = ["-protocol_whitelist", "file"]
    if form.picture in {COPY, NONE}:
        options += ["-threads", "1"]  # sound needs no more
    if start_us:
        # A picture that is copied begins with a whole one: so let the sound.
        options += ["-noaccurate_seek"] if form.picture == COPY else []
        options += ["-ss", f"{start_us // 10**6}.{start_us % 10**6:06}"]
    return [*options, "-f", _DEMUXERS[coded.container], "-i", INPUT]


def _music(
    coded: Coded, form: Form, encoders: Collection[str], start_us: int
) -> list[str]:
    channels, rate_hz = pcm_shape(coded)
    codec = encoder_for(form.container, encoders)
    told = ["-map", "0:a:0", "-vn", "-c:a", codec]
    told += ["-ac", str(channels), "-ar", str(rate_hz)]
    if form.container == "mp3":
        return [*told, "-b:a", "320k"]
    if not coded.duration_ms:
        return told
    # Exactly as long as was promised, whatever the file holds.
    left = max(1, pcm_frames(coded) - round(start_us * rate_hz / 10**6))
    return [*told, "-af", f"aresample={rate_hz},apad,atrim=end_sample={left}"]


def _film(coded: Coded, form: Form, encoders: Collection[str]) -> list[str]:
    if form.picture == COPY:
        told = ["-map", "0:V:0", "-c:v", COPY]
    else:
        codec = encoder_for(form.picture, encoders)
        told = [*_drawn(form), "-c:v", codec, *_PICTURES[codec]]
    if form.sound == NONE:
        return [*told, "-an"]
    told += ["-map", "0:a:0", "-c:a"]
    if form.sound == COPY:
        return [*told, COPY]
    how = _SOUNDS[form.sound]
    if form.sound == "ac3" and coded.channels <= 2:
        how = _STEREO_AC3
    return [*told, encoder_for(form.sound, encoders), *how, "-ar", _ARRANGED]


def _drawn(form: Form) -> list[str]:
    """Return what says which picture is coded anew."""
    if not form.burnt:
        return ["-map", "0:V:0", "-vf", _SMALL_ENOUGH]
    # Subtitles of a disc are made for its whole height: their ends are the same.
    drawn = f"[0:V:0][0:s:{int(form.burnt[1:])}]overlay=x=(W-w)/2:y=H-h:eof_action=pass"
    return ["-filter_complex", f"{drawn},{_SMALL_ENOUGH}[v]", "-map", "[v]"]
