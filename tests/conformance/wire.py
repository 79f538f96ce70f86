"""HTTP and SSDP to the last byte, on sockets of a host of the test network.

The reader takes only what RFC 9112 allows an answer to be; whatever else comes
is BadAnswer, which no check expects.
"""

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from support.netns import INTERFACE, Host

from conformance.checks import Failed

_STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ([1-5][0-9]{2}) ?([^\r\n]*)")
_HEADER_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*")
Headers = tuple[tuple[str, str], ...]


class BadAnswer(Failed):
    """The bytes that came are not an HTTP answer, or end too early."""


class NoAnswer(BadAnswer):
    """The connection was closed, or nothing came in time."""


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, header names spelled as they came."""

    version: str
    status: int
    reason: str
    headers: Headers
    body: bytes
    interim: tuple[int, ...] = ()  # the 1xx answers before it

    def header(self, name: str) -> str:
        """Return the header's value, "" without it."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Return the values of every header of that name."""
        return [value for given, value in self.headers if given.lower() == name.lower()]

    def has(self, name: str) -> bool:
        """Tell whether the header is there, even if empty."""
        return bool(self.all(name))

    def spelled(self, name: str) -> str:
        """Return the name as the server spells it, "" without it."""
        wanted = name.lower()
        return next((n for n, _ in self.headers if n.lower() == wanted), "")


class Connection:
    """One TCP connection to the server."""

    def __init__(
        self,
        host: Host,
        address: str,
        port: int,
        source: str = "",
        timeout_s: float = 6,
    ) -> None:
        scope = f"%{INTERFACE}" if address.startswith("fe80:") else ""
        with host.entered():
            self._socket = socket.create_connection(
                (address + scope, port), timeout_s, (source, 0) if source else None
            )
        self._buffer = b""

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    @property
    def own_address(self) -> str:
        """The address that the server sees."""
        return str(self._socket.getsockname()[0])

    def send(self, data: bytes) -> None:
        """Send bytes; a peer that closed already shows when reading."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(data)

    def end_sending(self) -> None:
        """Close our half."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def response(self, method: str = "GET") -> Response:
        """Read one final answer to a request of that method."""
        interim: list[int] = []
        while True:
            head = self._until(b"\r\n\r\n")
            version, status, reason, headers = _head(head)
            if status >= 200:
                break
            interim.append(status)
        answer = Response(version, status, reason, headers, b"", tuple(interim))
        if method == "HEAD" or status in (204, 304):
            return answer
        body = self._body(answer)
        return Response(version, status, reason, headers, body, tuple(interim))

    def receive_nothing(self, wait_s: float = 0.4) -> bool:
        """Tell whether no more bytes are there, and none come for a while."""
        if self._buffer:
            return False
        self._socket.settimeout(wait_s)
        try:
            return not self._socket.recv(1)
        except TimeoutError:
            return True
        except ConnectionError:
            return True

    def closed_by_peer(self, within_s: float) -> bool:
        """Tell whether the server ends the connection in time."""
        end = time.monotonic() + within_s
        with contextlib.suppress(TimeoutError):
            while (left_s := end - time.monotonic()) > 0:
                self._socket.settimeout(left_s)
                try:
                    if not self._socket.recv(65536):
                        return True
                except ConnectionError:
                    return True
        return False

    def _body(self, answer: Response) -> bytes:
        coding = answer.header("Transfer-Encoding").lower()
        if coding:
            return self._chunked()
        lengths = set(answer.all("Content-Length"))
        if not lengths:
            return self._rest()
        if len(lengths) > 1 or not re.fullmatch("[0-9]+", length := lengths.pop()):
            raise BadAnswer(f"Content-Length: {answer.all('Content-Length')}")
        return self._exactly(int(length))

    def _chunked(self) -> bytes:
        body = b""
        while True:
            line = self._until(b"\r\n").split(b";")[0]
            size = int(line, 16)
            if size == 0:
                while self._until(b"\r\n") != b"\r\n":
                    pass
                return body
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise BadAnswer("a chunk is longer than it says")

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if not self._more():
                raise NoAnswer(f"ended within a line: {self._buffer[:200]!r}")
        end = self._buffer.index(mark) + len(mark)
        taken, self._buffer = self._buffer[:end], self._buffer[end:]
        return taken

    def _exactly(self, count: int) -> bytes:
        parts, had = [self._buffer], len(self._buffer)
        while had < count:
            part = self._receive()
            if not part:
                raise BadAnswer(f"ended after {had} of {count} bytes of the body")
            parts.append(part)
            had += len(part)
        whole = b"".join(parts)
        taken, self._buffer = whole[:count], whole[count:]
        return taken

    def _rest(self) -> bytes:
        while self._more():
            pass
        taken, self._buffer = self._buffer, b""
        return taken

    def _more(self) -> bool:
        part = self._receive()
        self._buffer += part
        return bool(part)

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(262144)
        except TimeoutError as error:
            raise NoAnswer("nothing came in time") from error
        except ConnectionError:
            return b""


def _head(head: bytes) -> tuple[str, int, str, Headers]:
    first, *lines = head[:-4].split(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise BadAnswer(f"not a status line: {first[:100]!r}")
    headers = []
    for line in lines:
        header = _HEADER_LINE.fullmatch(line)
        if header is None:
            raise BadAnswer(f"not a header: {line[:100]!r}")
        headers.append((header[1].decode(), header[2].decode("latin-1")))
    version, status, reason = status_line.groups()
    return version.decode(), int(status), reason.decode("latin-1"), tuple(headers)


@dataclass(frozen=True, slots=True)
class Datagram:
    """One SSDP message as it came."""

    data: bytes
    address: str
    port: int
    at_s: float  # time.monotonic()
    ttl: int = -1

    @property
    def first_line(self) -> str:
        """The request or status line."""
        return self.data.split(b"\r\n")[0].decode("latin-1")

    @property
    def headers(self) -> dict[str, str]:
        """The headers by upper-case name."""
        lines = self.data.decode("latin-1").split("\r\n")[1:]
        found = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                found[name.strip().upper()] = value.strip()
        return found

    def header(self, name: str) -> str:
        """Return the header's value, "" without it."""
        return self.headers.get(name.upper(), "")


def udp_socket(host: Host, family: int = socket.AF_INET) -> socket.socket:
    """Return a UDP socket on the host's own address, at a free port."""
    with host.entered():
        found = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET:
            found.bind((host.ipv4, 0))
        else:
            found.bind((host.link_local, 0, 0, socket.if_nametoindex(INTERFACE)))
    found.setblocking(False)
    return found


def drain(receiving: socket.socket) -> Iterator[Datagram]:
    """Yield what lies in the socket's queue."""
    while True:
        try:
            data, ancillary, _flags, sender = receiving.recvmsg(65536, 256)
        except BlockingIOError:
            return
        ttl = next((_int(part) for _, kind, part in ancillary if kind in _TTLS), -1)
        address = str(sender[0]).partition("%")[0]
        yield Datagram(data, address, sender[1], time.monotonic(), ttl)


_TTLS = (socket.IP_TTL, socket.IPV6_HOPLIMIT)


def _int(part: bytes) -> int:
    return int.from_bytes(part[:4], "little")
