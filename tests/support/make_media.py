"""Make fixtures/media again: a small household and one file of every format.

    python -m tests.support.make_media [FOLDER]

Everything is synthetic: tones, test patterns and words made up for this
project. Needs ffmpeg; the same versions of ffmpeg, mutagen and Pillow write
the same bytes (no dates, no encoder names, one thread).
"""

import io
import subprocess
import sys
from pathlib import Path

from mutagen.flac import FLAC, Picture
from mutagen.id3 import (
    APIC,
    COMM,
    ID3,
    TALB,
    TCOM,
    TCON,
    TDRC,
    TIT2,
    TPE1,
    TPE2,
    TPOS,
    TRCK,
)
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from PIL import Image, ImageDraw

FIXTURES = Path(__file__).parents[2] / "fixtures" / "media"

_SUBTITLES = """\
1
00:00:00,200 --> 00:00:01,000
Where does the river end?

2
00:00:01,100 --> 00:00:01,900
In the harbour.
"""


def main(folder: Path) -> None:
    """Write both trees below folder."""
    _music(folder / "household" / "Music")
    _videos(folder / "household" / "Videos")
    _photos(folder / "household" / "Photos")
    _formats(folder / "formats")


# The household ------------------------------------------------------------


def _music(music: Path) -> None:
    first = music / "The Foundry" / "First Light"
    cover = _cover((180, 80, 40))
    for track, (title, hz) in enumerate((("Kindling", 220), ("Ember", 330)), start=1):
        path = first / f"{track:02} - {title}.mp3"
        _tone(path, hz, 4, "-c:a", "libmp3lame", "-b:a", "64k", "-ar", "44100")
        _tag_mp3(path, title, f"{track}/2", cover)
    (first / "folder.jpg").write_bytes(cover)

    second = music / "The Foundry" / "Second Wind"
    path = second / "01 - Bellows.flac"
    _tone(path, 262, 2, "-c:a", "flac", "-ar", "44100", "-sample_fmt", "s16")
    flac = FLAC(path)
    flac.update(
        title="Bellows",
        artist=["The Foundry", "Ada Kern"],
        albumartist=["The Foundry"],
        album="Second Wind",
        genre=["Folk", "Ambient"],
        composer=["Ada Kern"],
        date="2011-05",
        tracknumber="1",
        tracktotal="2",
        discnumber="2",
    )
    picture = Picture()
    picture.data, picture.mime, picture.type = _cover((40, 90, 160)), "image/jpeg", 3
    flac.add_picture(picture)
    flac.save()

    path = second / "02 - Anvil.m4a"
    _tone(path, 294, 3, "-c:a", "aac", "-b:a", "64k", "-ar", "44100")
    mp4 = MP4(path)
    mp4["\xa9nam"] = ["Anvil"]
    mp4["\xa9ART"] = ["The Foundry"]
    mp4["aART"] = ["The Foundry"]
    mp4["\xa9alb"] = ["Second Wind"]
    mp4["\xa9gen"] = ["Folk"]
    mp4["\xa9day"] = ["2011-05-20"]
    mp4["trkn"] = [(2, 2)]
    mp4["disk"] = [(2, 2)]
    mp4["covr"] = [MP4Cover(_cover((40, 90, 160)), MP4Cover.FORMAT_JPEG)]
    mp4.save()

    mixed = music / "Various Artists" / "Evening Walk"
    path = mixed / "01 - Tide.ogg"
    _tone(path, 196, 3, "-c:a", "libvorbis", "-q:a", "0", "-ar", "44100")
    vorbis = OggVorbis(path)
    vorbis.update(
        title="Tide",
        artist="Mira Sol",
        albumartist="Various Artists",
        album="Evening Walk",
        genre="Jazz",
        date="1999",
        tracknumber="1",
    )
    vorbis.save()
    path = mixed / "02 - Łódź, Straße, 東京.opus"
    _tone(path, 247, 3, "-c:a", "libopus", "-b:a", "32k")
    opus = OggOpus(path)
    opus.update(
        title="Łódź, Straße, 東京",
        artist="Kjell & Søn",
        albumartist="Various Artists",
        album="Evening Walk",
        genre="Jazz",
        date="1999",
        tracknumber="2",
    )
    opus.save()
    _tone(mixed / "untagged.wav", 440, 1, "-c:a", "pcm_s16le", "-ar", "22050")


def _tag_mp3(path: Path, title: str, track: str, cover: bytes) -> None:
    tags = ID3()
    tags.add(TIT2(encoding=3, text=[title]))
    tags.add(TPE1(encoding=3, text=["The Foundry"]))
    tags.add(TPE2(encoding=3, text=["The Foundry"]))
    tags.add(TALB(encoding=3, text=["First Light"]))
    tags.add(TCON(encoding=3, text=["(17)"]))
    tags.add(TCOM(encoding=3, text=["Ada Kern"]))
    tags.add(TDRC(encoding=3, text=["2004"]))
    tags.add(TRCK(encoding=3, text=[track]))
    tags.add(TPOS(encoding=3, text=["1/1"]))
    tags.add(COMM(encoding=3, lang="eng", desc="", text=["Played on two pans."]))
    tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=cover))
    tags.save(path, v1=2, v2_version=4)


def _videos(videos: Path) -> None:
    films = videos / "Films"
    _film(
        films / "The Harbour (2019).mp4",
        "320x180@24",
        *("-c:v", "libx264", "-profile:v", "main", "-level", "3.0"),
        *("-b:v", "100k", "-c:a", "aac", "-b:a", "48k", "-movflags", "+faststart"),
        title="The Harbour",
    )
    (films / "The Harbour (2019).srt").write_text(_SUBTITLES, "utf-8")
    _film(
        films / "Signal (2021).mkv",
        "320x180@24",
        *("-c:v", "libx264", "-profile:v", "high", "-level", "3.1", "-b:v", "100k"),
        *("-c:a", "ac3", "-b:a", "96k"),
        title="Signal",
    )
    home = videos / "Home"
    _film(
        home / "Old Camera.avi",
        "320x240@25",
        *("-c:v", "mpeg4", "-vtag", "XVID", "-b:v", "150k"),
        *("-c:a", "libmp3lame", "-b:a", "48k"),
    )
    _film(
        home / "Holiday 1998.mpg",
        "352x288@25",
        *("-f", "dvd", "-c:v", "mpeg2video", "-b:v", "300k", "-maxrate", "2M"),
        *("-bufsize", "1M", "-c:a", "mp2", "-ar", "48000", "-b:a", "96k"),
    )
    _film(
        home / "Recording.ts",
        "320x180@25",
        *("-f", "mpegts", "-c:v", "libx264", "-profile:v", "main", "-level", "3.0"),
        *("-b:v", "100k", "-c:a", "ac3", "-b:a", "96k"),
    )
    _film(
        home / "Clip.webm",
        "320x180@24",
        *("-c:v", "libvpx", "-b:v", "100k", "-c:a", "libvorbis", "-q:a", "0"),
    )


def _photos(photos: Path) -> None:
    photos.joinpath("2019 Coast").mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Project", "Pinhole 1"
    exif[0x0112] = 6  # turn a quarter clockwise to see it upright
    exif[0x0132] = "2019:08:01 09:00:00"
    exif.get_ifd(0x8769).update({0x9003: "2019:07:14 18:05:09", 0x9011: "+02:00"})
    beach = _picture((640, 480), (60, 140, 200))
    beach.save(photos / "2019 Coast" / "Beach.jpg", quality=60, exif=exif)
    dunes = _picture((320, 240), (200, 170, 90))
    dunes.save(photos / "2019 Coast" / "Dunes.jpg", quality=60, progressive=True)
    _picture((200, 120), (250, 250, 250)).save(photos / "Chart.png", optimize=True)
    waves = [_picture((120, 90), (0, 60 * step, 200)) for step in range(3)]
    waves[0].save(photos / "Wave.gif", save_all=True, append_images=waves[1:])


# One small file of every other format ---------------------------------------


_AUDIO_FORMATS: dict[str, tuple[str, ...]] = {
    "aac.aac": ("-c:a", "aac", "-b:a", "48k"),
    "ac3.ac3": ("-c:a", "ac3", "-b:a", "64k"),
    "aiff.aiff": ("-c:a", "pcm_s16be", "-ar", "11025"),
    "alaw.aifc": ("-f", "aiff", "-c:a", "pcm_alaw", "-ar", "8000"),
    "alac.m4a": ("-c:a", "alac", "-ar", "22050"),
    "audiobook.m4b": ("-f", "ipod", "-c:a", "aac", "-b:a", "32k"),
    "audio_only.mp4": ("-c:a", "aac", "-b:a", "32k"),
    "au.au": ("-c:a", "pcm_mulaw", "-ar", "8000"),
    "caf.caf": ("-c:a", "pcm_s16be", "-ar", "11025"),
    "dts.dts": ("-c:a", "dca", "-strict", "-2", "-b:a", "320k", "-ar", "48000"),
    "eac3.eac3": ("-c:a", "eac3", "-b:a", "64k"),
    "flac.oga": ("-f", "ogg", "-c:a", "flac", "-ar", "22050", "-sample_fmt", "s16"),
    "matroska.mka": ("-c:a", "libopus", "-b:a", "32k"),
    "mlp.mlp": ("-c:a", "mlp", "-strict", "-2", "-ar", "48000"),
    "mp2.mp2": ("-c:a", "mp2", "-b:a", "64k"),
    "mpeg2_layer3.mp3": ("-c:a", "libmp3lame", "-b:a", "32k", "-ar", "22050"),
    "opus.weba": ("-f", "webm", "-c:a", "libopus", "-b:a", "32k"),
    "rf64.wav": ("-c:a", "pcm_s16le", "-ar", "8000", "-rf64", "always"),
    "speex.spx": ("-c:a", "libspeex", "-ar", "16000", "-b:a", "16k"),
    "truehd.thd": ("-c:a", "truehd", "-strict", "-2", "-ar", "48000"),
    "tta.tta": ("-c:a", "tta", "-ar", "11025"),
    "vbr.mp3": ("-c:a", "libmp3lame", "-q:a", "7", "-ar", "44100"),
    "wav24.wav": ("-c:a", "pcm_s24le", "-ar", "11025"),
    "wave64.w64": ("-c:a", "pcm_s16le", "-ar", "8000"),
    "wavpack.wv": ("-c:a", "wavpack", "-ar", "22050"),
    "wma2.wma": ("-c:a", "wmav2", "-b:a", "48k", "-ar", "44100"),
}

_AVC = ("-c:v", "libx264", "-profile:v", "baseline", "-level", "1.2", "-b:v", "60k")
_AAC = ("-c:a", "aac", "-b:a", "32k")

_VIDEO_FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    "asf_wmv2.wmv": (
        "176x144@15",
        ("-c:v", "wmv2", "-b:v", "80k", "-c:a", "wmav2", "-ar", "44100"),
    ),
    "flv.flv": ("176x144@15", ("-c:v", "flv1", "-c:a", "libmp3lame", "-ar", "22050")),
    "h264.3gp": ("176x144@15", (*_AVC, *_AAC)),
    "h264.mov": ("176x144@15", (*_AVC, *_AAC)),
    "h264_192.m2ts": (
        "320x180@25",
        ("-f", "mpegts", "-mpegts_m2ts_mode", "1", *_AVC, "-c:a", "ac3", "-b:a", "64k"),
    ),
    "h264_interlaced.ts": (
        "320x240@25",
        (
            *("-f", "mpegts", "-c:v", "libx264", "-profile:v", "high", "-b:v", "80k"),
            *("-flags", "+ildct+ilme", "-x264opts", "tff=1", "-c:a", "mp2"),
            *("-b:a", "64k"),
        ),
    ),
    "hevc.mp4": (
        "176x144@15",
        ("-c:v", "libx265", "-x265-params", "log-level=none:info=0", *_AAC),
    ),
    "mpeg1.mpg": (
        "176x144@25",
        (
            *("-f", "mpeg", "-c:v", "mpeg1video", "-b:v", "100k"),
            *("-c:a", "mp2", "-b:a", "64k"),
        ),
    ),
    "mpeg2.ts": (
        "176x144@25",
        (
            *("-f", "mpegts", "-c:v", "mpeg2video", "-b:v", "100k"),
            *("-c:a", "mp2", "-b:a", "64k"),
        ),
    ),
    "mpeg2.vob": (
        "176x144@25",
        (
            *("-f", "vob", "-c:v", "mpeg2video", "-b:v", "100k"),
            *("-c:a", "ac3", "-b:a", "64k", "-ar", "48000"),
        ),
    ),
    "mpeg4_asp.avi": (
        "176x144@15",
        ("-c:v", "mpeg4", "-bf", "2", "-b:v", "60k", "-c:a", "ac3", "-b:a", "64k"),
    ),
    "mpeg4_sp.mp4": ("176x144@15", ("-c:v", "mpeg4", "-b:v", "60k", *_AAC)),
    "silent.mp4": ("176x144@15", (*_AVC, "-an")),
    "theora.ogv": ("176x144@15", ("-c:v", "libtheora", "-c:a", "libvorbis")),
    "vp9.webm": (
        "176x144@15",
        ("-c:v", "libvpx-vp9", "-b:v", "60k", "-c:a", "libopus", "-b:a", "32k"),
    ),
}


def _formats(formats: Path) -> None:
    for name, options in _AUDIO_FORMATS.items():
        _tone(formats / name, 440, 0.5, *options)
    _audiobook(formats / "chapters.m4b")
    for name, (raster, options) in _VIDEO_FORMATS.items():
        _film(formats / name, raster, *options, seconds=1)
    picture = _picture((100, 60), (90, 160, 90))
    picture.save(formats / "picture.bmp")
    picture.save(formats / "picture.tiff", compression="tiff_lzw")
    picture.save(formats / "lossy.webp", quality=50)
    picture.save(formats / "lossless.webp", lossless=True)
    exif = Image.Exif()
    exif[0x0112] = 8
    picture.save(formats / "extended.webp", quality=50, exif=exif)
    picture.save(formats / "picture.avif", quality=40, speed=10, max_threads=1)
    picture.convert("CMYK").save(formats / "cmyk.jpg", quality=50)
    picture.convert("L").save(formats / "grey.jpg", quality=50)
    picture.convert("RGBA").save(formats / "alpha.png", optimize=True)


# Tools ------------------------------------------------------------------------


def _tone(path: Path, hz: int, seconds: float, *options: str) -> None:
    """Write a stereo tone with a slow beat, so that no two files are equal."""
    source = f"sine=f={hz}:d={seconds}[l];sine=f={hz + 3}:d={seconds}[r];[l][r]join"
    _ffmpeg(path, "-filter_complex", source, *options)


def _audiobook(path: Path) -> None:
    """Write three seconds of sound with a chapter each."""
    lines = [";FFMETADATA1"]
    for start_s, title in enumerate(("Setting out", "Łódź", "Home")):
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start_s * 1000}"]
        lines += [f"END={start_s * 1000 + 1000}", f"title={title}"]
    told = path.with_suffix(".txt")
    told.write_text("\n".join(lines), "utf-8")
    _ffmpeg(
        path,
        *("-f", "lavfi", "-i", "sine=f=330:d=3", "-i", str(told)),
        *("-map", "0", "-map_chapters", "1", "-f", "ipod", "-c:a", "aac"),
        *("-b:a", "32k"),
        metadata=1,
    )
    told.unlink()


def _film(
    path: Path, raster: str, *options: str, title: str = "", seconds: int = 2
) -> None:
    """Write a test pattern of raster ("320x180@24") with a tone."""
    size, _, rate = raster.partition("@")
    _ffmpeg(
        path,
        *("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}"),
        *("-f", "lavfi", "-i", f"sine=f=330:d={seconds}"),
        *("-pix_fmt", "yuv420p", "-ac", "2", "-g", rate, *options),
        *(("-metadata", f"title={title}") if title else ()),
    )


def _ffmpeg(path: Path, *arguments: str, metadata: int = -1) -> None:
    """Run ffmpeg; metadata: the input whose metadata is kept, -1 for none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = (
        *("ffmpeg", "-nostdin", "-v", "error", "-y", "-bitexact"),
        *(*arguments, "-map_metadata", str(metadata), "-threads", "1"),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
        str(path),
    )
    subprocess.run(command, check=True, timeout=120)


def _cover(colour: tuple[int, int, int]) -> bytes:
    cover = io.BytesIO()
    _picture((160, 160), colour).save(cover, "JPEG", quality=60)
    return cover.getvalue()


def _picture(size: tuple[int, int], colour: tuple[int, int, int]) -> Image.Image:
    """Return discs on a plain ground: small when compressed, not all one colour."""
    picture = Image.new("RGB", size, colour)
    draw = ImageDraw.Draw(picture)
    for step in range(1, 5):
        x, y = size[0] * step // 5, size[1] * step // 5
        shade = tuple((part + 40 * step) % 256 for part in colour)
        draw.ellipse((x - 20, y - 20, x + 20, y + 20), fill=shade)
    return picture


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else FIXTURES)
