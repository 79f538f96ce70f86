"""Which text subtitles inside a film can be taken out, and by which addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.embedded_texts import (
    inside_told,
    number_in,
    picture_number,
    text_paths,
    texts_in,
)
from upnpserver.model import Kind, MediaFacts, Track

ID = "abcdefghijklmnop"


def film(*tracks, container="matroska"):
    return MediaFacts(Kind.VIDEO, "video/x", "id", container, tracks=tracks)


def words(codec="srt", language="", **more):
    return Track("subtitle", codec, language, **more)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (film(), ""),
        (film(words()), "0"),
        (film(words(language="en"), words(language="pt-br")), "0.en/1.pt-br"),
        (film(words(), container="mpegts"), ""),
        (film(words("tx3g"), container="mp4"), "0"),
        # Pictures are counted, sound and what is inside the picture is not.
        (film(Track("audio", "aac"), words("pgs"), words("ass", "de")), "1.de/p0"),
        (film(words("cea608"), words("webvtt")), "0"),
        # The best first: not forced, default.
        (
            film(words(forced=True, language="en"), words(), words(default=True)),
            "2/1/0.en.forced",
        ),
        (film(words(language="x" * 13)), "0"),
        (film(*[words()] * 40), "/".join(map(str, range(16)))),
    ],
)
def test_what_is_told(facts, told):
    assert inside_told(facts) == told


def test_addresses_lead_back_to_their_tracks():
    facts = film(words(language="pt-br", forced=True), words())
    paths = list(text_paths(ID, inside_told(facts)))
    assert paths == [
        f"/subtitle/{ID}/film.t1.srt",
        f"/subtitle/{ID}/film.t0.pt-br.forced.srt",
    ]
    assert [number_in(path.rpartition("/")[2]) for path in paths] == [*texts_in(facts)]


@pytest.mark.parametrize(
    ("told", "language", "number"),
    [
        ("p0.de/p1.en", "en", 1),
        ("0.en/p1.en.forced", "en", 1),
        ("p12.pt-br", "pt", 12),
        ("p1.english", "en", None),
        ("p0/1.de", "de", None),
        ("", "de", None),
    ],
)
def test_pictures_in_a_language(told, language, number):
    assert picture_number(told, language) == number


@given(st.text())
def test_anything_else_is_no_address(text):
    assert all(path.isascii() for path in text_paths(ID, text))
    number = number_in(text)
    assert number is None or 0 <= number < 100


@pytest.mark.parametrize(
    "name", ["film.srt", "film.t.srt", "text.t1.srt", "film.t123.srt"]
)
def test_names_of_nothing(name):
    assert number_in(name) is None
