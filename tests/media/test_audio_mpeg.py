import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.mp3 import MPEGInfo
from support.make_media import FIXTURES

from upnpserver.errors import ProbeError
from upnpserver.media.audio_mpeg import Frame, MpegAudio, parse_frame, read_mpeg_audio

FILES = ("vbr.mp3", "mpeg2_layer3.mp3", "mp2.mp2")
LAYER_3 = b"\xff\xfb\x90\x00"  # 128 kb/s, 44.1 kHz, stereo: 417 bytes
FASTER = b"\xff\xfb\xb0\x00"  # 192 kb/s: 626 bytes


def read(data):
    return read_mpeg_audio(lambda at, count: data[at : at + count], 0, len(data))


def frames(header, count, first=b""):
    """Return frames of one kind; first: what the first one holds."""
    length = parse_frame(header).length_bytes
    whole = header + bytes(length - 4)
    return (header + first).ljust(length, b"\0") + whole * (count - 1)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"\xff\xfb\x90\x00", Frame(3, True, 128000, 44100, 2, 1152, 417)),
        (b"\xff\xfb\x92\x00", Frame(3, True, 128000, 44100, 2, 1152, 418)),  # padded
        (b"\xff\xfb\x94\xc0", Frame(3, True, 128000, 48000, 1, 1152, 384)),
        (b"\xff\xfd\xa8\x00", Frame(2, True, 192000, 32000, 2, 1152, 864)),
        (b"\xff\xff\xe2\x00", Frame(1, True, 448000, 44100, 2, 384, 488)),
        (b"\xff\xf3\x80\x00", Frame(3, False, 64000, 22050, 2, 576, 208)),
        (b"\xff\xf5\x80\x00", Frame(2, False, 64000, 22050, 2, 1152, 417)),
        (b"\xff\xe3\x18\xc0", Frame(3, False, 8000, 8000, 1, 576, 72)),  # MPEG-2.5
    ],
)
def test_frame(header, expected):
    assert parse_frame(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\xff\xfb\x90",
        b"\xfe\xfb\x90\x00",
        b"\xff\xdb\x90\x00",
        b"\xff\xeb\x90\x00",  # no such version
        b"\xff\xf9\x90\x00",  # no such layer: AAC
        b"\xff\xfb\x00\x00",  # free format
        b"\xff\xfb\xf0\x00",
        b"\xff\xfb\x9c\x00",
    ],
)
def test_no_frame(header):
    assert parse_frame(header) is None


@pytest.mark.parametrize("name", FILES)
def test_as_mutagen_reads_it(name):
    data = (FIXTURES / "formats" / name).read_bytes()
    start = data.index(b"\xff")
    found = read(data[start:])
    info = MPEGInfo(io.BytesIO(data[start:]))
    assert (found.layer, found.sample_rate_hz, found.channels) == (
        *(info.layer, info.sample_rate, info.channels),
    )
    # mutagen counts the padding that FFmpeg's encoder tells of.
    assert 0 <= info.length * 1000 - found.duration_ms < 80


def test_constant_rate():
    assert read(frames(LAYER_3, 100)) == MpegAudio(
        3, 44100, 2, 128000, 2606, is_exact=True
    )


def test_frames_after_rubbish():
    data = b"\xff\xfb\x90\x00" + b"\x01" * 40_000 + frames(LAYER_3, 100)
    assert read(data) == MpegAudio(3, 44100, 2, 128000, 2606, is_exact=True)


def test_a_variable_rate_without_a_count_is_averaged():
    """By its first frames alone it would be told half as long again."""
    data = frames(LAYER_3, 50) + frames(FASTER, 350)
    found = read(data)
    assert 144_000 <= found.bitrate_bps <= 192_000
    exact_ms = 400 * 1152 * 1000 // 44100
    assert abs(found.duration_ms - exact_ms) < exact_ms // 15


def xing(count=0, size=0, mark=b"Xing", lame=b"", flags=None):
    flags = (bool(count) | 2 * bool(size)) if flags is None else flags
    head = bytes(32) + mark + struct.pack(">I", flags)
    head += struct.pack(">I", count) if flags & 1 else b""
    head += struct.pack(">I", size) if flags & 2 else b""
    return head + lame


def vbri(size, count, version=1):
    return bytes(32) + b"VBRI" + struct.pack(">HIII", version, 0, size, count)


LAME = b"LAME3.100" + bytes(12) + bytes([0x24, 0x05, 0x00])  # 576 and 1280 samples


@pytest.mark.parametrize(
    ("first", "bitrate_bps", "duration_ms"),
    [
        (xing(1000), 128000, 26122),
        (xing(1000, mark=b"Info"), 128000, 26122),
        (xing(1000, 500_417), 153125, 26122),
        (xing(1000, lame=LAME), 128000, 26080),
        (xing(1, lame=LAME), 128000, 0),
        (xing(0, 5000), 128000, 261),  # no count: the rate decides
        (xing(1 << 29), 128000, 261),
        (
            bytes(32) + b"VBRI\0\1" + bytes(4) + struct.pack(">II", 0, 1000),
            128000,
            26122,
        ),
        (
            *(bytes(32) + b"VBRI\0\1" + bytes(4) + struct.pack(">II", 500_000, 1000),),
            *(153127, 26122),
        ),
        (vbri(0, 1000), 128000, 26122),
        (vbri(500_000, 1000), 153127, 26122),
        (vbri(0, 1000, version=2), 128000, 261),
    ],
)
def test_the_encoder_told_how_many_frames_there_are(first, bitrate_bps, duration_ms):
    found = read(frames(LAYER_3, 10, first))
    assert (found.bitrate_bps, found.duration_ms) == (bitrate_bps, duration_ms)


@pytest.mark.parametrize("data", [b"", b"\xff" * 5000, LAYER_3 + bytes(5000)])
def test_no_audio(data):
    with pytest.raises(ProbeError):
        read(data)


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([LAYER_3, FASTER, bytes(413), xing(5)])).map(b"".join)
)
def test_any_bytes_are_audio_or_a_probe_error(data):
    try:
        found = read(data)
    except ProbeError:
        return
    assert found.duration_ms >= 0
    assert found.bitrate_bps > 0
