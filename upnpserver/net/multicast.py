"""UDP sockets of SSDP: one for each interface and family, multicast and unicast.

A socket bound to the wildcard and joined to one interface's group, with
IP_MULTICAST_ALL off, hears that interface's multicast and no other's; it also
hears unicast. Measured on Linux 6: reference ssdp.md section 1.
"""

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from upnpserver.net.interfaces import Interface
from upnpserver.upnp.ssdp import GROUP_IPV4, GROUP_IPV6, PORT

HOPS = 2  # UDA 1.1: TTL 2
_IP_MULTICAST_ALL = 49
_IPV6_MULTICAST_ALL = 29


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
    def group(self) -> tuple[str, int]:
        """Where announcements go."""
        return (f"{GROUP_IPV6}%{self.name}" if self.is_ipv6 else GROUP_IPV4, PORT)

    @property
    def host(self) -> str:
        """The group as a HOST header names it."""
        return "[FF02::C]" if self.is_ipv6 else GROUP_IPV4

    def own_address_for(
        self, asker: IPv4Address | IPv6Address
    ) -> IPv4Address | IPv6Address | None:
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


def open_socket(link: Link) -> socket.socket:
    """Return a socket on port 1900 of one link, shared with other programs.

    Raises OSError, for example if another program does not share the port.
    """
    family = socket.AF_INET6 if link.is_ipv6 else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if link.is_ipv6:
            _set_up_ipv6(opened, link)
        else:
            _set_up_ipv4(opened, link)
    except OSError:
        opened.close()
        raise
    return opened


def _set_up_ipv4(opened: socket.socket, link: Link) -> None:
    level = socket.IPPROTO_IP
    group = socket.inet_aton(GROUP_IPV4)
    # struct ip_mreqn: group, address, interface index
    member = struct.pack("@4s4si", group, link.addresses[0].ip.packed, link.index)
    opened.setsockopt(level, _IP_MULTICAST_ALL, 0)
    opened.setsockopt(level, socket.IP_MULTICAST_IF, member)
    opened.setsockopt(level, socket.IP_MULTICAST_TTL, HOPS)
    opened.setsockopt(level, socket.IP_MULTICAST_LOOP, 1)
    opened.bind(("", PORT))
    opened.setsockopt(level, socket.IP_ADD_MEMBERSHIP, member)


def _set_up_ipv6(opened: socket.socket, link: Link) -> None:
    level = socket.IPPROTO_IPV6
    group = socket.inet_pton(socket.AF_INET6, GROUP_IPV6)
    opened.setsockopt(level, socket.IPV6_V6ONLY, 1)
    opened.setsockopt(level, _IPV6_MULTICAST_ALL, 0)
    opened.setsockopt(level, socket.IPV6_MULTICAST_IF, link.index)
    opened.setsockopt(level, socket.IPV6_MULTICAST_HOPS, HOPS)
    opened.setsockopt(level, socket.IPV6_MULTICAST_LOOP, 1)
    opened.bind(("::", PORT))
    # struct ipv6_mreq: group, interface index
    member = struct.pack("@16sI", group, link.index)
    opened.setsockopt(level, socket.IPV6_JOIN_GROUP, member)
