import io
import zlib

import mutagen.id3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.id3 import APIC, COMM, ID3, TALB, TDRC, TIT2, TPE1, TRCK, TXXX

from upnpserver.media import audio_tags
from upnpserver.media.id3 import Id3Texts, read_id3

LATIN, UTF_16, UTF_16_BE, UTF_8 = range(4)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)


def tag(*frames, version=4):
    """Return a file of nothing but a tag."""
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    if version == 3:
        tags.update_to_v23()
    file = io.BytesIO()
    tags.save(file, v2_version=version)
    return file.getvalue()


def by_mutagen(data):
    """Return the tags when mutagen decodes each frame itself."""
    return audio_tags.from_id3(Id3Texts(ID3(io.BytesIO(data))))


def by_us(data):
    return audio_tags.from_id3(read_id3(io.BytesIO(data), load_v1=False))


WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufeff\ufffe"), max_size=20
)
LATIN_WORDS = st.text(st.characters(codec="latin-1", exclude_characters="\0"))


@given(
    st.sampled_from([3, 4]),
    st.one_of(
        st.tuples(st.just(LATIN), LATIN_WORDS, LATIN_WORDS),
        st.tuples(st.sampled_from([UTF_16, UTF_16_BE, UTF_8]), WORDS, WORDS),
    ),
)
def test_reads_what_mutagen_reads(version, words):
    encoding, one, two = words
    if version == 3 and encoding in {UTF_16_BE, UTF_8}:
        encoding = UTF_16
    data = tag(
        TIT2(encoding=encoding, text=[one]),
        TALB(encoding=encoding, text=[two]),
        TPE1(encoding=encoding, text=["first", two] if version == 4 else [two]),
        TRCK(encoding=encoding, text=["7/9"]),
        TDRC(encoding=encoding, text=["2001-02-03"]),
        COMM(encoding=encoding, lang="eng", desc=f"-{one}", text=["private"]),
        COMM(encoding=encoding, lang="deu", desc="", text=[two]),
        TXXX(encoding=encoding, desc="other", text=[one]),
        APIC(encoding=encoding, mime="image/png", type=3, desc=one, data=PNG),
        version=version,
    )
    assert by_us(data) == by_mutagen(data)


@pytest.mark.parametrize("flags", [b"\0\x08", b"\0\x02", b"\0\x01"])
def test_frames_in_another_form_are_left_to_mutagen(flags):
    """Compressed, unsynchronised, with a length: ID3v2.4 section 4.1.2."""
    text = b"\x03A title"
    size = len(text).to_bytes(4, "big")
    body = {
        b"\0\x08": size + zlib.compress(text),
        b"\0\x02": text,
        b"\0\x01": size + text,
    }[flags]
    frame = b"TIT2" + len(body).to_bytes(4, "big") + flags + body
    data = b"ID3\x04\0\0\0\0\0" + bytes([len(frame)]) + frame
    assert by_us(data).title == "A title"


def test_frame_sizes_as_itunes_once_wrote_them():
    """Plain numbers where ID3v2.4 wants seven bits a byte."""
    first = b"\x03" + b"x" * 199
    frames = b"TIT2" + len(first).to_bytes(4, "big") + b"\0\0" + first
    frames += b"TALB\0\0\0\x06\0\0\x03Album"
    size = len(frames)
    data = b"ID3\x04\0\0\0\0" + bytes([size >> 7, size & 127]) + frames
    found = by_us(data)
    assert (found.title, found.album) == ("x" * 199, "Album")


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b"\x01\xff\xfeA\0b\0", "Ab"),
        (b"\x01\xfe\xff\0A\0b", "Ab"),
        (b"\x01A\0b\0", "Ab"),  # no byte order mark
        (b"\x01\xff\xfeA\0b\0\0", "Ab"),  # half a NUL
        (b"\x02\0A\0b\0\0", "Ab"),
        (b"\x03\xff\xfe", "\ufffd\ufffd"),
        (b"\x09Ab", "Ab"),  # no such encoding
        (b"\x00Ab\0\0\0", "Ab"),
        (b"\x00", ""),
    ],
)
def test_odd_texts(content, title):
    frame = b"TIT2" + len(content).to_bytes(4, "big") + b"\0\0" + content
    data = b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame
    assert by_us(data).title == title


@pytest.mark.parametrize(
    "content",
    [
        b"\0image/png\0\x03\0" + PNG,
        b"\0image/png\0\x03a cover\0" + PNG,
        b"\1image/png\0\x03\xff\xfea\0\0\0" + PNG,
        b"\1image/png\0\x03\0\0" + PNG,
        b"\2image/png\0\x03\0a\0\0" + PNG,
        b"\0\0\x03\0" + PNG,
    ],
)
def test_picture(content):
    frame = b"APIC" + len(content).to_bytes(4, "big") + b"\0\0" + content
    data = b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame
    assert by_us(data).art_mime == "image/png"


@given(st.binary(max_size=100), st.sampled_from([b"TIT2", b"COMM", b"APIC"]))
def test_any_frame_gives_tags(content, name):
    frame = name + len(content).to_bytes(4, "big") + b"\0\0" + content
    data = b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame
    assert by_us(data).art_mime in {"", "image/png", "image/jpeg", "image/gif"}


def test_the_fast_way_is_taken(monkeypatch):
    """No frame object is made for a plain frame: that is what costs."""
    made = []
    real = mutagen.id3.TextFrame.__init__

    def count(self, *args, **kwargs):
        made.append(type(self).__name__)
        real(self, *args, **kwargs)

    data = tag(TIT2(encoding=3, text=["A"]), TPE1(encoding=3, text=["B"]))
    monkeypatch.setattr(mutagen.id3.TextFrame, "__init__", count)
    assert by_us(data).title == "A"
    assert made == []
