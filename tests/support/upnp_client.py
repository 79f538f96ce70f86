"""A control point small enough to see through: http.client and lxml only.

It checks nothing by itself beyond well-formed XML; tests say what must hold.
Sockets are made on the host that asks (support/netns.py).
"""

import http.client
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from xml.sax.saxutils import escape

from lxml import etree

from support.netns import INTERFACE, Host

SSDP_GROUP, SSDP_PORT = "239.255.255.250", 1900
_IP_MULTICAST_ALL = 49  # linux/in.h
CONTENT_DIRECTORY = "urn:schemas-upnp-org:service:ContentDirectory:1"
MEDIA_SERVER = "urn:schemas-upnp-org:device:MediaServer:1"
NS = {
    "d": "urn:schemas-upnp-org:device-1-0",
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "c": "urn:schemas-upnp-org:control-1-0",
    "didl": "urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "upnp": "urn:schemas-upnp-org:metadata-1-0/upnp/",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; header names are kept as they came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return the header's value, or "" without it."""
        wanted = name.lower()
        return next((v for n, v in self.headers if n.lower() == wanted), "")


def fetch(
    host: Host,
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """Send one request from the host and read the whole answer."""
    parts = urlsplit(url)
    with host.entered():
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=10
        )
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(
                response.status, tuple(response.getheaders()), response.read()
            )
        finally:
            connection.close()


def exchange(
    host: Host, address: str, port: int, request: bytes, *, source: str = ""
) -> bytes:
    """Send raw bytes by TCP and return all that comes back until the end."""
    with (
        host.entered(),
        socket.create_connection(
            (address, port), timeout=5, source_address=(source, 0) if source else None
        ) as connection,
    ):
        connection.sendall(request)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


class Fault(Exception):
    """A UPnP error in the answer to an action."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{code} {description}")
        self.code = code


@dataclass(frozen=True, slots=True)
class DidlResource:
    """One <res> of an object."""

    url: str
    protocol_info: str
    size_bytes: int | None
    resolution: str = ""  # "160x120"

    @property
    def mime(self) -> str:
        """The third field of the protocolInfo."""
        return self.protocol_info.split(":")[2]


@dataclass(frozen=True, slots=True)
class DidlObject:
    """One item or container of a Browse result."""

    object_id: str
    parent_id: str
    title: str
    upnp_class: str
    is_container: bool
    child_count: int | None
    resources: tuple[DidlResource, ...]


@dataclass(frozen=True, slots=True)
class BrowseResult:
    """One answer to Browse."""

    objects: tuple[DidlObject, ...]
    returned: int
    total: int
    update_id: int


class MediaServer:
    """A server known by its description URL, as one control point sees it.

    headers: what the control point sends with each action, as its User-Agent.
    """

    def __init__(
        self, host: Host, location: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.host, self.location, self.headers = host, location, headers or {}
        answer = fetch(host, location)
        if answer.status != 200:
            raise ConnectionError(f"{location}: {answer.status}")
        self.description = etree.fromstring(answer.body)

    def text(self, path: str) -> str:
        """Return the text of one element of the description."""
        return str(self.description.findtext(path, namespaces=NS))

    def service(self, service_type: str, field: str) -> str:
        """Return a service's absolute controlURL, eventSubURL or SCPDURL."""
        for service in self.description.iterfind(".//d:service", NS):
            if service.findtext("d:serviceType", namespaces=NS) == service_type:
                path = str(service.findtext(f"d:{field}", namespaces=NS))
                return urljoin(self.location, path)
        raise LookupError(service_type)

    def call(
        self, action: str, service_type: str = CONTENT_DIRECTORY, **arguments: object
    ) -> dict[str, str]:
        """Call an action and return its out arguments; a UPnP error is a Fault."""
        answer = fetch(
            self.host,
            self.service(service_type, "controlURL"),
            "POST",
            {
                "Content-Type": 'text/xml; charset="utf-8"',
                "SOAPACTION": f'"{service_type}#{action}"',
                **self.headers,
            },
            _envelope(service_type, action, arguments),
        )
        envelope = etree.fromstring(answer.body)
        if answer.status == 500:
            code = envelope.findtext(".//c:errorCode", "0", NS)
            raise Fault(int(code), envelope.findtext(".//c:errorDescription", "", NS))
        response = envelope.find(f"s:Body/{{{service_type}}}{action}Response", NS)
        if response is None:
            raise ValueError(f"no {action}Response in {answer.body[:500]!r}")
        return {str(child.tag): child.text or "" for child in response}

    def browse(
        self,
        object_id: str,
        flag: str = "BrowseDirectChildren",
        start: int = 0,
        count: int = 0,
        **more: str,
    ) -> BrowseResult:
        """Browse; more: Filter (all without it), SortCriteria."""
        out = self.call(
            "Browse",
            ObjectID=object_id,
            BrowseFlag=flag,
            Filter=more.get("Filter", "*"),
            StartingIndex=start,
            RequestedCount=count,
            SortCriteria=more.get("SortCriteria", ""),
        )
        return BrowseResult(
            tuple(_object(element) for element in etree.fromstring(out["Result"])),
            int(out["NumberReturned"]),
            int(out["TotalMatches"]),
            int(out["UpdateID"]),
        )

    def children(self, object_id: str, page: int = 200) -> Iterator[DidlObject]:
        """Yield all children of a container, page by page."""
        start = 0
        while True:
            result = self.browse(object_id, start=start, count=page)
            yield from result.objects
            start += result.returned
            if start >= result.total or not result.returned:
                return

    def walk(self, object_id: str = "0") -> Iterator[DidlObject]:
        """Yield everything below a container, depth first."""
        for child in self.children(object_id):
            yield child
            if child.is_container:
                yield from self.walk(child.object_id)

    def items(self) -> dict[str, DidlObject]:
        """Return the items of the whole tree by the URL of their first res."""
        return {
            found.resources[0].url: found
            for found in self.walk()
            if not found.is_container
        }


def search(
    host: Host, target: str = MEDIA_SERVER, *, wait_s: float = 2, wanted: int = 99
) -> list[dict[str, str]]:
    """Search by SSDP over IPv4; return the answers as upper-case headers.

    Ends at the wanted number of answers, or when wait_s is over.
    """
    request = (
        f"M-SEARCH * HTTP/1.1\r\nHOST: {SSDP_GROUP}:{SSDP_PORT}\r\n"
        f'MAN: "ssdp:discover"\r\nMX: 1\r\nST: {target}\r\n\r\n'
    )
    with host.entered(), socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.bind((host.ipv4, 0))
        asking.sendto(request.encode(), (SSDP_GROUP, SSDP_PORT))
        return _collect(asking, wait_s, wanted)


class SsdpListener:
    """Hears what is announced to the IPv4 group on one host's interface."""

    def __init__(self, host: Host, interface: str = INTERFACE) -> None:
        with host.entered():
            self._socket = socket.socket(type=socket.SOCK_DGRAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((SSDP_GROUP, SSDP_PORT))
            # Without this it would hear what other sockets' interfaces get.
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
            index = socket.if_nametoindex(interface).to_bytes(4, "little")
            self._socket.setsockopt(
                socket.IPPROTO_IP,
                socket.IP_ADD_MEMBERSHIP,
                socket.inet_aton(SSDP_GROUP) + bytes(4) + index,
            )

    def __enter__(self) -> "SsdpListener":
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def hear(
        self, wanted: Callable[[dict[str, str]], bool], deadline_s: float
    ) -> dict[str, str]:
        """Return the next message that is wanted; TimeoutError without one."""
        end = time.monotonic() + deadline_s
        while (left_s := end - time.monotonic()) > 0:
            for message in _collect(self._socket, left_s, 1):
                if wanted(message):
                    return message
        raise TimeoutError("no such announcement")


def _collect(
    listening: socket.socket, wait_s: float, wanted: int
) -> list[dict[str, str]]:
    end = time.monotonic() + wait_s
    found: list[dict[str, str]] = []
    while len(found) < wanted and (left_s := end - time.monotonic()) > 0:
        listening.settimeout(left_s)
        try:
            datagram, address = listening.recvfrom(65536)
        except TimeoutError:
            break
        first, *lines = datagram.decode("latin-1").split("\r\n")
        message = {"": first, "FROM": address[0]}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                message[name.upper()] = value.strip()
        found.append(message)
    return found


def _envelope(service_type: str, action: str, arguments: Mapping[str, object]) -> bytes:
    inside = "".join(f"<{n}>{escape(str(v))}</{n}>" for n, v in arguments.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<s:Envelope xmlns:s="{NS["s"]}"'
        ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<u:{action} xmlns:u="{service_type}">{inside}</u:{action}>'
        "</s:Body></s:Envelope>"
    ).encode()


def _object(element: etree._Element) -> DidlObject:
    count, resources = element.get("childCount"), element.iterfind("didl:res", NS)
    return DidlObject(
        element.get("id", ""),
        element.get("parentID", ""),
        element.findtext("dc:title", "", NS),
        element.findtext("upnp:class", "", NS),
        etree.QName(element).localname == "container",
        int(count) if count is not None else None,
        tuple(_resource(resource) for resource in resources),
    )


def _resource(element: etree._Element) -> DidlResource:
    size = element.get("size")
    return DidlResource(
        element.text or "",
        element.get("protocolInfo", ""),
        int(size) if size is not None else None,
        element.get("resolution", ""),
    )
