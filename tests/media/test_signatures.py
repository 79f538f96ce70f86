import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile_media import TEXTS
from support.make_media import FIXTURES

from upnpserver.errors import ProbeError
from upnpserver.media.signatures import (
    HEAD_BYTES,
    id3_bytes,
    recognise,
    transport_packets,
)

CONTAINERS = {
    "aac.aac": "adts",
    "ac3.ac3": "ac3",
    "aiff.aiff": "aiff",
    "alac.m4a": "mp4",
    "alaw.aifc": "aiff",
    "alpha.png": "png",
    "asf_wmv2.wmv": "asf",
    "au.au": "au",
    "audio_only.mp4": "mp4",
    "audiobook.m4b": "mp4",
    "caf.caf": "caf",
    "chapters.m4b": "mp4",
    "cmyk.jpg": "jpeg",
    "dts.dts": "dts",
    "eac3.eac3": "eac3",
    "extended.webp": "webp",
    "flac.oga": "ogg",
    "flv.flv": "flv",
    "grey.jpg": "jpeg",
    "h264.3gp": "3gpp",
    "h264.mov": "quicktime",
    "h264_192.m2ts": "mpegts",
    "h264_interlaced.ts": "mpegts",
    "hevc.mp4": "mp4",
    "lossless.webp": "webp",
    "lossy.webp": "webp",
    "matroska.mka": "matroska",
    "mlp.mlp": "truehd",
    "mp2.mp2": "mp3",
    "mpeg1.mpg": "mpegps",
    "mpeg2.ts": "mpegts",
    "mpeg2.vob": "mpegps",
    "mpeg2_layer3.mp3": "mp3",
    "mpeg4_asp.avi": "avi",
    "mpeg4_sp.mp4": "mp4",
    "opus.weba": "webm",
    "picture.avif": "avif",
    "picture.heic": "heic",
    "picture.bmp": "bmp",
    "picture.tiff": "tiff",
    "rf64.wav": "wav",
    "silent.mp4": "mp4",
    "speex.spx": "ogg",
    "theora.ogv": "ogg",
    "truehd.thd": "truehd",
    "tta.tta": "tta",
    "vbr.mp3": "mp3",
    "vp9.webm": "webm",
    "wav24.wav": "wav",
    "wave64.w64": "wave64",
    "wavpack.wv": "wavpack",
    "wma2.wma": "asf",
}


def head_of(name):
    """Return the first bytes of a fixture, without its ID3 tag."""
    data = (FIXTURES / "formats" / name).read_bytes()
    start = id3_bytes(data)
    return data[start : start + HEAD_BYTES]


def test_the_table_has_every_fixture():
    assert {path.name for path in (FIXTURES / "formats").iterdir()} == set(CONTAINERS)


@pytest.mark.parametrize(("name", "container"), CONTAINERS.items())
def test_content_decides_whatever_the_name(name, container):
    assert recognise(head_of(name), "jpg") == container


def ftyp(brand, *compatible):
    brands = b"".join(compatible)
    return struct.pack(">I4s4sI", 16 + len(brands), b"ftyp", brand, 0) + brands


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (ftyp(b"heic", b"mif1"), "heic"),
        (ftyp(b"mif1", b"mif1", b"heic"), "heic"),
        (ftyp(b"mif1", b"mif1", b"avif"), "avif"),
        (ftyp(b"3g2a"), "3gpp2"),
        (ftyp(b"isom"), "mp4"),
        (b"\0\0\0\x08wide\0\0\x10\0mdat" + bytes(8), "quicktime"),
        (b"MAC \x96\x0f" + bytes(80), "ape"),
        (b"MPCKSH", "musepack"),
        (b"MP+\x07", "musepack"),
        (b"DSD \x1c" + bytes(7) + bytes(8), "dsf"),
        (b"FRM8" + bytes(8) + b"DSD ", "dff"),
        (b"RF64\xff\xff\xff\xffWAVE", "wav"),
        (b"BW64\xff\xff\xff\xffWAVE", "wav"),
        (b"#!AMR\n", "amr"),
        (b"tBaK\x01", "tak"),
        (b"OFR \x0c", "ofr"),
        (b"ADIF\x80", "adif"),
        (b"MThd\0\0\0\x06", "midi"),
        (b"caff\0\x01", "caf"),
        (b".RMF\0\0\0\x12", "realmedia"),
        (b"\0\0\x01\xb3\x16\0\xf0", "mpegvideo"),
        (b"MM\0*\0\0\0\x08", "tiff"),
        (b"\x0b\x77\0\0\0\x40", "ac3"),  # bsid 8
        (b"\x0b\x77\0\0\0\x58", "eac3"),  # bsid 11
    ],
)
def test_recognises(head, container):
    assert recognise(head, "") == container


NOT_MEDIA = [
    b"",
    b"BM" + bytes(30),  # no known bitmap header
    b"RIFF\x10\0\0\0MIDS",
    b"\x0b\x76" + bytes(30),
    b"\xff\xfb\x90\x00" + bytes(2000),  # one frame header, no second
    b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(2000),
    b"G" + (b"\0" * 187 + b"G") * 2,  # three packets prove nothing
]


@pytest.mark.parametrize("head", NOT_MEDIA)
def test_refuses_what_it_does_not_know(head):
    with pytest.raises(ProbeError):
        recognise(head, "jpg")


@pytest.mark.parametrize("text", TEXTS.values())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("extension", ["mp3", "ts", "mpg", "mkv", ""])
def test_text_is_never_media(text, encoding, extension):
    with pytest.raises(ProbeError, match="not media"):
        recognise(text.encode(encoding), extension)


def test_a_long_text_may_be_cut_within_a_character():
    with pytest.raises(ProbeError, match="not media"):
        recognise(b"a" + "é".encode() * 4000, "mp3")


@pytest.mark.parametrize(
    ("extension", "container"),
    [("mp3", "mp3"), ("mpc", "musepack"), ("vob", "mpegps"), ("m2ts", "mpegts")],
)
def test_a_stream_after_rubbish_is_believed_by_its_name(extension, container):
    assert recognise(b"\x01\x02\xfe" * 500, extension) == container


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (b"ID3\x03\0\0\0\0\x02\x01", 10 + 257),
        (b"ID3\x04\0\x10\0\0\0\x05", 10 + 5 + 10),  # with a footer
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f", 10 + (1 << 28) - 1),
        (b"ID3\x04\0\0\x80\0\0\0", 0),
        (b"ID3\x04\0\0\0\0", 0),
        (b"TAG", 0),
    ],
)
def test_length_of_an_id3_tag(tag, expected):
    assert id3_bytes(tag) == expected


@pytest.mark.parametrize("size", [188, 192, 204])
@pytest.mark.parametrize("offset", [0, 4, 100, 187])
def test_transport_packets(size, offset):
    packets = b"\0" * offset + (b"G" + b"\x01" * (size - 1)) * 4
    assert transport_packets(packets) == (offset, size)
    assert transport_packets(packets[: offset + 3 * size]) is None


@given(st.binary(max_size=600), st.sampled_from(["mp3", "mkv", "jpg", ""]))
def test_any_bytes_give_a_word_or_probe_error(head, extension):
    try:
        container = recognise(head, extension)
    except ProbeError:
        return
    assert container.isascii()
    assert container


@given(st.binary(max_size=40))
def test_any_tag_has_a_length(head):
    assert 0 <= id3_bytes(head) < 1 << 29
