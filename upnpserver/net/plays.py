"""What is played, told by what was sent.

A device plays a file by one request or by many, one after the other or several at
once, and leaves a while between them. All of them are one run; it is over when
nothing was sent for a minute. When most of the file was sent in it, together with
what was sent before up to the place where somebody stopped, it was a play. Else
the place is kept, to continue there.

Each run is written once, when it is over: so an idle server writes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from upnpserver.model import Kind, Play, Plays, Resource
from upnpserver.net.kept import Kept

RUN_ENDS_AFTER_S = 60.0
PLAYED_PERCENT = 80
BEGUN_PERCENT, ENDED_PERCENT = 5, 95  # what lies between is worth continuing
MAX_RUNS = 200
_MAX_SPANS = 64  # of one run; a seek more makes one
_PROBE_PERCENT = 1  # as players do to find the index at a file's end
_MAX_COUNT = 10**6
_NEVER = Play(0, 0, 0)
_BETWEEN = "/"  # is in no item's id

Span = tuple[int, int]
Ended = Callable[[int, int], None]


class Keeper(Protocol):
    """catalog.household.Household, or a stand-in in a test."""

    def plays(self) -> dict[str, Play]:
        """Return what was played. Raises HouseholdUnusable."""

    def write(self, plays: Mapping[str, Play]) -> None:
        """Keep what was played. Raises HouseholdUnusable."""


def united(spans: list[Span], more: Span) -> list[Span]:
    """Return spans in order, with no overlap; of too many the smallest is left out."""
    apart: list[Span] = []
    for start, end in sorted([*spans, more]):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((start, end))
    if len(apart) > _MAX_SPANS:
        apart.remove(min(apart, key=_length))
    return apart


def key_of(item_id: str, who: str) -> str:
    """Return under what is kept what a group of devices played.

    who: the name of the household's rule for them, "" for all without one.
    """
    return f"{item_id}{_BETWEEN}{who}" if who else item_id


def _by_group(played: Mapping[str, Play]) -> dict[str, dict[str, Play]]:
    groups: dict[str, dict[str, Play]] = {}
    for key, play in played.items():
        item_id, _, who = key.partition(_BETWEEN)
        groups.setdefault(who, {})[item_id] = play
    return groups


def play_after(
    before: Play, spans: list[Span], size: int, now_s: int, duration_ms: int = 0
) -> Play | None:
    """Return what is to be kept after a run; None if that is as before.

    size: of all of it, in the unit of the spans. duration_ms: 0 if nobody knows.
    """
    reached = size * before.position_percent // 100
    sent = sum(map(_length, united(spans, (0, reached))))
    if sent * 100 >= size * PLAYED_PERCENT:
        return Play(min(before.times + 1, _MAX_COUNT), now_s, 0)
    longest = max(spans, key=_length, default=(0, 0))
    if _length(longest) * 100 < size * _PROBE_PERCENT:
        return None
    percent = longest[1] * 100 // size
    if percent < BEGUN_PERCENT:
        return None
    if percent > ENDED_PERCENT:
        return Play(before.times, now_s, 0)
    return Play(before.times, now_s, percent, duration_ms * longest[1] // size)


def _length(span: Span) -> int:
    return span[1] - span[0]


@dataclass(slots=True)
class _Run:
    size: int
    duration_ms: int
    streams: int = 0
    spans: list[Span] = field(default_factory=list)
    end: IDelayedCall | None = None


class PlayLog:
    """Notes what is played.

    keeper: where it is kept. in_thread: runs work that waits for a disk.
    now_s: seconds since 1970.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        keeper: Keeper,
        in_thread: Callable[[Callable[[], None]], Deferred[None]],
        now_s: Callable[[], float],
    ) -> None:
        self._clock, self._now_s = clock, now_s
        self._runs: dict[tuple[str, str, str], _Run] = {}
        self._kept = Kept("what is played", keeper.write, in_thread)
        played = self._kept.opened(keeper.plays)
        self._is_usable = played is not None
        self._version = 0  # of what changed last, whoever played it
        self._plays: dict[str, Plays] = {"": Plays(0, MappingProxyType({}))}
        for who, of in _by_group(played or {}).items():
            self._version += 1
            self._plays[who] = Plays(self._version, MappingProxyType(of))

    def plays(self, who: str = "") -> Plays | None:
        """Return what a group played up to now; None if nobody takes note.

        who: see key_of().
        """
        if not self._is_usable:
            return None
        return self._plays.get(who) or Plays(0, MappingProxyType({}))

    def begun(self, device: str, resource: Resource, size: int, who: str = "") -> Ended:
        """Take note of a stream; to be called with the span that was sent of it.

        size: of all of it, in bytes or in what else spans are told.
        """
        key = device, who, resource.item_id
        run = self._runs.get(key)
        is_played = resource.kind is not Kind.IMAGE and self._is_usable
        if not is_played or (run is None and len(self._runs) >= MAX_RUNS):
            return lambda start, until: None
        if run is None or run.size != size:
            run = self._runs[key] = _Run(size, resource.duration_ms or 0)
        if run.end is not None:
            run.end.cancel()
            run.end = None
        run.streams += 1

        def ended(start: int, until: int) -> None:
            run.streams -= 1
            run.spans = united(run.spans, (start, until))
            if self._runs.get(key) is run and not run.streams:
                run.end = self._clock.callLater(RUN_ENDS_AFTER_S, self._over, key)

        return ended

    def mark(
        self, item_id: str, percent: int, position_ms: int = 0, who: str = ""
    ) -> None:
        """Take note of how far into an item somebody is, as a device tells it."""
        if not self._is_usable:
            return
        times, now_s = self._before(item_id, who).times, int(self._now_s())
        is_between = BEGUN_PERCENT <= percent <= ENDED_PERCENT
        place = (percent, position_ms) if is_between else (0, 0)
        self._keep(item_id, who, Play(times, now_s, *place))
        self._kept.write()

    def forget(self) -> None:
        """Forget all plays, also those under way; the file is another's to change."""
        for run in self._runs.values():
            if run.end is not None:
                run.end.cancel()
        self._runs.clear()
        self._kept.drop(lambda _: True)
        for who in self._plays:
            self._version += 1  # never one that another list had
            self._plays[who] = Plays(self._version, MappingProxyType({}))

    def stop(self) -> None:
        """End all runs; write what may not be written yet, waiting for the disk."""
        for key, run in tuple(self._runs.items()):
            if run.end is not None:
                run.end.cancel()
            self._note(key)
        self._kept.finish()

    def _over(self, key: tuple[str, str, str]) -> None:
        self._note(key)
        self._kept.write()

    def _note(self, key: tuple[str, str, str]) -> None:
        run, (_, who, item_id) = self._runs.pop(key), key
        before, now_s = self._before(item_id, who), int(self._now_s())
        after = play_after(before, run.spans, run.size, now_s, run.duration_ms)
        if after is not None:
            self._keep(item_id, who, after)

    def _before(self, item_id: str, who: str) -> Play:
        known = self._plays.get(who)
        return known.of.get(item_id, _NEVER) if known else _NEVER

    def _keep(self, item_id: str, who: str, play: Play) -> None:
        self._kept.add(key_of(item_id, who), play)
        self._add(item_id, who, play)

    def _add(self, item_id: str, who: str, play: Play) -> None:
        # A number for each change, as lists of several groups are remembered by it.
        self._version += 1
        known = self._plays.get(who)
        of = {**(known.of if known else {}), item_id: play}
        self._plays[who] = Plays(self._version, MappingProxyType(of))
