"""What is being sent now: who gets what, since when, how far it is and how fast.

One small value for each item that a device gets. The code that sends counts nothing
for it: how far each stream is is asked of it when somebody wants to know.

A device plays a file by one request or by many, one after the other or several at
once; all of them are one here, also for some seconds after the last one ended.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from upnpserver.model import Playing, Resource
from upnpserver.net.request import ServerRequest

LINGERS_S = 10.0  # players that fetch piece by piece pause between them
MOST = 256  # of connections there are no more than limits.connections
LEAST_SPAN_S = 1.0  # over which a rate means something

Ended = Callable[[int, int], None]
Note = Callable[[str, Resource, int, str], Ended]


class Course(NamedTuple):
    """How far one stream is, to be asked at any time.

    at: in the unit in which the size of the whole is told. sent: bytes.
    """

    at: Callable[[], int]
    sent: Callable[[], int]


Begun = Callable[[ServerRequest, Resource, int, Course], Ended]


def not_kept(device: str, resource: Resource, size: int, who: str) -> Ended:
    """Keep nothing of what was played: a Note."""
    return lambda start, until: None


def not_noted(
    request: ServerRequest, resource: Resource, size: int, course: Course
) -> Ended:
    """Take no note of a stream: a Begun."""
    return lambda start, until: None


@dataclass(slots=True)
class _Item:
    """One item for one device; times are those of the clock."""

    address: IPv4Address | IPv6Address
    rule: str
    resource: Resource
    size: int
    begun_s: float
    asked_s: float
    asked_sent: int = 0
    rate: int = 0
    ended_s: float | None = None
    sent: int = 0  # by streams that are over
    at: int = 0  # where the last one of them ended
    open: dict[int, Course] = field(default_factory=dict)

    def sent_in_all(self) -> int:
        return self.sent + sum(course.sent() for course in self.open.values())

    def told(self, now_s: float) -> Playing:
        span_s = now_s - self.asked_s
        if span_s >= LEAST_SPAN_S:
            sent = self.sent_in_all()
            self.rate = round((sent - self.asked_sent) / span_s)
            self.asked_s, self.asked_sent = now_s, sent
        last = next(reversed(self.open.values()), None)
        at = last.at() if last else self.at
        return Playing(
            self.address,
            self.rule,
            self.resource.item_id,
            self.resource.kind,
            now_s - self.begun_s,
            min(at * 100 // self.size, 100) if self.size else None,
            self.rate,
            not self.open,
        )


class Running:
    """All that is being sent.

    now_s: seconds that never go back. note: takes note of each stream as well, see
    net.plays.PlayLog. changed: called when something begins.
    """

    def __init__(self, now_s: Callable[[], float], note: Note = not_kept) -> None:
        self._now_s, self._note = now_s, note
        self._items: dict[tuple[str, str], _Item] = {}
        self._open: dict[int, Course] = {}
        self._count = self._ended_bytes = 0
        self.changed: Callable[[], None] = lambda: None

    def begun(
        self, request: ServerRequest, resource: Resource, size: int, course: Course
    ) -> Ended:
        """Take note of a stream; to be called with the span that was sent of it.

        size: of all of it, in bytes or in what else spans are told; 0: unknown.
        """
        address, who = str(request.peer), request.policy.profile
        note = self._note if size else not_kept
        noted = note(address, resource, size, who)
        item = self._item(request, resource, size)
        number = self._count = self._count + 1
        self._open[number] = item.open[number] = course
        item.ended_s = None
        self.changed()

        def ended(start: int, until: int) -> None:
            del self._open[number], item.open[number]
            sent = course.sent()
            item.sent += sent
            item.at, item.ended_s = until, self._now_s()
            self._ended_bytes += sent
            noted(start, until)

        return ended

    def now(self) -> list[Playing]:
        """Return what is being sent, what began last first."""
        now_s = self._now_s()
        self._forget_ended(now_s)
        return [item.told(now_s) for item in reversed(self._items.values())]

    @property
    def has_any(self) -> bool:
        """Whether there is anything to tell."""
        self._forget_ended(self._now_s())
        return bool(self._items)

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._open)

    @property
    def begun_in_all(self) -> int:
        """How many streams there were since the start."""
        return self._count

    @property
    def sent_in_all(self) -> int:
        """How many bytes were sent since the start."""
        return self._ended_bytes + sum(one.sent() for one in self._open.values())

    def _item(self, request: ServerRequest, resource: Resource, size: int) -> _Item:
        key = str(request.peer), resource.item_id
        now_s = self._now_s()
        self._forget_ended(now_s)
        item = self._items.get(key)
        if item is None or item.size != size:
            rule = request.policy.device
            item = _Item(request.peer, rule, resource, size, now_s, now_s)
            self._items.pop(key, None)
            while len(self._items) >= MOST:
                del self._items[next(iter(self._items))]
            self._items[key] = item
        return item

    def _forget_ended(self, now_s: float) -> None:
        over = [
            key
            for key, item in self._items.items()
            if not item.open
            and item.ended_s is not None
            and now_s - item.ended_s >= LINGERS_S
        ]
        for key in over:
            del self._items[key]
