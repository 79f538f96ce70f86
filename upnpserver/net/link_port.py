"""One link's side of discovery: its timetable, its answers, its goodbye."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from upnpserver.net.answer import format_http_date
from upnpserver.net.multicast import Address, Link, LinkSocket, Source
from upnpserver.upnp import ssdp
from upnpserver.upnp.ssdp import Advertisement

# UDP loses packets, a switch that snoops IGMP drops the first ones, and an
# IPv6 address is not usable before nobody else claimed it (1 to 2 s): the set
# is repeated soon after the start, then well before it expires.
FIRST_WAIT_S = 0.1
EARLY_S = (0.2, 3.0, 15.0, 45.0)
REPEAT_S = (ssdp.MAX_AGE_S / 3, ssdp.MAX_AGE_S / 2 - 20)
ANSWER_WITHIN_S = 1.0  # MX may allow 5, but a person waits
MAX_ANSWERS_WAITING = 300

OwnAddress = Address  # one that this host has on the link


@dataclass(frozen=True, slots=True)
class Presence:
    """What is announced: location is our address -> the description's URL."""

    rows: tuple[Advertisement, ...]
    server: str
    location: Callable[[OwnAddress], str]


class LinkPort:
    """Announces on one link, and sends the answers that Discovery decides on.

    jitter: 0.0 <= jitter() < 1.0.
    """

    log = Logger()

    def __init__(
        self,
        link: Link,
        presence: Presence,
        clock: IReactorTime,
        jitter: Callable[[], float],
        opened: LinkSocket,
    ) -> None:
        self.link, self.socket = link, opened
        self._clock, self._jitter, self._presence = clock, jitter, presence
        location, rows = presence.location(link.announced), presence.rows
        self._alive = [
            ssdp.alive(row, link.host, location, presence.server) for row in rows
        ]
        self._byebye = [ssdp.byebye(row, link.host) for row in rows]
        self._early: list[float] = []
        self._next: IDelayedCall | None = None
        self._waiting: set[IDelayedCall] = set()
        self._has_complained = False

    def announce(self) -> None:
        """Announce soon, several times, and from then on before it expires."""
        if self._next is not None:
            self._next.cancel()
        self._early = list(EARLY_S)
        wait_s = FIRST_WAIT_S * self._jitter()
        self._next = self._clock.callLater(wait_s, self._announce)

    def deny(self) -> None:
        """Say goodbye for an earlier life, perhaps at another address."""
        self._send_to_group(self._byebye)

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
        for row in rows[: MAX_ANSWERS_WAITING - len(self._waiting)]:
            self._answer_later(within_s * self._jitter(), row, location, own, asker)

    def say_goodbye(self) -> None:
        """Take this device off the link; it is not announced any more."""
        for call in (self._next, *self._waiting):
            if call is not None:
                call.cancel()
        self._next = None
        self._waiting.clear()
        self._send(self.socket.forget_address)
        self._send_to_group(self._byebye)

    def _announce(self) -> None:
        trouble = self._send_to_group(self._alive)
        if self._early:  # an early failure proves nothing, see above
            wait_s = self._early.pop(0)
        else:
            self._complain(trouble)
            least_s, most_s = REPEAT_S
            wait_s = least_s + (most_s - least_s) * self._jitter()
        self._next = self._clock.callLater(wait_s, self._announce)

    def _answer_later(
        self,
        delay_s: float,
        row: Advertisement,
        location: str,
        own: OwnAddress,
        asker: Source,
    ) -> None:
        def send() -> None:
            self._waiting.discard(call)
            date = format_http_date(int(time.time()))
            datagram = ssdp.answer(row, location, self._presence.server, date)
            self._send(self.socket.answer, datagram, own, asker)

        call = self._clock.callLater(delay_s, send)
        self._waiting.add(call)

    def _send_to_group(self, datagrams: list[bytes]) -> OSError | None:
        """Send each one; return the last one's failure."""
        trouble = None
        for datagram in datagrams:
            trouble = self._send(self.socket.announce, datagram)
        return trouble

    def _send(self, send: Callable[..., None], *arguments: object) -> OSError | None:
        """Return why it failed: the cable was pulled, a firewall says no."""
        try:
            send(*arguments)
        except OSError as error:
            self.log.debug("on {link}: {error}", link=self.link.name, error=error)
            return error
        return None

    def _complain(self, trouble: OSError | None) -> None:
        if trouble is not None and not self._has_complained:
            self._has_complained = True
            self.log.warn(
                "announcements on {link} fail: {error}",
                link=self.link.name,
                error=trouble.strerror or trouble,
            )
