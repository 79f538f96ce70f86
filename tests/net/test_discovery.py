"""Discovery on sockets and a clock that are not real."""

from contextlib import contextmanager
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from itertools import pairwise

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net import discovery as module
from upnpserver.net.discovery import Discovery
from upnpserver.net.interfaces import Interface
from upnpserver.net.link_port import ANSWER_WITHIN_S, EARLY_S, Presence
from upnpserver.net.multicast import Heard
from upnpserver.upnp import ssdp

UDN = "uuid:0f9b5f8e-6f5c-4f9e-9a6b-1f2e3d4c5b6a"
ROWS = ssdp.advertisements(UDN, "urn:schemas-upnp-org:device:MediaServer:1", [])
ETH0 = Interface("eth0", 2, (IPv4Interface("192.0.2.1/24"),))
WLAN0 = Interface("wlan0", 3, (IPv4Interface("198.51.100.1/24"),))
IPV6 = Interface("eth0", 2, (), (IPv6Interface("fe80::1/64"),))
TV = ("192.0.2.9", 40000)
GROUP = "the group"
ALIVE, BYEBYE = b"NTS: ssdp:alive", b"NTS: ssdp:byebye"


def m_search(target="ssdp:all", mx=2):
    lines = (
        "M-SEARCH * HTTP/1.1",
        'MAN: "ssdp:discover"',
        f"MX: {mx}",
        f"ST: {target}",
    )
    return "\r\n".join((*lines, "", "")).encode()


class FakeSocket:
    """Stands in for a LinkSocket; keeps what was sent, and to whom."""

    def __init__(self, link, heard):
        self.link, self.heard = link, heard
        self.written, self.error, self.closed = [], None, False
        self.address = link.announced

    def announce(self, datagram):
        self._send(datagram, GROUP, self.address)

    def answer(self, datagram, own, asker):
        self._send(datagram, asker, own)

    def _send(self, datagram, to, source):
        if self.error:
            raise self.error
        self.written.append((datagram, to))
        self.source = source

    def forget_address(self):
        self.address = None

    def close(self):
        self.closed = True

    def take(self):
        taken, self.written = self.written, []
        return taken


class Descriptors(set):
    addReader, removeReader = set.add, set.remove


class DiscoveryTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.reading, self.sockets = Clock(), Descriptors(), []
        self.refused, self.noted = set(), []
        self.patch(module, "LinkSocket", self.open_socket)
        self.discovery = Discovery(
            self.clock,
            self.reading,
            Presence(ROWS, "S/1", lambda own: f"http://{own}:8200/d.xml"),
            lambda: 0.5,
            lambda *said: self.noted.append(said),
        )

    def open_socket(self, link, heard):
        if link.name in self.refused:
            raise OSError(98, "Address already in use")
        self.sockets.append(FakeSocket(link, heard))
        return self.sockets[-1]

    def follow(self, *interfaces):
        self.discovery.follow(interfaces)

    def sent(self, number=0, kind=ALIVE):
        return [d for d, to in self.sockets[number].take() if kind in d]

    def hear(self, datagram, source=TV, number=0, index=None):
        heard = self.sockets[number]
        heard.take()
        heard.heard(Heard(datagram, source, index or heard.link.index))

    def settle(self):
        """Let the sets go by that are sent early."""
        self.clock.pump([0.1] * round(10 * sum(EARLY_S) + 5))
        for opened in self.sockets:
            opened.take()

    def answers(self, number=0, to=TV):
        self.clock.advance(ANSWER_WITHIN_S)
        return [d for d, asker in self.sockets[number].take() if asker == to]

    def test_says_goodbye_to_an_earlier_life_then_announces_everything(self):
        self.follow(ETH0)
        byebye = self.sockets[0].take()
        self.assertEqual([to for _, to in byebye], [GROUP] * len(ROWS))
        self.assertEqual(byebye[0][0], ssdp.byebye(ROWS[0], "239.255.255.250"))
        self.clock.advance(0.04)
        self.assertEqual(self.sockets[0].written, [])
        self.clock.advance(0.01)
        location = "http://192.0.2.1:8200/d.xml"
        self.assertEqual(
            self.sockets[0].take(),
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
        self.assertEqual(self.sockets[0].written, [])
        (answer,) = self.answers()
        self.assertIn(b"LOCATION: http://192.0.2.1:8200/d.xml\r\n", answer)

    def test_everything_is_one_answer_a_row(self):
        self.follow(ETH0)
        self.hear(m_search())
        self.assertEqual(len(self.answers()), len(ROWS))

    def test_notes_what_neighbours_say_of_themselves(self):
        self.follow(ETH0)
        search = m_search("urn:x:device:y:1")[:-2] + b"USER-AGENT: Foo/1\r\n\r\n"
        alive = b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nSERVER: Bar/2\r\n\r\n"
        for datagram in (search, alive, m_search(), b"\xff"):
            self.hear(datagram)
            self.hear(datagram, ("203.0.113.7", 40000))  # no neighbour
            self.hear(datagram, ("192.0.2.1", 40000))  # we ourselves
        asker = ip_address(TV[0])
        self.assertEqual(
            self.noted, [(asker, "ua", "Foo/1"), (asker, "server", "Bar/2")]
        )

    def test_mx_zero_is_answered_at_once(self):
        self.follow(ETH0)
        self.hear(m_search("upnp:rootdevice", mx=0))
        self.clock.advance(0)
        self.assertEqual(len(self.sockets[0].take()), 1)

    def test_a_unicast_search_at_the_wrong_port_is_answered_on_the_askers_link(self):
        self.follow(ETH0, WLAN0)
        self.hear(m_search("upnp:rootdevice"), TV, number=1, index=ETH0.index)
        self.assertEqual(len(self.answers(0)), 1)

    def test_the_link_that_a_link_local_asker_is_on_counts_not_its_prefix(self):
        self.follow(IPV6, Interface("wlan0", 3, (), (IPv6Interface("fe80::3/64"),)))
        source = ("fe80::9", 40000)
        self.hear(m_search("upnp:rootdevice"), source, number=0, index=3)
        (answer,) = self.answers(1, to=source)
        self.assertIn(b"http://fe80::3:8200", answer)
        self.assertEqual(self.answers(0, to=source), [])

    def test_this_host_itself_is_answered_though_it_asks_by_loopback(self):
        self.follow(WLAN0, ETH0)
        source = ("192.0.2.1", 40000)
        self.hear(m_search("upnp:rootdevice"), source, index=1)
        self.assertEqual(len(self.answers(1, to=source)), 1)

    def test_the_address_in_the_askers_subnet_is_named(self):
        second = IPv4Interface("198.51.100.1/24")
        self.follow(Interface("eth0", 2, (*ETH0.ipv4, second)))
        source = ("198.51.100.9", 40000)
        self.hear(m_search("upnp:rootdevice"), source)
        (answer,) = self.answers(to=source)
        self.assertIn(b"LOCATION: http://198.51.100.1:8200/d.xml\r\n", answer)
        self.assertEqual(self.sockets[0].source, second.ip)

    def test_silence_for_strangers_and_nonsense(self):
        self.follow(ETH0)
        for source in (
            ("203.0.113.7", 40000),
            ("198.51.100.9", 40000),
            ("239.255.255.250", 1900),
            ("0.0.0.0", 40000),
            ("192.0.2.9", 0),
            ("fe80::9", 40000),
        ):
            self.hear(m_search(), source)
        self.hear(m_search(), TV, index=WLAN0.index)  # an address of eth0's
        for datagram in (b"", b"\xff" * 100, m_search("urn:x:device:y:1")):
            self.hear(datagram)
        self.clock.advance(3)
        self.assertEqual([to for _, to in self.sockets[0].take() if to != GROUP], [])

    def test_a_link_local_asker_is_answered(self):
        self.follow(IPV6)
        source = ("fe80::9", 40000)
        self.hear(m_search("upnp:rootdevice"), source)
        self.assertEqual(len(self.answers(to=source)), 1)

    def test_links_that_go_are_left_with_a_goodbye(self):
        self.follow(ETH0, WLAN0)
        self.sockets[0].take()
        self.follow(WLAN0)
        self.assertEqual(len(self.sent(0, BYEBYE)), len(ROWS))
        self.assertTrue(self.sockets[0].closed)
        self.assertIsNone(self.sockets[0].address)  # it may be gone already
        self.assertFalse(self.sockets[1].closed)
        self.assertEqual(self.reading, {self.sockets[1]})
        self.clock.advance(5000)
        self.assertEqual(self.sockets[0].written, [])

    def test_a_new_address_is_a_new_link(self):
        self.follow(ETH0)
        moved = Interface("eth0", 2, (IPv4Interface("192.0.2.77/24"),))
        self.follow(moved)
        self.clock.advance(0.2)
        self.assertIn(b"http://192.0.2.77:", self.sent(1)[0])

    def test_following_the_same_again_changes_nothing(self):
        self.follow(ETH0)
        self.settle()
        self.follow(ETH0)
        self.clock.advance(10)
        self.assertEqual(len(self.sockets), 1)
        self.assertEqual(self.sockets[0].take(), [])

    def test_a_second_address_does_not_take_the_device_away(self):
        self.follow(ETH0)
        second = IPv4Interface("198.51.100.1/24")
        self.follow(Interface("eth0", 2, (*ETH0.ipv4, second)))
        self.assertEqual(len(self.sockets), 1)
        self.hear(m_search("upnp:rootdevice"), ("198.51.100.9", 40000))
        self.assertEqual(len(self.answers(to=("198.51.100.9", 40000))), 1)

    def test_a_goodbye_on_one_link_is_put_right_on_the_others(self):
        self.follow(ETH0, WLAN0)
        self.settle()
        self.follow(ETH0)
        self.clock.advance(0.1)
        self.assertEqual(len(self.sent(0)), len(ROWS))

    def test_a_link_beside_another_comes_without_goodbye(self):
        self.follow(ETH0)
        self.settle()
        self.follow(ETH0, WLAN0)
        self.clock.advance(0.1)
        self.assertEqual(self.sent(1, BYEBYE), [])
        self.assertEqual(self.sockets[0].take(), [])

    def test_the_first_link_of_a_family_comes_with_a_goodbye(self):
        self.follow(ETH0)
        self.settle()
        self.follow(ETH0, IPV6)
        self.assertEqual(len(self.sent(1, BYEBYE)), len(ROWS))
        self.clock.advance(0.1)
        self.assertEqual(len(self.sent(0)), len(ROWS))

    def test_a_port_that_is_taken_is_tried_again(self):
        self.refused.add("eth0")
        self.follow(ETH0)
        self.assertEqual(self.sockets, [])
        self.refused.clear()
        self.clock.advance(module.RETRY_S)
        self.assertEqual(len(self.sockets), 1)
        self.clock.advance(5)
        self.assertTrue(self.sent())

    def test_a_link_that_can_never_be_opened_is_told_once(self):
        self.refused.add("eth0")
        with self.log() as events:
            self.follow(ETH0)
            self.clock.advance(10 * module.RETRY_S)
            self.assertEqual(len(events), 1)
            self.follow()  # it went, and comes back
            self.follow(ETH0)
            self.assertEqual(len(events), 2)
        self.discovery.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_network_that_refuses_does_no_harm(self):
        self.follow(ETH0)
        self.sockets[0].error = OSError(101, "Network is unreachable")
        with self.log() as events:
            self.hear(m_search())
            self.clock.pump([0.5] * 120)
            self.assertEqual(events, [])
            for _ in range(5):
                self.clock.advance(1000)
        self.assertEqual(len(events), 1)
        self.sockets[0].error = None
        self.clock.advance(1000)
        self.assertTrue(self.sent())

    @contextmanager
    def log(self):
        """Collect what is logged above debug."""
        events = []

        def observe(event):
            if event["log_level"] > LogLevel.debug:
                events.append(event)

        globalLogPublisher.addObserver(observe)
        try:
            yield events
        finally:
            globalLogPublisher.removeObserver(observe)

    def test_stop_says_goodbye_twice_and_leaves_no_timer(self):
        self.follow(ETH0, WLAN0)
        self.hear(m_search())
        self.sockets[0].take()
        done = self.discovery.stop()
        self.assertNoResult(done)
        self.clock.advance(1)
        self.successResultOf(done)
        self.assertEqual(len(self.sent(0, BYEBYE)), 2 * len(ROWS))
        self.assertTrue(self.sockets[1].closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nothing_is_answered_or_followed_after_the_goodbye(self):
        self.follow(ETH0)
        self.discovery.stop()
        self.hear(m_search())
        self.follow(ETH0, WLAN0)
        self.clock.advance(5000)
        self.assertEqual([to for _, to in self.sockets[0].take() if to == TV], [])
        self.assertEqual(len(self.sockets), 1)
        self.assertEqual(self.reading, set())

    def test_stop_without_links(self):
        self.successResultOf(self.discovery.stop())


@pytest.mark.parametrize("floods", [5000])
def test_a_flood_of_searches_leaves_a_bounded_number_of_timers(floods):
    case = DiscoveryTests("test_stop_without_links")
    case.setUp()
    case.follow(ETH0)
    for n in range(floods):
        source = (f"192.0.2.{n % 250 + 1}", 1024 + n)
        case.hear(m_search(), source)
    assert len(case.clock.getDelayedCalls()) < 310
    case.doCleanups()
