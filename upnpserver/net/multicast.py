"""UDP sockets of SSDP: one for each interface and family, multicast and unicast.

A socket bound to the wildcard and joined to one interface's group, with
IP_MULTICAST_ALL off, hears that interface's multicast and no other's; it also
hears unicast, from any interface: so the kernel is asked where each datagram
came in, and told where each answer goes out. Twisted's own UDP port does
neither, and loses the scope of a link-local asker. Measured on Linux 6:
reference ssdp.md section 1. Source: ip(7), ipv6(7), RFC 3542 section 6.
"""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.net.interfaces import Interface
from upnpserver.upnp.ssdp import GROUP_IPV4, GROUP_IPV6, MAX_DATAGRAM_BYTES, PORT

HOPS = 2  # UDA 1.1: TTL 2
DATAGRAMS_A_TURN = 32  # a flood must leave the reactor time for streams
_IP_PKTINFO = 8
_IP_MULTICAST_ALL = 49
_IPV6_MULTICAST_ALL = 29
_PKTINFO = struct.Struct("@i4s4s")  # in_pktinfo: index, our address, destination
_PKTINFO6 = struct.Struct("@16sI")  # in6_pktinfo: our address, index
_ANCILLARY_BYTES = 64

Address = IPv4Address | IPv6Address
Source = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Link:
    """One interface seen by one family: what is announced, and to whom.

    addresses: what this host has there; the first is announced.
    """

    name: str
    index: int
    addresses: tuple[IPv4Interface, ...] | tuple[IPv6Interface, ...]

    @property
    def is_ipv6(self) -> bool:
        """Whether this is the interface's IPv6 side."""
        return self.addresses[0].version == 6

    @property
    def announced(self) -> Address:
        """The address that announcements lead to."""
        return self.addresses[0].ip

    @property
    def host(self) -> str:
        """The group as a HOST header names it."""
        return "[FF02::C]" if self.is_ipv6 else GROUP_IPV4

    def own_address_for(self, asker: Address) -> Address | None:
        """Return our address in the asker's subnet, None if it is not on this link."""
        for address in self.addresses:
            if asker in address.network:
                return address.ip
        return None


def links_of(interface: Interface) -> tuple[Link, ...]:
    """Return an interface's sides: IPv4, and IPv6 link-local."""
    local = tuple(address for address in interface.ipv6 if address.is_link_local)
    sides = (interface.ipv4, local)
    return tuple(Link(interface.name, interface.index, side) for side in sides if side)


@dataclass(frozen=True, slots=True)
class Heard:
    """A datagram, who sent it, and the index of the interface it came in on."""

    datagram: bytes
    source: Source
    index: int


@implementer(IReadDescriptor)
class LinkSocket:
    """Port 1900 of one link, shared with other programs of this host.

    Raises OSError, for example if another program does not share the port.
    """

    log = Logger()

    def __init__(self, link: Link, heard: Callable[[Heard], None]) -> None:
        self._index, self._is_ipv6, self._heard = link.index, link.is_ipv6, heard
        family = socket.AF_INET6 if link.is_ipv6 else socket.AF_INET
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._socket = socket.socket(family, kind)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if link.is_ipv6:
                _set_up_ipv6(self._socket, link)
            else:
                _set_up_ipv4(self._socket, link)
        except OSError:
            self._socket.close()
            raise

    def close(self) -> None:
        """Leave the group; nothing can be sent any more."""
        self._socket.close()

    def announce(self, datagram: bytes) -> None:
        """Send to the group. Raises OSError."""
        if self._is_ipv6:
            self._socket.sendto(datagram, (GROUP_IPV6, PORT, 0, self._index))
        else:
            self._socket.sendto(datagram, (GROUP_IPV4, PORT))

    def forget_address(self) -> None:
        """Announce from now on with whichever address the link still has.

        With the address that is gone a goodbye could not be sent (ENETUNREACH).
        """
        if not self._is_ipv6:
            _send_by(self._socket, self._index, bytes(4))

    def answer(self, datagram: bytes, own: Address, asker: Source) -> None:
        """Send to an asker of this link, from our address there. Raises OSError."""
        if self._is_ipv6:
            level, kind = socket.IPPROTO_IPV6, socket.IPV6_PKTINFO
            packed = _PKTINFO6.pack(own.packed, self._index)
            self._socket.sendmsg(
                [datagram], [(level, kind, packed)], 0, (*asker, 0, self._index)
            )
        else:
            level, kind = socket.IPPROTO_IP, _IP_PKTINFO
            packed = _PKTINFO.pack(self._index, own.packed, bytes(4))
            self._socket.sendmsg([datagram], [(level, kind, packed)], 0, asker)

    def fileno(self) -> int:
        """Return the descriptor for the reactor."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """Return what the reactor calls this."""
        return "SSDP"

    def doRead(self) -> None:
        """Hand on what has arrived; the reactor comes back for the rest."""
        for _ in range(DATAGRAMS_A_TURN):
            try:
                heard = self._receive()
            except OSError:  # none left, or the interface went down
                return
            try:
                self._heard(heard)
            except Exception:  # one datagram must not cost us the rest
                self.log.failure("could not treat a datagram")

    def connectionLost(self, reason: Failure) -> None:
        """Nothing to do: the one who opened it closes it."""

    def _receive(self) -> Heard:
        # One byte more than is allowed tells a long datagram from a cut one.
        datagram, ancillary, _, source = self._socket.recvmsg(
            MAX_DATAGRAM_BYTES + 1, _ANCILLARY_BYTES
        )
        return Heard(datagram, (source[0], source[1]), _arrival(ancillary))


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> int:
    """Return the index of the interface a datagram came in on, 0 if unknown."""
    for level, kind, packed in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            return int(_PKTINFO.unpack(packed)[0])
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            return int(_PKTINFO6.unpack(packed)[1])
    return 0


def _set_up_ipv4(opened: socket.socket, link: Link) -> None:
    level = socket.IPPROTO_IP
    group = socket.inet_aton(GROUP_IPV4)
    opened.setsockopt(level, _IP_MULTICAST_ALL, 0)
    opened.setsockopt(level, _IP_PKTINFO, 1)
    opened.setsockopt(level, socket.IP_MULTICAST_TTL, HOPS)
    opened.setsockopt(level, socket.IP_MULTICAST_LOOP, 1)
    _send_by(opened, link.index, link.announced.packed)
    opened.bind(("", PORT))
    opened.setsockopt(
        level, socket.IP_ADD_MEMBERSHIP, _mreqn(group, bytes(4), link.index)
    )


def _send_by(opened: socket.socket, index: int, source: bytes) -> None:
    option = _mreqn(bytes(4), source, index)
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, option)


def _mreqn(group: bytes, address: bytes, index: int) -> bytes:
    """Return a struct ip_mreqn; the index decides, not the address."""
    return struct.pack("@4s4si", group, address, index)


def _set_up_ipv6(opened: socket.socket, link: Link) -> None:
    level = socket.IPPROTO_IPV6
    group = socket.inet_pton(socket.AF_INET6, GROUP_IPV6)
    opened.setsockopt(level, socket.IPV6_V6ONLY, 1)
    opened.setsockopt(level, _IPV6_MULTICAST_ALL, 0)
    opened.setsockopt(level, socket.IPV6_RECVPKTINFO, 1)
    opened.setsockopt(level, socket.IPV6_MULTICAST_IF, link.index)
    opened.setsockopt(level, socket.IPV6_MULTICAST_HOPS, HOPS)
    opened.setsockopt(level, socket.IPV6_MULTICAST_LOOP, 1)
    opened.bind(("::", PORT))
    # struct ipv6_mreq: group, interface index
    member = struct.pack("@16sI", group, link.index)
    opened.setsockopt(level, socket.IPV6_JOIN_GROUP, member)
