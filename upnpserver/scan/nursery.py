"""The pool's side of the nursery: starting it, and its children's sockets.

upnpserver/media/child.py is the other side. Nothing here blocks: the pool waits
for all sockets at once.
"""

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from upnpserver.errors import ProbesUnavailable
from upnpserver.media.answers import MAX_ANSWER_BYTES

COMMAND: Final = (sys.executable, "-P", "-m", "upnpserver.media.child")
# What Python and the parsers need to start; no secret of the service goes along.
_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH")
_MAX_MESSAGE_BYTES: Final = 4096
_CLOSE_SECONDS: Final = 3.0


@dataclass(slots=True)
class Child:
    """One probe child: the pool's end of its socket, and what it was given."""

    socket: socket.socket
    pid: int = 0  # 0: not yet told
    jobs: deque[Any] = field(default_factory=deque)  # sent, not yet answered
    since: float = 0.0  # monotonic time from which the first job counts
    ready: bool = False  # it has said that its sandbox is closed

    @property
    def listens(self) -> bool:
        """Whether it can still be given something."""
        return self.socket.fileno() >= 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended; signal or code is 0."""

    child: Child
    signal: int
    code: int
    memory_kib: int


class NurseryEnded(Exception):
    """The nursery itself is gone, and all children with it."""


class Nursery:
    """One running nursery process and its children."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603  our own module
                    [*command, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env={k: os.environ[k] for k in _ENVIRONMENT if k in os.environ},
                    cwd="/",
                    start_new_session=True,  # Ctrl-C in a terminal is for the pool
                )
            except OSError as error:
                ours.close()
                raise ProbesUnavailable(f"no probe can start: {error}") from error
        ours.setblocking(False)
        self._control = ours
        self._unborn: deque[Child] = deque()
        self._children: dict[int, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(ours, selectors.EVENT_READ)
        self.layers: list[tuple[str, bool, str]] = []

    def fork(self) -> Child:
        """Return a new child; it can be given jobs at once."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        child = Child(ours)
        with theirs:
            self._ask({"fork": True}, theirs)
        self._unborn.append(child)
        self._selector.register(ours, selectors.EVENT_READ, child)
        return child

    def send(self, child: Child, name: bytes, fd: int) -> None:
        """Give the child an open file; a child that died is told by wait()."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(child.socket, [name], [fd])

    def kill(self, child: Child) -> None:
        """End the child; nothing more is heard of it."""
        self.forget(child)
        if child.pid:
            self._ask({"kill": child.pid})

    def forget(self, child: Child) -> None:
        """Close the child's socket, by which an idle child ends."""
        if child.listens:
            self._selector.unregister(child.socket)
            child.socket.close()

    def wait(self, timeout_s: float) -> Iterator[tuple[Child, bytes] | Ended]:
        """Yield answers and ends of children, after at most timeout_s seconds.

        All answers of a child come before its end. An answer that is too long
        comes as one of MAX_ANSWER_BYTES + 1. Raises NurseryEnded.
        """
        ready = self._selector.select(timeout_s)
        control_ready = False
        for key, _ in ready:
            if key.data is None:
                control_ready = True
            else:
                yield from self._answers(key.data)
        if control_ready:
            yield from self._messages()

    def close(self) -> None:
        """End the nursery and all its children, and wait for that."""
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                self.forget(key.data)
        self._selector.close()
        self._control.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self, child: Child) -> Iterator[tuple[Child, bytes]]:
        """Yield what the child has sent; stop watching it when it closed."""
        while child.listens:
            try:
                data, *_ = child.socket.recvmsg(MAX_ANSWER_BYTES + 1)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue  # told once, when jobs were left unread; answers follow
            if not data:
                self.forget(child)
                return
            yield child, data

    def _messages(self) -> Iterator[tuple[Child, bytes] | Ended]:
        while True:
            try:
                data = self._control.recv(_MAX_MESSAGE_BYTES)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue
            if not data:
                raise NurseryEnded
            message = json.loads(data)
            if "layers" in message:
                self.layers = [tuple(layer) for layer in message["layers"]]
            elif "forked" in message:
                self._born(message["forked"])
            else:
                yield from self._ended(message)

    def _born(self, pid: int) -> None:
        child = self._unborn.popleft()
        child.pid = pid
        self._children[pid] = child

    def _ended(self, message: dict[str, int]) -> Iterator[tuple[Child, bytes] | Ended]:
        child = self._children.pop(message["ended"])
        yield from self._answers(child)
        self.forget(child)
        yield Ended(child, message["signal"], message["code"], message["memory_kib"])

    def _ask(self, order: dict[str, Any], passed: socket.socket | None = None) -> None:
        fds = [passed.fileno()] if passed else []
        try:
            socket.send_fds(self._control, [json.dumps(order).encode()], fds)
        except (BrokenPipeError, ConnectionResetError):
            raise NurseryEnded from None
