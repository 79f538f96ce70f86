"""Who is who in the house, and the rules for all of them. Pure.

A device is told by its address, its MAC address, the family that it is recognised
as, or a header that it sends. What an address is worth against somebody who
changes his own: nothing; README says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain
from typing import Final, Literal

from upnpserver.offline.addresses import Address, Network
from upnpserver.rules.hours import Hours
from upnpserver.rules.visibility import EVERYTHING, Visibility

# What the owner decides of one device: the name of a profile, or one of these.
ALLOWED: Final = "*"
BLOCKED: Final = "-"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks.

    mac: "" if unknown. family: "" if unrecognised. headers: by names in lower case.
    """

    address: Address
    mac: str = ""
    family: str = ""
    headers: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """What is longest the same of it: its MAC address where that is known."""
        return self.mac or str(self.address)


@dataclass(frozen=True, slots=True)
class Who:
    """Some devices: what is in any of the fields.

    headers: (name in lower case, text with * and ? for any letters, lower case).
    """

    networks: tuple[Network, ...] = ()  # of one address, too
    macs: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    headers: tuple[tuple[bytes, str], ...] = ()

    @property
    def needs_request(self) -> bool:
        """Whether more than an address has to be known."""
        return bool(self.families or self.headers)

    def is_at(self, address: Address, mac: str) -> bool:
        """Tell whether it is one of these, by where it is."""
        return mac in self.macs or any(address in network for network in self.networks)

    def includes(self, visitor: Visitor) -> bool:
        """Tell whether it is one of these."""
        return (
            self.is_at(visitor.address, visitor.mac)
            or visitor.family in self.families
            or any(_sends(visitor, *header) for header in self.headers)
        )


def _sends(visitor: Visitor, name: bytes, pattern: str) -> bool:
    value = visitor.headers.get(name)
    return value is not None and fnmatchcase(value.decode("latin-1").lower(), pattern)


NOBODY = Who()


@dataclass(frozen=True, slots=True)
class Profile:
    """One room, person or kind of device: what it sees, and when.

    hours: none means always. may_unlock: whether it may enter a PIN.
    secret_addresses: whether addresses of files have a part that nobody can guess.
    """

    name: str
    who: Who = NOBODY
    visibility: Visibility = EVERYTHING
    hours: tuple[Hours, ...] = ()
    may_unlock: bool = True
    secret_addresses: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """What nobody sees before its PIN is entered.

    folders: and files, by absolute path. age: films for this age or older are
    locked wherever they lie; None: none is. unrated: what one without a rating
    counts as. minutes: how long it stays open for the device that opened it.
    """

    name: str
    pin: str = field(repr=False)
    folders: tuple[bytes, ...] = ()
    age: int | None = None
    minutes: int = 120


@dataclass(frozen=True, slots=True)
class HouseRules:
    """All rules. only: if it is given, everybody else is blocked.

    new_devices: what holds for those in no profile: they see all that is not
    locked ("all"), have to ask the owner ("ask"), or have the profile of a name.
    """

    profiles: tuple[Profile, ...] = ()
    blocked: Who = NOBODY
    only: Who | None = None
    locks: tuple[Lock, ...] = ()
    new_devices: str = "all"

    @property
    def is_open_house(self) -> bool:
        """Whether everybody sees everything, always."""
        return self == OPEN_HOUSE

    def profile(self, name: str) -> Profile | None:
        """Return the profile of a name."""
        return next((one for one in self.profiles if one.name == name), None)


OPEN_HOUSE = HouseRules()
WITHOUT_PROFILE = Profile("")  # of devices that see all that is not locked

Standing = Profile | Literal["ask", "blocked"]


def standing_of(
    rules: HouseRules, visitor: Visitor, decided: str = "", named: str = ""
) -> Standing:
    """Return what holds for a device.

    decided: what the owner decided of it while the server ran; named: the profile
    that the configuration names with the device. Blocking goes before all, what
    was decided before what is written.
    """
    is_left_out = rules.only is not None and not rules.only.includes(visitor)
    if decided == BLOCKED or rules.blocked.includes(visitor):
        return "blocked"
    if is_left_out and not decided:
        return "blocked"
    if decided == ALLOWED:
        return WITHOUT_PROFILE
    chosen = rules.profile(decided) or rules.profile(named)
    if chosen is None:
        matching = (one for one in rules.profiles if one.who.includes(visitor))
        chosen = next(matching, None)
    if chosen is None and rules.new_devices == "ask":
        return "ask"
    return chosen or rules.profile(rules.new_devices) or WITHOUT_PROFILE


def locks_for(rules: HouseRules, profile: Profile) -> tuple[Lock, ...]:
    """Return the locks that a device of a profile may open: those that it feels."""
    if not profile.may_unlock:
        return ()
    return tuple(
        lock for lock in rules.locks if _locked(profile.visibility, lock) is not None
    )


def _locked(visibility: Visibility, lock: Lock) -> Visibility | None:
    """Return what is left when a lock is closed; None if that is as before."""
    left = visibility.without(lock.folders, lock.age)
    return left if left != visibility else None


def seen_with(
    rules: HouseRules, profile: Profile, opened: Iterable[str] = ()
) -> Visibility:
    """Return what a profile sees while some locks are open, by their names."""
    allowed = {lock.name for lock in locks_for(rules, profile)} & set(opened)
    seen = profile.visibility
    for lock in rules.locks:
        if lock.name not in allowed:
            seen = _locked(seen, lock) or seen
    return seen


def openings(rules: HouseRules, profile: Profile) -> Sequence[frozenset[str]]:
    """Return the sets of locks that can be open at the same time.

    Each needs a catalog of its own, so of many locks only one, or all.
    """
    names = [lock.name for lock in locks_for(rules, profile)]
    single = [frozenset((name,)) for name in names]
    return list(dict.fromkeys([frozenset[str](), *single, frozenset(names)]))


def visibilities(rules: HouseRules) -> Sequence[Visibility]:
    """Return all that may have to be shown, each once, without everything."""
    profiles = [WITHOUT_PROFILE, *rules.profiles]
    seen = chain.from_iterable(
        (seen_with(rules, profile, opened) for opened in openings(rules, profile))
        for profile in profiles
    )
    return [one for one in dict.fromkeys(seen) if not one.is_everything]
