import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media import text
from upnpserver.media.answers import facts_answer, parse_answer, problem_answer
from upnpserver.media.packets import MAX_PACKET_BYTES, MORE, packets_of
from upnpserver.model import Kind, MediaFacts

SONG = MediaFacts(Kind.AUDIO, "audio/mpeg", "abcdefgh234567ab", "mp3", "A song")


def test_facts_come_back():
    odd = dataclasses.replace(
        SONG, title='C:\\users "x" é \U0001f468', artists=("a/b", "\\"), track=3
    )
    assert parse_answer(facts_answer(odd)) == odd


def test_a_problem_comes_back_as_its_reason():
    with pytest.raises(ProbeError, match="it is empty"):
        parse_answer(problem_answer("it is empty"))


def test_a_reason_is_cut():
    with pytest.raises(ProbeError) as raised:
        parse_answer(problem_answer("x" * 9999))
    assert len(str(raised.value)) == 200


def test_the_longest_facts_fit_into_an_answer():
    widest = "\U0001f3b5" * 5000
    every = text.names(f"{number}{widest}" for number in range(99))
    facts = dataclasses.replace(
        SONG,
        title=text.one_line(widest),
        album=text.one_line(widest, text.MAX_NAME),
        comment=text.comment(widest),
        artists=every,
        album_artists=every,
        genres=every,
        composers=every,
    )
    assert len(facts_answer(facts)) < MAX_PACKET_BYTES


@given(st.integers(1, 200_000))
def test_a_long_answer_is_sent_in_packets(length):
    answer = b"F" + b"x" * length
    *begun, last = packets_of(answer)
    assert all(packet[:1] == MORE for packet in begun)
    assert last[:1] + b"".join(packet[1:] for packet in (*begun, last)) == answer
    assert all(len(packet) <= MAX_PACKET_BYTES for packet in (*begun, last))


def lie(**fields):
    told = {"kind": "audio", "mime": "audio/mpeg", "content_id": "abcdefgh234567ab"}
    return b"F" + json.dumps({**told, **fields}).encode()


LIES = [
    b"",
    b"F",
    b"F[]",
    b"Fnull",
    b"X{}",
    b"\xff\xfe",
    b"F{" + b'"a":' * 2000,
    b"F" + b"[" * 30_000,
    lie(kind="playlist"),
    lie(content_id="../../etc/passwd"),
    lie(content_id="abcdefgh234567a"),
    lie(content_id="ABCDEFGH234567AB"),
    lie(mime="audio/mpeg\r\nSet-Cookie: a"),
    lie(mime="text/html<script>"),
    lie(mime="audio/mpeg\n"),
    lie(mime="audio/mpeg\nogg"),
    lie(video_codec="a" * 65),
    lie(title="bell\x07"),
    lie(title="half \ud800"),
    lie(title="￾"),
    lie(title=5),
    lie(track=-1),
    lie(track=True),
    lie(width=1 << 64),
    lie(season=-1),
    lie(extra="trailer\r\n"),
    lie(kind="video", mime="", content_id="", title="of an NFO file"),
    lie(duration_ms=1.5),
    lie(artists=[1]),
    lie(unknown="field"),
    b"P" + b"x" * 300,
    b"Pbell\x07",
]


@pytest.mark.parametrize("answer", LIES)
def test_what_no_honest_child_says_is_refused(answer):
    with pytest.raises(ProbeError):
        parse_answer(answer)


def test_an_nfo_file_is_nothing_itself():
    told = MediaFacts(Kind.VIDEO, "", "", title="Heat", season=0)
    assert parse_answer(facts_answer(told), beside=True) == told
    with pytest.raises(ProbeError):
        parse_answer(lie(), beside=True)


@given(
    st.binary() | st.text().map(lambda words: b"F" + words.encode("utf-8", "replace"))
)
def test_any_bytes_are_facts_or_a_probe_error(answer):
    with pytest.raises(ProbeError):
        parse_answer(answer)
