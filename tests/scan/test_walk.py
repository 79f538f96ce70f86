import os
from dataclasses import replace

import pytest

from upnpserver.catalog.file_rows import KnownFile
from upnpserver.scan import walk
from upnpserver.scan.walk import Changed, Gone, PassedBy, Unreadable


def is_mp3(name):
    return name.endswith(b".mp3")


def put(folder, path, content=b"x"):
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def as_known(file):
    status = file.stat()
    return KnownFile(status.st_size, status.st_mtime_ns)


def tree_of(root, known, enter=lambda directory: None):
    return walk.Tree(
        os.fsencode(root), lambda directory: known.get(directory, {}), is_mp3, enter
    )


def changes(root, known=None, start=b"", *, below=True):
    """Compare root with known: {directory: {name: KnownFile}}."""
    known = known or {}
    return list(walk.compare(tree_of(root, known), set(known), start, below=below))


def found(root, known=None):
    return [
        change.directory + b"/" * bool(change.directory) + change.name
        for change in changes(root, known)
        if isinstance(change, Changed)
    ]


def test_finds_media_in_folders_in_order(tmp_path):
    for path in ("b/2.mp3", "a/1.mp3", "3.mp3", "a/note.txt", "a/deep/er/4.mp3"):
        put(tmp_path, path)
    assert found(tmp_path) == [b"3.mp3", b"a/1.mp3", b"a/deep/er/4.mp3", b"b/2.mp3"]


def test_tells_size_and_time(tmp_path):
    file = put(tmp_path, "a/1.mp3", b"12345")
    os.utime(file, ns=(1, 987654321))
    assert changes(tmp_path) == [Changed(b"a", b"1.mp3", 5, 987654321)]


def test_names_that_are_not_utf8(tmp_path):
    put(tmp_path, os.fsdecode(b"\xff\xfe.mp3"))
    assert found(tmp_path) == [b"\xff\xfe.mp3"]


@pytest.mark.parametrize(
    "path", [".hidden.mp3", ".git/1.mp3", "@eaDir/1.mp3", "$RECYCLE.BIN/x/1.mp3"]
)
def test_what_systems_keep_for_themselves_is_not_media(tmp_path, path):
    put(tmp_path, path)
    assert changes(tmp_path) == []


def test_unchanged_files_say_nothing(tmp_path):
    file = put(tmp_path, "a/1.mp3")
    assert changes(tmp_path, {b"a": {b"1.mp3": as_known(file)}}) == []


def test_a_file_rewritten_in_place_with_its_folder_untouched(tmp_path):
    file = put(tmp_path, "a/1.mp3")
    known = {b"a": {b"1.mp3": as_known(file)}}
    file.write_bytes(b"y")
    os.utime(file, ns=(5, 5))
    assert changes(tmp_path, known) == [Changed(b"a", b"1.mp3", 1, 5)]


def test_files_and_folders_that_left(tmp_path):
    put(tmp_path, "stay.txt")
    known = {
        b"": {b"old.mp3": KnownFile(1, 1)},
        b"a/b": {b"2.mp3": KnownFile(1, 1), b"1.mp3": KnownFile(1, 1)},
    }
    assert changes(tmp_path, known) == [
        Gone(b"", b"old.mp3"),
        Gone(b"a/b", b"1.mp3"),
        Gone(b"a/b", b"2.mp3"),
    ]


def test_an_empty_root_that_always_was_is_just_empty(tmp_path):
    assert changes(tmp_path) == []


def test_an_unreadable_folder_keeps_what_is_known_of_it(tmp_path, monkeypatch):
    put(tmp_path, "a/1.mp3")
    put(tmp_path, "locked/2.mp3")
    known = {
        b"locked": {b"2.mp3": KnownFile(1, 1)},
        b"locked/in": {b"3.mp3": KnownFile(1, 1)},
        b"locked2": {b"4.mp3": KnownFile(1, 1)},
    }
    real = os.scandir

    def scandir(path):  # root may read everything, so say no in its place
        if bytes(path).endswith(b"/locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert changes(tmp_path, known) == [
        Changed(b"a", b"1.mp3", 1, (tmp_path / "a/1.mp3").stat().st_mtime_ns),
        Unreadable(b"locked", "Permission denied"),
        Gone(b"locked2", b"4.mp3"),
    ]


def passed_by(root):
    return [change for change in changes(root) if isinstance(change, PassedBy)]


@pytest.mark.parametrize(
    ("link", "target", "expected", "is_odd"),
    [
        ("in.mp3", "a/1.mp3", [b"in.mp3"], False),
        ("in", "a/b", [b"in/2.mp3"], False),
        ("a/b/up", "../../c", [b"a/b/up/3.mp3"], False),
        ("out.mp3", "../outside/secret.mp3", [], True),
        ("out", "../outside", [], True),
        ("dangling.mp3", "nowhere", [], True),
        ("dangling", "nowhere", [], False),
        ("loop", ".", [], True),
        ("a/b/loop", "..", [], True),
        ("itself.mp3", "itself.mp3", [], True),
        ("readme", "a/note.txt", [], False),
        ("device.mp3", "/dev/zero", [], True),
    ],
)
def test_links_stay_inside_and_loops_end(tmp_path, link, target, expected, is_odd):
    inside = tmp_path / "lib"
    for path in ("a/1.mp3", "a/b/2.mp3", "c/3.mp3", "a/note.txt"):
        put(inside, path)
    put(tmp_path, "outside/secret.mp3")
    before = found(inside)
    (inside / link).symlink_to(target)
    assert sorted(found(inside)) == sorted([*before, *expected])
    assert bool(passed_by(inside)) is is_odd


def test_an_absolute_link_is_passed_by_as_it_cannot_be_opened_safely(tmp_path):
    (tmp_path / "link.mp3").symlink_to(put(tmp_path, "1.mp3"))
    assert found(tmp_path) == [b"1.mp3"]
    assert "absolute" in passed_by(tmp_path)[0].reason


@pytest.mark.parametrize(
    ("link", "target", "expected"),
    [
        ("out.mp3", "../outside/secret.mp3", [b"out.mp3"]),
        ("out", "../outside", [b"out/deep/5.mp3", b"out/secret.mp3"]),
        ("absolute.mp3", "{here}/lib/a/1.mp3", [b"absolute.mp3"]),
        ("absolute", "{here}/outside/deep", [b"absolute/5.mp3"]),
        ("all", "..", []),  # it holds the library
        ("loop", ".", []),
        ("dangling.mp3", "nowhere", []),
        ("back", "../outside/back", []),  # leads in again, to what holds it
        ("device.mp3", "/dev/zero", []),
    ],
)
def test_where_links_may_lead_out_they_are_followed_and_end(
    tmp_path, link, target, expected
):
    inside = tmp_path / "lib"
    put(inside, "a/1.mp3")
    put(tmp_path, "outside/secret.mp3")
    put(tmp_path, "outside/deep/5.mp3")
    (tmp_path / "outside/back").symlink_to("../lib")  # a link in what is linked
    (inside / link).symlink_to(target.format(here=tmp_path))
    tree = replace(tree_of(inside, {}), follows_out=True)
    listed = [
        b"/".join(filter(None, (change.directory, change.name)))
        for change in walk.compare(tree, set())
        if isinstance(change, Changed)
    ]
    assert sorted(listed) == sorted([b"a/1.mp3", *expected])


def test_folders_that_link_to_each_other_do_not_multiply(tmp_path):
    for one in "abcd":
        put(tmp_path, f"{one}/{one}.mp3")
        for other in "abcd":
            (tmp_path / one / f"to {other}").symlink_to(f"../{other}")
    assert len(found(tmp_path)) == 4 + 4 * 3


def test_pipes_and_sockets_are_passed_by_with_one_line_a_folder(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp3")
    os.mkfifo(tmp_path / "other.mp3")
    os.mkfifo(tmp_path / "pipe.txt")
    assert changes(tmp_path) == [PassedBy(b"", "a pipe, socket or device")]


def test_very_deep_trees_end(tmp_path):
    path = "/".join("d" * (walk.MAX_DEPTH + 5)) + "/1.mp3"
    put(tmp_path, path)
    put(tmp_path, "d/2.mp3")
    assert found(tmp_path) == [b"d/2.mp3"]


def test_only_one_folder(tmp_path):
    for path in ("a/1.mp3", "a/b/2.mp3", "ab/3.mp3", "4.mp3"):
        put(tmp_path, path)
    known = {
        b"a": {b"old.mp3": KnownFile(1, 1)},
        b"a/gone": {b"5.mp3": KnownFile(1, 1)},
        b"ab": {b"6.mp3": KnownFile(1, 1)},
    }

    def names(start, *, below):
        return [c.name for c in changes(tmp_path, known, start, below=below)]

    assert names(b"a", below=False) == [b"1.mp3", b"old.mp3"]
    assert names(b"a", below=True) == [b"1.mp3", b"old.mp3", b"2.mp3", b"5.mp3"]
    assert names(b"a/gone", below=True) == [b"5.mp3"]
    assert names(b"a/gone", below=False) == [b"5.mp3"]
    assert names(b"new", below=True) == []


def test_each_folder_is_entered_before_it_is_listed(tmp_path):
    entered = []

    def enter(directory):
        entered.append(directory)
        if directory == b"a":
            put(tmp_path, "a/late.mp3")

    put(tmp_path, "a/b/1.mp3")
    found = walk.compare(tree_of(tmp_path, {}, enter), set())
    assert [change.name for change in found] == [b"late.mp3", b"1.mp3"]
    assert entered == [b"", b"a", b"a/b"]


def test_count_for_the_progress_bar(tmp_path):
    for path in ("1.mp3", "a/2.mp3", "a/x.txt", ".h/3.mp3"):
        put(tmp_path, path)
    assert walk.count_files(os.fsencode(tmp_path), is_mp3) == 2
