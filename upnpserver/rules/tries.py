"""Counting wrong tries of something secret. Values with a clock that comes in.

Who tries out all of them is stopped by the device, and, as a laptop may have many
addresses, by the house. Source: security.md section 3.
"""

from dataclasses import dataclass
from typing import Final

TRIES: Final = 5  # of one device, wrong ones in a row
PAUSE_S: Final = 15 * 60.0  # then; each time twice as long
LONGEST_PAUSE_S: Final = 24 * 3600.0
TRIES_OF_ALL: Final = 30  # of all devices of the house, in an hour
HOUR_S: Final = 3600.0
MOST_PLACES: Final = 256


@dataclass(slots=True)
class _Place:
    wrong: int = 0
    pauses: int = 0
    paused_until_s: float = 0.0
    last: str = ""  # what was wrong last: asked for again, it is one try


class Tries:
    """What every device has tried in vain."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._wrong_of_all: list[float] = []

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

    def was_right(self, place: str) -> None:
        """Forget what a device tried in vain."""
        self._places.pop(place, None)

    def was_wrong(self, place: str, what: str, now_s: float) -> None:
        """Count a wrong try, unless it is the last one again.

        what: tells one try from another; kept until the next.
        """
        known = self._known(place)
        if what == known.last:
            return
        known.last = what
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
        """Return what is known of a place; who was there longest ago gives way."""
        known = self._places.pop(place, None) or _Place()
        if len(self._places) >= MOST_PLACES:
            del self._places[next(iter(self._places))]
        self._places[place] = known
        return known
