"""GENA: subscriptions in, event messages out.

A callback is only ever the subscriber's own address, as a literal: anything
else would make this server knock on doors for a stranger (CVE-2020-12695).
Source: UDA 1.0 section 4; reference gena.md; security.md requirements 6, 24.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from upnpserver.errors import MalformedRequest, SubscriptionError
from upnpserver.upnp.values import clean_text, escape_text

Address = IPv4Address | IPv6Address

LEAST_LEASE_S, USUAL_LEASE_S, MOST_LEASE_S = 300, 1800, 7200
MAX_CALLBACKS = 4
MAX_CALLBACK_CHARACTERS = 1024
MAX_CONTAINERS = 500  # told in one message: some 25 KB
EVENT = "upnp:event"

_CALLBACKS = re.compile(r"\s*(?:<[^<>]*>\s*)+", re.ASCII)
_URL = re.compile(
    r"http://(?:\[(?P<ipv6>[0-9A-Fa-f:]{2,39})(?:%[\w.-]{1,15})?\]|(?P<ipv4>[\d.]{7,15}))"
    r"(?::(?P<port>\d{1,5}))?(?P<path>/[!-;=?-~]*)?",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = re.compile(r"second-(\d{1,9}|infinite)", re.ASCII | re.IGNORECASE)
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r\n]")


@dataclass(frozen=True, slots=True)
class Callback:
    """Where events are delivered; address is always the subscriber's own."""

    address: Address
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A new subscription, with its callbacks in the order to try them."""

    callbacks: tuple[Callback, ...]
    lease_s: int


@dataclass(frozen=True, slots=True)
class Renew:
    """A subscription that goes on."""

    sid: str
    lease_s: int


def parse_subscribe(
    headers: Mapping[str, str], peer: Address, own_url: str
) -> Subscribe | Renew:
    """Return what a SUBSCRIBE asks for.

    headers: "callback", "nt", "sid", "timeout", missing or empty if not sent.
    own_url: "http://ADDRESS:PORT" that it came in on, where nothing is sent.
    Raises SubscriptionError with the HTTP status that answers it.
    """
    sid = headers.get("sid", "").strip()
    lease_s = _lease(headers.get("timeout", ""))
    if sid:
        if headers.get("nt") or headers.get("callback"):
            raise SubscriptionError(400, "SID together with NT or CALLBACK")
        return Renew(sid, lease_s)
    if headers.get("nt", "").strip() != EVENT:
        raise SubscriptionError(412, "NT is not upnp:event")
    callbacks = _callbacks(headers.get("callback", ""), peer)
    if own_url in (f"http://{_authority(callback)}" for callback in callbacks):
        raise SubscriptionError(412, "CALLBACK is this server itself")
    return Subscribe(callbacks, lease_s)


def parse_unsubscribe(headers: Mapping[str, str]) -> str:
    """Return the SID to cancel. Raises SubscriptionError."""
    sid = headers.get("sid", "").strip()
    if headers.get("nt") or headers.get("callback"):
        raise SubscriptionError(400, "SID together with NT or CALLBACK")
    if not sid:
        raise SubscriptionError(412, "no SID")
    return sid


def _lease(text: str) -> int:
    match = _SECONDS.fullmatch(text.strip())
    if match is None:
        return USUAL_LEASE_S
    if match[1].lower() == "infinite":
        return MOST_LEASE_S
    return min(max(int(match[1]), LEAST_LEASE_S), MOST_LEASE_S)


def _callbacks(text: str, peer: Address) -> tuple[Callback, ...]:
    if len(text) > MAX_CALLBACK_CHARACTERS or _CALLBACKS.fullmatch(text) is None:
        raise SubscriptionError(412, "no CALLBACK, or not URLs in <>")
    urls = re.findall(r"<([^<>]*)>", text)
    if len(urls) > MAX_CALLBACKS:
        raise SubscriptionError(412, "too many CALLBACK URLs")
    # One bad URL refuses the whole list: a client that lists a stranger's
    # address is not one to send anything to.
    return tuple(_callback(url.strip(), peer) for url in urls)


def _callback(url: str, peer: Address) -> Callback:
    match = _URL.fullmatch(url)
    if match is None:
        raise SubscriptionError(412, "CALLBACK is not http to an address")
    port = int(match["port"] or 80)
    try:
        address = (
            IPv6Address(match["ipv6"]) if match["ipv6"] else IPv4Address(match["ipv4"])
        )
    except ValueError as error:
        raise SubscriptionError(412, "CALLBACK has no valid address") from error
    if not 1 <= port <= 65535 or not _is_same(address, peer):
        raise SubscriptionError(412, "CALLBACK is not the subscriber's own address")
    return Callback(peer, port, match["path"] or "/")


def _is_same(address: Address, peer: Address) -> bool:
    """Whether both name one host; the peer's may carry a link's scope."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return False  # two spellings of one host are one too many
    return address.version == peer.version and address.packed == peer.packed


def _authority(callback: Callback) -> str:
    host = str(callback.address).partition("%")[0]  # a scope is our own affair
    if callback.address.version == 6:
        host = f"[{host}]"
    return f"{host}:{callback.port}"


def merged(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the changes of two messages as one: the newest value of each wins.

    ContainerUpdateIDs adds up: pairs of container and update id, the newest
    for each container (ContentDirectory:1 section 2.5.3). Of very many the
    last ones are kept: SystemUpdateID tells that there were others.
    """
    both = {**before, **after}
    name = "ContainerUpdateIDs"
    told = [message[name] for message in (before, after) if message.get(name)]
    if told:
        pairs = ",".join(told).split(",")
        newest = dict(zip(pairs[::2], pairs[1::2], strict=True))
        kept = list(newest.items())[-MAX_CONTAINERS:]
        both[name] = ",".join(f"{container},{number}" for container, number in kept)
    return both


def property_set(variables: Mapping[str, str]) -> bytes:
    """Return the body of an event message."""
    properties = "".join(
        f"<e:property><{name}>{escape_text(clean_text(value))}</{name}></e:property>"
        for name, value in variables.items()
    )
    return (
        '<?xml version="1.0"?>\n'
        '<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0">'
        f"{properties}</e:propertyset>"
    ).encode()


def notify(callback: Callback, sid: str, seq: int, body: bytes) -> bytes:
    """Return the whole HTTP request of an event message."""
    lines = (
        f"NOTIFY {callback.path} HTTP/1.1",
        f"HOST: {_authority(callback)}",
        'CONTENT-TYPE: text/xml; charset="utf-8"',
        f"CONTENT-LENGTH: {len(body)}",
        "NT: upnp:event",
        "NTS: upnp:propchange",
        f"SID: {sid}",
        f"SEQ: {seq}",
        "CONNECTION: close",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii") + body


def next_seq(seq: int) -> int:
    """Return the number of the next event message: 0 is only ever the first's."""
    return 1 if seq == 2**32 - 1 else seq + 1


def parse_status(start: bytes) -> int | None:
    """Return the status of an answer's first bytes, None while there are too few.

    Raises MalformedRequest if it is no HTTP answer.
    """
    match = _STATUS_LINE.match(start)
    if match:
        return int(match[1])
    if len(start) > 64 or b"\n" in start:
        raise MalformedRequest("not an HTTP answer")
    return None
