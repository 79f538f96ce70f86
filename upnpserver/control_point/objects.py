"""DIDL-Lite as somebody reads it who browses.

Source: ContentDirectory:1 section 2.8 and appendix A.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from upnpserver.control_point.elements import Element, parse

_MAX_TEXT = 1000
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_DURATION = re.compile(r"\+?(\d{1,5}):(\d{1,2}):(\d{1,2})(?:\.[\d/]{1,12})?", re.ASCII)
_FIELDS = 4  # of a protocolInfo


class Resource(NamedTuple):
    """One form of an item; mime: "" unless it comes over HTTP."""

    url: str
    mime: str
    size_bytes: int | None
    duration_s: int | None


class Found(NamedTuple):
    """One object. child_count: None if it is an item, or not told."""

    id: str
    title: str
    upnp_class: str
    is_container: bool
    child_count: int | None
    creator: str
    resources: tuple[Resource, ...]


def objects_in(document: str) -> list[Found]:
    """Return the objects of a DIDL-Lite document. Raises MalformedRequest."""
    root = parse(document)
    return [_found(one) for one in root.children if one.name in ("item", "container")]


def _found(element: Element) -> Found:
    is_container = element.name == "container"
    count = element.attributes.get("childCount", "") if is_container else ""
    return Found(
        element.attributes.get("id", "")[:_MAX_TEXT],
        element.text_of("title")[:_MAX_TEXT],
        element.text_of("class")[:_MAX_TEXT],
        is_container,
        _number(count),
        (element.text_of("artist") or element.text_of("creator"))[:_MAX_TEXT],
        tuple(_resources(element)),
    )


def _resources(element: Element) -> Iterator[Resource]:
    for one in element.named("res"):
        fields = one.attributes.get("protocolInfo", "").split(":")
        is_http = len(fields) == _FIELDS and fields[0] == "http-get"
        yield Resource(
            one.text,
            fields[2] if is_http else "",
            _number(one.attributes.get("size", "")),
            _seconds(one.attributes.get("duration", "")),
        )


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _seconds(text: str) -> int | None:
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = map(int, match.groups())
    return hours * 3600 + minutes * 60 + seconds


def fitting(resources: tuple[Resource, ...], sink: str) -> Resource | None:
    """Return the first form over HTTP that a renderer takes, else the first of all.

    sink: its protocolInfo, parted by commas, "" if it doesn't tell.
    """
    taken = set()
    for info in sink.split(","):
        fields = info.strip().split(":")
        if len(fields) >= _FIELDS and fields[0] == "http-get":
            taken.add(fields[2].lower())
    over_http = [one for one in resources if one.mime]
    fits = (one for one in over_http if one.mime.lower() in taken or "*" in taken)
    return next(fits, over_http[0] if over_http else None)
