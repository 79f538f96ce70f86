import os
import shutil
import subprocess

import pytest
from mutagen.mp4 import MP4
from support.make_media import FIXTURES

from upnpserver.errors import ProbeError
from upnpserver.media import libmediainfo
from upnpserver.media.libmediainfo import Stream, analysed
from upnpserver.media.probe import probe
from upnpserver.media.source import Source, open_source
from upnpserver.media.video import PARSERS
from upnpserver.model import Chapter, Kind, Track

FORMATS = FIXTURES / "formats"
VIDEOS = FIXTURES / "household" / "Videos"


def facts_of(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return probe(fd, path.name)
    finally:
        os.close(fd)


FIELDS = (
    *("mime", "container", "duration_ms", "width", "height"),
    *("video_codec", "video_profile", "video_level", "frame_rate_mhz"),
    *("audio_codec", "audio_profile", "sample_rate_hz", "channels"),
)
AVC_BASE = ("h264", "constrained baseline", 12)
AAC, AC3, MP2 = ("aac", "lc", 44100, 2), ("ac3", "", 44100, 2), ("mp2", "layer2")
QCIF15 = (176, 144)
FILMS = {
    "formats/asf_wmv2.wmv": (
        *("video/x-ms-wmv", "asf", 1046, *QCIF15, "wmv2", "", None, None),
        *("wma", "", 44100, 2),
    ),
    "formats/flv.flv": (
        *("video/x-flv", "flv", 1071, *QCIF15, "flv1", "", None, 15000),
        *("mp3", "layer3", 22050, 2),
    ),
    "formats/h264.3gp": (
        *("video/3gpp", "3gpp", 1000, *QCIF15, *AVC_BASE, 15000, *AAC),
    ),
    "formats/h264.mov": (
        *("video/quicktime", "quicktime", 1000, *QCIF15, *AVC_BASE, 15000, *AAC),
    ),
    "formats/h264_192.m2ts": (
        *("video/vnd.dlna.mpeg-tts", "mpegts", 1000, 320, 180, *AVC_BASE, 25000, *AC3),
    ),
    "formats/h264_interlaced.ts": (
        *("video/mpeg", "mpegts", 1000, 320, 240, "h264", "high", 21, 25000),
        *(*MP2, 44100, 2),
    ),
    "formats/hevc.mp4": (
        *("video/mp4", "mp4", 1000, *QCIF15, "hevc", "main", 10, 15000, *AAC),
    ),
    "formats/mpeg1.mpg": (
        *("video/mpeg", "mpegps", 1019, *QCIF15, "mpeg1", "", None, 25000),
        *(*MP2, 44100, 2),
    ),
    "formats/mpeg2.ts": (
        *("video/mpeg", "mpegts", 1000, *QCIF15, "mpeg2", "main", None, 25000),
        *(*MP2, 44100, 2),
    ),
    "formats/mpeg2.vob": (
        *("video/mpeg", "mpegps", 1024, *QCIF15, "mpeg2", "main", None, 25000),
        *("ac3", "", 48000, 2),
    ),
    "formats/mpeg4_asp.avi": (
        *("video/x-msvideo", "avi", 1080, *QCIF15),
        *("mpeg4", "advanced simple", 10, 15000, *AC3),
    ),
    "formats/mpeg4_sp.mp4": (
        *("video/mp4", "mp4", 1000, *QCIF15, "mpeg4", "simple", 10, 15000, *AAC),
    ),
    "formats/silent.mp4": (
        *("video/mp4", "mp4", 1000, *QCIF15, *AVC_BASE, 15000, "", "", None, None),
    ),
    "formats/theora.ogv": (
        *("video/ogg", "ogg", 1000, *QCIF15, "theora", "", None, 15000),
        *("vorbis", "", 44100, 2),
    ),
    "formats/vp9.webm": (
        *("video/webm", "webm", 1008, *QCIF15, "vp9", "0", None, 15000),
        *("opus", "", 48000, 2),
    ),
    "household/Videos/Films/Signal (2021).mkv": (
        *("video/x-matroska", "matroska", 2021, 320, 180, "h264", "high", 31, 24000),
        *AC3,
    ),
    "household/Videos/Home/Holiday 1998.mpg": (
        *("video/mpeg", "mpegps", 2016, 352, 288, "mpeg2", "main", None, 25000),
        *(*MP2, 48000, 2),
    ),
}


@pytest.mark.parametrize(("name", "expected"), FILMS.items())
def test_film(name, expected):
    facts = facts_of(FIXTURES / name)
    assert facts.kind is Kind.VIDEO
    assert tuple(getattr(facts, field) for field in FIELDS) == expected


def test_a_film_tells_its_title_and_the_rate_of_the_whole_file():
    path = VIDEOS / "Films" / "The Harbour (2019).mp4"
    facts = facts_of(path)
    assert facts.title == "The Harbour"
    assert facts.bitrate_bps == path.stat().st_size * 8000 // 2000


@pytest.mark.parametrize(
    ("name", "packet_size", "timestamped", "interlaced"),
    [
        ("h264_192.m2ts", 192, True, False),
        ("h264_interlaced.ts", 188, False, True),
        ("mpeg2.ts", 188, False, False),
    ],
)
def test_transport_stream(name, packet_size, timestamped, interlaced):
    facts = facts_of(FORMATS / name)
    assert facts.packet_size == packet_size
    assert facts.timestamped == timestamped
    assert facts.interlaced == interlaced


def test_packets_of_192_may_have_no_time_stamps(tmp_path):
    data = bytearray((FORMATS / "h264_192.m2ts").read_bytes())
    for at in range(0, len(data), 192):
        data[at : at + 4] = bytes(4)
    path = tmp_path / "plain.m2ts"
    path.write_bytes(data)
    assert facts_of(path).timestamped is False


def test_a_transport_stream_that_begins_within_a_packet(tmp_path):
    path = tmp_path / "cut.ts"
    path.write_bytes((FORMATS / "mpeg2.ts").read_bytes()[100:])
    facts = facts_of(path)
    assert (facts.width, facts.packet_size) == (176, 188)


MADE = {
    "a.mxf": ("video/mxf", "mpeg2", "pcm", "-c:v mpeg2video -c:a pcm_s16le -ar 48000"),
    "a.dv": ("video/x-dv", "dv", "pcm", "-s 720x576 -target pal-dv"),
    "a.rm": ("video/x-pn-realvideo", "realvideo2", "ac3", "-c:v rv20 -c:a ac3"),
    "a.dvr-ms": ("video/x-ms-wmv", "wmv2", "wma", "-f asf -c:v wmv2 -c:a wmav2"),
    "a.f4v": ("video/mp4", "h264", "aac", "-f f4v -c:v libx264 -c:a aac"),
    "a.3g2": ("video/3gpp2", "h264", "aac", "-c:v libx264 -c:a aac"),
    "a.m2v": ("video/mpeg", "mpeg2", "", "-c:v mpeg2video -an"),
    "a.divx": ("video/x-msvideo", "mpeg4", "mp3", "-f avi -vtag DIVX -c:a libmp3lame"),
    "e.ts": ("video/mpeg", "hevc", "eac3", "-c:v libx265 -c:a eac3"),
    "d.ts": ("video/mpeg", "h264", "dts", "-c:v libx264 -c:a dca -strict -2"),
    "l.ts": ("video/mpeg", "h264", "aac", "-c:v libx264 -c:a aac -mpegts_flags latm"),
    "o.ts": ("video/mpeg", "h264", "opus", "-c:v libx264 -c:a libopus"),
}


def made(path, *options):
    """Let ffmpeg write half a second of test pattern and tone."""
    subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-v", "fatal"),
            *("-f", "lavfi", "-i", "testsrc2=s=176x144:r=25:d=0.5"),
            *("-f", "lavfi", "-i", "sine=f=330:d=0.5"),
            *options,
            *("-pix_fmt:v:0", "yuv420p", "-ac:a:0", "2"),
            *("-x265-params", "log-level=none", str(path)),
        ],
        check=True,
        timeout=60,
    )
    return path


@pytest.mark.parametrize("name", MADE)
def test_container(tmp_path, name):
    mime, video_codec, audio_codec, options = MADE[name]
    facts = facts_of(made(tmp_path / name, *options.split()))
    assert facts.kind is Kind.VIDEO
    assert (facts.mime, facts.video_codec) == (mime, video_codec)
    assert facts.audio_codec == audio_codec
    assert facts.width in {176, 720}
    assert 400 < facts.duration_ms < 700
    assert [track.kind for track in facts.tracks] == ["audio"] * bool(audio_codec)
    assert facts.date == ""


def test_a_recording_of_windows_is_a_film_of_which_no_more_is_known(tmp_path):
    path = made(tmp_path / "a.wtv", "-c:v", "mpeg2video", "-c:a", "mp2")
    facts = facts_of(path)
    assert (facts.kind, facts.mime, facts.width) == (Kind.VIDEO, "video/wtv", None)


SUBTITLES = "1\n00:00:00,100 --> 00:00:00,300\nWords\n"
CHAPTERS = """;FFMETADATA1
title=The Crossing
[CHAPTER]
TIMEBASE=1/1000
START=0
END=200
title=Opening: at sea
[CHAPTER]
TIMEBASE=1/1000
START=200
END=500
title=Landing
"""


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4", "film.mov"])
def test_tracks_chapters_and_cover(tmp_path, name):
    (tmp_path / "words.srt").write_text(SUBTITLES)
    (tmp_path / "chapters.txt").write_text(CHAPTERS)
    cover = FORMATS / "grey.jpg"
    is_mkv = name == "film.mkv"
    attached = ("-attach", str(cover), "-metadata:s:t", "mimetype=image/jpeg")
    copied = ("-map", "4", "-c:v:1", "copy", "-disposition:v:1", "attached_pic")
    path = made(
        tmp_path / name,
        *("-i", str(tmp_path / "words.srt"), "-i", str(tmp_path / "chapters.txt")),
        *(() if is_mkv else ("-i", str(cover))),
        *("-map", "0", "-map", "1", "-map", "1", "-map", "2", "-map_metadata", "3"),
        *("-c:v:0", "libx264", "-c:a:0", "ac3", "-c:a:1", "aac", "-ac:a:1", "1"),
        *("-c:s", "srt" if is_mkv else "mov_text"),
        *("-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng"),
        *("-metadata:s:a:1", "title=Commentary", "-metadata:s:s:0", "language=por"),
        *("-disposition:a:0", "default", "-disposition:a:1", "0"),
        *("-disposition:s:0", "forced" if is_mkv else "0"),
        *(attached if is_mkv else copied),
    )
    facts = facts_of(path)
    assert facts.title == "The Crossing"
    assert facts.chapters == (Chapter(0, "Opening: at sea"), Chapter(200, "Landing"))
    first, second, third = facts.tracks
    assert (first.codec, first.channels, first.default) == ("ac3", 2, True)
    assert (second.codec, second.channels, second.default) == ("aac", 1, False)
    assert (second.language, second.title) == ("en", "Commentary")
    assert (third.kind, third.channels) == ("subtitle", None)
    assert third.codec == ("srt" if is_mkv else "tx3g")
    if name != "film.mov":  # QuickTime's own codes know fewer
        assert (first.language, third.language) == ("de", "pt")
        assert facts.art_mime == "image/jpeg"
    assert third.forced == is_mkv


def test_languages_of_a_transport_stream(tmp_path):
    path = made(
        tmp_path / "a.ts",
        *("-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-c:a:0", "mp2"),
        *("-c:a:1", "ac3", "-ac:a:1", "1"),
        *("-metadata:s:a:0", "language=fra", "-metadata:s:a:1", "language=und"),
    )
    assert facts_of(path).tracks == (
        Track("audio", "mp2", "fr", channels=2),
        Track("audio", "ac3", channels=1),
    )


def test_an_episode_tells_its_place(tmp_path):
    path = made(tmp_path / "a.mp4", "-c:v", "libx264", "-c:a", "aac")
    tags = MP4(path)
    tags.update({"tvsh": "Ferry", "tvsn": [2], "tves": [5], "\xa9gen": "Drama"})
    tags["ldes"] = "A crossing in fog."
    tags.save()
    facts = facts_of(path)
    assert (facts.series, facts.season, facts.episode) == ("Ferry", 2, 5)
    assert (facts.genres, facts.description) == (("Drama",), "A crossing in fog.")


@pytest.fixture
def reads(monkeypatch):
    """Return a list that fills with (offset, count) of all reads."""
    seen = []
    real = Source.read_at

    def read_at(self, offset, count):
        seen.append((offset, count))
        return real(self, offset, count)

    monkeypatch.setattr(Source, "read_at", read_at)
    return seen


def lengthened(name, tmp_path, repeat):
    """Return a film that is many times as long, by repeating its stream."""
    path = tmp_path / name
    source = FORMATS / name
    inputs = "|".join([str(source)] * repeat)
    kind = {"mpeg2.ts": "mpegts", "mpeg2.vob": "vob", "h264_192.m2ts": "mpegts"}[name]
    subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-v", "error", "-i", f"concat:{inputs}"),
            *("-c", "copy", "-f", kind, str(path)),
        ],
        check=True,
        timeout=60,
    )
    return path


@pytest.mark.parametrize(
    ("name", "most_bytes"), [("mpeg2.ts", 600_000), ("mpeg2.vob", 3_600_000)]
)
def test_a_long_stream_is_read_at_its_ends_only(tmp_path, reads, name, most_bytes):
    path = lengthened(name, tmp_path, 160)
    assert path.stat().st_size > 2 * most_bytes
    facts = facts_of(path)
    assert sum(count for _, count in reads) < most_bytes
    assert facts.width == 176
    assert facts.duration_ms


def test_a_transport_stream_is_read_on_until_its_first_key_frame(tmp_path, reads):
    """A recording that begins between two key frames, as those of tuners do."""
    path = lengthened("mpeg2.ts", tmp_path, 20)
    packets = path.read_bytes()
    sequence = b"\0\0\x01\xb3"
    blind = bytearray(packets)
    for at in range(400_000):  # no sequence header in the first 400 kB
        if blind[at : at + 4] == sequence:
            blind[at + 3] = 0xB2  # user data
    path.write_bytes(blind)
    facts = facts_of(path)
    assert facts.width == 176
    assert sum(count for _, count in reads) > 400_000


def test_the_budget_ends_a_file_that_wants_too_much(tmp_path, monkeypatch, reads):
    monkeypatch.setattr(libmediainfo, "_MAX_BYTES", 100_000)
    path = tmp_path / "zeros.mpg"
    shutil.copy(FORMATS / "mpeg2.vob", path)
    with path.open("ab") as file:
        file.truncate(1 << 30)
    facts_of(path)
    assert sum(count for _, count in reads) < 400_000


def test_another_parser_than_the_signature_says_is_never_used(tmp_path):
    """Content can't choose: an HLS text given to the MP4 parser is nothing."""
    path = tmp_path / "list.mp4"
    path.write_text("#EXTM3U\n#EXTINF:10,\nhttp://203.0.113.77/one.ts\n")
    with path.open("rb") as file:
        source = open_source(file.fileno(), path.name)
        for parser in set(PARSERS.values()):
            with analysed(source, parser) as analysis:
                assert analysis.count(Stream.VIDEO) == 0
                assert analysis.text(Stream.GENERAL, "Format") != "HLS"


@pytest.mark.parametrize("name", ["mp4", "matroska", "avi", "mpegps", "asf", "flv"])
def test_a_magic_number_alone_is_no_film(tmp_path, name):
    magic = {
        "mp4": b"\0\0\0\x10ftypisom\0\0\0\0",
        "matroska": b"\x1a\x45\xdf\xa3\x84matr",
        "avi": b"RIFF\xff\0\0\0AVI LIST",
        "mpegps": b"\0\0\x01\xba" + bytes(10),
        "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
        "flv": b"FLV\x01\x05\0\0\0\x09",
    }[name]
    path = tmp_path / "film"
    path.write_bytes(magic + bytes(500))
    with pytest.raises(ProbeError):
        facts_of(path)
