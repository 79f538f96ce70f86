"""Playlists: what they hold, in which order, and how they follow their files."""

import sqlite3
from dataclasses import replace

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, film, playlist, track

from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.errors import NoSuchObject
from upnpserver.model import Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING

OTHER = Root("Other", ("Other",), b"/srv/other")
ONE = track("A/1.mp3", title="One", album="First")
TWO = track("A/2.mp3", title="Two", album="First")
FILM = film("Films/Heat.mp4", title="Heat")


class Catalog:
    """A catalog that is written as the scanner writes it, and read."""

    def __init__(self, path):
        self.path = path
        self.writer = Writer(path)
        self.writer.sync_roots([MUSIC, OTHER])
        self.reader = Reader(path)

    def write(self, *read, gone=()):
        self.writer.apply(read, [(f.root, f.directory, f.name) for f in gone])
        return self.writer.settle_lists()

    def children(self, object_id):
        return self.reader.children(object_id, Window(), (), EVERYONE).entries

    def lists(self, view="music"):
        """Return title -> titles of the entries, of all lists of a view."""
        try:
            found = self.children(f"{view}$playlists")
        except NoSuchObject:
            return {}
        return {
            didl_title(one): [didl_title(e) for e in self.children(one.object_id)]
            for one in found
        }

    def close(self):
        self.reader.close()
        self.writer.close()


def didl_title(entry):
    text = plain(didl.written(entry, EVERYTHING))
    return text.partition("<dc:title>")[2].partition("</dc:title>")[0]


@pytest.fixture
def catalog(tmp_path):
    catalog = Catalog(tmp_path / "catalog.sqlite")
    yield catalog
    catalog.close()


def test_entries_come_in_the_list_s_order_and_may_come_twice(catalog):
    entries = ("../A/2.mp3", "../A/1.mp3", "../A/2.mp3")
    catalog.write(ONE, TWO, playlist("Lists/Evening.m3u", *entries))
    assert catalog.lists() == {"Evening": ["Two", "One", "Two"]}
    (entry, *_), whole = catalog.children("music$playlists"), catalog.children("music$")
    assert entry.child_count == 3
    assert "Playlists" in [didl_title(one) for one in whole]
    text = plain(didl.written(entry, EVERYTHING))
    assert "<upnp:class>object.container.playlistContainer</upnp:class>" in text
    assert "description" not in text
    # They are references: an item's own place is its folder.
    assert all(one.ref_id for one in catalog.children(entry.object_id))


def test_the_list_s_own_title_goes_before_its_name(catalog):
    catalog.write(ONE, playlist("A/x.pls", "1.mp3", title="Evening & night"))
    assert catalog.lists() == {"Evening &amp; night": ["One"]}


def test_a_list_of_films_is_among_the_films(catalog):
    catalog.write(ONE, FILM, playlist("x.m3u", "Films/Heat.mp4", "A/1.mp3"))
    assert (catalog.lists(), catalog.lists("video")) == ({}, {"x": ["Heat", "One"]})


def test_lists_are_found_whatever_came_first(catalog):
    catalog.write(playlist("x.m3u", "A/1.mp3", "A/2.mp3"))
    assert catalog.lists() == {}
    catalog.write(TWO)
    assert catalog.lists() == {"x": ["Two"]}
    catalog.write(ONE)
    assert catalog.lists() == {"x": ["One", "Two"]}


def test_what_is_missing_or_remote_is_told(catalog):
    catalog.write(
        ONE, playlist("x.m3u", "A/1.mp3", "gone.mp3", "A/2.mp3", skipped_remote=3)
    )
    (entry,) = catalog.children("music$playlists")
    told = "not found: 2; Internet addresses left out: 3"
    expected = f"<dc:description>{told}</dc:description>"
    assert expected in plain(didl.written(entry, EVERYTHING))
    catalog.write(TWO, playlist("x.m3u", "A/1.mp3", "A/2.mp3"))
    (later,) = catalog.children("music$playlists")
    assert later.object_id == entry.object_id
    assert "description" not in plain(didl.written(later, EVERYTHING))


def test_a_list_of_nothing_that_is_there_is_a_problem_until_it_is(catalog):
    catalog.write(playlist("x.m3u", "A/1.mp3"))
    reason = "none of the files that it names is in a library"
    assert list(catalog.reader.problems()) == [("Home", b"x.m3u", reason)]
    (home,) = [one for one in catalog.reader.library_counts() if one.name == "Home"]
    assert home.problems == 0  # it was read
    catalog.write(ONE)
    assert list(catalog.reader.problems()) == []


def test_files_that_leave_leave_their_lists_too(catalog):
    catalog.write(ONE, TWO, playlist("x.m3u", "A/1.mp3", "A/2.mp3"))
    commit = catalog.write(gone=[ONE])
    assert catalog.lists() == {"x": ["Two"]}
    assert any("$playlist$" in name for name in commit.containers)
    catalog.write(gone=[TWO])
    assert catalog.lists() == {}


def test_lists_that_change_or_leave(catalog):
    catalog.write(ONE, TWO, playlist("x.m3u", "A/1.mp3"))
    catalog.write(playlist("x.m3u", "A/2.mp3", title="New"))
    assert catalog.lists() == {"New": ["Two"]}
    catalog.write(gone=[playlist("x.m3u")])
    assert catalog.lists() == {}


def test_an_item_that_is_tagged_anew_stays_in_its_lists(catalog):
    catalog.write(ONE, playlist("x.m3u", "A/1.mp3"))
    retagged = replace(ONE, facts=replace(ONE.facts, title="Uno", album="Other"))
    catalog.writer.apply([retagged], [])
    assert catalog.lists() == {"x": ["Uno"]}
    commit = catalog.writer.settle_lists()
    assert commit.containers == ()


def test_case_and_composition_of_letters_and_other_machines_paths(catalog):
    accented = track("Ü/é.MP3", title="Accented")
    catalog.write(
        *(ONE, accented),
        playlist("x.m3u", "u\u0308/e\u0301.mp3", "a/1.MP3"),
        playlist("B/y.m3u", "/Users/me/Music/A/1.mp3", "/srv/media/A/1.mp3"),
    )
    assert catalog.lists() == {"x": ["Accented", "One"], "y": ["One", "One"]}


def test_lists_may_name_files_of_another_library(catalog):
    far = track("B/far.mp3", root=OTHER, title="Far")
    catalog.write(far, playlist("x.m3u", "../other/B/far.mp3", "/srv/other/B/far.mp3"))
    assert catalog.lists() == {"x": ["Far", "Far"]}


def test_a_disk_that_leaves_takes_its_lists_and_entries_along(catalog):
    far = track("B/far.mp3", root=OTHER, title="Far")
    catalog.write(
        *(ONE, far, playlist("x.m3u", "A/1.mp3", "../other/B/far.mp3")),
        playlist("y.m3u", "../media/A/1.mp3", root=OTHER),
    )
    before = catalog.lists()
    assert before == {"x": ["One", "Far"], "y": ["One"]}
    catalog.writer.sync_roots([MUSIC], away=[OTHER])
    catalog.writer.settle_lists()
    assert catalog.lists() == {"x": ["One"]}
    catalog.writer.sync_roots([MUSIC, OTHER])
    catalog.writer.settle_lists()
    assert catalog.lists() == before


def test_nothing_new_writes_nothing(catalog):
    catalog.write(ONE, playlist("x.m3u", "A/1.mp3", "missing.mp3"))
    with sqlite3.connect(catalog.path) as rows:
        before = rows.execute("pragma data_version").fetchone()
        commit = catalog.writer.settle_lists()
        assert rows.execute("pragma data_version").fetchone() == before
    rows.close()
    assert commit.containers == ()
