"""Range and conditions: a table for each rule, slicing of bytes as the judge."""

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.dlna.ranges import (
    MOST_PARTS,
    Entity,
    Selection,
    byte_span,
    byte_spans,
    is_among,
    parse_http_date,
    select,
)
from upnpserver.errors import RangeNotSatisfiable

MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"
ENTITY = Entity(100, '"abc"', 784111777, MODIFIED)
EMPTY = Entity(0, '"abc"', 784111777, MODIFIED)
WHOLE = Selection(200, 0, 100)
PART = Selection(206, 10, 20)
UNSATISFIABLE = Selection(416)
NOT_MODIFIED = Selection(304)
FAILED = Selection(412)


def asked(entity=ENTITY, **headers):
    values = {name.replace("_", "-").encode(): text for name, text in headers.items()}
    return select(lambda name: values.get(name, ""), entity)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes=0-", Selection(206, 0, 100)),
        ("bytes=0-0", Selection(206, 0, 1)),
        ("bytes=10-19", PART),
        ("bytes=99-", Selection(206, 99, 100)),
        ("bytes=99-99", Selection(206, 99, 100)),
        ("bytes=90-100", Selection(206, 90, 100)),
        ("bytes=90-18446744073709551616", Selection(206, 90, 100)),
        ("bytes=90-" + "9" * 5000, Selection(206, 90, 100)),
        ("bytes=-1", Selection(206, 99, 100)),
        ("bytes=-100", Selection(206, 0, 100)),
        ("bytes=-101", Selection(206, 0, 100)),
        ("BYTES=10-19", PART),
        ("bytes= 10-19 ", PART),
        ("bytes=100-", UNSATISFIABLE),
        ("bytes=100-200", UNSATISFIABLE),
        ("bytes=18446744073709551616-", UNSATISFIABLE),
        ("bytes=" + "9" * 5000 + "-", UNSATISFIABLE),
        ("bytes=5-2", UNSATISFIABLE),
        ("bytes=-0", UNSATISFIABLE),
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=0-1, -1", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=1", WHOLE),
        ("bytes=--1", WHOLE),
        ("bytes=1--2", WHOLE),
        ("bytes=+1-2", WHOLE),
        ("bytes=0x1-2", WHOLE),
        ("bytes=1.0-2", WHOLE),
        ("bytes=\u00b2-", WHOLE),
        ("npt=0-", WHOLE),
        ("seconds=0-1", WHOLE),
        ("10-19", WHOLE),
    ],
)
def test_range(value, expected):
    assert asked(range=value) == expected


@pytest.mark.parametrize("value", ["bytes=0-", "bytes=-5", "bytes=0-0", "bytes=-0"])
def test_an_empty_file_has_no_ranges(value):
    assert asked(EMPTY, range=value) == UNSATISFIABLE


def test_an_empty_file_can_be_had_whole():
    assert asked(EMPTY) == Selection(200, 0, 0)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"if_range": '"abc"'}, PART),
        ({"if_range": MODIFIED}, PART),
        ({"if_range": '"other"'}, WHOLE),
        ({"if_range": 'W/"abc"'}, WHOLE),
        ({"if_range": EARLIER}, WHOLE),
        ({"if_range": "Sun, 06 Nov 1994 08:49:38 GMT"}, WHOLE),
        ({"if_range": "abc"}, WHOLE),
        ({"if_none_match": '"abc"'}, NOT_MODIFIED),
        ({"if_none_match": 'W/"abc"'}, NOT_MODIFIED),
        ({"if_none_match": '"x", "abc"'}, NOT_MODIFIED),
        ({"if_none_match": "*"}, NOT_MODIFIED),
        ({"if_none_match": '"x"'}, PART),
        ({"if_none_match": "abc"}, PART),
        ({"if_none_match": '"x"', "if_modified_since": MODIFIED}, PART),
        ({"if_modified_since": MODIFIED}, NOT_MODIFIED),
        ({"if_modified_since": EARLIER}, PART),
        ({"if_modified_since": "yesterday"}, PART),
        ({"if_match": '"abc"'}, PART),
        ({"if_match": '"x","abc"'}, PART),
        ({"if_match": "*"}, PART),
        ({"if_match": '"x"'}, FAILED),
        ({"if_match": 'W/"abc"'}, FAILED),
        ({"if_match": "abc"}, FAILED),
        ({"if_match": '"abc"', "if_unmodified_since": EARLIER}, PART),
        ({"if_unmodified_since": MODIFIED}, PART),
        ({"if_unmodified_since": EARLIER}, FAILED),
        ({"if_unmodified_since": "never"}, PART),
        ({"if_match": '"x"', "if_none_match": '"abc"'}, FAILED),
        ({"if_none_match": '"abc"', "if_range": '"abc"'}, NOT_MODIFIED),
    ],
)
def test_conditions_with_a_range(headers, expected):
    assert asked(range="bytes=10-19", **headers) == expected


def test_if_range_without_range_means_nothing():
    assert asked(if_range='"other"') == WHOLE


def test_a_condition_that_holds_does_not_hide_a_bad_range():
    assert asked(range="bytes=100-", if_match='"abc"') == UNSATISFIABLE
    assert asked(range="bytes=100-", if_range='"other"') == WHOLE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MODIFIED, 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("Sunday, 06-Nov-05 08:49:37 GMT", 1131266977),
        ("Wednesday, 06-Nov-69 08:49:37 GMT", 3150953377),
        ("Friday, 06-Nov-70 08:49:37 GMT", 26729377),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1483228799),
        ("Thu, 31 Feb 2019 00:00:00 GMT", None),
        ("Thu, 01 Jan 2019 24:00:00 GMT", None),
        ("Thu, 01 Jan 0000 00:00:00 GMT", None),
        ("Sun, 6 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ("Sun, 06 nov 1994 08:49:37 GMT", None),
        ("1994-11-06T08:49:37Z", None),
        ("", None),
    ],
)
def test_dates(text, expected):
    assert parse_http_date(text) == expected


@given(st.integers(0, int(time.time()) * 2))
def test_every_date_is_understood(seconds):
    assert parse_http_date(formatdate(seconds, usegmt=True)) == seconds


@given(st.binary(max_size=40), st.integers(0, 50), st.integers(0, 50))
def test_first_to_last_is_a_slice(content, first, last):
    expected = content[first : last + 1]
    try:
        span = byte_span(f"bytes={first}-{last}", len(content))
    except RangeNotSatisfiable:
        assert expected == b""
    else:
        assert content[slice(*span)] == expected != b""


@given(st.binary(max_size=40), st.integers(0, 50))
def test_a_start_or_a_suffix_is_a_slice(content, number):
    for value, expected in [
        (f"bytes={number}-", content[number:]),
        (f"bytes=-{number}", content[-number:] if number else b""),
    ]:
        try:
            span = byte_span(value, len(content))
        except RangeNotSatisfiable:
            assert expected == b""
        else:
            assert content[slice(*span)] == expected != b""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes=0-0,500-599", [(0, 1), (500, 600)]),
        ("bytes=500-599,0-0", [(500, 600), (0, 1)]),
        ("bytes= 0-0 ,\t500-599", [(0, 1), (500, 600)]),
        ("bytes=,0-0,,500-599,", [(0, 1), (500, 600)]),
        ("bytes=0-0,2000-", [(0, 1)]),
        ("bytes=0-0,-1", [(0, 1), (999, 1000)]),
        ("bytes=0-99,50-149", [(0, 150)]),
        ("bytes=50-149,0-99", [(0, 150)]),
        ("bytes=0-99,100-149", [(0, 150)]),
        ("bytes=0-99,101-149", [(0, 100), (101, 150)]),
        ("bytes=0-9,900-,400-500,5-450", [(0, 501), (900, 1000)]),
        ("bytes=900-,0-9,-1", [(900, 1000), (0, 10)]),
        ("bytes=0-0,x", []),
        ("bytes=0-0,500", []),
        ("lines=0-0,500-599", []),
        ("bytes=,", []),
        ("bytes=" + "0-0," * MOST_PARTS, [(0, 1)]),
        ("bytes=" + "0-0," * (MOST_PARTS + 1), []),
        ("bytes=0-0," + "9" * 2000 + "-", []),
    ],
)
def test_several_ranges(value, expected):
    assert byte_spans(value, 1000, MOST_PARTS) == expected


def test_several_ranges_without_a_byte():
    with pytest.raises(RangeNotSatisfiable):
        byte_spans("bytes=1000-,5-2", 1000, MOST_PARTS)


def test_where_one_part_can_be_sent_several_are_ignored():
    assert byte_spans("bytes=0-0,500-599", 1000, 1) == []


@given(
    st.integers(1, 5000),
    st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 6000)), min_size=1),
)
def test_several_ranges_are_all_that_was_asked_for_and_lie_apart(size, asked):
    asked = [(min(pair), max(pair)) for pair in asked[:MOST_PARTS]]
    value = "bytes=" + ",".join(f"{first}-{last}" for first, last in asked)
    wanted = {at for first, last in asked for at in range(first, last + 1) if at < size}
    try:
        spans = byte_spans(value, size, MOST_PARTS)
    except RangeNotSatisfiable:
        assert not wanted
        return
    sent = [at for start, end in spans for at in range(start, end)]
    assert len(sent) == len(set(sent))
    assert wanted == set(sent)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a"', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
        ("", False),
    ],
)
def test_an_entity_tag_in_a_list(value, expected):
    assert is_among('"a"', value) is expected


def test_what_is_made_anew_each_time_has_no_date():
    made = Entity(100, '"abc"')
    assert asked(made, if_modified_since=MODIFIED) == WHOLE
    assert asked(made, if_unmodified_since=EARLIER) == WHOLE
    assert asked(made, if_none_match='"abc"') == NOT_MODIFIED


NAMES = [b"range", b"if-range", b"if-match", b"if-none-match"]
NAMES += [b"if-modified-since", b"if-unmodified-since"]
VALUES = (
    st.text()
    | st.from_regex(r"bytes=[0-9]*-[0-9]*(,[0-9]*-[0-9]*)?", fullmatch=True)
    | st.sampled_from(['"abc"', 'W/"abc"', "*", MODIFIED, EARLIER])
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.integers(0, 200))
def test_any_headers_select_bytes_that_are_there(headers, size_bytes):
    entity = Entity(size_bytes, '"abc"', 784111777, MODIFIED)
    selection = select(lambda name: headers.get(name, ""), entity)
    assert selection.status in {200, 206, 304, 412, 416}
    if selection.status == 200:
        assert (selection.start, selection.end) == (0, size_bytes)
    elif selection.status == 206:
        assert 0 <= selection.start < selection.end <= size_bytes
    else:
        assert (selection.start, selection.end) == (0, 0)
