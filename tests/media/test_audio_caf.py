import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media.audio_caf import read_caf


def read(data):
    return read_caf(lambda at, count: data[at : at + count], len(data))


def chunk(name, content, length=None):
    return (
        name + struct.pack(">q", len(content) if length is None else length) + content
    )


def desc(codec=b"lpcm", packet=(2, 1), bits=16, hz=1000.0):
    return chunk(b"desc", struct.pack(">d4sIIIII", hz, codec, 0, *packet, 1, bits))


HEAD = b"caff\0\1\0\0"
SOUND = bytes(4 + 4000)
PACKETS = chunk(b"pakt", struct.pack(">qqii", 5, 3500, 0, 0) + b"\1\2")


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (desc() + chunk(b"data", SOUND), ("pcm", 2000, 16000)),
        (desc() + chunk(b"data", SOUND, -1), ("pcm", 2000, 16000)),
        (desc() + chunk(b"data", SOUND, 1 << 40), ("pcm", 2000, 16000)),
        (
            desc(b"alac", (0, 4096)) + PACKETS + chunk(b"data", SOUND),
            ("alac", 3500, 4000 * 8000 / 3500),
        ),
        (desc(b"what") + chunk(b"data", SOUND), ("", 2000, 16000)),
        (desc(b"aac ", (0, 1024)) + chunk(b"data", SOUND), ("aac", 0, 0)),
        (desc(hz=0.0) + chunk(b"data", SOUND), ("pcm", 0, 0)),
    ],
)
def test_sound(chunks, expected):
    caf = read(HEAD + chunks)
    assert (caf.codec, caf.duration_ms, caf.bitrate_bps) == expected


def test_information():
    listed = b"\0\0\0\2title\0A song\0artist\0Someone\0"
    caf = read(HEAD + desc() + chunk(b"info", listed))
    assert caf.info == (("title", "A song"), ("artist", "Someone"))


@pytest.mark.parametrize("data", [b"", HEAD, HEAD + chunk(b"desc", bytes(31))])
def test_without_a_description(data):
    with pytest.raises(ProbeError):
        read(data)


NAMES = st.sampled_from([b"desc", b"data", b"pakt", b"info", b"free"])
CHUNKS = st.builds(
    chunk, NAMES, st.binary(max_size=80), st.none() | st.integers(-(1 << 63), 1 << 40)
)


@given(st.lists(CHUNKS, max_size=6).map(b"".join))
def test_any_chunks_are_read_or_a_probe_error(data):
    try:
        caf = read(HEAD + desc() + data)
    except ProbeError:
        return
    assert caf.duration_ms >= 0
    assert caf.bitrate_bps >= 0
