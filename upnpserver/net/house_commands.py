"""What the owner decides while the server runs: allow, block and forget devices."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from upnpserver.devices.named import NamedDevice
from upnpserver.errors import ConfigError, NoSuchCode
from upnpserver.net.doorkeeper import Doorkeeper
from upnpserver.net.given_names import GivenNames
from upnpserver.net.owner import Command, Question
from upnpserver.net.visitors import Visitors
from upnpserver.rules.profiles import ALLOWED, BLOCKED
from upnpserver.settings.keys import read_mac


class HouseCommands:
    """Commands of net.owner about who may see what."""

    def __init__(
        self,
        named: Sequence[NamedDevice],
        doorkeeper: Doorkeeper,
        visitors: Visitors,
        names: GivenNames,
    ) -> None:
        self._named = named
        self._doorkeeper, self._visitors = doorkeeper, visitors
        self._names = names

    def places_of(self, question: Question) -> list[str]:
        """Return by what the device of a question is known. Raises ConfigError."""
        return self._places(str(question.get("device", "")))

    def commands(self) -> dict[str, Command]:
        """Return the commands by their names."""
        return {
            "allow": self._allow,
            "block": lambda question: self._decide(question, BLOCKED),
            "forget": lambda question: self._decide(question, ""),
            "rules": lambda question: self._told(),
        }

    def _allow(self, question: Question) -> Mapping[str, object]:
        """Let in by a code or by what a device is called."""
        profile, rules = str(question.get("profile", "")), self._doorkeeper.rules
        if profile and rules.profile(profile) is None:
            known = ", ".join(one.name for one in rules.profiles) or "none"
            raise ConfigError(f"there is no profile {profile!r}; there are: {known}")
        decided = profile or ALLOWED
        text = str(question.get("device", ""))
        try:
            return {"places": [self._doorkeeper.allow(text, decided)]}
        except NoSuchCode:
            if text.isdecimal():
                raise ConfigError(
                    f"no device shows the code {text} now: look at its screen again"
                ) from None
        return self._decide(question, decided)

    def _decide(self, question: Question, decided: str) -> Mapping[str, object]:
        places = self._places(str(question.get("device", "")))
        for place in places:
            self._doorkeeper.decide(place, decided)
        return {"places": places}

    def _told(self) -> dict[str, Any]:
        return {
            "waiting": dict(self._doorkeeper.waiting()),
            "decisions": {
                place: list(decision)
                for place, decision in self._doorkeeper.decisions().items()
            },
        }

    def _places(self, text: str) -> list[str]:
        """Return by what the device or devices are known. Raises ConfigError."""
        if places := self._names.places_called(text):
            return places
        for device in self._named:
            if device.name and device.name.casefold() == text.casefold():
                return sorted(device.macs) or sorted(map(str, device.addresses))
        with suppress(ValueError):
            return [self._visitors.place_of(ip_address(text))]
        with suppress(ConfigError):
            return [read_mac("", text)]
        raise ConfigError(
            f"{text!r} is no address, no MAC address and no name of a [[device]]:"
            ' "upnpserver devices" lists those that were seen'
        )
