"""Lyrics beside songs: with which they are shown, whatever is read first."""

from dataclasses import replace

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, cue, film, lyrics, photo, track

from upnpserver.catalog.identity import original
from upnpserver.errors import NoSuchObject
from upnpserver.model import Chapter, Kind
from upnpserver.policy import EVERYONE
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING, parse_filter

SONG = track("A/Song.mp3", title="Song")
SONGS = (SONG, track("A/Other.mp3", title="Other"))


def written(reader, file=SONG, wanted=EVERYTHING):
    page = reader.metadata(original(file.facts.content_id), EVERYONE)
    return plain(didl.write(page.entries, wanted, "http://192.0.2.1:8200"))


def shown(reader, file=SONG):
    """Return the file to which the URL in a song's DIDL leads."""
    _, _, uri = written(reader, file).partition("<upnp:lyricsURI>")
    if not uri:
        return None
    return reader.resource(uri.split("/")[4], EVERYONE).relative_path


WORDS = lyrics("A/Song.lrc")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_lyrics_are_shown_whichever_is_read_first(writer, reader, order):
    for at in order:
        writer.apply([(*SONGS, WORDS)[at]], [])
    assert shown(reader) == b"A/Song.lrc"
    assert shown(reader, SONGS[1]) is None


def test_lyrics_that_leave_are_shown_no_more(writer, reader):
    writer.apply([*SONGS, WORDS, lyrics("A/song.TXT")], [])
    assert shown(reader) == b"A/Song.lrc"
    assert writer.apply([], [(MUSIC, b"A", b"Song.lrc")]).containers
    assert shown(reader) == b"A/song.TXT"
    writer.apply([], [(MUSIC, b"A", b"song.TXT")])
    assert shown(reader) is None


@pytest.mark.parametrize(
    "named", ["A/readme.txt", "B/Song.lrc", "Song.lrc", "A/Song 2.lrc", "A/.lrc"]
)
def test_what_is_named_otherwise_is_not_a_song_s(writer, reader, named):
    writer.apply([SONG, lyrics(named)], [])
    assert shown(reader) is None


def test_what_is_empty_or_too_long_is_no_lyrics(writer, reader):
    for size_bytes in (0, 256 * 1024 + 1):
        writer.apply([SONG, lyrics("A/Song.lrc", size_bytes=size_bytes)], [])
        assert shown(reader) is None
    writer.apply([lyrics("A/Song.lrc", size_bytes=256 * 1024)], [])
    assert shown(reader) == b"A/Song.lrc"
    writer.apply([lyrics("A/Song.lrc", size_bytes=256 * 1024 + 1)], [])
    assert shown(reader) is None


def test_a_text_beside_a_whole_album_is_no_lyrics(writer, reader):
    tracks = (Chapter(0, "One"), Chapter(60_000, "Two"))
    sheet = cue("A/Song.cue", entries=("Song.wav", "Song.wav"), chapters=tracks)
    writer.apply([SONG, lyrics("A/Song.txt")], [])
    assert shown(reader) == b"A/Song.txt"
    writer.apply([sheet], [])
    assert shown(reader) is None
    book = track("A/Book.m4b", audiobook=True)
    writer.apply([book, lyrics("A/Book.txt")], [])
    assert shown(reader, book) is None


def test_neither_films_nor_photos_have_lyrics(writer, reader):
    for other in (film("A/a.mkv"), photo("A/b.jpg")):
        name = f"A/{other.name.decode()[0]}.txt"
        writer.apply([other, lyrics(name)], [])
        assert shown(reader, other) is None


def test_as_a_file_to_send(writer, reader):
    writer.apply([SONG, WORDS], [])
    uri = written(reader).partition("<upnp:lyricsURI>")[2].partition("<")[0]
    assert uri.startswith("http://192.0.2.1:8200/media/")
    assert uri.endswith("/lyrics.lrc")
    lyrics_id = uri.split("/")[4]
    resource = reader.resource(lyrics_id, EVERYONE)
    assert (resource.kind, resource.mime) == (Kind.IMAGE, "text/x-lrc")
    assert resource.span is None
    writer.sync_roots([], [MUSIC])
    with pytest.raises(NoSuchObject):
        reader.resource(lyrics_id, EVERYONE)


def test_plain_text_is_told_as_such(writer, reader):
    writer.apply([SONG, lyrics("A/Song.txt")], [])
    uri = written(reader).partition("<upnp:lyricsURI>")[2].partition("<")[0]
    assert uri.endswith("/lyrics.txt")
    assert reader.resource(uri.split("/")[4], EVERYONE).mime == "text/plain"


def test_only_who_asks_for_them_is_told(writer, reader):
    writer.apply([SONG, WORDS], [])
    assert "lyricsURI" in written(reader, wanted=parse_filter("upnp:lyricsURI"))
    assert "lyricsURI" not in written(reader, wanted=parse_filter("res"))


def test_all_songs_of_a_name_have_them(writer, reader):
    other = track("A/Song.flac", title="Song")
    writer.apply([SONG, other, WORDS], [])
    assert shown(reader) == shown(reader, other) == b"A/Song.lrc"
    moved = replace(other, name=b"Elsewhere.flac")
    writer.apply([moved], [(MUSIC, b"A", b"Song.flac")])
    assert shown(reader, other) is None
