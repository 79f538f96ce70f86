import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from upnpserver.upnp import values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\tb\nc\rd", "a\tb\nc\rd"),
        ("nul\0", "nul\ufffd"),
        ("bell\x07", "bell\ufffd"),
        ("lone \udc80 surrogate", "lone \ufffd surrogate"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("emoji \U0001f3b5 stays", "emoji \U0001f3b5 stays"),
    ],
)
def test_cleans_what_xml_forbids(text, expected):
    assert values.clean_text(text) == expected


@given(st.text(st.characters(codec=None)))
def test_any_cleaned_and_escaped_text_survives_xml(text):
    clean = values.clean_text(text).replace("\r", " ")
    xml = f'<a b="{values.escape_attribute(clean)}">{values.escape_text(clean)}</a>'
    element = etree.fromstring(xml.encode())
    assert (element.text or "") == clean
    assert element.get("b") == clean.replace("\t", " ").replace("\n", " ")


@given(st.text(), st.integers(0, 40))
def test_cut_text_fits_and_is_a_prefix(text, max_bytes):
    cut = values.cut_utf8(text, max_bytes)
    assert len(cut.encode()) <= max_bytes
    assert text.startswith(cut)


@pytest.mark.parametrize(
    ("duration_ms", "expected"),
    [
        (0, "0:00:00.000"),
        (999, "0:00:00.999"),
        (61_005, "0:01:01.005"),
        (3_600_000, "1:00:00.000"),
        (360_000_000, "100:00:00.000"),
    ],
)
def test_durations(duration_ms, expected):
    assert values.format_duration(duration_ms) == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2001", "2001-01-01"),
        ("2001-05", "2001-05-01"),
        ("2001-05-06", "2001-05-06"),
        ("2001-05-06T10:20:30+02:00", "2001-05-06"),
        ("", ""),
    ],
)
def test_dates(date, expected):
    assert values.format_date(date) == expected
