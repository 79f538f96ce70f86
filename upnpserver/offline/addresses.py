"""Which addresses belong to the house.

Two questions have two answers, and both are a LocalNetworks:

- may this process send there? reachable_networks(): the ranges that no router
  passes on to the internet, our own interfaces' prefixes, the networks that
  the configuration names, and the SSDP groups.
- may this source talk to us? neighbour_networks(): narrower. A private range
  that is not ours comes through a router, so it must be named.

Source: RFC 1122 section 3.2.1.3 (127/8), RFC 1918, RFC 3927 (169.254/16),
RFC 4193 (fc00::/7), RFC 4291 sections 2.5.3 and 2.5.6 (::1, fe80::/10);
the groups: UDA 2.0 section 1.1.1 and annex A.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# Never passed on by any router: whoever has one is on this machine or link.
ON_LINK = _networks("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10")
PRIVATE = _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
SSDP_GROUPS = _networks("239.255.255.250/32", "ff02::c/128")

# A wider own prefix is a mistake in somebody's network settings (a /0 would
# make the whole internet "local"); no home and no provider hands these out.
_WIDEST_PREFIX = {4: 8, 6: 32}


@dataclass(frozen=True, slots=True)
class LocalNetworks:
    """A set of networks; an IPv4-mapped IPv6 address counts as its IPv4."""

    networks: tuple[Network, ...]

    def contains(self, address: Address | str) -> bool:
        """Tell whether address is in one of the networks; False if it is no address."""
        try:
            ip = ip_address(address) if isinstance(address, str) else address
        except ValueError:
            return False
        plain = unmapped(ip)
        return any(plain in network for network in self.networks)


def unmapped(ip: Address) -> Address:
    """Return the IPv4 address inside ::ffff:a.b.c.d, anything else as it is."""
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ip


def is_too_wide(network: Network) -> bool:
    """Tell whether network is larger than any house or provider's link."""
    if any(_within(network, private) for private in PRIVATE + ON_LINK):
        return False
    return network.prefixlen < _WIDEST_PREFIX[network.version]


def reachable_networks(
    own: Iterable[Network] = (), named: Iterable[Network] = ()
) -> LocalNetworks:
    """Return where we may send, given our interfaces' prefixes and the named ones."""
    return LocalNetworks(_fold(ON_LINK, PRIVATE, SSDP_GROUPS, own, named))


def neighbour_networks(
    own: Iterable[Network] = (), named: Iterable[Network] = ()
) -> LocalNetworks:
    """Return whose requests we answer, from the same two lists."""
    return LocalNetworks(_fold(ON_LINK, own, named))


def _fold(*groups: Iterable[Network]) -> tuple[Network, ...]:
    """Put the groups together without repeats and without what is too wide."""
    wanted = (network for group in groups for network in group)
    return tuple(dict.fromkeys(n for n in wanted if not is_too_wide(n)))


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)
