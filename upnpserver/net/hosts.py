"""Under which names this server may be asked for: the wall against DNS rebinding.

A web page can point its own name at our address and then read what we answer;
the Host header still tells that name.

Source: security.md requirements 1 and 2; RFC 9110 section 7.2; RFC 6454.
"""

import re
from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address

_AUTHORITY = re.compile(
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})(?:%[\w.%-]{1,20})?\]|(?P<name>[\w.-]{1,253}))"
    r"(?::(?P<port>[1-9]\d{0,4}))?",
    re.ASCII,
)


class HostRule:
    """Tells whether a Host or Origin header means this server.

    addresses: asked at each request, so that it follows the interfaces.
    names: what the configuration allows beside address literals.
    """

    def __init__(
        self, addresses: Callable[[], Collection[Address]], names: Iterable[str] = ()
    ) -> None:
        self._addresses = addresses
        self._names = frozenset(name.lower().rstrip(".") for name in names)

    def allows(self, authority: str, port: int) -> bool:
        """Tell whether authority is one of our own, at the port that was reached."""
        match = _AUTHORITY.fullmatch(authority)
        if match is None or int(match["port"] or 80) != port:
            return False
        try:
            if match["ipv6"]:
                return IPv6Address(match["ipv6"]) in self._addresses()
            return IPv4Address(match["name"]) in self._addresses()
        except ValueError:
            return (match["name"] or "").lower().rstrip(".") in self._names

    def allows_origin(self, origin: str, port: int) -> bool:
        """Tell whether origin is a page of our own."""
        scheme, _, authority = origin.partition("://")
        return scheme == "http" and self.allows(authority, port)
