"""GET /metrics: numbers for Prometheus, where the configuration wants them.

No titles, no names, no addresses; and only for this machine and for those from whom
nothing is hidden, as counts would tell how much that is. For others there is no page.
"""

import os
import resource
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, Literal

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver import __version__
from upnpserver.errors import CannotProcess
from upnpserver.model import Kind, LibraryCounts
from upnpserver.net.action_times import ActionTimes
from upnpserver.net.control import Service
from upnpserver.net.counted import Counted
from upnpserver.net.libraries import Libraries
from upnpserver.net.lookup import not_found
from upnpserver.net.request import ServerRequest
from upnpserver.net.running import Running
from upnpserver.net.scan_state import ScanState
from upnpserver.net.site import Handler
from upnpserver.policy import EVERYONE
from upnpserver.services.content_directory import Asker
from upnpserver.web.prometheus import MIME, Metric, by_label, single, written

_STATUS: Final = Path("/proc/self/statm")
_ALL: Final = Asker(EVERYONE, "")
_DESCRIPTORS: Final = Path("/proc/self/fd")


class Metrics:
    """Collects the numbers when somebody asks.

    now_s: seconds that never go back. counted: see Counted.
    """

    log = Logger()

    def __init__(
        self,
        library: Libraries,
        running: Running,
        scans: ScanState,
        now_s: Callable[[], float],
        counted: Callable[[], Counted],
    ) -> None:
        self._library, self._running, self._scans = library, running, scans
        self._now_s, self._counted = now_s, counted
        self._begun_s, self._times = now_s(), ActionTimes(now_s)

    def measured(self, services: Mapping[str, Service]) -> Mapping[str, Service]:
        """Return services whose actions are measured."""
        return self._times.timed(services)

    def exact(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of whole paths."""
        return {b"/metrics": {b"GET": self.answer}}

    def answer(self, request: ServerRequest) -> None:
        """Answer, when the catalog was counted."""
        if request.policy.audience and not request.peer.is_loopback:
            request.refuse(not_found())
            return
        counts: Deferred[Sequence[LibraryCounts]] = self._library.read(
            _ALL, lambda catalog: catalog.library_counts()
        )
        counts.addErrback(_none_yet).addCallback(partial(self._respond, request))
        counts.addErrback(partial(self._broken, request))

    def _respond(self, request: ServerRequest, counts: Sequence[LibraryCounts]) -> None:
        parts = (
            *(self._streams(), self._answers()),
            *(self._catalog(counts), self._server()),
        )
        text = written(chain.from_iterable(parts))
        headers = [("Content-Type", MIME), ("Cache-Control", "no-store")]
        request.respond(200, headers, text)

    def _broken(self, request: ServerRequest, failure: Failure) -> None:
        self.log.failure("measuring", failure)
        request.fail()

    def _streams(self) -> Iterable[Metric]:
        running, counted = self._running, self._counted()
        yield from _told(
            ("streams", "Files that are being sent.", running.streams),
            ("streams_total", "Files and parts of them sent.", running.begun_in_all),
            ("stream_bytes_total", "Bytes of files sent.", running.sent_in_all),
            ("conversions", "Files that are being converted.", counted.conversions),
            ("connections", "Open HTTP connections.", counted.connections),
            ("subscriptions", "Subscriptions to UPnP events.", counted.subscriptions),
            ("listeners", "Listeners to server-sent events.", counted.listeners),
        )
        about = "What was stopped or refused, by layer."
        refused = counted.refused
        yield by_label("upnpserver_refused_total", "counter", about, "layer", refused)

    def _answers(self) -> Iterable[Metric]:
        times = list(self._times.samples())
        about = "How long actions such as Browse took."
        yield Metric("upnpserver_action_seconds", "histogram", about, times)
        about = "Actions that were answered by an error."
        yield from _told(("action_failures_total", about, self._times.failures))

    def _catalog(self, counts: Sequence[LibraryCounts]) -> Iterable[Metric]:
        kinds = {
            Kind.AUDIO.value: sum(one.audio for one in counts),
            Kind.VIDEO.value: sum(one.video for one in counts),
            Kind.IMAGE.value: sum(one.image for one in counts),
        }
        about = "Items of the catalog."
        yield by_label("upnpserver_items", "gauge", about, "kind", kinds)
        scan, last = self._scans.now(), self._scans.last
        problems = sum(one.problems for one in counts)
        yield from _told(
            ("problems", "Files that can't be read.", problems),
            ("scan_running", "Whether folders are looked at.", int(scan.is_running)),
            ("scan_files", "New files that this scan has read.", scan.done),
        )
        if last:
            yield from _told(("last_scan_seconds", "It took so long.", last.seconds))

    def _server(self) -> Iterable[Metric]:
        version = [("", {"version": __version__}, 1)]
        yield Metric("upnpserver_info", "gauge", "The version that runs.", version)
        up_s = round(self._now_s() - self._begun_s, 3)
        yield from _told(("uptime_seconds", "How long the server runs.", up_s))
        used = resource.getrusage(resource.RUSAGE_SELF)
        pages = int(_STATUS.read_text("ascii").split()[1])
        descriptors = len(os.listdir(_DESCRIPTORS))  # noqa: PTH208  no paths needed
        # These have the same names for every process.
        yield from _told(
            (
                "cpu_seconds_total",
                "Processor time.",
                round(used.ru_utime + used.ru_stime, 3),
            ),
            (
                "resident_memory_bytes",
                "Resident memory.",
                pages * os.sysconf("SC_PAGE_SIZE"),
            ),
            ("open_fds", "Open file descriptors.", descriptors),
            of="process",
        )


def _told(*numbers: tuple[str, str, float], of: str = "upnpserver") -> Iterable[Metric]:
    """Yield metrics of one number each: name, in words, value."""
    for name, about, value in numbers:
        kind: Literal["counter", "gauge"] = (
            "counter" if name.endswith("_total") else "gauge"
        )
        yield single(f"{of}_{name}", kind, about, value)


def _none_yet(failure: Failure) -> Sequence[LibraryCounts]:
    failure.trap(CannotProcess)  # type: ignore[no-untyped-call]
    return ()
