"""GENA at work: who subscribed, and what each still has to hear.

One message at a time to one subscriber; what happens meanwhile is merged, the
newest value wins. A subscriber that does not answer keeps only itself waiting.
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
from upnpserver.net.event_delivery import Undelivered
from upnpserver.net.outbox import Outbox
from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.policy import EVERYONE, ClientPolicy
from upnpserver.upnp import gena
from upnpserver.upnp.description import SERVICES
from upnpserver.upnp.gena import Callback, Renew, Subscribe

MAX_SUBSCRIPTIONS, MAX_PER_PEER = 512, 64
FIRST_EVENT_S = 0.1  # some clients drop an event that comes before their SID
MODERATION_S = 0.2  # ContentDirectory:1 section 2.3
FAILURES = 3  # in a row end a subscription
SWEEP_S = 60.0  # how long a subscription that ran out may stay in memory

_NOTHING: Mapping[str, str] = {}

Deliver = Callable[[Callback, bytes], Deferred[int]]
Variables = Callable[[str, ClientPolicy], Mapping[str, str]]
PolicyLater = Callable[[ServerRequest], Callable[[], ClientPolicy]]


def everyone(request: ServerRequest) -> Callable[[], ClientPolicy]:
    """Let the same hold for all: a PolicyLater."""
    return lambda: EVERYONE


@dataclass(slots=True)
class _Subscription:
    sid: str
    service: str
    callbacks: tuple[Callback, ...]
    expires: float
    policy: Callable[[], ClientPolicy]  # of who subscribed, at any time
    audience: str = ""  # at the last event: see ClientPolicy.audience
    seq: int = 0
    failures: int = 0
    is_busy: bool = True  # asked for its turn, or being told
    # Shared by many, so it is replaced and never changed.
    waiting: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    first_event: IDelayedCall | None = None


class Eventing:
    """The subscriptions of all services.

    deliver: (callback, message) -> HTTP status, later. variables: service and
    policy -> every evented variable with its value now, as that device sees it.
    policy_later: see net.visitors.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        deliver: Deliver,
        variables: Variables,
        *,
        policy_later: PolicyLater = everyone,
    ) -> None:
        self._clock, self._deliver, self._variables = clock, deliver, variables
        self._policy_later = policy_later
        self._subscriptions: dict[str, _Subscription] = {}
        self._outbox = Outbox(clock)
        self._pending: dict[tuple[str, str], Mapping[str, str]] = {}
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
            asked = gena.parse_subscribe(
                _headers(request), request.peer, request.base_url
            )
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
            self._forget(self._find(sid, service))
        except SubscriptionError as error:
            request.respond(error.status, [])
            return
        request.respond(200, [])

    def publish(
        self, service: str, changes: Mapping[str, str], audience: str = ""
    ) -> None:
        """Tell a service's subscribers of new values, soon and together.

        audience: of those whom it concerns, see ClientPolicy.
        """
        if self._is_stopped:
            return
        before = self._pending.get((service, audience), _NOTHING)
        self._pending[service, audience] = gena.merged(before, changes)
        if self._moderation is None:
            self._moderation = self._clock.callLater(MODERATION_S, self._publish_now)

    def tell_moved(self) -> None:
        """Tell those everything who are answered from another catalog than before."""
        for subscription in list(self._subscriptions.values()):
            if subscription.first_event is not None:
                continue
            policy = subscription.policy()
            if policy.audience != subscription.audience:
                subscription.audience = policy.audience
                subscription.waiting = self._variables(subscription.service, policy)
                self._send_waiting(subscription)

    def stop(self) -> None:
        """Forget everyone; they learn it from SSDP."""
        self._is_stopped = True
        for subscription in list(self._subscriptions.values()):
            self._forget(subscription)
        for call in (self._moderation, self._sweep):
            if call is not None:
                call.cancel()
        self._moderation = self._sweep = None
        self._outbox.stop()

    def _added(
        self, service: str, asked: Subscribe, request: ServerRequest
    ) -> _Subscription:
        self._expire()
        peers = Counter(s.callbacks[0].address for s in self._subscriptions.values())
        is_full = len(self) >= MAX_SUBSCRIPTIONS or peers[request.peer] >= MAX_PER_PEER
        if is_full or self._is_stopped:
            raise SubscriptionError(503, "no more subscriptions")
        sid = f"uuid:{uuid.uuid4()}"
        policy = self._policy_later(request)
        added = _Subscription(sid, service, asked.callbacks, float("inf"), policy)
        self._subscriptions[sid] = added
        added.first_event = self._clock.callLater(
            FIRST_EVENT_S, self._first_event, added
        )
        if self._sweep is None:
            self._sweep = self._clock.callLater(SWEEP_S, self._sweep_now)
        return added

    def _find(self, sid: str, service: str) -> _Subscription:
        found = self._subscriptions.get(sid)
        now = self._clock.seconds()
        if found is None or found.service != service or found.expires <= now:
            raise SubscriptionError(412, "no such subscription")
        return found

    def _forget(self, subscription: _Subscription) -> None:
        self._subscriptions.pop(subscription.sid, None)
        if subscription.first_event is not None:
            subscription.first_event.cancel()
            subscription.first_event = None

    def _expire(self) -> None:
        now = self._clock.seconds()
        for subscription in list(self._subscriptions.values()):
            if subscription.expires <= now:
                self._forget(subscription)

    def _sweep_now(self) -> None:
        self._expire()
        again = bool(self._subscriptions)
        self._sweep = self._clock.callLater(SWEEP_S, self._sweep_now) if again else None

    def _publish_now(self) -> None:
        self._moderation = None
        self.tell_moved()
        pending, self._pending = self._pending, {}
        for (service, audience), changes in pending.items():
            self._add(service, audience, changes)

    def _add(self, service: str, audience: str, changes: Mapping[str, str]) -> None:
        # Hundreds that wait for the same are merged once: each would take 0.1 ms.
        merged: dict[int, Mapping[str, str]] = {}
        for subscription in list(self._subscriptions.values()):
            is_meant = subscription.audience == audience
            if subscription.service == service and is_meant:
                before = subscription.waiting
                if id(before) not in merged:
                    merged[id(before)] = gena.merged(before, changes)
                subscription.waiting = merged[id(before)]
                self._send_waiting(subscription)

    def _first_event(self, subscription: _Subscription) -> None:
        # All variables as they are now: what was published meanwhile is in it.
        subscription.first_event = None
        policy = subscription.policy()
        subscription.audience = policy.audience
        subscription.waiting = self._variables(subscription.service, policy)
        subscription.is_busy = False
        self._send_waiting(subscription)

    def _send_waiting(self, subscription: _Subscription) -> None:
        if subscription.waiting and not subscription.is_busy:
            subscription.is_busy = True
            peer = subscription.callbacks[0].address
            self._outbox.ask(peer, partial(self._send_now, subscription))

    def _send_now(self, subscription: _Subscription) -> Deferred[None] | None:
        """Send what waits by now; None if nobody wants it any more."""
        is_kept = subscription.sid in self._subscriptions
        if not is_kept or subscription.expires <= self._clock.seconds():
            return None
        body = gena.property_set(subscription.waiting)
        subscription.waiting = _NOTHING
        return self._try(subscription, body, subscription.callbacks)

    def _try(
        self,
        subscription: _Subscription,
        body: bytes,
        callbacks: tuple[Callback, ...],
    ) -> Deferred[None]:
        """Deliver to the first callback that answers."""
        callback, *others = callbacks
        message = gena.notify(callback, subscription.sid, subscription.seq, body)
        return self._deliver(callback, message).addCallbacks(
            partial(self._answered, subscription),
            partial(self._failed, subscription, body, tuple(others)),
        )

    def _answered(self, subscription: _Subscription, status: int) -> None:
        subscription.failures = 0
        self._go_on(subscription, is_over=status == 412)  # 412: it does not know us

    def _failed(
        self,
        subscription: _Subscription,
        body: bytes,
        others: tuple[Callback, ...],
        failure: Failure,
    ) -> Deferred[None] | None:
        failure.trap(Undelivered)  # type: ignore[no-untyped-call]
        if others and not self._is_stopped:
            return self._try(subscription, body, others)
        subscription.failures += 1
        self._go_on(subscription, is_over=subscription.failures >= FAILURES)
        return None

    def _go_on(self, subscription: _Subscription, *, is_over: bool) -> None:
        if is_over:
            self._forget(subscription)
            return
        subscription.seq = gena.next_seq(subscription.seq)
        subscription.is_busy = False
        self._send_waiting(subscription)


def _headers(request: ServerRequest) -> dict[str, str]:
    names = ("callback", "nt", "sid", "timeout")
    return {name: request.header(name.encode()) for name in names}
