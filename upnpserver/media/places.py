"""Where in a file its moments lie: a table of places, and a search by halves.

A place is an offset at which a player can begin, and the time from the item's
beginning on, in milliseconds. Formats with an index become a table; those whose
units carry their time are searched when they are asked for.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from upnpserver.errors import ProbeError

MOST_PLACES: Final = 16_384  # 192 KiB; a film with one a second is far shorter
# Containers whose places become a table; others are searched.
WITH_TABLE: Final = frozenset(
    {"mp4", "quicktime", "3gpp", "3gpp2", "matroska", "webm", "mp3"}
)
# A search ends so near: what is left is looked at unit by unit.
NEAR_BYTES: Final = 128 * 1024
_MOST_HALVES: Final = 64
# Pictures are stored in another order than they are shown in.
_DISORDER_MS: Final = 2_000


class Place(NamedTuple):
    """Something that begins at an offset, to be shown at a time."""

    time_ms: int
    at: int


@dataclass(frozen=True, slots=True)
class Table:
    """The places of one file in order. times_ms and offsets are as long."""

    times_ms: "array[int]"
    offsets: "array[int]"

    @classmethod
    def of(cls, places: Iterable[Place], size_bytes: int) -> "Table":
        """Return a table of places that lie in a file; of very many every n-th.

        Raises ProbeError if there are none, one lies beyond the file, or they go
        back in it.
        """
        found = sorted(places)
        if not found:
            raise ProbeError("it has no index")
        step = -(-len(found) // MOST_PLACES)
        kept = found[::step]
        times = array("I", (min(place.time_ms, 0xFFFFFFFF) for place in kept))
        offsets = array("Q", (place.at for place in kept))
        if any(one > later for one, later in pairwise(offsets)):
            raise ProbeError("its index goes to and fro")
        if offsets[-1] >= size_bytes or times[-1] == 0xFFFFFFFF:
            raise ProbeError("its index leads beyond its end")
        return cls(times, offsets)

    def pack(self) -> bytes:
        """Return the table as bytes of this machine."""
        return self.times_ms.tobytes() + self.offsets.tobytes()

    @classmethod
    def unpack(cls, packed: bytes) -> "Table":
        """Return the table that was packed. Raises ProbeError for anything else."""
        times, offsets = array("I"), array("Q")
        row = times.itemsize + offsets.itemsize
        count, rest = divmod(len(packed), row)
        if rest or not 0 < count <= MOST_PLACES:
            raise ProbeError("that is no table of places")
        times.frombytes(packed[: count * times.itemsize])
        offsets.frombytes(packed[count * times.itemsize :])
        return cls(times, offsets)

    @property
    def held_bytes(self) -> int:
        """Return how much memory it takes."""
        return sys.getsizeof(self.times_ms) + sys.getsizeof(self.offsets)

    def span(self, start_ms: int, end_ms: int | None, size_bytes: int) -> "Span":
        """Return the bytes from the last place before a time to the first behind one.

        end_ms: None for the end. A time before the first place is at the beginning.
        """
        first = bisect_right(self.times_ms, start_ms) - 1
        start = self.offsets[first] if start_ms and first >= 0 else 0
        behind = (
            len(self.times_ms)
            if end_ms is None
            else bisect_left(self.times_ms, max(end_ms, 0))
        )
        while behind < len(self.offsets) and self.offsets[behind] <= start:
            behind += 1  # at least one place is sent
        end = self.offsets[behind] if behind < len(self.offsets) else size_bytes
        return Span(start, end)


class Span(NamedTuple):
    """The bytes start <= byte < end."""

    start: int
    end: int


Next = Callable[[int], Place | None]  # the first place at or behind an offset


def narrowed(
    next_place: Next, bounds: Span, time_ms: int, length_ms: int
) -> tuple[int, int]:
    """Return offsets, near to each other, between which a time is to be found.

    length_ms: of the whole. At the first, something begins that is not later than
    the time. Raises ProbeError if times don't grow with offsets: then nothing
    found so would be true.
    """
    low, high = bounds
    low_ms, high_ms = 0, length_ms
    for _ in range(_MOST_HALVES):
        if high - low <= NEAR_BYTES:
            return low, high
        middle = (low + high) // 2
        found = next_place(middle)
        if found is None or found.at >= high:
            high = middle
            continue
        if not low_ms - _DISORDER_MS <= found.time_ms <= high_ms + _DISORDER_MS:
            raise ProbeError("its clock is not steady")
        if found.time_ms <= time_ms:
            low, low_ms = found.at, found.time_ms
        else:
            high, high_ms = middle, found.time_ms
    return low, high


def is_steady(next_place: Next, bounds: Span, length_ms: int, looks: int) -> bool:
    """Tell whether times grow with offsets, as far as some places can tell it."""
    before_ms = -_DISORDER_MS
    start, end = bounds
    for number in range(1, looks):
        found = next_place(start + (end - start) * number // looks)
        if found is None:
            return False
        if not before_ms - _DISORDER_MS <= found.time_ms <= length_ms + _DISORDER_MS:
            return False
        before_ms = found.time_ms
    return True
