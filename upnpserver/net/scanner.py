"""The scanner process as the server sees it: started, listened to, ended.

It runs while there is something to do and then ends, so that an idle server is
one process. One that dies is started again after a pause that grows: what made
it die (a disk error, too little memory) may pass.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessDone
from twisted.internet.interfaces import (
    IDelayedCall,
    IProcessTransport,
    IReactorProcess,
    IReactorTime,
)
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.errors import MalformedRequest
from upnpserver.scan.messages import (
    MAX_LINE_BYTES,
    Finished,
    Message,
    Ready,
    Scan,
    from_line,
    to_line,
)

COMMAND = (sys.executable, "-m", "upnpserver.scan.worker")
PAUSES_S = (1.0, 10.0, 60.0, 600.0)
PATIENCE_S = 3.0  # for the transaction at hand, once it was told to end


class Scanner:
    """Keeps one scan going until it is finished.

    tell: gets each message of the scanner process.
    """

    log = Logger()

    def __init__(
        self,
        processes: IReactorProcess,
        clock: IReactorTime,
        order: Scan,
        tell: Callable[[Message], None],
        *,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._command = command
        self._processes, self._clock = processes, clock
        self._order, self._tell = order, tell
        self._process: _ScannerProcess | None = None
        self._pause: IDelayedCall | None = None
        self._deaths = 0
        self._again = False
        self._asked = order

    def scan(self, *, check: bool = False) -> None:
        """Start a scan; one that is under way is followed by another.

        check: look for damage in the catalog first.
        """
        if check:
            self._order = replace(self._order, check=True)
        if self._process is not None:
            self._again = True
        elif self._pause is None:
            self._start()

    def stop(self) -> Deferred[None]:
        """End the process; fires when it is gone."""
        self._again = False
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._process is None:
            return succeed(None)
        process, self._process = self._process, None
        return process.end(self._clock)

    def _start(self) -> None:
        self._pause = None
        self._asked = self._order
        self._process = _ScannerProcess(self._asked, self._heard, self._ended)
        # The child closes what it does not know: no socket of ours leaks to it.
        self._processes.spawnProcess(
            self._process,
            self._command[0],
            self._command,
            env=dict(os.environ),
            childFDs={0: "w", 1: "r", 2: 2},
        )

    def _heard(self, message: Message) -> None:
        if isinstance(message, Finished):
            self._deaths = 0
        if isinstance(message, Ready) and self._asked.check:  # it is whole now
            self._order = replace(self._order, check=False)
        self._tell(message)

    def _ended(self, reason: Failure) -> None:
        if self._process is None:  # we asked for it
            return
        self._process = None
        if isinstance(reason.value, ProcessDone):
            if self._again:
                self._again = False
                self._start()
            return
        pause_s = PAUSES_S[min(self._deaths, len(PAUSES_S) - 1)]
        self._deaths += 1
        self.log.warn(
            "the scanner ended unexpectedly ({why}); it starts again in {pause:.0f} s",
            why=reason.getErrorMessage(),
            pause=pause_s,
        )
        self._pause = self._clock.callLater(pause_s, self._start)


class _ScannerProcess(ProcessProtocol):
    """One life of the scanner process."""

    log = Logger()
    transport: IProcessTransport

    def __init__(
        self,
        order: Scan,
        heard: Callable[[Message], None],
        ended: Callable[[Failure], None],
    ) -> None:
        self._order, self._heard, self._ended = order, heard, ended
        self._rest = b""
        self._gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        """Ask for the scan. Standard input stays open: its end means stop."""
        self.transport.write(to_line(self._order))

    def outReceived(self, data: bytes) -> None:
        """Read whole lines; what is not a message ends the process."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            if len(self._rest) > MAX_LINE_BYTES:
                raise MalformedRequest("a line without end")
            for line in lines:
                self._heard(from_line(line))
        except MalformedRequest as error:
            self.log.error("the scanner said: {error}", error=error)
            self.transport.signalProcess("KILL")

    def processEnded(self, reason: Failure) -> None:
        """Tell why it is gone."""
        self._ended(reason)
        self._gone.callback(None)

    def end(self, clock: IReactorTime) -> Deferred[None]:
        """Ask the process to end, and make it after a while."""
        self.transport.closeStdin()
        kill = clock.callLater(PATIENCE_S, self.transport.signalProcess, "KILL")

        def spare(_: None) -> None:
            if kill.active():
                kill.cancel()

        return self._gone.addCallback(spare)
