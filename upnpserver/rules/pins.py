"""PINs: tries that are counted, and locks that stay open for a while.

Values with a clock that comes in. Who tries out all PINs is stopped by the device,
and, as a laptop may have many addresses, by the house. Source: security.md section 3.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hmac import compare_digest

from upnpserver.rules.profiles import Lock

TRIES = 5  # of one device, wrong ones in a row
PAUSE_S = 15 * 60.0  # then; each time twice as long
LONGEST_PAUSE_S = 24 * 3600.0
TRIES_OF_ALL = 30  # of all devices of the house, in an hour
HOUR_S = 3600.0
MOST_PLACES = 256


@dataclass(slots=True)
class _Place:
    wrong: int = 0
    pauses: int = 0
    paused_until_s: float = 0.0
    last: str = ""  # the PIN that was wrong last: asked for again, it is one try
    opened: dict[str, float] = field(default_factory=dict)  # lock -> until


class PinTries:
    """What every device has tried and opened."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._wrong_of_all: list[float] = []

    def opened(self, place: str, now_s: float) -> tuple[str, ...]:
        """Return the names of the locks that are open for a device, in order."""
        known = self._places.get(place)
        if known is None or not known.opened:
            return ()
        return tuple(name for name, until_s in known.opened.items() if now_s < until_s)

    def pause_s(self, place: str, now_s: float) -> float:
        """Return how long a device has to wait before another try, 0: not at all."""
        known = self._places.get(place)
        own = known.paused_until_s - now_s if known else 0.0
        recent = self._recent(now_s)
        of_all = recent[0] + HOUR_S - now_s if len(recent) >= TRIES_OF_ALL else 0.0
        return max(own, of_all, 0.0)

    def tries_left(self, place: str) -> int:
        """Return how many wrong tries a device has left."""
        known = self._places.get(place)
        return TRIES - (known.wrong if known else 0)

    def tried(
        self, place: str, pin: str, locks: Iterable[Lock], now_s: float
    ) -> Lock | None:
        """Count a try and return the lock that it opens, None: it was wrong.

        To be called only while pause_s() is 0.
        """
        known = self._known(place)
        found = None
        for lock in locks:  # all of them: the time tells nothing
            if compare_digest(lock.pin.encode(), pin.encode()):
                found = lock
        if found is not None:
            known.wrong = known.pauses = 0
            known.last = ""
            known.opened.pop(found.name, None)
            known.opened[found.name] = now_s + found.minutes * 60
        elif pin != known.last:
            self._was_wrong(known, pin, now_s)
        return found

    def close(self, place: str) -> None:
        """Close what a device has opened."""
        if place in self._places:
            self._places[place].opened.clear()

    def _was_wrong(self, known: _Place, pin: str, now_s: float) -> None:
        known.last = pin
        known.wrong += 1
        self._wrong_of_all = [*self._recent(now_s), now_s][-TRIES_OF_ALL:]
        if known.wrong >= TRIES:
            pause_s = min(PAUSE_S * 2**known.pauses, LONGEST_PAUSE_S)
            known.paused_until_s = now_s + pause_s
            known.wrong, known.last = 0, ""
            known.pauses += 1

    def _recent(self, now_s: float) -> list[float]:
        return [one for one in self._wrong_of_all if now_s - one < HOUR_S]

    def _known(self, place: str) -> _Place:
        known = self._places.pop(place, None) or _Place()
        if len(self._places) >= MOST_PLACES:
            idle = next(
                (name for name, one in self._places.items() if not one.opened),
                next(iter(self._places)),
            )
            del self._places[idle]
        self._places[place] = known
        return known
