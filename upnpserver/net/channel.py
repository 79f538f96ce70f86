"""One HTTP connection: requests in, answers out, in order, within limits.

Why not twisted.web.http: with all its extras off it costs 0.08 ms of CPU more
for each request (0.4 with them) and 0.9 MiB, writes bodies from 100,000 bytes
on to disk, and most limits of security.md section 4 would need its private
names.

Source: RFC 9112; security.md requirements 14 to 17 and 21.
"""

from enum import Enum
from typing import TYPE_CHECKING, cast

from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.errors import RefusedRequest
from upnpserver.net.answer import NO_BODY, Headers, format_head
from upnpserver.net.chunks import ChunkedBody
from upnpserver.net.deadline import Deadline
from upnpserver.net.head import Head, parse_head
from upnpserver.net.hosts import Address
from upnpserver.net.request import TEXT, ServerRequest
from upnpserver.net.transport import Transport

if TYPE_CHECKING:
    from upnpserver.net.site import Site

# Twisted's transports ask for a pause when more than this is unsent.
SLICE_BYTES = 64 * 1024
# What may follow a request before its answer is out; more has to wait.
READ_AHEAD_BYTES = 16 * 1024


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

    log = Logger()

    def __init__(self, site: "Site", peer: Address) -> None:
        self.peer = peer
        self._site, self._limits = site, site.limits
        self._deadline = Deadline(site.clock, self._too_late)
        self._next_turn: IDelayedCall | None = None
        self._phase = Phase.HEAD
        self._buffer = bytearray()  # received, not yet understood
        self._searched = 0  # how far there is no end of a head in it
        self._discarded = 0
        self._request: ServerRequest | None = None
        self._chunked: ChunkedBody | None = None
        self._rest: memoryview | None = None  # of an answer, not yet handed over
        self._keeps_alive = True
        self._has_begun = False  # the first byte of a head is here
        self._is_choked = False  # the transport holds more than it likes
        self._is_reading = True
        self._is_at_end = False  # the client will send nothing more
        self._is_producer = False

    # What the transport tells

    def connectionMade(self) -> None:
        """Begin to wait for the first request."""
        self.tcp = cast("Transport", self.transport)
        self._is_tcp = ITCPTransport.providedBy(self.tcp)
        if self._is_tcp:
            self.tcp.setTcpNoDelay(True)
        own = self.tcp.getHost()
        host = own.host.partition("%")[0]
        self.port: int = own.port
        self.authority = f"[{host}]:{own.port}" if ":" in host else f"{host}:{own.port}"
        self.base_url = f"http://{self.authority}"
        self._produce(True)
        self._deadline.set(self._limits.idle_s)
        self._site.connected(self)

    def dataReceived(self, data: bytes) -> None:
        """Take what arrived; at most one request is handled in a reactor turn."""
        if self._phase is Phase.END:
            self._discard(len(data))
            return
        self._buffer += data
        if self._phase is Phase.ANSWER or self._is_choked or self._next_turn:
            if len(self._buffer) > READ_AHEAD_BYTES:
                self._read_on(False)
            return
        self._read()

    def readConnectionLost(self) -> None:
        """Finish what was asked for: some clients half-close after their request."""
        self._is_at_end = True
        if self._phase is Phase.END:
            self.tcp.loseConnection()
        elif not (self._phase is Phase.ANSWER or self._is_choked or self._next_turn):
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
        self._site.disconnected(self)
        request, self._request, self._rest = self._request, None, None
        if request is not None:
            request.was_lost(reason)

    def pauseProducing(self) -> None:
        """Neither send nor read until the transport has sent what it holds."""
        self._is_choked = True
        self._read_on(False)

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

    def _read(self) -> None:
        """Understand what has arrived, up to one request."""
        try:
            if self._phase is Phase.HEAD:
                if not self._take_head():
                    self._await_head()
                    return
                if not self._take_body():
                    self._await_body()
                    return
            elif not self._take_body():
                return
        except RefusedRequest as refusal:
            self._refuse(refusal)
            return
        self._handle()

    def _take_head(self) -> bool:
        """Make a request of a complete head; False while it is incomplete."""
        buffer, limit = self._buffer, self._limits.head_bytes
        while buffer.startswith(b"\r\n"):
            del buffer[:2]  # some clients end a body with it: RFC 9112 2.2
            self._searched = 0
        end = buffer.find(b"\r\n\r\n", max(0, self._searched - 3), limit)
        if end < 0:
            self._searched = len(buffer)
            if len(buffer) >= limit:
                in_first_line = b"\r\n" not in buffer[:limit]
                raise RefusedRequest(414 if in_first_line else 431, "Too long.")
            return False
        head = bytes(buffer[:end])
        del buffer[: end + 4]
        self._searched = 0
        self._has_begun = False
        self._begin_request(parse_head(head, self._limits))
        return True

    def _begin_request(self, head: Head) -> None:
        self._phase = Phase.BODY
        self._request = request = ServerRequest(self, head)
        self._keeps_alive = head.keeps_alive
        self._site.admit(request)
        if head.body_length is None:
            self._chunked = ChunkedBody(self._limits.body_bytes)
        elif head.body_length > self._limits.body_bytes:
            raise RefusedRequest(413, "The body is too large.")

    def _take_body(self) -> bool:
        """Give the request its body; False while it is incomplete."""
        request = self._current()
        length = request.head.body_length
        if length == 0:
            return True
        if self._chunked is not None:
            if not self._chunked.feed(self._buffer):
                return False
            request.body, self._chunked = self._chunked.content, None
        elif length is not None:
            if len(self._buffer) < length:
                return False
            request.body = bytes(self._buffer[:length])
            del self._buffer[:length]
        return True

    def _await_head(self) -> None:
        if self._is_at_end:
            self._close()
        elif self._buffer and not self._has_begun:
            self._has_begun = True
            self._deadline.set(self._limits.head_s)

    def _await_body(self) -> None:
        if self._is_at_end:
            self._close()
            return
        self._deadline.set(self._limits.body_s)
        expected = self._current().header(b"expect")
        if not expected or self._current().head.is_http_1_0:
            return
        if expected.lower() != "100-continue":
            raise RefusedRequest(417, "Only 100-continue can be expected.")
        if not self._buffer:
            self.tcp.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _handle(self) -> None:
        request = self._current()
        self._phase = Phase.ANSWER
        self._deadline.clear()
        if self._site.connections.work(self):
            self._site.handle(request)
        else:
            self._refuse(RefusedRequest(503, "Too many connections."))

    def _current(self) -> ServerRequest:
        assert self._request is not None
        return self._request

    # Answers: called by the request

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer, a large one slice by slice as it is taken."""
        head = self._format_head(status, headers, len(body))
        if status in NO_BODY or self._current().method == b"HEAD":
            body = b""
        if len(body) <= SLICE_BYTES:
            self.tcp.write(head + body)
            self._answered()
        else:
            self.tcp.write(head)
            self._rest = memoryview(body)
            self._send_slices()

    def begin_stream(self, status: int, headers: Headers, length: int) -> None:
        """Send a head and leave the transport to whoever sends what follows."""
        head = self._format_head(status, headers, length)
        self._produce(False)
        self.tcp.write(head)

    def finish_stream(self) -> None:
        """Take the transport back."""
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
        self._deadline.clear()
        self.tcp.abortConnection()

    # Ends: called by the site and its connections

    def give_way(self) -> None:
        """End in favour of another connection."""
        self.abort()

    def retire(self) -> None:
        """End, if it waits for a request; else after the answer."""
        self._keeps_alive = False
        if self._phase is Phase.HEAD and not self._next_turn:
            self._close()

    def _format_head(self, status: int, headers: Headers, length: int) -> bytes:
        own = self._site.own_lines()
        if self._site.is_stopping or (self._is_at_end and not self._buffer):
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
            self.tcp.write(piece)
        if self._rest is None:
            self._answered()
        else:
            self._deadline.set(self._limits.write_s)

    def _answered(self) -> None:
        """Go on to the next request, or end: the transport has the last byte."""
        request, self._request = self._current(), None
        if not self._keeps_alive:
            self._close()
        else:
            self._phase = Phase.HEAD
            self._site.connections.wait(self)
            self._wait()
        request.was_answered()

    def _wait(self) -> None:
        """Wait for the next request, or for the transport to send what it holds."""
        if self._is_choked:
            self._deadline.set(self._limits.write_s)
            return
        self._deadline.set(self._limits.idle_s)
        self._read_on(True)
        if self._next_turn is None and (self._buffer or self._is_at_end):
            # Not at once: many small requests in one segment would hold up
            # everybody else.
            self._next_turn = self._site.clock.callLater(0, self._turn)

    def _turn(self) -> None:
        self._next_turn = None
        if not self._is_choked:
            self._read()

    # Refusals and ends

    def _refuse(self, refusal: RefusedRequest) -> None:
        """Say why, then end: what follows can't be told from the refused request."""
        self._keeps_alive = False
        self._chunked = None
        body = f"{refusal}\n".encode()
        if self._request is not None and self._request.method == b"HEAD":
            body = b""
        self._request = None
        own = self._site.own_lines() + "Connection: close\r\n"
        self.tcp.write(format_head(refusal.status, [TEXT], len(body), own) + body)
        self._linger()

    def _linger(self) -> None:
        """End our side and read on: closing now would reset the answer away."""
        if not self._is_tcp or self._is_at_end:
            self._close()
            return
        self._end(self._limits.linger_s)
        self._read_on(True)
        self.tcp.loseWriteConnection()

    def _close(self) -> None:
        """End when all that was written is sent."""
        self._end(self._limits.write_s)
        self.tcp.loseConnection()

    def _end(self, within_s: float) -> None:
        self._phase = Phase.END
        self._buffer.clear()
        self._produce(False)
        self._deadline.set(within_s)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > self._limits.linger_bytes:
            self.abort()

    def _too_late(self) -> None:
        """End a connection whose time is over, telling a slow sender why."""
        if self._phase is Phase.BODY or (self._phase is Phase.HEAD and self._buffer):
            self._refuse(RefusedRequest(408, "The request took too long."))
        elif self._phase is Phase.HEAD and not self._is_choked:
            self._end(self._limits.linger_s)
            self.tcp.loseConnection()
        else:
            self.abort()

    # The transport's switches

    def _produce(self, wanted: bool) -> None:
        if wanted and not self._is_producer:
            self.tcp.registerProducer(self, True)
        elif self._is_producer and not wanted:
            self.tcp.unregisterProducer()
        self._is_producer = wanted

    def _read_on(self, wanted: bool) -> None:
        if wanted == self._is_reading:
            return
        if not wanted:
            self.tcp.pauseProducing()
        elif not self._is_at_end:
            self.tcp.resumeProducing()
        self._is_reading = wanted
