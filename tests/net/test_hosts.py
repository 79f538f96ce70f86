"""Under which names the server answers."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.net.hosts import HostRule

OWN = {ip_address("192.0.2.1"), ip_address("2001:db8::1"), ip_address("fe80::1")}
RULE = HostRule(lambda: OWN, ["Tower", "nas.home."])

OURS = [
    "192.0.2.1:8200",
    "[2001:db8::1]:8200",
    "[2001:DB8:0::0001]:8200",
    "[fe80::1%25eth0]:8200",
    "tower:8200",
    "TOWER.:8200",
    "nas.home:8200",
]
NOT_OURS = [
    "",
    "192.0.2.1",
    "192.0.2.1:80",
    "192.0.2.1:",
    "192.0.2.1:8200x",
    "192.0.2.1:08200",
    "192.0.2.2:8200",
    "192.0.2.01:8200",
    "3221225985:8200",
    "0xc0000201:8200",
    "192.0.513:8200",
    "192.0.2.1.nip.io:8200",
    "192.0.2.1:8200, evil.example",
    "evil.example:8200",
    "evil.example",
    "tower.evil.example:8200",
    "user@192.0.2.1:8200",
    "192.0.2.1:8200/",
    "[::ffff:192.0.2.1]:8200",
    "[2001:db8::2]:8200",
    "2001:db8::1:8200",
    "[tower]:8200",
    "[192.0.2.1]:8200",
    "192.0.2.1:٨٢٠٠",
    "tower\n:8200",
    "..:8200",
]


@pytest.mark.parametrize("authority", OURS)
def test_ours(authority):
    assert RULE.allows(authority, 8200)
    assert RULE.allows_origin(f"http://{authority}", 8200)


@pytest.mark.parametrize("authority", NOT_OURS)
def test_not_ours(authority):
    assert not RULE.allows(authority, 8200)
    assert not RULE.allows_origin(f"http://{authority}", 8200)


def test_port_80_may_be_left_out():
    assert RULE.allows("192.0.2.1", 80)
    assert RULE.allows("192.0.2.1:80", 80)
    assert not RULE.allows("192.0.2.1:8200", 80)


@pytest.mark.parametrize(
    "origin", ["null", "https://192.0.2.1:8200", "192.0.2.1:8200", "http://", ""]
)
def test_not_our_page(origin):
    assert not RULE.allows_origin(origin, 8200)


def test_follows_the_addresses():
    addresses = {ip_address("192.0.2.1")}
    rule = HostRule(lambda: addresses)
    assert not rule.allows("192.0.2.9:8200", 8200)
    addresses.add(ip_address("192.0.2.9"))
    assert rule.allows("192.0.2.9:8200", 8200)
    addresses.clear()
    assert not rule.allows("192.0.2.9:8200", 8200)


@given(st.text() | st.from_regex(r"\[?[0-9a-f:.%]*\]?(:\d*)?", fullmatch=True))
def test_any_text_has_an_answer(authority):
    assert RULE.allows(authority, 8200) in {True, False}
