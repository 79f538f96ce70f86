"""Neighbours, and the addresses that go into the URLs of items."""

from ipaddress import IPv4Interface, IPv6Interface, ip_address

import pytest

from upnpserver.net.interfaces import Interface
from upnpserver.net.neighbourhood import Neighbourhood

LINK_LOCAL, WIDER = IPv6Interface("fe80::1/64"), IPv6Interface("fd00::1/64")
HOME = IPv4Interface("192.168.1.5/24")


@pytest.mark.parametrize(
    ("interface", "base_url", "expected"),
    [
        (Interface("a", 1, (HOME,), (LINK_LOCAL,)), "[fe80::1]", "192.168.1.5"),
        (Interface("a", 1, (HOME,), (LINK_LOCAL, WIDER)), "[fe80::1]", "192.168.1.5"),
        (Interface("a", 1, (), (LINK_LOCAL, WIDER)), "[fe80::1]", "[fd00::1]"),
        (Interface("a", 1, (), (LINK_LOCAL,)), "[fe80::1]", "[fe80::1]"),
        (Interface("a", 1, (HOME,), (WIDER,)), "[fd00::1]", "[fd00::1]"),
        (Interface("a", 1, (HOME,), (LINK_LOCAL,)), "192.168.1.5", "192.168.1.5"),
        (Interface("a", 1, (HOME,), (LINK_LOCAL,)), "[fe80::2]", "[fe80::2]"),
    ],
)
def test_items_get_an_address_that_a_url_can_hold(interface, base_url, expected):
    around = Neighbourhood()
    around.follow([interface])
    found = around.base_url_for_items(f"http://{base_url}:8200")
    assert found == f"http://{expected}:8200"


def test_an_address_that_is_gone_no_longer_stands_in():
    around = Neighbourhood()
    around.follow([Interface("a", 1, (HOME,), (LINK_LOCAL,))])
    around.follow([Interface("a", 1, (), (LINK_LOCAL,))])
    assert around.base_url_for_items("http://[fe80::1]:1") == "http://[fe80::1]:1"


def test_only_sources_on_our_own_networks_are_neighbours():
    around = Neighbourhood()
    around.follow([Interface("a", 1, (HOME,), (LINK_LOCAL,))])
    assert around.own_addresses == {HOME.ip, LINK_LOCAL.ip}
    assert around.is_neighbour(ip_address("192.168.1.77"))
    assert not around.is_neighbour(ip_address("203.0.113.9"))
