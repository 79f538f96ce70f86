# ruff: noqa: RUF001 - letters that look alike
"""Subtitles in the charsets that they have come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media.subtitles import to_utf8

RUSSIAN = "1\n00:00:01,000 --> 00:00:02,000\nПривет, как дела?\n"
POLISH = "1\n00:00:01,000 --> 00:00:02,000\nZażółć gęślą jaźń.\n"
FRENCH = "1\n00:00:01,000 --> 00:00:02,000\nOù êtes-vous, mon ami ? Ça va.\n"
JAPANESE = "1\n00:00:01,000 --> 00:00:02,000\nこんにちは、元気ですか。\n"
CHINESE = "1\n00:00:01,000 --> 00:00:02,000\n你好世界，今天天气很好。\n"
HEBREW = "1\n00:00:01,000 --> 00:00:02,000\nשלום עולם\n"

CODED = [
    (RUSSIAN, "utf-8", ""),
    (RUSSIAN, "utf-8-sig", ""),
    (RUSSIAN, "utf-16", ""),
    (RUSSIAN, "utf-32", ""),
    (FRENCH, "utf-16-le", ""),
    (FRENCH, "utf-16-be", ""),
    (RUSSIAN, "cp1251", "ru"),
    (RUSSIAN, "cp1251", ""),
    (POLISH, "cp1250", "pl"),
    (POLISH, "cp1250", ""),
    (FRENCH, "cp1252", "fr"),
    (FRENCH, "cp1252", ""),
    (JAPANESE, "cp932", "ja"),
    (JAPANESE, "euc_jp", "ja"),
    (JAPANESE, "cp932", ""),
    (CHINESE, "gb18030", "zh"),
    (CHINESE, "gb18030", "zh-hans"),
    ("1\n你好世界\n", "big5", "zh-tw"),
    (HEBREW, "cp1255", "he"),
    ("plain", "ascii", "ru"),
    ("", "ascii", ""),
]


@pytest.mark.parametrize(("text", "charset", "language"), CODED)
def test_reads(text, charset, language):
    assert to_utf8(text.encode(charset), language) == text


def test_a_language_that_does_not_fit_still_gives_text():
    assert "Привет" not in to_utf8(RUSSIAN.encode("cp1251"), "fr")
    assert to_utf8(b"\x81\xff", "ja").encode("utf-8")


@given(st.binary(), st.sampled_from(["", "de", "ja", "zh-tw", "x", "und"]))
def test_any_bytes_give_text(content, language):
    to_utf8(content, language).encode("utf-8")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_what_is_utf_8_stays(text):
    assert to_utf8(text.encode("utf-8-sig"), "ru") == text
