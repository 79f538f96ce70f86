"""The offline rule inside this process: nothing is sent beyond the house.

install() adds an audit hook that stops every connect and every datagram to
an address that is not local, and every name look-up. It can't be removed and
holds for all Python code in the process, libraries included. It is called
first, before anything else is imported.

What it does not see is native code that makes system calls itself; probe
children have seccomp for that, and the service has systemd's address filter.

Names need more than the hook: connect(), sendto() and bind() ask the resolver
about a name before the audit event is raised, so those methods first look
whether the host is a literal; and getnameinfo()'s event lacks the flags that
tell a look-up from mere formatting, so its wrapper decides.

Source: Python's table of audit events (PEP 578).
"""

import _thread
import errno
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any

from upnpserver.errors import BeyondLocalNetwork
from upnpserver.offline.addresses import LocalNetworks, Network, reachable_networks

# Families that can't leave this machine.
_INSIDE = frozenset({socket.AF_UNIX, socket.AF_NETLINK})


class _Guard:
    """The state of the one guard: what is local, and what was refused."""

    def __init__(self) -> None:
        self.installed = False
        self.local: LocalNetworks = reachable_networks()
        self.refused = {"connect": 0, "datagram": 0, "name": 0}
        self._formatting: set[int] = set()  # threads inside numeric getnameinfo
        self._plain_getnameinfo = socket.getnameinfo

    def check_connect(self, sock: socket.socket, address: object) -> None:
        """Stop a connect beyond the local networks."""
        self._check("connect", sock, address)

    def check_datagram(self, sock: socket.socket, address: object) -> None:
        """Stop a datagram beyond the local networks; None: socket is connected."""
        if address is not None:
            self._check("datagram", sock, address)

    def check_forward_lookup(self, host: object, *_: object) -> None:
        """Stop a look-up; a literal or no host never reaches the resolver."""
        if host is not None and not _is_literal(host):
            self._refuse("name", "a name look-up")

    def check_reverse_lookup(self, *_: object) -> None:
        """Stop getnameinfo, unless the wrapper below found it numeric."""
        if _thread.get_ident() not in self._formatting:
            self._refuse("name", "a reverse name look-up")

    def check_host(self, address: object) -> None:
        """Stop the look-up hidden in connect, sendto and bind of a name."""
        if not isinstance(address, tuple) or not address:
            return
        host = address[0]
        if isinstance(host, str | bytes) and host and not _is_literal(host):
            self._refuse("name", "a name look-up")

    def getnameinfo(self, sockaddr: Any, flags: int) -> tuple[str, str]:
        """Format an address as socket.getnameinfo does; only numerically."""
        if not flags & socket.NI_NUMERICHOST:
            self._refuse("name", "a reverse name look-up")
        thread = _thread.get_ident()
        self._formatting.add(thread)
        try:
            return self._plain_getnameinfo(sockaddr, flags)
        finally:
            self._formatting.discard(thread)

    def _check(self, what: str, sock: socket.socket, address: object) -> None:
        if sock.family not in _INSIDE and not self.local.contains(_host(address)):
            self._refuse(what, f"a {what} beyond the local networks")

    def _refuse(self, what: str, text: str) -> None:
        self.refused[what] += 1
        raise BeyondLocalNetwork(errno.EPERM, f"the offline guard stopped {text}")


_guard = _Guard()


def install() -> None:
    """Put the guard in force for the rest of this process's life."""
    if _guard.installed:
        return
    _guard.installed = True
    checks: dict[str, Callable[..., None]] = {
        "socket.connect": _guard.check_connect,
        "socket.sendto": _guard.check_datagram,
        "socket.sendmsg": _guard.check_datagram,
        "socket.getaddrinfo": _guard.check_forward_lookup,
        "socket.gethostbyname": _guard.check_forward_lookup,
        "socket.gethostbyaddr": _guard.check_reverse_lookup,
        "socket.getnameinfo": _guard.check_reverse_lookup,
    }
    find = checks.get  # this runs for every open and import too: keep it short

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        check = find(event)
        if check is not None:
            check(*arguments)

    for name in ("connect", "connect_ex", "sendto", "sendmsg", "bind"):
        setattr(socket.socket, name, _literals_only(getattr(socket.socket, name)))
    socket.getnameinfo = _guard.getnameinfo
    sys.addaudithook(hook)


def update(own: Iterable[Network], named: Iterable[Network] = ()) -> None:
    """Set the prefixes of our interfaces and the networks that are named."""
    _guard.local = reachable_networks(own, named)


def refused() -> dict[str, int]:
    """Return how often a "connect", "datagram" or "name" look-up was stopped."""
    return dict(_guard.refused)


def _literals_only(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a socket method whose last argument may be an address."""

    def checked(self: socket.socket, *arguments: Any) -> Any:
        if arguments:
            _guard.check_host(arguments[-1])
        return method(self, *arguments)

    return checked


def _is_literal(host: object) -> bool:
    """Tell whether host is an address as inet_pton reads it, maybe with a %zone."""
    text = _text(host).partition("%")[0]
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
        return True
    return False


def _host(address: object) -> str:
    """Return the host of an internet address; of other families' "", or no address."""
    return _text(address[0]) if isinstance(address, tuple) and address else ""


def _text(host: object) -> str:
    if isinstance(host, bytes | bytearray):
        return bytes(host).decode("ascii", "replace")
    return host if isinstance(host, str) else ""
