"""Server-sent events at /events: what moves, as the asking device may see it.

Each listener is told the state of things, once at the beginning and then what of it
has changed: who reads slowly misses steps, and never the end. Nothing happens while
nobody listens, and next to nothing while nothing moves.

Source: HTML Living Standard, section 9.2 (server-sent events); tcp(7).
"""

import socket
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.errors import RefusedRequest
from upnpserver.net.prompt import PromptServer
from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.policy import ClientPolicy
from upnpserver.services.content_directory import Asker

MOST: Final = 64
MOST_PER_PEER: Final = 8
STEP_S: Final = 2.0  # between two looks while something moves
FIRST_STEP_S: Final = 0.2  # what begins rarely begins alone
HEARTBEAT_S: Final = 20.0  # also for those whose rights have changed meanwhile
GONE_AFTER_S: Final = 60.0  # without an answer of the other end's network
RETRY_AFTER_S: Final = 30
_HEADERS: Final = (
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

Told = Mapping[str, bytes]  # events by name, each as JSON in one line


class Events:
    """All who listen.

    asker: who asks. policy_later: see net.visitors. told: what there is to tell to
    somebody. is_moving: whether that changes without a call of changed().
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        asker: Callable[[ServerRequest], Asker],
        policy_later: Callable[[ServerRequest], Callable[[], ClientPolicy]],
        told: Callable[[Asker], Deferred[Told]],
        is_moving: Callable[[], bool],
    ) -> None:
        self._clock, self._asker = clock, asker
        self._policy_later, self._told = policy_later, told
        self._is_moving = is_moving
        self._listeners: dict[_Listener, None] = {}
        self._step: IDelayedCall | None = None
        self._heartbeat: IDelayedCall | None = None
        self._is_looking = self._is_stale = False
        self._looked_s = clock.seconds() - STEP_S

    def __len__(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    def exact(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of whole paths."""
        return {b"/events": {b"GET": self.listen}}

    def listen(self, request: ServerRequest) -> None:
        """Begin to tell who asked."""
        peers = Counter(one.request.peer for one in self._listeners)
        if len(self) >= MOST or peers[request.peer] >= MOST_PER_PEER:
            refusal = RefusedRequest(503, "Too many listen already.")
            request.refuse(refusal, ("Retry-After", str(RETRY_AFTER_S)))
            return
        listener = _Listener(request, self._policy_later(request), self._gone)
        self._listeners[listener] = None
        listener.begin()
        if self._heartbeat is None:
            self._heartbeat = self._clock.callLater(HEARTBEAT_S, self._beat)
        self._look_within(0)

    def changed(self) -> None:
        """Look soon what there is to tell."""
        next_s = self._looked_s + STEP_S - self._clock.seconds()
        self._look_within(max(FIRST_STEP_S, next_s))

    def stop(self) -> None:
        """Let all go."""
        for listener in list(self._listeners):
            listener.end()
            self._gone(listener)

    def _gone(self, listener: "_Listener") -> None:
        self._listeners.pop(listener, None)
        if self._listeners:
            return
        for call in (self._step, self._heartbeat):
            if call is not None:
                call.cancel()
        self._step = self._heartbeat = None

    def _beat(self) -> None:
        self._heartbeat = self._clock.callLater(HEARTBEAT_S, self._beat)
        for listener in list(self._listeners):
            listener.beat()
        self._look_within(0)

    def _look_within(self, seconds: float) -> None:
        self._is_stale = True
        if self._is_looking or not self._listeners:
            return
        if self._step is not None:
            if self._step.getTime() <= self._clock.seconds() + seconds:
                return
            self._step.cancel()
        self._step = self._clock.callLater(seconds, self._look)

    def _look(self) -> None:
        """Ask once for all who see the same what there is to tell them."""
        self._step, self._is_looking, self._is_stale = None, True, False
        self._looked_s = self._clock.seconds()
        groups: dict[tuple[str, str], list[_Listener]] = {}
        for listener in list(self._listeners):
            policy = listener.policy()
            if policy.is_blocked:
                listener.request.abort()
                continue
            # Everything that is asked for looks at who asks by his request.
            listener.request.policy = policy
            seen = policy.audience, policy.secret_path
            groups.setdefault(seen, []).append(listener)
        looks = [self._look_for(listeners) for listeners in groups.values()]
        DeferredList(looks).addCallback(self._looked)

    def _look_for(self, listeners: list["_Listener"]) -> Deferred[None]:
        asker = self._asker(listeners[0].request)

        def tell(told: Told) -> None:
            for listener in listeners:
                listener.tell(told)

        return self._told(asker).addCallback(tell).addErrback(self._broken)

    def _broken(self, failure: Failure) -> None:
        self.log.failure("telling what moves", failure)

    def _looked(self, _: object) -> None:
        self._is_looking = False
        if self._is_stale or self._is_moving():
            self._look_within(STEP_S)


@implementer(IPushProducer)
class _Listener:
    """One who listens, on a connection of its own."""

    def __init__(
        self,
        request: ServerRequest,
        policy: Callable[[], ClientPolicy],
        gone: Callable[["_Listener"], None],
    ) -> None:
        self.request, self.policy, self._gone = request, policy, gone
        self._told: dict[str, bytes] = {}
        self._untold: dict[str, bytes] = {}
        self._is_choked = self._was_choked = False

    def begin(self) -> None:
        """Send the head."""
        self.request.when_gone = lambda: self._gone(self)
        self.request.begin(200, _HEADERS, None)
        wire = self.request.transport
        wire.registerProducer(self, True)
        if isinstance(wire, PromptServer):
            # A phone that left the house says nothing.
            limit_ms = int(GONE_AFTER_S * 1000)
            option = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms)
            wire.getHandle().setsockopt(*option)
        wire.write(b"retry: 3000\n\n")

    def end(self) -> None:
        """Send nothing more."""
        if not self.request.is_gone:
            self.request.transport.unregisterProducer()
            self.request.finish_stream()

    def tell(self, told: Told) -> None:
        """Send what is new in it, now or when the connection takes it."""
        if not self.request.is_gone:
            self._untold = {
                name: data
                for name, data in told.items()
                if self._told.get(name) != data
            }
            self._send()

    def beat(self) -> None:
        """Send a sign of life; give up who took nothing for that long."""
        if self._is_choked and self._was_choked:
            self.request.abort()
        elif not self._is_choked:
            self.request.transport.write(b":\n\n")
        self._was_choked = self._is_choked

    def _send(self) -> None:
        if self._is_choked:
            return
        untold, self._untold = self._untold, {}
        self._told |= untold
        self.request.transport.write(b"".join(_written(untold.items())))

    # What the transport tells

    def pauseProducing(self) -> None:
        """Wait: the listener is slow."""
        self._is_choked = True

    def resumeProducing(self) -> None:
        """Go on, with what there is to tell by now."""
        self._is_choked = False
        self._send()

    def stopProducing(self) -> None:
        """Do nothing: the request tells that it is lost."""


def _written(events: Iterable[tuple[str, bytes]]) -> Iterable[bytes]:
    for name, data in events:
        yield b"event: %b\ndata: %b\n\n" % (name.encode(), data)
