"""Which files beside media belong to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.sidecars import art_for, nfo_for, role_of
from upnpserver.model import Role


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (Role.MEDIA, [b"song.mp3", b"Film.MKV", b"photo.jpg", b"My Folder.jpg"]),
        (Role.MEDIA, [b"recover.jpg", b"cover.mp3", b"poster girl.png"]),
        (Role.ART, [b"folder.jpg", b"Cover.PNG", b"AlbumArtSmall.jpg", b"fanart.jpg"]),
        (Role.ART, [b"AlbumArt_{4F2A}_Large.jpg", b"Film-poster.jpg"]),
        (Role.ART, [b"season01-poster.jpg", b"season-specials-banner.jpg"]),
        (Role.NFO, [b"Film.nfo", b"tvshow.NFO"]),
        (Role.SUBTITLE, [b"Film.en.srt", b"Film.ass", b"2_English.vtt"]),
        (Role.CUE, [b"Album.cue"]),
        (Role.PLAYLIST, [b"list.m3u8", b"List.M3U", b"a.pls", b"a.xspf", b"a.wpl"]),
        (Role.LYRICS, [b"song.lrc"]),
        (None, [b"notes.txt", b"mp3", b"", b".", b".mp3", b".folder.jpg", b"x.\xff"]),
        (None, [b"half.mp3.part", b"film.mkv.!qB"]),
    ],
)
def test_role(role, names):
    assert {name: role_of(name) for name in names} == dict.fromkeys(names, role)


@pytest.mark.parametrize(
    ("name", "pictures", "best"),
    [
        (b"a.mp3", [], None),
        (b"a.mp3", [b"folder.jpg", b"Cover.jpg"], b"Cover.jpg"),
        (b"a.mp3", [b"AlbumArtSmall.jpg", b"Folder.jpg"], b"Folder.jpg"),
        (b"a.mp3", [b"AlbumArt_{1}_Small.jpg", b"AlbumArt_{1}_Large.jpg"],
         b"AlbumArt_{1}_Large.jpg"),
        (b"a.mp3", [b"fanart.jpg", b"AlbumArt_{1}_Large.jpg"], b"fanart.jpg"),
        (b"F.mkv", [b"poster.jpg", b"F-poster.jpg"], b"F-poster.jpg"),
        (b"F.mkv", [b"G-poster.jpg"], None),
        (b"F.mkv", [b"F-fanart.jpg", b"f-POSTER.png"], b"f-POSTER.png"),
        (b"", [b"season01-poster.jpg", b"folder.jpg"], b"folder.jpg"),
    ],
)  # fmt: skip
def test_best_art(name, pictures, best):
    assert art_for(name, pictures) == best
    assert art_for(name, pictures[::-1]) == best


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ([b"movie.nfo", b"f.NFO"], b"f.NFO"),
        ([b"movie.nfo", b"G.nfo"], b"movie.nfo"),
        ([b"G.nfo", b"tvshow.nfo"], None),
        ([], None),
    ],
)
def test_nfo_of_a_film(files, wanted):
    assert nfo_for(b"F.mkv", files) == wanted


@given(st.binary(), st.lists(st.binary()))
def test_any_names_will_do(name, others):
    role_of(name)
    assert art_for(name, others) in {None, *others}
    assert nfo_for(name, others) in {None, *others}
