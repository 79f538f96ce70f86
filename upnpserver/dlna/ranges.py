"""Which part of a file a GET asks for, and whether the asker has it already.

One range is served, from its start or from the end of the file. A list of
ranges gets the whole file: no player needs one, and an answer in parts costs
far more than it is worth. Ranges that are reversed are refused as those beyond
the end are.

Source: RFC 9110 sections 13 (conditions) and 14 (ranges); security.md
requirement 18.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from upnpserver.errors import RangeNotSatisfiable

_RANGE = re.compile(r"(\d*)-(\d*)", re.ASCII)
_ENTITY_TAG = re.compile(r'(W/)?("[^"]*")')
# A file is shorter, and int() refuses thousands of digits.
_MAX_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Entity:
    """What a URL holds at the moment. etag: strong, with its quotes."""

    size_bytes: int
    etag: str
    mtime_s: int
    last_modified: str  # mtime_s as an HTTP date


@dataclass(frozen=True, slots=True)
class Selection:
    """How to answer: 200 and 206 with start <= byte < end, 304, 412, 416 without."""

    status: int
    start: int = 0
    end: int = 0


def select(header: Callable[[bytes], str], entity: Entity) -> Selection:
    """Return what a GET or HEAD with these request headers gets.

    header: name in lower case -> value, "" if it was not sent.
    """
    if _is_condition_false(header, entity):
        return Selection(412)
    if _has_it_already(header, entity):
        return Selection(304)
    whole = Selection(200, 0, entity.size_bytes)
    wanted, if_range = header(b"range"), header(b"if-range")
    if not wanted or (if_range and not _is_same(if_range, entity)):
        return whole
    try:
        span = byte_span(wanted, entity.size_bytes)
    except RangeNotSatisfiable:
        return Selection(416)
    return whole if span is None else Selection(206, *span)


def byte_span(value: str, size_bytes: int) -> tuple[int, int] | None:
    """Return (start, end) of a Range header, end not included.

    None: the header does not follow the grammar, has another unit than bytes,
    or lists several ranges; it is then ignored. Raises RangeNotSatisfiable for
    a range without one byte of the file in it.
    """
    unit, _, ranges = value.partition("=")
    match = _RANGE.fullmatch(ranges.strip())
    if unit.strip().lower() != "bytes" or match is None or ranges.strip() == "-":
        return None
    first, last = match.groups()
    if first:
        start = _number(first)
        end = min(_number(last) + 1, size_bytes) if last else size_bytes
    else:
        start, end = max(0, size_bytes - _number(last)), size_bytes
    if start >= end:
        raise RangeNotSatisfiable(f"bytes {value} of {size_bytes}")
    return start, end


def parse_http_date(text: str) -> int | None:
    """Return seconds since 1970 of an HTTP date in any of its three forms.

    None for anything else: a condition with it is then ignored.
    """
    for form in _DATES:
        match = form.fullmatch(text.strip())
        if match is not None:
            return _seconds(match)
    return None


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS


def _is_condition_false(header: Callable[[bytes], str], entity: Entity) -> bool:
    """Tell whether If-Match, or without it If-Unmodified-Since, fails."""
    if_match = header(b"if-match")
    if if_match:
        tags = {tag for weak, tag in _ENTITY_TAG.findall(if_match) if not weak}
        return if_match.strip() != "*" and entity.etag not in tags
    since = parse_http_date(header(b"if-unmodified-since"))
    return since is not None and entity.mtime_s > since


def _has_it_already(header: Callable[[bytes], str], entity: Entity) -> bool:
    """Tell whether If-None-Match, or without it If-Modified-Since, says so."""
    if_none_match = header(b"if-none-match")
    if if_none_match:
        tags = {tag for _, tag in _ENTITY_TAG.findall(if_none_match)}
        return if_none_match.strip() == "*" or entity.etag in tags
    since = parse_http_date(header(b"if-modified-since"))
    return since is not None and entity.mtime_s <= since


def _is_same(if_range: str, entity: Entity) -> bool:
    """Tell whether the part that the asker has is of this very entity."""
    return if_range.strip() in {entity.etag, entity.last_modified}


_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_DATES = (
    re.compile(rf"\w{{3}}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT", re.A),
    re.compile(rf"\w{{6,9}}, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} GMT", re.A),
    re.compile(rf"\w{{3}} {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})", re.A),
)


def _seconds(match: re.Match[str]) -> int | None:
    year, day, hour, minute, second = (
        int(match[name]) for name in ("year", "day", "hour", "minute", "second")
    )
    if len(match["year"]) == 2:
        year += 2000 if year < 70 else 1900
    month = _MONTHS.index(match["month"]) + 1
    try:
        # 60: a leap second.
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp())
