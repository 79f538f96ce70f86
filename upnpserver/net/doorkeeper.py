"""The household's rules at work: what holds for whom at this moment.

Rules are values (rules/profiles.py); what changes while the server runs is kept
here: what the owner decided, who has to ask, which PINs were tried. Decisions are
written to household.sqlite, all else is forgotten with the process.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from twisted.internet.defer import Deferred

from upnpserver.catalog.views.words import Words
from upnpserver.errors import NoSuchCode
from upnpserver.model import Decision
from upnpserver.net.kept import Kept
from upnpserver.policy import ClientPolicy
from upnpserver.rules.hours import is_open, next_opening
from upnpserver.rules.pins import PinTries
from upnpserver.rules.profiles import (
    ALLOWED,
    HouseRules,
    Profile,
    Standing,
    Visitor,
    locks_for,
    openings,
    seen_with,
    standing_of,
)
from upnpserver.rules.visibility import NOTHING

MOST_CODES = 64  # devices that ask at the same time
_CODES = 10_000


class Keeper(Protocol):
    """catalog.household.Household, or a stand-in in a test."""

    def decisions(self) -> dict[str, Decision]:
        """Return what was decided, by place. Raises HouseholdUnusable."""

    def write_decisions(self, decisions: Mapping[str, Decision]) -> None:
        """Keep what was decided. Raises HouseholdUnusable."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """now_s: seconds that never go back. wall: the time of the household."""

    now_s: Callable[[], float]
    wall: Callable[[], datetime]


class Doorkeeper:
    """Applies the rules.

    keeper: where decisions are kept. in_thread: runs work that waits for a disk.
    changed: called when somebody may see something else from now on. secret_of:
    returns the secret part of the addresses of a profile.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it decides by
        self,
        rules: HouseRules,
        words: Words,
        clocks: Clocks,
        keeper: Keeper,
        in_thread: Callable[[Callable[[], None]], Deferred[None]],
        secret_of: Callable[[str], str] = lambda profile: "",
    ) -> None:
        self._secret_of = secret_of
        self._rules, self._words = rules, words
        self._now_s, self._wall = clocks.now_s, clocks.wall
        self._tries = PinTries()
        self._codes: dict[str, str] = {}  # by place
        self._kept = Kept("what was decided", keeper.write_decisions, in_thread)
        decisions = self._kept.opened(keeper.decisions)
        self._is_usable = decisions is not None
        self._decisions = dict(decisions or {})
        self.changed: Callable[[], None] = lambda: None

    @property
    def rules(self) -> HouseRules:
        """Those that hold now."""
        return self._rules

    def use(self, rules: HouseRules) -> None:
        """Let other rules hold from now on; what was opened with a PIN is closed."""
        self._rules, self._tries = rules, PinTries()
        self.changed()

    @property
    def has_nothing_to_say(self) -> bool:
        """Whether everybody sees everything, always."""
        return self._rules.is_open_house and not self._decisions

    @property
    def headers(self) -> tuple[bytes, ...]:
        """The names of headers that rules look at."""
        who = [profile.who for profile in self._rules.profiles]
        return tuple({name: None for one in who for name, _ in one.headers})

    @property
    def may_change_by_itself(self) -> bool:
        """Whether the time alone changes what somebody sees."""
        return bool(self._rules.locks) or any(p.hours for p in self._rules.profiles)

    @property
    def knows_macs(self) -> bool:
        """Whether a MAC address may be blocked."""
        only = self._rules.only
        macs = self._rules.blocked.macs | (only.macs if only else frozenset())
        return bool(macs) or bool(self._decisions)

    def is_blocked(self, visitor: Visitor) -> bool:
        """Tell whether a device gets no answer, as far as it is known yet.

        Who is told by what it sends only is let in until that has come.
        """
        only = self._rules.only
        if only is not None and only.needs_request and not visitor.headers:
            blocked = replace(self._rules, only=None)
            return self._standing(blocked, visitor, "") == "blocked"
        return self._standing(self._rules, visitor, "") == "blocked"

    def policy(self, base: ClientPolicy, visitor: Visitor, named: str) -> ClientPolicy:
        """Return what holds for a device now.

        base: what it needs. named: the profile that the configuration names with it.
        """
        standing = self._standing(self._rules, visitor, named)
        place = visitor.place
        if standing == "blocked":
            return replace(base, place=place, is_blocked=True, visibility=NOTHING)
        if standing == "ask":
            text = self._words.filled("ask_owner", code=self._code(place))
            return replace(base, place=place, notice=text, visibility=NOTHING)
        profile = standing
        secret = self._secret_of(profile.name) if profile.secret_addresses else ""
        if not is_open(profile.hours, self._wall()):
            return replace(
                base,
                place=place,
                profile=profile.name,
                secret=secret,
                notice=self._closed(profile),
                visibility=NOTHING,
            )
        opened = self._opened(profile, place)
        return replace(
            base,
            place=place,
            profile=profile.name,
            secret=secret,
            visibility=seen_with(self._rules, profile, opened),
        )

    def pin_door(self, policy: ClientPolicy) -> "PinEntry | None":
        """Return where a device may enter a PIN, None if there is nothing to open."""
        if policy.notice or policy.is_blocked or not self._rules.locks:
            return None
        profile = self._rules.profile(policy.profile) or Profile("")
        opened = self._opened(profile, policy.place)
        if all(lock.name in opened for lock in locks_for(self._rules, profile)):
            return None
        return PinEntry(self, profile, policy.place)

    # What the owner decides

    def waiting(self) -> Mapping[str, str]:
        """Return the codes of those who have to ask, by place."""
        return dict(self._codes)

    def decisions(self) -> Mapping[str, Decision]:
        """Return what was decided, by place."""
        return dict(self._decisions)

    def allow(self, code: str, profile: str = ALLOWED) -> str:
        """Let in who shows a code; return its place. Raises NoSuchCode."""
        for place, shown in self._codes.items():
            if shown == code:
                self.decide(place, profile)
                return place
        raise NoSuchCode

    def decide(self, place: str, decided: str) -> None:
        """Note what the owner decides of a device: see standing_of(); "": nothing."""
        self._codes.pop(place, None)
        decision = Decision(decided, int(self._wall().timestamp()))
        if decided:
            self._decisions[place] = decision
        else:
            self._decisions.pop(place, None)
        self._tries.close(place)
        if self._is_usable:
            self._kept.add(place, decision)
            self._kept.write()
        self.changed()

    def forget(self, places: Collection[str] | None) -> None:
        """Forget what was decided of devices, None: of all; the file is another's."""

        def is_gone(place: str) -> bool:
            return places is None or place in places

        for place in [one for one in self._decisions if is_gone(one)]:
            del self._decisions[place]
        for place in [one for one in self._codes if is_gone(one)]:
            del self._codes[place]
        self._kept.drop(is_gone)
        self.changed()

    def stop(self) -> None:
        """Write what may not be written yet, waiting for the disk."""
        self._kept.finish()

    # PINs, for PinEntry

    def refusal(self, place: str) -> str:
        """Return why no PIN may be tried there now, "" if one may."""
        pause_s = self._tries.pause_s(place, self._now_s())
        if not pause_s:
            return ""
        return self._words.filled("pin_wait", number=int(pause_s // 60) + 1)

    def tried(self, profile: Profile, place: str, pin: str) -> str:
        """Try a PIN; return what to say."""
        locks = locks_for(self._rules, profile)
        lock = self._tries.tried(place, pin, locks, self._now_s())
        if lock is not None:
            self.changed()
            return self._words.filled("pin_open", title=lock.name, number=lock.minutes)
        return self.refusal(place) or self._words.filled(
            "pin_wrong", number=self._tries.tries_left(place)
        )

    @property
    def pin_title(self) -> str:
        """What the folder is called in which digits are chosen."""
        return self._words["enter_pin"]

    @property
    def pin_length(self) -> int:
        """How many digits a PIN has."""
        return len(self._rules.locks[0].pin)

    def _standing(self, rules: HouseRules, visitor: Visitor, named: str) -> Standing:
        decision = self._decisions.get(visitor.place)
        if decision is None and visitor.mac:  # decided before its MAC was known
            decision = self._decisions.get(str(visitor.address))
        return standing_of(rules, visitor, decision.decided if decision else "", named)

    def _opened(self, profile: Profile, place: str) -> frozenset[str]:
        opened = self._tries.opened(place, self._now_s())
        if not opened or frozenset(opened) in openings(self._rules, profile):
            return frozenset(opened)
        return frozenset(opened[-1:])

    def _closed(self, profile: Profile) -> str:
        now = self._wall()
        opening = next_opening(profile.hours, now)
        if opening is None:
            return self._words["closed"]
        _, minute = opening
        time = f"{minute // 60}:{minute % 60:02}"
        return self._words.filled("closed_until", time=time)

    def _code(self, place: str) -> str:
        if place not in self._codes:
            while len(self._codes) >= MOST_CODES:
                del self._codes[next(iter(self._codes))]
            taken = set(self._codes.values())
            code = next(
                text
                for text in iter(lambda: f"{secrets.randbelow(_CODES):04}", None)
                if text not in taken
            )
            self._codes[place] = code
        return self._codes[place]


class PinEntry:
    """A services.unlock.PinDoor for one device."""

    def __init__(self, keeper: Doorkeeper, profile: Profile, place: str) -> None:
        self._keeper, self._profile, self._place = keeper, profile, place

    @property
    def title(self) -> str:
        """What the folder is called in which digits are chosen."""
        return self._keeper.pin_title

    @property
    def length(self) -> int:
        """How many digits a PIN has."""
        return self._keeper.pin_length

    def refusal(self) -> str:
        """Return why no PIN may be tried now, "" if one may."""
        return self._keeper.refusal(self._place)

    def tried(self, pin: str) -> str:
        """Try a PIN and return what to say."""
        return self._keeper.tried(self._profile, self._place, pin)
