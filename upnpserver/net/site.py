"""The HTTP door: who may come in, under which name, and which handler answers.

Checked in this order: the source is local (else closed without a word), the
method is known, Host and Origin are ours, the limits; then path and method.

Source: security.md requirements 1, 2, 3, 12 and 21; description.md section 7.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from upnpserver.errors import RefusedRequest
from upnpserver.net.answer import Headers, format_http_date
from upnpserver.net.channel import Channel
from upnpserver.net.connections import Connections
from upnpserver.net.hosts import Address, HostRule
from upnpserver.net.limits import Limits
from upnpserver.net.request import ServerRequest
from upnpserver.net.secret_paths import take_secret
from upnpserver.policy import ClientPolicy

__all__ = [
    "Handler",
    "Headers",
    "HostRule",
    "Limits",
    "Routes",
    "ServerRequest",
    "Site",
]

Handler = Callable[[ServerRequest], None]
Methods = Mapping[bytes, Handler]


@dataclass(frozen=True, slots=True)
class Routes:
    """Which handler answers which path and method.

    exact: whole paths. prefixes: first segments, as b"/media/"; the handler
    looks at the rest. GET does not include HEAD. guarded: first segments that need
    a secret of those who have one, see net.secret_paths.
    """

    exact: Mapping[bytes, Methods]
    prefixes: Mapping[bytes, Methods] = field(default_factory=dict)
    guarded: frozenset[bytes] = frozenset()

    def methods(self) -> frozenset[bytes]:
        """Return every method that some path knows."""
        tables = (*self.exact.values(), *self.prefixes.values())
        return frozenset(method for table in tables for method in table)

    def find(self, path: bytes) -> Methods | None:
        """Return the methods of path, None if there is no such path."""
        if path in self.exact:
            return self.exact[path]
        return self.prefixes.get(path[: path.find(b"/", 1) + 1])


class Site(ServerFactory):
    """Makes a Channel for each connection, and brings requests to their handlers.

    sources: tells whether an address may talk to us. refused: how often who or what
    was not let in, and why. server: the Server
    header. scheme: of our addresses, http or https. now: seconds since 1970, for Date.
    """

    noisy = False
    log = Logger()

    def __init__(  # noqa: PLR0913, PLR0917 - the door joins what is decided elsewhere
        self,
        routes: Routes,
        hosts: HostRule,
        sources: Callable[[Address], bool],
        policy_for: Callable[[ServerRequest], ClientPolicy],
        limits: Limits,
        clock: IReactorTime,
        *,
        server: str,
        scheme: str = "http",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._routes, self._hosts = routes, hosts
        self._sources, self._policy_for = sources, policy_for
        self.limits, self.clock = limits, clock
        self._server, self.scheme, self._now = server, scheme, now
        self._methods = routes.methods() | {b"OPTIONS"}
        self.connections = Connections(limits)
        self.is_stopping = False
        self._own_lines, self._own_second = "", -1
        self.witness: Handler | None = None  # is shown each request
        self.refused = dict.fromkeys(("source", "host", "origin", "blocked"), 0)
        self._all_gone: Deferred[None] | None = None

    # Connections

    def buildProtocol(self, addr: IAddress | None) -> Channel | None:
        """Return a Channel; None, and so no answer, for a source beyond the house."""
        host: str = addr.host  # type: ignore[union-attr]
        peer = _address_of(host)
        if self.is_stopping:
            return None
        if not self._sources(peer):
            self.refused["source"] += 1
            self.log.debug("closed: {peer} gets no answer", peer=peer)
            return None
        return Channel(self, host, peer)

    def connected(self, channel: Channel) -> None:
        """Count a new connection; whoever waits longest may have to give way."""
        if not self.connections.add(channel):
            return
        if len(self.connections) > 2 * self.limits.connections:
            self.connections.make_room()
        else:
            # Two turns from now: in between it is read for the first time, so
            # that a flood of silent connections closes none that asks.
            self.clock.callLater(0, self._after_a_turn)

    def _after_a_turn(self) -> None:
        self.clock.callLater(0, self.connections.make_room)

    def disconnected(self, channel: Channel) -> None:
        """Forget a connection."""
        self.connections.remove(channel)
        if self._all_gone is not None and not len(self.connections):
            all_gone, self._all_gone = self._all_gone, None
            all_gone.callback(None)

    def stop(self, grace_s: float) -> Deferred[None]:
        """Take no more requests; fires when the last connection has ended.

        Answers under way have grace_s seconds, then they are cut.
        """
        self.is_stopping = True
        for channel in self.connections.all():
            channel.retire()
        if not len(self.connections):
            return succeed(None)
        all_gone = self._all_gone = Deferred()
        cut = self.clock.callLater(grace_s, self._cut)
        return all_gone.addBoth(lambda _: cut.cancel() if cut.active() else None)

    def _cut(self) -> None:
        for channel in self.connections.all():
            channel.give_way()

    # Requests

    def admit(self, request: ServerRequest) -> None:
        """Raise RefusedRequest unless the request may come in."""
        if request.method not in self._methods:
            raise RefusedRequest(501, "This method is not known here.")
        self._check_host(request)
        target = request.head.target
        is_for_all = target == b"*" and request.method == b"OPTIONS"
        if not target.startswith(b"/") and not is_for_all:
            raise RefusedRequest(400, "The address asked for must begin with a slash.")

    def _check_host(self, request: ServerRequest) -> None:
        host, head = request.header(b"host"), request.head
        if not host and (b"host" in head.headers or not head.is_http_1_0):
            raise RefusedRequest(400, "A Host header is needed.")
        if host and not self._is_own_host(host, request):
            self.refused["host"] += 1
            raise RefusedRequest(403, "This server answers to its own names only.")
        if b"origin" in head.headers and not self._is_own_page(request):
            self.refused["origin"] += 1
            raise RefusedRequest(403, "Pages of others may not ask this server.")

    def _is_own_host(self, host: str, request: ServerRequest) -> bool:
        port, is_loopback = request.port, request.peer.is_loopback
        reached = request.base_url.partition("://")[2]
        return host in {reached, reached.removesuffix(f":{port}")} or (
            self._hosts.allows(host, port, is_loopback=is_loopback)
        )

    def _is_own_page(self, request: ServerRequest) -> bool:
        origin, is_loopback = request.header(b"origin"), request.peer.is_loopback
        return origin == request.base_url or self._hosts.allows_origin(
            origin, request.port, scheme=self.scheme, is_loopback=is_loopback
        )

    def handle(self, request: ServerRequest) -> None:
        """Let the right handler answer; a bug in it costs this connection only."""
        try:
            self._dispatch(request)
        except Exception:  # whatever it is, the client hears a plain 500
            self.log.failure("answering {method}", method=request.method)
            request.fail()

    def _dispatch(self, request: ServerRequest) -> None:
        request.policy = self._policy_for(request)
        if self.witness is not None:
            self.witness(request)
        if request.policy.is_blocked:
            self.refused["blocked"] += 1
            request.abort()
            return
        is_told = take_secret(request, self._routes.guarded)
        methods = self._routes.find(request.path) if is_told else None
        if methods is None:
            if request.head.target == b"*":
                request.respond(200, [_allow(self._methods)])
            else:
                request.refuse(RefusedRequest(404, "There is nothing here."))
            return
        handler = methods.get(request.method)
        if handler is not None:
            handler(request)
        elif request.method == b"OPTIONS":
            request.respond(200, [_allow({*methods, b"OPTIONS"})])
        else:
            request.refuse(
                RefusedRequest(405, "Not with this method."),
                _allow({*methods, b"OPTIONS"}),
            )

    def own_lines(self) -> str:
        """Return the Date and Server lines of every answer."""
        second = int(self._now())
        if second != self._own_second:
            self._own_second = second
            date = format_http_date(second)
            self._own_lines = f"Date: {date}\r\nServer: {self._server}\r\n"
        return self._own_lines


# A new connection for each call is what most devices make.
_address_of = lru_cache(maxsize=256)(ip_address)


def _allow(methods: Collection[bytes]) -> tuple[str, str]:
    return "Allow", ", ".join(sorted(method.decode() for method in methods))
