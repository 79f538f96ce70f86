"""Where the files may lie that a playlist names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.catalog.listed import candidates, folded

ROOTS = {1: b"/home/pi/Music", 2: b"/media/disk", 3: b"/home/pi/Music/deep"}


@pytest.mark.parametrize(
    ("entry", "directory", "expected"),
    [
        ("a.mp3", b"", [(1, b"a.mp3")]),
        ("a.mp3", b"Lists", [(1, b"Lists/a.mp3")]),
        ("../A/./a.mp3", b"Lists", [(1, b"A/a.mp3")]),
        ("Łódź.mp3", b"", [(1, "Łódź.mp3".encode())]),
        # Out of its own root, and perhaps into another one.
        ("../../../media/disk/a.mp3", b"", [(2, b"a.mp3")]),
        ("../../../../media/disk/a.mp3", b"", []),
        ("../Videos/a.mp4", b"", []),
        ("..", b"A", []),
        (
            "/home/pi/Music/deep/a.mp3",
            b"",
            [(1, b"deep/a.mp3"), (3, b"a.mp3")],  # and, after them, its ends
        ),
        (
            "/mnt/A/a.mp3",
            b"Lists",
            [
                *((1, b"mnt/A/a.mp3"), (2, b"mnt/A/a.mp3"), (3, b"mnt/A/a.mp3")),
                *((1, b"A/a.mp3"), (2, b"A/a.mp3"), (3, b"A/a.mp3")),
                *((1, b"a.mp3"), (2, b"a.mp3"), (3, b"a.mp3")),
            ],
        ),
    ],
)
def test_where_a_file_may_lie(entry, directory, expected):
    found = list(candidates(entry, 1, directory, ROOTS))
    assert found[: len(expected)] == expected
    assert found == expected or entry.startswith("/home")


def test_a_list_of_a_root_looks_there_first():
    found = list(candidates("/x/a.mp3", 2, b"", ROOTS))
    assert [row for row, _ in found] == [2, 1, 3, 2, 1, 3]


def test_deep_paths_from_elsewhere_are_tried_a_few_times_only():
    assert len(list(candidates("/x" * 2000, 1, b"", ROOTS))) == 8 * 3


@given(
    st.lists(st.sampled_from(["..", ".", "a", "", "b.mp3"]), max_size=9).map("/".join),
    st.sampled_from([b"", b"Lists", b"a/b"]),
)
def test_no_place_leads_out_of_a_root(entry, directory):
    for row, path in candidates(entry, 1, directory, ROOTS):
        assert row in ROOTS
        assert path
        assert not {b"..", b".", b""} & set(path.split(b"/"))


@pytest.mark.parametrize(
    ("one", "other"),
    [(b"Track.MP3", b"track.mp3"), ("é".encode(), "e\u0301".encode())],
)
def test_names_that_compare_equal(one, other):
    assert folded(one) == folded(other)


def test_accents_tell_files_apart():
    assert folded("é".encode()) != folded(b"e")
