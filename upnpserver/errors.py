"""Every exception that this server raises on purpose.

Raise deep, catch once at the edge: the SOAP door, one datagram, one probed
file, the command line. Anything else that escapes is a bug.
"""


class UpnpServerError(Exception):
    """Base of all errors below."""


class ConfigError(UpnpServerError):
    """The person who starts the server must change something.

    The message is one line that names the thing, the reason and the remedy.
    """


class StateFolderError(ConfigError):
    """The state folder is locked by another instance, or not writable."""


class DeviceError(ConfigError):
    """Another device of the house gives no answer, or none that is of use."""


class MalformedRequest(UpnpServerError):
    """Bytes from the network that do not follow their grammar."""


class RefusedRequest(MalformedRequest):
    """An HTTP request that ends at the door: status and one line of text answer it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class RangeNotSatisfiable(UpnpServerError):
    """A byte range that starts at or beyond the end of the entity (HTTP 416)."""


class SubscriptionError(UpnpServerError):
    """GENA refuses a SUBSCRIBE or UNSUBSCRIBE; status is the HTTP answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class BeyondLocalNetwork(UpnpServerError, OSError):
    """The offline guard stopped a packet or look-up that would leave the house."""


class UnsafePath(UpnpServerError, OSError):
    """A path that leads out of its library, or that names no regular file."""


class NoSuchCode(UpnpServerError):
    """Nobody was shown this code."""


class FileChanged(UpnpServerError):
    """A file under way became shorter than promised, or holds other bytes now."""


class HouseholdUnusable(UpnpServerError):
    """household.sqlite is damaged, foreign or newer, or can't be written."""


class CatalogUnusable(UpnpServerError):
    """The catalog file is corrupt, foreign, or newer than this program."""


class ProbeError(UpnpServerError):
    """A media file could not be read; the message says why, without its path."""


class ProbesUnavailable(UpnpServerError):
    """No probe child can run here: no file is at fault, nothing can be scanned."""


class ActionError(UpnpServerError):
    """A UPnP action failed; code is the errorCode that the client sees.

    Source: UDA 1.0 section 3.2.2; ContentDirectory:1 section 2.7;
    ConnectionManager:1 section 2.4.
    """

    code = 501
    description = "Action Failed"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.description)


class InvalidAction(ActionError):
    """No such action in this service."""

    code, description = 401, "Invalid Action"


class InvalidArgs(ActionError):
    """An argument is missing, of the wrong type, or not an allowed value."""

    code, description = 402, "Invalid Args"


class NoSuchObject(ActionError):
    """Unknown, or hidden from this device: the answer must not tell which."""

    code, description = 701, "No such object"


class InvalidConnection(ActionError):
    """ConnectionManager: no connection with this id."""

    code, description = 706, "Invalid connection reference"


class BadSearchCriteria(ActionError):
    """SearchCriteria that does not follow the grammar, or exceeds its limits."""

    code, description = 708, "Unsupported or invalid search criteria"


class BadSortCriteria(ActionError):
    """SortCriteria that does not follow the grammar."""

    code, description = 709, "Unsupported or invalid sort criteria"


class NoSuchContainer(ActionError):
    """Unknown or hidden container, or an item where a container is needed."""

    code, description = 710, "No such container"


class CannotProcess(ActionError):
    """The request would take longer than it may."""

    code, description = 720, "Cannot process the request"
