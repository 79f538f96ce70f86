"""Covers in folders: which items and containers they stand for."""

from dataclasses import replace

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, cover, film, track

from upnpserver.errors import NoSuchObject
from upnpserver.model import Kind, Span, Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING, parse_filter

ALBUM = (
    track("A/1.mp3", title="One", album="First", album_artists=("Ann",), track=1),
    track("A/2.mp3", title="Two", album="First", album_artists=("Ann",), track=2),
)
COVER = cover("A/folder.jpg", content_id="cover" * 3 + "a", width=160, height=160)


def covers(reader, object_id="0"):
    """Return the content id of the art of each object below one, by title path."""
    found = {}
    for entry in reader.children(object_id, Window(), (), EVERYONE).entries:
        title = plain(entry.segments).split("</dc:title>")[0].split(">")[-1]
        found[title] = entry.art and plain(entry.art).split("/")[-3]
        if entry.is_container:
            below = covers(reader, entry.object_id)
            found |= {f"{title}/{name}": art for name, art in below.items()}
    return found


def with_art(reader):
    return {title for title, art in covers(reader).items() if art}


EVERYWHERE = {
    *("Folders/A", "Folders/A/One", "Folders/A/Two"),
    *("Music/Albums/First", "Music/Albums/First/One", "Music/Albums/First/Two"),
    *("Music/All artists/Ann", "Music/All artists/Ann/First"),
    *("Music/All artists/Ann/First/One", "Music/All artists/Ann/First/Two"),
    *("Music/Album artists/Ann", "Music/Album artists/Ann/First"),
    *("Music/Album artists/Ann/First/One", "Music/Album artists/Ann/First/Two"),
    *("Music/All music/One", "Music/All music/Two"),
    *("Music/Recently added/First/One", "Music/Recently added/First/Two"),
    "Music/Recently added/First",
}


@pytest.mark.parametrize(
    "batches", [[(*ALBUM, COVER)], [ALBUM, (COVER,)], [(COVER,), ALBUM]]
)
def test_a_cover_stands_for_its_folder_whichever_is_read_first(writer, reader, batches):
    for batch in batches:
        writer.apply(batch, [])
    assert with_art(reader) == EVERYWHERE
    assert set(covers(reader).values()) == {b"", COVER.facts.content_id}


EMBEDDED = {"art_mime": "image/png", "art_offset": 40, "art_length": 50}


def test_a_song_has_its_own_picture_and_its_album_that_of_the_folder(writer, reader):
    writer.apply((track("A/1.mp3", title="One", album="First", **EMBEDDED),), [])
    own = covers(reader)["Folders/A/One"]
    assert set(covers(reader).values()) == {b"", own}
    writer.apply([COVER], [])
    assert covers(reader)["Folders/A/One"] == own
    assert covers(reader)["Music/Albums/First/One"] == own
    assert covers(reader)["Music/Albums/First"] == COVER.facts.content_id
    writer.apply([cover("A/1.jpg", content_id="named" * 3 + "a")], [])
    assert covers(reader)["Folders/A/One"] == "named" * 3 + "a"


def test_a_film_has_a_picture_beside_it_before_the_one_inside(writer, reader):
    writer.apply((film("F/Film.mkv", **EMBEDDED), cover("front.jpg")), [])
    inside = covers(reader)["Folders/F/Film"]
    assert reader.resource(inside, EVERYONE).span
    writer.apply([COVER, cover("F/folder.jpg", content_id="beside" * 2 + "aaaa")], [])
    assert covers(reader)["Folders/F/Film"] == "beside" * 2 + "aaaa"


def test_the_picture_inside_a_file_can_be_had_until_it_leaves(writer, reader):
    song = track("A/1.mp3", title="One", size_bytes=99, mtime_ns=7, **EMBEDDED)
    writer.apply([song], [])
    first = covers(reader)["Folders/A/One"]
    resource = reader.resource(first, EVERYONE)
    assert resource.span == Span(40, 50, 99, 7)
    assert (resource.kind, resource.mime) == (Kind.IMAGE, "image/png")
    assert resource.relative_path == b"A/1.mp3"
    smaller = replace(song.facts, art_length=49)
    writer.apply([replace(song, facts=smaller)], [])
    second = covers(reader)["Folders/A/One"]
    assert reader.resource(second, EVERYONE).span == Span(40, 49, 99, 7)
    with pytest.raises(NoSuchObject):
        reader.resource(first, EVERYONE)
    writer.apply([replace(song, facts=replace(song.facts, art_length=0))], [])
    assert with_art(reader) == set()
    with pytest.raises(NoSuchObject):
        reader.resource(second, EVERYONE)


def test_a_disk_that_is_away_has_no_pictures(writer, reader):
    writer.apply([track("A/1.mp3", title="One", **EMBEDDED)], [])
    art = covers(reader)["Folders/A/One"]
    writer.sync_roots([], [MUSIC])
    with pytest.raises(NoSuchObject):
        reader.resource(art, EVERYONE)
    writer.sync_roots([MUSIC])
    assert covers(reader)["Folders/A/One"] == art
    assert reader.resource(art, EVERYONE).span


def test_a_cover_that_comes_as_a_song_leaves(writer, reader):
    writer.apply(ALBUM, [])
    writer.apply([COVER], [(MUSIC, b"A", b"2.mp3")])
    assert reader.resource(COVER.facts.content_id, EVERYONE)


def test_a_cover_that_leaves_is_shown_no_more(writer, reader):
    writer.apply((*ALBUM, COVER), [])
    commit = writer.apply([], [(MUSIC, b"A", b"folder.jpg")])
    assert with_art(reader) == set()
    assert commit.containers
    with pytest.raises(NoSuchObject):
        reader.resource(COVER.facts.content_id, EVERYONE)


def test_a_better_cover_takes_its_place(writer, reader):
    writer.apply((*ALBUM, COVER), [])
    better = cover("A/cover.png", content_id="better" * 2 + "aaaa")
    writer.apply([better], [])
    assert with_art(reader) == EVERYWHERE
    assert covers(reader)["Folders/A/One"] == "better" * 2 + "aaaa"


def test_discs_have_the_cover_above_them_but_nothing_that_of_the_library(
    writer, reader
):
    files = (track("B/CD1/x.mp3"), film("C/y.mp4"), cover("B/front.jpg"))
    writer.apply((*files, cover("poster.jpg"), track("z.mp3")), [])
    folders = {title for title in with_art(reader) if title.startswith("Folders/")}
    assert folders == {"Folders/B", "Folders/B/CD1", "Folders/B/CD1/x", "Folders/z"}


def test_a_cover_is_no_photo_and_can_be_had(writer, reader):
    writer.apply((*ALBUM, COVER), [])
    assert reader.library_counts()[0].image == 0
    resource = reader.resource(COVER.facts.content_id, EVERYONE)
    assert (resource.kind, resource.mime) == (Kind.IMAGE, "image/jpeg")
    assert resource.relative_path == b"A/folder.jpg"


def test_as_didl(writer, reader):
    writer.apply((*ALBUM, COVER), [])
    (entry, _) = reader.children("music$all", Window(), (), EVERYONE).entries
    text = plain(didl.write([entry], EVERYTHING, "http://192.0.2.1:8200"))
    uri = f"http://192.0.2.1:8200/media/{COVER.facts.content_id}/art.jpg"
    assert f">{uri}</upnp:albumArtURI><res " in text
    without = didl.write([entry], parse_filter("dc:title,res"), "http://192.0.2.1")
    assert "albumArtURI" not in plain(without)
