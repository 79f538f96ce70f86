"""The folders that a person shares: found, readable, none inside another."""

import os
from pathlib import Path

import pytest

from upnpserver.config import Library
from upnpserver.errors import ConfigError
from upnpserver.settings import folders
from upnpserver.settings.folders import (
    absolute,
    check_folder,
    check_overlaps,
    libraries_of,
)

SERVICE = {"INVOCATION_ID": "1", "STATE_DIRECTORY": "/var/lib/upnpserver"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/srv/media", "/srv/media"),
        ("media", "/base/media"),
        ("./media/", "/base/media"),
        (".", "/base"),
        ("~/Music", "/home/eva/Music"),
        ("/none/../media", "/media"),
        ("~nobody-here/x", "/base/~nobody-here/x"),
    ],
)
def test_paths_become_absolute(monkeypatch, text, expected):
    monkeypatch.setenv("HOME", "/home/eva")
    assert absolute(text, Path("/base")) == Path(expected)


def test_a_link_stays_one_but_up_goes_where_the_kernel_goes(tmp_path):
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "deep")
    assert absolute("link", tmp_path) == tmp_path / "link"
    assert absolute("link/..", tmp_path) == tmp_path / "far"


def message_of(folder, environment=None):
    with pytest.raises(ConfigError) as caught:
        check_folder("file: folders: ", folder, environment or {})
    assert str(caught.value).startswith("file: folders: ")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_fine_and_so_is_an_empty_one(tmp_path):
    check_folder("", tmp_path, {})


def test_a_missing_folder_hears_of_the_nearest(tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "musik.txt").write_text("")
    missing = tmp_path / "musik"
    expected = f"no such folder: {missing}: did you mean {tmp_path / 'music'}?"
    assert expected in message_of(missing)
    assert "did you mean" not in message_of(tmp_path / "zzz")
    assert "no such folder" in message_of(tmp_path / "none" / "at" / "all")


def test_a_file_is_not_a_folder(tmp_path):
    file = tmp_path / "song.mp3"
    file.write_text("")
    assert "not a folder" in message_of(file)
    assert "not a folder" in message_of(file / "below")


def test_odd_paths_are_told_in_one_line(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert "cannot read" in message_of(loop)
    assert "cannot read" in message_of(tmp_path / ("x" * 300))
    assert "no such folder" in message_of(tmp_path / "two\nlines")


def test_a_folder_of_others_says_what_to_do(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(folders.os, "scandir", refuse)
    assert "let the user that runs this server read it" in message_of(tmp_path)
    assert "SupplementaryGroups=" in message_of(tmp_path, SERVICE)
    assert "ProtectHome=" in message_of(Path("/home/eva/Music"), SERVICE)


def test_a_folder_that_lists_but_does_not_open_is_not_readable(tmp_path, monkeypatch):
    monkeypatch.setattr(folders.os, "access", lambda path, mode: mode != os.X_OK)
    assert "cannot read" in message_of(tmp_path)


@pytest.mark.parametrize("home", ["/home/x-none", "/root/x-none", "/run/user/9/x"])
def test_a_home_hidden_from_the_service_is_explained(home):
    assert "ProtectHome=read-only" in message_of(Path(home), SERVICE)
    assert "ProtectHome" not in message_of(Path(home))


def overlap(*paths):
    libraries = [Library(f"L{n}", (path,)) for n, path in enumerate(paths)]
    with pytest.raises(ConfigError) as caught:
        check_overlaps("file: ", libraries)
    assert str(caught.value).startswith("file: ")
    return str(caught.value)


def test_a_folder_inside_another_is_refused_whatever_the_order(tmp_path):
    inner = tmp_path / "inner"
    expected = f"{inner} of library 'L1' lies inside {tmp_path} of library 'L0'"
    assert expected in overlap(tmp_path, inner)
    assert "lies inside" in overlap(inner, Path("/srv/else"), tmp_path)


def test_the_same_folder_twice_is_refused_also_by_a_link(tmp_path):
    link = tmp_path / "link"
    (tmp_path / "real").mkdir()
    link.symlink_to(tmp_path / "real")
    assert "name it once" in overlap(tmp_path / "real", tmp_path / "real")
    assert "name it once" in overlap(tmp_path / "real", link)


def test_within_one_library_too(tmp_path):
    with pytest.raises(ConfigError, match="lies inside"):
        check_overlaps("", [Library("L", (tmp_path, tmp_path / "x"))])


def test_neighbours_do_not_overlap(tmp_path):
    names = ("music", "music2", "mus")
    check_overlaps("", [Library(name, (tmp_path / name,)) for name in names])


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/a/Music"], ["Music"]),
        (["/a/Music", "/b/Films"], ["Music", "Films"]),
        (["/a/Music", "/b/Music"], ["Music (a)", "Music (b)"]),
        (["/a/Music", "/b/music"], ["Music (a)", "music (b)"]),
        (["/a/x/Music", "/b/x/Music"], ["Music (x)", "Music (x) 2"]),
        (["/Music", "/b/Music"], ["Music (/)", "Music (b)"]),
        (["/"], ["Files"]),
        (["/a/ x "], ["x"]),
        (["/a/caf\udce9"], ["caf\ufffd"]),
        (["/a/two\nlines"], ["two\ufffdlines"]),
        (
            ["/1/x/M", "/2/x/M", "/a/M (x) 2"],
            ["M (x)", "M (x) 3", "M (x) 2"],
        ),
    ],
)
def test_each_folder_is_a_library_with_a_name_of_its_own(paths, names):
    libraries = libraries_of([Path(path) for path in paths])
    assert [library.name for library in libraries] == names
    assert [library.folders for library in libraries] == [(Path(p),) for p in paths]
    assert len({name.casefold() for name in names}) == len(names)
