"""The actions of X_MS_MediaReceiverRegistrar:1, which the Xbox 360 asks first.

Source: reference connection-manager.md. An empty DeviceID means the asker.
"""

from collections.abc import Mapping

from upnpserver.errors import InvalidAction, InvalidArgs

_ACTIONS = ("IsAuthorized", "IsValidated")
_YES = "1"
# Evented, and never changing here: the values that clients of this kind expect.
UPDATE_IDS = {
    "AuthorizationGrantedUpdateID": "1",
    "AuthorizationDeniedUpdateID": "1",
    "ValidationSucceededUpdateID": "0",
    "ValidationRevokedUpdateID": "0",
}


def call(action: str, arguments: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the out arguments of an action. Raises ActionError."""
    if action not in _ACTIONS:
        raise InvalidAction(action)
    if "DeviceID" not in arguments:
        raise InvalidArgs("DeviceID is missing")
    return [("Result", _YES)]
