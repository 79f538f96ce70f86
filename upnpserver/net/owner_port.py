"""The port of the owner's page, and the process behind it.

The server only waits here: whoever connects is accepted by a process that is started
for it and ends when nobody needs it any more. So the server itself has no password,
no session and no TLS, and an idle one pays nothing for the page.

Without a password the port is open to this machine alone.
"""

import errno
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, cast

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.interfaces import (
    IDelayedCall,
    IProcessTransport,
    IReactorFDSet,
    IReactorProcess,
    IReactorTime,
    IReadDescriptor,
)
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.net.ffmpeg import environment

OWNER_PORTS: Final = range(8220, 8230)  # the unit allows no others
COMMAND: Final = (sys.executable, "-P", "-m", "upnpserver.net.owner_start")
FIRST_FD: Final = 3  # of the child: listening sockets, as many as there are
REST_S: Final = 10.0  # before a process that failed is started again
PATIENCE_S: Final = 3.0  # for its end
_BACKLOG: Final = 32
_NO_IPV6: Final = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
_EVERYBODY: Final = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))  # noqa: S104
_THIS_MACHINE: Final = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


class OwnerPort:
    """The listening sockets, while nobody serves them.

    wanted: the port, 0 for none; None takes the first of OWNER_PORTS that is free.
    has_password: whether others than this machine may come; asked at each open().
    """

    log = Logger()

    def __init__(  # noqa: PLR0913, PLR0917 - what it joins
        self,
        reactor: IReactorFDSet,
        processes: IReactorProcess,
        clock: IReactorTime,
        state_dir: Path,
        wanted: int | None,
        has_password: Callable[[], bool],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._reactor, self._processes, self._clock = reactor, processes, clock
        self._state_dir, self._wanted = state_dir, wanted
        self._has_password, self._command = has_password, tuple(command)
        self._waiting: list[_Waiting] = []
        self._process: _Process | None = None
        self._rest: IDelayedCall | None = None
        self._is_stopped = False
        self.port = 0  # 0: there is no page
        self.is_for_all = False

    def start(self) -> None:
        """Listen; a port that can't be had is told, and the server goes on."""
        if self._wanted == 0:
            return
        self.is_for_all = self._has_password()
        places = _EVERYBODY if self.is_for_all else _THIS_MACHINE
        numbers = OWNER_PORTS if self._wanted is None else (self._wanted,)
        for number in (self.port, *numbers) if self.port else numbers:
            try:
                self._listen(number, places)
            except OSError as error:
                failed = error
            else:
                return
        self.port = 0
        self.log.warn("no page for the owner: {error}", error=failed.strerror)

    def stop(self) -> Deferred[None]:
        """End the process and listen no more; fires when it has ended."""
        self._is_stopped = True
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        self._close()
        return self._process.end(self._clock) if self._process else succeed(None)

    def open_anew(self) -> Deferred[None]:
        """Begin from the start, as after a new password: all sessions end."""
        self._close()
        ended = self._process.end(self._clock) if self._process else succeed(None)
        return ended.addCallback(lambda _: None if self._is_stopped else self.start())

    def somebody_waits(self) -> None:
        """Start the process that accepts who waits."""
        self._watch(False)
        descriptors = dict(enumerate((one.fileno() for one in self._waiting), FIRST_FD))
        process = self._process = _Process(self._process_ended)
        arguments = [*self._command, str(self._state_dir), str(len(descriptors))]
        try:
            self._processes.spawnProcess(
                *(process, arguments[0], arguments, environment()),
                childFDs={0: "w", 1: 1, 2: 2, **descriptors},
            )
        except OSError as error:
            self.log.warn("the owner's page can't start: {e}", e=error.strerror)
            self._process = None
            self._rest = self._clock.callLater(REST_S, self._rested)

    def _process_ended(self, is_well: bool) -> None:
        self._process = None
        if self._is_stopped:
            return
        if is_well:
            self._watch(True)
        else:
            self.log.warn("the owner's page failed; it starts again when asked for")
            self._rest = self._clock.callLater(REST_S, self._rested)

    def _rested(self) -> None:
        self._rest = None
        self._watch(True)

    def _listen(self, number: int, places: Sequence[tuple[int, str]]) -> None:
        """Listen at all places that this machine has. Raises OSError."""
        with ExitStack() as undo:
            made = []
            for family, address in places:
                try:
                    made.append(_listening(family, address, number))
                except OSError as error:
                    if family == socket.AF_INET6 and error.errno in _NO_IPV6:
                        continue
                    raise
                undo.callback(made[-1].close)
            undo.pop_all()
        self._waiting = [_Waiting(one, self.somebody_waits) for one in made]
        self.port = number
        self._watch(True)

    def _watch(self, wanted: bool) -> None:
        for one in self._waiting:
            if wanted:
                self._reactor.addReader(one)
            else:
                self._reactor.removeReader(one)

    def _close(self) -> None:
        self._watch(False)
        for one in self._waiting:
            one.close()
        self._waiting.clear()


def _listening(family: int, address: str, number: int) -> socket.socket:
    """Return a listening socket of one family. Raises OSError."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, number))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


@implementer(IReadDescriptor)
class _Waiting:
    """A listening socket; the reactor tells when somebody waits at it."""

    def __init__(self, listening: socket.socket, somebody: Callable[[], None]) -> None:
        self._socket, self._somebody = listening, somebody

    def fileno(self) -> int:
        return self._socket.fileno()

    def logPrefix(self) -> str:
        return "owner's page"

    def doRead(self) -> None:
        self._somebody()

    def connectionLost(self, reason: Failure) -> None:
        """Do nothing: close() is ours to call."""

    def close(self) -> None:
        self._socket.close()


class _Process(ProcessProtocol):
    """The page at work. ended: told whether it ended by itself and well."""

    def __init__(self, ended: Callable[[bool], None]) -> None:
        self._ended = ended
        self._gone: Deferred[None] | None = None
        self._patience: IDelayedCall | None = None

    def end(self, clock: IReactorTime) -> Deferred[None]:
        """Ask it to end; fires when it has."""
        if self._gone is None:
            self._gone = Deferred()
            self._signal("TERM")
            self._patience = clock.callLater(PATIENCE_S, self._signal, "KILL")
        return self._gone

    def processEnded(self, reason: Failure) -> None:
        if self._patience is not None and self._patience.active():
            self._patience.cancel()
        is_wanted = self._gone is not None
        self._ended(is_wanted or isinstance(reason.value, ProcessDone))
        if self._gone is not None:
            self._gone.callback(None)

    def _signal(self, name: str) -> None:
        with suppress(ProcessExitedAlready):
            cast("IProcessTransport", self.transport).signalProcess(name)
