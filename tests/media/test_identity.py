import io
import re
import shutil
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2, TXXX
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggtheora import OggTheora
from mutagen.oggvorbis import OggVorbis
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from support.make_media import FIXTURES

from upnpserver.media.identity import SAMPLE_BYTES, content_id, payload
from upnpserver.media.signatures import HEAD_BYTES, id3_bytes, recognise
from upnpserver.media.source import open_source

CONTAINERS = (
    *("mp3", "flac", "mp4", "ogg", "jpeg", "wav", "aiff", "asf", "dsf", "wavpack"),
    *("matroska", "webm", "avi", "png", "webp", "tiff", "heic", "flv", "dff"),
)
LONG = "a longer title than before, " * 600  # it needs pages of its own


def id_of_bytes(data, container):
    return content_id(lambda at, count: data[at : at + count], len(data), container)


def id_of(path):
    data = path.read_bytes()
    start = id3_bytes(data)
    return id_of_bytes(data, recognise(data[start : start + HEAD_BYTES], "mp3"))


def edit_id3(path):
    tags = ID3()
    tags.add(TIT2(encoding=3, text=[LONG]))
    tags.add(TXXX(encoding=3, desc="note", text=["x"]))
    tags.add(APIC(encoding=3, mime="image/png", type=3, desc="", data=bytes(5000)))
    tags.save(path, v1=2)


def edit_apev2(path):
    tags = APEv2()
    tags["Title"] = LONG
    tags.save(path)


def edit_lyrics3(path):
    text = b"LYRICSBEGININD00002" + b"10" + b"ETT00005Title"
    path.write_bytes(path.read_bytes() + text + b"%06d" % len(text) + b"LYRICS200")


def editor(reader):
    """Return an editor for formats whose class saves in place."""

    def edit(path):
        file = reader(path)
        if file.tags is None:
            file.add_tags()
        is_id3 = isinstance(file.tags, ID3)
        keys = {MP4: "\xa9nam", ASF: "Title"}
        if is_id3:
            file.tags.add(TIT2(encoding=3, text=[LONG]))
        else:
            file.tags[keys.get(reader, "title")] = [LONG]
        file.save()

    return edit


def edit_flac(path):
    flac = FLAC(path)
    picture = Picture()
    picture.data = bytes(9000)
    flac.add_picture(picture)
    flac["title"] = "other"
    flac.save()


def edit_exif(path):
    exif = Image.Exif()
    exif[0x010E] = "described " * 100
    data = path.read_bytes()
    tag = b"\xff\xe1" + (2 + 6 + len(exif.tobytes()[6:])).to_bytes(2, "big")
    path.write_bytes(data[:2] + tag + exif.tobytes() + data[2:])


def edit_mkv(path):
    """Change Matroska's title in place, and add tags at the end, as editors do."""
    data = path.read_bytes()
    assert b"Signal" in data
    tags = b"\x12\x54\xc3\x67\x88" + b"\xec\x86" + bytes(6)
    path.write_bytes(data.replace(b"Signal", b"Beacon") + tags)


def edit_webm(path):
    """Make room before the clusters, which moves all behind."""
    data = path.read_bytes()
    at = data.index(b"\x1f\x43\xb6\x75")  # the first cluster
    moved = data[:at] + b"\xec\x40\x64" + bytes(100) + data[at:]
    index = data.index(b"\x53\xab\x84\x1c\x53\xbb\x6b\x53\xac")  # Cues
    place = data.index(b"\x53\xac", index)
    width = data[place + 2] & 15
    cues = int.from_bytes(data[place + 3 : place + 3 + width], "big") + 103
    path.write_bytes(
        moved[: place + 3] + cues.to_bytes(width, "big") + moved[place + 3 + width :]
    )


def edit_avi(path):
    data = path.read_bytes()
    at = data.index(b"movi") - 8
    told = b"INAM\x06\0\0\0Other\0"
    path.write_bytes(
        data[:at] + b"LIST" + (4 + len(told)).to_bytes(4, "little") + b"INFO" + told
        + data[at:]
    )  # fmt: skip


def edit_png(path):
    told = PngInfo()
    told.add_text("Title", LONG, zip=True)
    with Image.open(path) as picture:
        written = io.BytesIO()
        picture.save(written, "PNG", pnginfo=told)
    chunk = written.getvalue()
    start = chunk.index(b"zTXt") - 4
    chunk = chunk[start : start + 12 + int.from_bytes(chunk[start : start + 4], "big")]
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk + data[33:-12] + chunk + data[-12:])


def edit_webp(path):
    chunk = b"XMP " + (6).to_bytes(4, "little") + b"<x:x/>"
    path.write_bytes(path.read_bytes() + chunk)


def edit_flv(path):
    """Change the words in the script before sound and picture."""
    data = path.read_bytes()
    length = int.from_bytes(data[14:17], "big")
    assert data[13] == 18
    longer = data[24 : 24 + length] + b"\0" * 40
    path.write_bytes(
        data[:14] + len(longer).to_bytes(3, "big") + data[17:24] + longer
        + (11 + len(longer)).to_bytes(4, "big") + data[28 + length :]
    )  # fmt: skip


def edit_tiff(path):
    """Add a description: it lies behind, and so does the new directory."""
    data = path.read_bytes()
    at = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[at : at + 2], "little")
    entries = data[at + 2 : at + 2 + 12 * count]
    entry = struct.pack("<HHII", 0x010E, 2, 6, len(data))
    directory = struct.pack("<H", count + 1) + entry + entries + bytes(4)
    place = struct.pack("<I", len(data) + 6)
    path.write_bytes(data[:4] + place + data[8:] + b"Words\0" + directory)


HOUSEHOLD_SONG = "household/Music/Various Artists/Evening Walk/01 - Tide.ogg"
EDITS = [
    ("formats/vbr.mp3", edit_id3),
    ("formats/vbr.mp3", edit_apev2),
    ("formats/vbr.mp3", edit_lyrics3),
    ("formats/aac.aac", edit_id3),
    ("household/Music/The Foundry/Second Wind/01 - Bellows.flac", edit_flac),
    ("household/Music/The Foundry/Second Wind/02 - Anvil.m4a", editor(MP4)),
    (HOUSEHOLD_SONG, editor(OggVorbis)),
    ("household/Music/Various Artists/Evening Walk/02 - *.opus", editor(OggOpus)),
    ("formats/flac.oga", editor(OggFLAC)),
    ("formats/speex.spx", editor(OggSpeex)),
    ("formats/theora.ogv", editor(OggTheora)),
    ("formats/wav24.wav", editor(WAVE)),
    ("formats/aiff.aiff", editor(AIFF)),
    ("formats/wma2.wma", editor(ASF)),
    ("formats/wavpack.wv", editor(WavPack)),
    ("formats/tta.tta", editor(TrueAudio)),
    ("household/Photos/2019 Coast/Beach.jpg", edit_exif),
    ("household/Photos/Chart.png", edit_png),
    ("formats/lossy.webp", edit_webp),
    ("formats/picture.tiff", edit_tiff),
    ("household/Videos/Films/Signal (2021).mkv", edit_mkv),
    ("formats/vp9.webm", edit_webm),
    ("formats/mpeg4_asp.avi", edit_avi),
    ("formats/flv.flv", edit_flv),
]


@pytest.mark.parametrize(("pattern", "edit"), EDITS)
def test_an_edited_tag_keeps_the_id(tmp_path, pattern, edit):
    (source,) = FIXTURES.glob(pattern)
    copy = tmp_path / source.name
    shutil.copy(source, copy)
    edit(copy)
    assert copy.read_bytes() != source.read_bytes()
    assert id_of(copy) == id_of(source)


# The same coded film, tone or picture in another wrapping is the same content.
TWINS = {
    "h264.mov": "h264.3gp",
    "audiobook.m4b": "audio_only.mp4",
    "extended.webp": "lossy.webp",
}


def test_every_fixture_has_an_id_of_its_own():
    paths = [p for p in FIXTURES.rglob("*.*") if p.is_file() and p.suffix != ".srt"]
    ids = {path.name: id_of(path) for path in paths}
    for one, other in TWINS.items():
        assert ids.pop(one) == ids[other]
    assert len(set(ids.values())) == len(ids)
    assert all(re.fullmatch("[a-z2-7]{16}", one) for one in ids.values())


@pytest.mark.parametrize(
    ("name", "container"),
    [
        ("vbr.mp3", "mp3"),
        ("flac.oga", "ogg"),
        ("silent.mp4", "mp4"),
        ("vp9.webm", "webm"),
        ("matroska.mka", "matroska"),
        ("mpeg4_asp.avi", "avi"),
        ("flv.flv", "flv"),
        ("alpha.png", "png"),
        ("lossless.webp", "webp"),
        ("picture.tiff", "tiff"),
        ("picture.avif", "avif"),
        ("cmyk.jpg", "jpeg"),
        ("wav24.wav", "wav"),
        ("mpeg2.ts", "mpegts"),
    ],
)
@pytest.mark.parametrize("where", [0.5, 0.999])
def test_other_content_has_another_id(name, container, where):
    data = bytearray((FIXTURES / "formats" / name).read_bytes())
    intact = bytes(data)
    start, end = payload(lambda at, n: intact[at : at + n], len(data), container)
    assert (start > 0) == (container not in {"ogg", "mpegts"})
    before = id_of_bytes(intact, container)
    data[start + int((end - start) * where)] ^= 1
    assert id_of_bytes(bytes(data), container) != before


def test_a_long_file_is_known_by_its_length_and_three_samples():
    read = []

    def read_at(offset, count):
        read.append((offset, count))
        return bytes(count)

    size = 10 * SAMPLE_BYTES
    one = content_id(read_at, size, "mpegps")
    assert read == [(k * SAMPLE_BYTES // 2, SAMPLE_BYTES) for k in (0, 9, 18)]
    assert content_id(read_at, size + 1, "mpegps") != one


@pytest.mark.parametrize("offset", [40, 1 << 63, 1 << 80])
def test_a_length_may_lead_far_beyond_the_file(tmp_path, offset):
    path = tmp_path / "a.dff"
    path.write_bytes(b"FRM8" + bytes(36))
    with path.open("rb") as file:
        assert open_source(file.fileno(), path.name).read_at(offset, 12) == b""


# Beginnings that lead into each format's own walk.
BEGINNINGS = (
    *(b"ID3\x03\0\0\0\0\0\x05", b"fLaC\x84\0\0\x04", b"\0\0\0\x10mdat", b"OggS\0"),
    *(b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff", b"FLV\1\5\0\0\0\x09\0\0\0\0"),
    *(b"RIFF\0\0\0\0AVI LIST\x40\0\0\0movi", b"FRM8" + bytes(12) + b"DSD "),
    *(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + bytes(17) + b"\0\0\0\x04IDAT",),
    *(b"\xff\xd8\xff\xda\0\x04", b"RIFF\0\0\0\0WAVEdata\x04\0\0\0", b"APETAGEX"),
)


@given(st.sampled_from((b"", *BEGINNINGS)), st.binary(max_size=400))
def test_any_bytes_have_an_id_and_a_payload(beginning, rest):
    data = beginning + rest
    for container in CONTAINERS:
        assert len(id_of_bytes(data, container)) == 16
        start, end = payload(lambda at, n: data[at : at + n], len(data), container)
        assert 0 <= start <= end <= len(data)
