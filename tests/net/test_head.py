"""The head of a request: what is read, what is refused, and with which status."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import RefusedRequest
from upnpserver.net.head import parse_head
from upnpserver.net.limits import Limits

LIMITS = Limits()


def head(*lines):
    return parse_head(b"\r\n".join(lines), LIMITS)


def status(*lines):
    with pytest.raises(RefusedRequest) as refusal:
        head(*lines)
    return refusal.value.status


def test_reads_what_a_television_sends():
    parsed = head(
        b"POST /control/ContentDirectory HTTP/1.1",
        b"HOST:192.0.2.1:8200",
        b'SOAPACTION: "urn:schemas-upnp-org:service:ContentDirectory:1#Browse" \t',
        b'X-AV-Client-Info:\tav=5.0; cn="caf\xe9"',
        b"Content-Length: 0348",
    )
    assert parsed.method == b"POST"
    assert parsed.target == b"/control/ContentDirectory"
    assert not parsed.is_http_1_0
    assert parsed.body_length == 348
    assert parsed.keeps_alive
    assert parsed.headers == {
        b"host": b"192.0.2.1:8200",
        b"soapaction": b'"urn:schemas-upnp-org:service:ContentDirectory:1#Browse"',
        b"x-av-client-info": b'av=5.0; cn="caf\xe9"',
        b"content-length": b"0348",
    }


def test_repeated_headers_are_joined():
    parsed = head(b"GET / HTTP/1.1", b"Accept: a", b"ACCEPT: b")
    assert parsed.headers == {b"accept": b"a, b"}


@pytest.mark.parametrize(
    ("version", "connection", "expected"),
    [
        (b"1.1", None, True),
        (b"1.1", b"close", False),
        (b"1.1", b"Keep-Alive, CLOSE", False),
        (b"1.1", b"keep-alive", True),
        (b"1.1", b"closed", True),
        (b"1.2", None, True),
        (b"1.0", None, False),
        (b"1.0", b"Keep-Alive", True),
        (b"1.0", b"keep-alive, close", False),
    ],
)
def test_who_wants_another_request(version, connection, expected):
    lines = [b"GET / HTTP/" + version]
    if connection is not None:
        lines.append(b"Connection: " + connection)
    assert head(*lines).keeps_alive is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], 0),
        ([b"Content-Length: 0"], 0),
        ([b"Content-Length: 999999999999999999"], 999999999999999999),
        ([b"Transfer-Encoding: chunked"], None),
        ([b"transfer-encoding: Chunked"], None),
    ],
)
def test_length_of_the_body(fields, expected):
    assert head(b"POST / HTTP/1.1", *fields).body_length == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET",
        b"GET /",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b" GET / HTTP/1.1",
        b"GET\t/ HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\xc3\xa9 HTTP/1.1",
        b"GET / http/1.1",
        b"GET / HTTP/1",
        b"GET / HTTP/11.1",
        b"GET / HTTP/1.1\n",
        b"G(T / HTTP/1.1",
        b"GET / HTTP/\xb2.1",
    ],
)
def test_not_a_request_line(line):
    assert status(line) == 400


@pytest.mark.parametrize("version", [b"0.9", b"2.0", b"3.1"])
def test_other_versions(version):
    assert status(b"GET / HTTP/" + version) == 505


@pytest.mark.parametrize(
    "line",
    [
        b"Host",
        b": empty name",
        b"Host : 192.0.2.1",
        b" folded: line",
        b"\tfolded",
        b"X: a\rb",
        b"X: a\nb",
        b"X: a\x00b",
        b"X: \x7f",
        b"X y: z",
        b"X\xe9: z",
    ],
)
def test_not_a_header_line(line):
    assert status(b"GET / HTTP/1.1", b"Accept: a", line) == 400


@pytest.mark.parametrize("name", [b"Host", b"Content-Length", b"Transfer-Encoding"])
def test_some_headers_come_once(name):
    value = b"chunked" if name[:1] == b"T" else b"1"
    assert status(b"POST / HTTP/1.1", name + b": " + value, name + b":" + value) == 400


@pytest.mark.parametrize(
    "value",
    [b"", b"+1", b"-1", b"1 1", b"1,1", b"0x10", b"1.0", b"\xb2", b"one", b"1;"],
)
def test_length_is_digits(value):
    assert status(b"POST / HTTP/1.1", b"Content-Length: " + value) == 400


def test_a_length_beyond_numbers_is_too_large():
    assert status(b"POST / HTTP/1.1", b"Content-Length: " + b"9" * 19) == 413
    assert status(b"POST / HTTP/1.1", b"Content-Length: " + b"1" * 9000) == 413


@pytest.mark.parametrize(
    ("expected", "version", "fields"),
    [
        (400, b"1.1", [b"Transfer-Encoding: chunked", b"Content-Length: 1"]),
        (400, b"1.1", [b"Content-Length: 1", b"Transfer-Encoding: chunked"]),
        (400, b"1.1", [b"Transfer-Encoding: identity", b"Content-Length: 1"]),
        (400, b"1.1", [b"Transfer-Encoding: identity"]),
        (400, b"1.1", [b"Transfer-Encoding:"]),
        (400, b"1.1", [b"Transfer-Encoding: chunked, gzip"]),
        (501, b"1.1", [b"Transfer-Encoding: gzip, chunked"]),
        (501, b"1.1", [b"Transfer-Encoding: xchunked"]),
        (400, b"1.0", [b"Transfer-Encoding: chunked"]),
    ],
)
def test_codings_that_hide_the_length(expected, version, fields):
    assert status(b"POST / HTTP/" + version, *fields) == expected


def test_address_of_4096_bytes_is_the_longest():
    assert head(b"GET /" + b"a" * 4095 + b" HTTP/1.1").target == b"/" + b"a" * 4095
    assert status(b"GET /" + b"a" * 4096 + b" HTTP/1.1") == 414


def test_a_hundred_headers_are_the_most():
    fields = [b"X-%d: y" % number for number in range(101)]
    assert len(head(b"GET / HTTP/1.1", *fields[:100]).headers) == 100
    assert status(b"GET / HTTP/1.1", *fields) == 431


def test_no_value_takes_long():
    blanks = (b"a" + b" " * 50) * 300
    started = time.process_time()
    head(b"GET / HTTP/1.1", b"X: " + blanks)
    status(b"GET / HTTP/1.1", b"X: " + blanks + b"\x00")
    assert time.process_time() - started < 0.05


@given(st.binary(max_size=200))
def test_any_bytes_give_a_head_or_a_refusal(data):
    with suppress(RefusedRequest):
        parse_head(data, LIMITS)


NAMES = st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,20}", fullmatch=True)
VALUES = st.binary(max_size=40).map(
    lambda data: bytes(byte for byte in data if byte in b"\t" or byte > 31).replace(
        b"\x7f", b""
    )
)


@given(st.dictionaries(NAMES.map(bytes.lower), VALUES, max_size=10))
def test_what_was_written_is_read(fields):
    special = {b"content-length", b"transfer-encoding"}
    fields = {name: v for name, v in fields.items() if name not in special}
    lines = [name + b": " + value for name, value in fields.items()]
    parsed = head(b"GET /x HTTP/1.1", *lines)
    assert parsed.headers == {n: v.strip(b" \t") for n, v in fields.items()}
