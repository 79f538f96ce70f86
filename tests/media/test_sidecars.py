"""Which files beside media belong to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.sidecars import (
    folder_art,
    is_season_folder,
    lyrics_mime,
    nfo_for,
    own_art,
    posters,
    role_of,
    season_art,
)
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
        (Role.LYRICS, [b"song.lrc", b"song.txt"]),
        (None, [b"notes.doc", b"mp3", b"", b".", b".mp3", b".folder.jpg", b"x.\xff"]),
        (None, [b"VIDEO_TS.VOB", b"VTS_01_0.VOB", b"half.mp3.part", b"film.mkv.!qB"]),
    ],
)
def test_role(role, names):
    assert {name: role_of(name) for name in names} == dict.fromkeys(names, role)


@pytest.mark.parametrize(
    ("pictures", "best"),
    [
        ([], None),
        ([b"folder.jpg", b"Cover.jpg"], b"Cover.jpg"),
        ([b"AlbumArtSmall.jpg", b"Folder.jpg"], b"Folder.jpg"),
        ([b"AlbumArt_{1}_Small.jpg", b"AlbumArt_{1}_Large.jpg"],
         b"AlbumArt_{1}_Large.jpg"),
        ([b"fanart.jpg", b"AlbumArt_{1}_Large.jpg"], b"fanart.jpg"),
        ([b"season01-poster.jpg", b"folder.jpg"], b"folder.jpg"),
        ([b"F-poster.jpg", b"F-clearlogo.png"], None),
        ([b"folder.jpg", b"movie.jpg"], b"movie.jpg"),
    ],
)  # fmt: skip
def test_best_art_of_a_folder(pictures, best):
    assert folder_art(pictures) == best
    assert folder_art(pictures[::-1]) == best


@pytest.mark.parametrize(
    ("pictures", "best"),
    [
        ([b"poster.jpg"], None),
        ([b"poster.jpg", b"F-poster.jpg"], b"F-poster.jpg"),
        ([b"G-poster.jpg"], None),
        ([b"F-fanart.jpg", b"f-POSTER.png"], b"f-POSTER.png"),
        ([b"F-clearlogo.png"], None),
    ],
)
def test_best_art_named_as_a_film(pictures, best):
    assert own_art(b"F.mkv", pictures) == best
    assert own_art(b"F.mkv", pictures[::-1]) == best


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


@pytest.mark.parametrize(
    ("season", "pictures", "best"),
    [
        (1, [b"season01-banner.jpg", b"Season01-Poster.jpg"], b"Season01-Poster.jpg"),
        (1, [b"season1-poster.jpg"], b"season1-poster.jpg"),
        (1, [b"season11-poster.jpg", b"season10-poster.jpg", b"poster.jpg"], None),
        (12, [b"season12-fanart.jpg", b"season12-clearlogo.png"],
         b"season12-fanart.jpg"),
        (0, [b"season-specials-poster.jpg"], b"season-specials-poster.jpg"),
        (0, [b"season00-poster.jpg"], b"season00-poster.jpg"),
        (2, [b"season-specials-poster.jpg"], None),
    ],
)  # fmt: skip
def test_best_art_of_a_season(season, pictures, best):
    assert season_art(season, pictures) == best
    assert season_art(season, pictures[::-1]) == best


@pytest.mark.parametrize(
    ("season", "name", "expected"),
    [
        (1, b"Season 01", True),
        (1, b"Staffel 1", True),
        (3, b"Show S03 1080p", True),
        (0, b"Specials", True),
        (0, b"season 00", True),
        (1, b"Season 11", False),
        (1, b"Show", False),
        (1, b"", False),
        (1, b"Specials", False),
    ],
)
def test_folder_of_a_season(season, name, expected):
    assert is_season_folder(name, season) is expected


@given(st.binary(), st.lists(st.binary()))
def test_any_names_will_do(name, others):
    role_of(name)
    assert own_art(name, others) in {None, *others}
    assert folder_art(others) in {None, *others}
    assert nfo_for(name, others) in {None, *others}
    assert season_art(1, others) in {None, *others}
    assert is_season_folder(name, 1) in {True, False}
    assert lyrics_mime(name, 1) in {"", "text/plain", "text/x-lrc"}
    assert set(posters(others)) <= set(others)
