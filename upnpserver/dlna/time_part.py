"""A GET that asks for a time, and what its answer tells of time. Pure.

Where a time lies in a file is found elsewhere: media/seeking.py.

Source: DLNA guidelines 7.4.1 (HTTP transport: TimeSeekRange, availableSeekRange);
reference dlna-media.md sections 2 and 3.
"""

from collections.abc import Callable
from typing import Final

from upnpserver.dlna import npt
from upnpserver.errors import MalformedRequest, RefusedRequest

Header = Callable[[bytes], str]  # name in lower case -> value, "" if it was not sent
VARIES: Final = ("Vary", npt.HEADER)
_TIME_SEEK: Final = npt.HEADER.lower().encode()
# All of it is there, from the first byte on: it is no broadcast.
_WHOLE: Final = "1"


def asked_time(header: Header, duration_ms: int | None) -> npt.TimeSeek | None:
    """Return the time that is asked for, None if none is: a Range goes before.

    duration_ms: None or 0 for what can't be sought by time. Raises RefusedRequest
    (400, 406, 416).
    """
    asked = header(_TIME_SEEK)
    if not asked or header(b"range"):
        return None
    if not duration_ms:
        raise RefusedRequest(406, "This can't be sought by time.")
    try:
        seek = npt.parse_time_seek(asked)
    except MalformedRequest:
        raise RefusedRequest(400, "Not a time to seek to.") from None
    if seek.start_ms >= duration_ms:
        raise RefusedRequest(416, "It is not that long.")
    return seek


def but_time(header: Header) -> Header:
    """Return the same headers without the one that asked_time() has answered."""
    return lambda name: "" if name == _TIME_SEEK else header(name)


def sought_headers(
    seek: npt.TimeSeek, duration_ms: int, span: tuple[int, int], size_bytes: int
) -> list[tuple[str, str]]:
    """Return what is told of a part that was found by time: bytes start to end."""
    start, end = span
    told = f"bytes={start}-{end - 1}/{size_bytes}"
    return [(npt.HEADER, npt.time_seek_answer(seek, duration_ms, told))]


def offered_headers(
    header: Header, duration_ms: int, size_bytes: int
) -> list[tuple[str, str]]:
    """Return what every answer tells of a file that can be sought by time."""
    told = [VARIES]
    if header(b"getavailableseekrange.dlna.org") == "1" and size_bytes:
        times = f"npt=0.000-{npt.seconds(duration_ms)}"
        span = f"{_WHOLE} {times} bytes=0-{size_bytes - 1}"
        told += [
            ("availableSeekRange.dlna.org", span),
            ("X-AvailableSeekRange", f"{_WHOLE} {times}"),
        ]
    return told
