"""What is converted to what, by rules alone; and how it is told."""

import wave
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.converted import (
    Coded,
    Form,
    able,
    coded_from,
    coded_of,
    encoder_for,
    form_for,
    form_named,
    is_able,
    offer,
    pcm_size,
    sources,
    wav_head,
)
from upnpserver.model import Kind, MediaFacts
from upnpserver.policy import INSTEAD, NO_NEEDS, Needs

SONG = Coded(Kind.AUDIO, "flac", "", "", 0, "flac", 2, 44_100, 180_500)
FILM = Coded(Kind.VIDEO, "matroska", "h264", "high", 40, "dts", 6, 48_000, 7_200_000)
ALL = frozenset({"libx264", "ac3", "aac", "libmp3lame", "pcm_s16be", "pcm_s16le"})


def film(**changes):
    return FILM._replace(**changes)


def song(**changes):
    return SONG._replace(**changes)


@pytest.mark.parametrize(
    ("coded", "instead", "expected"),
    [
        (SONG, {}, None),
        (SONG, {"music flac": "lpcm"}, Form("lpcm")),
        (SONG, {"music flac": "wav", "music": "mp3"}, Form("wav")),
        (SONG, {"music": "mp3"}, Form("mp3")),
        (SONG, {"music flac": "", "music": "mp3"}, None),
        (SONG, {"music alac": "lpcm", "film flac": "mp4", "sound flac": "ac3"}, None),
        (song(container="ogg"), {"music flac": "lpcm"}, Form("lpcm")),
        (song(container="mp3", sound="mp3"), {"music": "mp3"}, None),
        (song(container="wav", sound="pcm"), {"music": "wav"}, None),
        (song(container="wav", sound="pcm"), {"music": "lpcm"}, Form("lpcm")),
        (FILM, {}, None),
        (FILM, {"film mp4": "mpegts", "music": "lpcm"}, None),
        # A container: what it can hold is copied.
        (film(sound="ac3"), {"film": "mpegts"}, Form("mpegts", "copy", "copy")),
        (film(sound="ac3"), {"film": "mp4"}, Form("mp4", "copy", "copy")),
        (FILM, {"film matroska": "mpegts"}, Form("mpegts", "copy", "copy")),
        (FILM, {"film matroska": "mp4"}, Form("mp4", "copy", "aac")),
        (film(sound="opus"), {"film": "mpegts"}, Form("mpegts", "copy", "ac3")),
        (film(picture="vp9"), {"film": "mpegts"}, Form("mpegts", "h264", "copy")),
        (film(picture="mpeg2"), {"film": "mp4"}, Form("mp4", "h264", "aac")),
        (film(container="mpegts"), {"film": "mpegts"}, None),
        # The sound alone.
        (FILM, {"sound dts": "ac3"}, Form("mpegts", "copy", "ac3")),
        (film(container="mp4"), {"sound dts": "ac3"}, Form("mp4", "copy", "ac3")),
        (FILM, {"sound dts": "mp3", "film": "mp4"}, Form("mp4", "copy", "mp3")),
        (film(sound="ac3"), {"sound": "ac3"}, None),
        (film(sound=""), {"sound": "ac3"}, None),
        (film(sound=""), {"film": "mp4"}, Form("mp4", "copy", "none")),
        # The picture.
        (FILM, {"picture hevc": "h264"}, None),
        (
            film(picture="hevc"),
            {"picture hevc": "h264"},
            Form("mpegts", "h264", "copy"),
        ),
        (FILM, {"picture": "h264"}, None),
        (FILM, {"picture h264 high": "h264"}, Form("mpegts", "h264", "copy")),
        (
            film(picture_profile="high 10"),
            {"picture h264 high 10": "h264"},
            Form("mpegts", "h264", "copy"),
        ),
        (film(picture_profile="high 10"), {"picture h264 high": "h264"}, None),
    ],
)
def test_what_a_device_gets(coded, instead, expected):
    assert form_for(coded, instead) == expected


words = st.sampled_from(
    ["", "matroska", "mp4", "mpegts", "avi", "h264", "hevc", "vp9", "mpeg2"]
)
sounds = st.sampled_from(["", "dts", "ac3", "aac", "mp3", "opus", "flac"])
codeds = st.builds(
    Coded,
    st.sampled_from([Kind.AUDIO, Kind.VIDEO]),
    words,
    words,
    st.sampled_from(["", "main", "high", "high 10"]),
    st.integers(0, 62),
    sounds,
    st.integers(0, 255),
    st.integers(0, 400_000),
    st.integers(0, 10**9),
)
rules = st.dictionaries(
    st.sampled_from([*INSTEAD, "film avi", "sound dts", "picture hevc", "music flac"]),
    st.none(),
).flatmap(
    lambda keys: st.fixed_dictionaries(
        {key: st.sampled_from(["", *INSTEAD[key.split()[0]]]) for key in keys}
    )
)


@given(codeds, rules, st.sampled_from(["bytes", "time-exclusive", "both"]))
def test_whatever_is_offered_is_had_under_its_name(coded, instead, seek):
    form = form_for(coded, instead)
    if form is not None:
        assert form_named(form.name, coded) == form
        told = offer(coded, form, seek)
        assert ";DLNA.ORG_CI=1;" in f";{told.features}"
        assert is_able(form, ALL)


@given(codeds)
def test_how_it_is_coded_is_written_and_read(coded):
    assert coded_from(str(coded)) == coded


@given(st.text())
def test_anything_else_is_nothing(text):
    found = coded_from(text)
    assert found is None or isinstance(found, Coded)


@given(st.text(max_size=40), codeds)
def test_no_other_name_is_a_form(name, coded):
    form = form_named(name, coded)
    assert form is None or form.name == name


def test_what_is_not_known_is_not_converted():
    facts = MediaFacts(Kind.VIDEO, "video/mp4", "id", "mp4", video_codec="h264")
    assert coded_of(facts) == Coded(Kind.VIDEO, "mp4", "h264")
    for less in ({"kind": Kind.IMAGE}, {"container": ""}, {"video_codec": ""}):
        assert coded_of(replace(facts, **less)) is None


FLAGS = "DLNA.ORG_FLAGS=01700000000000000000000000000000"


@pytest.mark.parametrize(
    ("coded", "form", "seek", "mime", "features"),
    [
        (SONG, "lpcm", "bytes", "audio/L16;rate=44100;channels=2", "PN=LPCM OP=01"),
        (SONG, "lpcm", "both", "audio/L16;rate=44100;channels=2", "PN=LPCM OP=11"),
        (SONG, "wav", "time-exclusive", "audio/x-wav", "OP=10"),
        (SONG, "mp3", "bytes", "audio/mpeg", "PN=MP3 OP=10"),
        (song(duration_ms=0), "mp3", "bytes", "audio/mpeg", "PN=MP3 OP=00"),
        (
            song(rate_hz=96_000, channels=6),
            *("lpcm", "bytes", "audio/L16;rate=48000;channels=2", "PN=LPCM OP=01"),
        ),
        (
            song(rate_hz=22_050, channels=1),
            *("lpcm", "bytes", "audio/L16;rate=44100;channels=1", "PN=LPCM OP=01"),
        ),
        (
            song(rate_hz=0, channels=0, duration_ms=0),
            *("lpcm", "bytes", "audio/L16;rate=48000;channels=2", "PN=LPCM OP=00"),
        ),
    ],
)
def test_music_is_told(coded, form, seek, mime, features):
    told = offer(coded, Form(form), seek)
    assert told.mime == mime
    words = [f"DLNA.ORG_{word}" for word in features.split()]
    assert told.features == ";".join([*words, "DLNA.ORG_CI=1", FLAGS])


@pytest.mark.parametrize(
    ("coded", "form", "profile"),
    [
        (FILM, Form("mpegts", "copy", "ac3"), "AVC_TS_HP_HD_AC3_ISO"),
        (
            film(picture_profile="main"),
            Form("mpegts", "copy", "ac3"),
            "AVC_TS_MP_HD_AC3_ISO",
        ),
        (film(picture_level=41), Form("mpegts", "copy", "ac3"), ""),
        (film(picture_level=0), Form("mpegts", "copy", "ac3"), ""),
        (film(picture_level=52), Form("mpegts", "h264", "ac3"), "AVC_TS_HP_HD_AC3_ISO"),
        (FILM, Form("mpegts", "copy", "copy"), ""),
        (film(sound="ac3"), Form("mpegts", "copy", "copy"), "AVC_TS_HP_HD_AC3_ISO"),
        (FILM, Form("mp4", "copy", "ac3"), ""),
        (film(picture="hevc"), Form("mpegts", "copy", "ac3"), ""),
        (film(sound=""), Form("mpegts", "copy", "none"), ""),
    ],
)
def test_a_film_has_a_profile_only_where_it_is_sure(coded, form, profile):
    told = offer(coded, form, "bytes")
    start = f"DLNA.ORG_PN={profile};" if profile else ""
    assert told.features == f"{start}DLNA.ORG_OP=10;DLNA.ORG_CI=1;{FLAGS}"
    assert told.size_bytes is None


def test_a_rule_holds_only_where_ffmpeg_can_follow_it():
    needs = Needs(instead={"music flac": "mp3", "sound dts": "ac3", "film avi": "mp4"})
    assert able(needs, ALL) is needs
    assert able(needs, {"ac3"}).instead == {"sound dts": "ac3", "film avi": "mp4"}
    assert able(needs, ()).instead == {}
    assert able(NO_NEEDS, ()) is NO_NEEDS


def test_the_best_encoder_there_is():
    assert encoder_for("h264", ALL) == "libx264"
    assert encoder_for("h264", {*ALL, "h264_v4l2m2m"}) == "h264_v4l2m2m"
    assert encoder_for("h264", {"ac3"}) == ""
    assert not is_able(Form("mpegts", "h264", "ac3"), {"ac3"})
    assert is_able(Form("mpegts", "copy", "ac3"), {"ac3"})


def test_the_size_is_that_of_its_samples():
    assert pcm_size(SONG, Form("lpcm")) == 180_500 * 441 // 10 * 4
    assert pcm_size(SONG, Form("wav")) == 180_500 * 441 // 10 * 4 + 44
    assert pcm_size(SONG, Form("mp3")) is None
    assert pcm_size(song(duration_ms=0), Form("lpcm")) is None


def test_a_wav_file_begins_as_python_reads_it():
    size = pcm_size(SONG, Form("wav"))
    with wave.open(BytesIO(wav_head(SONG) + bytes(size - 44))) as read:
        assert read.getparams()[:4] == (2, 2, 44_100, 180_500 * 441 // 10)


def test_what_may_be_got_by_rules():
    assert sources({}) == sources({"music flac": ""}) == []
    assert sources({"music flac": "lpcm", "music": "mp3"}) == [
        "http-get:*:audio/L16;rate=44100;channels=2:DLNA.ORG_PN=LPCM",
        "http-get:*:audio/L16;rate=48000;channels=2:DLNA.ORG_PN=LPCM",
        "http-get:*:audio/mpeg:*",
    ]
    assert (
        sources({"sound dts": "mp3"})
        == sources({"film": "mpegts"})
        == [
            "http-get:*:video/mpeg:*",
            "http-get:*:video/mpeg:DLNA.ORG_PN=AVC_TS_HP_HD_AC3_ISO",
            "http-get:*:video/mpeg:DLNA.ORG_PN=AVC_TS_MP_HD_AC3_ISO",
        ]
    )
    assert sources({"film avi": "mp4"}) == ["http-get:*:video/mp4:*"]


def test_subtitles_are_drawn_only_where_ffmpeg_codes_films():
    needs = Needs(burn="de")
    assert able(needs, ALL) is needs
    assert able(needs, {"ac3"}).burn == ""
