import io
import os
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.make_media import FIXTURES

from upnpserver.errors import ProbeError
from upnpserver.media import heif, webp
from upnpserver.media.probe import probe
from upnpserver.model import Kind

FORMATS = FIXTURES / "formats"
PHOTOS = FIXTURES / "household" / "Photos"


def facts_of(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return probe(fd, path.name)
    finally:
        os.close(fd)


FIELDS = ("mime", "width", "height", "color_depth", "orientation", "progressive")
PICTURES = {
    "formats/alpha.png": ("image/png", 100, 60, 32, 1, False),
    "formats/cmyk.jpg": ("image/jpeg", 100, 60, 32, 1, False),
    "formats/extended.webp": ("image/webp", 100, 60, 24, 8, False),
    "formats/grey.jpg": ("image/jpeg", 100, 60, 8, 1, False),
    "formats/lossless.webp": ("image/webp", 100, 60, 24, 1, False),
    "formats/lossy.webp": ("image/webp", 100, 60, 24, 1, False),
    "formats/picture.avif": ("image/avif", 100, 60, None, 1, False),
    "formats/picture.bmp": ("image/bmp", 100, 60, 24, 1, False),
    "formats/picture.tiff": ("image/tiff", 100, 60, 24, 1, False),
    "household/Photos/2019 Coast/Beach.jpg": ("image/jpeg", 640, 480, 24, 6, False),
    "household/Photos/2019 Coast/Dunes.jpg": ("image/jpeg", 320, 240, 24, 1, True),
    "household/Photos/Chart.png": ("image/png", 200, 120, 24, 1, False),
    "household/Photos/Wave.gif": ("image/gif", 120, 90, 8, 1, False),
}


@pytest.mark.parametrize(("name", "expected"), PICTURES.items())
def test_picture(name, expected):
    facts = facts_of(FIXTURES / name)
    assert facts.kind is Kind.IMAGE
    assert tuple(getattr(facts, field) for field in FIELDS) == expected


def test_when_a_photo_was_taken():
    assert facts_of(PHOTOS / "2019 Coast" / "Beach.jpg").date == (
        "2019-07-14T18:05:09+02:00"
    )


def saved(tmp_path, name, exif=None, **options):
    path = tmp_path / name
    Image.new("RGB", (30, 20)).save(path, exif=exif or Image.Exif(), **options)
    return path


@pytest.mark.parametrize(
    ("tags", "details", "date"),
    [
        ({}, {0x9003: "2020:01:02 03:04:05"}, "2020-01-02T03:04:05"),
        ({}, {0x9003: "2020:01:02 03:04:05\0\0"}, "2020-01-02T03:04:05"),
        ({}, {0x9004: "2020:01:02 03:04:05"}, "2020-01-02T03:04:05"),
        ({0x0132: "2021:01:02 03:04:05"}, {}, "2021-01-02T03:04:05"),
        (
            {0x0132: "2021:01:02 03:04:05"},
            {0x9003: "0000:00:00 00:00:00"},
            "2021-01-02T03:04:05",
        ),
        ({}, {0x9003: "2020:01:02 03:04:05", 0x9011: "noon"}, "2020-01-02T03:04:05"),
        ({}, {0x9003: "    :  :     :  :  "}, ""),
        ({}, {}, ""),
    ],
)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_date(tmp_path, name, tags, details, date):
    exif = Image.Exif()
    exif.update({0x010E: "something", **tags})
    if details:
        exif.get_ifd(0x8769).update(details)
    assert facts_of(saved(tmp_path, name, exif)).date == date


def test_date_in_a_tiff(tmp_path):
    exif = Image.Exif()  # a TIFF file's own form; these tags describe its pixels
    exif.update({256: 30, 257: 20, 258: 8, 259: 1, 262: 1, 0x0112: 3})
    exif.update({273: 8, 277: 1, 278: 20, 279: 600})
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    path = tmp_path / "a.tif"
    path.write_bytes(exif.tobytes().removeprefix(b"Exif\0\0"))
    facts = facts_of(path)
    assert facts.date == "2020-01-02T03:04:05"
    assert facts.orientation == 3


@pytest.mark.parametrize("orientation", [0, 9, 1000])
def test_an_orientation_that_does_not_exist(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert facts_of(saved(tmp_path, "a.jpg", exif)).orientation == 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_hide_the_picture(tmp_path):
    path = saved(tmp_path, "a.jpg")
    data = path.read_bytes()
    broken = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(broken)) + broken
    path.write_bytes(data[:2] + segment + data[2:])
    assert facts_of(path).width == 30


def test_no_pixel_is_decoded(tmp_path, monkeypatch):
    """Exif behind the pixels of a PNG would make Pillow decode them to get it."""
    paths = [FIXTURES / name for name in PICTURES]
    exif = Image.Exif()
    exif[0x0112] = 3
    data = saved(tmp_path, "a.png", exif).read_bytes()
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    moved = tmp_path / "late.png"
    moved.write_bytes(data[:start] + data[end:-12] + data[start:end] + data[-12:])
    with Image.open(moved) as picture:
        assert picture.getexif()[0x0112] == 3  # Pillow found it, and decoded

    def load(self):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", load)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    for path in (*paths, moved):
        assert facts_of(path).width


# HEIF: boxes as a phone writes them ---------------------------------------------


def box(name, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


def full(name, version, *parts):
    return box(name, bytes([version, 0, 0, 0]), *parts)


def ispe(width, height):
    return full(b"ispe", 0, struct.pack(">II", width, height))


def phone_photo(turn=1, *, date="2022:03:04 05:06:07", wide=False):
    """Return a grid of tiles (property 1) shown as one picture (2), turned (3)."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = date
    exif[0x0112] = 5  # repeats a turn that is already told; must not count
    exif_data = struct.pack(">I", 6) + exif.tobytes()
    properties = box(b"ipco", ispe(512, 512), ispe(4032, 3024), box(b"irot", turn))
    if wide:
        uses = struct.pack(">IHBHHBHH", 2, 1, 1, 1, 9, 2, 0x8002, 0x8003)
        ipma = box(b"ipma", bytes([0, 0, 0, 1]), uses)
    else:
        ipma = full(b"ipma", 0, struct.pack(">IHBBHBBB", 2, 1, 1, 1, 9, 2, 0x82, 0x83))

    def meta(offset):
        iloc = full(
            b"iloc",
            0,
            struct.pack(">BBH", 0x44, 0, 2),
            struct.pack(">HHHII", 9, 0, 1, 0, 99),
            struct.pack(">HHHII", 10, 0, 1, offset, len(exif_data)),
        )
        entry = full(b"infe", 2, struct.pack(">HH4s", 10, 0, b"Exif"), b"\0")
        return full(
            b"meta",
            0,
            full(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
            full(b"pitm", 0, struct.pack(">H", 9)),
            full(b"iinf", 0, struct.pack(">H", 1), entry),
            iloc,
            box(b"iprp", properties, ipma),
        )

    start = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    offset = len(start) + len(meta(0)) + 8
    return start + meta(offset) + box(b"mdat", exif_data)


@pytest.mark.parametrize(("turn", "orientation"), [(0, 1), (1, 8), (2, 3), (3, 6)])
@pytest.mark.parametrize("wide", [False, True])
def test_photo_of_a_phone(tmp_path, turn, orientation, wide):
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(phone_photo(bytes([turn]), wide=wide))
    facts = facts_of(path)
    assert (facts.mime, facts.width, facts.height) == ("image/heic", 4032, 3024)
    assert facts.orientation == orientation
    assert facts.date == "2022-03-04T05:06:07"


def at(data):
    return lambda offset, count: data[offset : offset + count]


@given(st.integers(0, 600), st.binary(min_size=1, max_size=8))
def test_a_damaged_heif_gives_a_header_or_probe_error(where, damage):
    data = bytearray(phone_photo(b"\1"))
    data[where : where + len(damage)] = damage
    try:
        header = heif.read_header(at(bytes(data)))
    except ProbeError:
        return
    assert 1 <= header.orientation <= 8
    assert header.width >= 0


@given(st.binary(max_size=200))
def test_any_bytes_are_a_webp_header_or_probe_error(data):
    file = b"RIFF\0\0\0\0WEBPVP8X" + data
    try:
        header = webp.read_header(at(file), len(file))
    except ProbeError:
        return
    assert 0 <= header.width <= 1 << 24


@pytest.mark.parametrize(
    ("size", "fine"),
    [((65535, 1), True), ((65536, 1), False), ((30000, 30000), False), ((0, 9), False)],
)
def test_size_limits(tmp_path, size, fine):
    data = bytearray(saved(tmp_path, "a.png").read_bytes())
    data[16:24] = struct.pack(">II", *size)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path = tmp_path / "a.png"
    path.write_bytes(data)
    if fine:
        assert facts_of(path).width == size[0]
    else:
        with pytest.raises(ProbeError):
            facts_of(path)


def test_lossless_webp_with_alpha(tmp_path):
    file = io.BytesIO()
    Image.new("RGBA", (33, 21), (1, 2, 3, 4)).save(file, "WEBP", lossless=True)
    path = tmp_path / "a.webp"
    path.write_bytes(file.getvalue())
    facts = facts_of(path)
    assert (facts.width, facts.height, facts.color_depth) == (33, 21, 32)
