"""Which DLNA profile a file may carry, by the rules of profiles.toml.

Only the scanner needs this: protocolInfo is made when a file is catalogued. The
server knows the names alone (profile_names.py), and does not load the table.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from upnpserver.model import Kind, MediaFacts


@dataclass(frozen=True, slots=True)
class Sound:
    """What the sound of a file must be."""

    codecs: frozenset[str]
    max_channels: int
    sample_rates: frozenset[int]
    profiles: frozenset[str] = frozenset()

    def fits(self, facts: MediaFacts) -> bool:
        """Return whether the file's sound is known and within the limits."""
        return (
            facts.audio_codec in self.codecs
            and (not self.profiles or facts.audio_profile in self.profiles)
            and facts.sample_rate_hz in self.sample_rates
            and 1 <= (facts.channels or 0) <= self.max_channels
        )


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture size, and for films how fast the pictures come."""

    width: int
    height: int
    frame_rate_mhz: int | None = None  # frames a second times 1000
    interlaced: bool = False

    def holds(self, facts: MediaFacts) -> bool:
        """Return whether the picture is at most this large and this fast."""
        return (
            1 <= (facts.width or 0) <= self.width
            and 1 <= (facts.height or 0) <= self.height
            and (
                self.frame_rate_mhz is None
                or 1 <= (facts.frame_rate_mhz or 0) <= self.frame_rate_mhz
            )
        )

    @classmethod
    def of(cls, facts: MediaFacts) -> "Raster":
        """Return the raster that a film has."""
        width, height = facts.width or 0, facts.height or 0
        return cls(width, height, facts.frame_rate_mhz, facts.interlaced)


@dataclass(frozen=True, slots=True)
class Rule:
    """One profile for one kind of container, and one sound that it allows."""

    name: str
    container: str
    sound: Sound | None
    codec: str = ""
    profiles: frozenset[str] = frozenset()
    min_level: int | None = None
    max_level: int | None = None
    within: tuple[Raster, ...] = ()
    rasters: frozenset[Raster] = frozenset()
    kbps: tuple[int, int] | None = None
    color_depths: frozenset[int] = frozenset()

    def fits(self, facts: MediaFacts) -> bool:
        """Return whether every limit is met by a known fact."""
        return (
            (self.sound is None or self.sound.fits(facts))
            and (not self.codec or facts.video_codec == self.codec)
            and (not self.profiles or facts.video_profile in self.profiles)
            and self._level_fits(facts.video_level)
            and (not self.within or any(one.holds(facts) for one in self.within))
            and (not self.rasters or Raster.of(facts) in self.rasters)
            and self._bit_rate_fits(facts)
            and (not self.color_depths or facts.color_depth in self.color_depths)
        )

    def _level_fits(self, level: int | None) -> bool:
        low, high = self.min_level or 0, self.max_level
        return high is None or (level is not None and low <= level <= high)

    def _bit_rate_fits(self, facts: MediaFacts) -> bool:
        if self.kbps is None:
            return True
        lowest, highest = self.kbps
        return lowest * 1000 <= (facts.bitrate_bps or 0) <= highest * 1000


def profile_of(facts: MediaFacts) -> str:
    """Return the name of the DLNA profile that the file fits, "" for none."""
    if facts.progressive:
        return ""  # JPEG: many TVs show nothing
    for rule in rules().get((facts.kind, facts.container), ()):
        if rule.fits(facts):
            return rule.name + _packets(facts)
    return ""


@cache
def rules() -> Mapping[tuple[Kind, str], tuple[Rule, ...]]:
    """Return the rules for each kind and container, the first to try first."""
    text = Path(__file__).with_name("profiles.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    sounds = {name: _sound(row) for name, row in table["sound"].items()}
    found: dict[tuple[Kind, str], tuple[Rule, ...]] = {}
    for kind in Kind:
        for row in table[kind]:
            for rule in _rules(row, sounds):
                place = (kind, rule.container)
                found[place] = (*found.get(place, ()), rule)
    return found


def _sound(row: dict[str, Any]) -> Sound:
    return Sound(
        frozenset(row["codecs"]),
        row["max_channels"],
        frozenset(row["sample_rates"]),
        frozenset(row.get("profiles", ())),
    )


def _rules(row: dict[str, Any], sounds: Mapping[str, Sound]) -> Iterator[Rule]:
    """Yield one Rule for each container, name and sound of a row."""
    limits = dict(row)
    containers, names = limits.pop("containers"), limits.pop("names")
    for key, make in _LIMITS.items():
        if key in limits:
            limits[key] = make(limits[key])
    for container in containers:
        for name, wanted in names.items():
            for sound in [wanted] if isinstance(wanted, str) else wanted:
                yield Rule(name, container, sounds[sound] if sound else None, **limits)


def _raster(text: str) -> Raster:
    """Return the Raster of "720x480i@29.97"; the rate and the i may be missing."""
    size, _, rate = text.partition("@")
    width, height = size.removesuffix("i").split("x")
    mhz = round(float(rate) * 1000) if rate else None
    return Raster(int(width), int(height), mhz, size.endswith("i"))


_LIMITS: Mapping[str, Callable[[Any], object]] = {
    "profiles": frozenset,
    "within": lambda texts: tuple(_raster(text) for text in texts),
    "rasters": lambda texts: frozenset(_raster(text) for text in texts),
    "kbps": tuple,
    "color_depths": frozenset,
}


def _packets(facts: MediaFacts) -> str:
    """Return the part of a name that says how a transport stream is packed."""
    if facts.container != "mpegts":
        return ""
    if facts.packet_size == 192:
        return "_T" if facts.timestamped else ""
    return "_ISO"
