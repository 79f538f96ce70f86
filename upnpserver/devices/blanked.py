"""A request as it was sent, with everything private taken out. Pure.

For reports and fixtures: what a server has to understand stays (headers, actions,
filters, numbers), what tells of the house goes (titles, search words, names,
addresses, numbers of devices). The same thing becomes the same stand-in throughout a
recording. What is not known to be harmless is taken out.

Stand-ins: RFC 5737 (192.0.2.0/24), RFC 3849 (2001:db8::/32), RFC 7042 section 2.1.2
(00-00-5E-00-53-xx).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from ipaddress import ip_address

from upnpserver.devices.family import SIGNALS

SERVER, DEVICE = "192.0.2.10", "192.0.2.20"
BLANK = "x"
NAME = "Name"
_SHORTEST_NAME = 3  # shorter ones would be found in the middle of words
_MAC = re.compile(r"(?<![\w:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![\w:-])", re.I)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_ITEM = re.compile(r"(?<=[$/@])[a-z2-7]{16}(?![a-z0-9])")
# After "/" alone it is a version: Linux/2.6.35.1
_IPV4 = re.compile(
    r"(?:(?<=//)|(?<![\w./]))\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)", re.ASCII
)
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.I)
_OWNERS = re.compile(r"\b[^\W\d_][\w-]*(?=['\u2019]s\b)")  # Eva's phone
_HOST_NAME = re.compile(r'\bhn="[^"]*"')

_PLAIN_HEADERS = {
    *("accept", "accept-encoding", "accept-language", "accept-ranges", "connection"),
    *("cache-control", "callback", "content-type", "expect", "host", "icy-metadata"),
    *("if-modified-since", "keep-alive", "man", "mx", "nt", "pragma", "range", "sid"),
    *("soapaction", "te", "timeout", "transfer-encoding", "uctt"),
    *(name.lower() for name in SIGNALS.values()),
}
_VENDORS = re.compile(r"[\w.-]+\.(?:dlna\.org|upnp\.org|sec)|x-[\w-]+-info", re.ASCII)
_KNOWN_PATH = re.compile(
    r"(?:/[\w.-]{1,40}){0,4}(?:/|\.(?:xml|ico|html|png|jpg|txt))?", re.ASCII
)
_MEDIA = re.compile(r"(?P<before>/\w+/)(?P<id>[a-z2-7]{16})/[^/]*?(?P<end>\.\w{1,5})?")
_PAIR = re.compile(r"(?P<key>[\w.-]{1,40})(?:=(?P<value>.*))?", re.ASCII)
_HARMLESS = re.compile(r"-?\d{1,18}|true|false|yes|no|", re.IGNORECASE | re.ASCII)

_PIECE = re.compile(r"(?P<tag><[^>]*>)|(?P<text>[^<]+)")
_TAG = re.compile(r"<(?P<end>/?)(?:[\w.-]+:)?(?P<name>[\w.-]+)", re.ASCII)
_ATTRIBUTE = re.compile(r"""(\s[\w:.-]+\s*=\s*)("[^"]*"|'[^']*')""", re.ASCII)
_SPACE_NAME = re.compile(
    r"http://schemas\.[\w./-]*|urn:[\w:.-]*|[\w.-]{0,12}", re.ASCII
)
_VOCABULARY = {"BrowseFlag", "Filter", "SortCriteria", "SearchCaps", "SortCaps"}
_WORDS = re.compile(r"[\w:@,*+# .-]{0,2000}", re.ASCII)
_OBJECT_ID = re.compile(r"(?:[a-z0-9_]{1,24}|[A-Z]|\$|@|:)*", re.ASCII)
_QUOTED = re.compile(r'(?P<quote>"|&quot;|&#34;)(?P<text>(?:\\.|[^\\])*?)(?P=quote)')
_CLASS = re.compile(r"object(?:\.\w+)*|true|false|\*|", re.ASCII)


class Blanked:
    """The requests of one device, blanked one after the other.

    device: its address. names: those of the house, which are taken out wherever
    they stand. is_signal: whether a value of friendlyName.dlna.org is one by which
    devices are told, and so nobody's own.
    """

    def __init__(
        self, device: str, names: Iterable[str], is_signal: Callable[[str], bool]
    ) -> None:
        wanted = sorted({n for n in names if len(n) >= _SHORTEST_NAME}, key=len)
        self._names = [re.compile(re.escape(n), re.I) for n in reversed(wanted)]
        self._is_signal = is_signal
        self._stand_ins: dict[str, str] = {device.lower(): DEVICE}
        self._numbers: dict[str, int] = {}

    def request(
        self,
        method: bytes,
        target: bytes,
        headers: Mapping[bytes, bytes],
        body: bytes,
    ) -> bytes:
        """Return a request as bytes on a connection; header names in lower case."""
        content = self.body(body) if body else b""
        lines = [f"{method.decode('latin-1')} {self.target(target)} HTTP/1.1"]
        for name, value in headers.items():
            key = name.decode("latin-1")
            if key not in ("content-length", "transfer-encoding"):
                lines.append(f"{key}: {self.header(key, value.decode('latin-1'))}")
        if content:
            lines.append(f"content-length: {len(content)}")
        return "\r\n".join((*lines, "", "")).encode("latin-1", "replace") + content

    def target(self, target: bytes) -> str:
        """Return what is asked for, without names of files or people."""
        path, mark, query = target.decode("latin-1").partition("?")
        if media := _MEDIA.fullmatch(path):
            end = media["end"] or ""
            path = f"{media['before']}{media['id']}/{NAME.lower()}{end}"
        elif path != "*" and _KNOWN_PATH.fullmatch(path) is None:
            path = f"/{BLANK}"
        pairs = "&".join(map(_pair, query.split("&")))
        return self.scrubbed(path + mark + pairs)

    def header(self, name: str, value: str) -> str:
        """Return a header's value, as far as it is harmless."""
        if name == "host":
            _, colon, port = value.partition(":")
            return SERVER + (colon + port if port.isdecimal() else "")
        if name not in _PLAIN_HEADERS and _VENDORS.fullmatch(name) is None:
            return BLANK
        if name == SIGNALS["fname"].lower() and not self._is_signal(value):
            return NAME
        value = _HOST_NAME.sub('hn=""', value)
        return self.scrubbed(_OWNERS.sub(NAME, value))

    def body(self, body: bytes) -> bytes:
        """Return a SOAP call without what its arguments tell; others: nothing of it."""
        text = body.decode("utf-8", "replace")
        if not text.lstrip("\ufeff \t\r\n").startswith("<"):
            return BLANK.encode()
        within, pieces = "", []
        for piece in _PIECE.finditer(text):
            if piece["tag"] is None:
                pieces.append(_argument(within, piece["text"]))
                continue
            tag = _TAG.match(piece["tag"])
            within = tag["name"] if tag and not tag["end"] else ""
            pieces.append(_tag(piece["tag"]))
        return self.scrubbed("".join(pieces)).encode()

    def scrubbed(self, text: str) -> str:
        """Return text with stand-ins for names, addresses and numbers of devices."""
        for name in self._names:
            text = name.sub(NAME, text)
        for kind, pattern in _KINDS.items():
            text = pattern.sub(partial(self._stand_in, kind), text)
        return text

    def _stand_in(self, kind: str, found: re.Match[str]) -> str:
        value = found[0].lower()
        if value in self._stand_ins:
            return self._stand_ins[value]
        if kind in ("ipv4", "ipv6") and not _is_address(value):
            return found[0]
        number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
        stand_in = self._stand_ins[value] = _MADE[kind](number)
        self._stand_ins[stand_in.lower()] = stand_in  # it may pass here again
        return stand_in


_KINDS = {"uuid": _UUID, "mac": _MAC, "ipv4": _IPV4, "ipv6": _IPV6, "item": _ITEM}
_MADE: Mapping[str, Callable[[int], str]] = {
    "uuid": lambda number: f"00000000-0000-4000-8000-{number:012x}",
    "mac": lambda number: f"00:00:5e:00:53:{min(number, 255):02x}",
    "ipv4": lambda number: f"192.0.2.{min(20 + number, 254)}",
    "ipv6": lambda number: f"2001:db8::{number:x}",
    "item": lambda number: _base32(number).rjust(16, "a"),
}


def _base32(number: int) -> str:
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    text = digits[number % 32]
    return text if number < 32 else _base32(number // 32) + text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _pair(text: str) -> str:
    pair = _PAIR.fullmatch(text)
    if pair is None:
        return BLANK if text else ""
    if pair["value"] is None or _HARMLESS.fullmatch(pair["value"]):
        return text
    return f"{pair['key']}={BLANK}"


def _tag(tag: str) -> str:
    """Return a tag without values that could tell something; comments go."""
    if tag.startswith("<!"):
        return ""

    def kept(found: re.Match[str]) -> str:
        value = found[2][1:-1]
        return found[0] if _SPACE_NAME.fullmatch(value) else f'{found[1]}"{BLANK}"'

    return tag if tag.startswith("<?xml ") else _ATTRIBUTE.sub(kept, tag)


def _argument(name: str, text: str) -> str:
    """Return the text inside of an element."""
    stripped = text.strip()
    if _HARMLESS.fullmatch(stripped):
        return text
    if name in _VOCABULARY and _WORDS.fullmatch(stripped):
        return text
    if name.lower().endswith("id") and _OBJECT_ID.fullmatch(stripped):
        return text
    if name == "SearchCriteria":
        return _criteria(text)
    return BLANK


def _criteria(text: str) -> str:
    def kept(found: re.Match[str]) -> str:
        quote = found["quote"]
        is_public = _CLASS.fullmatch(found["text"]) is not None
        return f"{quote}{found['text'] if is_public else BLANK}{quote}"

    outside = _QUOTED.sub("", text)
    is_known = re.fullmatch(r"[\w:@.()=<>!&;*\s-]*", outside, re.ASCII)
    return _QUOTED.sub(kept, text) if is_known else BLANK
