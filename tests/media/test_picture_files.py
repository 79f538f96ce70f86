import io
import os
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from support.make_media import FIXTURES

from upnpserver.errors import ProbeError
from upnpserver.facts import facts_to_json
from upnpserver.media import (
    heif,
    jpeg,
    picture_headers,
    picture_tags,
    png,
    webp,
    xmp,
)
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
    "formats/picture.heic": ("image/heic", 100, 60, None, 1, False),
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


# What is told of a picture, in each format ---------------------------------------

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    b' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="47,38.1N"'
    b' xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
)


def located_exif():
    """Return Exif data of a photo that knows where it was taken."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Pinhole", "Two"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (47.0, 38.0, 6.25), 3: "E", 4: (9.0, 10.0, 33.5), 29: "2020:01:02"}
    )
    return exif


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_a_position_appears_nowhere(tmp_path, name):
    exif, options = located_exif(), {"xmp": XMP}
    if name == "a.png":
        chunks = PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"pnginfo": chunks}
    path = saved(tmp_path, name, exif, **options)
    if name == "a.tif":
        exif.update({256: 30, 257: 20, 258: 8, 259: 1, 262: 1, 700: XMP})
        exif.update({273: 8, 277: 1, 278: 20, 279: 600})
        path.write_bytes(exif.tobytes().removeprefix(b"Exif\0\0"))
    with Image.open(path) as picture:
        assert picture.getexif().get_ifd(0x8825)[2]  # it is in there
    facts = facts_of(path)
    assert facts.camera == "Pinhole Two"
    assert facts.date == "2020-01-02T03:04:05"
    assert facts.rating_percent == 80
    told = facts_to_json(facts)
    for trace in ("47", "38", "6.25", "33.5", "GPS", "Latitude"):
        assert trace not in told.replace(facts.content_id, "")


def test_no_tag_of_a_position_is_asked_for():
    assert 0x8825 not in picture_tags.WANTED
    assert not [name for name in xmp.WANTED if "GPS" in name or "ocation" in name]


def test_iptc_in_a_jpeg(tmp_path):
    path = saved(tmp_path, "a.jpg")
    sets = b"\x1c\x02\x05\0\x04Pier\x1c\x02\x19\0\x03Sea"
    block = (
        b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(sets)) + sets
    )
    data = path.read_bytes()
    segment = b"\xff\xed" + struct.pack(">H", 2 + len(block)) + block
    path.write_bytes(data[:2] + segment + data[2:])
    facts = facts_of(path)
    assert (facts.title, facts.keywords) == ("Pier", ("Sea",))


def png_chunk(name, data):
    crc = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)


@pytest.mark.parametrize("parts", [1, 3, 200])
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_told_behind_the_pixels_of_a_png(tmp_path, parts, packed):
    """As ExifTool and ImageMagick write it, after however many chunks."""
    data = saved(tmp_path, "a.png").read_bytes()
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    pixels = data[start + 8 : start + 8 + length] + b"IDAT" * 200
    step = -(-len(pixels) // parts)
    text = zlib.compress(XMP) if packed else XMP
    path = tmp_path / "behind.png"
    path.write_bytes(
        data[:start]
        + b"".join(
            png_chunk(b"IDAT", pixels[at : at + step])
            for at in range(0, len(pixels), step)
        )
        + png_chunk(b"tEXt", b"Title\0Chart")
        + png_chunk(b"iTXt", b"XML:com.adobe.xmp\0%c\0\0\0" % packed + text)
        + png_chunk(b"tIME", struct.pack(">HBBBBB", 2020, 7, 14, 18, 5, 9))
        + png_chunk(b"IEND", b"")
    )
    facts = facts_of(path)
    assert (facts.title, facts.rating_percent) == ("Chart", 80)
    assert facts.date == "2020-07-14T18:05:09+00:00"


def test_a_palette_counts_as_shown(tmp_path):
    path = tmp_path / "a.png"
    Image.new("P", (30, 20)).save(path, bits=2)
    assert facts_of(path).color_depth == 8


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jp2", ("image/jp2", 30, 20, 24)),
        ("a.gif", ("image/gif", 30, 20, 8)),
        ("a.bmp", ("image/bmp", 30, 20, 24)),
    ],
)
def test_size_in_plain_headers(tmp_path, name, expected):
    facts = facts_of(saved(tmp_path, name))
    assert (facts.mime, facts.width, facts.height, facts.color_depth) == expected


JXL_BOX = b"\0\0\0\x0cJXL \r\n\x87\n"


def packed_bits(*fields):
    number = shift = 0
    for value, count in fields:
        number |= value << shift
        shift += count
    return b"\xff\x0a" + number.to_bytes(14, "little")


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        (((1, 1), (4, 5), (0, 3), (9, 5)), (80, 40)),
        (((1, 1), (4, 5), (7, 3)), (80, 40)),  # twice as wide as high
        (((0, 1), (1, 2), (2999, 13), (0, 3), (1, 2), (3999, 13)), (4000, 3000)),
        (((0, 1), (1, 2), (2999, 13), (3, 3)), (4000, 3000)),
        (((0, 1), (3, 2), (69999, 30), (1, 3)), None),
    ],
)
@pytest.mark.parametrize("boxed", [False, True])
def test_size_of_a_jpeg_xl(tmp_path, fields, size, boxed):
    stream = packed_bits(*fields)
    path = tmp_path / "a.jxl"
    path.write_bytes(JXL_BOX + box(b"ftyp") + box(b"jxlc", stream) if boxed else stream)
    if size is None:
        with pytest.raises(ProbeError, match="70000 x 70000"):
            facts_of(path)
    else:
        facts = facts_of(path)
        assert (facts.mime, facts.width, facts.height) == ("image/jxl", *size)


@pytest.mark.parametrize(
    "tags", [{0x00FE: 1}, {0xC612: b"\1\4\0\0"}], ids=["preview", "DNG"]
)
def test_a_raw_photo_is_told_as_such(tmp_path, tags):
    exif = Image.Exif()
    exif.update({256: 30, 257: 20, 258: 8, 259: 1, 262: 1, **tags})
    path = tmp_path / "a.tif"
    path.write_bytes(exif.tobytes().removeprefix(b"Exif\0\0"))
    with pytest.raises(ProbeError, match="raw photo"):
        facts_of(path)


def test_a_jpeg_that_ends_before_its_picture(tmp_path):
    data = (FORMATS / "grey.jpg").read_bytes()
    path = tmp_path / "a.jpg"
    path.write_bytes(data[: data.index(b"\xff\xda")])
    with pytest.raises(ProbeError, match="ends before"):
        facts_of(path)


@given(st.integers(0, 700), st.binary(min_size=1, max_size=8), st.data())
def test_damaged_headers_give_a_size_or_probe_error(where, damage, data):
    name, read = data.draw(st.sampled_from(HEADERS))
    file = bytearray((FORMATS / name).read_bytes())
    file[where : where + len(damage)] = damage
    try:
        read(at(bytes(file)), len(file))
    except ProbeError:
        return


HEADERS = [
    ("cmyk.jpg", lambda read, _: jpeg.read_header(read)),
    ("alpha.png", png.read_header),
    ("picture.bmp", lambda read, _: picture_headers.bmp(read)),
    ("picture.tiff", lambda read, _: picture_headers.tiff(read)),
    ("picture.avif", lambda read, _: heif.read_header(read)),
    ("extended.webp", webp.read_header),
    ("grey.jpg", lambda read, _: picture_headers.jpeg2000(read)),
]


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
