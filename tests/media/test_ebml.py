import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.make_media import FIXTURES

from upnpserver.media import ebml
from upnpserver.media.source import open_source

VP9 = FIXTURES / "formats" / "vp9.webm"
SEGMENT, CLUSTER = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
ATTACHMENTS, CUES = b"\x19\x41\xa4\x69", b"\x1c\x53\xbb\x6b"
HEADER = b"\x1a\x45\xdf\xa3\x80"
UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"


def part(kind, *content):
    data = b"".join(content)
    return kind + (len(data) | 1 << 28).to_bytes(4, "big") + data


def seek(kind, offset):
    return part(b"\x4d\xbb", part(b"\x53\xab", kind), part(b"\x53\xac", offset))


def attached(name, mime, data):
    return part(
        b"\x61\xa7",
        part(b"\x46\x6e", name),
        part(b"\x46\x60", mime),
        part(b"\x46\x5c", data),
    )


def reader(data):
    return lambda at, count: data[at : at + count]


def clusters(data):
    return ebml.clusters(reader(data), len(data))


COVER = attached(b"cover.jpg", b"image/jpeg", b"\xff\xd8pixels")


def test_clusters_end_where_the_index_names_the_next_part():
    before = part(b"\x11\x4d\x9b\x74", seek(CUES, bytes(4))) + part(b"\xec", bytes(9))
    frames = part(CLUSTER, b"one") + part(CLUSTER, b"two")
    cues_at = (len(before) + len(frames)).to_bytes(4, "big")
    before = before.replace(part(b"\x53\xac", bytes(4)), part(b"\x53\xac", cues_at))
    data = HEADER + part(SEGMENT, before, frames, part(CUES, b"index"))
    start, end = clusters(data)
    assert data[start:end] == frames


@pytest.mark.parametrize("segment", [SEGMENT + UNKNOWN, part(SEGMENT, bytes(0))])
def test_a_recording_without_an_index(segment):
    live = CLUSTER + UNKNOWN + b"frames"
    data = HEADER + segment + live
    found = clusters(data)
    assert found == (
        (len(data) - len(live), len(data)) if UNKNOWN in segment else (0, 0)
    )


@pytest.mark.parametrize("where", ["before", "behind"])
def test_attached_files_lie_before_the_clusters_or_behind(where):
    files = part(ATTACHMENTS, COVER, attached(b"font.ttf", b"font/ttf", b"abc"))
    frames = part(CLUSTER, b"one")
    if where == "before":
        data = HEADER + part(SEGMENT, files, frames)
    else:
        index = part(b"\x11\x4d\x9b\x74", seek(ATTACHMENTS, bytes(4)))
        place = (len(index) + len(frames)).to_bytes(4, "big")
        index = index.replace(part(b"\x53\xac", bytes(4)), part(b"\x53\xac", place))
        data = HEADER + part(SEGMENT, index, frames, files)
    found = list(ebml.attached_files(reader(data), len(data)))
    assert [one[:2] for one in found] == [
        ("cover.jpg", "image/jpeg"),
        ("font.ttf", "font/ttf"),
    ]
    _, _, offset, length = found[0]
    assert data[offset : offset + length] == b"\xff\xd8pixels"


def test_a_real_file_is_hardly_read():
    fd = os.open(VP9, os.O_RDONLY)
    read = []
    source = open_source(fd, VP9.name)

    def read_at(offset, count):
        read.append(count)
        return source.read_at(offset, count)

    try:
        start, end = ebml.clusters(read_at, source.size_bytes)
    finally:
        os.close(fd)
    assert VP9.read_bytes()[start : start + 4] == CLUSTER
    assert VP9.read_bytes()[end : end + 4] == CUES
    assert sum(read) < 1000


@given(st.binary(max_size=200))
def test_any_bytes_have_clusters_or_none(rest):
    for data in (rest, HEADER + SEGMENT + UNKNOWN + rest):
        start, end = clusters(data)
        assert 0 <= start <= end <= len(data)
        for _, _, offset, length in ebml.attached_files(reader(data), len(data)):
            assert 0 <= offset <= offset + length <= len(data)
