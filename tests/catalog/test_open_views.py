"""The SQL views that people query: what README.md says of them is so."""

import re
import threading
from pathlib import Path

import pytest
import sqlite_utils
from support.made_up_files import (
    HOUSEHOLD,
    MUSIC,
    file_of,
    film,
    nfo,
    photo,
    playlist,
    track,
)

from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.open_views import OPEN_VIEWS
from upnpserver.catalog.schema import connect_for_reading
from upnpserver.catalog.writer import Writer
from upnpserver.model import Kind

README = Path(__file__).parents[2] / "README.md"
NAME = re.compile(r"`(\w+)`")

MORE = (
    track(
        "C/1.flac",
        title="Uno",
        album="Third",
        album_artists=("Ann", "Cy"),
        artists=("Ann",),
        composers=("Di",),
        disc=2,
        date="2010-02-03",
        original_date="1999",
        duration_ms=61_500,
        mtime_ns=86_400 * 10**9,
        content_id="c" * 16,
    ),
    film("F/Heat (1995).mkv", title="Heat", date="1995", genres=("Crime", "Drama")),
    film("S/Show S01E02.mkv", series="Show", season=1, episode=2, title="Two"),
    film("S/Show S02E01.mkv", series="Show", season=2, episode=1),
    film("S/trailer.mkv", series="Show", extra="trailer"),
    nfo("F/Heat (1995).nfo", directors=("Michael Mann",), description="A robbery."),
    playlist("C/all.m3u", "1.flac", "2.flac"),
    playlist("C/radio.m3u", "1.flac", title="Mixed", skipped_remote=2),
    photo("P/k.jpg", keywords=("sea", "sun"), camera="X100", date="2020"),
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "catalog.sqlite"
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    writer.apply((*HOUSEHOLD, *MORE), [])
    writer.close()
    return path


@pytest.fixture
def database(path):
    database = sqlite_utils.Database(path)
    yield database
    database.close()


def documented():
    section = README.read_text("utf-8").split("## Ask the catalog yourself")[1]
    rows = re.findall(r"^\| `(\w+)` \|.*?\| (.*) \|$", section.split("\n## ")[0], re.M)
    return {view: NAME.findall(columns) for view, columns in rows}


def test_the_readme_tells_every_view_and_column(database):
    there = {
        name: [column.name for column in database[name].columns]
        for name in database.view_names()
    }
    assert documented() == there
    assert there.keys() == OPEN_VIEWS.keys()


def test_they_hold_where_a_schema_is_not_trusted(path):
    """The shell of SQLite and careful programs read so; our own reader does."""
    rows = connect_for_reading(path)
    for name in OPEN_VIEWS:
        assert rows.execute(f"select * from {name}").fetchall()
    rows.close()


def one(database, view, where):
    (row,) = database.query(f"select * from {view} where {where}")
    return {name: value for name, value in row.items() if value is not None}


def test_a_track(database):
    assert one(database, "tracks", "title = 'Uno'") == {
        "title": "Uno",
        "artist": "Ann",
        "album_artist": "Ann; Cy",
        "album": "Third",
        "disc": 2,
        "composer": "Di",
        "year": 1999,
        "compilation": 0,
        "audiobook": 0,
        "duration_s": 61.5,
        "size_bytes": 1000,
        "modified": "1970-01-02 00:00:00",
        "library": "Home",
        "path": "/srv/media/C/1.flac",
        "url_path": "/media/cccccccccccccccc/audio",
    }


def test_a_film_with_what_files_beside_it_tell(database):
    row = one(database, "films", "year = 1995")
    assert row["director"] == "Michael Mann"
    assert row["description"] == "A robbery."
    assert row["genre"] == "Crime; Drama"


def test_episodes_and_their_series(database):
    rows = database.query("select season, episode, title from episodes order by 1")
    assert [tuple(row.values()) for row in rows] == [(1, 2, "Two"), (2, 1, None)]
    row = one(database, "series", "series = 'Show'")
    assert (row["seasons"], row["episodes"]) == (2, 2)


def test_albums_and_artists_are_those_that_devices_see(database):
    albums = {row["album"]: row for row in database["albums"].rows}
    assert albums["First"]["tracks"] == 3
    assert albums["First"]["year"] == 2001
    assert albums["Third"]["album_artist"] == "Ann; Cy"
    artists = {row["artist"]: row for row in database["artists"].rows}
    assert (artists["Ann"]["albums"], artists["Ann"]["tracks"]) == (2, 4)
    assert database["object"].count_where("object_id = ?", [artists["Ann"]["id"]]) == 1


def test_photos_problems_and_files(database):
    assert one(database, "photos", "camera = 'X100'")["keyword"] == "sea; sun"
    problem = one(database, "problems", "1")
    assert problem["path"] == "/srv/media/A/broken.mp3"
    assert problem["reason"] == "not readable"
    assert database["files"].count == len(HOUSEHOLD) + len(MORE)
    assert one(database, "files", "role = 'nfo'")["path"].endswith("F/Heat (1995).nfo")


def test_names_that_are_not_utf_8_are_readable_all_the_same(tmp_path):
    root = Root("Old", (), b"/srv/\xe4")
    writer = Writer(tmp_path / "catalog.sqlite")
    writer.sync_roots([root])
    read = file_of("x.mp3", root, Kind.AUDIO, "audio/mpeg")
    odd = type(read)(root, b"\xf6", b"\xfc.mp3", 1, 1, read.facts)
    writer.apply([odd], [])
    writer.close()
    database = sqlite_utils.Database(tmp_path / "catalog.sqlite")
    assert one(database, "tracks", "1")["path"] == "/srv/\ufffd/\ufffd/\ufffd.mp3"
    database.close()


BATCH, BATCHES = 20, 20


def test_they_can_be_read_while_the_server_writes(tmp_path):
    path = tmp_path / "catalog.sqlite"
    Writer(path).close()

    def write():
        writer = Writer(path)
        writer.sync_roots([MUSIC])
        for batch in range(BATCHES):
            names = [f"{batch}/{number}.mp3" for number in range(BATCH)]
            writer.apply([track(name, album="A") for name in names], [])
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    database = sqlite_utils.Database(path)
    seen = [0]
    while seen[-1] < BATCH * BATCHES and thread.is_alive():
        seen.append(sum(row["size_bytes"] for row in database["tracks"].rows) // 1000)
    thread.join()
    assert all(count % BATCH == 0 for count in seen)
    assert sum(1 for _ in database["tracks"].rows) == BATCH * BATCHES
    database.close()


def test_playlists_tell_what_they_name(database):
    columns = "title, entries, left_out, path"
    assert list(database.query(f"select {columns} from playlists order by path")) == [
        {
            "title": "all.m3u",
            "entries": 2,
            "left_out": 0,
            "path": "/srv/media/C/all.m3u",
        },
        {
            "title": "Mixed",
            "entries": 1,
            "left_out": 2,
            "path": "/srv/media/C/radio.m3u",
        },
    ]
