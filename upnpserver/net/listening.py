"""The TCP port that TVs remember: the same at every start, if it is free."""

import contextlib
import errno
import socket
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory

from upnpserver.errors import ConfigError
from upnpserver.net.accept import QUEUE
from upnpserver.net.sendfile import FilePort
from upnpserver.state import State

USUAL_PORT = 8200
SPARE_PORTS = range(8201, 8220)  # for a second server on the same host
ANY_PORT = 0


class Listening:
    """The listening sockets, IPv4 and IPv6, at one number.

    wanted: the owner's choice; None takes the port of the last start, the
    usual one, or the next that is free.
    """

    def __init__(
        self,
        reactor: EPollReactor,
        factory: ServerFactory,
        wanted: int | None,
        state: State,
    ) -> None:
        self._reactor, self._factory = reactor, factory
        self._wanted, self._state = wanted, state
        self._ports: list[FilePort] = []
        self.port = 0

    def start(self) -> None:
        """Listen. Raises ConfigError if the port is taken."""
        ipv4 = self._first_free()
        self.port = ipv4.getHost().port  # type: ignore[no-untyped-call]
        self._ports = [ipv4]
        if self._wanted is None:
            self._state.remember_port(self.port)
        if socket.has_ipv6:
            # It may be switched off, or somebody else has this number there.
            with contextlib.suppress(CannotListenError):
                self._ports.append(self._listen(self.port, "::"))

    def stop(self) -> Deferred[list[tuple[bool, Any]]]:
        """Accept nobody any more."""
        return DeferredList([maybeDeferred(port.stopListening) for port in self._ports])

    def _first_free(self) -> FilePort:
        for number in self._candidates():
            try:
                return self._listen(number, "")
            except CannotListenError as error:
                failed = error
                if error.socketError.errno != errno.EADDRINUSE:
                    break
        reason = failed.socketError.strerror
        raise ConfigError(
            f"cannot listen on port {failed.port}: {reason}; choose another with"
            " --port, or end the program that uses it"
        ) from failed

    def _candidates(self) -> list[int]:
        if self._wanted is not None:
            return [self._wanted]
        last = self._state.port()
        usual = [USUAL_PORT, *SPARE_PORTS, ANY_PORT]
        return usual if last is None else [last, *usual]

    def _listen(self, number: int, interface: str) -> FilePort:
        port = FilePort(number, self._factory, QUEUE, interface, self._reactor)
        port.startListening()
        return port
