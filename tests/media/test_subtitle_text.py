"""Subtitles of every text form and charset become SRT in UTF-8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media import subtitle_text
from upnpserver.media.subtitle_text import as_srt

SRT = "1\n00:00:01,500 --> 00:00:03,000\nGrüße\naus <i>Łódź</i>\n\n"
FORMS = {
    "srt": SRT,
    "vtt": "WEBVTT\n\n00:01.500 --> 00:03.000 line:0\nGrüße\naus <i>Łódź</i>\n",
    "ass": (
        "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect,"
        " Text\n"
        "Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,a note\n"
        "Dialogue: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\n"
        "Dialogue: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,"
        "{\\pos(9,9)}Grüße\\Naus {\\i1}Łódź{\\i0}\n"
    ),
    "smi": (
        "<SAMI><BODY><SYNC Start=1500><P Class=DECC>Grüße<br>aus <i>Łódź</i>"
        "<SYNC Start=3000><P Class=DECC>&nbsp;</BODY></SAMI>"
    ),
    "sub": "{1}{1}25.000\n{38}{75}Grüße|aus Łódź\n",
    "mpl": "[15][30]Grüße|aus Łódź\n",
    "ttml": (
        '<tt xmlns="http://www.w3.org/ns/ttml"><body><div>'
        '<p begin="00:00:01.500" end="00:00:03.000">Grüße<br/>aus Łódź</p>'
        "</div></body></tt>"
    ),
}


def lines(srt):
    return srt.decode("utf-8").replace("\r\n", "\n").strip().split("\n")


@pytest.mark.parametrize(("form", "text"), FORMS.items())
def test_every_form(form, text):
    number, times, first, second = lines(as_srt(text.encode(), form))
    assert number == "1"
    start, end = times.split(" --> ")
    assert start[:9] == "00:00:01,"
    assert end[:8] in {"00:00:03", "00:00:02"}
    assert first == "Grüße"
    assert second.replace("<i>", "").replace("</i>", "") == "aus Łódź"


@pytest.mark.parametrize(
    ("charset", "words"),
    [
        ("utf-8-sig", "Grüße aus Łódź"),
        ("utf-16", "Grüße aus Łódź"),
        ("cp1252", "Ça déjà, où êtes-vous ?"),
        ("cp1251", "Доброе утро, дорогие друзья"),
        ("cp1253", "Καλημέρα σας αγαπητοί φίλοι"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
        ("cp932", "おはようございます、皆さん"),
        ("euc-kr", "안녕하세요 여러분 반갑습니다"),
    ],
)
def test_every_charset(charset, words):
    text = f"1\r\n00:00:01,500 --> 00:00:03,000\r\n{words}\r\n\r\n"
    assert lines(as_srt(text.encode(charset), "srt"))[2] == words


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("content", [b"", b"\0\xff" * 99, b"<!DOCTYPE x>", b"1\n2\n"])
def test_what_holds_no_subtitles_says_so(form, content):
    with pytest.raises(ProbeError):
        as_srt(content, form)


def test_what_is_too_large_is_not_looked_at():
    with pytest.raises(ProbeError, match="too large"):
        as_srt(b" " * (subtitle_text.MAX_BYTES + 1), "srt")


def test_no_more_than_so_many(monkeypatch):
    monkeypatch.setattr(subtitle_text, "_MAX_EVENTS", 2)
    assert as_srt(SRT.encode() * 5, "srt").count(b"-->") == 2


@given(st.sampled_from(sorted(FORMS)), st.text(max_size=300))
def test_whatever_there_is_it_is_srt_or_our_error(form, text):
    try:
        made = as_srt(FORMS[form].encode() + text.encode("utf-8", "replace"), form)
    except ProbeError:
        return
    assert b" --> " in made
    made.decode("utf-8")
