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
        self._stand_ins: dict[str, str] = {}
        for interface in interfaces:
            own += (*interface.ipv4, *interface.ipv6)
            self._stand_ins |= _stand_ins(interface)
        networks = tuple(one.network for one in own)
        self.own_addresses = frozenset(one.ip for one in own)
        self._neighbours = neighbour_networks(networks, self._named)
        guard.update(networks, self._named)

    def is_neighbour(self, address: Address) -> bool:
        """Tell whether a source may talk to us."""
        return self._neighbours.contains(address)

    def base_url_for_items(self, base_url: str) -> str:
        """Return the start of items' URLs for who came in on base_url.

        A link-local address works only together with the client's own name for
        the interface, and a URL has no place for it: VLC 3 browses there, and
        then can't open a single item. So another address of the same interface
        stands in, if there is one.
        """
        host, _, port = base_url.removeprefix("http://").rpartition(":")
        return f"http://{self._stand_ins.get(host, host)}:{port}"


def _stand_ins(interface: Interface) -> dict[str, str]:
    """Return what a URL's host becomes: "[fe80::1]" an address that goes farther."""
    wider = [f"[{one.ip}]" for one in interface.ipv6 if not one.ip.is_link_local]
    wider[:0] = [str(one.ip) for one in interface.ipv4]
    if not wider:
        return {}
    narrow = (one.ip for one in interface.ipv6 if one.ip.is_link_local)
    return {f"[{address}]": wider[0] for address in narrow}
