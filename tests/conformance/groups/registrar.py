"""X_MS_MediaReceiverRegistrar: what the Xbox 360 and Windows ask.

Source: reference connection-manager.md.
"""

from conformance.checks import Group, equal
from conformance.device import REGISTRAR

check = Group("Registrar")
SOURCE = "reference connection-manager.md (X_MS_MediaReceiverRegistrar)"
DEVICES = {"empty": "", "a UUID": "uuid:9f0ab0c6-0000-0000-0000-000000000001"}


@check(SOURCE, DEVICES)
def is_authorized(server, device):
    """IsAuthorized is 1 for a device that may play; it may name no device."""
    equal(server.call("IsAuthorized", {"DeviceID": device}, REGISTRAR)["Result"], "1")


@check(SOURCE, DEVICES)
def is_validated(server, device):
    """IsValidated is 1 for a device that may play."""
    equal(server.call("IsValidated", {"DeviceID": device}, REGISTRAR)["Result"], "1")


@check(SOURCE)
def long_device_id(server):
    """A long DeviceID does not matter."""
    reply = server.call("IsAuthorized", {"DeviceID": "x" * 4000}, REGISTRAR)
    equal(len(reply["Result"]), 1)
