"""SSDP: be found on every link, follow the links, say goodbye.

Each link (an interface's IPv4 or IPv6 side) has a port of its own; which one
answers is decided here. Source: UDA 1.0 sections 1.1 to 1.3; reference ssdp.md
sections 2 to 5; security.md requirements 4 and 5.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_address

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorFDSet, IReactorTime
from twisted.logger import Logger

from upnpserver.devices.family import Signal
from upnpserver.errors import MalformedRequest
from upnpserver.net.interfaces import Interface
from upnpserver.net.link_port import LinkPort, OwnAddress, Presence
from upnpserver.net.multicast import Address, Heard, Link, LinkSocket, links_of
from upnpserver.net.throttle import Throttle
from upnpserver.upnp import ssdp

RETRY_S = 5.0  # after a socket could not be opened
BYEBYE_AGAIN_S = 0.1

Place = tuple[int, OwnAddress]  # a link that leads to the same address stays the same


Noted = Callable[[Address, Signal, str], None]


def not_noted(source: Address, signal: Signal, value: str) -> None:
    """Take no note of anybody: a Noted."""


class Discovery:
    """Announces one device on the links of the house and answers searches.

    jitter: a random number, 0.0 <= jitter() < 1.0.
    noted: told what others of the house say of themselves: see net.visitors.
    is_welcome: tells whether those at an address get answers.
    """

    log = Logger()

    def __init__(  # noqa: PLR0913 - two of them ask about others of the house
        self,
        clock: IReactorTime,
        descriptors: IReactorFDSet,
        presence: Presence,
        jitter: Callable[[], float],
        noted: Noted = not_noted,
        *,
        is_welcome: Callable[[Address], bool] = lambda address: True,
    ) -> None:
        self._clock, self._descriptors = clock, descriptors
        self._presence, self._jitter = presence, jitter
        self._throttle, self._noted = Throttle(), noted
        self._is_welcome = is_welcome
        self._ports: dict[Place, LinkPort] = {}
        self._wanted: dict[Place, Link] = {}
        self._retry: IDelayedCall | None = None
        self._complained: set[Place] = set()
        self._has_stopped = False
        self.refused = 0  # searches: of who is blocked, and too many

    def follow(self, interfaces: Iterable[Interface]) -> None:
        """Be found on these interfaces, and on no other any more."""
        if self._has_stopped:
            return
        links = [link for interface in interfaces for link in links_of(interface)]
        self._wanted = {(link.index, link.announced): link for link in links}
        gone = self._ports.keys() - self._wanted.keys()
        for place in gone:
            self._close(self._ports.pop(place))
        for place, port in self._ports.items():
            port.link = self._wanted[place]
        self._complained &= self._wanted.keys()
        # A control point that sees us by two links, say cable and Wi-Fi, takes
        # a goodbye on one of them for all: be heard again on the others.
        if gone:
            self._announce(self._ports.values())
        self._open_missing()

    def stop(self) -> Deferred[None]:
        """Say goodbye on every link; fires when the kernel has it all."""
        self._has_stopped = True
        self._cancel_retry()
        if not self._ports:
            return succeed(None)
        for port in self._ports.values():
            port.say_goodbye()
        done: Deferred[None] = Deferred()
        self._clock.callLater(BYEBYE_AGAIN_S, self._stop_at_last, done)
        return done

    def _stop_at_last(self, done: Deferred[None]) -> None:
        for port in self._ports.values():
            self._close(port)
        self._ports.clear()
        done.callback(None)

    def _open_missing(self) -> None:
        self._cancel_retry()
        present = {port.link.is_ipv6 for port in self._ports.values()}
        opened = {
            place: port
            for place, link in self._wanted.items()
            if place not in self._ports and (port := self._open(place, link))
        }
        self._ports |= opened
        # Control points drop what they remember of an earlier life at another
        # address; not if they may see us by another link right now.
        strangers = [p for p in opened.values() if p.link.is_ipv6 not in present]
        for port in strangers:
            port.deny()
        self._announce(self._ports.values() if strangers else opened.values())
        if len(self._ports) < len(self._wanted):
            self._retry = self._clock.callLater(RETRY_S, self._retry_now)

    def _announce(self, ports: Iterable[LinkPort]) -> None:
        for port in ports:
            port.announce()

    def _retry_now(self) -> None:
        self._retry = None
        self._open_missing()

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _open(self, place: Place, link: Link) -> LinkPort | None:
        try:
            opened = LinkSocket(link, self._heard)
        except OSError as error:
            self._complain(place, link, error)
            return None
        self._complained.discard(place)
        self._descriptors.addReader(opened)
        return LinkPort(link, self._presence, self._clock, self._jitter, opened)

    def _close(self, port: LinkPort) -> None:
        port.say_goodbye()
        self._descriptors.removeReader(port.socket)
        port.socket.close()

    def _complain(self, place: Place, link: Link, error: OSError) -> None:
        if place not in self._complained:
            self._complained.add(place)
            self.log.warn(
                "cannot be found on {link}: {error}; trying again",
                link=link.name,
                error=error.strerror or error,
            )

    def _heard(self, heard: Heard) -> None:
        """Answer a search from a neighbour, on the link that it came in on.

        That may be another port's link: all of them listen at one number.
        """
        asker = ip_address(heard.source[0])
        if self._has_stopped or asker.is_multicast or not heard.source[1]:
            return
        for port in self._ports.values():
            own = port.link.own_address_for(asker)
            if own is not None and self._came_by(port.link, heard, asker):
                self._answer(port, own, heard)
                if asker != own:
                    self._note(asker, heard)
                return

    def _came_by(self, link: Link, heard: Heard, asker: Address) -> bool:
        # What this host sends to itself comes in by the loopback interface.
        return heard.index == link.index or any(
            asker == address.ip for address in link.addresses
        )

    def _note(self, asker: Address, heard: Heard) -> None:
        with suppress(MalformedRequest):
            self._noted(asker, *ssdp.product_of(heard.datagram))

    def _answer(self, port: LinkPort, own: OwnAddress, heard: Heard) -> None:
        source = heard.source
        try:
            search = ssdp.parse_search(heard.datagram)
        except MalformedRequest as error:
            self.log.debug("dropped from {source}: {error}", source=source, error=error)
            return
        rows = ssdp.found(search, self._presence.rows)
        now = self._clock.seconds()
        is_allowed = self._is_welcome(ip_address(source[0])) and (
            not rows or self._throttle.allows(source, search.target, now)
        )
        if not is_allowed:
            self.refused += 1
        elif rows:
            port.answer(rows, own, search.max_wait_s, source)
