import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.catalog.file_rows import KnownFile
from upnpserver.scan.moves import moved_from

ONE, OTHER = KnownFile(1, 1), KnownFile(1, 2)


def moves(gone, found):
    return moved_from(gone, found, lambda file: file.rpartition(b"/")[2])


@pytest.mark.parametrize(
    ("gone", "found", "expected"),
    [
        ({b"a.mp3": ONE}, {b"b.mp3": ONE}, {b"b.mp3": b"a.mp3"}),
        ({b"a.mp3": ONE}, {b"b.MP3": ONE}, {b"b.MP3": b"a.mp3"}),
        ({b"a.mp3": ONE}, {b"d/a.mp3": ONE}, {b"d/a.mp3": b"a.mp3"}),
        ({b"a.mp3": ONE}, {b"b.mp3": OTHER}, {}),
        ({b"a.mp3": ONE}, {b"b.m4a": ONE}, {}),
        ({b"a.mp3": ONE, b"b.mp3": ONE}, {b"c.mp3": ONE}, {}),
        ({b"a.mp3": ONE}, {b"b.mp3": ONE, b"c.mp3": ONE}, {}),
        (
            {b"a.mp3": ONE, b"b.mp3": ONE},
            {b"d/a.mp3": ONE, b"d/b.mp3": ONE},
            {b"d/a.mp3": b"a.mp3", b"d/b.mp3": b"b.mp3"},
        ),
        ({b"x/a.mp3": ONE, b"y/a.mp3": ONE}, {b"z/a.mp3": ONE}, {}),
    ],
)
def test_tells_which_file_was_where(gone, found, expected):
    assert moves(gone, found) == expected


files = st.dictionaries(
    st.sampled_from([b"a.mp3", b"d/a.mp3", b"b.mp3", b"d/b.MP3", b"c.ogg"]),
    st.sampled_from([ONE, OTHER]),
)


@given(files, files)
def test_a_move_is_told_once_and_of_files_that_are_alike(gone, found):
    told = moves(gone, found)
    assert len(set(told.values())) == len(told)
    for now, was in told.items():
        assert found[now] == gone[was]
