"""ConnectionManager and the registrar: each answer, each refusal."""

import pytest
from lxml import etree

from upnpserver.errors import InvalidAction, InvalidArgs, InvalidConnection
from upnpserver.services import connection_manager, registrar
from upnpserver.upnp.description import CONNECTION_MANAGER, REGISTRAR, scpd

SOURCE = "http-get:*:audio/mpeg:*"


def manager(action, **arguments):
    return connection_manager.call(action, arguments, SOURCE)


def out_names(service, action):
    """Return the out arguments that the SCPD promises."""
    space = {"s": "urn:schemas-upnp-org:service-1-0"}
    return etree.fromstring(scpd(service)).xpath(
        f"//s:action[s:name='{action}']//s:argument[s:direction='out']/s:name/text()",
        namespaces=space,
    )


def test_protocol_info():
    assert manager("GetProtocolInfo") == [("Source", SOURCE), ("Sink", "")]


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("GetProtocolInfo", {}),
        ("GetCurrentConnectionIDs", {}),
        ("GetCurrentConnectionInfo", {"ConnectionID": " 0 "}),
    ],
)
def test_out_arguments_are_those_of_the_scpd_in_order(action, arguments):
    names = [name for name, _ in manager(action, **arguments)]
    assert names == out_names(CONNECTION_MANAGER, action)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, InvalidArgs),
        ({"ConnectionID": ""}, InvalidArgs),
        ({"ConnectionID": "zero"}, InvalidArgs),
        ({"ConnectionID": "\u0660"}, InvalidArgs),
        ({"ConnectionID": "1"}, InvalidConnection),
        ({"ConnectionID": "-1"}, InvalidConnection),
    ],
)
def test_connections_that_are_not(arguments, error):
    with pytest.raises(error):
        manager("GetCurrentConnectionInfo", **arguments)


@pytest.mark.parametrize("action", ["IsAuthorized", "IsValidated"])
@pytest.mark.parametrize("device", ["", "uuid:xbox"])
def test_everyone_is_authorized(action, device):
    answer = registrar.call(action, {"DeviceID": device})
    assert answer == [("Result", "1")]
    assert out_names(REGISTRAR, action) == ["Result"]


def test_the_registrar_wants_a_device_id():
    with pytest.raises(InvalidArgs):
        registrar.call("IsAuthorized", {})


def test_unknown_actions():
    with pytest.raises(InvalidAction):
        manager("PrepareForConnection")
    with pytest.raises(InvalidAction):
        registrar.call("RegisterDevice", {})
