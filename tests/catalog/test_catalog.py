"""Writer and Reader together on a real SQLite file."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.escaped import plain
from support.made_up_files import HOUSEHOLD, MUSIC, broken, film, photo, track

from upnpserver.catalog import schema
from upnpserver.catalog.file_rows import KnownFile
from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.errors import CatalogUnusable, NoSuchContainer, NoSuchObject
from upnpserver.model import Kind, LibraryCounts, SortKey, Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp import didl
from upnpserver.upnp.criteria import parse_criteria
from upnpserver.upnp.props import EVERYTHING

WHOLE = Window()
PAGE_BYTES = 4096


@pytest.fixture
def household(writer):
    writer.apply(HOUSEHOLD, [])
    return writer


@pytest.fixture
def reader(household, path):
    reader = Reader(path)
    yield reader
    reader.close()


def titles(page):
    return [
        plain(didl.written(entry, EVERYTHING))
        .split("<dc:title>")[1]
        .split("</dc:title>")[0]
        for entry in page.entries
    ]


def listed(reader, object_id, window=WHOLE, sort=()):
    return reader.children(object_id, window, sort, EVERYONE)


def walked(reader, object_id="0", depth=0):
    """Return the tree below an object as indented lines."""
    lines = []
    page = listed(reader, object_id)
    assert page.total == len(page.entries) == reader.child_count(object_id)
    for entry, title in zip(page.entries, titles(page), strict=True):
        assert entry.parent_id == object_id
        lines.append("  " * depth + title)
        assert reader.metadata(entry.object_id, EVERYONE).entries == (entry,)
        if entry.is_container:
            lines += walked(reader, entry.object_id, depth + 1)
    return lines


def test_the_tree_that_a_person_walks(reader):
    assert (
        walked(reader)
        == """\
Music
  Albums
    B
      Élan
    First
      One
      Two
      Ten
  Album artists
    Ann
      First
        One
        Two
        Ten
    Unknown artist
      Unknown album
        loose 9
        loose 10
    Zoë
      B
        Élan
  All artists
    Ann
      First
        One
        Two
        Ten
    Bob
      First
        Two
    Unknown artist
      Unknown album
        loose 9
        loose 10
    Zoë
      B
        Élan
  Genres
    Jazz
      Zoë
        B
          Élan
    Soul
      Zoë
        B
          Élan
  Years
    2000s
      2001
        First
          One
  All music
    Élan
    loose 9
    loose 10
    One
    Ten
    Two
  Recently added
    B
      Élan
    First
      One
      Two
      Ten
    Unknown album
      loose 9
      loose 10
Videos
  All videos
    Café
  Recently added
    Café
Pictures
  By date
    2020
      May 2020
        6 May 2020
          p1
    Undated
      p2
  Albums
    Pics
      p1
      p2
  All pictures
    p1
    p2
  Recently added
    Pics
      p1
      p2
Folders
  A
    One
    Two
    Ten
  B
    Élan
  Films
    Café
  Pics
    p1
    p2
  loose 9
  loose 10
""".splitlines()
    )


def test_an_empty_catalog_is_an_empty_root(writer, path):
    reader = Reader(path)
    assert listed(reader, "0").total == 0
    assert reader.metadata("0", EVERYONE).entries[0].parent_id == "-1"
    reader.close()


def test_unknown_objects(reader):
    for unknown in ("", "1", "i$", "r$", "r$x$music$all", "folder$none", "%", "0 "):
        with pytest.raises(NoSuchObject):
            reader.metadata(unknown, EVERYONE)
        with pytest.raises(NoSuchObject):
            listed(reader, unknown)
        with pytest.raises(NoSuchContainer):
            reader.search(unknown, parse_criteria("*"), WHOLE, (), EVERYONE)


def test_an_item_has_no_children(reader):
    item = listed(reader, "music$all").entries[0]
    for object_id in (item.object_id, item.ref_id):
        with pytest.raises((NoSuchContainer, NoSuchObject)):
            listed(reader, object_id)


def test_a_reference_names_its_original(reader):
    item = listed(reader, "music$all").entries[0]
    original = reader.metadata(item.ref_id, EVERYONE).entries[0]
    assert original.ref_id == ""
    assert original.segments == item.segments
    assert original.parent_id.startswith("folder$")


def test_a_reference_into_a_container_that_lacks_the_item_is_unknown(reader):
    item = listed(reader, "music$all").entries[0]
    elsewhere = item.object_id.replace("music$all", "video$all")
    with pytest.raises(NoSuchObject):
        reader.metadata(elsewhere, EVERYONE)


MANY = 1000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Fill a folder with several landmarks' worth of tracks."""
    path = tmp_path_factory.mktemp("crowd") / "catalog.sqlite"
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    writer.apply(
        [
            track(f"big/{n}.mp3", title=f"T{n % 7}", size_bytes=n * 37 % 501)
            for n in range(MANY)
        ],
        [],
    )
    writer.close()
    reader = Reader(path)
    yield reader
    reader.close()


@given(st.integers(0, MANY + 300), st.integers(0, MANY))
@settings(max_examples=60)
def test_any_page_is_a_slice_of_the_whole(crowd, start, count):
    for sort in ((), (SortKey("dc:title", True), SortKey("res@size", False))):
        whole = listed(crowd, "music$all", WHOLE, sort).entries
        end = start + count if count else None
        page = listed(crowd, "music$all", Window(start, count), sort)
        assert page.entries == whole[start:end]
        assert page.total == MANY


def test_sorting_by_several_keys(reader):
    page = listed(
        reader, "music$all", WHOLE, (SortKey("upnp:originalTrackNumber", True),)
    )
    assert titles(page)[:3] == ["Ten", "Two", "One"]


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ('dc:title contains "elan"', ["Élan"]),
        ('upnp:artist = "bob"', ["Two"]),
        ('upnp:class derivedfrom "object.item.imageItem"', ["p1", "p2"]),
        ('upnp:class = "object.container.genre.musicGenre"', ["Jazz", "Soul"]),
        ('upnp:genre = "soul" and @refID exists false', ["Élan"]),
        ('upnp:originalTrackNumber >= "2"', ["Two", "Ten"]),
        ('dc:title = "nothing"', []),
    ],
)
def test_search_finds_each_original_once(reader, criteria, found):
    page = reader.search("0", parse_criteria(criteria), WHOLE, (), EVERYONE)
    assert titles(page) == found
    assert page.total == len(found)
    assert all(entry.ref_id == "" for entry in page.entries)


def test_who_asks_for_references_gets_each_of_them(reader):
    criteria = parse_criteria('upnp:artist = "bob" and @refID exists true')
    page = reader.search("0", criteria, WHOLE, (), EVERYONE)
    assert set(titles(page)) == {"Two"}
    (original,) = {entry.ref_id for entry in page.entries}
    assert original not in {entry.object_id for entry in page.entries}
    parents = {entry.parent_id for entry in page.entries}
    assert "music$all" in parents
    assert len(parents) == page.total
    for entry in page.entries:
        assert reader.metadata(entry.object_id, EVERYONE).entries == (entry,)


def test_search_below_a_container_only(reader):
    everything = parse_criteria('upnp:class derivedfrom "object.item"')
    assert reader.search("music$", everything, WHOLE, (), EVERYONE).total == 6
    assert reader.search("video$all", everything, WHOLE, (), EVERYONE).total == 1
    page = reader.search("music$", everything, Window(2, 2), (), EVERYONE)
    assert len(page.entries) == 2
    assert page.total == 6


def test_search_never_finds_the_container_itself(reader):
    page = reader.search("music$", parse_criteria("*"), WHOLE, (), EVERYONE)
    assert "music$" not in {entry.object_id for entry in page.entries}


def test_resource_of_an_item(reader):
    item = reader.search(
        "0", parse_criteria('dc:title = "café"'), WHOLE, (), EVERYONE
    ).entries[0]
    resource = reader.resource(item.object_id.removeprefix("i$"), EVERYONE)
    assert resource.kind is Kind.VIDEO
    assert (resource.root, resource.relative_path) == (
        b"/srv/media",
        "Films/Café.mp4".encode(),
    )
    with pytest.raises(NoSuchObject):
        reader.resource("aaaaaaaaaaaaaaaa", EVERYONE)


def test_counts_of_libraries(reader):
    assert reader.library_counts() == (LibraryCounts("Home", 6, 1, 2, 1),)


def test_removed_files_and_the_containers_they_emptied_are_gone(household, path):
    household.apply(
        [], [(MUSIC, b"B", b"x.flac"), (MUSIC, b"Films", "Café.mp4".encode())]
    )
    reader = Reader(path)
    lines = walked(reader)
    assert "Videos" not in lines
    assert "  Genres" not in lines
    reader.close()


def test_everything_removed_leaves_an_empty_root(household, path):
    household.apply([], [(MUSIC, file.directory, file.name) for file in HOUSEHOLD])
    reader = Reader(path)
    assert walked(reader) == []
    assert household.known_directories(MUSIC) == []
    reader.close()


def test_update_ids_rise_for_what_changed_and_for_nothing_else(household, path):
    reader = Reader(path)
    before = reader.system_update_id()
    pictures = reader.metadata("picture$all", EVERYONE).update_id
    commit = household.apply([film("Films/new.mp4")], [])
    assert reader.system_update_id() == commit.system_update_id == before + 1
    assert "video$all" in commit.containers
    assert "picture$all" not in commit.containers
    assert reader.metadata("video$all", EVERYONE).update_id == before + 1
    assert reader.metadata("picture$all", EVERYONE).update_id == pictures
    reader.close()


def test_nothing_new_is_no_change(household):
    before = household.apply([], []).system_update_id
    assert household.apply([], []).system_update_id == before
    assert household.sync_roots([MUSIC]).containers == ()


def test_a_changed_tag_moves_the_item_and_keeps_its_id(household, path):
    reader = Reader(path)
    (old,) = reader.search(
        "0", parse_criteria('dc:title = "one"'), WHOLE, (), EVERYONE
    ).entries
    household.apply(
        [
            track(
                "A/01.mp3",
                title="Uno",
                artists=("Cid",),
                album="First",
                track=1,
                mtime_ns=2,
            )
        ],
        [],
    )
    (new,) = reader.search(
        "0", parse_criteria('upnp:artist = "cid"'), WHOLE, (), EVERYONE
    ).entries
    assert new.object_id == old.object_id
    assert titles(listed(reader, "music$artists")) == [
        "Ann",
        "Bob",
        "Cid",
        "Unknown artist",
        "Zoë",
    ]
    reader.close()


def test_a_moved_file_keeps_its_id(household, path):
    reader = Reader(path)
    (old,) = reader.search(
        "0", parse_criteria('dc:title = "one"'), WHOLE, (), EVERYONE
    ).entries
    moved = track("New/name.mp3", title="One", content_id=old.object_id[2:])
    household.apply([moved], [(MUSIC, b"A", b"01.mp3")])
    (new,) = reader.search(
        "0", parse_criteria('dc:title = "one"'), WHOLE, (), EVERYONE
    ).entries
    assert new.object_id == old.object_id
    assert new.parent_id != old.parent_id
    reader.close()


def ids_by_path(path):
    rows = sqlite3.connect(path)
    found = dict(
        rows.execute(
            "select directory.path || '/' || name, object_id from item"
            " join object on object.id = item.object join file on file.id = item.file"
            " join directory on directory.id = file.directory"
        )
    )
    rows.close()
    return found


@given(st.permutations(["b/1.mp3", "a/1.mp3", "c/1.mp3"]), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_ids_of_equal_files_do_not_depend_on_the_order(tmp_path_factory, order, cut):
    path = tmp_path_factory.mktemp("twins") / "catalog.sqlite"
    twins = [track(name, content_id="a" * 16) for name in order]
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    writer.apply(twins[:cut], [])
    writer.apply(twins[cut:], [])
    writer.close()
    found = ids_by_path(path)
    assert found["a/1.mp3"] == "i$" + "a" * 16
    assert len(set(found.values())) == 3
    assert _twin_ids.setdefault("ids", found) == found


_twin_ids = {}


def test_the_first_of_equal_files_leaves_its_id_to_the_next(writer, path):
    writer.apply([track(name, content_id="a" * 16) for name in ("a.mp3", "b.mp3")], [])
    writer.apply([], [(MUSIC, b"", b"a.mp3")])
    assert ids_by_path(path) == {"/b.mp3": "i$" + "a" * 16}


def test_libraries_keep_to_their_kinds(path):
    only_music = Root("Music", ("Music",), b"/srv/music", frozenset({Kind.AUDIO}))
    everything = Root("All", ("All",), b"/srv/all")
    writer = Writer(path)
    writer.sync_roots([only_music, everything])
    writer.apply(
        [
            track("x.mp3", only_music),
            photo("cover.jpg", only_music),
            photo("p.jpg", everything),
        ],
        [],
    )
    reader = Reader(path)
    assert titles(listed(reader, "folder$")) == ["All", "Music"]
    assert reader.library_counts() == (
        LibraryCounts("All", 0, 0, 1, 0),
        LibraryCounts("Music", 1, 0, 0, 0),
    )
    reader.close()
    writer.close()


def test_another_set_of_libraries_shows_the_same_files_anew(household, path):
    """From the facts at hand: no file is read again, ids of items stay."""
    before = ids_by_path(path)
    second = Root("Other", ("Other",), b"/srv/other")
    renamed = Root("Home", ("Home",), b"/srv/media")
    household.close()
    writer = Writer(path)
    writer.sync_roots([renamed, second])
    writer.apply([photo("x.jpg", second)], [])
    reader = Reader(path)
    assert titles(listed(reader, "folder$")) == ["Home", "Other"]
    reader.close()
    assert ids_by_path(path).items() >= before.items()
    writer.close()


def test_known_files_by_folder(household):
    assert household.known_files(MUSIC, b"B") == {b"x.flac": KnownFile(1000, 1)}
    assert household.known_files(MUSIC, b"none") == {}
    assert b"broken.mp3" in household.known_files(MUSIC, b"A")
    assert sorted(household.known_directories(MUSIC)) == [
        b"",
        b"A",
        b"B",
        b"Films",
        b"Pics",
    ]


def test_a_repaired_file_appears_and_a_broken_one_leaves(household, path):
    household.apply([track("A/broken.mp3", title="Mended"), broken("A/01.mp3")], [])
    reader = Reader(path)
    assert titles(listed(reader, "music$all")).count("Mended") == 1
    assert "One" not in titles(listed(reader, "music$all"))
    assert reader.library_counts()[0].problems == 1
    reader.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b""])
def test_a_foreign_file_is_refused_and_kept(path, content):
    path.write_bytes(content)
    for opened in (Reader, Writer):
        with pytest.raises(CatalogUnusable):
            opened(path)
    assert path.read_bytes() == content


def test_a_newer_catalog_is_refused(path):
    Writer(path).close()
    rows = sqlite3.connect(path)
    rows.execute(f"pragma user_version = {schema.VERSION + 1}")
    rows.close()
    for opened in (Reader, Writer):
        with pytest.raises(CatalogUnusable, match="a newer version of upnpserver"):
            opened(path)


def test_damage_in_any_page_is_found_when_looked_for(household, path):
    household.close()
    Writer(path, check=True).close()
    content = bytearray(path.read_bytes())
    content[-PAGE_BYTES:] = b"\xa5" * PAGE_BYTES
    path.write_bytes(content)
    with pytest.raises(CatalogUnusable):
        Writer(path, check=True)


def test_pages_read_no_more_than_they_show(crowd):
    """The plan of a page: one landmark, then a walk along the index."""
    plan = crowd._rows.execute(
        "explain query plan select object.id from child"
        " cross join object on object.id = child.object where child.parent = 1"
        " and (child.sort_key, child.object) >= ('', 0)"
        " order by child.sort_key, child.object limit 30 offset 5"
    ).fetchall()
    details = [row[3] for row in plan]
    assert not [line for line in details if "SCAN" in line or "TEMP B-TREE" in line]
