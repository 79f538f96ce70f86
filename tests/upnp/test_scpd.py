"""The SCPDs, held to what the strictest control points check.

One fault in one of them and Kodi drops the whole device. Source: UDA 1.0
section 2.3; reference control-points.md (Platinum, async_upnp_client).
"""

import asyncio
import re

import pytest
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.const import STATE_VARIABLE_TYPE_MAPPING
from lxml import etree

from upnpserver.errors import ActionError, InvalidAction
from upnpserver.services import connection_manager, content_directory, registrar
from upnpserver.upnp.description import (
    CONNECTION_MANAGER,
    CONTENT_DIRECTORY,
    DESCRIPTION_PATH,
    REGISTRAR,
    SERVICES,
    build_description,
    scpd,
)

NS = {"s": "urn:schemas-upnp-org:service-1-0"}
SCPD = f"{{{NS['s']}}}"
BASE = "http://192.0.2.1:8200"
each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda s: s.name)


def parsed(service):
    return etree.fromstring(scpd(service))


def names(parent, path):
    return parent.xpath(f"{path}/s:name/text()", namespaces=NS)


@each_service
def test_the_root_and_its_parts_in_order(service):
    root = parsed(service)
    assert [child.tag for child in root] == [
        f"{SCPD}specVersion", f"{SCPD}actionList", f"{SCPD}serviceStateTable",
    ]  # fmt: skip
    assert [child.text for child in root[0]] == ["1", "0"]


@each_service
def test_every_variable_has_a_name_and_a_known_type(service):
    variables = parsed(service).findall(f".//{SCPD}stateVariable")
    assert variables
    for variable in variables:
        assert [child.tag.removeprefix(SCPD) for child in variable][:2] == [
            "name", "dataType",
        ]  # fmt: skip
        assert variable.findtext(f"{SCPD}dataType") in STATE_VARIABLE_TYPE_MAPPING
        assert variable.get("sendEvents") in {"yes", "no"}
    table = names(parsed(service), "//s:stateVariable")
    assert len(table) == len(set(table))


@each_service
def test_every_argument_is_whole_and_its_variable_exists(service):
    root = parsed(service)
    table = set(names(root, "//s:stateVariable"))
    for action in root.iter(f"{SCPD}action"):
        arguments = list(action.iter(f"{SCPD}argument"))
        for argument in arguments:
            name, direction, related = argument
            assert re.fullmatch(r"[A-Z][A-Za-z]*", name.text)
            assert direction.text in {"in", "out"}
            assert related.tag == f"{SCPD}relatedStateVariable"
            assert related.text in table
        directions = [argument[1].text for argument in arguments]
        assert directions == sorted(directions)  # "in" before "out"
        told = [argument[0].text for argument in arguments]
        assert len(told) == len(set(told))


@each_service
def test_every_variable_is_evented_or_used(service):
    root = parsed(service)
    used = set(root.xpath("//s:relatedStateVariable/text()", namespaces=NS))
    evented = set(names(root, "//s:stateVariable[@sendEvents='yes']"))
    assert set(names(root, "//s:stateVariable")) == used | evented


def call(service, action):
    """Call an action without arguments and without a catalog."""
    if service is CONTENT_DIRECTORY:
        return content_directory.call(action, {}, None, None)
    if service is CONNECTION_MANAGER:
        return connection_manager.call(action, {}, "")
    return registrar.call(action, {})


@each_service
def test_what_is_declared_is_implemented_and_nothing_else(service):
    declared = set(names(parsed(service), "//s:action"))
    optional = {"CreateObject", "X_GetFeatureList", "ConnectionComplete"}
    for action in declared | optional | {"RegisterDevice", "PrepareForConnection"}:
        try:
            call(service, action)
        except InvalidAction:
            assert action not in declared
        except (ActionError, AttributeError):  # there were no arguments, no catalog
            assert action in declared
        else:
            assert action in declared


def test_the_required_actions_and_events():
    required = {
        CONTENT_DIRECTORY: {
            "Browse", "GetSearchCapabilities", "GetSortCapabilities",
            "GetSystemUpdateID",
        },
        CONNECTION_MANAGER: {
            "GetProtocolInfo", "GetCurrentConnectionIDs", "GetCurrentConnectionInfo",
        },
        REGISTRAR: {"IsAuthorized", "IsValidated"},
    }  # fmt: skip
    evented = {
        CONTENT_DIRECTORY: {"SystemUpdateID", "ContainerUpdateIDs", "TransferIDs"},
        CONNECTION_MANAGER: {
            "SourceProtocolInfo", "SinkProtocolInfo", "CurrentConnectionIDs",
        },
        REGISTRAR: set(registrar.UPDATE_IDS),
    }  # fmt: skip
    for service in SERVICES:
        root = parsed(service)
        assert set(names(root, "//s:action")) >= required[service]
        table = names(root, "//s:stateVariable[@sendEvents='yes']")
        assert set(table) == evented[service]


class Requester:
    """Gives async_upnp_client our documents as if it had fetched them."""

    def __init__(self):
        description = build_description(
            "Home", "uuid:0f9b5f8e-6f5c-4f9e-9a6b-000000000000"
        )
        self.documents = {BASE + DESCRIPTION_PATH: description}
        for service in SERVICES:
            self.documents[BASE + service.scpd_path] = scpd(service)

    async def async_http_request(self, request):
        response = type("Response", (), {})()
        response.status_code, response.headers = 200, {}
        response.body = self.documents[request.url].decode()
        return response


def test_a_strict_control_point_takes_the_device_whole():
    factory = UpnpFactory(Requester(), non_strict=False)
    device = asyncio.run(factory.async_create_device(BASE + DESCRIPTION_PATH))
    assert set(device.services) == {service.service_type for service in SERVICES}
    assert [(icon.width, icon.mimetype) for icon in device.icons] == [
        (48, "image/png"), (120, "image/png"), (48, "image/jpeg"), (120, "image/jpeg"),
    ]  # fmt: skip
    info = device.service(CONNECTION_MANAGER.service_type).action(
        "GetCurrentConnectionInfo"
    )
    answer = connection_manager.call(info.name, {"ConnectionID": "0"}, "")
    for argument, (name, value) in zip(info.out_arguments(), answer, strict=True):
        assert argument.name == name
        argument.validate_value(argument.coerce_python(value))
