"""The owner's side of the server: the door of the command line, and the page.

All commands are joined here to what carries them out.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.epollreactor import EPollReactor

from upnpserver.catalog.household import Household
from upnpserver.config import Config
from upnpserver.errors import ConfigError
from upnpserver.net.disks import InThread
from upnpserver.net.doorkeeper import Doorkeeper
from upnpserver.net.given_names import GivenNames
from upnpserver.net.house_commands import HouseCommands
from upnpserver.net.house_told import HouseTold
from upnpserver.net.libraries import Libraries
from upnpserver.net.owner import Command, OwnerDoor, Question, Talk
from upnpserver.net.owner_port import OwnerPort
from upnpserver.net.plays import PlayLog
from upnpserver.net.privacy_commands import PrivacyCommands
from upnpserver.net.rule_book import RuleBook
from upnpserver.net.seen import SeenLog
from upnpserver.net.status_told import StatusTold
from upnpserver.net.visitors import Visitors
from upnpserver.owner.certificate import is_possible
from upnpserver.owner.password import is_kept_form
from upnpserver.state import State, kept_password

_THIS_MACHINE: Final = ("127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class House:
    """What commands work with.

    household: the file; in_thread runs what waits for its disk. scan: looks through
    all libraries again.
    """

    config: Config
    state: State
    doorkeeper: Doorkeeper
    visitors: Visitors
    plays: PlayLog | None
    seen: SeenLog | None
    names: GivenNames
    household: Household
    in_thread: InThread
    library: Libraries
    scan: Callable[[], None]
    rule_book: RuleBook
    status: StatusTold


class OwnerSide:
    """Door and page, started and stopped together."""

    def __init__(
        self, reactor: EPollReactor, house: House, talks: Mapping[str, Talk]
    ) -> None:
        self._house, self._is_secure = house, is_possible()
        path = house.state.path
        self._page = OwnerPort(
            *(reactor, reactor, reactor),
            path,
            house.config.owner_port,
            lambda: bool(kept_password(path)),
        )
        self._commands = _commands(house) | {
            "password": self._set_password,
            "scan": self._scan,
        }
        self._door = OwnerDoor(reactor, path, self._commands, talks)

    def page_url(self, base_url: str) -> str:
        """Return the page's address for who came in on base_url; "": it is not open."""
        host = base_url.split("/")[2].rpartition(":")[0]
        is_open = self._page.is_for_all or host in _THIS_MACHINE
        if not self._page.port or not is_open:
            return ""
        scheme = "https" if self._is_secure else "http"
        return f"{scheme}://{host}:{self._page.port}/"

    def tell(self, name: str, command: Command) -> None:
        """Answer one more command."""
        self._commands[name] = command

    def start(self) -> None:
        """Listen at both."""
        self._door.start()
        self._page.start()

    def stop(self) -> Deferred[Any]:
        """End both; fires when they have ended."""
        return DeferredList([self._door.stop(), self._page.stop()])

    def _scan(self, question: Question) -> Mapping[str, object]:
        self._house.scan()
        return {}

    def _set_password(self, question: Question) -> Deferred[Mapping[str, object]]:
        """Keep another password, or none: whoever has entered has to enter again."""
        line = question.get("kept")
        if not isinstance(line, str) or (line and not is_kept_form(line)):
            raise ConfigError("that is no password as it is kept")
        kept: Deferred[Any] = self._house.in_thread(
            partial(self._house.state.keep_password, line)
        )
        kept.addCallback(lambda _: self._page.open_anew())
        return kept.addCallback(lambda _: {"port": self._page.port})


def _forget_rules(house: House, places: Collection[str] | None) -> None:
    """Forget the rules that were made, if everything is to be forgotten."""
    if places is None:
        house.rule_book.forget()


def _commands(house: House) -> dict[str, Command]:
    door = house.doorkeeper, house.visitors
    rules = HouseCommands(house.config.devices, *door, house.names)
    privacy = PrivacyCommands(
        *((house.plays, house.seen), *door),
        [house.names.forget, lambda places: _forget_rules(house, places)],
        *(house.household.forget, house.in_thread),
    )
    told = HouseTold(
        house.config,
        house.doorkeeper,
        house.library,
        (house.seen, house.names),
        house.household,
        house.in_thread,
    )
    return {
        **rules.commands(),
        **privacy.commands(rules.places_of),
        **told.commands(),
        **house.names.commands(rules.places_of),
        **house.rule_book.commands(),
        **house.status.commands(),
    }
