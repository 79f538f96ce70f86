"""What people did is kept: over restarts, beside damage, and never written over."""

import sqlite3

import pytest

from upnpserver.catalog import household as household_module
from upnpserver.catalog.household import Household
from upnpserver.errors import HouseholdUnusable
from upnpserver.model import Play

ONE = {"a" * 16: Play(2, 1_700_000_000, 0), "b" * 16: Play(0, 1_700_000_009, 55)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "household.sqlite"


def test_there_is_no_file_before_something_is_kept(path):
    assert Household(path).plays() == {}
    assert list(path.parent.iterdir()) == []


def test_what_is_written_is_read_again(path):
    Household(path).write(ONE)
    assert Household(path).plays() == ONE
    Household(path).write({"a" * 16: Play(3, 1_800_000_000, 0)})
    assert Household(path).plays() == ONE | {"a" * 16: Play(3, 1_800_000_000, 0)}
    assert list(path.parent.iterdir()) == [path]


def test_reading_writes_nothing(path):
    Household(path).write(ONE)
    before = path.stat().st_mtime_ns, path.read_bytes()
    assert Household(path).plays() == ONE
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_what_was_played_longest_ago_is_forgotten_first(path, monkeypatch):
    monkeypatch.setattr(household_module, "MOST_PLAYED", 3)
    household = Household(path)
    household.write({f"item{n}": Play(1, n, 0) for n in range(5)})
    assert sorted(household.plays()) == ["item2", "item3", "item4"]


def damaged(path):
    Household(path).write({f"item{n}": Play(1, n, 0) for n in range(1000)})
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)


def newer(path):
    Household(path).write(ONE)
    with sqlite3.connect(path) as rows:
        rows.execute("pragma user_version = 99")
    rows.close()


def foreign(path):
    with sqlite3.connect(path) as rows:
        rows.execute("create table recipes (name)")
    rows.close()


def no_database(path):
    path.write_bytes(b"a letter to somebody " * 500)


@pytest.mark.parametrize("make", [damaged, newer, foreign, no_database])
def test_an_unusable_file_is_told_and_left_as_it_is(path, make):
    make(path)
    before = path.read_bytes()
    household = Household(path)
    with pytest.raises(HouseholdUnusable) as told:
        household.plays()
    assert "\n" not in str(told.value)
    if make is not damaged:  # not read again for each play
        with pytest.raises(HouseholdUnusable):
            household.write(ONE)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there_can_not_be_written(tmp_path):
    with pytest.raises(HouseholdUnusable):
        Household(tmp_path / "nowhere" / "household.sqlite").write(ONE)


def test_half_a_change_is_none(path, monkeypatch):
    Household(path).write(ONE)
    with pytest.raises(HouseholdUnusable):
        Household(path).write({"c" * 16: Play(1, 1, 0), "d" * 16: Play(None, 1, 0)})
    assert Household(path).plays() == ONE


def test_an_older_file_is_brought_up_to_date(path, monkeypatch):
    Household(path).write(ONE)
    steps = (*household_module._STEPS, "create table device (name text)")
    monkeypatch.setattr(household_module, "_STEPS", steps)
    assert Household(path).plays() == ONE
    Household(path).write({})
    assert Household(path).plays() == ONE
    rows = sqlite3.connect(path)
    assert rows.execute("select count(*) from device").fetchone() == (0,)
    assert rows.execute("pragma user_version").fetchone() == (2,)
    rows.close()
