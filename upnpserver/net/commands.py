"""All commands of the owner, joined to what carries them out."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from upnpserver.config import Config
from upnpserver.net.doorkeeper import Doorkeeper
from upnpserver.net.house_commands import HouseCommands
from upnpserver.net.owner import Command
from upnpserver.net.plays import PlayLog
from upnpserver.net.privacy_commands import Forget, PrivacyCommands
from upnpserver.net.seen import SeenLog
from upnpserver.net.visitors import Visitors


def all_commands(
    config: Config,
    door: tuple[Doorkeeper, Visitors],
    logs: tuple[PlayLog | None, SeenLog | None],
    forget: Forget,
    in_thread: Callable[[Callable[[], None]], Deferred[None]],
) -> dict[str, Command]:
    """Return the commands by their names: see PrivacyCommands for the last three."""
    house = HouseCommands(config.rules, config.devices, *door)
    privacy = PrivacyCommands(logs, *door, forget, in_thread)
    return {**house.commands(), **privacy.commands(house.places_of)}
