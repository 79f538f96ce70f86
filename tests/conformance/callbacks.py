"""A subscriber: takes event messages on the client's host, and keeps them raw."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree
from support.netns import Host

from conformance import soap
from conformance.checks import Failed

EVENT = "urn:schemas-upnp-org:event-1-0"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Event:
    """One NOTIFY as it came."""

    first_line: str
    headers: dict[str, str]  # upper-case names
    body: bytes
    at_s: float

    @property
    def root(self) -> etree._Element:
        """The property set."""
        return soap.parse(self.body)

    @property
    def variables(self) -> dict[str, str]:
        """The variables that it tells."""
        found = {}
        for part in self.root.iterfind(f"{{{EVENT}}}property"):
            for variable in part:
                found[str(variable.tag)] = variable.text or ""
        return found


class Subscriber:
    """Listens on a free port of the host until closed."""

    def __init__(self, host: Host) -> None:
        with host.entered():
            self._listening = socket.create_server((host.ipv4, 0))
        self._listening.settimeout(0.2)
        port = self._listening.getsockname()[1]
        self.url = f"http://{host.ipv4}:{port}/events"
        self.events: list[Event] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Subscriber":
        return self

    def __exit__(self, *_error: object) -> None:
        self._ending.set()
        self._thread.join(5)
        self._listening.close()

    def of(self, sid: str) -> list[Event]:
        """Return the events of one subscription."""
        return [event for event in self.events if event.headers.get("SID") == sid]

    def wait(self, wanted: Callable[[], object], deadline_s: float = 5) -> None:
        """Wait until the condition holds; Failed when it does not in time."""
        end = time.monotonic() + deadline_s
        while not wanted():
            if time.monotonic() > end:
                raise Failed(f"no such event; came: {self.events}")
            time.sleep(0.02)

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                while self._read_one(connection):
                    pass
            except (OSError, ValueError):
                return

    def _read_one(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return False
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().upper(): value.strip() for name, _, value in pairs}
        while len(body) < int(headers.get("CONTENT-LENGTH", "0")):
            part = connection.recv(65536)
            if not part:
                return False
            body += part
        self.events.append(Event(first, headers, body, time.monotonic()))
        connection.sendall(ANSWER)
        return False
