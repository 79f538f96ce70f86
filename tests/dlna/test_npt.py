"""The TimeSeekRange header: what is read, what is refused, what is answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.npt import TimeSeek, parse_time_seek, time_seek_answer
from upnpserver.errors import MalformedRequest


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("npt=0-", TimeSeek(0)),
        (" npt = 0 - ", TimeSeek(0)),
        ("NPT=90.5-120", TimeSeek(90_500, 120_000)),
        ("npt=2:01:30.5-", TimeSeek(7_290_500)),
        ("npt=0:00:00.001-0:00:00.002", TimeSeek(1, 2)),
        ("npt=335.11-336.08", TimeSeek(335_110, 336_080)),
        ("npt=10:09.5-", None),
        ("npt=1.1234567-", None),
    ],
)
def test_reads(header, expected):
    if expected is None:
        with pytest.raises(MalformedRequest):
            parse_time_seek(header)
    else:
        assert parse_time_seek(header) == expected


NOT_SPANS = ["", "npt=5", "npt=-5", "npt=9-9", "npt=9-8", "npt=0:60:00-"]
NOT_SPANS += ["npt=0:00:60-", "bytes=0-", "npt=\u0665-", "npt=0-1-2"]


@pytest.mark.parametrize("header", NOT_SPANS)
def test_refuses(header):
    with pytest.raises(MalformedRequest):
        parse_time_seek(header)


@given(st.text() | st.from_regex(r"npt=[0-9:.]*-[0-9:.]*"))
def test_any_text_gives_a_real_span_or_malformed_request(header):
    try:
        seek = parse_time_seek(header)
    except MalformedRequest:
        return
    assert seek.end_ms is None or 0 <= seek.start_ms < seek.end_ms


@pytest.mark.parametrize(
    ("seek", "bytes_part", "expected"),
    [
        (TimeSeek(0), "", "npt=0.000-60.500/60.500"),
        (TimeSeek(1_001), "", "npt=1.001-60.500/60.500"),
        (TimeSeek(1, 50_000), "", "npt=0.001-50.000/60.500"),
        (TimeSeek(1, 90_000), "bytes=1-2/3", "npt=0.001-60.500/60.500 bytes=1-2/3"),
    ],
)
def test_answers(seek, bytes_part, expected):
    assert time_seek_answer(seek, 60_500, bytes_part) == expected
