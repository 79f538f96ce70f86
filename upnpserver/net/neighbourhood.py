"""Who is a neighbour and which addresses are ours, as interfaces come and go."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from upnpserver.net.interfaces import Interface
from upnpserver.offline import guard
from upnpserver.offline.addresses import Network, neighbour_networks

Address = IPv4Address | IPv6Address


class Neighbourhood:
    """What the door and the offline guard know of the interfaces.

    named: networks of the configuration whose devices are answered as well.
    """

    def __init__(self, named: tuple[Network, ...] = ()) -> None:
        self._named = named
        self.own_addresses: frozenset[Address] = frozenset()
        self.follow(())

    def follow(self, interfaces: Iterable[Interface]) -> None:
        """Take note of the interfaces as they are now."""
        own: list[IPv4Interface | IPv6Interface] = []
        for interface in interfaces:
            own += (*interface.ipv4, *interface.ipv6)
        networks = tuple(one.network for one in own)
        self.own_addresses = frozenset(one.ip for one in own)
        self._neighbours = neighbour_networks(networks, self._named)
        guard.update(networks, self._named)

    def is_neighbour(self, address: Address) -> bool:
        """Tell whether a source may talk to us."""
        return self._neighbours.contains(address)
