"""Which subtitles belong to which film, and what their names tell."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.subtitle_names import (
    Subtitle,
    film_folder,
    subtitles,
    told_in_name,
)

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
    found = subtitles([b"Film.mkv", path.encode()])
    assert found == ({b"film": [expected]} if expected else {})


def test_a_subtitle_of_the_film_with_the_longer_name():
    files = [b"Film.mkv", b"Film 2.mkv", b"Film 2.en.srt", b"Film.en.srt"]
    assert subtitles(files) == {
        b"film": [Subtitle(b"Film.en.srt", "en")],
        b"film 2": [Subtitle(b"Film 2.en.srt", "en")],
    }


def test_no_one_of_several_films_has_a_subtitle_without_a_name():
    assert subtitles([b"A.mkv", b"B.mkv", b"Subs/English.srt"]) == {}


def test_both_files_of_vobsub_are_one():
    found = subtitles([b"Film.mkv", b"Film.idx", b"Film.sub"])
    assert found == {b"film": [Subtitle(b"Film.idx")]}


def test_the_best_subtitle_is_first():
    names = (b"F.de.forced.srt", b"F.de.ass", b"F.de.sdh.srt", b"F.en.srt")
    files = [b"F.mkv", *names, b"F.fr.default.srt"]
    found = [one.path for one in subtitles(files)[b"f"]]
    order = (b"F.fr.default.srt", b"F.en.srt", b"F.de.ass", b"F.de.sdh.srt", names[0])
    assert found == [*order]


@pytest.mark.parametrize(
    ("directory", "folder"),
    [
        (b"", b""),
        (b"Films", b"Films"),
        (b"Subs", b""),
        (b"Films/SUBS", b"Films"),
        (b"Films/Subs/Film", b"Films"),
        (b"Films/Subs/Film/x", b"Films/Subs/Film/x"),
    ],
)
def test_folder_of_the_films(directory, folder):
    assert film_folder(directory) == folder


NAMES = st.binary() | st.from_regex(rb"(?:subs/)?(?:film)?[ ._a-z-]*\.(?:srt|sub|mkv)")


@given(st.lists(NAMES))
def test_any_names_will_do(names):
    found = subtitles(names)
    paths = [one.path for some in found.values() for one in some]
    assert set(paths) <= set(names)
    for one in (one for some in found.values() for one in some):
        assert re.fullmatch(r"(\.[a-z0-9-]{2,12}){0,3}", told_in_name(one))
    assert subtitles(reversed(names)) == found
