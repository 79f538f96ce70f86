"""Pictures drawn small: every format, upright, in sRGB, without what they tell."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from upnpserver.dlna.scaled import FORMS, MAX_PIXELS, fitted
from upnpserver.errors import ProbeError
from upnpserver.media.render import load_codecs, render

FORMATS = Path(__file__).parents[2] / "fixtures" / "media" / "formats"
RED, BLUE, WHITE = (254, 0, 0), (0, 0, 254), (255, 255, 255)


@pytest.fixture(scope="module", autouse=True)
def codecs():
    load_codecs()


def drawn(content, name="tn"):
    return Image.open(io.BytesIO(render(io.BytesIO(content), name)))


def saved(picture, container, **how):
    written = io.BytesIO()
    picture.save(written, container, **how)
    return written.getvalue()


def halves(width=400, height=200):
    """Return a picture that is red on the left and blue on the right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def is_like(pixel, wanted):
    return all(abs(a - b) < 40 for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(FORMATS.iterdir()) if path.stem in {
        "alpha", "cmyk", "extended", "grey", "lossless", "lossy", "picture"
    }],
    ids=lambda path: path.name,
)  # fmt: skip
def test_every_format_is_drawn(path):
    with path.open("rb") as file:
        picture = Image.open(io.BytesIO(render(file, "tn")))
    assert picture.format == "JPEG"
    assert picture.mode in {"RGB", "L"}
    assert max(picture.size) == 100


@pytest.mark.parametrize("name", sorted(FORMS))
def test_each_form_has_its_size(name):
    picture = drawn(saved(halves(5000, 2500), "JPEG"), name)
    assert picture.size == fitted(5000, 2500, FORMS[name])
    assert picture.format == FORMS[name].mime.removeprefix("image/").upper()
    assert is_like(picture.convert("RGB").getpixel((1, 1)), RED)


# Where red is once the picture is upright: x and y in parts of its size.
TURNS = {
    1: (0.1, 0.5),
    2: (0.9, 0.5),
    3: (0.9, 0.5),
    4: (0.1, 0.5),
    5: (0.5, 0.1),
    6: (0.5, 0.1),
    7: (0.5, 0.9),
    8: (0.5, 0.9),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_a_picture_is_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = drawn(saved(halves(), "JPEG", exif=exif))
    assert picture.size == ((160, 80) if orientation < 5 else (80, 160))
    x, y = TURNS[orientation]
    where = round(x * picture.width), round(y * picture.height)
    assert is_like(picture.getpixel(where), RED)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_there_is_not(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert drawn(saved(halves(), "JPEG", exif=exif)).size == (160, 80)


def test_nothing_is_told_of_where_it_was_taken():
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    exif[0x010E] = "at home"
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "at home")
    for content in (
        saved(halves(), "JPEG", exif=exif, comment=b"at home"),
        saved(halves(), "PNG", exif=exif, pnginfo=told),
        saved(halves(), "WEBP", exif=exif),
    ):
        for name in ("tn", "png"):
            small = render(io.BytesIO(content), name)
            assert b"at home" not in small
            assert b"Exif" not in small
            assert not Image.open(io.BytesIO(small)).getexif()


def test_a_colour_profile_is_used_and_not_passed_on():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = drawn(saved(halves(), "JPEG", icc_profile=profile))
    assert is_like(picture.getpixel((5, 5)), RED)
    assert "icc_profile" not in picture.info


@pytest.mark.parametrize("icc", [b"", b"no profile at all", b"\0" * 200])
def test_a_broken_colour_profile_counts_as_none(icc):
    picture = drawn(saved(halves(), "JPEG", icc_profile=icc))
    assert is_like(picture.getpixel((5, 5)), RED)


@pytest.mark.parametrize("container", ["PNG", "WEBP", "TIFF"])
def test_what_is_seen_through_is_white_in_a_jpeg_only(container):
    picture = halves().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 200, 200))
    content = saved(picture, container)
    assert is_like(drawn(content).getpixel((5, 5)), WHITE)
    assert drawn(content, "png").convert("RGBA").getpixel((5, 5))[3] == 0


def test_a_palette_with_a_clear_colour():
    picture = halves().convert("P", palette=Image.Palette.ADAPTIVE)
    clear = picture.getpixel((0, 0))
    small = drawn(saved(picture, "GIF", transparency=clear))
    assert is_like(small.getpixel((5, 5)), WHITE)
    assert is_like(small.getpixel((150, 5)), BLUE)


@pytest.mark.parametrize("container", ["PNG", "TIFF"])
def test_sixteen_bits_of_grey(container):
    row = b"\x00\x80" * 150 + b"\xff\xff" * 150
    picture = Image.frombytes("I;16", (300, 300), row * 300)
    small = drawn(saved(picture, container)).convert("L")
    assert abs(small.getpixel((10, 10)) - 128) < 4
    assert small.getpixel((150, 10)) > 250


@pytest.mark.parametrize("mode", ["1", "L", "LA", "YCbCr", "CMYK", "RGB"])
def test_every_mode(mode):
    container = {"YCbCr": "TIFF", "CMYK": "TIFF"}.get(mode, "PNG")
    small = drawn(saved(halves().convert(mode), container))
    assert small.size == (160, 80)


def test_half_a_photo_is_drawn():
    content = saved(Image.effect_noise((800, 600), 90), "JPEG")
    assert drawn(content[: len(content) // 2]).size == (160, 120)


def test_a_bomb_is_told_by_its_size():
    side = int(MAX_PIXELS**0.5) + 1
    content = saved(Image.new("1", (side, side)), "PNG")
    assert len(content) < 10_000
    with pytest.raises(ProbeError, match="40 million pixels"):
        render(io.BytesIO(content), "tn")


def test_a_large_jpeg_is_read_in_part():
    content = saved(Image.new("L", (8000, 8000)), "JPEG")
    assert drawn(content).size == (160, 160)
    assert drawn(content, "lrg").size == (4096, 4096)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0"])
def test_what_is_no_picture(content):
    with pytest.raises(OSError, match=r"cannot identify|broken|truncated"):
        render(io.BytesIO(content), "tn")
