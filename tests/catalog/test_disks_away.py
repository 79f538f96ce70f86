"""Disks that go and come back: hidden with all their counts, and never forgotten."""

import sqlite3
from dataclasses import replace

import pytest
from support.made_up_files import HOUSEHOLD, MUSIC, broken, photo, track

from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.errors import NoSuchObject
from upnpserver.model import LibraryCounts
from upnpserver.policy import EVERYONE

DISK = replace(MUSIC, identity="ext4:one")
OTHER_DISK = replace(MUSIC, identity="ext4:two")
SECOND = Root("Second", ("Second",), b"/srv/second")
ALL = [replace(file, root=DISK) for file in HOUSEHOLD]


@pytest.fixture
def writer(path):
    writer = Writer(path)
    writer.sync_roots([DISK])
    writer.apply([*ALL, broken("odd.mp3", DISK)], [])
    yield writer
    writer.close()


def shown(path):
    """Return all that a client can see, but the update ids."""
    with sqlite3.connect(path) as rows:
        found = rows.execute(
            "select object.object_id, object.title, object.child_count,"
            " group_concat(parent.object_id, ' ') from object"
            " left join (select * from child order by parent) as child"
            " on child.object = object.id"
            " left join object as parent on parent.id = child.parent"
            " group by object.id order by object.object_id"
        ).fetchall()
    rows.close()
    return {row[0]: (row[1], row[2], sorted((row[3] or "").split())) for row in found}


def counts(path):
    reader = Reader(path)
    found, problems = reader.library_counts(), list(reader.problems())
    reader.close()
    return found, problems


def test_what_was_on_a_disk_that_is_away_is_as_if_it_never_was(writer, path):
    before, counted = shown(path), counts(path)
    commit = writer.sync_roots([], away=[MUSIC])
    assert "0" in commit.containers
    assert list(shown(path)) == ["0"]
    assert counts(path) == ((LibraryCounts("Home", 0, 0, 0, 0),), [])
    assert not writer.is_here(DISK)
    assert writer.sync_roots([], away=[MUSIC]).containers == ()
    assert "0" in writer.sync_roots([DISK]).containers
    assert (shown(path), counts(path)) == (before, counted)
    assert writer.is_here(DISK)
    assert set(writer.known_files(DISK, b"B")) == {b"x.flac"}


def test_no_file_and_no_cover_of_it_is_sent(writer, path):
    reader = Reader(path)
    item = ALL[0].facts.content_id
    assert reader.resource(item, EVERYONE)
    writer.sync_roots([], away=[MUSIC])
    with pytest.raises(NoSuchObject):
        reader.resource(item, EVERYONE)
    reader.close()


def test_another_disk_at_its_path_has_its_own_files(writer, path):
    before = shown(path)
    assert writer.is_other_disk(OTHER_DISK)
    assert not writer.is_other_disk(DISK)
    writer.sync_roots([OTHER_DISK])
    writer.apply([track("new.mp3", OTHER_DISK)], [])
    other = shown(path)
    assert other.keys().isdisjoint(
        f"i${file.facts.content_id}" for file in ALL if file.facts
    )
    writer.sync_roots([DISK])
    assert shown(path) == before
    writer.sync_roots([OTHER_DISK])
    assert shown(path) == other


def test_a_copy_elsewhere_takes_the_id_until_the_disk_is_back(writer, path):
    roots = [DISK, replace(SECOND)]
    writer.sync_roots(roots)
    same = ALL[0].facts.content_id
    writer.apply([photo("copy.jpg", SECOND, content_id=same)], [])
    before = shown(path)
    writer.sync_roots([SECOND], away=[MUSIC])
    assert shown(path)[f"i${same}"][0] == "copy"
    writer.sync_roots(roots)
    assert shown(path) == before


def test_of_many_disks_at_one_path_the_last_are_remembered(writer):
    disks = [replace(MUSIC, identity=str(number)) for number in range(6)]
    for disk in disks:
        writer.sync_roots([disk])
        writer.apply([track("1.mp3", disk)], [])
    known = [disk for disk in disks if not writer.is_other_disk(disk)]
    assert known == disks[1:]
    assert writer.is_other_disk(DISK)


def test_a_library_that_is_no_longer_shared_is_forgotten(writer, path):
    writer.sync_roots([], away=[MUSIC])
    writer.sync_roots([SECOND])
    writer.sync_roots([DISK, SECOND])
    assert not writer.known_directories(DISK)
    assert list(shown(path)) == ["0"]
