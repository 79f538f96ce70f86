"""The services of the device, joined to what answers them."""

from collections.abc import Callable
from functools import partial

from upnpserver.net.control import Service
from upnpserver.net.doorkeeper import Doorkeeper
from upnpserver.net.libraries import Libraries
from upnpserver.net.plays import PlayLog
from upnpserver.net.request import ServerRequest
from upnpserver.net.source_info import SourceInfo
from upnpserver.policy import ClientPolicy
from upnpserver.scan.messages import Committed
from upnpserver.services import connection_manager, registrar
from upnpserver.services.content_directory import Asker
from upnpserver.services.status_folder import Status
from upnpserver.upnp.description import (
    CONNECTION_MANAGER,
    CONTENT_DIRECTORY,
    REGISTRAR,
)


class ServiceCalls:
    """What actions are answered from, for the device that asks.

    items_url: the URL that a request came to -> the one that items begin with.
    plays: None if nobody takes note.
    """

    def __init__(
        self,
        library: Libraries,
        sources: SourceInfo,
        items_url: Callable[[str], str],
        plays: PlayLog | None,
        doorkeeper: Doorkeeper,
    ) -> None:
        self._library, self._sources = library, sources
        self._items_url, self._plays = items_url, plays
        self._doorkeeper = doorkeeper
        self.status: Status | None = None  # told to those who see everything

    def services(self) -> dict[str, Service]:
        """Return the services by their short names."""
        calls = {
            CONTENT_DIRECTORY: lambda action, arguments, request: self._library.call(
                action, arguments, self.asker(request)
            ),
            CONNECTION_MANAGER: lambda action, arguments, request: (
                connection_manager.call(
                    action, arguments, self._sources.told_to(request.policy)
                )
            ),
            REGISTRAR: lambda action, arguments, request: registrar.call(
                action, arguments
            ),
        }
        return {
            service.name: Service(service.service_type, call)
            for service, call in calls.items()
        }

    def asker(self, request: ServerRequest) -> Asker:
        """Return who asks."""
        base_url = self._items_url(request.base_url) + request.policy.secret_path
        door = self._doorkeeper.pin_door(request.policy)
        sees_all = not request.policy.audience and not request.policy.is_blocked
        status = self.status if sees_all else None
        if self._plays is None:
            return Asker(request.policy, base_url, pin_door=door, status=status)
        who = request.policy.profile
        plays, mark = self._plays.plays(who), partial(self._plays.mark, who=who)
        return Asker(request.policy, base_url, plays, mark, door, status)

    def evented_variables(self, service: str, policy: ClientPolicy) -> dict[str, str]:
        """Return every evented variable of a service, as a device sees it now."""
        if service == CONTENT_DIRECTORY.name:
            update_id = str(self._library.system_update_id(policy))
            return {
                "SystemUpdateID": update_id,
                "ContainerUpdateIDs": "",
                "TransferIDs": "",
            }
        if service == CONNECTION_MANAGER.name:
            return {
                "SourceProtocolInfo": self._sources.told_to(policy),
                "SinkProtocolInfo": "",
                "CurrentConnectionIDs": connection_manager.CONNECTION_IDS,
            }
        return dict(registrar.UPDATE_IDS)


def changed_by(commit: Committed) -> dict[str, str]:
    """Return the variables of ContentDirectory that a commit gives new values."""
    update_id = str(commit.system_update_id)
    pairs = ",".join(f"{container},{update_id}" for container in commit.containers)
    return {"SystemUpdateID": update_id, "ContainerUpdateIDs": pairs}
