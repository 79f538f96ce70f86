"""Pictures inside files: which one stands for the file, and where it lies."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.aiff import AIFF
from mutagen.apev2 import APEBinaryValue, APEv2
from mutagen.asf import ASF, ASFByteArrayAttribute
from mutagen.flac import FLAC
from mutagen.flac import Picture as Block
from mutagen.id3 import APIC, ID3, TIT2
from mutagen.mp4 import MP4, MP4Cover
from mutagen.wave import WAVE
from PIL import Image

from upnpserver.media.embedded import (
    Art,
    Picture,
    best_picture,
    nowhere,
    placed,
    with_size,
)
from upnpserver.media.probe import probe
from upnpserver.model import Kind, MediaFacts

MADE = Path(__file__).parents[2] / "fixtures" / "media"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 20
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


@pytest.mark.parametrize(
    ("pictures", "art"),
    [
        ([], Art()),
        ([Picture(b"text", 1, 2)], Art()),
        ([Picture(b"BM", 1, 2), Picture(b"GIF89a", 5, 6)], Art("image/bmp", 1, 2)),
        ([Picture(b"BM", 1, 2), Picture(b"GIF8", 5, 6, 3)], Art("image/gif", 5, 6)),
        ([Picture(b"BM", kind=3), Picture(b"GIF8", 5, 6)], Art("image/gif", 5, 6)),
        ([Picture(b"RIFF\0\0\0\0WEBP")], Art("image/webp", 0, 0)),
    ],
)
def test_best(pictures, art):
    assert best_picture(pictures) == art


def test_where_a_value_is_found():
    assert placed(b"name\0BM", 5, 3, lambda _: 100) == Picture(b"BM", 105, 2, 3)
    assert placed(b"name\0BM", 5, 3, nowhere) == Picture(b"BM")
    assert placed(b"name", 9, 3, lambda _: 100) == Picture(b"")


def id3(tags):
    tags.add(APIC(encoding=0, mime="", type=4, desc="back", data=PNG))
    tags.add(APIC(encoding=1, mime="", type=3, desc="Grün", data=JPEG))
    tags.add(TIT2(encoding=3, text=["After"]))


def in_mp3(path):
    tags = ID3()
    id3(tags)
    tags.save(path)


def in_old_mp3(path):
    tags = ID3()
    id3(tags)
    tags.save(path, v2_version=3)


def inside(file_class):
    def write(path):
        file = file_class(path)
        file.add_tags()
        id3(file.tags)
        file.save()

    return write


def in_flac(path):
    flac = FLAC(path)
    flac.clear_pictures()
    for kind, data in ((4, PNG), (3, JPEG)):
        block = Block()
        block.type, block.data, block.mime = kind, data, "image/x"
        flac.add_picture(block)
    flac.save()


def in_mp4(path):
    mp4 = MP4(path)
    mp4["covr"] = [MP4Cover(JPEG), MP4Cover(PNG)]
    mp4.save()


def in_asf(path):
    asf = ASF(path)
    head = b"\3" + len(JPEG).to_bytes(4, "little") + "a\0b\0".encode("utf-16-le")
    asf["WM/Picture"] = [ASFByteArrayAttribute(head + JPEG)]
    asf.save()


def in_ape(path):
    tags = APEv2()
    tags["Title"] = "Slab"
    tags["Cover Art (Back)"] = APEBinaryValue(b"b.png\0" + PNG)
    tags["Cover Art (Front)"] = APEBinaryValue(b"a.jpg\0" + JPEG)
    tags.save(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("vbr.mp3", in_mp3),
        ("vbr.mp3", in_old_mp3),
        ("wav24.wav", inside(WAVE)),
        ("aiff.aiff", inside(AIFF)),
        ("01 - Bellows.flac", in_flac),
        ("alac.m4a", in_mp4),
        ("wma2.wma", in_asf),
        ("wavpack.wv", in_ape),
    ],
)
def test_the_bytes_of_the_front_cover(tmp_path, name, write):
    path = Path(shutil.copy(next(MADE.rglob(name)), tmp_path / name))
    write(path)
    with path.open("rb") as file:
        facts = probe(file.fileno(), name)
    end = facts.art_offset + facts.art_length
    assert facts.art_mime == "image/jpeg"
    assert path.read_bytes()[facts.art_offset : end] == JPEG


@given(st.lists(st.tuples(st.sampled_from([JPEG, PNG, b"", b"BM"]), st.integers(0, 9))))
def test_any_pictures_give_one_of_them_or_none(some):
    pictures = [Picture(head, 7, length, length % 4) for head, length in some]
    art = best_picture(pictures)
    assert art == Art() or art.length in {one.length for one in pictures}


def pictured(art_mime, data, at=3):
    facts = MediaFacts(
        *(Kind.AUDIO, "audio/mpeg", "a" * 16),
        art_mime=art_mime,
        art_offset=at,
        art_length=len(data),
    )
    file = b"x" * at + data + b"more"
    return with_size(facts, lambda offset, count: file[offset : offset + count])


@pytest.mark.parametrize(
    ("name", "options", "mime", "size"),
    [
        ("a.jpg", {}, "image/jpeg", (30, 20)),
        ("a.png", {}, "image/png", (30, 20)),
        ("a.jpg", {"progressive": True}, "image/jpeg", (0, 0)),
        ("a.gif", {}, "image/gif", (0, 0)),
    ],
)
def test_the_size_of_a_plain_picture(tmp_path, name, options, mime, size):
    Image.new("RGB", (30, 20)).save(tmp_path / name, **options)
    found = pictured(mime, (tmp_path / name).read_bytes())
    assert (found.art_width, found.art_height) == size


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png"])
@given(data=st.binary(max_size=60))
def test_the_size_of_a_broken_picture_is_not_known(mime, data):
    head = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}[mime]
    found = pictured(mime, head + data)
    assert found.art_width >= 0
