"""ffmpeg making something small of a film: a picture, or the text of its subtitles.

It is all in memory before anybody gets it, so it is bounded, as is the time for it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IReactorProcess, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.errors import ProbeError, ProbesUnavailable, UpnpServerError
from upnpserver.net.ffmpeg import Tool, process_of, spawn

MOST_BYTES: Final = 4 << 20
_MOST_AT_ONCE: Final = 2
_MEMORY_MIB: Final = 1536  # a film in 4K is decoded to pictures of 12 MB each
_CPU_S: Final = 60


@dataclass(slots=True, eq=False)
class _Job:
    fd: int
    arguments: Sequence[str]
    within_s: float
    is_wanted: Callable[[], bool]
    done: Deferred[bytes] = field(default_factory=Deferred)


class FfmpegMaker:
    """Has things made, a few at a time. tool: the ffmpeg that there is by now."""

    def __init__(
        self,
        processes: IReactorProcess,
        clock: IReactorTime,
        tool: Callable[[], Tool],
    ) -> None:
        self._processes, self._clock, self._tool = processes, clock, tool
        self._at_work: list[_Work] = []
        self._waiting: deque[_Job] = deque()

    def __len__(self) -> int:
        """Return how many things wait for their turn."""
        return len(self._waiting)

    @property
    def is_there(self) -> bool:
        """Whether there is an ffmpeg."""
        return bool(self._tool().path)

    def make(
        self,
        fd: int,
        arguments: Sequence[str],
        within_s: float,
        is_wanted: Callable[[], bool],
    ) -> Deferred[bytes]:
        """Have ffmpeg make something of an open file; fires with its bytes.

        fd stays open until it fires. is_wanted: asked when its turn has come. Fails
        with ProbeError if it can't be made, with ProbesUnavailable if nobody tried.
        """
        job = _Job(fd, arguments, within_s, is_wanted)
        self._waiting.append(job)
        self._begin()
        return job.done

    def stop(self) -> None:
        """End what is at work; what waits is not made."""
        waiting, self._waiting = self._waiting, deque()
        for job in waiting:
            job.done.errback(ProbesUnavailable("the server ends"))
        for work in self._at_work.copy():
            work.end(ProbesUnavailable("the server ends"))

    def _begin(self) -> None:
        while self._waiting and len(self._at_work) < _MOST_AT_ONCE:
            job = self._waiting.popleft()
            if not job.is_wanted():
                job.done.errback(ProbesUnavailable("nobody wants it any more"))
                continue
            work = _Work(job, self._clock, self._over)
            self._at_work.append(work)
            limits = (str(_MEMORY_MIB), str(_CPU_S))
            command = (*limits, self._tool().path, *job.arguments)
            try:
                spawn(self._processes, work, command, job.fd)
            except OSError as error:
                work.end(ProbesUnavailable(error.strerror or str(error)))

    def _over(self, work: "_Work") -> None:
        self._at_work.remove(work)
        self._begin()


class _Work(ProcessProtocol):
    """One ffmpeg, and what it has made so far."""

    log = Logger()

    def __init__(
        self, job: _Job, clock: IReactorTime, over: Callable[["_Work"], None]
    ) -> None:
        self._job, self._over, self._is_over = job, over, False
        self._made = bytearray()
        self._limit = clock.callLater(
            job.within_s, self.end, ProbeError("took too long")
        )

    def outReceived(self, data: bytes) -> None:
        """Keep what was made."""
        self._made += data
        if len(self._made) > MOST_BYTES:
            self.end(ProbeError("it is too large"))

    def errReceived(self, data: bytes) -> None:
        """Leave its complaints to those who look for them."""
        self.log.debug("ffmpeg: {said}", said=data[:500])

    def processEnded(self, reason: Failure) -> None:
        """Hand over what was made."""
        is_well = getattr(reason.value, "exitCode", None) == 0 and self._made
        self.end(None if is_well else ProbeError("nothing could be made of it"))

    def end(self, error: UpnpServerError | None) -> None:
        """End it, with what was made or an error."""
        if self._is_over:
            return
        self._is_over = True
        if self._limit.active():
            self._limit.cancel()
        if self.transport is not None:
            with suppress(ProcessExitedAlready):
                process_of(self).signalProcess("KILL")  # type: ignore[no-untyped-call]
            process_of(self).loseConnection()  # type: ignore[no-untyped-call]
        if error is None:
            self._job.done.callback(bytes(self._made))
        else:
            self._job.done.errback(error)
        self._over(self)
