"""Which interfaces are the house's, on a made-up /sys/class/net."""

import errno
import socket
from ipaddress import IPv4Interface, IPv6Interface

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs

from upnpserver.net.interface_watch import LOOK_EVERY_S, SETTLE_S, InterfaceWatch
from upnpserver.net.interfaces import (
    Found,
    Interface,
    LeftOut,
    left_out_line,
    usable_interfaces,
)

UP, LOOPBACK, POINT_TO_POINT, MULTICAST = 0x1, 0x8, 0x10, 0x1000
IPV4, IPV6 = 2, 10
BRIDGE, TUNNEL, NO_CABLE = "a bridge", "a tunnel", "neither cable nor Wi-Fi"
CONTAINERS = "a network of containers or virtual machines"
HOME = {IPV4: [{"addr": "192.168.1.5", "netmask": "255.255.255.0"}]}


@pytest.fixture
def host(tmp_path):
    """Add interfaces to a made-up host and look at it."""
    return Host(tmp_path)


class Host:
    def __init__(self, folder):
        self.folder, self.addresses = folder, {}

    def add(self, name, addresses=HOME, *, flags=UP | MULTICAST, carrier="1", **more):
        folder = self.folder / name
        folder.mkdir()
        facts = {"type": "1", "uevent": f"INTERFACE={name}\n", "ifindex": "7", **more}
        for fact, text in {**facts, "flags": hex(flags), "carrier": carrier}.items():
            if text is None:
                (folder / fact).mkdir()  # reading it is an error
            else:
                (folder / fact).write_text(f"{text}\n")
        self.addresses[name] = addresses
        return folder

    def look(self, *wanted):
        return usable_interfaces(
            wanted, sys_class_net=self.folder, addresses=self.addresses.__getitem__
        )

    def usable(self, *wanted):
        return self.look(*wanted).usable

    def names(self, *wanted):
        return [interface.name for interface in self.usable(*wanted)]


def test_cable_and_wifi_with_their_addresses(host):
    host.add(
        "eth0",
        {
            IPV4: [{"addr": "192.168.1.5", "netmask": "255.255.255.0"}],
            IPV6: [
                {"addr": "2001:db8::5", "netmask": "ffff:ffff:ffff:ffff::/64"},
                {"addr": "fe80::5%eth0", "netmask": "ffff:ffff:ffff:ffff::"},
            ],
        },
        ifindex="3",
    )
    assert host.usable() == (
        Interface(
            "eth0",
            3,
            (IPv4Interface("192.168.1.5/24"),),
            (IPv6Interface("fe80::5/64"), IPv6Interface("2001:db8::5/64")),
        ),
    )


@pytest.mark.parametrize(
    ("name", "more", "why"),
    [
        ("lo", {"flags": UP | LOOPBACK, "type": "772"}, ""),
        ("tun0", {"flags": UP | MULTICAST | POINT_TO_POINT, "type": "65534"}, TUNNEL),
        ("home0", {"flags": UP | MULTICAST | POINT_TO_POINT}, TUNNEL),
        ("home1", {"tun_flags": "0x1002"}, TUNNEL),
        ("home2", {"uevent": "DEVTYPE=bridge"}, BRIDGE),
        ("home3", {"uevent": "INTERFACE=home3\nDEVTYPE=wireguard"}, TUNNEL),
        ("home4", {"uevent": "DEVTYPE=vxlan"}, TUNNEL),
        ("home8", {"uevent": "DEVTYPE=wwan"}, "a mobile modem"),
        ("home9", {"brport": None}, ""),
        ("home5", {"bridge": None}, BRIDGE),
        ("home6", {"type": "776"}, NO_CABLE),
        ("home7", {"flags": UP}, NO_CABLE),
        ("docker0", {"bridge": None}, CONTAINERS),
        ("br-4e5f", {"uevent": "DEVTYPE=bridge"}, CONTAINERS),
        ("veth12ab", {}, ""),
        ("virbr0", {}, CONTAINERS),
        ("wg0", {}, TUNNEL),
    ],
)
def test_what_is_not_home_is_left_out_unless_it_is_named(host, name, more, why):
    host.add("eth0")
    host.add(name, **more)
    assert host.names() == ["eth0"]
    assert host.look().left_out == ((LeftOut(name, why),) if why else ())
    assert host.names(name) == [name]
    assert host.look(name).left_out == host.look("eth0").left_out == ()


@pytest.mark.parametrize(
    "more", [{"flags": MULTICAST}, {"carrier": "0"}, {"carrier": None}]
)
def test_what_is_down_is_left_out_even_if_named(host, more):
    host.add("eth0", **more)
    assert host.names() == host.names("eth0") == []


def test_what_could_not_be_served_anyway_is_not_told_as_left_out(host):
    host.add("br0", {}, bridge=None)
    host.add("br1", {IPV6: [{"addr": "fe80::5%br1"}]}, bridge=None)
    host.add("br2", flags=MULTICAST, bridge=None)
    host.add("br3", carrier="0", bridge=None)
    assert host.look() == Found()


BR0, WG0 = LeftOut("br0", BRIDGE), LeftOut("wg0", TUNNEL)


@pytest.mark.parametrize(
    ("found", "listed", "options"),
    [
        (Found((), (BR0,)), "br0 (a bridge)", "--interface br0"),
        (
            Found((Interface("eth0", 1), Interface("eth1", 2)), (WG0, BR0)),
            "wg0 (a tunnel), br0 (a bridge)",
            "--interface eth0 --interface eth1 --interface br0",
        ),
        (Found((Interface("eth0", 1),), (WG0,)), "wg0 (a tunnel)", "--interface NAME"),
    ],
)
def test_what_is_left_out_is_told_with_the_remedy(found, listed, options):
    assert left_out_line(found) == (
        f"left out: {listed}; if the house uses it, name what to serve on: {options}"
    )


def test_nothing_left_out_is_nothing_to_tell():
    assert left_out_line(Found((Interface("eth0", 1),))) == ""


def test_addresses_that_the_internet_could_reach_need_a_name(host):
    public = [{"addr": "8.8.4.4", "netmask": "255.255.255.0"}]
    link_local = [{"addr": "fe80::5%eth0", "netmask": "ffff::/64"}]
    host.add("eth0", {IPV4: public, IPV6: link_local})
    assert host.look() == Found((), (LeftOut("eth0", "no private address"),))
    named = host.usable("eth0")[0]
    assert named.ipv4 == (IPv4Interface("8.8.4.4/24"),)
    assert named.ipv6 == (IPv6Interface("fe80::5/64"),)


@pytest.mark.parametrize(
    ("address", "is_home"),
    [
        ("10.0.0.1", True), ("172.16.0.1", True), ("172.32.0.1", False),
        ("192.168.255.1", True), ("169.254.1.1", True), ("100.64.0.1", False),
        ("192.0.2.1", False), ("127.0.0.1", False),
    ],
)  # fmt: skip
def test_home_addresses_are_the_private_ones(host, address, is_home):
    host.add("eth0", {IPV4: [{"addr": address, "netmask": "255.255.255.0"}]})
    assert bool(host.usable()) == is_home


def test_public_addresses_beside_private_ones_are_kept_out(host):
    public = {"addr": "8.8.4.4", "netmask": "255.255.255.0"}
    host.add("eth0", {IPV4: [public, HOME[IPV4][0]]})
    assert host.usable()[0].ipv4 == (IPv4Interface("192.168.1.5/24"),)


def test_loopback_has_no_carrier_and_is_used_if_named(host):
    own = {IPV4: [{"addr": "127.0.0.1", "netmask": "255.0.0.0"}]}
    host.add("lo", own, flags=UP | LOOPBACK, carrier=None, type="772")
    assert host.names("lo") == ["lo"]


def test_a_house_without_ipv4(host):
    host.add("eth0", {IPV6: [{"addr": "fe80::5%eth0", "netmask": "ffff::/64"}]})
    assert host.usable()[0].ipv6 == (IPv6Interface("fe80::5/64"),)


def test_a_file_among_the_folders(host):
    host.add("eth0")
    (host.folder / "bonding_masters").write_text("bond0\n")
    assert host.names() == ["eth0"]


def test_a_self_given_address_counts_only_while_there_is_no_other(host):
    own = {"addr": "169.254.7.7", "netmask": "255.255.0.0"}
    host.add("eth0", {IPV4: [own]})
    host.add("eth1", {IPV4: [own, HOME[IPV4][0]]})
    eth0, eth1 = host.usable()
    assert eth0.ipv4 == (IPv4Interface("169.254.7.7/16"),)
    assert eth1.ipv4 == (IPv4Interface("192.168.1.5/24"),)


def test_without_an_address_there_is_nothing_to_be_found_at(host):
    host.add("eth0", {})
    assert host.usable() == ()


def test_an_interface_that_goes_while_we_look(host):
    host.add("eth0")
    host.add("eth1")
    del host.addresses["eth1"]
    host.addresses = type("Gone", (dict,), {"__missing__": _gone})(host.addresses)
    assert host.names() == ["eth0"]


def _gone(addresses, name):
    raise ValueError("You must specify a valid interface name.")


def test_out_of_descriptors_is_not_out_of_interfaces(host):
    host.add("eth0")
    host.addresses = type("Spent", (dict,), {"__missing__": _spent})()
    with pytest.raises(OSError, match="Too many open files"):
        host.usable()


def _spent(addresses, name):
    raise OSError(errno.EMFILE, "Too many open files")


class Descriptors:
    reader = None

    def addReader(self, reader):
        self.reader = reader

    def removeReader(self, reader):
        self.reader = None


ETH0, MOVED = Interface("eth0", 1), Interface("eth0", 2)


def test_the_watch_tells_changes_only():
    clock, told, now = Clock(), [], [(ETH0,)]
    watch = InterfaceWatch(clock, Descriptors(), lambda: Found(now[0]), told.append)
    watch.start()
    assert told == [(ETH0,)]
    clock.advance(5 * LOOK_EVERY_S)
    assert told == [(ETH0,)]
    now[0] = ()
    for _ in range(2):
        clock.advance(LOOK_EVERY_S)
    assert told == [(ETH0,), ()]
    watch.stop()
    assert clock.getDelayedCalls() == []


def test_news_from_the_kernel_are_looked_at_once_they_settle():
    clock, told, now = Clock(), [], [(ETH0,)]
    descriptors = Descriptors()
    watch = InterfaceWatch(clock, descriptors, lambda: Found(now[0]), told.append)
    watch.start()
    now[0] = (MOVED,)
    for _ in range(3):
        descriptors.reader.doRead()
        clock.advance(SETTLE_S / 2)
    assert told[-1] == (MOVED,)
    watch.stop()
    assert descriptors.reader is None


@pytest.mark.parametrize("refused_by", ["socket", "bind"])
def test_without_the_kernels_news_a_look_now_and_then_finds_it(monkeypatch, refused_by):
    if refused_by == "socket":  # as RestrictAddressFamilies does
        monkeypatch.setattr(socket, "socket", _refuse)
    else:
        monkeypatch.setattr(socket.socket, "bind", _refuse)
    clock, told, now = Clock(), [], [()]
    descriptors = Descriptors()
    watch = InterfaceWatch(clock, descriptors, lambda: Found(now[0]), told.append)
    watch.start()
    assert descriptors.reader is None
    now[0] = (ETH0,)
    clock.advance(LOOK_EVERY_S)
    assert told == [(ETH0,)]
    watch.stop()


def _refuse(*_):
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_look_that_fails_changes_nothing():
    clock, told, now = Clock(), [], [ETH0]

    def look():
        if not now:
            raise OSError(errno.EMFILE, "Too many open files")
        return Found(tuple(now))

    watch = InterfaceWatch(clock, Descriptors(), look, told.append)
    watch.start()
    now.clear()
    clock.pump([LOOK_EVERY_S] * 3)
    assert told == [(ETH0,)]
    now.append(MOVED)
    clock.advance(LOOK_EVERY_S)
    assert told == [(ETH0,), (MOVED,)]
    watch.stop()


def test_after_sleep_the_interfaces_come_back_even_if_they_look_the_same():
    clock, told, asleep = Clock(), [], [5.0]
    watch = InterfaceWatch(
        clock, Descriptors(), lambda: Found((ETH0,)), told.append, lambda: asleep[0]
    )
    watch.start()
    asleep[0] += 0.1  # two clocks are not read at one instant
    clock.advance(LOOK_EVERY_S)
    assert told == [(ETH0,)]
    asleep[0] += 3600
    clock.advance(LOOK_EVERY_S)
    assert told == [(ETH0,), (), (ETH0,)]
    watch.stop()


def test_this_machines_own_interfaces_are_readable():
    assert "lo" in [interface.name for interface in usable_interfaces(["lo"]).usable]


def test_what_is_left_out_is_logged_once_a_change():
    clock, now = Clock(), [Found((ETH0,), (BR0,))]
    watch = InterfaceWatch(clock, Descriptors(), lambda: now[0], lambda _: None)
    with capturedLogs() as events:
        watch.start()
        clock.pump([LOOK_EVERY_S] * 3)
        now[0] = Found((MOVED,), (BR0,))
        clock.advance(LOOK_EVERY_S)
        now[0] = Found((MOVED,), (BR0, WG0))
        clock.advance(LOOK_EVERY_S)
        now[0] = Found((MOVED,))
        clock.advance(LOOK_EVERY_S)
    watch.stop()
    assert [(event["log_level"], event["line"]) for event in events] == [
        (LogLevel.info, left_out_line(Found((ETH0,), (BR0,)))),
        (LogLevel.info, left_out_line(Found((MOVED,), (BR0, WG0)))),
    ]
