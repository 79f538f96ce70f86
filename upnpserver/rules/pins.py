"""PINs: which locks each device has opened, and until when; wrong tries are counted.

Values with a clock that comes in.
"""

from collections.abc import Iterable
from hmac import compare_digest

from upnpserver.rules.profiles import Lock
from upnpserver.rules.tries import MOST_PLACES, Tries


class PinTries:
    """What every device has tried and opened."""

    def __init__(self) -> None:
        self._tries = Tries()
        self._opened: dict[str, dict[str, float]] = {}  # place -> lock -> until

    def opened(self, place: str, now_s: float) -> tuple[str, ...]:
        """Return the names of the locks that are open for a device, in order."""
        known = self._opened.get(place, {})
        return tuple(name for name, until_s in known.items() if now_s < until_s)

    def pause_s(self, place: str, now_s: float) -> float:
        """Return how long a device has to wait before another try, 0: not at all."""
        return self._tries.pause_s(place, now_s)

    def tries_left(self, place: str) -> int:
        """Return how many wrong tries a device has left."""
        return self._tries.tries_left(place)

    def tried(
        self, place: str, pin: str, locks: Iterable[Lock], now_s: float
    ) -> Lock | None:
        """Count a try and return the lock that it opens, None: it was wrong.

        To be called only while pause_s() is 0.
        """
        found = None
        for lock in locks:  # all of them: the time tells nothing
            if compare_digest(lock.pin.encode(), pin.encode()):
                found = lock
        if found is None:
            self._tries.was_wrong(place, pin, now_s)
            return None
        self._tries.was_right(place)
        self._open(place, found, now_s)
        return found

    def close(self, place: str) -> None:
        """Close what a device has opened."""
        self._opened.pop(place, None)

    def _open(self, place: str, lock: Lock, now_s: float) -> None:
        known = self._opened.pop(place, {})
        if len(self._opened) >= MOST_PLACES:
            del self._opened[next(iter(self._opened))]
        known.pop(lock.name, None)
        known[lock.name] = now_s + lock.minutes * 60
        self._opened[place] = known
