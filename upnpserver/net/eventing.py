"""GENA at work: who subscribed, and what each still has to hear.

One message at a time to one subscriber; what happens meanwhile is merged, the
newest value wins. A subscriber that does not answer costs one timer at most.
Source: UDA 1.0 section 4; security.md requirements 24 and 33.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.errors import SubscriptionError
from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.upnp import gena
from upnpserver.upnp.description import SERVICES
from upnpserver.upnp.gena import Callback, Renew, Subscribe

MAX_SUBSCRIPTIONS, MAX_PER_PEER = 512, 64
FIRST_EVENT_S = 0.1  # some clients drop an event that comes before their SID
MODERATION_S = 0.2  # ContentDirectory:1 section 2.3
FAILURES = 3  # in a row end a subscription
SWEEP_S = 60.0  # how long a subscription that ran out may stay in memory

Deliver = Callable[[Callback, bytes], Deferred[int]]
Variables = Callable[[str], Mapping[str, str]]


@dataclass(slots=True)
class _Subscription:
    sid: str
    service: str
    callbacks: tuple[Callback, ...]
    expires: float
    seq: int = 0
    failures: int = 0
    is_busy: bool = True  # until its first event was sent
    waiting: dict[str, str] = field(default_factory=dict)


class Eventing:
    """The subscriptions of all services.

    deliver: (callback, message) -> HTTP status, later. variables: service ->
    every evented variable with its value now.
    """

    log = Logger()

    def __init__(
        self, clock: IReactorTime, deliver: Deliver, variables: Variables
    ) -> None:
        self._clock, self._deliver, self._variables = clock, deliver, variables
        self._subscriptions: dict[str, _Subscription] = {}
        self._pending: dict[str, dict[str, str]] = {}
        self._moderation: IDelayedCall | None = None
        self._sweep: IDelayedCall | None = None
        self._is_stopped = False

    def __len__(self) -> int:
        """Return how many subscriptions are kept."""
        return len(self._subscriptions)

    def routes(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers by path and method."""
        return {
            service.event_path.encode(): {
                b"SUBSCRIBE": partial(self.subscribe, service.name),
                b"UNSUBSCRIBE": partial(self.unsubscribe, service.name),
            }
            for service in SERVICES
        }

    def subscribe(self, service: str, request: ServerRequest) -> None:
        """Answer a SUBSCRIBE: a new subscription, or one that goes on."""
        try:
            asked = gena.parse_subscribe(_headers(request), request.peer)
            if isinstance(asked, Renew):
                kept = self._find(asked.sid, service)
            else:
                kept = self._added(service, asked, request)
        except SubscriptionError as error:
            self.log.debug("SUBSCRIBE refused: {error}", error=error)
            request.respond(error.status, [])
            return
        kept.expires = self._clock.seconds() + asked.lease_s
        headers = [("SID", kept.sid), ("TIMEOUT", f"Second-{asked.lease_s}")]
        request.respond(200, headers)

    def unsubscribe(self, service: str, request: ServerRequest) -> None:
        """Answer an UNSUBSCRIBE."""
        try:
            sid = gena.parse_unsubscribe(_headers(request))
            del self._subscriptions[self._find(sid, service).sid]
        except SubscriptionError as error:
            request.respond(error.status, [])
            return
        request.respond(200, [])

    def publish(self, service: str, changes: Mapping[str, str]) -> None:
        """Tell a service's subscribers of new values, soon and together."""
        if self._is_stopped:
            return
        before = self._pending.get(service, {})
        self._pending[service] = gena.merged(before, changes)
        if self._moderation is None:
            self._moderation = self._clock.callLater(MODERATION_S, self._publish_now)

    def stop(self) -> None:
        """Forget everyone; they learn it from SSDP."""
        self._is_stopped = True
        self._subscriptions.clear()
        for call in (self._moderation, self._sweep):
            if call is not None and call.active():
                call.cancel()

    def _added(
        self, service: str, asked: Subscribe, request: ServerRequest
    ) -> _Subscription:
        self._expire()
        peers = Counter(s.callbacks[0].address for s in self._subscriptions.values())
        if len(self) >= MAX_SUBSCRIPTIONS or peers[request.peer] >= MAX_PER_PEER:
            raise SubscriptionError(503, "too many subscriptions")
        sid = f"uuid:{uuid.uuid4()}"
        added = _Subscription(sid, service, asked.callbacks, float("inf"))
        self._subscriptions[sid] = added
        self._clock.callLater(FIRST_EVENT_S, self._first_event, added)
        if self._sweep is None:
            self._sweep = self._clock.callLater(SWEEP_S, self._sweep_now)
        return added

    def _find(self, sid: str, service: str) -> _Subscription:
        found = self._subscriptions.get(sid)
        now = self._clock.seconds()
        if found is None or found.service != service or found.expires <= now:
            raise SubscriptionError(412, "no such subscription")
        return found

    def _expire(self) -> None:
        now = self._clock.seconds()
        for sid in [s.sid for s in self._subscriptions.values() if s.expires <= now]:
            del self._subscriptions[sid]

    def _sweep_now(self) -> None:
        self._expire()
        again = bool(self._subscriptions)
        self._sweep = self._clock.callLater(SWEEP_S, self._sweep_now) if again else None

    def _publish_now(self) -> None:
        self._moderation = None
        pending, self._pending = self._pending, {}
        for subscription in list(self._subscriptions.values()):
            changes = pending.get(subscription.service)
            if changes:
                subscription.waiting = gena.merged(subscription.waiting, changes)
                self._send_waiting(subscription)

    def _first_event(self, subscription: _Subscription) -> None:
        # All variables as they are now: what was published meanwhile is in it.
        subscription.waiting = dict(self._variables(subscription.service))
        subscription.is_busy = False
        self._send_waiting(subscription)

    def _send_waiting(self, subscription: _Subscription) -> None:
        if subscription.is_busy or not subscription.waiting:
            return
        if self._subscriptions.get(subscription.sid) is not subscription:
            return
        if subscription.expires <= self._clock.seconds():
            return
        subscription.is_busy = True
        body = gena.property_set(subscription.waiting)
        subscription.waiting = {}
        self._try(subscription, body, list(subscription.callbacks))

    def _try(
        self, subscription: _Subscription, body: bytes, callbacks: list[Callback]
    ) -> None:
        """Deliver to the first callback that answers."""
        callback = callbacks.pop(0)
        message = gena.notify(callback, subscription.sid, subscription.seq, body)
        delivered = self._deliver(callback, message)
        delivered.addCallbacks(
            partial(self._answered, subscription),
            partial(self._failed, subscription, body, callbacks),
        )

    def _answered(self, subscription: _Subscription, status: int) -> None:
        subscription.failures = 0
        subscription.seq = gena.next_seq(subscription.seq)
        subscription.is_busy = False
        if status == 412:  # the client does not know this subscription
            self._subscriptions.pop(subscription.sid, None)
        else:
            self._send_waiting(subscription)

    def _failed(
        self,
        subscription: _Subscription,
        body: bytes,
        callbacks: list[Callback],
        _: Failure,
    ) -> None:
        if callbacks:
            self._try(subscription, body, callbacks)
            return
        subscription.failures += 1
        subscription.seq = gena.next_seq(subscription.seq)
        subscription.is_busy = False
        if subscription.failures >= FAILURES:
            self._subscriptions.pop(subscription.sid, None)
        else:
            self._send_waiting(subscription)


def _headers(request: ServerRequest) -> dict[str, str]:
    names = ("callback", "nt", "sid", "timeout")
    return {name: request.header(name.encode()) for name in names}
