"""The test network itself: it connects what it should, and counts what leaves."""

import socket

import pytest
from support.netns import FOREIGN_IPV4, FOREIGN_IPV6, INTERFACE, home_network

pytestmark = pytest.mark.end_to_end

SSDP_GROUP = "239.255.255.250"


@pytest.fixture(scope="module")
def home():
    with home_network() as network:
        yield network


def place(address, port=0):
    """Return what bind and sendto want; link-local addresses get their scope."""
    scope = f"%{INTERFACE}" if address.startswith("fe80:") else ""
    return socket.getaddrinfo(
        address + scope, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )[0][4]


def udp(host, address):
    """Return a UDP socket bound to the address on the host, at any port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with host.entered():
        bound = socket.socket(family, socket.SOCK_DGRAM)
        bound.settimeout(2)
        bound.bind(place(address))
        return bound


def send(host, address, port=9, source=""):
    with host.entered(), udp(host, source or _any(address)) as sender:
        sender.sendto(b"here", place(address, port))


def _any(address):
    return "::" if ":" in address else "0.0.0.0"


@pytest.mark.parametrize("family", ["ipv4", "ipv6", "link_local"])
def test_client_reaches_server_at_once(home, family):
    address = getattr(home.server, family)
    with udp(home.server, address) as listener:
        send(home.client, address, listener.getsockname()[1])
        assert listener.recvfrom(100)[0] == b"here"


def test_multicast_reaches_the_client(home):
    with udp(home.client, SSDP_GROUP) as listener:
        membership = socket.inet_aton(SSDP_GROUP) + socket.inet_aton(home.client.ipv4)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        send(home.server, SSDP_GROUP, listener.getsockname()[1])
        assert listener.recvfrom(100)[0] == b"here"


def test_traffic_at_home_does_not_count_as_leaving(home):
    before = home.left_home()
    for address in (home.client.ipv4, home.client.ipv6, SSDP_GROUP):
        send(home.server, address)
    assert home.left_home() == before


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "239.1.2.3"])
def test_every_packet_that_leaves_is_counted(home, address):
    for _ in range(2):
        send(home.server, address)
    assert home.left_home()[address] == 2


def test_only_what_the_server_sends_is_counted(home):
    before = home.left_home()
    send(home.client, "239.9.9.9")
    assert home.left_home() == before


@pytest.mark.parametrize("source", [FOREIGN_IPV4, FOREIGN_IPV6])
def test_the_router_can_knock_with_a_foreign_address(home, source):
    address = home.server.ipv6 if ":" in source else home.server.ipv4
    with udp(home.server, address) as listener:
        send(home.router, address, listener.getsockname()[1], source)
        assert listener.recvfrom(100)[1][0] == source
