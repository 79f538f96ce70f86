"""Requests out of bytes in any pieces, chunked bodies included."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import RefusedRequest
from upnpserver.net.limits import Limits
from upnpserver.net.reader import RequestReader

LIMITS = Limits()


def read(*pieces, limits=LIMITS):
    """Return (target, body) of each request that the pieces hold together."""
    reader, head, requests = RequestReader(limits), None, []
    for piece in pieces:
        reader.feed(piece)
        while (head := head or reader.take_head()) is not None:
            body = reader.take_body(head)
            if body is None:
                break
            requests.append((head.target, body))
            head = None
    return requests


def status(*pieces, limits=LIMITS):
    with pytest.raises(RefusedRequest) as refusal:
        read(*pieces, limits=limits)
    return refusal.value.status


def chunked(*chunks):
    return b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


THREE = (
    b"\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    b"POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\n\r\n\r\n"
    b"\r\n"
    + chunked(b"3\r\nabc\r\n", b'00A ; x="y"\r\n0123456789\r\n', b"0\r\nT: u\r\n\r\n")
)
READ = [(b"/a", b""), (b"/b", b"\r\n\r\n"), (b"/c", b"abc0123456789")]


def test_three_requests_split_at_every_byte():
    for cut in range(len(THREE) + 1):
        assert read(THREE[:cut], THREE[cut:]) == READ
    assert read(*(bytes([byte]) for byte in THREE)) == READ


@given(st.lists(st.integers(0, len(THREE)), max_size=8))
def test_three_requests_in_any_pieces(cuts):
    edges = [0, *sorted(cuts), len(THREE)]
    assert read(*(THREE[a:b] for a, b in pairwise(edges))) == READ


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=20))
def test_chunks_are_put_together(chunks):
    coded = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    assert read(chunked(*coded, b"0\r\n\r\n")) == [(b"/c", b"".join(chunks))]


@pytest.mark.parametrize(
    "coded",
    [
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+1\r\na\r\n",
        b" 1\r\na\r\n",
        b"0x1\r\na\r\n",
        b"1_0\r\n",
        b"1\ra\r\n",
        b"1;\x00\r\na\r\n",
        b"1\r\nab\r\n",
        b"1\r\na\n\r\n",
        b"0\r\nno trailer\r\n",
        b"0\r\nA: b\x00\r\n\r\n",
        b"1;" + b"e" * 1022,
        b"f" * 9 + b"\r\n",
        b"0\r\n" + b"T: u\r\n" * 12000,
    ],
)
def test_broken_chunks(coded):
    assert status(chunked(coded)) == 400


def test_chunks_of_64_kib_are_the_most():
    whole = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"
    assert read(chunked(whole, whole, b"0\r\n\r\n")) == [(b"/c", b"a" * 65536)]
    assert status(chunked(whole, whole, b"1\r\n")) == 413
    assert status(chunked(b"10001\r\n")) == 413
    assert status(chunked(b"ffffffff\r\n")) == 413


def test_one_byte_chunks_have_a_limit_too():
    assert status(chunked(b"1;%b\r\na\r\n" % (b"e" * 900) * 100)) == 400


def test_framing_has_the_same_limit_as_content():
    limits = Limits(body_bytes=16)
    two = chunked(b"1\r\na\r\n", b"1\r\nb\r\n")  # ten bytes of framing
    assert read(two + b"00\r\n\r\n", limits=limits) == [(b"/c", b"ab")]
    assert status(two + b"000\r\n\r\n", limits=limits) == 400
    assert status(two + b"0\r\nT:\r\n\r\n", limits=limits) == 400


def test_body_of_64_kib_is_the_largest():
    head = b"POST /b HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
    assert read(head % 65536 + b"a" * 65536) == [(b"/b", b"a" * 65536)]
    assert status(head % 65537) == 413


def test_head_of_16_kib_is_the_largest():
    start, end = b"GET / HTTP/1.1\r\nX: ", b"\r\n\r\n"
    fill = b"a" * (16384 - len(start) - len(end))
    assert read(start + fill + end) == [(b"/", b"")]
    assert status(start + fill + b"a" + end) == 431
    assert status(start, fill, b"aaaa") == 431


def test_an_endless_first_line_is_an_address_too_long():
    assert status(b"GET /" + b"a" * 16384) == 414


def test_a_flood_of_empty_lines_is_not_kept():
    reader = RequestReader(LIMITS)
    for _ in range(100):
        reader.feed(b"\r\n" * 1000)
        assert reader.take_head() is None
    assert len(reader) == 0


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(first, second):
    for start in (b"", b"GET / HTTP/1.1\r\n", chunked()):
        with suppress(RefusedRequest):
            read(start + first, second)
