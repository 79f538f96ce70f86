import pytest

from upnpserver.media.formats import is_media, kind_hint
from upnpserver.model import Kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (b"song.mp3", Kind.AUDIO),
        (b"SONG.FLAC", Kind.AUDIO),
        (b"a.b.c.Opus", Kind.AUDIO),
        (b"\xff\xfe.m4a", Kind.AUDIO),
        (b"film.mkv", Kind.VIDEO),
        (b"00001.m2ts", Kind.VIDEO),
        (b"photo.HEIC", Kind.IMAGE),
        (b"My Folder.jpg", Kind.IMAGE),
        (b"recover.jpg", Kind.IMAGE),
    ],
)
def test_worth_opening(name, kind):
    assert kind_hint(name) is kind
    assert is_media(name)


@pytest.mark.parametrize(
    "name",
    [
        *(b"notes.txt", b"film.srt", b"film.nfo", b"list.m3u8", b"mp3", b"", b"."),
        *(b".mp3", b".hidden.mp3", b"half.mp3.part", b"film.mkv.!qB", b"a.\xff"),
        *(b"folder.jpg", b"Cover.PNG", b"Folder.jpeg", b"AlbumArtSmall.jpg"),
        *(b"AlbumArt_{4F2A}_Large.jpg", b"poster.jpg", b"fanart.jpg"),
    ],
)
def test_passed_by(name):
    assert not is_media(name)


def test_art_of_another_kind_is_media():
    assert is_media(b"cover.mp3")
