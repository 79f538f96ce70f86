"""What is asked of a time, and what is told of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.npt import TimeSeek
from upnpserver.dlna.time_part import (
    asked_time,
    but_time,
    offered_headers,
    sought_headers,
)
from upnpserver.errors import RefusedRequest

LENGTH_MS = 90_500


def header(**given):
    values = {name.encode(): value for name, value in given.items()}
    return lambda name: values.get(name.split(b".")[0], "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("npt=0-", TimeSeek(0)),
        ("npt=0:01:30-", TimeSeek(90_000)),
        ("npt=10-20.5", TimeSeek(10_000, 20_500)),
        ("npt=90.499-99999", TimeSeek(90_499, 99_999_000)),
    ],
)
def test_a_time(value, expected):
    assert asked_time(header(timeseekrange=value), LENGTH_MS) == expected


@pytest.mark.parametrize(
    ("value", "length_ms", "status"),
    [
        ("npt=0-", None, 406),
        ("npt=0-", 0, 406),
        ("nonsense", None, 406),
        ("nonsense", LENGTH_MS, 400),
        ("npt=20-10", LENGTH_MS, 400),
        ("bytes=0-", LENGTH_MS, 400),
        ("npt=90.5-", LENGTH_MS, 416),
        ("npt=9999999-", LENGTH_MS, 416),
    ],
)
def test_a_time_that_is_none(value, length_ms, status):
    with pytest.raises(RefusedRequest) as refused:
        asked_time(header(timeseekrange=value), length_ms)
    assert refused.value.status == status


def test_a_range_goes_before_a_time():
    both = header(timeseekrange="npt=10-", range="bytes=0-")
    assert asked_time(both, LENGTH_MS) is None
    assert asked_time(both, None) is None
    assert asked_time(header(), LENGTH_MS) is None


def test_the_other_headers_are_left():
    rest = but_time(header(timeseekrange="npt=10-", playspeed="speed=1"))
    assert rest(b"timeseekrange.dlna.org") == ""
    assert rest(b"playspeed.dlna.org") == "speed=1"


def test_what_is_told_of_a_part():
    seek = TimeSeek(10_000, 200_000)
    assert sought_headers(seek, LENGTH_MS, (5, 80), 100) == [
        ("TimeSeekRange.dlna.org", "npt=10.000-90.500/90.500 bytes=5-79/100")
    ]


def test_what_is_told_of_all_of_it():
    assert offered_headers(header(), LENGTH_MS, 100) == [
        ("Vary", "TimeSeekRange.dlna.org")
    ]
    asking = header(getavailableseekrange="1")
    assert offered_headers(asking, LENGTH_MS, 100) == [
        ("Vary", "TimeSeekRange.dlna.org"),
        ("availableSeekRange.dlna.org", "1 npt=0.000-90.500 bytes=0-99"),
        ("X-AvailableSeekRange", "1 npt=0.000-90.500"),
    ]
    assert len(offered_headers(asking, LENGTH_MS, 0)) == 1


@given(st.text() | st.from_regex(r"npt=[0-9:.]*-[0-9:.]*"))
def test_any_text_is_a_time_inside_or_refused(value):
    try:
        seek = asked_time(header(timeseekrange=value), LENGTH_MS)
    except RefusedRequest:
        return
    assert seek is None or 0 <= seek.start_ms < LENGTH_MS
