"""What the owner is told of his house: commands of net.owner that change nothing.

The answers are plain values, made for web/owner_pages.py and for programs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from ipaddress import ip_address
from itertools import islice
from typing import Any, Final

from twisted.internet.defer import Deferred

from upnpserver.catalog.household import Household
from upnpserver.config import Config
from upnpserver.devices.family import Family
from upnpserver.devices.named import NamedDevice, named_at, rule_of
from upnpserver.model import Decision, SeenDevice
from upnpserver.net.disks import InThread
from upnpserver.net.doorkeeper import Doorkeeper
from upnpserver.net.given_names import GivenNames
from upnpserver.net.libraries import Libraries
from upnpserver.net.owner import Command, Question
from upnpserver.net.seen import SeenLog
from upnpserver.offline import guard
from upnpserver.rules.profiles import (
    ALLOWED,
    BLOCKED,
    HouseRules,
    Visitor,
    standing_of,
)
from upnpserver.settings.families import shipped_families

MOST_DEVICES: Final = 300
MOST_PROBLEMS: Final = 500
MAX_REASON: Final = 200


class HouseTold:
    """Answers from what the server knows now.

    in_thread: runs work that waits for a disk.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it tells of
        self,
        config: Config,
        doorkeeper: Doorkeeper,
        library: Libraries,
        devices: tuple[SeenLog | None, GivenNames],
        household: Household,
        in_thread: InThread,
    ) -> None:
        self._config, self._doorkeeper, self._library = config, doorkeeper, library
        self._seen, self._names = devices
        self._household, self._in_thread = household, in_thread

    def commands(self) -> dict[str, Command]:
        """Return the commands by their names."""
        return {
            "page": self._page,
            "house": self._house,
            "problems": self._problems,
            "kept": lambda question: self._in_thread(
                lambda: {"kept": self._household.kept()}
            ),
        }

    def _page(self, question: Question) -> Mapping[str, object]:
        """Return what the process of the owner's page needs to begin."""
        config = self._config
        return {
            "name": config.friendly_name,
            "language": config.language,
            "log_level": config.log_level,
            "interfaces": list(config.interfaces),
            "networks": list(map(str, config.networks)),
            "names": list(config.names),
        }

    def _house(self, question: Question) -> Mapping[str, object]:
        seen = self._seen.devices() if self._seen else ()
        rules = self._doorkeeper.rules
        waiting = dict(self._doorkeeper.waiting())
        families = {
            family.id: family for family in self._config.families or shipped_families()
        }
        decisions = self._doorkeeper.decisions()
        devices = devices_told(seen, families, self._config.devices, rules, decisions)
        return {
            "devices": [
                {**one, "name": self._names.at(str(one["place"])) or one["name"]}
                for one in islice(devices, MOST_DEVICES)
            ],
            "waiting": waiting,
            "profiles": [one.name for one in rules.profiles],
            "libraries": list(map(asdict, self._library.counts())),
            "refused": dict(guard.refused()),
        }

    def _problems(self, question: Question) -> Deferred[Mapping[str, object]]:
        return self._library.problems(MOST_PROBLEMS).addCallback(
            lambda found: {
                "problems": [
                    (library, path.decode("utf-8", "replace"), reason[:MAX_REASON])
                    for library, path, reason in found
                ]
            }
        )


def devices_told(
    seen: Sequence[SeenDevice],
    families: Mapping[str, Family],
    named: Sequence[NamedDevice],
    rules: HouseRules,
    decisions: Mapping[str, Decision],
) -> Sequence[Mapping[str, object]]:
    """Return the devices of a house, one for each place, the latest first. Pure."""
    told: dict[str, dict[str, Any]] = {}
    for device in seen:
        own = named_at(named, ip_address(device.address), device.mac)
        family, _ = rule_of(families, device.family, own)
        kind = family.name if family else ""
        place = device.mac or device.address
        if place in told:  # several programs on one machine
            kinds = told[place]["kinds"]
            kinds += [kind] if kind and kind not in kinds else []
            continue
        decision = decisions.get(place)
        visitor = Visitor(ip_address(device.address), device.mac, device.family)
        standing = standing_of(
            rules,
            visitor,
            decision.decided if decision else "",
            own.profile if own else "",
        )
        told[place] = {
            "place": place,
            "address": device.address,
            "name": own.name if own else "",
            "kinds": [kind] if kind else [],
            "first_s": device.first_s,
            "last_s": device.last_s,
            "standing": standing if isinstance(standing, str) else "in",
            "profile": "" if isinstance(standing, str) else standing.name,
            "is_decided": decision is not None,
        }
    unseen = [place for place in decisions if place not in told]
    return [*told.values(), *(_unseen(place, decisions[place]) for place in unseen)]


def _unseen(place: str, decision: Decision) -> Mapping[str, object]:
    """Return a device of which is known only what was decided."""
    is_profile = decision.decided not in {ALLOWED, BLOCKED}
    return {
        "place": place,
        "address": "" if ":" in place else place,
        "name": "",
        "kinds": [],
        "first_s": decision.decided_s,
        "last_s": 0,
        "standing": "blocked" if decision.decided == BLOCKED else "in",
        "profile": decision.decided if is_profile else "",
        "is_decided": True,
    }
