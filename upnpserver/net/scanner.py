"""The scanner process as the server sees it: started, listened to, ended.

It runs while there is something to do, waits a little for more and then ends,
so that an idle server is one process. One that dies is started again after a
pause that grows: what made it die (a disk error, too little memory) may pass.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

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
    InRoot,
    Look,
    Message,
    Order,
    Partial,
    Ready,
    Scan,
    ScanRoot,
    from_line,
    to_line,
)
from upnpserver.scan.start import PROBE

COMMAND = (sys.executable, "-m", "upnpserver.scan.start")
PAUSES_S = (1.0, 10.0, 60.0, 600.0)
PATIENCE_S = 3.0  # for the transaction at hand, once it was told to end
LINGER_S = 5.0  # without an order; a start costs as much as some dozen files
_WATCH_FD = 3  # in the scanner process


class Scanner:
    """Has orders carried out, one at a time.

    order: the scan of everything. tell: gets each message of the scanner process.
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
        self._command = tuple(command)
        self._processes, self._clock = processes, clock
        self._order, self._tell = order, tell
        self._descriptors: dict[int, Literal["w", "r"] | int] = {0: "w", 1: "r", 2: 2}
        self._process: _ScannerProcess | None = None
        self._is_ending = self._is_stopped = False
        self._asked: Order | None = None  # and not answered yet
        self._next: Order | None = None
        self._linger: IDelayedCall | None = None
        self._pause: IDelayedCall | None = None
        self._deaths = 0

    @property
    def roots(self) -> tuple[ScanRoot, ...]:
        """The roots of every order."""
        return self._order.roots

    @property
    def is_free(self) -> bool:
        """Whether an order would be carried out now."""
        return self._asked is None and self._next is None

    def watch_with(self, fd: int) -> None:
        """Give coming processes an inotify descriptor to add watches to."""
        self._descriptors[_WATCH_FD] = fd
        self._command = (*self._command, str(_WATCH_FD))

    def use(self, partials: Sequence[Partial]) -> None:
        """Have other partial catalogs kept, from the scan on that begins with it."""
        self._order = replace(self._order, partials=tuple(partials))
        self.scan()

    def scan(self, *, check: bool = False, busy: Sequence[InRoot] = ()) -> None:
        """Have everything scanned, after the order that is under way.

        check: look for damage in the catalog first. busy: files to pass by.
        """
        if check:
            self._order = replace(self._order, check=True)
        self._next = replace(self._order, busy=tuple(busy))
        self._go_on()

    def look(
        self,
        folders: Iterable[InRoot],
        trees: Iterable[InRoot],
        closed: Iterable[InRoot] = (),
        busy: Iterable[InRoot] = (),
    ) -> None:
        """Have some folders looked at; only when is_free. See messages.Look."""
        self._next = Look(
            self._order.catalog,
            self._order.roots,
            tuple(folders),
            tuple(trees),
            tuple(closed),
            tuple(busy),
            self._order.language,
            self._order.partials,
        )
        self._go_on()

    def warm_up(self) -> None:
        """Have a process ready for some time: there will be a file to read."""
        is_waiting = self._pause is not None or self._is_stopped
        if self._process is None and not is_waiting:
            self._start(PROBE)
            self._linger = self._clock.callLater(LINGER_S, self._end)
        elif self._linger is not None:
            self._linger.reset(LINGER_S)

    def stop(self) -> Deferred[None]:
        """End the process; fires when it is gone."""
        self._is_stopped, self._next = True, None
        for call in (self._pause, self._linger):
            if call is not None:
                call.cancel()
        self._pause = self._linger = None
        if self._process is None:
            return succeed(None)
        return self._process.end(self._clock)

    def _go_on(self) -> None:
        """Give the next order, if there is one and it can be given."""
        waits = self._is_ending or self._pause is not None or self._is_stopped
        if self._next is None or self._asked is not None or waits:
            return
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if self._process is None:
            self._start()
        assert self._process is not None
        self._asked, self._next = self._next, None
        self._process.order(self._asked)

    def _start(self, *words: str) -> None:
        self._process = _ScannerProcess(self._heard, self._ended)
        # The child closes what it does not know: no socket of ours leaks to it.
        self._processes.spawnProcess(
            self._process,
            self._command[0],
            (*self._command, *words),
            env=dict(os.environ),
            childFDs=self._descriptors,
        )

    def _heard(self, message: Message) -> None:
        asked = self._asked
        if isinstance(message, Ready) and isinstance(asked, Scan) and asked.check:
            self._order = replace(self._order, check=False)  # it is whole now
        if isinstance(message, Finished):
            self._deaths, self._asked = 0, None
            if not self._is_stopped and self._linger is None:
                self._linger = self._clock.callLater(LINGER_S, self._end)
        self._tell(message)
        self._go_on()

    def _end(self) -> None:
        """Let the process end: there was nothing to do for a while."""
        self._linger = None
        if self._process is not None:
            self._is_ending = True
            self._process.end(self._clock)

    def _ended(self, reason: Failure) -> None:
        process, self._process = self._process, None
        was_asked_to, self._is_ending = self._is_ending, False
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if self._is_stopped:
            return
        if was_asked_to or (process and process.did_finish and _is_clean(reason)):
            self._next, self._asked = self._next or self._asked, None
            self._go_on()
            return
        self._next, self._asked = self._next_whole(), None
        pause_s = PAUSES_S[min(self._deaths, len(PAUSES_S) - 1)]
        self._deaths += 1
        self.log.warn(
            "the scanner ended unexpectedly ({why}); it starts again in {pause:.0f} s",
            why=reason.getErrorMessage(),
            pause=pause_s,
        )
        self._pause = self._clock.callLater(pause_s, self._start_again)

    def _next_whole(self) -> Scan:
        """Return the scan that finds what a lost order would have found."""
        busy = self._asked.busy if self._asked is not None else ()
        return replace(self._order, busy=busy)

    def _start_again(self) -> None:
        self._pause = None
        self._go_on()


def _is_clean(end: Failure) -> bool:
    return isinstance(end.value, ProcessDone)


class _ScannerProcess(ProcessProtocol):
    """One life of the scanner process; did_finish: it carried out an order."""

    log = Logger()
    transport: IProcessTransport

    def __init__(
        self, heard: Callable[[Message], None], ended: Callable[[Failure], None]
    ) -> None:
        self._heard, self._ended = heard, ended
        self.did_finish = False
        self._rest = b""
        self._gone: Deferred[None] = Deferred()

    def order(self, order: Order) -> None:
        """Pass on an order. Standard input stays open: its end means stop."""
        self.transport.write(to_line(order))

    def outReceived(self, data: bytes) -> None:
        """Read whole lines; what is not a message ends the process."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            if len(self._rest) > MAX_LINE_BYTES:
                raise MalformedRequest("a line without end")
            for line in lines:
                message = from_line(line)
                self.did_finish |= isinstance(message, Finished)
                self._heard(message)
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
