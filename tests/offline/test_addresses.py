"""Which addresses are local, for sending and for being talked to."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.offline.addresses import (
    PRIVATE,
    SSDP_GROUPS,
    is_too_wide,
    neighbour_networks,
    reachable_networks,
    unmapped,
)

ON_LINK = [
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "169.254.0.1",
    "169.254.255.254",
    "fe80::1",
    "fe80::1%eth0",
    "febf:ffff::1",
]
PRIVATE_ADDRESSES = [
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "fc00::1",
    "fdff:ffff::1",
]
GROUPS = ["239.255.255.250", "ff02::c", "ff02::c%eth0"]
FAR = [
    "0.0.0.0",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.2.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.51.100.1",
    "203.0.113.9",
    "100.64.0.1",
    "224.0.0.251",
    "239.255.255.251",
    "255.255.255.255",
    "::",
    "::2",
    "2001:db8::1",
    "2000::1",
    "fbff:ffff::1",
    "fe00::1",
    "fe7f:ffff::1",
    "fec0::1",
    "ff02::b",
    "ff02::fb",
    "ff05::c",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
]
NO_ADDRESSES = [
    "",
    "localhost",
    "127.1",
    "0x7f.0.0.1",
    "10.0.0.1 ",
    "10.0.0.01",
    "\u0661.\u0661.\u0661.\u0661",
]


@pytest.mark.parametrize("address", ON_LINK + PRIVATE_ADDRESSES + GROUPS)
def test_may_send_to_what_no_router_passes_on(address):
    assert reachable_networks().contains(address)


@pytest.mark.parametrize("address", FAR + NO_ADDRESSES)
def test_may_not_send_further(address):
    assert not reachable_networks().contains(address)


@pytest.mark.parametrize("address", ON_LINK)
def test_answers_who_can_only_be_on_the_link(address):
    assert neighbour_networks().contains(address)


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES + GROUPS + FAR + NO_ADDRESSES)
def test_answers_nobody_else_without_own_prefixes(address):
    assert not neighbour_networks().contains(address)


OWN = [ip_network("192.0.2.0/24"), ip_network("2001:db8:1::/64")]
INSIDE_OWN = ["192.0.2.1", "192.0.2.255", "2001:db8:1::5", "::ffff:192.0.2.7"]
BESIDE_OWN = ["192.0.3.0", "192.0.1.255", "2001:db8:1:1::5", "::ffff:192.0.3.7"]


@pytest.mark.parametrize("networks", [reachable_networks, neighbour_networks])
@pytest.mark.parametrize("place", ["own", "named"])
def test_own_and_named_prefixes_count_for_both(networks, place):
    local = networks(**{place: OWN})
    assert all(local.contains(address) for address in INSIDE_OWN)
    assert not any(local.contains(address) for address in BESIDE_OWN)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("::10.0.0.1", "::10.0.0.1"),
        ("10.0.0.1", "10.0.0.1"),
        ("fe80::1", "fe80::1"),
    ],
)
def test_a_mapped_address_counts_as_its_ipv4(address, plain):
    assert unmapped(ip_address(address)) == ip_address(plain)
    mapped_is_local = reachable_networks().contains(address)
    assert mapped_is_local == reachable_networks().contains(plain)


WIDE = ["0.0.0.0/0", "192.0.0.0/7", "::/0", "2001::/31", "8.0.0.0/5"]
NOT_WIDE = ["11.0.0.0/8", "2001:db8::/32", "10.0.0.0/8", "fc00::/7", "fe80::/10"]


@pytest.mark.parametrize("network", WIDE)
def test_half_the_internet_is_no_home_network(network):
    wide = ip_network(network)
    assert is_too_wide(wide)
    for local in (reachable_networks([wide]), neighbour_networks([], [wide])):
        assert not local.contains("192.0.2.1")
        assert not local.contains("2001:db8::1")
        assert not local.contains("8.8.8.8")


@pytest.mark.parametrize("network", NOT_WIDE)
def test_a_large_home_network_is_one(network):
    assert not is_too_wide(ip_network(network))


def test_nothing_is_kept_twice():
    ten = ip_network("10.0.0.0/8")
    assert reachable_networks([ten], [ten]) == reachable_networks()


@given(st.ip_addresses())
def test_no_global_address_is_ever_local(address: IPv4Address | IPv6Address):
    local = reachable_networks().contains(address)
    if address.is_global and not address.is_multicast:
        assert not local
    if neighbour_networks().contains(address):
        assert local


@given(
    st.sampled_from(PRIVATE + SSDP_GROUPS).flatmap(
        lambda network: st.ip_addresses(network=network)
    )
)
def test_every_private_address_and_group_is_reachable_but_must_be_own_to_be_answered(
    address,
):
    assert reachable_networks().contains(address)
    assert not neighbour_networks().contains(address)


@given(st.text())
def test_any_text_is_only_ever_told_apart(text):
    assert reachable_networks().contains(text) in (True, False)
