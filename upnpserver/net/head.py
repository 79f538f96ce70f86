"""The head of an HTTP request: bytes in, a Head out.

Stricter than old servers where leniency lets two programs read one message
differently (request smuggling); lenient where a TV may differ harmlessly.

Source: RFC 9112 sections 2 to 6, RFC 9110 section 5; security.md
requirements 12, 15 and 17.
"""

import re
from dataclasses import dataclass

from upnpserver.errors import RefusedRequest
from upnpserver.net.limits import Limits

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(%b) ([!-~]+) (HTTP/\d\.\d)" % _TOKEN)
# The value's edges are stripped afterwards: a lazy match against a run of
# blanks would take quadratic time.
_FIELD = re.compile(rb"(%b):([\t -~\x80-\xff]*)" % _TOKEN)

# Twice is an attack on whoever stands between; joining them would hide it.
_ONCE = frozenset({b"host", b"content-length", b"transfer-encoding"})
_MAX_LENGTH_DIGITS = 18


@dataclass(slots=True)
class Head:
    """One request head; a repeated header's values are joined by ", ".

    headers: lower-case names. body_length: bytes; None when body is chunked.
    keeps_alive: the client wants another request after this one.
    """

    method: bytes
    target: bytes
    is_http_1_0: bool
    headers: dict[bytes, bytes]
    body_length: int | None
    keeps_alive: bool


def parse_head(head: bytes, limits: Limits) -> Head:
    """Return what head says; it ends before its empty line.

    Raises RefusedRequest with the status that answers it.
    """
    first, *lines = head.split(b"\r\n")
    match = _REQUEST_LINE.fullmatch(first)
    if match is None:
        raise RefusedRequest(400, "Not an HTTP request line.")
    method, target, version = match.groups()
    if not version.startswith(b"HTTP/1."):
        raise RefusedRequest(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    if len(target) > limits.target_bytes:
        raise RefusedRequest(414, "The address asked for is too long.")
    headers = _parse_fields(lines, limits)
    is_http_1_0 = version == b"HTTP/1.0"
    return Head(
        method,
        target,
        is_http_1_0,
        headers,
        _body_length(headers, is_http_1_0),
        _keeps_alive(headers, is_http_1_0),
    )


def _parse_fields(lines: list[bytes], limits: Limits) -> dict[bytes, bytes]:
    if len(lines) > limits.headers:
        raise RefusedRequest(431, "Too many headers.")
    headers: dict[bytes, bytes] = {}
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise RefusedRequest(400, "Not a header line.")
        name, value = match[1].lower(), match[2].strip(b" \t")
        if name in headers:
            if name in _ONCE:
                raise RefusedRequest(400, f"Repeated {name.decode()} header.")
            value = headers[name] + b", " + value
        headers[name] = value
    return headers


def _body_length(headers: dict[bytes, bytes], is_http_1_0: bool) -> int | None:
    coding = headers.get(b"transfer-encoding")
    length = headers.get(b"content-length")
    if coding is not None:
        _check_coding(coding.lower(), length is not None or is_http_1_0)
        return None
    if length is None:
        return 0
    if not length.isdigit():
        raise RefusedRequest(400, "Content-Length is not a number.")
    if len(length) > _MAX_LENGTH_DIGITS:
        raise RefusedRequest(413, "The body is too large.")
    return int(length)


def _check_coding(coding: bytes, is_ambiguous: bool) -> None:
    if is_ambiguous or not coding.endswith(b"chunked"):
        raise RefusedRequest(400, "The length of the body is ambiguous.")
    if coding != b"chunked":
        raise RefusedRequest(501, "Only the chunked coding is understood.")


def _keeps_alive(headers: dict[bytes, bytes], is_http_1_0: bool) -> bool:
    connection = headers.get(b"connection")
    if connection is None:
        return not is_http_1_0
    options = {option.strip(b" \t") for option in connection.lower().split(b",")}
    if is_http_1_0:
        return b"keep-alive" in options and b"close" not in options
    return b"close" not in options
