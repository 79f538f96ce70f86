"""Where in a stream of units with time stamps a time is: searched by halves.

A player can't begin at every unit: the place is the last one that it can begin at
before the time; where none tells that it can, the last one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from upnpserver.media.places import NEAR_BYTES, Place, Span, is_steady, narrowed
from upnpserver.media.riff import ReadAt
from upnpserver.media.transport import TIME_WRAP, span

# Of a picture's unit and what lies between: 40 ms at 100 Mbit/s are 500 kB.
_LOOK_BYTES: Final = (64 << 10, 512 << 10, 4 << 20)
# Less where nobody seeks yet: it is looked at in each file that is read.
_FIRST_LOOK_BYTES: Final = (16 << 10, 112 << 10)
# Back to where it can be begun at: 10 s at 25 Mbit/s.
_BACK_BYTES: Final = 1 << 20
_MOST_BACK: Final = 32
_LOOKS: Final = 6
_TICKS_PER_MS: Final = 90


class Unit(NamedTuple):
    """A unit at an offset; time: its presentation time in 90 kHz."""

    at: int
    time: int
    can_begin: bool


class Stamped(ABC):
    """The places of one file. Raises ProbeError if no time is told in it."""

    def __init__(self, read_at: ReadAt, size_bytes: int, length_ms: int) -> None:
        self.read_at, self.size_bytes = read_at, size_bytes
        self._length_ms = length_ms
        self._first = self.first_time()

    @abstractmethod
    def first_time(self) -> int:
        """Choose what tells the time; return what its clock begins with.

        Raises ProbeError if nothing does.
        """

    @abstractmethod
    def units(self, data: bytes) -> Iterator[Unit]:
        """Yield the units in some bytes of the file, at offsets in these bytes."""

    def is_steady(self) -> bool:
        """Tell whether the clock runs on from beginning to end, as far as is seen."""
        looks = partial(self._next, within=_FIRST_LOOK_BYTES)
        return is_steady(looks, self._bounds, self._length_ms, _LOOKS)

    def span(self, start_ms: int, end_ms: int | None) -> Span:
        """Return the bytes from one time to another. Raises ProbeError."""
        start = self._last_until(start_ms) if start_ms else 0
        end = self.size_bytes if end_ms is None else self._first_from(end_ms, start)
        return Span(start, end)

    @property
    def _bounds(self) -> Span:
        return Span(0, self.size_bytes)

    def _next(self, at: int, within: tuple[int, ...] = _LOOK_BYTES) -> Place | None:
        for count in within:
            found = next(self._places(at, at + count), None)
            if found is not None:
                return found[0]
            if at + count >= self.size_bytes:
                break
        return None

    def _places(self, start: int, end: int) -> Iterator[tuple[Place, bool]]:
        """Yield the units between two offsets, and whether one can begin there."""
        data = self.read_at(start, min(end, self.size_bytes) - start)
        for at, time, can_begin in self.units(data):
            ticks = span(self._first, time)
            if ticks > TIME_WRAP // 2:
                ticks = 0  # shown before the first that was looked at
            yield Place(ticks // _TICKS_PER_MS, start + at), can_begin

    def _narrowed(self, time_ms: int) -> tuple[int, int]:
        return narrowed(self._next, self._bounds, time_ms, self._length_ms)

    def _last_until(self, time_ms: int) -> int:
        last, high = self._narrowed(time_ms)
        begins, end = last, high + NEAR_BYTES
        for step in range(_MOST_BACK):
            until = [
                (place.at, can_begin)
                for place, can_begin in self._places(begins, end)
                if place.time_ms <= time_ms
            ]
            if step == 0 and until:
                last = until[-1][0]
            if points := [at for at, can_begin in until if can_begin]:
                return points[-1]
            if begins == 0:
                break
            # What lies across the cut is in both.
            begins, end = max(0, begins - _BACK_BYTES), begins + NEAR_BYTES
        return last

    def _first_from(self, time_ms: int, behind: int) -> int:
        low, high = self._narrowed(time_ms)
        for place, _ in self._places(low, high + 2 * NEAR_BYTES):
            if place.time_ms >= time_ms and place.at > behind:
                return place.at
        return self.size_bytes
