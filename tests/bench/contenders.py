"""Ours, MiniDLNA and Gerbera, each on its own host of one home network.

All serve the same folder at the same time and are asked in turn, each from
another's host, so that whatever else the machine does falls on both alike.
"""

import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from conformance.servers import OURS, SERVERS, Running, Server, running
from support.netns import HomeNetwork, Host, home_network

PEER, THIRD = SERVERS[1:3]
PORTS = {OURS.name: 8200, PEER.name: 8200, THIRD.name: 49200}
CONTENT_DIRECTORY = "urn:schemas-upnp-org:service:ContentDirectory:1"
# The container of all tracks, and the path that takes SOAP.
ALL_MUSIC = {OURS.name: "music$all", PEER.name: "1$4"}
CONTROL = {
    OURS.name: "/control/ContentDirectory",
    PEER.name: "/ctl/ContentDir",
    THIRD.name: "/upnp/control/cds",
}
TOTAL = re.compile(rb"<TotalMatches>(\d+)</TotalMatches>")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Contender:
    """One kind of server on its host, running or not."""

    server: Server
    network: HomeNetwork  # as it sees it: itself as the server
    folder: Path
    state: Path
    life: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    running: Running | None = None

    @property
    def name(self) -> str:
        """The server's name."""
        return self.server.name

    @property
    def host(self) -> Host:
        """The host that it runs on."""
        return self.network.server

    @property
    def asker(self) -> Host:
        """The host that asks it."""
        return self.network.client

    def start(self) -> None:
        """Start it on its folder, with the state that is there."""
        life = running(self.server, self.network, self.folder, self.state)
        self.running = self.life.enter_context(life)

    def stop(self) -> None:
        """End it in peace, so that what it knows is on the disk."""
        if self.running is not None:
            self.running.end()
        self.life.close()

    def soap(
        self, action: str, arguments: dict[str, object], *, keep: bool = False
    ) -> bytes:
        """Return the whole request for an action; keep: for a kept connection."""
        inside = "".join(f"<{n}>{escape(str(v))}</{n}>" for n, v in arguments.items())
        body = (
            '<?xml version="1.0"?><s:Envelope xmlns:s='
            '"http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle='
            '"http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f'<u:{action} xmlns:u="{CONTENT_DIRECTORY}">{inside}</u:{action}>'
            "</s:Body></s:Envelope>"
        ).encode()
        lines = (
            f"POST {CONTROL[self.name]} HTTP/1.1",
            f"Host: {self.host.ipv4}:{PORTS[self.name]}",
            'Content-Type: text/xml; charset="utf-8"',
            f'SOAPACTION: "{CONTENT_DIRECTORY}#{action}"',
            f"Content-Length: {len(body)}",
            f"Connection: {'keep-alive' if keep else 'close'}",
        )
        return "\r\n".join([*lines, "", ""]).encode() + body

    def browse(
        self, object_id: str, start: int = 0, count: int = 0, **more: str
    ) -> bytes:
        """Return the request for a Browse; more: flag, sort, filter, keep."""
        arguments = {
            "ObjectID": object_id,
            "BrowseFlag": more.get("flag", "BrowseDirectChildren"),
            "Filter": more.get("filter", "*"),
            "StartingIndex": start,
            "RequestedCount": count,
            "SortCriteria": more.get("sort", ""),
        }
        return self.soap("Browse", arguments, keep=bool(more.get("keep")))

    def search(self, criteria: str, count: int = 30) -> bytes:
        """Return the request for a Search below the root."""
        arguments = {
            "ContainerID": "0",
            "SearchCriteria": criteria,
            "Filter": "*",
            "StartingIndex": 0,
            "RequestedCount": count,
            "SortCriteria": "",
        }
        return self.soap("Search", arguments)

    def connect(self, timeout_s: float = 30) -> socket.socket:
        """Open a connection from the asking host; the thread must be on it."""
        port = PORTS[self.name]
        return socket.create_connection((self.host.ipv4, port), timeout_s)

    def ask(self, request: bytes) -> bytes:
        """Send a request on a new connection and return all that comes back."""
        with self.connect() as connection:
            connection.sendall(request)
            parts = []
            while part := connection.recv(1 << 18):
                parts.append(part)
        return b"".join(parts)

    def total(self, request: bytes) -> int:
        """Return TotalMatches of an answer, -1 if there is none yet."""
        try:
            found = TOTAL.search(self.ask(request))
        except OSError:
            return -1
        return int(found[1]) if found else -1

    def pids(self) -> list[int]:
        """Return the processes on its host."""
        words = ("ip", "netns", "pids", self.host.namespace)
        listed = subprocess.run(words, capture_output=True, text=True, check=True)
        return [int(pid) for pid in listed.stdout.split()]

    def cpu_s(self) -> float:
        """Return the processor time of its processes and their ended children."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                text = Path(f"/proc/{pid}/stat").read_text()
                total += sum(map(int, text.rpartition(")")[2].split()[11:15]))
        return total / os.sysconf("SC_CLK_TCK")


def wait_for_total(
    contender: Contender, wanted: int, deadline_s: float = 900, object_id: str = ""
) -> float:
    """Return the seconds until all of a container is listed, or all tracks."""
    begin = time.monotonic()
    request = contender.browse(object_id or ALL_MUSIC[contender.name], count=1)
    with contender.asker.entered():
        while time.monotonic() - begin < deadline_s:
            if contender.total(request) == wanted:
                return time.monotonic() - begin
            time.sleep(0.1)
    raise TimeoutError(f"{contender.name} does not list {wanted} items")


@contextlib.contextmanager
def contenders(
    folder: Path, scratch: Path, *, third: bool = False
) -> Iterator[list[Contender]]:
    """Return ours and, where they are installed, the others, not yet started.

    third: Gerbera too, which reads a library ten times as long.
    """
    with home_network() as network, contextlib.ExitStack() as ending:
        ours, other, router = network.server, network.client, network.router
        homes = [(OURS, network), (PEER, HomeNetwork(other, ours, router))]
        homes += [(THIRD, HomeNetwork(router, ours, other))] * third
        found = []
        for server, home in homes:
            if server.installed:
                state = scratch / server.name
                found.append(Contender(server, home, folder, state))
                ending.callback(found[-1].stop)
        yield found
