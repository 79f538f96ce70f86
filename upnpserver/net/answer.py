"""The head of an HTTP answer, spelled on the wire exactly as it is given.

Some TVs compare the letters of EXT or contentFeatures.dlna.org: dlna-media.md
section 2. Source of the forms: RFC 9112 section 4, RFC 9110 section 5.6.7.
"""

import time
from collections.abc import Sequence
from http import HTTPStatus

Headers = Sequence[tuple[str, str]]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_STATUS_LINES = {
    int(status): f"HTTP/1.1 {int(status)} {status.phrase}\r\n" for status in HTTPStatus
}
# These end with their head, and a length would tell of a body: RFC 9110 8.6.
NO_BODY = frozenset({204, 304})


def format_head(status: int, headers: Headers, length: int | None, own: str) -> bytes:
    """Return the status line, headers in order, Content-Length and own lines.

    length: None for what ends with the connection. own: further lines, each ended
    by CRLF. Raises ValueError for a line break
    in a header: it would let a file's name write headers of its own.
    """
    lines = [
        f"{name}: {value}\r\n" if value else f"{name}:\r\n" for name, value in headers
    ]
    if status not in NO_BODY and length is not None:
        lines.append(f"Content-Length: {length}\r\n")
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines):
        raise ValueError("a line break in a header")
    return f"{_STATUS_LINES[status]}{text}{own}\r\n".encode("latin-1")


def format_http_date(seconds: float) -> str:
    """Return "Sun, 06 Nov 1994 08:49:37 GMT" from seconds since 1970."""
    t = time.gmtime(seconds)
    return (
        f"{_WEEKDAYS[t.tm_wday]}, {t.tm_mday:02} {_MONTHS[t.tm_mon - 1]} {t.tm_year} "
        f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} GMT"
    )
