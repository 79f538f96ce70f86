"""The TimeSeekRange.dlna.org header, asked and answered. Times are int milliseconds.

Source: RFC 2326 section 3.6 (npt); reference dlna-media.md section 3.
"""

import re
from dataclasses import dataclass
from typing import Final

from upnpserver.errors import MalformedRequest

HEADER: Final = "TimeSeekRange.dlna.org"
_NPT: Final = re.compile(
    r"(?:(\d{1,4}):([0-5]?\d):(?=[0-5]?\d(?:\.|$)))?"  # h:mm: then ss under 60
    r"(\d{1,7})(?:\.(\d{1,6}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TimeSeek:
    """The span start_ms <= t < end_ms of an item's play time."""

    start_ms: int
    end_ms: int | None = None  # None: to the end of the item


def parse_time_seek(header: str) -> TimeSeek:
    """Return the span in "npt=START-[END]", each "90.5" or "0:01:30.5".

    Raises MalformedRequest if it is not npt, or END <= START.
    """
    unit, _, span = header.strip().partition("=")
    start, dash, end = span.partition("-")
    if unit.strip().lower() != "npt" or not dash:
        raise MalformedRequest(f"not an npt range: {header!r}")
    seek = TimeSeek(_npt_ms(start), _npt_ms(end) if end.strip() else None)
    if seek.end_ms is not None and seek.end_ms <= seek.start_ms:
        raise MalformedRequest(f"empty npt range: {header!r}")
    return seek


def time_seek_answer(seek: TimeSeek, duration_ms: int, bytes_part: str = "") -> str:
    """Return the header's value in the answer.

    bytes_part: "bytes=0-99/100", where bytes can be sought too.
    """
    end_ms = duration_ms if seek.end_ms is None else min(seek.end_ms, duration_ms)
    span = f"npt={seconds(seek.start_ms)}-{seconds(end_ms)}/{seconds(duration_ms)}"
    return f"{span} {bytes_part}" if bytes_part else span


def seconds(time_ms: int) -> str:
    """Return a time as npt: "90.500"."""
    return f"{time_ms // 1000}.{time_ms % 1000:03}"


def _npt_ms(text: str) -> int:
    match = _NPT.fullmatch(text.strip())
    if match is None:
        raise MalformedRequest(f"not an npt time: {text!r}")
    hours, minutes, seconds, fraction = match.groups(default="0")
    whole_s = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole_s * 1000 + int(fraction.ljust(3, "0")[:3])
