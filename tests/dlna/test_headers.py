"""What DLNA request headers get, one row for each line of its table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.headers import caption_headers, dlna_headers
from upnpserver.errors import RefusedRequest
from upnpserver.model import Kind

FEATURES = "DLNA.ORG_OP=01;DLNA.ORG_CI=0"
CONTENT = ("contentFeatures.dlna.org", FEATURES)
STREAMING = ("transferMode.dlna.org", "Streaming")
INTERACTIVE = ("transferMode.dlna.org", "Interactive")
BACKGROUND = ("transferMode.dlna.org", "Background")
TLAG = ("realTimeInfo.dlna.org", "DLNA.ORG_TLAG=*")
FILM, SONG, PHOTO = Kind.VIDEO, Kind.AUDIO, Kind.IMAGE


def asked(kind, headers, **more):
    values = {name.lower().encode(): value for name, value in headers.items()}
    return dlna_headers(lambda name: values.get(name, ""), kind, FEATURES, **more)


@pytest.mark.parametrize(
    ("kind", "headers", "expected"),
    [
        (FILM, {}, [STREAMING, CONTENT]),
        (SONG, {}, [STREAMING, CONTENT]),
        (PHOTO, {}, [INTERACTIVE, CONTENT]),
        (FILM, {"transferMode.dlna.org": "Streaming"}, [STREAMING, CONTENT]),
        (FILM, {"transferMode.dlna.org": "streaming "}, [STREAMING, CONTENT]),
        (FILM, {"transferMode.dlna.org": "Background"}, [BACKGROUND, CONTENT]),
        (PHOTO, {"transferMode.dlna.org": "Interactive"}, [INTERACTIVE, CONTENT]),
        (PHOTO, {"transferMode.dlna.org": "Background"}, [BACKGROUND, CONTENT]),
        (FILM, {"getcontentFeatures.dlna.org": "1"}, [STREAMING, CONTENT]),
        (FILM, {"getAvailableSeekRange.dlna.org": "1"}, [STREAMING, CONTENT]),
        (
            FILM,
            {"TimeSeekRange.dlna.org": "npt=0-", "Range": "bytes=0-"},
            [STREAMING, CONTENT],
        ),
        (FILM, {"PlaySpeed.dlna.org": "speed=1"}, [STREAMING, CONTENT]),
        (
            FILM,
            {"realTimeInfo.dlna.org": "DLNA.ORG_TLAG=*"},
            [STREAMING, CONTENT, TLAG],
        ),
        (
            PHOTO,
            {"realTimeInfo.dlna.org": "DLNA.ORG_TLAG=*"},
            [INTERACTIVE, CONTENT, TLAG],
        ),
        (FILM, {"getMediaInfo.sec": "1"}, [STREAMING, CONTENT]),
        (FILM, {"getCaptionInfo.sec": "1"}, [STREAMING, CONTENT]),
        (FILM, {"Icy-MetaData": "1"}, [STREAMING, CONTENT]),
    ],
)
def test_answer(kind, headers, expected):
    assert asked(kind, headers) == expected


@pytest.mark.parametrize(
    ("kind", "headers", "status"),
    [
        (FILM, {"transferMode.dlna.org": "Interactive"}, 406),
        (SONG, {"transferMode.dlna.org": "Interactive"}, 406),
        (PHOTO, {"transferMode.dlna.org": "Streaming"}, 406),
        (FILM, {"transferMode.dlna.org": "Fast"}, 406),
        (FILM, {"getcontentFeatures.dlna.org": "0"}, 400),
        (FILM, {"getcontentFeatures.dlna.org": "yes"}, 400),
        (FILM, {"getAvailableSeekRange.dlna.org": "2"}, 400),
        (FILM, {"TimeSeekRange.dlna.org": "npt=10-"}, 406),
        (FILM, {"TimeSeekRange.dlna.org": "nonsense"}, 406),
        (FILM, {"PlaySpeed.dlna.org": "speed=2"}, 406),
        (FILM, {"PlaySpeed.dlna.org": "speed=-1"}, 406),
        (FILM, {"PlaySpeed.dlna.org": "speed=1/2"}, 406),
        (FILM, {"PlaySpeed.dlna.org": "fast"}, 400),
        (FILM, {"PlaySpeed.dlna.org": "speed="}, 400),
        (
            PHOTO,
            {
                "realTimeInfo.dlna.org": "DLNA.ORG_TLAG=*",
                "transferMode.dlna.org": "Interactive",
            },
            400,
        ),
    ],
)
def test_refuses(kind, headers, status):
    with pytest.raises(RefusedRequest) as refused:
        asked(kind, headers)
    assert refused.value.status == status


def test_a_device_that_needs_it_gets_a_film_interactively():
    headers = {"transferMode.dlna.org": "Interactive"}
    assert asked(FILM, headers, any_mode=True) == [INTERACTIVE, CONTENT]


def test_a_mode_that_does_not_exist_is_refused_to_every_device():
    with pytest.raises(RefusedRequest):
        asked(FILM, {"transferMode.dlna.org": "Fast"}, any_mode=True)


def test_samsung_hears_how_long_it_plays():
    answer = asked(FILM, {"getMediaInfo.sec": "1"}, duration_ms=5_025_000)
    assert answer[-1] == ("MediaInfo.sec", "SEC_Duration=5025000;")


ASKING = ["transferMode.dlna.org", "getcontentFeatures.dlna.org", "PlaySpeed.dlna.org"]
ASKING += ["TimeSeekRange.dlna.org", "realTimeInfo.dlna.org", "getMediaInfo.sec"]


@given(
    st.sampled_from(Kind),
    st.dictionaries(st.sampled_from(ASKING), st.text() | st.just("1")),
)
def test_any_text_is_answered_in_fixed_words_or_refused(kind, headers):
    try:
        answer = asked(kind, headers, duration_ms=1000)
    except RefusedRequest:
        return
    fixed = {STREAMING, INTERACTIVE, BACKGROUND, CONTENT, TLAG}
    assert set(answer) <= {*fixed, ("MediaInfo.sec", "SEC_Duration=1000;")}


@pytest.mark.parametrize(
    ("asked", "url", "answer"),
    [
        ("1", "http://h/a.srt", [("CaptionInfo.sec", "http://h/a.srt")]),
        ("1", "", []),
        ("", "http://h/a.srt", []),
        ("0", "http://h/a.srt", []),
    ],
)
def test_where_a_subtitle_is_told_to_who_asks(asked, url, answer):
    headers = {b"getcaptioninfo.sec": asked}
    assert caption_headers(lambda name: headers.get(name, ""), url) == answer
