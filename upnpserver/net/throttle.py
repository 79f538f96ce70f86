"""How many searches are answered: enough for a house, too few for an amplifier.

Source: security.md requirement 5; reference ssdp.md section 5.
"""

from collections import OrderedDict
from dataclasses import dataclass

PER_SECOND, BURST = 10.0, 30.0  # of one source
ALL_PER_SECOND, ALL_BURST = 100.0, 300.0
SOURCES = 1024  # remembered; a flood of made-up sources meets the limit of all
FOLD_S = 1.0  # the same search again within this time is the same search


@dataclass(slots=True)
class _Bucket:
    """A token bucket: a burst at once, then so many a second."""

    per_second: float
    burst: float
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Throttle:
    """Decides which searches are answered; now is in seconds, monotonic."""

    def __init__(self) -> None:
        self._all = _Bucket(ALL_PER_SECOND, ALL_BURST, ALL_BURST, 0.0)
        self._sources: OrderedDict[str, _Bucket] = OrderedDict()
        self._recent: OrderedDict[tuple[str, int, str], float] = OrderedDict()

    def allows(self, source: tuple[str, int], target: str, now: float) -> bool:
        """Whether to answer a search for target from (host, port)."""
        search = (*source, target)
        if now - self._recent.get(search, -FOLD_S) < FOLD_S:
            return False
        host = source[0]
        bucket = self._sources.pop(host, None) or _Bucket(PER_SECOND, BURST, BURST, now)
        self._sources[host] = bucket
        if not bucket.take(now) or not self._all.take(now):
            return False
        self._recent[search] = now
        self._recent.move_to_end(search)
        for remembered in (self._sources, self._recent):
            if len(remembered) > SOURCES:
                remembered.popitem(last=False)
        return True
