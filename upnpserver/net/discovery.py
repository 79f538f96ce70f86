"""SSDP: be found on every link, follow the links, say goodbye.

Each link (an interface's IPv4 or IPv6 side) has a port of its own; which one
answers is decided here. Source: UDA 1.0 sections 1.1 to 1.3; reference ssdp.md
sections 2 to 5; security.md requirements 4 and 5.
"""

from collections.abc import Callable, Iterable
from ipaddress import ip_address

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorSocket, IReactorTime
from twisted.logger import Logger

from upnpserver.errors import MalformedRequest
from upnpserver.net.interfaces import Interface
from upnpserver.net.link_port import LinkPort, OwnAddress, Presence, Source
from upnpserver.net.multicast import Link, links_of, open_socket
from upnpserver.net.throttle import Throttle
from upnpserver.upnp import ssdp

RETRY_S = 5.0  # after a socket could not be opened
BYEBYE_AGAIN_S = 0.1


class Discovery:
    """Announces one device on the links of the house and answers searches.

    jitter: a random number, 0.0 <= jitter() < 1.0.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        sockets: IReactorSocket,
        presence: Presence,
        jitter: Callable[[], float],
    ) -> None:
        self._clock, self._sockets = clock, sockets
        self._presence, self._jitter = presence, jitter
        self._throttle = Throttle()
        self._links: dict[Link, LinkPort] = {}
        self._wanted: tuple[Link, ...] = ()
        self._retry: IDelayedCall | None = None
        self._complained: set[Link] = set()

    def follow(self, interfaces: Iterable[Interface]) -> None:
        """Be found on these interfaces, and on no other any more."""
        self._wanted = tuple(
            link for interface in interfaces for link in links_of(interface)
        )
        for link in self._links.keys() - set(self._wanted):
            port = self._links.pop(link)
            port.say_goodbye()
            port.close()
        self._open_missing()

    def stop(self) -> Deferred[None]:
        """Say goodbye on every link; fires when the kernel has it all."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if not self._links:
            return succeed(None)
        for port in self._links.values():
            port.say_goodbye()
        done: Deferred[None] = Deferred()
        self._clock.callLater(BYEBYE_AGAIN_S, self._stop_at_last, done)
        return done

    def _stop_at_last(self, done: Deferred[None]) -> None:
        for port in self._links.values():
            port.say_goodbye()
            port.close()
        self._links.clear()
        done.callback(None)

    def _open_missing(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        for link in self._wanted:
            if link not in self._links:
                try:
                    self._links[link] = self._opened(link)
                except OSError as error:
                    self._complain(link, error)
        if len(self._links) < len(self._wanted):
            self._retry = self._clock.callLater(RETRY_S, self._retry_now)

    def _retry_now(self) -> None:
        self._retry = None
        self._open_missing()

    def _complain(self, link: Link, error: OSError) -> None:
        if link not in self._complained:
            self._complained.add(link)
            self.log.warn(
                "cannot be found on {link}: {error}; trying again",
                link=link.name,
                error=error.strerror or error,
            )

    def _opened(self, link: Link) -> LinkPort:
        port = LinkPort(link, self._presence, self._clock, self._jitter, self._heard)
        opened = open_socket(link)
        try:
            self._sockets.adoptDatagramPort(
                opened.fileno(), opened.family, port, ssdp.MAX_DATAGRAM_BYTES + 1
            )
        finally:
            opened.close()  # the reactor has a copy of the descriptor
        return port

    def _heard(self, port: LinkPort, datagram: bytes, source: Source) -> None:
        """Answer a search from a neighbour, on the neighbour's link.

        A unicast search may arrive at another link's port, as all of them
        listen at the same number.
        """
        asker = ip_address(source[0].partition("%")[0])
        if asker.is_multicast or asker.is_unspecified or not source[1]:
            return
        for answering in (port, *self._links.values()):
            own = answering.link.own_address_for(asker)
            if own is not None:
                self._answer(answering, own, datagram, source)
                return

    def _answer(
        self, port: LinkPort, own: OwnAddress, datagram: bytes, source: Source
    ) -> None:
        try:
            search = ssdp.parse_search(datagram)
        except MalformedRequest as error:
            self.log.debug("dropped from {source}: {error}", source=source, error=error)
            return
        rows = ssdp.found(search, self._presence.rows)
        if rows and self._throttle.allows(source, search.target, self._clock.seconds()):
            port.answer(rows, own, search.max_wait_s, source)
