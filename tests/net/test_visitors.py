"""Whose request it is: recognised once, remembered, and named by the owner."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from upnpserver.devices.named import NamedDevice
from upnpserver.model import SeenDevice
from upnpserver.net import visitors as module
from upnpserver.net.head import Head
from upnpserver.net.visitors import (
    LOOKED_UP_S,
    MAX_NEWS_A_SECOND,
    MAX_VISITORS,
    DeviceRules,
    Visitors,
    arp_table,
)
from upnpserver.settings.families import shipped_families

TV, PC = "192.0.2.20", "192.0.2.21"
MAC = "00:00:5e:00:53:01"
LG = {b"user-agent": b"Linux/2.6.35 UPnP/1.0 LGE_DLNA_SDK/1.6.0"}
ENGINE = {b"user-agent": b"Lavf53.4.0"}
KODI = {b"user-agent": b"UPnP/1.0 DLNADOC/1.50 Kodi"}
VLC = {b"user-agent": b"VLC/3.0.19 LibVLC/3.0.19"}
Q = {b"user-agent": b"DLNADOC/1.50 SEC_HHP_[TV] Samsung Q7 Series (49)/1.0"}


class Request:
    def __init__(self, peer, headers):
        self.peer = ip_address(peer)
        self.head = Head(b"GET", b"/", False, headers, None, True)


class House:
    """Visitors with a clock, a table of neighbours, and a count of look-ups."""

    def __init__(self, monkeypatch, *named):
        self.now_s, self.table, self.looked_up = 0.0, "", 0
        self.seen = []
        self.visitors = Visitors(
            DeviceRules(shipped_families(), named, 50),
            lambda: self.now_s,
            lambda: self.table,
            lambda *told: self.seen.append(told),
        )
        recognise = module.recognise

        def counted(*arguments):
            self.looked_up += 1
            return recognise(*arguments)

        monkeypatch.setattr(module, "recognise", counted)

    def meet(self, address, mac):
        row = f"{address}  0x1  0x2  {mac}  *  eth0\n"
        self.table = f"IP address  HW type  Flags  HW address  Mask  Device\n{row}"

    def policy(self, peer, headers):
        return self.visitors.policy_for(Request(peer, headers))

    def device(self, peer, headers):
        return self.policy(peer, headers).device


@pytest.fixture
def house(monkeypatch):
    return House(monkeypatch)


def test_a_policy_says_family_needs_and_the_houses_rules(house):
    policy = house.policy(TV, Q)
    assert (policy.device, policy.letters_from) == ("samsung-q", 50)
    assert policy.needs.bookmark == "ms"
    assert house.policy(PC, Q) is policy  # what is made for it is kept under it
    for headers in ({}, {b"user-agent": b"\xff\xfe" * 999}):
        assert house.device("192.0.2.22", headers) == "generic"


def test_it_is_looked_up_once(house):
    for _ in range(10):
        assert house.device(PC, KODI) == "kodi"
        assert house.device(PC, VLC) == "vlc"
        assert house.device(TV, KODI) == "kodi"
    assert house.looked_up == 3
    house.now_s = LOOKED_UP_S
    assert house.device(PC, KODI) == "kodi"
    assert house.looked_up == 4


@pytest.mark.parametrize(
    ("name", "value", "family"),
    [
        (b"x-av-client-info", b'mn="UBP-X800M2"; mv="2.0"', "sony-uhd-bdp"),
        (b"x-av-physical-unit-info", b'pa="UBP-X800M2";', "sony-uhd-bdp"),
        (b"friendlyname.dlna.org", b"XboxOne", "xbox-one"),
        (b"x-panasonic-registration", b"QlBE", "panasonic-viera"),
        (b"server", b"Allegro-Software-RomPlug", "generic"),  # no request's header
    ],
)
def test_each_header_counts(house, name, value, family):
    agent = {b"user-agent": b"Foo/1"}
    assert house.device(TV, agent) == "generic"
    assert house.device(TV, {**agent, name: value}) == family
    assert house.device(TV, agent) == family


def test_who_tells_nothing_is_who_was_seen_there(house):
    assert house.device(TV, ENGINE) == "gstreamer"
    assert house.device(TV, LG) == "lg-netcast"
    assert house.device(TV, ENGINE) == "lg-netcast"
    assert house.device(PC, ENGINE) == "gstreamer"


def test_a_device_is_the_same_at_another_address(house):
    house.meet(TV, MAC)
    house.device(TV, LG)
    house.meet(PC, MAC)
    assert house.device(PC, ENGINE) == "lg-netcast"
    assert house.device("fe80::200:5eff:fe00:5301%2", ENGINE) == "lg-netcast"


def test_each_look_up_tells_who_was_seen(house):
    house.meet(TV, MAC)
    agent = LG[b"user-agent"].decode()
    for headers in (LG, LG, ENGINE):
        house.device(TV, headers)
    house.device(PC, {b"user-agent": b"Foo/1"})
    house.device(PC, {})
    lg = (MAC, SeenDevice(TV, MAC, "lg-netcast", "ua", agent))
    assert house.seen == [
        *(lg, lg),  # the second tells nothing: it is the first one's
        (PC, SeenDevice(PC, "", "", "ua", "Foo/1")),
        (PC, SeenDevice(PC, "", "", "ua", "")),
    ]


def test_what_it_announces_counts_for_who_tells_nothing(house):
    assert house.device(TV, ENGINE) == "gstreamer"
    house.visitors.heard(ip_address(TV), "server", "Allegro-Software-RomPlug/4.34")
    assert house.device(TV, ENGINE) == "roku-soundbridge"
    assert house.device(TV, KODI) == "kodi"
    assert house.device(TV, ENGINE) == "kodi"


def test_what_is_announced_again_is_not_looked_at_again(house):
    for _ in range(10):
        house.visitors.heard(ip_address(TV), "server", "Foo/1 UPnP/1.0")
    assert house.looked_up == 1
    house.now_s = LOOKED_UP_S
    house.visitors.heard(ip_address(TV), "server", "Foo/1 UPnP/1.0")
    assert house.looked_up == 2


def test_a_flood_of_announcements_costs_little(house):
    for n in range(10 * MAX_VISITORS):
        house.visitors.heard(ip_address(TV), "server", f"Foo/{n}")
    assert house.looked_up == MAX_NEWS_A_SECOND
    house.now_s = 1.0
    house.visitors.heard(ip_address(TV), "server", "Allegro-Software-RomPlug")
    assert house.device(TV, {}) == "roku-soundbridge"


def test_a_flood_of_agents_is_forgotten_again(house):
    for n in range(2 * MAX_VISITORS):
        house.device(TV, {b"user-agent": b"Foo/%d" % n})
    assert len(house.visitors._known) == MAX_VISITORS


NAMED = NamedDevice(
    "Den", frozenset({ip_address(TV)}), frozenset({MAC}), "samsung-q", {"dlna": False}
)


def test_what_the_owner_says_of_a_device_goes_first(monkeypatch):
    house = House(monkeypatch, NAMED)
    for headers in (LG, ENGINE, {}):
        policy = house.policy(TV, headers)
        assert (policy.device, policy.needs.dlna) == ("samsung-q", False)
        assert policy.needs.bookmark == "ms"
    assert house.device(PC, LG) == "lg-netcast"
    house.meet("192.0.2.22", MAC)
    assert house.device("192.0.2.22", LG) == "samsung-q"


def test_without_a_rule_its_own_family_is_changed(monkeypatch):
    named = NamedDevice("Den", NAMED.addresses, changes={"mimes": {"a/b": "c/d"}})
    house = House(monkeypatch, named)
    assert house.device(TV, {}) == "generic"
    assert house.policy(TV, {}).needs.mimes == {"a/b": "c/d"}
    policy = house.policy(TV, LG)
    assert policy.device == "lg-netcast"
    assert policy.needs.mimes["a/b"] == "c/d"
    assert len(policy.needs.mimes) > 1
    assert replace(policy.needs, mimes={}).profiles == "no"


def test_the_kernels_table_can_be_read():
    assert isinstance(arp_table(), str)


def test_a_kernel_without_a_table_tells_nobody(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_ARP", tmp_path / "none")
    assert arp_table() == ""
