"""The server under test, as a control point on another host sees it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from lxml import etree
from support.netns import HomeNetwork, Host

from conformance import soap
from conformance.checks import Failed, NotOffered
from conformance.device import CDS, Device, Scpd, Service, read_device, read_scpd
from conformance.library import MediaFolder
from conformance.listening import Recorder
from conformance.searching import Searches
from conformance.soap import Arguments, Reply
from conformance.tree import MOST_OBJECTS, Node, Tree
from conformance.wire import Connection, Response

T = TypeVar("T")
BROWSE_ORDER = (
    *("ObjectID", "BrowseFlag", "Filter"),
    *("StartingIndex", "RequestedCount", "SortCriteria"),
)


class remembered(Generic[T]):
    """A property that is made once; so is the error that it ended with."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self._name = make, make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, owner: Any, _type: object = None) -> T:
        memory = owner.__dict__.setdefault("_remembered", {})
        if self._name not in memory:
            try:
                memory[self._name] = (self._make(owner), None)
            except (Failed, NotOffered, OSError) as error:
                memory[self._name] = (None, error)
        value, error = memory[self._name]
        if error is not None:
            raise error
        return value


@dataclass(frozen=True, slots=True)
class Listing:
    """One answer to Browse or Search."""

    reply: Reply
    didl: etree._Element
    nodes: tuple[Node, ...]
    returned: int
    total: int
    update_id: int

    @property
    def ids(self) -> list[str]:
        """The ids in order."""
        return [node.id for node in self.nodes]


class Subject:
    """One running server."""

    def __init__(
        self,
        network: HomeNetwork,
        location: str,
        folder: MediaFolder,
        heard: Recorder,
    ) -> None:
        self.network, self.location, self.folder, self.heard = (
            network,
            location,
            folder,
            heard,
        )
        parts = urlsplit(location)
        self.address, self.port = parts.hostname or "", parts.port or 80
        self.description_path = parts.path
        # Set by the runner when it ends the server (seconds of time.monotonic).
        self.ended_at_s = float("inf")
        self.ended_in_s: float | None = None
        # The same server after its next start.
        self.successor: Subject | None = None

    @property
    def client(self) -> Host:
        """The host that asks."""
        return self.network.client

    @property
    def again(self) -> "Subject":
        """The same server after its next start."""
        if self.successor is None:
            raise Failed("it did not start again")
        return self.successor

    @property
    def host_header(self) -> str:
        """What belongs in Host."""
        return f"{self.address}:{self.port}"

    # HTTP -----------------------------------------------------------------

    def connect(self, address: str = "", port: int = 0, **options: Any) -> Connection:
        """Open a connection from the client."""
        where = address or self.address, port or self.port
        return Connection(self.client, *where, **options)

    def request_bytes(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        version: str = "HTTP/1.1",
    ) -> bytes:
        """Return a request with Host and Content-Length where they belong.

        headers may replace Host; an empty value of Host leaves it out.
        """
        given = dict(headers or {})
        host = given.pop("Host", self.host_header)
        lines = [f"{method} {target} {version}"]
        lines += [f"Host: {host}"] if host else []
        lines += [f"{name}: {value}" for name, value in given.items()]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def request(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        version: str = "HTTP/1.1",
    ) -> Response:
        """Send one request on a new connection."""
        request = self.request_bytes(method, target, headers, body, version)
        return self.raw(request, method)

    def raw(self, request: bytes, method: str = "GET") -> Response:
        """Send bytes on a new connection and read one answer."""
        with self.connect() as connection:
            connection.send(request)
            return connection.response(method)

    def get(self, target: str, **headers: str) -> Response:
        """GET; header names are written with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("GET", target, named)

    # Description ----------------------------------------------------------

    @remembered
    def description(self) -> Response:
        """The answer to GET of the description."""
        return self.get(self.description_path)

    @remembered
    def device(self) -> Device:
        """The description, read."""
        if self.description.status != 200:
            raise Failed(f"description: status {self.description.status}")
        return read_device(soap.parse(self.description.body), self.location)

    def service(self, name: str = CDS) -> Service:
        """Return a service by the name in its type."""
        return self.device.service(name)

    def scpd(self, name: str) -> Scpd:
        """Return a service's SCPD, read."""
        memory = self.__dict__.setdefault("_scpds", {})
        if name not in memory:
            response = self.get(self.service(name).scpd_path)
            if response.status != 200:
                raise Failed(f"SCPD: status {response.status}")
            memory[name] = read_scpd(soap.parse(response.body))
        return memory[name]

    # Actions --------------------------------------------------------------

    def post(
        self, service: Service, action: str, body: bytes, **headers: str
    ) -> Response:
        """POST an envelope; headers replace the usual ones, "" leaves one out."""
        named = {
            "Content-Type": soap.CONTENT_TYPE,
            "SOAPACTION": f'"{service.type}#{action}"',
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in named.items() if value}
        return self.request("POST", service.control_path, kept, body)

    def ask(
        self, action: str, arguments: Arguments | None = None, service: str = CDS
    ) -> Response:
        """Call an action and return the HTTP answer, whatever it is."""
        found = self.service(service)
        inside = soap.action_xml(found.type, action, arguments or {})
        return self.post(found, action, soap.envelope_xml(inside))

    def call(
        self, action: str, arguments: Arguments | None = None, service: str = CDS
    ) -> Reply:
        """Call an action; a UPnP error is raised as soap.Fault."""
        response = self.ask(action, arguments, service)
        return soap.read(response, self.service(service).type, action)

    def expect_fault(
        self,
        codes: tuple[int, ...],
        action: str,
        arguments: Arguments | None = None,
        service: str = CDS,
    ) -> soap.Fault:
        """Fail unless the action ends with one of the UPnP errors."""
        try:
            self.call(action, arguments, service)
        except soap.Fault as fault:
            if fault.code not in codes:
                raise Failed(f"fault {fault.code}, expected {codes}") from fault
            return fault
        raise Failed(f"{action} succeeded, expected fault {codes}")

    def browse(
        self,
        object_id: str = "0",
        flag: str = "BrowseDirectChildren",
        *,
        start: object = 0,
        count: object = 0,
        filter_: str = "*",
        sort: str = "",
    ) -> Listing:
        """Browse, and read the result."""
        arguments = dict(
            zip(
                BROWSE_ORDER,
                (object_id, flag, filter_, start, count, sort),
                strict=True,
            )
        )
        return listing(self.call("Browse", arguments), object_id)

    def metadata(self, object_id: str, filter_: str = "*") -> Node:
        """Return the one object of BrowseMetadata."""
        found = self.browse(object_id, "BrowseMetadata", filter_=filter_)
        if len(found.nodes) != 1:
            raise Failed(f"BrowseMetadata gave {len(found.nodes)} objects")
        return found.nodes[0]

    def search(
        self,
        criteria: str,
        container: str = "0",
        *,
        start: object = 0,
        count: object = 0,
        filter_: str = "*",
        sort: str = "",
    ) -> Listing:
        """Search, and read the result."""
        self.scpd(CDS).arguments("Search")
        arguments = {
            "ContainerID": container,
            "SearchCriteria": criteria,
            "Filter": filter_,
            "StartingIndex": start,
            "RequestedCount": count,
            "SortCriteria": sort,
        }
        return listing(self.call("Search", arguments), container)

    @remembered
    def search_capabilities(self) -> list[str]:
        """The properties that the server says it can search for."""
        return csv(self.call("GetSearchCapabilities")["SearchCaps"])

    @remembered
    def sort_capabilities(self) -> list[str]:
        """The properties that the server says it can sort by."""
        return csv(self.call("GetSortCapabilities")["SortCaps"])

    @remembered
    def source_protocols(self) -> list[str]:
        """The entries of the ConnectionManager's Source."""
        return csv(self.call("GetProtocolInfo", service="ConnectionManager")["Source"])

    # Content --------------------------------------------------------------

    @remembered
    def tree(self) -> Tree:
        """All that the server lists."""
        return self.walk()

    @remembered
    def update_id(self) -> int:
        """The SystemUpdateID when it was first asked for."""
        return int(self.call("GetSystemUpdateID")["Id"])

    def walk(self) -> Tree:
        """Walk from the root, breadth first.

        A container that cannot be read whole is read one object at a time,
        and told in Tree.broken: one odd name must not hide all the rest.
        """
        root = self.metadata("0")
        found: list[Node] = []
        broken: list[tuple[str, str]] = []
        waiting = [root]
        while waiting:
            container = waiting.pop(0)
            try:
                container.children = list(self.children(container.id))
            except Failed as error:
                broken.append((container.id, str(error)))
                container.children = list(self.readable_children(container.id))
            found += container.children
            waiting += [child for child in container.children if child.is_container]
            if len(found) > MOST_OBJECTS:
                raise Failed("the tree does not end")
        return Tree(root, tuple(found), tuple(broken))

    def children(self, object_id: str) -> Iterator[Node]:
        """Yield all children of a container."""
        start = 0
        while True:
            page = self.browse(object_id, start=start)
            yield from page.nodes
            start += len(page.nodes)
            if start >= page.total or not page.nodes:
                return

    def readable_children(self, object_id: str) -> Iterator[Node]:
        """Yield the children that can be read alone; give up after ten others."""
        start = failed = 0
        while failed < 10:
            try:
                page = self.browse(object_id, start=start, count=1)
            except Failed:
                failed += 1
            else:
                if not page.nodes:
                    return
                failed = 0
                yield from page.nodes
            start += 1

    @remembered
    def searches(self) -> Searches:
        """The answers to every M-SEARCH that the checks look at."""
        return Searches(self)

    @contextmanager
    def fresh_socket(self) -> Iterator[Connection]:
        """Open a connection for several requests."""
        with self.connect() as connection:
            yield connection


def listing(reply: Reply, parent: str) -> Listing:
    """Read the out arguments of Browse or Search."""
    didl = soap.parse(reply["Result"])
    nodes = tuple(Node(child, parent) for child in didl if isinstance(child.tag, str))
    numbers = []
    for name in ("NumberReturned", "TotalMatches", "UpdateID"):
        if not reply[name].isdigit():
            raise Failed(f"{name}: {reply[name]!r}")
        numbers.append(int(reply[name]))
    return Listing(reply, didl, nodes, *numbers)


def csv(text: str) -> list[str]:
    """Return the entries of a comma-separated list."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]
