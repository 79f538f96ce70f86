"""Which family a device is of, by what it tells of itself. Pure.

Source: reference devices.md section 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upnpserver.devices.family import Family, Match, Signal

MAX_VALUE = 512  # characters that are looked at; real ones have less than 200


@dataclass(frozen=True, slots=True)
class Recognised:
    """A family, and the signal and value that told it."""

    family: Family
    signal: Signal
    value: str


def recognise(
    families: Sequence[Family], signals: Mapping[Signal, str]
) -> Recognised | None:
    """Return the first of families (in order) that matches, None if none does.

    signals: what was sent, in which nothing may be trusted to be short.
    """
    shown = {signal: value[:MAX_VALUE] for signal, value in signals.items() if value}
    for family in families:
        for match in family.matches:
            if (signal := _told_by(match, shown)) is not None:
                return Recognised(family, signal, shown[signal])
    return None


def _told_by(match: Match, shown: Mapping[Signal, str]) -> Signal | None:
    """Return the first signal of a match that holds."""
    for signal, pattern in match.patterns:
        value = shown.get(signal)
        if value is None or pattern.search(value) is None:
            return None
    return match.patterns[0][0]
