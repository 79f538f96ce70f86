"""Accepting connections when file descriptors run out.

Twisted then closes whoever waits to be accepted, and writes three lines for
each: a flood of connections would fill the disk with its own log.

Source: security.md requirement 25.
"""

import socket
from typing import cast

from twisted.internet import tcp
from twisted.internet.interfaces import IDelayedCall, IProtocolFactory, IReactorTime
from twisted.logger import ILogObserver, LogEvent, Logger
from twisted.python.failure import Failure

from upnpserver.net.limits import Limits
from upnpserver.net.prompt import PromptServer

# Databases, ports, the log, pipes to the scanner, event deliveries.
OWN_DESCRIPTORS = 64
# A connection is a socket, and a file while it streams.
DESCRIPTORS_PER_CONNECTION = 2
# Whoever finds the queue full tries again after a second: too long for a TV
# whose search comes amid somebody's flood.
QUEUE = 1024
REST_S = 1.0
SILENCE_S = 60.0


def limits_within(descriptors: int) -> Limits:
    """Return the limits of a process that may open so many descriptors."""
    usual = Limits()
    room = (descriptors - OWN_DESCRIPTORS) // DESCRIPTORS_PER_CONNECTION
    connections = max(8, min(usual.connections, room))
    return Limits(
        connections=connections,
        connections_per_peer=min(usual.connections_per_peer, connections),
    )


class PatientPort(tcp.Port):
    """A port that says once a minute that it can't accept, and rests meanwhile.

    Without the rest it would be called again at once, as long as somebody
    waits to be accepted.
    """

    transport: type[tcp.Server] = PromptServer
    log = Logger()

    def __init__(
        self,
        port: int,
        factory: IProtocolFactory,
        backlog: int = QUEUE,
        interface: str = "",
        reactor: IReactorTime | None = None,
    ) -> None:
        super().__init__(port, factory, backlog, interface, reactor)
        self._is_short = False
        self._silent_until = 0.0
        self._rest: IDelayedCall | None = None
        self._clock = cast("IReactorTime", self.reactor)
        # Where Twisted tells that it could not accept.
        observer = cast("ILogObserver", self._could_not_accept)
        self._logger = Logger(namespace=__name__, observer=observer)

    def createInternetSocket(self) -> socket.socket:
        """Return a socket of one family: IPv4 has a port of its own beside IPv6."""
        made = super().createInternetSocket()  # type: ignore[no-untyped-call]
        created = cast("socket.socket", made)
        if created.family == socket.AF_INET6:
            created.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        return created

    def doRead(self) -> None:
        """Accept who waits; rest for a second if that was not possible."""
        self._is_short = False
        super().doRead()  # type: ignore[no-untyped-call]
        if self._is_short and self._rest is None:
            self.stopReading()  # type: ignore[no-untyped-call]
            self._rest = self._clock.callLater(REST_S, self._go_on)

    def connectionLost(self, reason: Failure) -> None:
        """Stop listening."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _go_on(self) -> None:
        self._rest = None
        if not self.disconnecting:
            self.startReading()  # type: ignore[no-untyped-call]

    def _could_not_accept(self, event: LogEvent) -> None:
        reason = event.get("acceptError", "EMFILE")
        if reason == "ECONNABORTED":
            return  # who waited has left
        self._is_short = True
        now = self._clock.seconds()
        if now >= self._silent_until:
            self._silent_until = now + SILENCE_S
            self.log.warn("can't accept connections: {reason}", reason=reason)
