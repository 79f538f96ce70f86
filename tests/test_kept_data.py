"""What the server keeps of people is told, and forgotten to the last byte."""

import re
import sqlite3
from pathlib import Path

import pytest

from upnpserver.catalog.household import HOUSEHOLD_FILE, Household
from upnpserver.errors import HouseholdUnusable
from upnpserver.kept_data import TABLES, exported, told
from upnpserver.model import Decision, Play, SeenDevice

README = Path(__file__).parents[1] / "README.md"
TV, MAC = "192.0.2.20", "00:00:5e:00:53:01"
ITEM = "aaaabbbbccccdddd"


@pytest.fixture
def path(tmp_path):
    household = Household(tmp_path / HOUSEHOLD_FILE)
    household.write({ITEM: Play(3, 1_700_000_000, 40)})
    household.write_devices(
        {
            (MAC, "kodi"): SeenDevice(TV, MAC, "kodi", "ua", "Kodi of Eva", 1, 2),
            ("192.0.2.21", ""): SeenDevice("192.0.2.21", "", "", "ua", "Other", 1, 2),
        }
    )
    household.write_decisions({MAC: Decision("-", 1_700_000_000)})
    return tmp_path / HOUSEHOLD_FILE


def tables(path):
    rows = sqlite3.connect(path)
    found = rows.execute("select name from sqlite_schema where type = 'table'")
    names = {name for (name,) in found}
    rows.close()
    return names


def test_each_table_is_told_and_stands_in_the_readme(path):
    assert tables(path) == set(TABLES)
    section = README.read_text("utf-8").partition("\n## What it knows about you\n")[2]
    section = section.partition("\n## ")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert named == set(TABLES)


def test_every_row_is_told_and_exported(path):
    kept = Household(path).kept()
    text = told(kept, "/state")
    for word in (ITEM, TV, MAC, "Kodi of Eva", "2023-11-14", "keep_plays = false"):
        assert word in text
    assert "1 entry, since 2023-11-14" in text
    assert "Kodi of Eva" in exported(kept)
    assert "nothing" in told({}, "/state")


def test_a_device_that_is_forgotten_is_in_no_byte_of_the_folder(path):
    Household(path).forget([MAC])
    left = everything_in(path.parent)
    for word in (MAC, TV, "Kodi of Eva"):
        assert word.encode() not in left
    assert b"192.0.2.21" in left
    assert ITEM.encode() in left
    assert Household(path).decisions() == {}


def test_all_is_forgotten(path):
    Household(path).forget(None)
    left = everything_in(path.parent)
    for word in (MAC, TV, "Kodi of Eva", "192.0.2.21", ITEM):
        assert word.encode() not in left
    assert all(rows == [] for rows in Household(path).kept().values())
    Household(path).write({ITEM: Play(1, 1, 0)})  # it is as good as new
    assert Household(path).plays()


def test_what_is_not_there_or_not_ours_is_left_alone(tmp_path):
    household = Household(tmp_path / HOUSEHOLD_FILE)
    household.forget(None)
    assert household.kept() == {}
    assert list(tmp_path.iterdir()) == []
    (tmp_path / HOUSEHOLD_FILE).write_bytes(b"precious" * 1000)
    with pytest.raises(HouseholdUnusable):
        household.forget(None)
    assert (tmp_path / HOUSEHOLD_FILE).read_bytes() == b"precious" * 1000


def test_odd_rows_are_told_too():
    rows = [{"place": "x", "first_s": 10**30, "value": None}, {"place": "", "n": 1}]
    assert "first ?" in told({"device": rows, "other": [{"a_s": -(10**18)}]}, "/")


def everything_in(folder):
    return b"".join(path.read_bytes() for path in folder.iterdir())
