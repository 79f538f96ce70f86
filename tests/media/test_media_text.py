import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media import text
from upnpserver.model import Chapter
from upnpserver.upnp.values import clean_text


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("  Two\r\n words\t", "Two words"),
        ("padded\0\0\0", "padded"),
        ("one\0two", "one two"),
        ("a\x1b[31mred", "a [31mred"),
        ("no\xa0break", "no break"),
        ("family \U0001f468‍\U0001f469", "family \U0001f468‍\U0001f469"),
        ("half \ud83d", "half �"),
        ("non￾character", "non�character"),
        ("x" * 5000, "x" * 1024),
    ],
)
def test_one_line(raw, line):
    assert text.one_line(raw) == line


@given(st.text(st.characters()))
def test_any_text_becomes_a_line_that_xml_can_hold(raw):
    line = text.one_line(raw)
    assert clean_text(line) == line == line.strip()
    assert len(line) <= text.MAX_TITLE
    assert "\n" not in line


def test_names_are_clean_different_and_few():
    assert text.names([" A ", "", "B", "A", "\0"]) == ("A", "B")
    assert len(text.names(str(number) for number in range(100))) == 16
    assert len(text.names(f"{number:0256}" for number in range(16))) == 4


def test_chapters_are_in_order_and_bounded():
    found = [(5000, "Two"), (0, " One\0"), (5000, "again"), (-1, "before")]
    assert text.chapters(found) == (Chapter(0, "One"), Chapter(5000, "Two"))
    many = text.chapters((number, "x" * 300) for number in range(9999))
    assert len(many) == 400
    assert sum(len(chapter.title) for chapter in many) == 4096
    assert len(many[0].title) == 256


def test_one_chapter_for_all_is_none():
    assert text.chapters([(0, "Everything")]) == ()
    assert text.chapters([(7000, "Late")]) == (Chapter(7000, "Late"),)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("3", 3),
        ("03/12", 3),
        ("7 of 9", 7),
        (" 11", 11),
        ("9999", 9999),
        ("0", None),
        ("0/0", None),
        ("10000", None),
        ("A1", None),
        ("", None),
        ("-4", None),
        ("\u0663", None),
    ],
)
def test_number(raw, number):
    assert text.number(raw) == number


@pytest.mark.parametrize(
    ("raw", "date"),
    [
        ("2001", "2001"),
        ("1786", "1786"),
        ("2001-05", "2001-05"),
        ("2001/05/06", "2001-05-06"),
        ("20010506", "2001-05-06"),
        ("2001-05-06 10:20:30", "2001-05-06T10:20:30"),
        ("2001:05:06 10:20:30", "2001-05-06T10:20:30"),
        ("2001-05-06T10:20:30.5Z", "2001-05-06T10:20:30+00:00"),
        ("2001-05-06T10:20:30+0230", "2001-05-06T10:20:30+02:30"),
        ("2001-05-06T10:20:30-11:00", "2001-05-06T10:20:30-11:00"),
        ("2000-02-29", "2000-02-29"),
        ("2001-02-29T01:02:03", "2001-02"),
        ("2001-05-06 (remaster)", "2001-05-06"),
        ("2001-00-00", "2001"),
        ("2001-13", "2001"),
        ("2001-05-06T25:00:00", "2001-05-06"),
        ("0000", ""),
        ("0001-01-01", ""),
        ("20015", ""),
        ("May 2001", ""),
        ("", ""),
    ],
)
def test_date(raw, date):
    assert text.date(raw) == date
