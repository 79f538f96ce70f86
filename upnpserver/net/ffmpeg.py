"""ffmpeg as the reactor uses it: which one there is, and one that converts a file.

What it makes goes to a connection no faster than that takes it: while a paused TV
reads nothing, ffmpeg's pipe is full, and it stands still. Nobody waits for its end.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, cast

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost, ProcessExitedAlready
from twisted.internet.interfaces import (
    IProcessTransport,
    IPushProducer,
    IReactorProcess,
    IReactorTime,
)
from twisted.internet.process import Process
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.errors import ProbeError
from upnpserver.media.ffmpeg import LIST_ENCODERS, encoders_in, progress_us
from upnpserver.net.deadline import Deadline
from upnpserver.net.transport import Transport

COMMAND: Final = (sys.executable, "-P", "-m", "upnpserver.media.ffmpeg_child")
_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH")
_MAX_LIST_BYTES: Final = 256 << 10
_MAX_SAID_BYTES: Final = 1024
_LIST_WITHIN_S: Final = 30.0


class Tool(NamedTuple):
    """The ffmpeg that there is. path: "" if there is none."""

    path: str = ""
    encoders: frozenset[str] = frozenset()


def environment(own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a child of ours needs to start; no secret goes along."""
    return {name: own[name] for name in _ENVIRONMENT if name in own}


def look_for(
    path: str, processes: IReactorProcess, clock: IReactorTime
) -> Deferred[Tool]:
    """Ask the ffmpeg at a path what it can code; fires with Tool() if it can't run."""
    asking = _Asking(path, clock)
    try:
        processes.spawnProcess(asking, path, [path, *LIST_ENCODERS], environment())
    except OSError as error:
        asking.failed(error)
    return asking.done


class _Asking(ProcessProtocol):
    """An ffmpeg that lists its encoders."""

    log = Logger()

    def __init__(self, path: str, clock: IReactorTime) -> None:
        self.done: Deferred[Tool] = Deferred()
        self._path, self._listed = path, bytearray()
        self._limit = clock.callLater(_LIST_WITHIN_S, self._end)

    def outReceived(self, data: bytes) -> None:
        """Collect the list, and nothing beyond what one can be long."""
        self._listed += data[: _MAX_LIST_BYTES - len(self._listed)]

    def failed(self, error: OSError) -> None:
        """Take note that it could not be started."""
        self.log.warn("no conversions: {error}", error=error.strerror)
        self._answer(Tool())

    def processEnded(self, reason: Failure) -> None:
        """Tell what it listed."""
        found = encoders_in(self._listed.decode("ascii", "replace"))
        self._answer(Tool(self._path, found) if found else Tool())

    def _answer(self, tool: Tool) -> None:
        if self._limit.active():
            self._limit.cancel()
        self.done.callback(tool)

    def _end(self) -> None:
        process = cast("IProcessTransport", self.transport)
        with suppress(ProcessExitedAlready):
            process.signalProcess("KILL")


def spawn(
    processes: IReactorProcess,
    protocol: ProcessProtocol,
    arguments: Sequence[str],
    fd: int,
) -> None:
    """Run a shut-in ffmpeg on the open file fd, which may be closed afterwards.

    arguments: as media/ffmpeg_child.py has them. Raises OSError.
    """
    command = [*COMMAND, *arguments]
    processes.spawnProcess(
        *(protocol, command[0], command, environment()),
        childFDs={0: fd, 1: "r", 2: "r"},
    )


def process_of(protocol: ProcessProtocol) -> Process:
    """Return the process that a protocol hears."""
    return cast("Process", protocol.transport)


class Limits(NamedTuple):
    """What one conversion may take. stall_s: how long nothing may move."""

    memory_mib: int
    cpu_s: int
    stall_s: float


class Wanted(NamedTuple):
    """What of ffmpeg's output is sent: without the first bytes, up to a length.

    length: None for all. begin: called before the first byte; returns where to
    send it, None if nobody wants it any more.
    """

    skipped: int
    length: int | None
    begin: Callable[[], Transport | None]


@implementer(IPushProducer)
class Conversion(ProcessProtocol):
    """One ffmpeg at work.

    done fires when all was handed to the transport; fails with ProbeError if there
    was nothing, or less than was promised, and with ConnectionLost if the client
    left. ended: called as soon as no work is done any more. made_us: how much of the
    item's time is made, where ffmpeg tells it.
    """

    log = Logger()

    def __init__(
        self,
        wanted: Wanted,
        limits: Limits,
        clock: IReactorTime,
        ended: Callable[[], None],
    ) -> None:
        self.done: Deferred[None] = Deferred()
        self.sent_bytes = self.made_us = 0
        self._begin, self._limits = wanted.begin, limits
        self._skipped, self._left = wanted.skipped, wanted.length
        self._wire: Transport | None = None
        self._stalled = Deadline(clock, self._stall)
        self._ended = ended
        self._is_over = False
        self._said = b""

    def start(
        self, processes: IReactorProcess, tool: str, arguments: Sequence[str], fd: int
    ) -> None:
        """Run ffmpeg on the open file fd, which may be closed afterwards.

        Raises OSError.
        """
        limits = (str(self._limits.memory_mib), str(self._limits.cpu_s))
        spawn(processes, self, (*limits, tool, *arguments), fd)
        self._stalled.set(self._limits.stall_s)

    @property
    def is_over(self) -> bool:
        """Whether nothing is sent any more."""
        return self._is_over

    def stop(self) -> None:
        """End it at once: nobody wants it any more."""
        self._finish(ConnectionLost())

    # What the process tells

    def outReceived(self, data: bytes) -> None:
        """Send what was made."""
        if self._is_over:
            return
        if self._skipped:
            skipped, self._skipped = self._skipped, max(0, self._skipped - len(data))
            data = data[skipped:]
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        if data and self._has_wire():
            self.sent_bytes += len(data)
            self._stalled.set(self._limits.stall_s)
            self._transport().write(data)
        if self._left == 0:
            self._finish(None)

    def errReceived(self, data: bytes) -> None:
        """Take note of how far it is; the rest is what it complains about."""
        *lines, rest = (self._said + data).split(b"\n")
        self._said = rest[:_MAX_SAID_BYTES]
        for line in lines:
            if (made_us := progress_us(line.strip())) is not None:
                self.made_us = made_us
            elif b"=" not in line:
                self.log.debug("ffmpeg: {said}", said=line[:_MAX_SAID_BYTES])

    def processEnded(self, reason: Failure) -> None:
        """Tell whether it made what was asked for."""
        is_well = getattr(reason.value, "exitCode", None) == 0 and not self._left
        is_well = is_well and self.sent_bytes > 0
        self._finish(None if is_well else ProbeError("it could not be converted"))

    # What the connection tells

    def pauseProducing(self) -> None:
        """Read nothing: the pipe fills up, and ffmpeg waits."""
        self._process().pauseProducing()  # type: ignore[no-untyped-call]

    def resumeProducing(self) -> None:
        """Read on."""
        self._stalled.set(self._limits.stall_s)
        if not self._is_over:
            self._process().resumeProducing()  # type: ignore[no-untyped-call]

    def stopProducing(self) -> None:
        """End it: the client has gone."""
        self.stop()

    def _has_wire(self) -> bool:
        """Begin the answer, if that was not done; tell whether anybody reads it."""
        if self._wire is None:
            self._wire = self._begin()
            if self._wire is None:
                self.stop()
                return False
            self._wire.registerProducer(self, True)
        return True

    def _transport(self) -> Transport:
        assert self._wire is not None
        return self._wire

    def _process(self) -> Process:
        return process_of(self)

    def _stall(self) -> None:
        self._finish(ProbeError("nothing moved for too long"))

    def _finish(self, error: Exception | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._stalled.stop()
        if self.transport is not None:
            with suppress(ProcessExitedAlready):
                self._process().signalProcess("KILL")  # type: ignore[no-untyped-call]
            self._process().loseConnection()  # type: ignore[no-untyped-call]
        if self._wire is not None:
            self._wire.unregisterProducer()
        self._ended()
        if error is None:
            self.done.callback(None)
        else:
            self.done.errback(error)
