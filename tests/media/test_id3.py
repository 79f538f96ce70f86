import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.id3 import (
    APIC,
    CHAP,
    COMM,
    CTOC,
    ID3,
    POPM,
    TALB,
    TDRC,
    TIT2,
    TPE1,
    TRCK,
    TXXX,
    USLT,
)

from upnpserver.media.id3 import read_id3v1, read_id3v2

LATIN, UTF_16, UTF_16_BE, UTF_8 = range(4)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(30)


def reader(data):
    return lambda at, count: data[at : at + count]


def read(data):
    return read_id3v2(reader(data))


def tag(*frames, version=4):
    """Return a file of nothing but a tag, as mutagen writes it."""
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    if version == 3:
        tags.update_to_v23()
    file = io.BytesIO()
    tags.save(file, v2_version=version)
    return file.getvalue()


def raw_tag(frames, version=3, flags=0):
    size = len(frames)
    seven_bits = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, flags]) + seven_bits + frames


def frame(name, content, flags=b"\0\0", size=None):
    size = size or len(content).to_bytes(4, "big")
    return name + size + flags + content


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
def test_reads_what_mutagen_writes(version, words):
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
        POPM(email="a@b", rating=196, count=1),
        USLT(encoding=encoding, lang="eng", desc="", text="la la"),
        version=version,
    )
    found = read(data)
    assert found.version == version
    assert "".join(found.texts("TIT2")) == one  # it leaves out empty frames
    assert "".join(found.texts("TALB")) == two
    if two:
        assert found.texts("TPE1") == (["first", two] if version == 4 else [two])
    assert found.texts("TRCK") == ["7/9"]
    assert found.texts("TDRC" if version == 4 else "TYER")[0][:4] == "2001"
    comments = {about: "".join(texts) for about, texts in found.described("COMM")}
    assert comments.get("", "") == two
    assert comments[f"-{one}"] == "private"
    free = {about: "".join(texts) for about, texts in found.described("TXXX")}
    assert free.get("other", "") == one
    assert list(found.ratings()) == [("a@b", 196)]
    assert [picture.head for picture in found.pictures()] == [PNG]
    assert found.has("USLT")
    assert not found.has("SYLT")


def test_chapters():
    data = tag(
        CTOC(element_id="toc", flags=3, child_element_ids=["a", "b"], sub_frames=[]),
        CHAP(
            element_id="b",
            start_time=90_000,
            end_time=100_000,
            sub_frames=[TIT2(encoding=3, text=["Second"])],
        ),
        CHAP(element_id="a", start_time=0, end_time=90_000, sub_frames=[]),
    )
    assert sorted(read(data).chapters()) == [(0, ""), (90_000, "Second")]


def test_a_picture_costs_no_more_than_its_beginning():
    """A cover of megabytes stands before the title."""
    picture = PNG + bytes(3 << 20)
    data = raw_tag(
        frame(b"APIC", b"\0image/png\0\x03\0" + picture) + frame(b"TIT2", b"\0After")
    )
    spans = []

    def read_at(at, count):
        spans.append(count)
        return data[at : at + count]

    found = read_id3v2(read_at)
    assert found.texts("TIT2") == ["After"]
    assert found.pictures()[0].head.startswith(PNG)
    (place,) = [(one.offset, one.length) for one in found.pictures()]
    assert place == (data.index(PNG), len(picture))
    assert sum(spans) < 20_000


@pytest.mark.parametrize(
    ("version", "flags", "content"),
    [
        (4, b"\0\x08", zlib.compress(b"\x03A title")),
        (4, b"\0\x09", b"\0\0\0\x08" + zlib.compress(b"\x03A title")),
        (4, b"\0\x02", b"\x03A title"),
        (4, b"\0\x01", b"\0\0\0\x08\x03A title"),
        (4, b"\0\x40", b"\x07\x03A title"),
        (3, b"\0\x80", b"\0\0\0\x08" + zlib.compress(b"\x00A title")),
        (3, b"\0\x20", b"\x07\x00A title"),
        (4, b"\x40\0", b"\x03A title"),  # a flag of no matter here
    ],
)
def test_frames_in_another_form(version, flags, content):
    """Compressed, unsynchronised, grouped, with a length: ID3v2.4 section 4.1.2."""
    data = raw_tag(frame(b"TIT2", content, flags), version)
    assert read(data).texts("TIT2") == ["A title"]


@pytest.mark.parametrize(
    ("version", "flags", "content"),
    [
        (4, b"\0\x04", b"\x01secret"),  # encrypted
        (3, b"\0\x40", b"\x01secret"),
        (4, b"\0\x08", b"not compressed"),
    ],
)
def test_frames_that_cannot_be_read_are_left_out(version, flags, content):
    data = raw_tag(frame(b"TIT2", content, flags) + frame(b"TALB", b"\0Album"), version)
    assert read(data).texts("TIT2") == []
    assert read(data).texts("TALB") == ["Album"]


def test_a_bomb_is_not_unpacked():
    content = zlib.compress(b"\0" + b"x" * (64 << 20))
    data = raw_tag(frame(b"TIT2", b"\0\0\0\0" + content, b"\0\x80"))
    assert len(read(data).texts("TIT2")[0]) < 20_000


def test_a_tag_unsynchronised_as_a_whole():
    content = b"\x01\xff\xfe\xff\0A\0"  # UTF-16 of "ÿA"
    frames = frame(b"TIT2", content) + frame(b"TALB", b"\0Album")
    data = raw_tag(frames.replace(b"\xff", b"\xff\0"), 3, flags=0x80)
    assert read(data).texts("TIT2") == ["ÿA"]
    assert read(data).texts("TALB") == ["Album"]


def test_an_unsynchronised_tag_of_2_4():
    content = b"\x01\xff\xfe\xff\0A\0".replace(b"\xff", b"\xff\0")
    data = raw_tag(frame(b"TIT2", content) + frame(b"TALB", b"\0A"), 4, flags=0x80)
    assert read(data).texts("TIT2") == ["ÿA"]
    assert read(data).texts("TALB") == ["A"]


@pytest.mark.parametrize(
    ("version", "header"),
    [
        (3, b"\0\0\0\x06" + bytes(6)),
        (4, b"\0\0\0\x06\1\0"),
        (3, b""),  # told, but not there
        (4, b""),
    ],
)
def test_an_extended_header(version, header):
    data = raw_tag(header + frame(b"TIT2", b"\0A title"), version, flags=0x40)
    assert read(data).texts("TIT2") == ["A title"]


@pytest.mark.parametrize("padding", [b"", bytes(20), None])
def test_frame_sizes_as_itunes_once_wrote_them(padding):
    """Plain numbers where ID3v2.4 wants seven bits a byte."""
    frames = frame(b"TIT2", b"\x03" + b"x" * 199)
    frames += frame(b"TALB", b"\x03Album") if padding is None else padding
    found = read(raw_tag(frames, 4))
    assert found.texts("TIT2") == ["x" * 199]


def test_frame_sizes_of_seven_bits():
    size = bytes([0, 0, 1, 0x48])  # 200
    frames = frame(b"TIT2", b"\x03" + b"x" * 199, size=size) + frame(b"TALB", b"\3A")
    found = read(raw_tag(frames, 4))
    assert found.texts("TIT2") == ["x" * 199]
    assert found.texts("TALB") == ["A"]


def test_names_of_2_2_in_a_tag_of_2_3():
    data = raw_tag(frame(b"TT2\0", b"\0Old") + frame(b"TPE1", b"\0New"))
    assert read(data).texts("TIT2") == ["Old"]
    assert read(data).texts("TPE1") == ["New"]


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
    assert read(raw_tag(frame(b"TIT2", content))).texts("TIT2") == [title]


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
    data = raw_tag(frame(b"APIC", content))
    (picture,) = read(data).pictures()
    assert picture.head == PNG
    assert (picture.offset, picture.length) == (data.index(PNG), len(PNG))


@pytest.mark.parametrize(
    "data",
    [b"", b"ID3", raw_tag(b"", version=5), raw_tag(b"", version=1), b"ID4" + bytes(30)],
)
def test_no_tag(data):
    assert read(data) is None


@pytest.mark.parametrize(
    "frames",
    [
        b"",
        bytes(50),
        b"TIT2",
        frame(b"TIT2", b"\0A", size=b"\x7f\xff\xff\xff"),
        frame(b"tit2", b"\0A"),
        frame(b"TIT2", b""),
    ],
)
def test_a_tag_that_tells_nothing(frames):
    assert read(raw_tag(frames)).texts("TALB") == []


def test_a_tag_of_endless_frames_ends():
    data = raw_tag(frame(b"TIT2", b"\0A") * 20_000)
    assert len(read(data).texts("TIT2")) == 1024


@given(
    st.binary(max_size=100),
    st.sampled_from([b"TIT2", b"COMM", b"APIC", b"POPM", b"CHAP", b"TXXX", b"USLT"]),
    st.sampled_from([2, 3, 4]),
    st.integers(0, 255),
    st.binary(min_size=2, max_size=2),
)
def test_any_frame_gives_a_tag(content, name, version, header_flags, flags):
    data = raw_tag(frame(name, content, flags), version, header_flags)
    found = read(data)
    assert all(isinstance(text, str) for text in found.texts("TIT2"))
    for about, told in (*found.described("COMM"), *found.described("TXXX")):
        assert isinstance(about, str)
        assert isinstance(told, list)
    assert all(0 <= stars <= 255 for _, stars in found.ratings())
    assert all(start >= 0 for start, _ in found.chapters())
    for picture in found.pictures():
        if picture.length:
            assert data[picture.offset :].startswith(picture.head)


@given(st.binary(max_size=300).map(lambda tail: b"ID3" + tail))
def test_any_bytes_are_a_tag_or_none(data):
    found = read(data)
    assert found is None or found.version in {2, 3, 4}


def v1(comment=b"Hm", track=5, genre=17):
    texts = (b"Old Title", 30), (b"Singer", 30), (b"Album", 30), (b"1991", 4)
    fields = b"".join(text.ljust(size, b"\0") for text, size in (*texts, (comment, 28)))
    return b"TAG" + fields + bytes([0, track, genre])


def test_version_1():
    found = read_id3v1(v1())
    names = ("TIT2", "TPE1", "TALB", "TYER", "TRCK", "TCON")
    assert [found.texts(name) for name in names] == [
        *(["Old Title"], ["Singer"], ["Album"], ["1991"], ["5"], ["17"]),
    ]
    assert list(found.described("COMM")) == [("", ["Hm"])]


def test_version_1_without_a_track():
    found = read_id3v1(v1(comment=b"x" * 28, track=0, genre=255))
    assert (found.texts("TRCK"), found.texts("TCON")) == ([], [])


@pytest.mark.parametrize("tail", [b"", b"TAG" + bytes(124), b"tag" + bytes(125)])
def test_no_version_1(tail):
    assert read_id3v1(tail) is None


@given(st.binary(min_size=125, max_size=125))
def test_any_version_1(body):
    assert read_id3v1(b"TAG" + body).version == 1
