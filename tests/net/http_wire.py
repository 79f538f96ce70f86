"""A TCP connection in memory, and a door to knock at, for the tests of net.

The wire acts as Twisted's TCP transport does where the door relies on it: it
asks its producer to pause when more than 64 KiB is unsent, calls back only in
a later turn, sends before it closes, and reads nothing while it is paused.
"""

from dataclasses import dataclass
from ipaddress import ip_address

from twisted.internet import error
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.net.site import HostRule, Limits, Routes, Site
from upnpserver.policy import EVERYONE

OWN, PEER, PORT = "192.0.2.1", "192.0.2.7", 8200
SERVER = "Linux UPnP/1.0 DLNADOC/1.50 upnpserver/0.1.0"
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
NOW = 784111777.0
OWN_LINES = f"Date: {DATE}\r\nServer: {SERVER}\r\n".encode()


class TurningClock(Clock):
    """A Clock whose calls made during a turn wait for the next, as the reactor's do."""

    def advance(self, amount):
        self.rightNow += amount
        due = [call for call in self.calls if call.getTime() <= self.rightNow]
        for call in sorted(due, key=lambda call: call.getTime()):
            if call.active():
                self.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)


@implementer(ITCPTransport)
class Wire:
    """One connection, seen from both ends: send() and received are the client's."""

    full_at = 65536

    def __init__(self, clock, own=OWN, peer=PEER, port=PORT):
        self.clock = clock
        self.own, self.peer, self.port = own, peer, port
        self.client_reads = True
        self.received = b""
        self.unsent = b""
        self.largest_write = 0
        self.is_closed = self.was_reset = self.server_ended = False
        self.is_reading = True
        self._inbound = []
        self._producer = None
        self._is_paused = False
        self._is_closing = self._is_half_closing = self._client_ended = False

    # The client's end

    def send(self, data):
        """Let data arrive, now or when the server reads again."""
        self._inbound.append(data)
        self._deliver()
        return self

    def end(self):
        """Half-close, as a client does that sends nothing more."""
        self._client_ended = True
        self._deliver()

    def vanish(self):
        """Reset the connection."""
        self._lose(error.ConnectionLost())

    def read_on(self, size=None):
        """Take size unsent bytes (None: all), and let the server go on."""
        size = len(self.unsent) if size is None else size
        self.received += self.unsent[:size]
        self.unsent = self.unsent[size:]
        if self.unsent or self.is_closed:
            return
        if self._is_paused and self._producer is not None:
            self._is_paused = False
            self._producer.resumeProducing()
        elif self._is_closing:
            self.clock.callLater(0, self._lose, error.ConnectionDone())
        elif self._is_half_closing and not self.server_ended:
            self.server_ended = True
            self.protocol.writeConnectionLost()

    def take(self):
        """Return what was received since the last time."""
        taken, self.received = self.received, b""
        return taken

    def _deliver(self):
        while self._inbound and self.is_reading and not self.is_closed:
            self.protocol.dataReceived(self._inbound.pop(0))
        if self._client_ended and not self._inbound and self.is_reading:
            self._client_ended = self.is_reading = False
            if not self.is_closed:
                self.protocol.readConnectionLost()

    def _lose(self, reason):
        if not self.is_closed:
            self.is_closed = True
            self.is_reading = False
            if self._producer is not None:
                self._producer.stopProducing()
                self._producer = None
            protocol, self.protocol = self.protocol, None
            protocol.connectionLost(Failure(reason))

    # The server's end: what Transport names

    def getHost(self):
        kind = IPv6Address if ":" in self.own else IPv4Address
        return kind("TCP", self.own, self.port)

    def getPeer(self):
        kind = IPv6Address if ":" in self.peer else IPv4Address
        return kind("TCP", self.peer, 40000)

    def setTcpNoDelay(self, enabled):
        pass

    def write(self, data):
        assert isinstance(data, bytes)
        if self.is_closed or self.was_reset:
            return
        self.largest_write = max(self.largest_write, len(data))
        self.unsent += data
        if len(self.unsent) > self.full_at and self._producer is not None:
            self._is_paused = True
            self._producer.pauseProducing()
        if self.client_reads:
            self.clock.callLater(0, self.read_on)

    def registerProducer(self, producer, streaming):
        assert self._producer is None
        assert streaming
        self._producer = producer

    def unregisterProducer(self):
        assert self._producer is not None
        self._producer = None
        self._is_paused = False

    def pauseProducing(self):
        self.is_reading = False

    def resumeProducing(self):
        assert not self._is_closing, "reading on while closing"
        assert not self._client_ended, "reading on after the end"
        self.is_reading = True
        self.clock.callLater(0, self._deliver)

    def loseConnection(self):
        assert self._producer is None, "it would never close"
        self._is_closing = True
        self.is_reading = False
        if not self.unsent:
            self.clock.callLater(0, self._lose, error.ConnectionDone())

    def loseWriteConnection(self):
        self._is_half_closing = True
        if not self.unsent:
            self.clock.callLater(0, self.read_on)

    def abortConnection(self):
        if not self.is_closed and not self.was_reset:
            self.was_reset = True
            self.is_reading = False
            self.unsent = b""
            self.clock.callLater(0, self._lose, error.ConnectionAborted())


@dataclass
class Answer:
    """One parsed HTTP answer; headers spelled as they came."""

    status: int
    headers: dict
    body: bytes


def parse_answers(data, heads=()):
    """Return every complete answer in data; heads: which of them answer HEAD."""
    answers = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, f"not a whole head: {head!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version == "HTTP/1.1"
        headers = dict(line.split(":", 1) for line in lines)
        headers = {name: value.strip() for name, value in headers.items()}
        length = int(headers.get("Content-Length", 0))
        if len(answers) in heads:
            length = 0
        assert len(data) >= length, "not the whole body"
        answers.append(Answer(int(status), headers, data[:length]))
        data = data[length:]
    return answers


class Door:
    """A site on a clock, and connections to it."""

    def __init__(self, exact=None, prefixes=None, **options):
        self.clock = TurningClock()
        self.addresses = {ip_address(OWN)}
        self.limits = options.pop("limits", Limits())
        self.site = Site(
            Routes(exact or {}, prefixes or {}),
            options.pop("hosts", None) or HostRule(lambda: self.addresses, ["tower"]),
            options.pop("sources", lambda address: True),
            options.pop("policy_for", lambda request: EVERYONE),
            self.limits,
            self.clock,
            server=SERVER,
            scheme=options.pop("scheme", "http"),
            now=lambda: NOW + self.clock.seconds(),
        )
        assert not options

    def connect(self, **ends):
        """Return a connected Wire; None when the door did not open."""
        wire = Wire(self.clock, **ends)
        protocol = self.site.buildProtocol(wire.getPeer())
        if protocol is None:
            return None
        wire.protocol = protocol
        protocol.makeConnection(wire)
        return wire

    def settle(self, turns=8):
        """Let the reactor turn without time passing."""
        for _ in range(turns):
            self.clock.advance(0)

    def ask(self, data, **ends):
        """Send data on a new connection; return the answers and the wire."""
        wire = self.connect(**ends)
        wire.send(data)
        self.settle()
        heads = [0] if data.startswith(b"HEAD") else []
        return parse_answers(wire.take(), heads), wire
