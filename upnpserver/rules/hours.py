"""At which times of the week something may be seen. Pure: the time comes in.

Times are those of the clock on the wall where the server stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of day on some days: from is included, until is not; in minutes.

    until may lie before start: it is on the next day then.
    """

    days: frozenset[int]  # 0 is Monday
    start: int
    until: int

    def holds(self, weekday: int, minute: int) -> bool:
        """Tell whether a time of the week is in it."""
        if self.start < self.until:
            return weekday in self.days and self.start <= minute < self.until
        yesterday = (weekday - 1) % len(DAYS)
        return (weekday in self.days and minute >= self.start) or (
            yesterday in self.days and minute < self.until
        )


def is_open(hours: Sequence[Hours], now: datetime) -> bool:
    """Tell whether a time is in any of the hours; without any, it always is."""
    minute = now.hour * 60 + now.minute
    return not hours or any(one.holds(now.weekday(), minute) for one in hours)


def next_opening(hours: Sequence[Hours], now: datetime) -> tuple[int, int] | None:
    """Return (weekday, minute of that day) of the next time that is open.

    None if none is in a week.
    """
    minute_now = now.hour * 60 + now.minute
    starts = {(day, one.start) for one in hours for day in one.days}
    away = {
        ((day - now.weekday()) * DAY_MINUTES + start - minute_now)
        % (len(DAYS) * DAY_MINUTES): (day, start)
        for day, start in starts
    }
    return away[min(away)] if away else None
