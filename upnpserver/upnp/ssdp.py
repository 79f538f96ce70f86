"""SSDP datagrams: searches in, announcements and answers out.

Tolerant of what real clients leave out (Windows Explorer sends no MX, Platinum
sends the group's HOST to a single address), silent to everything else. Source:
UDA 1.0 section 1; reference ssdp.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from upnpserver.devices.family import Signal
from upnpserver.errors import MalformedRequest

PORT = 1900
GROUP_IPV4 = "239.255.255.250"
GROUP_IPV6 = "ff02::c"
MAX_AGE_S = 1800
MAX_WAIT_S = 5  # UDA 1.1: a larger MX counts as 5
MAX_DATAGRAM_BYTES = 2048
_MAX_HEADERS = 50
_SEARCH, _NOTIFY = "M-SEARCH * HTTP/1.1", "NOTIFY * HTTP/1.1"

ALL = "ssdp:all"
ROOT_DEVICE = "upnp:rootdevice"
_VERSIONED = re.compile(
    r"(?P<type>urn:[^:]+:(?:device|service):[^:]+):(?P<version>[1-9]\d{0,3})",
    re.ASCII,
)
_MX = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Search:
    """One M-SEARCH: what is looked for, and how long the asker waits."""

    target: str
    max_wait_s: int


@dataclass(frozen=True, slots=True)
class Advertisement:
    """One row of what a device announces: its NT (or ST) and its USN."""

    target: str
    usn: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device answers a search: as what it is found, and its description."""

    target: str
    usn: str
    location: str


def parse_answer(datagram: bytes) -> Answer:
    """Return the answer in a datagram. Raises MalformedRequest."""
    start, headers = _parsed(datagram)
    if not start.startswith(("HTTP/1.1 200", "HTTP/1.0 200")):
        raise MalformedRequest("not an answer")
    if not headers.get("LOCATION"):
        raise MalformedRequest("no LOCATION")
    return Answer(headers.get("ST", ""), headers.get("USN", ""), headers["LOCATION"])


def parse_search(datagram: bytes) -> Search:
    """Return the search in a datagram.

    HOST is not looked at: control points that search one address by unicast
    send the group's there. Raises MalformedRequest for anything that is to be
    met with silence.
    """
    start, headers = _parsed(datagram)
    if start != _SEARCH:
        raise MalformedRequest("not a search")
    if headers.get("MAN") != '"ssdp:discover"':
        raise MalformedRequest("no MAN")
    target = headers.get("ST", "")
    if not target:
        raise MalformedRequest("no ST")
    return Search(target, _max_wait(headers.get("MX", "1")))


def product_of(datagram: bytes) -> tuple[Signal, str]:
    """Return what a search or an ssdp:alive says of the program that sent it.

    As a User-Agent ("ua") or as the SERVER of a device ("server"). Raises
    MalformedRequest for other datagrams, and those that say nothing.
    """
    start, headers = _parsed(datagram)
    is_alive = start == _NOTIFY and headers.get("NTS") == "ssdp:alive"
    if start == _SEARCH and headers.get("USER-AGENT"):
        return "ua", headers["USER-AGENT"]
    if is_alive and headers.get("SERVER"):
        return "server", headers["SERVER"]
    raise MalformedRequest("says nothing of its sender")


def _parsed(datagram: bytes) -> tuple[str, dict[str, str]]:
    """Return the start line and the headers; of repeated ones, the first."""
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise MalformedRequest("too long")
    start, *lines = datagram.decode("latin-1").split("\r\n")
    if len(lines) > _MAX_HEADERS:
        raise MalformedRequest("too many headers")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().upper(), value.strip())
    return start, headers


def _max_wait(text: str) -> int:
    if _MX.fullmatch(text) is None:
        raise MalformedRequest("bad MX")
    return min(int(text), MAX_WAIT_S)


def advertisements(
    udn: str, device_type: str, service_types: Iterable[str]
) -> tuple[Advertisement, ...]:
    """Return the rows of a device without embedded devices: 3 and 1 a service."""
    targets = (ROOT_DEVICE, device_type, *service_types)
    return (
        Advertisement(ROOT_DEVICE, f"{udn}::{ROOT_DEVICE}"),
        Advertisement(udn, udn),
        *(Advertisement(target, f"{udn}::{target}") for target in targets[1:]),
    )


def found(search: Search, rows: tuple[Advertisement, ...]) -> tuple[Advertisement, ...]:
    """Return the answers to a search, in the version that was asked for.

    A type is found by its own version and every older one.
    """
    if search.target == ALL:
        return rows
    return tuple(
        row for one in rows if (row := _as_asked(one, search.target)) is not None
    )


def _as_asked(row: Advertisement, target: str) -> Advertisement | None:
    if row.target == target:
        return row
    ours, asked = _VERSIONED.fullmatch(row.target), _VERSIONED.fullmatch(target)
    if ours is None or asked is None or ours["type"] != asked["type"]:
        return None
    if int(asked["version"]) > int(ours["version"]):
        return None
    return Advertisement(target, row.usn.removesuffix(row.target) + target)


def alive(row: Advertisement, host: str, location: str, server: str) -> bytes:
    """Return a NOTIFY ssdp:alive; host is the group as in a HOST header."""
    return _datagram(
        "NOTIFY * HTTP/1.1",
        f"HOST: {host}:{PORT}",
        f"CACHE-CONTROL: max-age={MAX_AGE_S}",
        f"LOCATION: {location}",
        f"NT: {row.target}",
        "NTS: ssdp:alive",
        f"SERVER: {server}",
        f"USN: {row.usn}",
    )


def byebye(row: Advertisement, host: str) -> bytes:
    """Return a NOTIFY ssdp:byebye."""
    return _datagram(
        "NOTIFY * HTTP/1.1",
        f"HOST: {host}:{PORT}",
        f"NT: {row.target}",
        "NTS: ssdp:byebye",
        f"USN: {row.usn}",
    )


def answer(row: Advertisement, location: str, server: str, date: str) -> bytes:
    """Return the answer to a search; date as in an HTTP Date header.

    Kodi's Platinum drops an answer without EXT.
    """
    return _datagram(
        "HTTP/1.1 200 OK",
        f"CACHE-CONTROL: max-age={MAX_AGE_S}",
        f"DATE: {date}",
        "EXT:",
        f"LOCATION: {location}",
        f"SERVER: {server}",
        f"ST: {row.target}",
        f"USN: {row.usn}",
        "Content-Length: 0",
    )


def _datagram(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode("ascii")
