"""Which files beside media belong to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.sidecars import (
    Subtitle,
    art_for,
    beside,
    nfo_for,
    role_of,
    season_poster,
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
        (Role.LYRICS, [b"song.lrc"]),
        (None, [b"notes.txt", b"mp3", b"", b".", b".mp3", b".folder.jpg", b"x.\xff"]),
        (None, [b"VIDEO_TS.VOB", b"VTS_01_0.VOB", b"half.mp3.part", b"film.mkv.!qB"]),
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


SUBTITLES = [
    ("Film.srt", Subtitle(b"Film.srt")),
    ("film.SRT", Subtitle(b"film.SRT")),
    ("Film.en.srt", Subtitle(b"Film.en.srt", "en")),
    ("Film.eng.forced.srt", Subtitle(b"Film.eng.forced.srt", "en", forced=True)),
    ("Film.ger.srt", Subtitle(b"Film.ger.srt", "de")),
    ("Film.German.srt", Subtitle(b"Film.German.srt", "de")),
    ("Film.pt-BR.sdh.ass", Subtitle(b"Film.pt-BR.sdh.ass", "pt-br", False, True)),
    ("Film.pt_BR.srt", Subtitle(b"Film.pt_BR.srt", "pt-br")),
    ("Film.zh-Hans.srt", Subtitle(b"Film.zh-Hans.srt", "zh-hans")),
    ("Film.cht.srt", Subtitle(b"Film.cht.srt", "zh-hant")),
    ("Film.en.default.srt", Subtitle(b"Film.en.default.srt", "en", default=True)),
    ("Film.en.hi.srt", Subtitle(b"Film.en.hi.srt", "en", False, True)),
    ("Film.hi.srt", Subtitle(b"Film.hi.srt", "hi")),
    ("Film.en.cc.vtt", Subtitle(b"Film.en.cc.vtt", "en", False, True)),
    ("Film [English].srt", Subtitle(b"Film [English].srt", "en")),
    (
        "Film - Deutsch (forced).srt",
        Subtitle(b"Film - Deutsch (forced).srt", "de", True),
    ),
    ("Film_fr.srt", Subtitle(b"Film_fr.srt", "fr")),
    ("Film.1080p.x264.srt", Subtitle(b"Film.1080p.x264.srt")),
    ("Subs/2_English.srt", Subtitle(b"Subs/2_English.srt", "en")),
    ("Subs/Film/2_English.srt", Subtitle(b"Subs/Film/2_English.srt", "en")),
    ("Subs/Film.de.srt", Subtitle(b"Subs/Film.de.srt", "de")),
    ("Subtitles/eng.srt", Subtitle(b"Subtitles/eng.srt", "en")),
    ("English.srt", Subtitle(b"English.srt", "en")),
    ("Film.idx", Subtitle(b"Film.idx")),
    ("Film.sub", Subtitle(b"Film.sub")),
    ("Other.en.srt", None),
    ("Filmography.srt", None),
    ("Extras/Film.srt", None),
    ("Subs/Other/2_English.srt", None),
    ("Film.txt", None),
    ("Film.mkv", None),
]


@pytest.mark.parametrize(("path", "expected"), SUBTITLES)
def test_subtitles(path, expected):
    found = beside(b"Film.mkv", [b"Film.mkv", path.encode()]).subtitles
    assert found == ((expected,) if expected else ())


def test_a_subtitle_of_the_film_with_the_longer_name():
    files = [b"Film.mkv", b"Film 2.mkv", b"Film 2.en.srt", b"Film.en.srt"]
    assert beside(b"Film.mkv", files).subtitles == (Subtitle(b"Film.en.srt", "en"),)
    assert beside(b"Film 2.mkv", files).subtitles == (Subtitle(b"Film 2.en.srt", "en"),)


def test_no_one_of_several_films_has_a_subtitle_without_a_name():
    assert beside(b"A.mkv", [b"A.mkv", b"B.mkv", b"Subs/English.srt"]).subtitles == ()


def test_both_files_of_vobsub_are_one():
    found = beside(b"Film.mkv", [b"Film.idx", b"Film.sub"]).subtitles
    assert found == (Subtitle(b"Film.idx"),)


BESIDE = [
    ("nfo", [b"movie.nfo", b"Film.nfo"], b"Film.nfo"),
    ("nfo", [b"movie.nfo", b"tvshow.nfo"], b"movie.nfo"),
    ("nfo", [b"tvshow.nfo"], None),
    ("poster", [b"folder.jpg", b"poster.png", b"Film.jpg"], b"Film.jpg"),
    ("poster", [b"Film.jpg", b"Film-poster.jpg"], b"Film-poster.jpg"),
    ("poster", [b"folder.jpg", b"cover.jpg"], b"cover.jpg"),
    ("poster", [b"Other-poster.jpg", b"fanart.jpg"], None),
    ("fanart", [b"fanart.jpg", b"Film-fanart.jpg"], b"Film-fanart.jpg"),
    ("fanart", [b"backdrop.jpg", b"poster.jpg"], b"backdrop.jpg"),
    ("thumb", [b"Film-thumb.jpg", b"Film.jpg"], b"Film-thumb.jpg"),
    ("thumb", [b"Film.jpg"], None),
    ("lyrics", [b"film.LRC"], b"film.LRC"),
]


@pytest.mark.parametrize(("sort", "files", "expected"), BESIDE)
def test_beside(sort, files, expected):
    for listed in (files, files[::-1]):
        assert getattr(beside(b"Film.mkv", [b"Film.mkv", *listed]), sort) == expected


@pytest.mark.parametrize(
    ("season", "expected"),
    [(1, b"season01-poster.jpg"), (0, b"season-specials-poster.png"), (2, None)],
)
def test_poster_of_a_season(season, expected):
    files = [b"season01-poster.jpg", b"season-specials-poster.png", b"poster.jpg"]
    assert season_poster(season, files) == expected


NAMES = st.binary() | st.from_regex(rb"(?:subs/)?(?:film)?[ ._a-z-]*\.(?:srt|sub|jpg)")


@given(st.binary(min_size=1), st.lists(NAMES))
def test_any_names_lie_beside(name, others):
    found = beside(name, others)
    assert {one.path for one in found.subtitles} <= set(others)
    assert {found.nfo, found.poster, found.fanart, found.thumb} <= {None, *others}
    season_poster(1, others)
