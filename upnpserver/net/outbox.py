"""Whose turn it is to be sent an event message.

To start one costs a third of a millisecond: 512 at once stopped the reactor
for 200. And a device that never answers holds its connection for ten seconds:
it may keep only itself waiting. Source: security.md requirement 24.
"""

from collections import Counter, deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.upnp.gena import Address

UNDER_WAY = 32  # of all peers: each needs a file descriptor
UNDER_WAY_TO_PEER = 4
STARTS_PER_TURN = 4  # of the reactor

Start = Callable[[], Deferred[None] | None]


class Outbox:
    """Lets messages start, few at a time, peer by peer in turn."""

    log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._waiting: dict[Address, deque[Start]] = {}  # the next peer first
        self._under_way: dict[Deferred[None], Address] = {}
        self._started = 0  # in this turn
        self._next_turn: IDelayedCall | None = None

    def ask(self, peer: Address, start: Start) -> None:
        """Call start when it is peer's turn, maybe at once.

        start returns what fires when the message is over, or None if there is
        nothing to send any more.
        """
        self._waiting.setdefault(peer, deque()).append(start)
        self._go_on()

    def stop(self) -> None:
        """Start nothing any more, and give up what is under way."""
        self._waiting.clear()
        for message in list(self._under_way):
            message.cancel()
        if self._next_turn is not None:
            self._next_turn.cancel()
            self._next_turn = None

    def _go_on(self) -> None:
        while self._started < STARTS_PER_TURN and len(self._under_way) < UNDER_WAY:
            peer = self._next_peer()
            if peer is None:
                return
            queue = self._waiting.pop(peer)
            start = queue.popleft()
            if queue:
                self._waiting[peer] = queue  # behind all others
            self._begin(peer, start)

    def _next_peer(self) -> Address | None:
        busy = Counter(self._under_way.values())
        return next((p for p in self._waiting if busy[p] < UNDER_WAY_TO_PEER), None)

    def _begin(self, peer: Address, start: Start) -> None:
        self._started += 1
        if self._next_turn is None:
            self._next_turn = self._clock.callLater(0, self._begin_turn)
        message = start()
        if message is not None:
            self._under_way[message] = peer
            message.addErrback(self._note)
            message.addBoth(self._over, message)

    def _begin_turn(self) -> None:
        self._next_turn = None
        self._started = 0
        self._go_on()

    def _note(self, failure: Failure) -> None:
        self.log.failure("an event message failed", failure)

    def _over(self, _: None, message: Deferred[None]) -> None:
        del self._under_way[message]
        self._go_on()
