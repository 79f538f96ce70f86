import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.covers import Cover, find_cover

JPEG, PNG = b"\xff\xd8\xff\xe0pixels", b"\x89PNG\r\n\x1a\npixels"


def box(name, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


def mp4(picture, version=bytes(4)):
    data = box(b"data", struct.pack(">II", 13, 0), picture)
    items = box(b"ilst", box(b"\xa9nam", bytes(20)), box(b"covr", data))
    meta = box(b"meta", version, box(b"hdlr", bytes(25)), items)
    return box(b"ftyp", b"isom") + box(
        b"moov", box(b"mvhd", bytes(100)), box(b"udta", meta)
    )


def part(kind, *content):
    data = b"".join(content)
    return kind + (len(data) | 1 << 28).to_bytes(4, "big") + data


def mkv(*files):
    attached = [
        part(
            b"\x61\xa7",
            part(b"\x46\x6e", name),
            part(b"\x46\x60", mime),
            part(b"\x46\x5c", data),
        )
        for name, mime, data in files
    ]
    return b"\x1a\x45\xdf\xa3\x80" + part(
        b"\x18\x53\x80\x67", part(b"\x19\x41\xa4\x69", *attached)
    )


def found(data, container):
    return find_cover(lambda at, n: data[at : at + n], len(data), container)


@pytest.mark.parametrize("version", [bytes(4), b""], ids=["MPEG-4", "QuickTime"])
@pytest.mark.parametrize(
    ("picture", "mime"), [(JPEG, "image/jpeg"), (PNG, "image/png")]
)
def test_cover_of_an_mp4(version, picture, mime):
    data = mp4(picture, version)
    assert found(data, "mp4") == Cover(mime, data.index(picture), len(picture))


def test_cover_of_an_mkv_is_the_one_that_says_so():
    data = mkv(
        (b"font.ttf", b"font/ttf", JPEG),
        (b"screen.png", b"image/png", PNG),
        (b"Cover.jpg", b"image/jpeg", JPEG + b"!"),
    )
    assert found(data, "matroska") == Cover(
        "image/jpeg", data.index(JPEG + b"!"), len(JPEG) + 1
    )


@pytest.mark.parametrize(
    ("data", "container"),
    [
        (mp4(b"BM bitmap"), "mp4"),
        (box(b"ftyp", b"isom") + box(b"mdat", bytes(50)), "mp4"),
        (mkv((b"font.ttf", b"font/ttf", JPEG)), "matroska"),
        (mkv(), "webm"),
        (mp4(JPEG), "avi"),
        (mp4(JPEG)[:-4], "asf"),
    ],
)
def test_none(data, container):
    assert found(data, container) is None


@given(st.integers(0, 250), st.binary(min_size=1, max_size=6))
def test_a_damaged_file_has_a_cover_inside_itself_or_none(where, damage):
    for whole, container in ((mp4(JPEG), "mp4"), (mkv((b"a", b"image/", PNG)), "webm")):
        data = bytearray(whole)
        data[where : where + len(damage)] = damage
        cover = found(bytes(data), container)
        assert cover is None or cover.offset + cover.length <= len(data)
