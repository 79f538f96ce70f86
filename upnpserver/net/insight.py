"""What people and programs can look at while the server runs, joined."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, NamedTuple

from twisted.internet.interfaces import IReactorTime

from upnpserver import __version__
from upnpserver.net.api import Api
from upnpserver.net.control import Service
from upnpserver.net.counted import Counted
from upnpserver.net.events import Events
from upnpserver.net.libraries import Libraries
from upnpserver.net.request import ServerRequest
from upnpserver.net.running import Running
from upnpserver.net.scan_state import ScanState
from upnpserver.net.site import Handler
from upnpserver.policy import ClientPolicy
from upnpserver.scan.messages import Committed, Message, Ready
from upnpserver.services.content_directory import Asker
from upnpserver.web.watched import Moment

if TYPE_CHECKING:
    from upnpserver.net.metrics import Metrics


class Sources(NamedTuple):
    """What is looked at.

    running: what is being sent. asker: who asks. policy_later: see net.visitors.
    name_of: an address -> what its owner calls the device there. is_scanner_free: see
    net.scanner.
    """

    running: Running
    library: Libraries
    asker: Callable[[ServerRequest], Asker]
    policy_later: Callable[[ServerRequest], Callable[[], ClientPolicy]]
    name_of: Callable[[IPv4Address | IPv6Address], str]
    is_scanner_free: Callable[[], bool]


class Insight:
    """The API, events and measurements.

    name: of the server. counted: what others count, None where nobody measures.
    """

    def __init__(
        self,
        name: str,
        clock: IReactorTime,
        sources: Sources,
        counted: Callable[[], Counted] | None = None,
    ) -> None:
        self._name, self._clock, self._begun_s = name, clock, clock.seconds()
        self._running, self._name_of = sources.running, sources.name_of
        self._scans = ScanState(sources.is_scanner_free)
        self._api = Api(sources.library, sources.asker, self.moment)
        self._events = Events(
            clock,
            sources.asker,
            sources.policy_later,
            self._api.events,
            self._is_moving,
        )
        self._metrics = self._made_metrics(sources, counted) if counted else None
        self._scans.changed = sources.running.changed = self._events.changed

    def heard(self, message: Message) -> None:
        """Take note of what the scanner says."""
        self._scans.heard(message)
        if isinstance(message, Ready | Committed):
            self._events.changed()

    def stop(self) -> None:
        """Let those go who listen."""
        self._events.stop()

    def exact(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of whole paths."""
        measured = self._metrics.exact() if self._metrics else {}
        return {**self._events.exact(), **measured}

    def measured(self, services: Mapping[str, Service]) -> Mapping[str, Service]:
        """Return services whose actions are measured, if anybody measures."""
        return self._metrics.measured(services) if self._metrics else services

    def prefixes(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of first segments."""
        return self._api.prefixes()

    def _made_metrics(
        self, sources: Sources, counted: Callable[[], Counted]
    ) -> "Metrics":
        # Few measure: loaded where it is wanted.
        from upnpserver.net.metrics import Metrics  # noqa: PLC0415

        return Metrics(
            sources.library,
            sources.running,
            self._scans,
            self._clock.seconds,
            lambda: counted()._replace(listeners=len(self._events)),
        )

    def _is_moving(self) -> bool:
        return self._running.has_any or self._scans.now().is_running

    def moment(self) -> Moment:
        """Return the server as it is now."""
        return Moment(
            self._name,
            __version__,
            int(self._clock.seconds() - self._begun_s),
            self._scans.now(),
            [(one, self._name_of(one.address)) for one in self._running.now()],
        )
