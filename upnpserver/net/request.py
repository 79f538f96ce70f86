"""One HTTP request, as every handler sees it, and the answer to it."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from upnpserver.errors import RefusedRequest
from upnpserver.net.answer import Headers
from upnpserver.net.head import Head
from upnpserver.net.refusal import refusal_answer
from upnpserver.net.transport import Transport
from upnpserver.policy import EVERYONE, ClientPolicy


class Line(Protocol):
    """The connection that a request came in on."""

    peer: IPv4Address | IPv6Address
    base_url: str
    port: int
    wire: Transport

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer."""

    def begin_stream(self, status: int, headers: Headers, length: int | None) -> None:
        """Send a head, and leave the transport to the caller."""

    def finish_stream(self) -> None:
        """Take the transport back."""

    def fail(self) -> None:
        """Answer 500, or abort what was begun; then close."""

    def abort(self) -> None:
        """End at once."""


class ServerRequest:
    """A request whose body has arrived, waiting for exactly one answer.

    A handler answers with respond(), or with begin() and finish_stream(), at
    once or later. When the client has gone meanwhile, answering does nothing.

    path, query: as sent, split at the first "?", not decoded.
    port: the one that the request came in on.
    peer: a link-local IPv6 address keeps its scope id.
    base_url: "http://192.0.2.1:8200", the address that this request came in on;
    never with a scope id.
    when_gone: called when the connection is lost before the answer is complete.
    """

    __slots__ = (
        "_answered",
        "_is_gone",
        "_line",
        "base_url",
        "body",
        "head",
        "method",
        "path",
        "peer",
        "policy",
        "port",
        "query",
        "when_gone",
    )

    def __init__(self, line: Line, head: Head) -> None:
        self._line: Line | None = line
        self._answered = self._is_gone = False
        self.head = head
        self.method = head.method
        self.path, _, self.query = head.target.partition(b"?")
        self.body = b""
        self.peer: IPv4Address | IPv6Address = line.peer
        self.base_url: str = line.base_url
        self.port: int = line.port
        self.policy: ClientPolicy = EVERYONE
        self.when_gone: Callable[[], None] | None = None

    def header(self, name: bytes) -> str:
        """Return a request header, "" if it was not sent; any case of name will do.

        Bytes beyond ASCII come as latin-1; repeated headers joined by ", ".
        """
        return self.head.headers.get(name.lower(), b"").decode("latin-1")

    @property
    def is_gone(self) -> bool:
        """Tell whether the connection was lost before the answer was complete."""
        return self._is_gone

    @property
    def transport(self) -> Transport:
        """Where a stream's bytes go between begin() and finish_stream()."""
        if self._line is None:
            raise RuntimeError("the client has gone")
        return self._line.wire

    def respond(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """Send the whole answer; HEAD gets the same without the body.

        Content-Length, Date, Server and Connection are added; names go out as
        they are spelled here.
        """
        self._check_unanswered()
        if self._line is not None:
            self._line.answer(status, headers, body)
        self._answered = True

    def refuse(self, refusal: RefusedRequest, *headers: tuple[str, str]) -> None:
        """Answer with a status, and say why."""
        own, body = refusal_answer(refusal, self.path)
        self.respond(refusal.status, [*own, *headers], body)

    def begin(self, status: int, headers: Headers, length: int | None) -> None:
        """Send the head of an answer of length bytes, which the caller sends.

        length: None if nobody knows it; the connection ends with the answer then.
        The caller writes exactly that many to transport (none for HEAD) and
        then calls finish_stream(), or abort().
        """
        self._check_unanswered()
        if self._line is not None:
            self._line.begin_stream(status, headers, length)
        self._answered = True

    def finish_stream(self) -> None:
        """Note that the last byte was handed to the transport."""
        if self._line is not None:
            self._line.finish_stream()

    def abort(self) -> None:
        """End the connection at once: what was promised can't be sent."""
        if self._line is not None:
            self._line.abort()

    def fail(self) -> None:
        """Answer 500 after an error of ours, or abort what was begun; then close."""
        if self._line is not None:
            self._line.fail()

    def was_answered(self) -> None:
        """Take note from the connection that the whole answer is with the transport."""
        self._line = self.when_gone = None

    def was_lost(self) -> None:
        """Take note from the connection that there is nobody to answer any more."""
        self._is_gone, self._line = True, None
        when_gone, self.when_gone = self.when_gone, None
        if when_gone is not None:
            when_gone()

    @property
    def is_answered(self) -> bool:
        """Tell whether an answer was begun."""
        return self._answered

    def _check_unanswered(self) -> None:
        if self._answered:
            raise RuntimeError("a request has one answer")
