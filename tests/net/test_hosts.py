"""Under which names the server answers."""

import os
from ipaddress import ip_address
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.net.hosts import HostRule

OWN = {ip_address("192.0.2.1"), ip_address("2001:db8::1"), ip_address("fe80::1")}
RULE = HostRule(lambda: OWN, ["Tower", "nas.home."], lambda: "Attic-Pi")

OURS = [
    "192.0.2.1:8200",
    "[2001:db8::1]:8200",
    "[2001:DB8:0::0001]:8200",
    "[fe80::1%25eth0]:8200",
    "tower:8200",
    "TOWER.:8200",
    "nas.home:8200",
    "attic-pi:8200",
    "Attic-Pi.local:8200",
    "attic-pi.LOCAL.:8200",
]
OURS_WITHOUT_A_PORT = [
    "192.0.2.1",
    "[2001:db8::1]",
    "[fe80::1%25eth0]",
    "tower",
    "NAS.home.",
    "attic-pi",
    "Attic-Pi.local.",
]
NOT_OURS = [
    "",
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
    "192.0.2.2",
    "[2001:db8::2]",
    "tower.evil.example",
    "attic-pi:80",
    "attic-pi.local:8201",
    "attic-pi.example:8200",
    "attic-pi.local.example",
    "attic-pi.local.local",
    "attic:8200",
    "pi.local",
    "local:8200",
    ".local",
    "localhost.evil.example",
    "localhost.local",
]
LOCALHOST = ["localhost", "localhost:8200", "LOCALHOST.:8200"]


@pytest.mark.parametrize("authority", OURS)
def test_ours(authority):
    assert RULE.allows(authority, 8200)
    assert RULE.allows_origin(f"http://{authority}", 8200)


@pytest.mark.parametrize("authority", NOT_OURS)
def test_not_ours(authority):
    assert not RULE.allows(authority, 8200)
    assert not RULE.allows_origin(f"http://{authority}", 8200)


@pytest.mark.parametrize("authority", OURS_WITHOUT_A_PORT)
def test_a_host_may_leave_the_port_out_but_a_page_without_one_is_of_port_80(authority):
    assert RULE.allows(authority, 8200)
    assert RULE.allows(authority, 80)
    assert not RULE.allows_origin(f"http://{authority}", 8200)
    assert RULE.allows_origin(f"http://{authority}", 80)


def test_port_80():
    assert RULE.allows("192.0.2.1:80", 80)
    assert RULE.allows_origin("http://192.0.2.1:80", 80)
    assert not RULE.allows("192.0.2.1:8200", 80)


@pytest.mark.parametrize("authority", LOCALHOST)
def test_localhost_is_ours_to_this_machine_only(authority):
    assert RULE.allows(authority, 8200, is_loopback=True)
    assert not RULE.allows(authority, 8200)
    origin = f"http://{authority}"
    is_our_page = authority != "localhost"
    assert RULE.allows_origin(origin, 8200, is_loopback=True) is is_our_page
    assert not RULE.allows_origin(origin, 8200)


@pytest.mark.parametrize("authority", [*NOT_OURS, "localhost:80", "localhost:8201"])
def test_a_loopback_connection_brings_no_other_name(authority):
    assert not RULE.allows(authority, 8200, is_loopback=True)


def test_this_machine_may_have_a_domain():
    rule = HostRule(lambda: OWN, (), lambda: "pi.home.example")
    for name in ("pi.home.example", "pi.local:8200"):
        assert rule.allows(name, 8200)
    for name in ("home.example", "evil.home.example", "pi.home.example.local"):
        assert not rule.allows(name, 8200)


@pytest.mark.parametrize("nodename", ["", ".", "localhost", "(none)"])
def test_this_machine_may_have_no_name(nodename):
    rule = HostRule(lambda: OWN, (), lambda: nodename)
    for name in (".", ".local", "local", "none", "none.local", "localhost.local"):
        assert not rule.allows(name, 8200)


def test_follows_the_name_of_the_machine():
    nodename = "old"
    rule = HostRule(lambda: OWN, (), lambda: nodename)
    assert rule.allows("old", 8200)
    nodename = "new"
    assert rule.allows("new.local", 8200)
    assert not rule.allows("old", 8200)


def test_asks_the_system_for_the_name(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="cellar"))
    assert HostRule(lambda: OWN).allows("cellar:8200", 8200)


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
