"""Which tracks make one album, and whose it is."""

import pytest

from upnpserver.catalog.views.albums import (
    UNKNOWN,
    VARIOUS,
    album_of,
    main_artist,
    with_guests,
)
from upnpserver.catalog.views.tree import FilePlace
from upnpserver.model import Kind, MediaFacts


def album(path, *, library="Home", shown=(), **facts):
    told = MediaFacts(Kind.AUDIO, "audio/mpeg", "a" * 16, **facts)
    return album_of(told, FilePlace(library, shown, path.encode()))


def tracks(*facts):
    return [album(path, **more) for path, more in facts]


ONE_ALBUM = {
    "discs in folders": [
        ("Ann/First/CD1/01.mp3", {"album": "First", "album_artists": ("Ann",)}),
        ("Ann/First/CD 2/01.mp3", {"album": "First", "album_artists": ("Ann",)}),
    ],
    "discs in folders, without album artist": [
        ("First/Disc 1/a.mp3", {"album": "First", "artists": ("Ann",)}),
        ("First/Disc 2 - Live/b.mp3", {"album": "First", "artists": ("Bob",)}),
    ],
    "discs in the tag": [
        ("First/a.mp3", {"album": "First (Disc 1)", "album_artists": ("Ann",)}),
        ("First/b.mp3", {"album": "First [CD 2/2]", "album_artists": ("Ann",)}),
    ],
    "discs in folders beside each other": [
        ("Ann/First (CD1)/a.mp3", {"album": "First", "album_artists": ("Ann",)}),
        ("Ann/First (CD2)/a.mp3", {"album": "First", "album_artists": ("Ann",)}),
    ],
    "an album's folder holds it together, whoever sings": [
        ("Hits 1999/a.mp3", {"album": "Hits 1999", "artists": ("Ann",)}),
        ("Hits 1999/b.mp3", {"album": "Hits 1999", "artists": ("Bob",)}),
    ],
    "a track without tags lies in the album's folder": [
        ("Evening Walk/a.mp3", {"album": "Evening Walk", "artists": ("Ann",)}),
        ("Evening Walk/b.wav", {}),
    ],
    "guests": [
        ("x/a.mp3", {"album": "First", "artists": ("Ann",)}),
        ("y/b.mp3", {"album": "First", "artists": ("Ann feat. Bob",)}),
    ],
    "an album artist in many folders": [
        ("x/a.mp3", {"album": "First", "album_artists": ("Ann",)}),
        ("y/b.mp3", {"album": "First", "album_artists": ("ANN",)}),
    ],
    "a sampler by any name": [
        ("x/a.mp3", {"album": "First", "album_artists": ("Various Artists",)}),
        ("y/b.mp3", {"album": "First", "album_artists": ("Różni wykonawcy",)}),
        ("z/c.mp3", {"album": "First", "artists": ("Ann",), "compilation": True}),
        ("Compilations/x/d.mp3", {"album": "First", "artists": ("Bob",)}),
    ],
}


@pytest.mark.parametrize("files", ONE_ALBUM.values(), ids=ONE_ALBUM)
def test_one_album(files):
    assert len({found.name for found in tracks(*files)}) == 1


SEVERAL = {
    "greatest hits of different artists in one folder": [
        ("mixed/a.mp3", {"album": "Greatest Hits", "artists": ("Ann",)}),
        ("mixed/b.mp3", {"album": "Greatest Hits", "artists": ("Bob",)}),
    ],
    "of different album artists": [
        ("Ann/Hits/a.mp3", {"album": "Hits", "album_artists": ("Ann",)}),
        ("Bob/Hits/b.mp3", {"album": "Hits", "album_artists": ("Bob",)}),
    ],
    "of one artist, in folders that tell them apart": [
        ("Ann/Ann (1994)/a.mp3", {"album": "Ann", "album_artists": ("Ann",)}),
        ("Ann/Ann (2001)/a.mp3", {"album": "Ann", "album_artists": ("Ann",)}),
    ],
    "without a tag, in different folders": [("x/a.mp3", {}), ("y/b.mp3", {})],
    "a number at the end is no disc": [
        ("x/a.mp3", {"album": "Now 41", "album_artists": ("Ann",)}),
        ("x/b.mp3", {"album": "Now 42", "album_artists": ("Ann",)}),
    ],
}


@pytest.mark.parametrize("files", SEVERAL.values(), ids=SEVERAL)
def test_several_albums(files):
    assert len({found.name for found in tracks(*files)}) == len(files)


def test_libraries_keep_their_albums_apart():
    assert (
        album("A/x.mp3", album="A").name
        != album("A/x.mp3", album="A", library="B").name
    )


@pytest.mark.parametrize(
    ("path", "facts", "title", "owners", "disc"),
    [
        ("x.mp3", {}, "", (UNKNOWN,), 1),
        ("x.mp3", {"artists": ("Ann", "Bob")}, "", ("Ann",), 1),
        ("F/x.mp3", {}, "F", (UNKNOWN,), 1),
        ("CD1/x.mp3", {}, "CD1", (UNKNOWN,), 1),
        ("F/cd02/x.mp3", {}, "F", (UNKNOWN,), 2),
        ("F/CD2/x.mp3", {"album": "A", "disc": 3}, "A", (UNKNOWN,), 3),
        ("F/x.mp3", {"album": "A - Disc 4 of 5"}, "A", (UNKNOWN,), 4),
        ("F/x.mp3", {"album": "CD 1"}, "CD 1", (UNKNOWN,), 1),
        ("F/x.mp3", {"album": "Disco 2000"}, "Disco 2000", (UNKNOWN,), 1),
        ("Disco 2000/x.mp3", {}, "Disco 2000", (UNKNOWN,), 1),
        ("F/x.mp3", {"compilation": True}, "F", (VARIOUS,), 1),
        ("VA/F/x.mp3", {"artists": ("Ann",)}, "F", (VARIOUS,), 1),
        ("F/x.mp3", {"album_artists": ("A", "B")}, "F", ("A", "B"), 1),
    ],
)
def test_what_is_told_of_it(path, facts, title, owners, disc):
    found = album(path, **facts)
    assert (found.title, found.owners, found.disc) == (title, owners, disc)


@pytest.mark.parametrize(
    ("name", "main", "all_of_them"),
    [
        ("Ann", "Ann", ("Ann",)),
        ("Ann feat. Bob", "Ann", ("Ann", "Bob")),
        ("Ann (ft. Bob & Cy)", "Ann", ("Ann", "Bob & Cy")),
        ("Ann [Featuring Bob]", "Ann", ("Ann", "Bob")),
        ("Little Feat", "Little Feat", ("Little Feat",)),
        ("Feature", "Feature", ("Feature",)),
        ("Daft Punk", "Daft Punk", ("Daft Punk",)),
    ],
)
def test_guests(name, main, all_of_them):
    assert main_artist(name) == main
    assert with_guests((name, main)) == all_of_them
