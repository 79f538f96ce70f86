"""Under which names this server may be asked for: the wall against DNS rebinding.

A web page can point its own name at our address and then read what we answer;
the Host header still tells that name. So a Host is ours if no page can have
it: a literal address of ours, a name that the owner gave to this machine, and
localhost where the client is this machine itself. A port other than ours is
another server's; without one, a Host means us all the same, as some devices
leave it out, while an Origin means port 80.

Source: security.md requirements 1 and 2; RFC 9110 section 7.2; RFC 6454; RFC
6761 section 6.3 (localhost); RFC 6762 section 3 (.local).
"""

import os
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

    addresses, nodename: asked at each request, so that it follows the
    interfaces and the machine's name.
    names: what the configuration allows beside those.
    """

    def __init__(
        self,
        addresses: Callable[[], Collection[Address]],
        names: Iterable[str] = (),
        nodename: Callable[[], str] = lambda: os.uname().nodename,
    ) -> None:
        self._addresses, self._nodename = addresses, nodename
        self._names = frozenset(map(_plain, names))

    def allows(self, host: str, port: int, *, is_loopback: bool = False) -> bool:
        """Tell whether a Host is one of our own; port: the one that was reached."""
        return self._is_own(host, port, port, is_loopback)

    def allows_origin(
        self,
        origin: str,
        port: int,
        *,
        scheme: str = "http",
        is_loopback: bool = False,
    ) -> bool:
        """Tell whether origin is a page of our own; scheme: of those."""
        said, _, authority = origin.partition("://")
        unsaid_port = 443 if scheme == "https" else 80
        return said == scheme and self._is_own(
            authority, port, unsaid_port, is_loopback
        )

    def _is_own(
        self, authority: str, port: int, unsaid_port: int, is_loopback: bool
    ) -> bool:
        match = _AUTHORITY.fullmatch(authority)
        if match is None or int(match["port"] or unsaid_port) != port:
            return False
        try:
            if match["ipv6"]:
                return IPv6Address(match["ipv6"]) in self._addresses()
            return IPv4Address(match["name"]) in self._addresses()
        except ValueError:
            return self._is_own_name(_plain(match["name"] or ""), is_loopback)

    def _is_own_name(self, name: str, is_loopback: bool) -> bool:
        if name == "localhost" and is_loopback:
            return True
        return name in self._names or name in _names_of_machine(self._nodename())


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _names_of_machine(nodename: str) -> tuple[str, ...]:
    """Return its name, and the one by which mDNS finds it; none if it has none."""
    name = _plain(nodename)
    host = name.partition(".")[0]
    return () if host in {"", "localhost"} else (name, f"{host}.local")
