"""What the owner asks of the running server, from the command line of its machine.

One question a connection, as a line of JSON: {"do": a command, and what it needs}.
The socket lies in the state folder, which nobody else may enter, and the kernel
tells who asks: somebody else is closed without an answer.
"""

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort, IReactorUNIX
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from upnpserver.errors import UpnpServerError
from upnpserver.owner_call import MAX_QUESTION_BYTES, OWNER_SOCKET, owner_address

MOST_TALKS = 8
PATIENCE_S = 5.0  # for the question

_CREDENTIALS = struct.Struct("3i")  # unix(7): pid, uid, gid

Question = Mapping[str, object]
Send = Callable[[Mapping[str, object]], None]
Command = Callable[[Question], Mapping[str, object] | Deferred[Mapping[str, object]]]
# A talk goes on until one side ends it: told how to answer and how to end, it returns
# what is to be called when the other has left.
Talk = Callable[[Question, Send, Callable[[], None]], Callable[[], None]]


class OwnerDoor:
    """The socket, while the server runs.

    commands: answered at once. talks: answered for as long as both want. Both raise
    UpnpServerError with what to tell the owner.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorUNIX,
        state_dir: Path,
        commands: Mapping[str, Command],
        talks: Mapping[str, Talk],
    ) -> None:
        self._reactor, self._state_dir = reactor, state_dir
        self.commands, self.talks = commands, talks
        self._port: IListeningPort | None = None
        self._folder = ExitStack()
        self.open: set[_Conversation] = set()

    def start(self) -> None:
        """Listen, if the state folder can be written."""
        factory = _Talks(self)
        try:
            with suppress(FileNotFoundError):  # of a server that was killed
                (self._state_dir / OWNER_SOCKET).unlink()
            # Kept open: Twisted removes the socket by this address, too.
            address = self._folder.enter_context(owner_address(self._state_dir))
            self._port = self._reactor.listenUNIX(
                address, factory, mode=0o600, wantPID=False
            )
        except Exception as error:  # CannotListenError and what the system says
            self.log.warn("the command line can't reach this server: {e}", e=error)

    def stop(self) -> Deferred[None]:
        """End all talks and remove the socket; fires when it is gone."""
        for talk in list(self.open):
            talk.transport.abortConnection()
        stopped = maybeDeferred(
            self._port.stopListening if self._port else lambda: None
        )
        return stopped.addCallback(lambda _: self._folder.close())


class _Talks(Factory):
    noisy = False

    def __init__(self, door: OwnerDoor) -> None:
        self._door = door

    def buildProtocol(self, addr: IAddress | None) -> "_Conversation | None":
        if len(self._door.open) >= MOST_TALKS:
            return None
        return _Conversation(self._door)


class _Conversation(LineOnlyReceiver):
    """One question and what follows."""

    log = Logger()
    delimiter = b"\n"
    MAX_LENGTH = MAX_QUESTION_BYTES
    transport: Any

    def __init__(self, door: OwnerDoor) -> None:
        self._door = door
        self._left: Callable[[], None] = lambda: None
        self._was_asked = False

    def connectionMade(self) -> None:
        if not _is_owner(self.transport.getHandle()):
            self.transport.abortConnection()
            return
        self._door.open.add(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._door.open.discard(self)
        self._left()

    def lineReceived(self, line: bytes) -> None:
        if self._was_asked:
            return
        self._was_asked = True
        try:
            question = json.loads(line)
            name = question["do"]
            if name in self._door.talks:
                talk = self._door.talks[name]
                self._left = talk(question, self._send, self.transport.loseConnection)
                return
            if name not in self._door.commands:
                raise ValueError(name)
        except UpnpServerError as error:
            self._end({"error": str(error)})
        except (ValueError, TypeError, KeyError):
            self._end({"error": "this server doesn't know that command"})
        else:
            answer = maybeDeferred(self._door.commands[name], question)
            answer.addCallbacks(self._end, self._failed)

    def _failed(self, failure: Failure) -> None:
        if not isinstance(failure.value, UpnpServerError):
            self.log.failure("a command of the owner failed", failure)
        self._end({"error": str(failure.value) or "it failed: see the log"})

    def _end(self, answer: Mapping[str, object]) -> None:
        self._send(answer)
        self.transport.loseConnection()

    def _send(self, answer: Mapping[str, object]) -> None:
        self.transport.write(json.dumps(answer).encode() + self.delimiter)


def _is_owner(handle: socket.socket) -> bool:
    """Tell whether the other end is this server's user, or root."""
    told = handle.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(told)
    return uid in {0, os.geteuid()}
