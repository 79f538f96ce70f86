"""A device description: its devices and where their services are called.

Source: UDA 1.0 section 2.1; reference description.md 2.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from upnpserver.control_point.elements import Element, parse
from upnpserver.control_point.place import Place, beside
from upnpserver.errors import MalformedRequest

SERVER, RENDERER = "MediaServer", "MediaRenderer"
_MAX_DEVICES = 20  # in one description
_MAX_TEXT = 200
_TYPE = re.compile(
    r"urn:[\w.-]{1,64}:(?:device|service):([\w.-]{1,64}):\d{1,4}", re.ASCII
)


class Service(NamedTuple):
    """type: as the device spells it, version and all."""

    type: str
    control: Place


class Device(NamedTuple):
    """A device; kind: "MediaServer"; services: by name, as in "AVTransport"."""

    name: str
    udn: str
    kind: str
    model: str
    place: Place
    services: Mapping[str, Service]


def devices_in(document: bytes, location: Place) -> list[Device]:
    """Return the devices of a description, embedded ones too.

    Raises MalformedRequest if it is none.
    """
    root = parse(document)
    if root.name != "root":
        raise MalformedRequest("not a device description")
    base = location
    with suppress(MalformedRequest):  # of another device, or nonsense
        base = beside(location, root.text_of("URLBase"))
    found = [one for one in root.inside() if one.name == "device"][:_MAX_DEVICES]
    return [_device(one, location, base) for one in found]


def _device(element: Element, location: Place, base: Place) -> Device:
    listed = (one for part in element.named("serviceList") for one in part.children)
    return Device(
        element.text_of("friendlyName")[:_MAX_TEXT],
        element.text_of("UDN")[:_MAX_TEXT],
        _name_in(element.text_of("deviceType")),
        element.text_of("modelName")[:_MAX_TEXT],
        location,
        dict(_services(listed, base)),
    )


def _services(listed: Iterator[Element], base: Place) -> Iterator[tuple[str, Service]]:
    for one in listed:
        service_type = one.text_of("serviceType")
        name = _name_in(service_type)
        if name:
            with suppress(MalformedRequest):
                control = beside(base, one.text_of("controlURL"))
                yield name, Service(service_type, control)


def _name_in(type_: str) -> str:
    match = _TYPE.fullmatch(type_)
    return match[1] if match else ""
