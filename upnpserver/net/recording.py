"""Recordings of what one device asks, for reports and fixtures: nothing private.

Each request is told as it came, blanked (devices/blanked.py), until there are enough.
"""

import os
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from twisted.internet.interfaces import IReactorTime

from upnpserver.config import Config
from upnpserver.devices.blanked import Blanked
from upnpserver.devices.family import Family
from upnpserver.devices.recognise import recognise
from upnpserver.errors import ConfigError
from upnpserver.net.owner import Question, Send
from upnpserver.net.request import ServerRequest
from upnpserver.offline.addresses import Address

MOST_REQUESTS = 200
MOST_BYTES = 1 << 20
LONGEST_S = 600.0
MOST_RECORDINGS = 4


def names_of(config: Config) -> list[str]:
    """Return names of the house that no recording may tell."""
    libraries = [library.name for library in config.libraries]
    devices = [device.name for device in config.devices if device.name]
    return [config.friendly_name, os.uname().nodename, *libraries, *devices]


class Recorder:
    """Shown every request; tells those who record a device of its requests.

    families: whose signals are nobody's own. names: of the house, to be blanked.
    """

    def __init__(
        self, clock: IReactorTime, families: Iterable[Family], names: Iterable[str]
    ) -> None:
        self._clock, self._families = clock, tuple(families)
        self._names = tuple(names)
        self._recordings: list[_Recording] = []

    def saw(self, request: ServerRequest) -> None:
        """Take note of a request."""
        for recording in list(self._recordings):
            if recording.device == request.peer:
                recording.take(request)

    def talk(
        self, question: Question, send: Send, end: Callable[[], None]
    ) -> Callable[[], None]:
        """Record one device: an owner's talk, see net.owner. Raises ConfigError."""
        device = _address(question.get("device"))
        if len(self._recordings) >= MOST_RECORDINGS:
            raise ConfigError("too many recordings at the same time: end one first")
        blanked = Blanked(str(device), self._names, self._is_signal)
        recording = _Recording(device, blanked, send, end)
        limit = self._clock.callLater(LONGEST_S, end)
        self._recordings.append(recording)

        def left() -> None:
            self._recordings.remove(recording)
            if limit.active():
                limit.cancel()

        return left

    def _is_signal(self, value: str) -> bool:
        return recognise(self._families, {"fname": value}) is not None


class _Recording:
    def __init__(
        self, device: Address, blanked: Blanked, send: Send, end: Callable[[], None]
    ) -> None:
        self.device, self._blanked = device, blanked
        self._send, self._end = send, end
        self._requests = self._bytes = 0

    def take(self, request: ServerRequest) -> None:
        head = request.head
        told = self._blanked.request(
            request.method, head.target, head.headers, request.body
        )
        self._requests += 1
        self._bytes += len(told)
        if self._bytes <= MOST_BYTES:
            self._send({"request": told.decode("latin-1")})
        if self._requests >= MOST_REQUESTS or self._bytes >= MOST_BYTES:
            self._end()


def _address(text: object) -> Address:
    try:
        return ip_address(str(text))
    except ValueError:
        raise ConfigError(
            "name the device by its address, such as 192.168.1.20:"
            ' "upnpserver devices" lists those that were seen'
        ) from None
