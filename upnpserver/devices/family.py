"""A family of devices as a value, and the order in which families are tried."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from upnpserver.policy import NO_NEEDS, Needs

Signal = Literal["ua", "client", "unit", "fname", "panreg", "server"]
DeviceKind = Literal[
    "tv", "bdp", "console", "avr", "player", "renderer", "stb", "app", "os", "generic"
]
Sure = Literal["high", "medium", "low"]

# Where each signal is told: a request's header, or SERVER of what a device announces.
SIGNALS: Mapping[Signal, str] = {
    "ua": "User-Agent",
    "client": "X-AV-Client-Info",
    "unit": "X-AV-Physical-Unit-Info",
    "fname": "friendlyName.dlna.org",
    "panreg": "X-PANASONIC-Registration",
    "server": "SERVER",
}


@dataclass(frozen=True, slots=True)
class Match:
    """What a family is told by: every pattern must be found in its signal."""

    patterns: tuple[tuple[Signal, re.Pattern[str]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Devices that are told alike and want the same: a table of devices/*.toml.

    Compared by identity. shared: other devices send the same.
    """

    id: str
    name: str = ""
    kind: DeviceKind = "generic"
    priority: int = 0
    matches: tuple[Match, ...] = ()
    needs: Needs = NO_NEEDS
    shared: bool = False
    reason: str = ""
    sure: Sure = "low"
    evidence: str = ""

    @property
    def is_generic(self) -> bool:
        """Whether this tells nothing of the maker."""
        return self.kind == "generic"

    @property
    def is_program(self) -> bool:
        """Whether it may be one of several programs at one address."""
        return self.kind in ("app", "os")


def in_order(families: Iterable[Family]) -> tuple[Family, ...]:
    """Return families, the first to try first; equal ones by their ids."""
    return tuple(sorted(families, key=lambda family: (-family.priority, family.id)))
