"""Which part of a file a GET asks for, and whether the asker has it already.

Ranges count from the start or from the end of the file. Of a list, those that
overlap or touch are joined, and those without a byte of the file left out;
a list that is too long is ignored, and so the whole is sent. A single range that is
reversed is refused as those beyond the end are.

Source: RFC 9110 sections 13 (conditions) and 14 (ranges); security.md
requirement 18.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from upnpserver.errors import RangeNotSatisfiable

MOST_PARTS = 16  # in one request
_MAX_VALUE = 1024  # characters of a list
_RANGE = re.compile(r"(\d*)-(\d*)", re.ASCII)
_ENTITY_TAG = re.compile(r'(W/)?("[^"]*")')
# A file is shorter, and int() refuses thousands of digits.
_MAX_DIGITS = 19


Span = tuple[int, int]  # start, end


@dataclass(frozen=True, slots=True)
class Entity:
    """What a URL holds at the moment. etag: strong, with its quotes.

    mtime_s: None for what is made anew each time; dates are then ignored.
    """

    size_bytes: int
    etag: str
    mtime_s: int | None = None
    last_modified: str = ""  # mtime_s as an HTTP date


@dataclass(frozen=True, slots=True)
class Selection:
    """How to answer: 200 and 206 with start <= byte < end, 304, 412, 416 without.

    parts: of a 206 to several ranges; start and end are those of all.
    """

    status: int
    start: int = 0
    end: int = 0
    parts: tuple[Span, ...] = ()


def select(
    header: Callable[[bytes], str], entity: Entity, most_parts: int = 1
) -> Selection:
    """Return what a GET or HEAD with these request headers gets.

    header: name in lower case -> value, "" if it was not sent. most_parts: how many
    can be sent in one answer.
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
        spans = byte_spans(wanted, entity.size_bytes, most_parts)
    except RangeNotSatisfiable:
        return Selection(416)
    if not spans:
        return whole
    start, end = min(one for one, _ in spans), max(one for _, one in spans)
    # Who asked for several expects parts, also where they became one: RFC 9110, 15.3.7.
    return Selection(206, start, end, tuple(spans) if "," in wanted else ())


def byte_spans(value: str, size_bytes: int, most: int) -> list[Span]:
    """Return the spans of a Range header that can be served, in its order.

    None: it is ignored, as one that does not follow the grammar, has another unit
    than bytes, or lists more than most. Raises RangeNotSatisfiable if none of them
    has a byte of the file.
    """
    unit, _, ranges = value.partition("=")
    listed = [one for one in ranges.split(",") if one.strip(" \t")]
    if unit.strip().lower() != "bytes" or not 0 < len(listed) <= most:
        return []
    if len(listed) > 1 and len(value) > _MAX_VALUE:
        return []
    spans: list[Span] = []
    for one in listed:
        try:
            span = byte_span(f"{unit}={one}", size_bytes)
        except RangeNotSatisfiable:
            continue
        if span is None:
            return []
        _join(spans, span)
    if not spans:
        raise RangeNotSatisfiable(f"bytes {value} of {size_bytes}")
    return spans


def _join(spans: list[Span], more: Span) -> None:
    """Add a span where the first of those stands that it overlaps or touches."""
    start, end = more
    place = len(spans)
    for number in range(len(spans) - 1, -1, -1):
        first, last = spans[number]
        if first <= end and start <= last:
            start, end = min(start, first), max(end, last)
            del spans[number]
            place = number
    spans.insert(place, (start, end))


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
    since, mtime_s = parse_http_date(header(b"if-unmodified-since")), entity.mtime_s
    return since is not None and mtime_s is not None and mtime_s > since


def _has_it_already(header: Callable[[bytes], str], entity: Entity) -> bool:
    """Tell whether If-None-Match, or without it If-Modified-Since, says so."""
    if_none_match = header(b"if-none-match")
    if if_none_match:
        return is_among(entity.etag, if_none_match)
    since, mtime_s = parse_http_date(header(b"if-modified-since")), entity.mtime_s
    return since is not None and mtime_s is not None and mtime_s <= since


def is_among(etag: str, if_none_match: str) -> bool:
    """Tell whether an entity tag is among those of an If-None-Match."""
    tags = {tag for _, tag in _ENTITY_TAG.findall(if_none_match)}
    return if_none_match.strip() == "*" or etag in tags


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
