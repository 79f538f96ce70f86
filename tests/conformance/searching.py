"""All the M-SEARCHes of the checks, sent in one go and answered in one wait.

Alone, each search that must stay unanswered would cost its whole wait. They
go out one by one with a pause, since a server may limit how often one address
searches.
"""

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.netns import FOREIGN_IPV4, INTERFACE

from conformance.checks import Failed
from conformance.listening import GROUP4, GROUP6, PORT
from conformance.wire import Datagram, drain, udp_socket

if TYPE_CHECKING:
    from conformance.subject import Subject

PAUSE_S = 0.15
WAIT_S = 6.5  # longer than the longest wait that UDA 1.1 allows: 5 s


@dataclass(frozen=True, slots=True)
class Probe:
    """One search: the datagram, and the way it goes.

    way: "group" (multicast), "unicast", "ipv6", "routed" (unicast from an
    address that is not on the link), "twice" (from two ports at once).
    """

    make: Callable[["Subject"], bytes]
    way: str = "group"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came back for one probe."""

    at_s: float
    answers: tuple[Datagram, ...]

    def one(self) -> Datagram:
        """Return the first answer; Failed without any."""
        if not self.answers:
            raise Failed("no answer")
        return self.answers[0]


PROBES: dict[str, Probe] = {}


def search(
    target: str,
    *,
    man: str = '"ssdp:discover"',
    mx: str = "1",
    host: str = f"{GROUP4}:{PORT}",
) -> bytes:
    """Return a search as the specification writes it; "" leaves a header out."""
    headers = {"HOST": host, "MAN": man, "MX": mx, "ST": target}
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join(["M-SEARCH * HTTP/1.1", *lines, "", ""]).encode()


class Searches:
    """The answers by the name of the probe."""

    def __init__(self, server: "Subject") -> None:
        self._sent_at_s: dict[str, float] = {}
        self._answers: dict[str, list[Datagram]] = {name: [] for name in PROBES}
        with selectors.DefaultSelector() as selector:
            try:
                for name, probe in PROBES.items():
                    for each in _send(server, probe):
                        selector.register(each, selectors.EVENT_READ, name)
                    self._sent_at_s[name] = time.monotonic()
                    self._collect(selector, PAUSE_S)
                self._collect(selector, WAIT_S)
            finally:
                for key in list(selector.get_map().values()):
                    key.fileobj.close()

    def __getitem__(self, name: str) -> Asked:
        return Asked(self._sent_at_s[name], tuple(self._answers[name]))

    def _collect(self, selector: selectors.BaseSelector, wait_s: float) -> None:
        end = time.monotonic() + wait_s
        while (left_s := end - time.monotonic()) > 0:
            for key, _ in selector.select(left_s):
                self._answers[key.data] += drain(key.fileobj)


def _send(server: "Subject", probe: Probe) -> list[socket.socket]:
    data = probe.make(server)
    network = server.network
    if probe.way == "ipv6":
        found = udp_socket(network.client, socket.AF_INET6)
        with network.client.entered():
            index = socket.if_nametoindex(INTERFACE)
        found.sendto(data, (GROUP6, PORT, 0, index))
        return [found]
    if probe.way == "routed":
        with network.router.entered():
            found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            found.bind((FOREIGN_IPV4, 0))
        found.setblocking(False)
        found.sendto(data, (server.address, PORT))
        return [found]
    address = server.address if probe.way == "unicast" else GROUP4
    sockets = [udp_socket(network.client) for _ in range(1 + (probe.way == "twice"))]
    for each in sockets:
        each.sendto(data, (address, PORT))
    return sockets
