import shutil
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mutagen.flac import Picture
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from support.make_media import FIXTURES

from upnpserver.errors import ProbeError
from upnpserver.media.audio_ogg import OggSound, read_ogg

FILES = {
    "01 - Tide.ogg": OggVorbis,
    "02 - Łódź, Straße, 東京.opus": OggOpus,
    "flac.oga": OggFLAC,
    "speex.spx": OggSpeex,
}


def read(data):
    return read_ogg(lambda at, count: data[at : at + count], len(data))


def page(stream, body, position=0, flags=0, *, ends=True):
    """Return a page with one packet, or a part of one that goes on."""
    full, rest = divmod(len(body), 255)
    sizes = bytes([255] * full + ([rest] if ends else []))
    header = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, position, stream, 0, 0, 0)
    return header[:26] + bytes([len(sizes)]) + sizes + body


def vorbis_head(most=0, usual=0, least=0):
    body = struct.pack("<7sIBIiiiBB", b"\1vorbis", 0, 2, 1000, most, usual, least, 0, 1)
    return page(1, body, flags=2)


def comments(*texts):
    listed = b"".join(struct.pack("<I", len(one)) + one for one in texts)
    return b"\3vorbis" + struct.pack("<II", 0, len(texts)) + listed


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("picture_bytes", [0, 300_000])
def test_tells_what_mutagen_does(tmp_path, name, picture_bytes):
    path = tmp_path / name
    shutil.copy(next(FIXTURES.rglob(name)), path)
    file = FILES[name](path)
    picture = Picture()
    picture.data = bytes(picture_bytes)
    file["first"] = ["1"]
    file["metadata_block_picture"] = [picture.write().hex()]
    file["title"] = ["A title behind a large picture"]
    file.save()
    sound = read(path.read_bytes())
    told = dict(sound.comments)
    assert (told["first"], told["title"]) == ("1", "A title behind a large picture")
    info = FILES[name](path).info
    assert sound.duration_ms == pytest.approx(info.length * 1000)
    assert sound.channels == info.channels
    assert sound.sample_rate_hz == getattr(info, "sample_rate", 48000)
    told_rate = 0 if name.endswith(".opus") else getattr(info, "bitrate", 0)
    assert sound.bitrate_bps == told_rate


@pytest.mark.parametrize(
    ("rates", "bitrate_bps"),
    [
        ((0, 128, 0), 128),
        ((0, 0, 0), 0),
        ((100, 0, 50), 75),
        ((100, 128, 0), 100),
        ((0, 128, 140), 140),
        ((-1, 128, -1), 128),
    ],
)
def test_rates_of_vorbis(rates, bitrate_bps):
    assert read(vorbis_head(*rates)).bitrate_bps == bitrate_bps


def test_a_sound_stream_beside_another():
    """Pages of two streams alternate; the packet goes on behind a foreign page."""
    packet = comments(b"TITLE=" + b"x" * 400)
    data = (
        page(2, b"\x80theora" + bytes(40), flags=2)
        + vorbis_head()
        + page(1, packet[:255], ends=False)
        + page(2, b"other")
        + page(1, packet[255:])
        + page(1, b"sound", 3000)
        + page(1, b"sound", -1)
        + page(2, b"picture", 9999)
    )
    sound = read(data)
    assert dict(sound.comments) == {"title": "x" * 400}
    assert sound.duration_ms == 3000


def test_the_end_is_found_before_much_of_another_stream():
    tail = page(2, bytes(65000 // 255 * 255), ends=False) * 3
    data = vorbis_head() + page(1, comments()) + page(1, b"sound", 2000) + tail
    assert read(data).duration_ms == 2000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"OggS",
        page(1, b"CELT    "),
        page(1, b""),
        page(2, b"x") + vorbis_head()[4:],
    ],
)
def test_no_sound(data):
    with pytest.raises(ProbeError):
        read(data)


def test_a_large_comment_is_passed_by_unread():
    packet = comments(b"COVER=" + bytes(255 * 2000), b"TITLE=Behind it")
    size = 255 * 250
    parts = [packet[at : at + size] for at in range(0, len(packet), size)]
    data = vorbis_head() + b"".join(
        page(1, part, ends=part is parts[-1]) for part in parts
    )
    asked = []

    def read_at(at, count):
        asked.append(count)
        return data[at : at + count]

    told = dict(read_ogg(read_at, len(data)).comments)
    assert told["title"] == "Behind it"
    assert len(told["cover"]) < 20_000
    # The pages' headers are looked for in blocks of 64 KiB; two parts are read.
    blocks = [count for count in asked if count >= 64 * 1024]
    assert len(blocks) <= len(parts) + 4
    assert sum(asked) - sum(blocks) < 3 * size


def test_a_packet_that_never_ends():
    data = vorbis_head() + page(1, bytes(255 * 255), ends=False) * 300
    assert read(data).comments == ()


HEADS = st.sampled_from([b"\1vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   "])
PAGES = st.builds(
    page,
    st.integers(1, 2),
    st.tuples(HEADS | st.just(b"\3vorbis"), st.binary(max_size=90)).map(b"".join),
    st.integers(-1, 1 << 62),
    ends=st.booleans(),
)


@given(st.lists(PAGES | st.binary(max_size=300), max_size=8).map(b"".join))
@example(vorbis_head()[:40])
def test_any_pages_are_sound_or_a_probe_error(data):
    try:
        sound = read(data)
    except ProbeError:
        return
    assert isinstance(sound, OggSound)
    assert sound.duration_ms >= 0
