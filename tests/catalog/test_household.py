"""What people did is kept: over restarts, beside damage, and never written over."""

import sqlite3

import pytest

from upnpserver.catalog import household as household_module
from upnpserver.catalog.household import Household
from upnpserver.errors import HouseholdUnusable
from upnpserver.model import Play, SeenDevice

ONE = {
    "a" * 16: Play(2, 1_700_000_000, 0),
    "b" * 16: Play(0, 1_700_000_009, 55),
}
PLACED = {"b" * 16 + "/Children": Play(1, 1_700_000_010, 55, 4_000_123)}


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


def test_each_group_has_its_own_place_to_the_millisecond(path):
    Household(path).write(ONE | PLACED)
    assert Household(path).plays() == ONE | PLACED


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
    steps = (*household_module._STEPS, "create table later (name text)")
    monkeypatch.setattr(household_module, "_STEPS", steps)
    assert Household(path).plays() == ONE
    Household(path).write({})
    assert Household(path).plays() == ONE
    rows = sqlite3.connect(path)
    assert rows.execute("select count(*) from later").fetchone() == (0,)
    assert rows.execute("pragma user_version").fetchone() == (len(steps),)
    rows.close()


TV = SeenDevice("192.0.2.20", "00:00:5e:00:53:01", "lg-old", "ua", "LG", 5, 9)
PC = SeenDevice("192.0.2.21", "", "", "ua", "", 5, 7)


def test_devices_are_kept_beside_what_was_played(path):
    household = Household(path)
    assert household.devices() == []
    household.write(ONE)
    assert household.devices() == []
    household.write_devices({("a", ""): PC, ("b", "lg-old"): TV})
    assert Household(path).devices() == [TV, PC]  # the latest first
    household.write_devices({("a", ""): PC._replace(last_s=11)})
    assert Household(path).devices() == [PC._replace(last_s=11), TV]
    assert household.plays() == ONE


def test_devices_seen_longest_ago_are_forgotten_first(path, monkeypatch):
    monkeypatch.setattr(household_module, "MOST_DEVICES", 3)
    household = Household(path)
    household.write_devices({(f"{n}", ""): PC._replace(last_s=n) for n in range(5)})
    assert [device.last_s for device in household.devices()] == [4, 3, 2]


def test_a_file_of_the_first_version_is_brought_up_to_date(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(household_module, "_STEPS", household_module._STEPS[:1])
        with Household(path)._changed() as rows:
            rows.executemany(
                "insert into play values (?, ?, ?, ?)",
                [(item, *play[:3]) for item, play in ONE.items()],
            )
    assert Household(path).plays() == ONE
    assert Household(path).devices() == []
    Household(path).write_devices({("a", ""): PC})
    assert Household(path).devices() == [PC]
    assert Household(path).plays() == ONE
