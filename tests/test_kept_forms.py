"""Drawn pictures on disk: bounded, whole or not there, never in the way."""

import os
import threading

import pytest

from upnpserver import kept_forms
from upnpserver.kept_forms import KeptForms

NAME, OTHER = "abcd-1-2-tn", "efgh-1-2-tn"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pictures"


@pytest.fixture
def kept(folder):
    return KeptForms(folder, 1_000_000)


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_was_put_is_got(kept, folder):
    assert kept.get(NAME) is None
    kept.put(NAME, b"picture")
    assert kept.get(NAME) == b"picture"
    assert KeptForms(folder, 1_000_000).get(NAME) == b"picture"
    assert kept.get(OTHER) is None


@pytest.mark.parametrize(
    "spoiled",
    [b"", b"pic", b"\0" * 11, b"picturE" + b"\0" * 4],
    ids=["empty", "half", "zeros", "changed"],
)
def test_what_a_power_cut_left_is_not_there(kept, folder, spoiled):
    kept.put(NAME, b"picture")
    (folder / NAME[:2] / NAME).write_bytes(spoiled)
    assert kept.get(NAME) is None
    kept.put(NAME, b"picture")
    assert kept.get(NAME) == b"picture"


def test_unfinished_files_are_removed_by_the_next_server(folder):
    (folder / "ab").mkdir(parents=True)
    (folder / "ab" / f"{NAME}.new").write_bytes(b"half")
    KeptForms(folder, 1_000_000).put(OTHER, b"picture")
    assert files(folder) == [OTHER]


def test_the_oldest_go_when_there_are_too_many(folder):
    kept = KeptForms(folder, 10_000)
    for number in range(30):
        name = f"{number:04}-1-2-tn"
        kept.put(name, bytes(996))
        path = folder / name[:2] / name
        if path.exists():
            os.utime(path, (number, number))
        held = sum(path.stat().st_size for path in folder.rglob("*-tn"))
        assert held <= 10_000
    assert kept.get("0029-1-2-tn") is not None
    assert kept.get("0000-1-2-tn") is None
    assert len(files(folder)) >= 8


def test_what_earlier_servers_kept_counts(folder):
    KeptForms(folder, 10_000).put(NAME, bytes(6000))
    KeptForms(folder, 10_000).put(OTHER, bytes(6000))
    assert len(files(folder)) == 1


def test_one_that_is_larger_than_all_is_not_kept(folder):
    kept = KeptForms(folder, 100)
    kept.put(NAME, bytes(1000))
    assert kept.get(NAME) is None


def test_nothing_is_kept_with_a_limit_of_nothing(folder):
    KeptForms(folder, 0).put(NAME, b"picture")
    assert not folder.exists() or files(folder) == []


def test_a_disk_that_is_nearly_full_is_left_alone(folder, monkeypatch):
    kept = KeptForms(folder, 1_000_000)
    monkeypatch.setattr(kept_forms, "_ROOM_LEFT_BYTES", 1 << 62)
    kept.put(NAME, b"picture")
    assert kept.get(NAME) is None


def test_a_folder_that_can_not_be_made_costs_nothing(tmp_path):
    (tmp_path / "pictures").write_bytes(b"a file")
    kept = KeptForms(tmp_path / "pictures", 1_000_000)
    kept.put(NAME, b"picture")
    assert kept.get(NAME) is None


def test_many_threads(kept):
    def work(number):
        for _ in range(50):
            kept.put(NAME, b"picture")
            assert kept.get(NAME) == b"picture"
            kept.put(f"{number:04}-1-2-tn", bytes(1000))

    failures = []

    def guarded(number):
        try:
            work(number)
        except AssertionError as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
