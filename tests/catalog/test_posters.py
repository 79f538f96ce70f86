"""Pictures named as the films beside them: posters, and no photos."""

from dataclasses import replace

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, cover, film, photo

from upnpserver.catalog.identity import original
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.errors import NoSuchObject
from upnpserver.model import Kind, Window
from upnpserver.policy import EVERYONE

FILM = film("F/Film.mkv", title="Film")
POSTER = photo("F/film.JPG", width=600, height=900)
PHOTO = photo("F/Beach.jpg", title="Beach")


def art(reader, file=FILM):
    """Return the id of the picture that stands for a film, "" for none."""
    (entry,) = reader.metadata(original(file.facts.content_id), EVERYONE).entries
    return entry.art and plain(entry.art).split("/")[-3]


def photos(reader):
    try:
        page = reader.children("picture$all", Window(), (), EVERYONE)
    except NoSuchObject:
        return []
    return [entry.object_id.split("$")[1] for entry in page.entries]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_poster_stands_for_its_film_whichever_is_read_first(writer, reader, order):
    for at in order:
        writer.apply([(FILM, POSTER, PHOTO)[at]], [])
    assert art(reader) == POSTER.facts.content_id
    assert photos(reader) == [PHOTO.facts.content_id]
    sent = reader.resource(POSTER.facts.content_id, EVERYONE)
    assert (sent.kind, sent.mime) == (Kind.IMAGE, "image/jpeg")
    assert sent.relative_path == b"F/film.JPG"


def test_a_picture_whose_film_leaves_is_a_photo_again(writer, reader):
    writer.apply([FILM, POSTER], [])
    assert photos(reader) == []
    writer.apply([], [(MUSIC, b"F", b"Film.mkv")])
    assert photos(reader) == [POSTER.facts.content_id]
    assert reader.resource(POSTER.facts.content_id, EVERYONE).relative_path


def test_a_film_whose_poster_leaves_has_none(writer, reader):
    writer.apply([FILM, POSTER], [])
    writer.apply([], [(MUSIC, b"F", b"film.JPG")])
    assert not art(reader)
    with pytest.raises(NoSuchObject):
        reader.resource(POSTER.facts.content_id, EVERYONE)


@pytest.mark.parametrize("facts", [None, replace(POSTER.facts, content_id="x" * 16)])
def test_a_poster_that_changes_is_no_longer_sent_as_it_was(writer, reader, facts):
    writer.apply([FILM, POSTER], [])
    writer.apply([replace(POSTER, facts=facts, size_bytes=2)], [])
    assert art(reader) == (facts.content_id if facts else b"")
    with pytest.raises(NoSuchObject):
        reader.resource(POSTER.facts.content_id, EVERYONE)


def test_what_a_camera_took_is_a_photo_beside_its_film_too(writer, reader):
    live = replace(POSTER, facts=replace(POSTER.facts, camera="Phone 9"))
    writer.apply([FILM, live], [])
    assert photos(reader) == [POSTER.facts.content_id]
    assert not art(reader)


@pytest.mark.parametrize(
    "named", ["Film.jpg", "F/Film 2.jpg", "F/Fil.jpg", "G/Film.jpg"]
)
def test_a_picture_named_otherwise_or_elsewhere_is_a_photo(writer, reader, named):
    other = photo(named)
    writer.apply([FILM, other], [])
    assert photos(reader) == [other.facts.content_id]
    assert not art(reader)


def test_of_two_films_of_a_name_both_have_it(writer, reader):
    other = film("F/Film.avi", title="Film")
    writer.apply([FILM, POSTER, other], [])
    assert art(reader) == art(reader, other) == POSTER.facts.content_id


def test_what_says_so_goes_before_what_is_only_named_alike(writer, reader):
    said = cover("F/Film-poster.jpg", content_id="said" * 4)
    writer.apply([FILM, POSTER, said, cover("F/poster.jpg")], [])
    assert art(reader) == "said" * 4
    writer.apply([], [(MUSIC, b"F", b"Film-poster.jpg")])
    assert art(reader) == POSTER.facts.content_id


def test_a_photo_of_the_same_content_stays(writer, reader):
    copy = replace(POSTER, directory=b"Pics")
    writer.apply([FILM, POSTER, copy], [])
    assert photos(reader) == [POSTER.facts.content_id]
    assert art(reader) == POSTER.facts.content_id
    sent = reader.resource(POSTER.facts.content_id, EVERYONE)
    assert sent.relative_path == b"Pics/film.JPG"


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [({Kind.VIDEO}, []), ({Kind.IMAGE}, [POSTER.facts.content_id])],
)
def test_a_library_of_one_kind(path, kinds, shown):
    root = replace(MUSIC, kinds=frozenset(kinds))
    writer, files = Writer(path), [replace(f, root=root) for f in (FILM, POSTER)]
    writer.sync_roots([root])
    writer.apply(files, [])
    reader = Reader(path)
    assert photos(reader) == shown
    if Kind.VIDEO in kinds:
        assert art(reader) == POSTER.facts.content_id
    assert reader.resource(POSTER.facts.content_id, EVERYONE)
    reader.close()
    writer.close()
