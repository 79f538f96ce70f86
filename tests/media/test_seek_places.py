"""Which byte a time is at, in files that ffmpeg made, beside what ffprobe says."""

import json
import os
import shutil
import subprocess
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media.places import MOST_PLACES, WITH_TABLE, Place, Span, Table
from upnpserver.media.probe import probe
from upnpserver.media.seeking import span_of, table_of
from upnpserver.media.source import Source, open_source

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffprobe") is None, reason="there is no ffmpeg"
)
SECONDS = 24
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=s=320x180:r=25:d={SECONDS}")
TONE = ("-f", "lavfi", "-i", f"sine=f=300:d={SECONDS}:r=48000")
NOISE = ("-f", "lavfi", "-i", f"aevalsrc=0.3*random(0)|0.3*sin(9*t*t):d={SECONDS}")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2")
H264 += ("-b:v", "1M", "-pix_fmt", "yuv420p")
MPEG2 = ("-c:v", "mpeg2video", "-g", "15", "-bf", "2", "-b:v", "2M")
FILMS = {
    "late.mp4": (*PICTURE, *TONE, *H264, "-c:a", "aac"),
    "early.mp4": (*PICTURE, *TONE, *H264, "-c:a", "aac", "-movflags", "+faststart"),
    "plain.mov": (*PICTURE, *TONE, *H264, "-c:a", "pcm_s16le"),
    "mute.mp4": (*PICTURE, *H264),
    "film.mkv": (*PICTURE, *TONE, *H264, "-c:a", "ac3"),
    "film.ts": (*PICTURE, *TONE, *H264, "-c:a", "aac"),
    "film.m2ts": (*PICTURE, *TONE, *H264, "-c:a", "ac3"),
    "film.mpg": (*PICTURE, *TONE, *MPEG2, "-c:a", "mp2", "-f", "vob"),
}
SONGS = {
    "varied.mp3": (*NOISE, "-q:a", "4"),
    "steady.mp3": (*NOISE, "-b:a", "192k"),
    "song.flac": NOISE,
    "song.wav": NOISE,
    "deep.wav": (*NOISE, "-c:a", "pcm_s24le"),
    "song.w64": NOISE,
    "song.au": NOISE,
    "song.m4a": (*NOISE, "-c:a", "aac"),
    "song.mka": (*NOISE, "-c:a", "flac"),
}
UNTOLD = {
    "parts.mp4": (*PICTURE, *TONE, *H264, "-movflags", "frag_keyframe+empty_moov"),
    "uncounted.mp3": (*NOISE, "-q:a", "4", "-write_xing", "0"),
    "packed.wav": (*NOISE, "-c:a", "adpcm_ms"),
    "film.avi": (*PICTURE, *TONE, *H264, "-c:a", "mp3"),
    "piped.mkv": (*PICTURE, *H264, "-live", "1"),
}
TIMES_MS = (1, 4_999, 5_000, 11_040, 17_777, SECONDS * 1000 - 500)
# Of packets' times in ffprobe, and what sound is put before the first sample.
CLOSE_MS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("places")


def made(folder, name, how):
    path = folder / name
    if not path.exists():
        command = ("ffmpeg", "-nostdin", "-v", "error", "-threads", "1", *how, path)
        subprocess.run(command, check=True, timeout=120)
    return path


class Opened:
    """A film or song, with what is told of it."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY)
        self.facts = probe(self.fd, path.name)
        self.source = open_source(self.fd, path.name)

    def span(self, start_ms, end_ms=None):
        facts, size = self.facts, self.source.size_bytes
        if facts.container in WITH_TABLE:
            table = table_of(self.source, facts.container)
            return Table.unpack(table.pack()).span(start_ms, end_ms, size)
        length_ms = facts.duration_ms
        return span_of(self.source, facts.container, length_ms, start_ms, end_ms)


@pytest.fixture
def opened(folder, request):
    opened = []

    def open_it(name, how):
        opened.append(Opened(made(folder, name, how)))
        return opened[0]

    yield open_it
    for one in opened:
        os.close(one.fd)


def packets(path):
    """Return (milliseconds, offset, is a key, kind) of each packet, by ffprobe."""
    shown = "packet=pts_time,pos,flags,codec_type:format=start_time"
    command = ("ffprobe", "-v", "error", "-show_entries", shown, "-of", "json", path)
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    first = float(told["format"].get("start_time", 0))
    return [
        (
            (float(one["pts_time"]) - first) * 1000,
            int(one["pos"]),
            "K" in one["flags"],
            one["codec_type"],
        )
        for one in told["packets"]
        if "pts_time" in one and "pos" in one
    ]


@needs_ffmpeg
@pytest.mark.parametrize("name", FILMS)
def test_a_film_is_sent_from_the_key_picture_before_the_time(folder, opened, name):
    film = opened(name, FILMS[name])
    assert film.facts.time_seek
    seen = packets(folder / name)
    for time_ms in TIMES_MS:
        at = film.span(time_ms).start
        keys = [one for one in seen if one[2] and one[3] == "video"]
        key_ms, key_at = max(
            (one[:2] for one in keys if one[0] <= time_ms + 0.5), default=keys[0][:2]
        )
        # All that is shown from that picture on, or is in the same block of it.
        rest = min(offset for ms, offset, _, _ in seen if ms >= key_ms)
        block = 20_000 if name.endswith((".mkv", ".mpg")) else 0
        if name == "plain.mov":  # its sound is in chunks
            block = 10_000
        assert 0 <= rest - at <= block, (time_ms, at, rest, key_at)


@needs_ffmpeg
@pytest.mark.parametrize("name", SONGS)
def test_a_song_is_sent_from_the_time_on(folder, opened, name):
    song = opened(name, SONGS[name])
    assert song.facts.time_seek
    seen = sorted((offset, ms) for ms, offset, _, _ in packets(folder / name))
    allowed_ms = 5_500 if name.endswith(".mka") else 200  # its Cues are so far apart
    for time_ms in TIMES_MS[1:]:
        at = song.span(time_ms).start
        later = next(ms for offset, ms in seen if offset >= at)
        assert -allowed_ms <= later - time_ms <= CLOSE_MS, (time_ms, at)


@needs_ffmpeg
@pytest.mark.parametrize("name", {**FILMS, **SONGS})
def test_spans_of_one_time_after_the_other_are_all_of_it(opened, name):
    one = opened(name, {**FILMS, **SONGS}[name])
    size = one.source.size_bytes
    assert one.span(0) == Span(0, size)
    before = one.span(0, 10_000)
    behind = one.span(10_000)
    assert before.start == 0 < before.end <= size == behind.end
    assert 0 < behind.start <= before.end
    short = one.span(10_000, 12_000)
    assert short.start == behind.start < short.end < size


@needs_ffmpeg
@pytest.mark.parametrize("name", UNTOLD)
def test_what_does_not_tell_its_times_is_not_sought_by_them(opened, name):
    assert not opened(name, UNTOLD[name]).facts.time_seek


@needs_ffmpeg
def test_a_film_whose_clock_begins_again_is_not_sought_by_it(folder, opened):
    whole = made(folder, "film.ts", FILMS["film.ts"]).read_bytes()
    (folder / "twice.ts").write_bytes(whole * 5)
    assert not opened("twice.ts", ()).facts.time_seek
    whole = made(folder, "film.mpg", FILMS["film.mpg"]).read_bytes()
    (folder / "twice.mpg").write_bytes(whole * 5)
    assert not Opened(folder / "twice.mpg").facts.time_seek


@needs_ffmpeg
def test_hours_of_a_film_are_found_in_few_looks(folder, opened, monkeypatch):
    film = opened("film.ts", FILMS["film.ts"])
    looks = []
    real = Source.read_at
    monkeypatch.setattr(
        Source,
        "read_at",
        lambda self, at, count: looks.append(count) or real(self, at, count),
    )
    film.span(11_040)
    assert len(looks) < 30
    assert sum(looks) < 4_000_000


@needs_ffmpeg
@pytest.mark.parametrize("name", ["film.mkv", "late.mp4", "steady.mp3", "song.flac"])
def test_a_file_that_is_cut_leads_nowhere_beyond_its_end(folder, name):
    whole = made(folder, name, {**FILMS, **SONGS}[name]).read_bytes()
    for part in (len(whole) // 3, len(whole) - 1000):
        path = folder / f"cut-{name}"
        path.write_bytes(whole[:part])
        fd = os.open(path, os.O_RDONLY)
        try:
            source = open_source(fd, name)
            span = placed(source, path.suffix, 10_000, 12_000)
            assert 0 <= span.start < span.end <= part
        except ProbeError:
            pass
        finally:
            os.close(fd)


CONTAINERS = {
    ".mkv": "matroska",
    ".mp4": "mp4",
    ".mov": "quicktime",
    ".mp3": "mp3",
    ".flac": "flac",
    ".ts": "mpegts",
    ".m2ts": "mpegts",
    ".mpg": "mpegps",
    ".wav": "wav",
    ".w64": "wave64",
    ".au": "au",
}


def placed(source, suffix, start_ms, end_ms):
    container = CONTAINERS[suffix]
    if container in WITH_TABLE:
        return table_of(source, container).span(start_ms, end_ms, source.size_bytes)
    return span_of(source, container, SECONDS * 1000, start_ms, end_ms)


class Bytes:
    """A source of some bytes in memory."""

    extension = ""

    def __init__(self, data):
        self._data, self.size_bytes, self.head = data, len(data), data[:16384]

    def read_at(self, offset, count):
        return self._data[offset : offset + count] if count > 0 else b""


@needs_ffmpeg
@pytest.mark.parametrize("name", ["film.mkv", "late.mp4", "film.ts", "song.flac"])
@given(st.data())
def test_damage_anywhere_gives_a_span_of_the_file_or_nothing(folder, name, data):
    how = {**FILMS, **SONGS}[name]
    broken = bytearray(made(folder, name, how).read_bytes()[-400_000:])
    if name != "late.mp4":  # its index is at the end
        broken = bytearray((folder / name).read_bytes()[:400_000])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, min(len(broken) - 1, 20_000)))
        broken[-at if name == "late.mp4" else at] = data.draw(st.integers(0, 255))
    source = Bytes(bytes(broken))
    try:
        span = placed(source, "." + name.rpartition(".")[2], 5_000, 9_000)
    except ProbeError:
        return
    assert 0 <= span.start < span.end <= len(broken)


@given(st.sampled_from(list(CONTAINERS)), st.binary(max_size=4000))
def test_any_bytes_give_a_span_or_nothing(suffix, content):
    try:
        span = placed(Bytes(content), suffix, 5_000, 9_000)
    except ProbeError:
        return
    assert 0 <= span.start <= span.end <= len(content)


TABLE = Table.of([Place(0, 10), Place(1000, 500), Place(2000, 900)], 1200)


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "expected"),
    [
        (0, None, (0, 1200)),
        (0, 1, (0, 500)),
        (1, None, (10, 1200)),
        (999, 1000, (10, 500)),
        (1000, 1000, (500, 900)),
        (1000, 1001, (500, 900)),
        (1000, 2001, (500, 1200)),
        (5000, None, (900, 1200)),
        (5000, 6000, (900, 1200)),
    ],
)
def test_a_table(start_ms, end_ms, expected):
    assert TABLE.span(start_ms, end_ms, 1200) == expected
    assert Table.unpack(TABLE.pack()).span(start_ms, end_ms, 1200) == expected


def test_of_too_many_places_some_are_kept():
    table = Table.of((Place(at, at) for at in range(100_000)), 200_000)
    assert len(table.offsets) <= MOST_PLACES
    assert 90_000 - table.span(90_000, None, 200_000).start < 10


@pytest.mark.parametrize(
    "places",
    [
        [],
        [Place(0, 1200)],
        [Place(0, 500), Place(1000, 400)],
        [Place(1 << 40, 3)],
    ],
)
def test_places_that_can_not_be(places):
    with pytest.raises(ProbeError):
        Table.of(places, 1200)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_none(packed):
    try:
        table = Table.unpack(packed)
    except ProbeError:
        return
    assert len(table.times_ms) == len(table.offsets) > 0
    assert isinstance(table.offsets, array)
