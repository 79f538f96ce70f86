"""Discovery on sockets and a clock that are not real."""

from ipaddress import IPv4Interface, IPv6Interface
from itertools import pairwise

import pytest
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net import discovery as module
from upnpserver.net.discovery import Discovery
from upnpserver.net.interfaces import Interface
from upnpserver.net.link_port import ANSWER_WITHIN_S, Presence
from upnpserver.upnp import ssdp

UDN = "uuid:0f9b5f8e-6f5c-4f9e-9a6b-1f2e3d4c5b6a"
ROWS = ssdp.advertisements(UDN, "urn:schemas-upnp-org:device:MediaServer:1", [])
ETH0 = Interface("eth0", 2, (IPv4Interface("192.0.2.1/24"),))
WLAN0 = Interface("wlan0", 3, (IPv4Interface("198.51.100.1/24"),))
IPV6 = Interface("eth0", 2, (), (IPv6Interface("fe80::1/64"),))
TV = ("192.0.2.9", 40000)
GROUP = ("239.255.255.250", 1900)


def m_search(target="ssdp:all", mx=2):
    lines = (
        "M-SEARCH * HTTP/1.1",
        'MAN: "ssdp:discover"',
        f"MX: {mx}",
        f"ST: {target}",
    )
    return "\r\n".join((*lines, "", "")).encode()


class FakeTransport:
    def __init__(self):
        self.written, self.error, self.closed = [], None, False

    def write(self, datagram, to):
        if self.error:
            raise self.error
        self.written.append((datagram, to))

    def stopListening(self):
        self.closed = True

    def take(self):
        taken, self.written = self.written, []
        return taken


class FakeSocket:
    family = 2

    def fileno(self):
        return 99

    def close(self):
        pass


class FakeSockets:
    """Stands in for the reactor: adopts a port, keeps its transport."""

    def __init__(self):
        self.ports = []

    def adoptDatagramPort(self, fd, family, protocol, max_size):
        protocol.transport = FakeTransport()
        self.ports.append(protocol)
        protocol.startProtocol()


class DiscoveryTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.sockets = Clock(), FakeSockets()
        self.refused = set()
        self.patch(module, "open_socket", self.open_socket)
        self.discovery = Discovery(
            self.clock,
            self.sockets,
            Presence(ROWS, "S/1", lambda own: f"http://{own}:8200/d.xml"),
            lambda: 0.5,
        )

    def open_socket(self, link):
        if link.name in self.refused:
            raise OSError(98, "Address already in use")
        return FakeSocket()

    def follow(self, *interfaces):
        self.discovery.follow(interfaces)

    def transport(self, number=0):
        return self.sockets.ports[number].transport

    def sent(self, number=0, kind=b"NTS: ssdp:alive"):
        return [d for d, to in self.transport(number).take() if kind in d]

    def hear(self, datagram, source=TV, number=0):
        self.transport(number).take()
        self.sockets.ports[number].datagramReceived(datagram, source)

    def answers(self, number=0):
        self.clock.advance(ANSWER_WITHIN_S)
        return [d for d, to in self.transport(number).take() if to == TV]

    def test_says_goodbye_to_an_earlier_life_then_announces_everything(self):
        self.follow(ETH0)
        byebye = self.transport().take()
        self.assertEqual([to for _, to in byebye], [GROUP] * len(ROWS))
        self.assertEqual(byebye[0][0], ssdp.byebye(ROWS[0], "239.255.255.250"))
        self.clock.advance(0.04)
        self.assertEqual(self.transport().written, [])
        self.clock.advance(0.01)
        location = "http://192.0.2.1:8200/d.xml"
        self.assertEqual(
            self.transport().take(),
            [
                (ssdp.alive(row, "239.255.255.250", location, "S/1"), GROUP)
                for row in ROWS
            ],
        )

    def test_repeats_soon_and_then_well_before_it_expires(self):
        self.follow(ETH0)
        times = []
        for tenth in range(int(2 * ssdp.MAX_AGE_S * 10)):
            self.clock.advance(0.1)
            if self.sent():
                times.append(tenth / 10)
        self.assertGreaterEqual(len([t for t in times if t < 60]), 4)
        gaps = [b - a for a, b in pairwise(times)]
        self.assertLess(max(gaps), ssdp.MAX_AGE_S / 2)
        self.assertGreater(min(gaps[4:]), 300)

    def test_answers_inside_the_wait_with_the_links_own_location(self):
        self.follow(ETH0, WLAN0)
        self.hear(m_search("upnp:rootdevice"))
        self.assertEqual(self.transport().written, [])
        (answer,) = self.answers()
        self.assertIn(b"LOCATION: http://192.0.2.1:8200/d.xml\r\n", answer)

    def test_everything_is_one_answer_a_row(self):
        self.follow(ETH0)
        self.hear(m_search())
        self.assertEqual(len(self.answers()), len(ROWS))

    def test_mx_zero_is_answered_at_once(self):
        self.follow(ETH0)
        self.hear(m_search("upnp:rootdevice", mx=0))
        self.clock.advance(0)
        self.assertEqual(len(self.transport().take()), 1)

    def test_a_unicast_search_at_the_wrong_port_is_answered_on_the_askers_link(self):
        self.follow(ETH0, WLAN0)
        self.hear(m_search("upnp:rootdevice"), TV, number=1)
        self.assertEqual(len(self.answers(0)), 1)

    def test_silence_for_strangers_and_nonsense(self):
        self.follow(ETH0)
        for source in (
            ("203.0.113.7", 40000),
            ("198.51.100.9", 40000),
            ("239.255.255.250", 1900),
            ("0.0.0.0", 40000),
            ("192.0.2.9", 0),
            ("fe80::9%eth0", 40000),
        ):
            self.hear(m_search(), source)
        for datagram in (b"", b"\xff" * 100, m_search("urn:x:device:y:1")):
            self.hear(datagram)
        self.clock.advance(3)
        self.assertEqual([to for _, to in self.transport().take() if to != GROUP], [])

    def test_a_link_local_asker_is_answered(self):
        self.follow(IPV6)
        source = ("fe80::9%eth0", 40000)
        self.hear(m_search("upnp:rootdevice"), source)
        self.clock.advance(ANSWER_WITHIN_S)
        answers = [d for d, to in self.transport().take() if to == source]
        self.assertEqual(len(answers), 1)

    def test_links_that_go_are_left_with_a_goodbye(self):
        self.follow(ETH0, WLAN0)
        self.transport(0).take()
        self.follow(WLAN0)
        self.assertEqual(len(self.sent(0, b"ssdp:byebye")), len(ROWS))
        self.assertTrue(self.transport(0).closed)
        self.assertFalse(self.transport(1).closed)
        self.clock.advance(5000)
        self.assertEqual(self.transport(0).written, [])

    def test_a_new_address_is_a_new_link(self):
        self.follow(ETH0)
        moved = Interface("eth0", 2, (IPv4Interface("192.0.2.77/24"),))
        self.follow(moved)
        self.clock.advance(0.2)
        self.assertIn(b"http://192.0.2.77:", self.sent(1)[0])

    def test_following_the_same_again_changes_nothing(self):
        self.follow(ETH0)
        self.follow(ETH0)
        self.assertEqual(len(self.sockets.ports), 1)

    def test_a_port_that_is_taken_is_tried_again(self):
        self.refused.add("eth0")
        self.follow(ETH0)
        self.assertEqual(self.sockets.ports, [])
        self.refused.clear()
        self.clock.advance(module.RETRY_S)
        self.assertEqual(len(self.sockets.ports), 1)
        self.assertEqual(len(self.flushLoggedErrors()), 0)

    def test_a_network_that_refuses_does_no_harm(self):
        self.follow(ETH0)
        self.transport().error = OSError(101, "Network is unreachable")
        self.clock.advance(3000)
        self.transport().error = None
        self.clock.advance(3000)
        self.assertTrue(self.sent())

    def test_stop_says_goodbye_twice_and_leaves_no_timer(self):
        self.follow(ETH0, WLAN0)
        self.hear(m_search())
        self.transport().take()
        done = self.discovery.stop()
        self.assertNoResult(done)
        self.clock.advance(1)
        self.successResultOf(done)
        self.assertEqual(len(self.sent(0, b"ssdp:byebye")), 2 * len(ROWS))
        self.assertTrue(self.transport(1).closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_without_links(self):
        self.successResultOf(self.discovery.stop())


@pytest.mark.parametrize("floods", [5000])
def test_a_flood_of_searches_leaves_a_bounded_number_of_timers(floods):
    case = DiscoveryTests("test_stop_without_links")
    case.setUp()
    case.follow(ETH0)
    for n in range(floods):
        source = (f"192.0.2.{n % 250 + 1}", 1024 + n)
        case.sockets.ports[0].datagramReceived(m_search(), source)
    assert len(case.clock.getDelayedCalls()) < 310
    case.doCleanups()
