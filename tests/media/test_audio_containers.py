"""FLAC blocks, MP4 boxes and the headers of plain sound, down to their bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.make_media import FIXTURES

from upnpserver.errors import ProbeError
from upnpserver.media.audio_flac import parse_comments, picture_in, read_flac
from upnpserver.media.audio_mp4 import read_mp4
from upnpserver.media.audio_mp4_codec import NO_CODEC, Mp4Codec, read_codec
from upnpserver.media.audio_pcm import read_au, read_wave, read_wave64
from upnpserver.media.window import Window

FORMATS = FIXTURES / "formats"


def reader(data):
    return lambda at, count: data[at : at + count]


# FLAC -------------------------------------------------------------------------


def comments(*texts):
    entries = [text.encode() for text in texts]
    data = struct.pack("<I", 3) + b"who" + struct.pack("<I", len(entries))
    return data + b"".join(struct.pack("<I", len(one)) + one for one in entries)


def block(kind, data, *, last=False, length=None):
    length = len(data) if length is None else length
    return bytes([kind | (0x80 if last else 0)]) + length.to_bytes(3, "big") + data


INFO = bytes(10) + (44100 << 44 | 1 << 41 | 15 << 36 | 88200).to_bytes(8, "big")
INFO += bytes(16)
PICTURE = struct.pack(">II", 3, 9) + b"image/png" + bytes(4) + bytes(16)
PICTURE += struct.pack(">I", 3 << 20) + b"\x89PNG" + bytes(3 << 20)


def flac(*blocks):
    data = b"fLaC" + block(0, INFO) + b"".join(blocks) + block(1, b"", last=True)
    return read_flac(reader(data + b"\xff\xf8"), 0)


def test_flac():
    found = flac(block(4, comments("TITLE=Ö", "x", "a=b=c")), block(6, PICTURE))
    assert (found.sample_rate_hz, found.channels) == (44100, 2)
    assert (found.bits_per_sample, found.samples) == (16, 88200)
    assert found.comments == (("title", "Ö"), ("a", "b=c"))
    assert found.pictures[0].head.startswith(b"\x89PNG")
    assert len(found.pictures[0].head) < 1024


def test_a_comment_block_told_too_short():
    told = comments("title=A", "artist=B")
    found = flac(block(4, told, length=12), block(6, PICTURE))
    assert found.comments == (("title", "A"), ("artist", "B"))


def test_a_picture_block_told_too_short():
    """Pictures of more than 16 MiB: the length has 24 bits."""
    found = flac(block(6, PICTURE, length=1000), block(4, comments("title=A")))
    assert found.comments == (("title", "A"),)


@pytest.mark.parametrize("data", [b"fLaC", b"fLaC" + block(1, b"", last=True)])
def test_flac_without_stream_information(data):
    with pytest.raises(ProbeError):
        read_flac(reader(data), 0)


@given(st.binary(max_size=200))
def test_any_bytes_are_comments(data):
    found, _ = parse_comments(data)
    assert all(isinstance(text, str) for pair in found for text in pair)


def test_comments_as_many_as_are_whole():
    data = comments("title=A", "artist=B")
    found, used = parse_comments(data)
    assert used == len(data)
    found, used = parse_comments(data[:-1])
    assert found == (("title", "A"),)
    assert used > len(data) - 1


@given(st.binary(max_size=100))
def test_any_bytes_hold_a_picture_or_none(data):
    assert len(picture_in(data)) <= len(data)


@given(st.binary(max_size=200))
def test_any_blocks_are_flac_or_a_probe_error(data):
    try:
        found = read_flac(reader(b"fLaC" + data), 0)
    except ProbeError:
        return
    assert found.channels >= 1


# MP4 --------------------------------------------------------------------------


def box(name, *content):
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), name) + data


def full(name, *content):
    return box(name, bytes(4), *content)


def data_box(kind, data):
    return box(b"data", struct.pack(">II", kind, 0), data)


def mp4(*tags, codec=b"", more=b"", media_time=(1000, 2500), big=False):
    mdhd = struct.pack(">16xIQI" if big else ">8xIII", *media_time, 0)
    media = box(b"mdhd", bytes([big, 0, 0, 0]), mdhd)
    media += full(b"hdlr", bytes(4), b"soun", bytes(13))
    media += box(b"minf", box(b"stbl", full(b"stsd", struct.pack(">I", 1), codec)))
    track = box(b"trak", full(b"tkhd", bytes(8), struct.pack(">I", 1)))
    track = box(
        b"trak", full(b"tkhd", bytes(8), struct.pack(">I", 1)), box(b"mdia", media)
    )
    meta = full(b"meta", full(b"hdlr", bytes(20)), box(b"ilst", *tags))
    movie = box(b"moov", full(b"mvhd", bytes(96)), track, box(b"udta", meta, more))
    data = box(b"ftyp", b"M4A ", bytes(4)) + movie + box(b"mdat", bytes(9))
    return read_mp4(reader(data), len(data))


def test_mp4_tags():
    found = mp4(
        box(b"\xa9nam", data_box(1, "Tür".encode())),
        box(b"\xa9ART", data_box(1, b"A"), data_box(2, "B".encode("utf-16-be"))),
        box(b"trkn", data_box(0, struct.pack(">4H", 0, 3, 11, 0))),
        box(b"cpil", data_box(21, b"\x01")),
        box(b"stik", data_box(21, b"\x02")),
        box(b"gnre", data_box(0, b"\0\x12")),
        box(b"covr", data_box(14, b"\x89PNG" + bytes(70_000))),
        box(
            *(b"----", full(b"mean", b"com.apple.iTunes"), full(b"name", b"ARTISTS")),
            *(data_box(1, b"One"), data_box(1, b"Two")),
        ),
        box(b"tmpo", data_box(21, b"\0\x78")),
        box(b"xxxx", b"no data"),
    )
    assert {name: told for name, told in found.tags.items() if told} == {
        "\xa9nam": ["Tür"],
        "\xa9ART": ["A", "B"],
        "trkn": ["3"],
        "cpil": ["1"],
        "stik": ["2"],
        "gnre": ["18"],
        "ARTISTS": ["One", "Two"],
    }
    assert found.covers[0].head.startswith(b"\x89PNG")
    assert len(found.covers[0].head) == 256


@pytest.mark.parametrize("big", [False, True])
def test_mp4_duration(big):
    assert mp4(big=big).duration_ms == 2500
    unknown = (1 << (64 if big else 32)) - 1
    assert mp4(media_time=(1000, unknown), big=big).duration_ms is None


def entry(name, *boxes, rate=44100, channels=2, version=0, more=b""):
    """Return an AudioSampleEntry."""
    head = struct.pack(">6xHH6xHH4xI", 1, version, channels, 16, rate << 16)
    return box(name, head, more, *boxes)


def esds(object_type, config=b"", average=96000):
    specific = b"\x05\x80\x80\x80" + bytes([len(config)]) + config if config else b""
    decoder = struct.pack(">BB3xII", object_type, 0x15, 128000, average) + specific
    decoder = b"\x04" + bytes([len(decoder)]) + decoder
    return full(b"esds", b"\x03" + bytes([3 + len(decoder)]) + b"\0\1\0" + decoder)


@pytest.mark.parametrize(
    ("description", "codec"),
    [
        (
            entry(b"mp4a", esds(0x40, b"\x12\x10")),
            Mp4Codec("aac", "lc", 44100, 2, 16, 96000),
        ),
        (
            entry(b"mp4a", esds(0x40, b"\x2b\x92\x08\x00"), rate=22050),  # HE, explicit
            Mp4Codec("aac", "he", 44100, 2, 16, 96000),
        ),
        (
            entry(b"mp4a", esds(0x40, b"\x13\x90\x56\xe5\xa0"), rate=22050),
            Mp4Codec("aac", "he", 44100, 2, 16, 96000),
        ),
        (
            entry(b"mp4a", esds(0x40, b"\x13\x88\x56\xe5\xa5\x48\x80"), channels=1),
            Mp4Codec("aac", "hev2", 44100, 2, 16, 96000),
        ),
        (
            entry(b"mp4a", esds(0x40, b"\x12\x10"), version=1, more=bytes(16)),
            Mp4Codec("aac", "lc", 44100, 2, 16, 96000),
        ),
        (entry(b"mp4a", esds(0x6B)), Mp4Codec("mp3", "", 44100, 2, 16, 96000)),
        (entry(b"mp4a", esds(0x40)), Mp4Codec("aac", "", 44100, 2, 16, 96000)),
        (entry(b"mp4a"), Mp4Codec("aac", "", 44100, 2, 16)),
        (
            entry(
                b"alac",
                full(
                    b"alac",
                    struct.pack(">IBB3xBHIII", 4096, 0, 24, 6, 255, 0, 800_000, 48000),
                ),
            ),
            Mp4Codec("alac", "", 48000, 6, 24, 800_000),
        ),
        (
            entry(b"ac-3", box(b"dac3", b"\x10\x3d\xe0")),  # acmod 7 with lfe
            Mp4Codec("ac3", "", 44100, 6, 16),
        ),
        (entry(b"Opus", rate=48000), Mp4Codec("opus", "", 48000, 2, 16)),
        (b"", NO_CODEC),
    ],
)
def test_mp4_codec(description, codec):
    assert mp4(codec=description).codec == codec


def test_chapters_of_nero():
    chapters = b"".join(
        struct.pack(">QB", start_ms * 10_000, len(title)) + title
        for start_ms, title in ((0, b"One"), (61_500, "Zwölf".encode()))
    )
    more = box(b"chpl", b"\x01" + bytes(7) + b"\x02" + chapters)
    assert mp4(more=more).chapters == ((0, "One"), (61_500, "Zwölf"))
    cut = box(b"chpl", b"\x01" + bytes(7) + b"\x09" + chapters[:-3])
    assert len(mp4(more=cut).chapters) == 2


def test_chapters_of_quicktime_go_before():
    data = (FORMATS / "chapters.m4b").read_bytes()
    at = data.index(b"chpl")
    for seen in (data, data[:at] + b"free" + data[at + 4 :]):
        titles = [title for _, title in read_mp4(reader(seen), len(seen)).chapters]
        assert titles == ["Setting out", "Łódź", "Home"]


@pytest.mark.parametrize(
    "data",
    [b"", box(b"moov"), box(b"moov", box(b"trak")), b"\0\0\0\x01moov" + bytes(9)],
)
def test_mp4_without_sound(data):
    with pytest.raises(ProbeError):
        read_mp4(reader(data), len(data))


SONG = (FORMATS / "chapters.m4b").read_bytes()


@given(
    st.lists(st.tuples(st.integers(0, len(SONG) - 1), st.integers(0, 255)), max_size=30)
)
def test_any_mp4_is_read_or_a_probe_error(changes):
    data = bytearray(SONG)
    for at, value in changes:
        data[at] = value
    try:
        found = read_mp4(reader(bytes(data)), len(data))
    except ProbeError:
        return
    assert len(found.chapters) < 5000
    assert all(start >= 0 for start, _ in found.chapters)


@given(st.binary(max_size=120))
def test_any_description_is_a_codec(data):
    assert isinstance(read_codec(Window.of(data), 0, len(data)), Mp4Codec)


# WAV, AU ------------------------------------------------------------------------


def chunk(name, data, length=None):
    length = len(data) if length is None else length
    return name + struct.pack("<I", length) + data + b"\0" * (len(data) % 2)


def fmt(tag=1, channels=2, rate=8000, bits=16, more=b""):
    per_s = rate * channels * bits // 8
    return chunk(
        b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, per_s, 4, bits) + more
    )


def wave(*chunks, name=b"RIFF"):
    data = b"".join(chunks)
    data = name + struct.pack("<I", 4 + len(data)) + b"WAVE" + data
    return read_wave(reader(data), len(data))


GUID = struct.pack("<HHI", 22, 24, 3) + struct.pack("<H", 1) + bytes(14)


@pytest.mark.parametrize(
    ("chunks", "codec", "duration_ms"),
    [
        ((fmt(), chunk(b"data", bytes(16000))), "pcm", 500),
        ((fmt(0xFFFE, more=GUID), chunk(b"data", bytes(16000))), "pcm", 500),
        ((fmt(0x55), chunk(b"data", bytes(16000))), "mp3", 500),
        (
            (
                *(fmt(0x11), chunk(b"fact", struct.pack("<I", 4000))),
                chunk(b"data", bytes(100)),
            ),
            *("adpcm", 500),
        ),
        ((fmt(0x1234), chunk(b"data", bytes(16000))), "", 500),
        ((fmt(), chunk(b"data", bytes(16000), 1 << 31)), "pcm", 500),  # cut off
        ((fmt(),), "pcm", 0),
    ],
)
def test_wave(chunks, codec, duration_ms):
    found = wave(*chunks)
    assert (found.codec, found.duration_ms) == (codec, duration_ms)
    assert (found.sample_rate_hz, found.channels) == (8000, 2)


def test_wave_of_more_than_4_gib():
    """Its own chunk tells the real length, behind which the tag is found."""
    size = struct.pack("<QQQI", 0, 16000, 4000, 0)
    tag = chunk(b"id3 ", b"ID3" + bytes(7))
    for name in (b"RF64", b"BW64"):
        found = wave(
            *(chunk(b"ds64", size), fmt(), chunk(b"data", bytes(16000), 0xFFFFFFFF)),
            *(tag, chunk(b"LIST", b"INFO" + chunk(b"INAM", b"A"))),
            name=name,
        )
        assert found.duration_ms == 500
        assert found.id3_at


@pytest.mark.parametrize("chunks", [(), (chunk(b"fmt ", b"\1\0"),)])
def test_wave_without_a_format(chunks):
    with pytest.raises(ProbeError):
        wave(*chunks)


@pytest.mark.parametrize(
    ("encoding", "length", "codec", "duration_ms"),
    [
        (1, 8000, "ulaw", 500),
        (27, 8000, "alaw", 500),
        (3, 16000, "pcm", 500),
        (3, 0xFFFFFFFF, "pcm", 500),  # not told
        (3, 1 << 31, "pcm", 500),  # cut off
        (99, 16000, "", 0),
    ],
)
def test_au(encoding, length, codec, duration_ms):
    there = min(length, 16000)
    data = b".snd" + struct.pack(">5I", 24, length, encoding, 8000, 2) + bytes(there)
    found = read_au(reader(data), len(data))
    assert (found.codec, found.duration_ms) == (codec, duration_ms)


@given(st.sampled_from([read_wave, read_wave64, read_au]), st.binary(max_size=200))
def test_any_header_is_read_or_a_probe_error(read, data):
    try:
        found = read(reader(data), len(data))
    except ProbeError:
        return
    assert found.duration_ms >= 0
