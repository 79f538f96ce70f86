"""What people and programs can look at while the server runs, joined."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from upnpserver import __version__
from upnpserver.net.api import Api
from upnpserver.net.libraries import Libraries
from upnpserver.net.request import ServerRequest
from upnpserver.net.running import Running
from upnpserver.net.scan_state import ScanState
from upnpserver.net.site import Handler
from upnpserver.scan.messages import Message
from upnpserver.services.content_directory import Asker
from upnpserver.web.watched import Moment


class Sources(NamedTuple):
    """What is looked at.

    running: what is being sent. asker: who asks. name_of: an address -> what its owner
    calls the device there. is_scanner_free: see net.scanner.
    """

    running: Running
    library: Libraries
    asker: Callable[[ServerRequest], Asker]
    name_of: Callable[[IPv4Address | IPv6Address], str]
    is_scanner_free: Callable[[], bool]


class Insight:
    """The API and what it tells.

    name: of the server. now_s: seconds that never go back.
    """

    def __init__(self, name: str, now_s: Callable[[], float], sources: Sources) -> None:
        self._name, self._now_s, self._begun_s = name, now_s, now_s()
        self._running, self._name_of = sources.running, sources.name_of
        self._scans = ScanState(sources.is_scanner_free)
        self._api = Api(sources.library, sources.asker, self.moment)

    def heard(self, message: Message) -> None:
        """Take note of what the scanner says."""
        self._scans.heard(message)

    def prefixes(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of first segments."""
        return self._api.prefixes()

    def moment(self) -> Moment:
        """Return the server as it is now."""
        return Moment(
            self._name,
            __version__,
            int(self._now_s() - self._begun_s),
            self._scans.now(),
            [(one, self._name_of(one.address)) for one in self._running.now()],
        )
