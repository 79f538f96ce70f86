"""Browse, search and play on whatever is in the house."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from upnpserver.control_point.calls import call_request, get_request, results
from upnpserver.control_point.described import Device, devices_in
from upnpserver.control_point.exchange import exchange
from upnpserver.control_point.objects import Found, fitting, objects_in
from upnpserver.control_point.place import Place, place_of
from upnpserver.control_point.searching import Heard, locations, search
from upnpserver.errors import DeviceError, MalformedRequest
from upnpserver.net.interfaces import Interface
from upnpserver.offline.addresses import LocalNetworks

T = TypeVar("T")
ROOT = "0"
_PAGE = 200
_MOST_DEVICES = 200
_MOST_WALKED = 20_000  # objects of one container that are looked through for a title
_AT_ONCE = 8
_OK = 200
_URN = "urn:schemas-upnp-org:device:{}:1"


class Page(NamedTuple):
    """Objects, and how many there are in all; None: the device doesn't tell."""

    objects: list[Found]
    total: int | None


class Point:
    """Asks the devices of the interfaces' links. local: where it may ask."""

    def __init__(self, interfaces: Sequence[Interface], local: LocalNetworks) -> None:
        self._interfaces, self._local = interfaces, local

    def devices(self, kind: str) -> list[Device]:
        """Return the devices of a kind that answer, by name.

        One that answers oddly is left out: it is not the only one in the house.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:

            def heard_on(interface: Interface) -> list[Heard]:
                return search(interface, _URN.format(kind))

            heard = [
                one for all_ in pool.map(heard_on, self._interfaces) for one in all_
            ]
            places = locations(heard)[:_MOST_DEVICES]
            described = [
                one for all_ in pool.map(self._described, places) for one in all_
            ]
        found = {one.udn: one for one in described if one.kind == kind}
        return sorted(found.values(), key=lambda one: (one.name.casefold(), one.udn))

    def at(self, url: str) -> list[Device]:
        """Return the devices that a description tells of. Raises DeviceError."""
        try:
            place = place_of(url)
        except MalformedRequest as error:
            raise DeviceError(f"{url!r}: {error}") from error
        reply = exchange(place, get_request(place), self._local)
        if reply.status != _OK:
            raise DeviceError(f"{url} answers HTTP {reply.status}")
        return _understood(lambda: devices_in(reply.body, place))

    def one_object(self, server: Device, object_id: str) -> tuple[Found, str]:
        """Return an object, and the DIDL-Lite that tells of it. Raises DeviceError."""
        document = self._browse(server, object_id, "BrowseMetadata", 0, 1)["Result"]
        found = _understood(lambda: objects_in(document))
        if not found:
            raise DeviceError(f"{server.name} tells nothing of {object_id!r}")
        return found[0], document

    def children(self, server: Device, object_id: str, most: int) -> Page:
        """Return the first children of a container. Raises DeviceError."""

        def page(start: int, count: int) -> dict[str, str]:
            return self._browse(server, object_id, "BrowseDirectChildren", start, count)

        return _pages(page, most)

    def search(self, server: Device, criteria: str, most: int) -> Page:
        """Return what fits criteria of ContentDirectory. Raises DeviceError."""

        def page(start: int, count: int) -> dict[str, str]:
            given = {"ContainerID": ROOT, "SearchCriteria": criteria, "Filter": "*"}
            bounds = {"StartingIndex": start, "RequestedCount": count}
            return self._call(
                *(server, "ContentDirectory", "Search"),
                {**given, **bounds, "SortCriteria": ""},
            )

        return _pages(page, most)

    def at_path(self, server: Device, path: str) -> str:
        """Return the id of what stands at a path of titles: "/Music/Albums".

        A title may hold a "/"; the longest that fits is taken. Raises DeviceError.
        """
        object_id, left = ROOT, path.strip("/")
        while left:
            children = self.children(server, object_id, _MOST_WALKED).objects
            fitting_ = [one for one in children if _begins(left, one.title)]
            if not fitting_:
                raise DeviceError(f"{server.name} has no {left!r} there")
            best = max(fitting_, key=lambda one: len(one.title.strip("/")))
            object_id, left = best.id, left[len(best.title.strip("/")) :].strip("/")
        return object_id

    def play(self, renderer: Device, found: Found, document: str) -> str:
        """Let a renderer play an object; return the MIME type of what it gets.

        Raises DeviceError.
        """
        resource = fitting(found.resources, self._sink(renderer))
        if resource is None:
            raise DeviceError(f"{found.title!r} can't be had over HTTP")
        uri = {"CurrentURI": resource.url, "CurrentURIMetaData": document}
        self._call(
            renderer, "AVTransport", "SetAVTransportURI", {"InstanceID": 0, **uri}
        )
        self._call(renderer, "AVTransport", "Play", {"InstanceID": 0, "Speed": 1})
        return resource.mime

    def stop(self, renderer: Device) -> None:
        """Let a renderer end what it plays. Raises DeviceError."""
        self._call(renderer, "AVTransport", "Stop", {"InstanceID": 0})

    def set_volume(self, renderer: Device, percent: int) -> None:
        """Set how loud a renderer is. Raises DeviceError."""
        given = {"InstanceID": 0, "Channel": "Master", "DesiredVolume": percent}
        self._call(renderer, "RenderingControl", "SetVolume", given)

    def _sink(self, renderer: Device) -> str:
        """Return what a renderer says it takes, "" if it doesn't say."""
        with contextlib.suppress(DeviceError):
            told = self._call(renderer, "ConnectionManager", "GetProtocolInfo", {})
            return told.get("Sink", "")
        return ""

    def _described(self, place: Place) -> list[Device]:
        with contextlib.suppress(DeviceError):
            return self.at(place.url)
        return []

    def _browse(
        self, server: Device, object_id: str, flag: str, start: int, count: int
    ) -> dict[str, str]:
        given = {"ObjectID": object_id, "BrowseFlag": flag, "Filter": "*"}
        bounds = {"StartingIndex": start, "RequestedCount": count, "SortCriteria": ""}
        return self._call(server, "ContentDirectory", "Browse", given | bounds)

    def _call(
        self, device: Device, service: str, action: str, arguments: Mapping[str, object]
    ) -> dict[str, str]:
        offered = device.services.get(service)
        if offered is None:
            raise DeviceError(f"{device.name} has no {service}")
        request = call_request(offered, action, arguments)
        reply = exchange(offered.control, request, self._local)
        try:
            return _understood(lambda: results(reply.status, reply.body))
        except DeviceError as error:
            raise DeviceError(f"{device.name} can't {action}: {error}") from error


def chosen(devices: Sequence[Device], wanted: str, what: str) -> Device:
    """Return the one device that is meant: by its name, a part of it, address or UDN.

    wanted: "" if there is but one. Raises DeviceError, which names those there are.
    """
    exact = [one for one in devices if wanted.casefold() in _names(one)]
    part = [one for one in devices if wanted.casefold() in one.name.casefold()]
    for fits in (exact, part):
        if len(fits) == 1:
            return fits[0]
    there = ", ".join(repr(one.name) for one in devices) or "none"
    if not devices:
        raise DeviceError(f'no {what} answers: see "upnpserver doctor"')
    if wanted and not part:
        raise DeviceError(f"no {what} {wanted!r}; there are: {there}")
    raise DeviceError(f"which {what}? there are: {there}; an address will do, too")


def _names(device: Device) -> set[str]:
    udn = device.udn.casefold()
    address = device.place.host
    named = {device.name.casefold(), udn, udn.removeprefix("uuid:"), address}
    return named | {device.place.authority}


def _begins(left: str, title: str) -> bool:
    folded, begin = left.casefold(), title.strip("/").casefold()
    return bool(begin) and (folded == begin or folded.startswith(f"{begin}/"))


def _pages(page: Callable[[int, int], dict[str, str]], most: int) -> Page:
    """Return objects page by page, until there are no more or most of them.

    A device that answers without an object would be asked for ever otherwise.
    """
    objects: list[Found] = []
    total = None
    while len(objects) < most:
        told = page(len(objects), min(_PAGE, most - len(objects)))
        document = told.get("Result", "")
        # Empty instead of a document without objects: some answer so.
        found = _understood(lambda text=document: objects_in(text)) if document else []  # type: ignore[misc]
        objects += found[: most - len(objects)]
        total = _count(told.get("TotalMatches", "")) or total
        if not found or (total is not None and len(objects) >= total):
            break
    return Page(objects, total)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _understood(read: Callable[[], T]) -> T:
    try:
        return read()
    except MalformedRequest as error:
        raise DeviceError(f"it answers oddly: {error}") from error
