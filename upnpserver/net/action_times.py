"""How long the actions of services take, counted for who measures."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from upnpserver.net.control import OutArguments, Service
from upnpserver.net.request import ServerRequest
from upnpserver.web.prometheus import Histogram, Sample

BOUNDS_S: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
T = TypeVar("T")


class ActionTimes:
    """A histogram for each action that was ever answered. now_s: precise seconds.

    failures: how many actions got an error for an answer; those that there are none
    of are among them, so that there are no more histograms than actions.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._times: dict[str, Histogram] = {}
        self.failures = 0

    def timed(self, services: Mapping[str, Service]) -> dict[str, Service]:
        """Return the services, measured."""
        return {
            name: replace(service, call=partial(self._call, service))
            for name, service in services.items()
        }

    def samples(self) -> Iterable[Sample]:
        """Yield what was measured, action by action."""
        for action, times in self._times.items():
            yield from times.samples({"action": action})

    def _call(
        self,
        service: Service,
        action: str,
        arguments: Mapping[str, str],
        request: ServerRequest,
    ) -> OutArguments | Deferred[OutArguments]:
        begun_s = self._now_s()
        try:
            answer = service.call(action, arguments, request)
        except Exception:
            self.failures += 1
            raise
        if isinstance(answer, Deferred):
            return answer.addBoth(self._over, action, begun_s)
        self._note(action, begun_s)
        return answer

    def _over(self, result: T, action: str, begun_s: float) -> T:
        if isinstance(result, Failure):
            self.failures += 1
        else:
            self._note(action, begun_s)
        return result

    def _note(self, action: str, begun_s: float) -> None:
        times = self._times.get(action)
        if times is None:
            times = self._times[action] = Histogram(BOUNDS_S)
        times.add(self._now_s() - begun_s)
