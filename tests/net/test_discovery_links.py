"""Discovery on real links: the server's process here, control points there."""

import contextlib
import socket
import struct
import subprocess
import sys
import time
from ipaddress import ip_address
from pathlib import Path

import pytest
from support.netns import FOREIGN_IPV4, home_network

pytestmark = pytest.mark.end_to_end

GROUP, GROUP6, PORT = "239.255.255.250", "ff02::c", 1900
UUID = "0f9b5f8e-6f5c-4f9e-9a6b-1f2e3d4c5b6a"
OTHER = "0f9b5f8e-0000-4f9e-9a6b-000000000000"
ROWS = 6
SECONDS = 5
SECOND_SERVER, SECOND_CLIENT = "10.78.0.10", "10.78.0.20"


@pytest.fixture
def home():
    """Build a home where two cables join server and client: eth0 and eth1."""
    with home_network() as network:
        join_again(network.server, network.client)
        yield network


def join_again(server, client):
    server.ip(f"link add eth1 type veth peer name eth1 netns {client.namespace}")
    for host, address in ((server, SECOND_SERVER), (client, SECOND_CLIENT)):
        host.ip(f"address add {address}/24 brd + dev eth1")
        host.ip("link set eth1 up")


@contextlib.contextmanager
def discovery(host, *interfaces, uuid=UUID):
    """Run discovery on a host; what it logged is checked at its end."""
    program = Path(__file__).with_name("discovery_process.py")
    process = subprocess.Popen(
        host.command(sys.executable, str(program), uuid, *interfaces),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "running\n"
        yield process
    finally:
        process.terminate()
        _, log = process.communicate(timeout=SECONDS)
    print(log)
    assert process.returncode == 0
    assert "Traceback" not in log


def index_of(host, interface):
    with host.entered():
        return socket.if_nametoindex(interface)


def m_search(target, mx="MX: 1\r\n"):
    return (
        f'M-SEARCH * HTTP/1.1\r\nHOST: {GROUP}:1900\r\nMAN: "ssdp:discover"\r\n'
        f"{mx}ST: {target}\r\n\r\n"
    ).encode()


class Listener:
    """A control point's socket on one interface of a host; port 0: asks only."""

    def __init__(self, host, interface="eth0", *, ipv6=False, port=PORT, source=""):
        self.index, self.ipv6 = index_of(host, interface), ipv6
        with host.entered():
            family = socket.AF_INET6 if ipv6 else socket.AF_INET
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ipv6:
            member = struct.pack("@16sI", socket.inet_pton(family, GROUP6), self.index)
            self.socket.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index
            )
            self.socket.bind(("::", port))
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
        else:
            group, own = (socket.inet_aton(a) for a in (GROUP, source or "0.0.0.0"))
            member = struct.pack("@4s4si", group, own, self.index)
            self.socket.setsockopt(socket.IPPROTO_IP, 49, 0)  # IP_MULTICAST_ALL
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, member)
            self.socket.bind((source, port))
            if port:
                self.socket.setsockopt(
                    socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member
                )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, target, to="", **more):
        to = to or (GROUP6 if self.ipv6 else GROUP)
        place = (to, PORT, 0, self.index) if self.ipv6 else (to, PORT)
        self.socket.sendto(m_search(target, **more), place)

    def heard(self, wanted, enough=1, within_s=SECONDS):
        """Collect (message, source) until enough are wanted, or time is over."""
        found, end = [], time.monotonic() + within_s
        while len(found) < enough and (left_s := end - time.monotonic()) > 0:
            self.socket.settimeout(left_s)
            with contextlib.suppress(TimeoutError):
                data, source = self.socket.recvfrom(4096)
                if wanted(data.decode()):
                    found.append((data.decode(), source[:2]))
        return found


def answers(asker, enough=1, within_s=SECONDS):
    return asker.heard(lambda m: m.startswith("HTTP/1.1 200 OK"), enough, within_s)


def locations(messages):
    return {
        line.partition(": ")[2]
        for message, _ in messages
        for line in message.split("\r\n")
        if line.startswith("LOCATION: ")
    }


def at(address):
    host = f"[{address}]" if ip_address(address).version == 6 else address
    return {f"http://{host}:8200/d.xml"}


def is_alive(message):
    return "NTS: ssdp:alive" in message


def is_byebye(message):
    return "NTS: ssdp:byebye" in message


def test_multicast_and_unicast_searches_on_two_cables(home):
    server, client = home.server, home.client
    with discovery(server, "eth0", "eth1"):
        for interface, own in (("eth0", server.ipv4), ("eth1", SECOND_SERVER)):
            with Listener(client, interface, port=0) as asker:
                asker.ask("ssdp:all")
                found = answers(asker, ROWS)
                assert len({message for message, _ in found}) == ROWS
                assert {source for _, source in found} == {(own, PORT)}
                assert locations(found) == at(own)
                asker.ask("urn:schemas-upnp-org:device:MediaServer:1", own, mx="")
                found = answers(asker)
                assert [source for _, source in found] == [(own, PORT)]
                assert locations(found) == at(own)
                asker.ask("urn:schemas-upnp-org:device:MediaServer:2")
                asker.ask("urn:schemas-upnp-org:device:InternetGatewayDevice:1")
                assert answers(asker, within_s=1.2) == []


def test_two_links_into_one_network(home):
    """Cable and Wi-Fi: each search is answered once, by the link it came in on."""
    server, client = home.server, home.client
    own, asking = (str(ip_address(h.ipv4) + 1) for h in (server, client))
    for host, address in ((server, own), (client, asking)):
        host.ip("address flush dev eth1 scope global")
        host.ip(f"address add {address}/24 brd + dev eth1")
    with (
        discovery(server, "eth0", "eth1"),
        Listener(client, "eth1", port=0, source=asking) as asker,
    ):
        asker.ask("ssdp:all")
        found = answers(asker, 2 * ROWS, within_s=1.2)
        assert len(found) == ROWS
        assert {source for _, source in found} == {(own, PORT)}
        assert locations(found) == at(own)


def test_link_local_searches_on_two_cables(home):
    server, client = home.server, home.client
    with discovery(server, "eth0", "eth1"):
        for interface in ("eth0", "eth1"):
            own = link_local(server, interface)
            with Listener(client, interface, ipv6=True, port=0) as asker:
                asker.ask("ssdp:all")
                found = answers(asker, ROWS)
                assert len(found) == ROWS
                assert {source for _, source in found} == {(own, PORT)}
                assert locations(found) == at(own)
                asker.ask("upnp:rootdevice", own)
                assert locations(answers(asker)) == at(own)


def link_local(host, interface):
    listing = host.run("ip", "-o", "-6", "address", "show", "dev", interface).stdout
    (address,) = [word for word in listing.split() if word.startswith("fe80:")]
    return address.partition("/")[0]


def test_this_host_finds_its_own_server(home):
    with discovery(home.server, "eth0"), Listener(home.server, port=0) as asker:
        asker.ask("upnp:rootdevice", home.server.ipv4)
        assert locations(answers(asker)) == at(home.server.ipv4)


def test_a_stranger_gets_no_answer(home):
    home.client.ip(f"address add {FOREIGN_IPV4}/32 dev eth0")
    home.server.ip(f"route add {FOREIGN_IPV4}/32 dev eth0")
    with (
        discovery(home.server, "eth0"),
        Listener(home.client, port=0, source=FOREIGN_IPV4) as stranger,
    ):
        stranger.ask("ssdp:all")
        stranger.ask("ssdp:all", home.server.ipv4)
        assert answers(stranger, within_s=1.2) == []


def test_what_comes_in_by_another_link_is_not_answered(home):
    forged = str(ip_address(home.client.ipv4) + 1)  # of eth0's network, by eth1
    home.client.ip(f"address add {forged}/32 dev eth1")
    with (
        discovery(home.server, "eth0"),
        Listener(home.client, "eth1", port=0, source=SECOND_CLIENT) as neighbour,
        Listener(home.client, "eth1", port=0, source=forged) as forger,
    ):
        for asker in (neighbour, forger):
            asker.ask("ssdp:all")
            asker.ask("ssdp:all", SECOND_SERVER)
        assert answers(neighbour, within_s=1.2) == []
        assert answers(forger, within_s=0.1) == []


def test_two_servers_on_one_host(home):
    with (
        discovery(home.server, "eth0"),
        discovery(home.server, "eth0", uuid=OTHER),
        Listener(home.client, port=0) as asker,
    ):
        asker.ask("ssdp:all")
        found = answers(asker, 2 * ROWS)
        for uuid in (UUID, OTHER):
            assert len([m for m, _ in found if uuid in m]) == ROWS


def test_it_comes_and_goes_with_complete_sets(home):
    with Listener(home.client) as four, Listener(home.client, ipv6=True) as six:
        with discovery(home.server, "eth0"):
            for listener, own in (
                (four, home.server.ipv4),
                (six, home.server.link_local),
            ):
                hello = listener.heard(is_alive, 2 * ROWS)
                assert len({message for message, _ in hello}) == ROWS
                assert locations(hello) == at(own)
                assert {source for _, source in hello} == {(own, PORT)}
        for listener in (four, six):
            goodbye = listener.heard(is_byebye, 2 * ROWS)
            assert len(goodbye) == 2 * ROWS
            assert len({message for message, _ in goodbye}) == ROWS


def test_an_address_that_changes_is_followed(home):
    server = home.server
    new = str(ip_address(server.ipv4) + 1)
    with discovery(server, "eth0"), Listener(home.client) as listener:
        assert listener.heard(is_alive, ROWS)
        server.ip(f"address add {new}/24 brd + dev eth0")
        server.ip(f"address del {server.ipv4}/24 dev eth0")
        server.ip(f"address replace {new}/24 brd + dev eth0")
        assert len(listener.heard(is_byebye, ROWS)) == ROWS
        moved = listener.heard(lambda m: at(new) <= locations([(m, "")]), ROWS)
        assert len(moved) == ROWS
        with Listener(home.client, port=0) as asker:
            asker.ask("upnp:rootdevice")
            assert locations(answers(asker)) == at(new)


@pytest.mark.parametrize("end", ["server", "client"])
def test_a_cable_that_is_pulled_and_put_back(home, end):
    puller = getattr(home, end)
    with discovery(home.server, "eth1"), Listener(home.client, "eth1") as listener:
        assert listener.heard(is_alive, 2 * ROWS)
        puller.ip("link set eth1 down")
        listener.heard(is_alive, 99, within_s=1)
        puller.ip("link set eth1 up")
        assert len(listener.heard(is_alive, ROWS)) == ROWS
        with Listener(home.client, "eth1", port=0) as asker:
            asker.ask("upnp:rootdevice")
            assert locations(answers(asker)) == at(SECOND_SERVER)


def test_a_start_before_there_is_a_network_waits_for_it(home):
    server = home.server
    for interface in ("eth0", "eth1"):
        server.ip(f"link set {interface} down")
        server.ip(f"address flush dev {interface}")
    with discovery(server), Listener(home.client) as listener:
        assert listener.heard(is_alive, within_s=0.5) == []
        server.ip("link set eth0 up")
        server.ip(f"address add {server.ipv4}/24 brd + dev eth0")
        assert locations(listener.heard(is_alive, ROWS)) == at(server.ipv4)


def test_an_address_that_is_lost_is_taken_back_with_a_goodbye(home):
    with discovery(home.server, "eth0"), Listener(home.client) as listener:
        assert listener.heard(is_alive, 2 * ROWS)
        home.server.ip(f"address del {home.server.ipv4}/24 dev eth0")
        assert len(listener.heard(is_byebye, ROWS)) == ROWS


def test_a_second_link_that_goes_leaves_the_first_one_announced(home):
    with discovery(home.server, "eth0", "eth1"), Listener(home.client) as listener:
        assert listener.heard(is_alive, 3 * ROWS)  # the early sets are over
        home.server.ip("link set eth1 down")
        assert len(listener.heard(is_alive, ROWS, within_s=1)) == ROWS


def test_an_interface_that_is_made_again_is_joined_again(home):
    server, client = home.server, home.client
    with discovery(server, "eth1"):
        server.ip("link del eth1")
        join_again(server, client)
        with Listener(client, "eth1") as listener:
            assert listener.heard(lambda m: at(SECOND_SERVER) == locations([(m, "")]))
        with Listener(client, "eth1", port=0) as asker:
            asker.ask("ssdp:all")
            assert locations(answers(asker, ROWS)) == at(SECOND_SERVER)
