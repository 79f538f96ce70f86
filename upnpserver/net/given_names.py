"""What the owner calls devices: in the configuration, and on his page.

What is given on the page goes before; it is kept in household.sqlite by the place of
the device.
"""

import time
from collections.abc import Callable, Collection, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Protocol

from upnpserver.errors import ConfigError
from upnpserver.model import GivenName
from upnpserver.net.disks import InThread
from upnpserver.net.kept import Kept
from upnpserver.net.owner import Command, Question

MAX_NAME: Final = 60
MOST_NAMES: Final = 256

Address = IPv4Address | IPv6Address
PlacesOf = Callable[[Question], Collection[str]]


class Keeper(Protocol):
    """catalog.household.Household, or a stand-in in a test."""

    def names(self) -> dict[str, GivenName]:
        """Return the names by place. Raises HouseholdUnusable."""

    def write_names(self, names: Mapping[str, GivenName]) -> None:
        """Keep names; an empty one is forgotten. Raises HouseholdUnusable."""


class GivenNames:
    """All names.

    keeper: where they are kept. in_thread: runs work that waits for a disk.
    place_of, configured: of the device at an address: see net.visitors.
    """

    def __init__(
        self,
        keeper: Keeper,
        in_thread: InThread,
        place_of: Callable[[Address], str],
        configured: Callable[[Address], str],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._place_of, self._configured, self._now_s = place_of, configured, now_s
        self._kept = Kept("what devices are called", keeper.write_names, in_thread)
        names = self._kept.opened(keeper.names)
        self._is_usable = names is not None
        self._names = {place: one.name for place, one in (names or {}).items()}

    def commands(self, places_of: PlacesOf) -> dict[str, Command]:
        """Return the command by its name; places_of: of a question's device."""

        def name(question: Question) -> Mapping[str, object]:
            places = places_of(question)
            for place in places:
                self.give(place, str(question.get("name", "")))
            return {"places": list(places)}

        return {"name": name}

    def at(self, place: str) -> str:
        """Return the name given to a place, "" for none."""
        return self._names.get(place, "")

    def name_of(self, address: Address) -> str:
        """Return what the device at an address is called, "" for nothing."""
        if self._names and (name := self.at(self._place_of(address))):
            return name
        return self._configured(address)

    def places_called(self, name: str) -> list[str]:
        """Return the places that have a name; upper and lower case are the same."""
        wanted = name.casefold()
        return [place for place, one in self._names.items() if one.casefold() == wanted]

    def give(self, place: str, name: str) -> None:
        """Call a device by a name; "": by none. Raises ConfigError."""
        name = " ".join(name.split())
        if len(name) > MAX_NAME or not name.isprintable():
            raise ConfigError(f"a name has at most {MAX_NAME} letters")
        if name and place not in self._names and len(self._names) >= MOST_NAMES:
            raise ConfigError(f"more than {MOST_NAMES} devices have names")
        self._names.pop(place, None)
        if name:
            self._names[place] = name
        if self._is_usable:
            self._kept.add(place, GivenName(name, int(self._now_s())))
            self._kept.write()

    def forget(self, places: Collection[str] | None) -> None:
        """Forget the names of places, None: all; the file is another's."""

        def is_gone(place: str) -> bool:
            return places is None or place in places

        self._names = {
            place: name for place, name in self._names.items() if not is_gone(place)
        }
        self._kept.drop(is_gone)

    def stop(self) -> None:
        """Write what may not be written yet, waiting for the disk."""
        self._kept.finish()
