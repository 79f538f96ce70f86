"""One HTTP connection: requests in, answers out, in order, within limits.

Why not twisted.web.http: with all its extras off it costs 0.03 ms of CPU more
for each request (0.3 with them) without any of these checks, and 0.9 MiB; it
writes bodies from 100,000 bytes on to disk, and most limits of security.md
section 4 would need its private names.

Source: RFC 9112; security.md requirements 14 to 17 and 21.
"""

from collections.abc import Callable
from enum import Enum
from typing import Protocol as Interface
from typing import cast

from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.errors import RefusedRequest
from upnpserver.net.answer import NO_BODY, Headers, format_head
from upnpserver.net.connections import Connections
from upnpserver.net.deadline import Deadline
from upnpserver.net.hosts import Address
from upnpserver.net.limits import Limits
from upnpserver.net.prompt import PromptServer
from upnpserver.net.reader import RequestReader
from upnpserver.net.refusal import refusal_answer
from upnpserver.net.request import ServerRequest
from upnpserver.net.transport import Transport

# Twisted's transports ask for a pause when more than this is unsent.
SLICE_BYTES = 64 * 1024
# What may follow a request before its answer is out; more has to wait.
READ_AHEAD_BYTES = 16 * 1024


class Door(Interface):
    """What a channel needs of the site."""

    scheme: str
    limits: Limits
    clock: IReactorTime
    connections: Connections
    is_stopping: bool

    def connected(self, channel: "Channel") -> None:
        """Count a new connection."""

    def disconnected(self, channel: "Channel") -> None:
        """Forget a connection."""

    def admit(self, request: ServerRequest) -> None:
        """Raise RefusedRequest unless the request, still without body, may come in."""

    def handle(self, request: ServerRequest) -> None:
        """See to it that the request is answered, now or later."""

    def own_lines(self) -> str:
        """Return the header lines of every answer, each ended by CRLF."""


class Phase(Enum):
    """What a connection is doing."""

    HEAD = "waiting for a request, or reading its head"
    BODY = "reading a body"
    ANSWER = "waiting for a handler, or sending its answer"
    END = "closing; what still arrives is thrown away"


@implementer(IPushProducer, IHalfCloseableProtocol)
class Channel(Protocol):
    """Reads requests one at a time, hands them to the site, sends the answers.

    To the transport it is the producer of what is sent: asked to pause, it
    neither sends more nor reads requests that would make it send more.
    """

    def __init__(self, door: Door, host: str, peer: Address) -> None:
        self.host, self.peer = host, peer  # the same, as text and as an address
        self._door, self._limits = door, door.limits
        self._reader = RequestReader(door.limits)
        self._deadline = Deadline(door.clock, self._too_late)
        self._next_turn: IDelayedCall | None = None
        self._phase = Phase.HEAD
        self._request: ServerRequest | None = None
        self._rest: memoryview | None = None  # of an answer, not yet handed over
        self._discarded = 0
        self._keeps_alive = True
        self._has_begun = False  # the first byte of a head has arrived
        self._is_choked = False  # the transport holds more than it likes
        self._is_reading = True
        self._is_at_end = False  # the client will send nothing more
        self._is_producer = False

    # What the transport tells

    def connectionMade(self) -> None:
        """Begin to wait for the first request."""
        self.wire = cast("Transport", self.transport)
        self._is_tcp = ITCPTransport.providedBy(self.wire)
        if self._is_tcp:
            self.wire.setTcpNoDelay(True)
        self._send: Callable[[bytes], None] = self.wire.write
        if isinstance(self.transport, PromptServer):
            self._send = self.transport.send
        own = self.wire.getHost()
        self.port: int = own.port
        address = own.host.partition("%")[0]  # a URL has no scope id
        if ":" in address:
            address = f"[{address}]"
        self.base_url = f"{self._door.scheme}://{address}:{own.port}"
        self._produce(True)
        self._deadline.set(self._limits.idle_s)
        self._door.connected(self)

    def dataReceived(self, data: bytes) -> None:
        """Take what arrived; at most one request is handled in a reactor turn."""
        if self._phase is Phase.END:
            self._discard(len(data))
            return
        self._reader.feed(data)
        if self._must_wait():
            if len(self._reader) > READ_AHEAD_BYTES:
                self._read_on(False)
        else:
            self._read()

    def readConnectionLost(self) -> None:
        """Finish what was asked for: some clients half-close after their request."""
        self._is_at_end = True
        if self._phase is Phase.END:
            self.wire.loseConnection()
        elif not self._must_wait():
            self._close()

    def writeConnectionLost(self) -> None:
        """Do nothing: only we end our side."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the handler, if one is at work, and leave nothing behind."""
        self._phase = Phase.END
        self._deadline.stop()
        if self._next_turn is not None:
            self._next_turn.cancel()
            self._next_turn = None
        self._door.disconnected(self)
        request, self._request, self._rest = self._request, None, None
        if request is not None:
            request.was_lost()

    def pauseProducing(self) -> None:
        """Send nothing, and answer nothing, until what was written is sent."""
        self._is_choked = True

    def resumeProducing(self) -> None:
        """Go on where pauseProducing() stopped."""
        self._is_choked = False
        if self._rest is not None:
            self._send_slices()
        elif self._phase is Phase.HEAD:
            self._wait()

    def stopProducing(self) -> None:
        """Do nothing: connectionLost() follows."""

    # Requests

    def _must_wait(self) -> bool:
        """Tell whether requests that arrive now have to wait their turn."""
        return (
            self._phase is Phase.ANSWER
            or self._is_choked
            or self._next_turn is not None
        )

    def _read(self) -> None:
        """Understand what has arrived, up to one request."""
        try:
            request = self._request or self._take_request()
            if request is None:
                self._await_head()
                return
            body = self._reader.take_body(request.head)
            if body is None:
                self._await_body(request)
                return
        except RefusedRequest as refusal:
            self._refuse(refusal)
            return
        request.body = body
        self._phase = Phase.ANSWER
        self._deadline.clear()
        if self._door.connections.work(self):
            self._door.handle(request)
        else:
            self._refuse(RefusedRequest(503, "Too many connections."))

    def _take_request(self) -> ServerRequest | None:
        head = self._reader.take_head()
        if head is None:
            return None
        self._has_begun = False
        self._request = request = ServerRequest(self, head)
        self._keeps_alive = head.keeps_alive
        self._door.admit(request)
        return request

    def _await_head(self) -> None:
        if self._is_at_end:
            self._close()
        elif len(self._reader) and not self._has_begun:
            self._has_begun = True
            self._deadline.set(self._limits.head_s)

    def _await_body(self, request: ServerRequest) -> None:
        if self._is_at_end:
            self._close()
            return
        if self._phase is Phase.BODY:
            return
        self._phase = Phase.BODY
        self._deadline.set(self._limits.body_s)
        expected = request.header(b"expect").lower()
        if not expected or request.head.is_http_1_0:
            return
        if expected != "100-continue":
            raise RefusedRequest(417, "Only 100-continue can be expected.")
        if not len(self._reader):
            self.wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # Answers: called by the request

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer, a large one slice by slice as it is taken."""
        if self._phase is Phase.END:
            return
        head = self._format_head(status, headers, len(body))
        if status in NO_BODY or self._current().method == b"HEAD":
            body = b""
        if len(body) <= SLICE_BYTES:
            self._send(head + body)
            self._answered()
        else:
            self.wire.write(head)
            self._rest = memoryview(body)
            self._send_slices()

    def begin_stream(self, status: int, headers: Headers, length: int | None) -> None:
        """Send a head and leave the transport to whoever sends what follows."""
        if self._phase is Phase.END:
            return
        if length is None:
            self._keeps_alive = False
        head = self._format_head(status, headers, length)
        self._produce(False)
        self.wire.write(head)

    def finish_stream(self) -> None:
        """Take the transport back."""
        if self._phase is Phase.END:
            return
        self._produce(True)
        self._answered()

    def fail(self) -> None:
        """Tell the client that we failed, if that can still be said; then close."""
        request = self._request
        if request is None:
            return
        if request.is_answered:
            self.abort()
            return
        self._keeps_alive = False
        request.refuse(RefusedRequest(500, "Internal error."))

    def abort(self) -> None:
        """End at once, unsent bytes included."""
        self._phase = Phase.END
        self.wire.abortConnection()

    # Ends: called by the site and its connections

    def give_way(self) -> None:
        """End in favour of another connection."""
        self.abort()

    def retire(self) -> None:
        """End, if it waits for a request; else after the answer."""
        if self._phase is Phase.HEAD and not self._must_wait():
            self._close()

    def _current(self) -> ServerRequest:
        assert self._request is not None
        return self._request

    def _format_head(self, status: int, headers: Headers, length: int | None) -> bytes:
        own = self._door.own_lines()
        if self._door.is_stopping or (self._is_at_end and not len(self._reader)):
            self._keeps_alive = False
        if not self._keeps_alive:
            own += "Connection: close\r\n"
        elif self._current().head.is_http_1_0:
            own += "Connection: keep-alive\r\n"
        return format_head(status, headers, length, own)

    def _send_slices(self) -> None:
        while self._rest is not None and not self._is_choked:
            piece, rest = bytes(self._rest[:SLICE_BYTES]), self._rest[SLICE_BYTES:]
            self._rest = rest if len(rest) else None
            self.wire.write(piece)
        if self._rest is None:
            self._answered()
        else:
            self._deadline.set(self._limits.write_s)

    def _answered(self) -> None:
        """Go on to the next request, or end: the transport has the last byte."""
        request, self._request = self._current(), None
        if self._keeps_alive:
            self._phase = Phase.HEAD
            self._door.connections.wait(self)
            self._wait()
        else:
            self._close()
        request.was_answered()

    def _wait(self) -> None:
        """Wait for the next request, or for the transport to send what it holds."""
        if self._is_choked:
            self._deadline.set(self._limits.write_s)
            return
        self._deadline.set(self._limits.idle_s)
        self._read_on(True)
        if self._next_turn is None and (len(self._reader) or self._is_at_end):
            # Not at once: many small requests in one segment would hold up
            # everybody else.
            self._next_turn = self._door.clock.callLater(0, self._turn)

    def _turn(self) -> None:
        self._next_turn = None
        if not self._must_wait():
            self._read()

    # Refusals and ends

    def _refuse(self, refusal: RefusedRequest) -> None:
        """Say why, then end: what follows can't be told from the refused request."""
        path = self._request.path if self._request is not None else b""
        headers, body = refusal_answer(refusal, path)
        own = f"{self._door.own_lines()}Connection: close\r\n"
        head = format_head(refusal.status, headers, len(body), own)
        if self._request is not None and self._request.method == b"HEAD":
            body = b""
        self._request = None
        self.wire.write(head + body)
        self._linger()

    def _linger(self) -> None:
        """End our side and read on: closing now would reset the answer away."""
        if not self._is_tcp or self._is_at_end:
            self._close()
            return
        self._end(self._limits.linger_s)
        self.wire.loseWriteConnection()

    def _close(self, within_s: float | None = None) -> None:
        """End when all that was written is sent."""
        self._end(self._limits.write_s if within_s is None else within_s)
        self.wire.loseConnection()

    def _end(self, within_s: float) -> None:
        self._phase = Phase.END
        self._door.connections.wait(self)
        self._reader.clear()
        self._produce(False)
        self._deadline.set(within_s)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > self._limits.linger_bytes:
            self.abort()

    def _too_late(self) -> None:
        """End a connection whose time is over, telling a slow sender why."""
        is_sending = self._phase is Phase.BODY or self._has_begun
        if is_sending and self._phase is not Phase.END:
            self._refuse(RefusedRequest(408, "The request took too long."))
        elif self._phase is Phase.HEAD and not self._is_choked:
            self._close(self._limits.linger_s)
        else:
            self.abort()

    # The transport's switches

    def _produce(self, wanted: bool) -> None:
        if wanted and not self._is_producer:
            self.wire.registerProducer(self, True)
        elif self._is_producer and not wanted:
            self.wire.unregisterProducer()
        self._is_producer = wanted

    def _read_on(self, wanted: bool) -> None:
        if wanted == self._is_reading:
            return
        if not wanted:
            self.wire.pauseProducing()
        elif not self._is_at_end:
            self.wire.resumeProducing()
        self._is_reading = wanted
