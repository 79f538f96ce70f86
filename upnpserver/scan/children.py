"""The pool's side of a probe child: its process, its socket, its jobs.

upnpserver/media/child.py is the other side. Nothing here waits for a child to
read a file: the pool waits for all sockets at once.
"""

import contextlib
import os
import resource
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

from upnpserver.media.packets import (
    MAX_ANSWER_BYTES,
    MAX_PACKET_BYTES,
    MORE,
    OUT_OF_MEMORY,
)

COMMAND: Final = (sys.executable, "-P", "-m", "upnpserver.media.child")
# What Python and the parsers need to start; no secret of the service goes along.
_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "PYTHONPATH")
_CHILD_FD: Final = 3
# A child that died and had more than this was most likely stopped for it.
_MUCH_MEMORY_KIB: Final = 160 * 1024
_EXIT_SECONDS: Final = 1.0  # from the end of its socket to its own

Job = TypeVar("Job")


class Child(Generic[Job]):
    """One probe child.

    jobs: what it was given and has not answered, oldest first. since: the
    monotonic time from which the first of them, or its start, counts.
    """

    def __init__(
        self, command: Sequence[str], max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        """Start it. Raises OSError if there is no such program, or no room."""
        self._max_answer_bytes = max_answer_bytes
        self.jobs: deque[Job] = deque()
        self.since = time.monotonic()
        self.ready = False  # it has said that its sandbox is closed
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._pid = _spawn(command, theirs.fileno())
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        self._socket = ours
        self._begun = bytearray()  # of an answer in several packets

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def send(self, name: bytes, fd: int) -> None:
        """Give it an open file. If it is dying, receive() will say so."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._socket, [name], [fd])

    def receive(self) -> bytes | None:
        """Return its next message, None if there is none yet, b"" if it ended.

        One that is too long comes as its first bytes: more than
        max_answer_bytes, or no JSON.
        """
        while True:
            try:
                packet = self._socket.recv(MAX_PACKET_BYTES + 1)
            except BlockingIOError:
                return None
            except ConnectionResetError:
                continue  # told once, when jobs were left unread; answers follow
            if not packet:
                return b""
            self._begun += packet[1:]
            if packet[:1] != MORE or len(self._begun) > self._max_answer_bytes:
                whole, self._begun = packet[:1] + self._begun, bytearray()
                return whole

    def kill(self) -> None:
        """End it, without asking how it would have ended."""
        self._socket.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def autopsy(self) -> str:
        """Return why it ended, after receive() returned b""."""
        self._socket.close()
        deadline = time.monotonic() + _EXIT_SECONDS
        while True:
            pid, status, usage = os.wait4(self._pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:  # it closed its socket and stayed
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                return "the probe crashed"
            time.sleep(0.001)
        return _reason(os.waitstatus_to_exitcode(status), usage.ru_maxrss)


def _spawn(command: Sequence[str], fd: int) -> int:
    return os.posix_spawn(
        command[0],
        [*command, str(_CHILD_FD)],
        {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, fd, _CHILD_FD),
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
        ],
        setsid=True,  # Ctrl-C in a terminal is for the scanner
    )


def _reason(code: int, memory_kib: int) -> str:
    """Return why a child ended, by its exit code (negative: a signal)."""
    # A child is told to have had what its parent had when it was started.
    inherited_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    had_much = memory_kib > max(_MUCH_MEMORY_KIB, inherited_kib)
    # SIGKILL comes from the kernel when the machine has no memory left.
    if code in {OUT_OF_MEMORY, -signal.SIGKILL} or had_much:
        return "needed too much memory"
    if code == -signal.SIGXCPU:
        return "took too much processor time"
    return "the probe crashed"
