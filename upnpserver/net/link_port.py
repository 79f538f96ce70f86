"""The SSDP port of one link: its timetable, its answers, its goodbye."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from twisted.internet.interfaces import IDelayedCall, IReactorTime, IUDPTransport
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from upnpserver.net.answer import format_http_date
from upnpserver.net.multicast import Link
from upnpserver.upnp import ssdp
from upnpserver.upnp.ssdp import Advertisement

# UDP loses packets, and a switch that snoops IGMP drops the first ones: the
# set is repeated soon after the start, then well before it expires.
FIRST_WAIT_S = 0.1
EARLY_S = (0.2, 3.0, 15.0, 45.0)
REPEAT_S = (ssdp.MAX_AGE_S / 3, ssdp.MAX_AGE_S / 2 - 20)
ANSWER_WITHIN_S = 1.0  # MX may allow 5, but a person waits
MAX_ANSWERS_WAITING = 300

Source = tuple[str, int]
OwnAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Presence:
    """What is announced: location is our address -> the description's URL."""

    rows: tuple[Advertisement, ...]
    server: str
    location: Callable[[OwnAddress], str]


class LinkPort(DatagramProtocol):
    """Announces on one link, and sends the answers that Discovery decides on.

    heard: gets (this port, datagram, source). jitter: 0.0 <= jitter() < 1.0.
    """

    log = Logger()
    transport: IUDPTransport

    def __init__(
        self,
        link: Link,
        presence: Presence,
        clock: IReactorTime,
        jitter: Callable[[], float],
        heard: Callable[["LinkPort", bytes, Source], None],
    ) -> None:
        self.link = link
        self._clock, self._jitter, self._heard = clock, jitter, heard
        self._presence, rows = presence, presence.rows
        location = presence.location(link.addresses[0].ip)
        self._alive = [
            ssdp.alive(row, link.host, location, presence.server) for row in rows
        ]
        self._byebye = [ssdp.byebye(row, link.host) for row in rows]
        self._early = list(EARLY_S)
        self._next: IDelayedCall | None = None
        self._waiting: set[IDelayedCall] = set()
        self._has_complained = False

    def startProtocol(self) -> None:
        """Begin to announce.

        A goodbye first: control points drop what they remember of an earlier
        life at another address.
        """
        self._send_to_group(self._byebye)
        wait_s = FIRST_WAIT_S * self._jitter()
        self._next = self._clock.callLater(wait_s, self._announce)

    def datagramReceived(self, datagram: bytes, addr: Source) -> None:
        """Let Discovery decide: the asker may live on another link."""
        self._heard(self, datagram, addr)

    def answer(
        self,
        rows: tuple[Advertisement, ...],
        own: OwnAddress,
        max_wait_s: int,
        asker: Source,
    ) -> None:
        """Send one answer a row, spread over the time that the asker allows."""
        location = self._presence.location(own)
        within_s = min(max_wait_s, ANSWER_WITHIN_S)
        for row in rows:
            if len(self._waiting) >= MAX_ANSWERS_WAITING:
                return
            delay_s = within_s * self._jitter()
            call = self._clock.callLater(delay_s, self._answer, row, location, asker)
            self._waiting = {c for c in self._waiting if c.active()} | {call}

    def say_goodbye(self) -> None:
        """Take this device off the link; it is not announced any more."""
        for call in (self._next, *self._waiting):
            if call is not None and call.active():
                call.cancel()
        self._waiting.clear()
        self._send_to_group(self._byebye)

    def close(self) -> None:
        """Close the socket."""
        self.transport.stopListening()

    def _announce(self) -> None:
        self._send_to_group(self._alive)
        least_s, most_s = REPEAT_S
        wait_s = (
            self._early.pop(0)
            if self._early
            else least_s + (most_s - least_s) * self._jitter()
        )
        self._next = self._clock.callLater(wait_s, self._announce)

    def _answer(self, row: Advertisement, location: str, asker: Source) -> None:
        date = format_http_date(int(time.time()))
        self._send(ssdp.answer(row, location, self._presence.server, date), asker)

    def _send_to_group(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self._send(datagram, self.link.group)

    def _send(self, datagram: bytes, to: Source) -> None:
        try:
            self.transport.write(datagram, to)
        except OSError as error:
            # The cable was pulled, the address is gone, a firewall says no.
            if not self._has_complained:
                self._has_complained = True
                self.log.info(
                    "sending on {link} failed: {error}",
                    link=self.link.name,
                    error=error.strerror or error,
                )
