"""The probe children: one nursery, and the processes that it forks.

    python -m upnpserver.media.child FD

One process, the nursery, imports all parsers once, shuts itself in, and forks
the children that read files: a new one is ready in milliseconds, and shares
the nursery's memory. The nursery itself never looks at a file.

FD is the nursery's end of a SOCK_SEQPACKET pair with the pool. The pool sends

    {"fork": true}   with a socket, the child's end of its own pair
    {"kill": PID}

and is told, as one JSON object each,

    {"layers": [[name, holds, detail], ...]}   first of all
    {"forked": PID}                            in the order of the requests
    {"ended": PID, "signal": N, "code": N, "memory_kib": N}

All end when the pool's end closes, however the pool ended.
"""

import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, Final, NoReturn

import mutagen
import PIL

import upnpserver
from upnpserver.errors import ProbeError
from upnpserver.media import sandbox
from upnpserver.media.answers import (
    LEAVING,
    MAX_NAME_BYTES,
    OUT_OF_MEMORY,
    SHUT_IN,
    facts_answer,
    problem_answer,
)
from upnpserver.media.probe import probe
from upnpserver.model import MediaFacts

Probe = Callable[[int, str], MediaFacts]

PACKAGES: Final = (mutagen, PIL, upnpserver)
# Python imports the codec of a charset when a tag first needs it.
_CHARSETS: Final = (
    "latin-1",
    "cp1252",
    "utf-8-sig",
    "utf-16",
    "utf-16-be",
    "utf-16-le",
)

# A child that has grown by so much, or worked for so long, is replaced.
_MAX_GROWTH_KIB: Final = 48 * 1024
_MAX_CPU_SECONDS: Final = 60


def main(control_fd: int, probe_file: Probe = probe) -> None:
    """Run the nursery until the pool closes its end. probe_file: for tests."""
    sandbox.die_with_parent()
    for charset in _CHARSETS:
        "".encode(charset)
    control = socket.socket(fileno=control_fd)
    layers = sandbox.enter_before_fork(PACKAGES)
    gc.collect()
    gc.freeze()  # else the first collection in each child copies all pages
    _Nursery(control, probe_file, layers).run()


class _Nursery:
    """Forks children, ends them on request, and tells how they ended."""

    def __init__(
        self, control: socket.socket, probe_file: Probe, layers: list[sandbox.Layer]
    ) -> None:
        self._control, self._probe, self._layers = control, probe_file, layers
        self._children: set[int] = set()

    def run(self) -> None:
        self._tell({"layers": sandbox.as_json(self._layers)})
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if woken in ready:
                    woken.recv(4096)
                    self._reap()
                if self._control in ready and not self._obey():
                    break
        self._end_all()

    def _obey(self) -> bool:
        """Do what the pool asks for; return False when it is gone."""
        try:
            message, fds, _, _ = socket.recv_fds(self._control, 4096, 1)
        except ConnectionResetError:  # it closed before it read all that was told
            return False
        if not message:
            return False
        order = json.loads(message)
        if "fork" in order:
            self._fork(socket.socket(fileno=fds[0]))
        elif order["kill"] in self._children:  # else it has ended already
            os.kill(order["kill"], signal.SIGKILL)
        return True

    def _fork(self, end: socket.socket) -> None:
        with end:
            pid = os.fork()
            if pid == 0:
                self._become_child(end)
        self._children.add(pid)
        self._tell({"forked": pid})

    def _become_child(self, end: socket.socket) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _close_all_but(end.fileno())
            sandbox.die_with_parent()
            layers = sandbox.as_json(sandbox.enter_after_fork())
            end.send(SHUT_IN + json.dumps(layers).encode("ascii"))
            code = _serve(end, self._probe)
        finally:
            os._exit(code)  # not the nursery's own clean-up

    def _reap(self) -> None:
        for pid in tuple(self._children):
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                self._children.discard(pid)
                code = os.waitstatus_to_exitcode(status)
                self._tell(
                    {
                        "ended": pid,
                        "signal": max(0, -code),
                        "code": max(0, code),
                        "memory_kib": usage.ru_maxrss,
                    }
                )

    def _end_all(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._control.send(json.dumps(message).encode("ascii"))
        except OSError:
            return  # the pool is gone; reading will say so


def _close_all_but(kept: int) -> None:
    """Keep no descriptor of the nursery but this one; 0 to 2 lead nowhere."""
    os.dup2(1, 2)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def _serve(end: socket.socket, probe_file: Probe) -> int:
    """Answer for one file after the other; return the child's exit code."""
    grown_kib = _memory_kib() + _MAX_GROWTH_KIB
    while True:
        name, fds, _, _ = socket.recv_fds(end, MAX_NAME_BYTES, 1)
        if not fds:
            return 0
        try:
            answer = _answer(fds[0], name, probe_file)
        except MemoryError:
            return OUT_OF_MEMORY
        finally:
            os.close(fds[0])
        end.send(answer)
        if _memory_kib() > grown_kib or time.process_time() > _MAX_CPU_SECONDS:
            end.send(LEAVING)
            return 0


def _answer(fd: int, name: bytes, probe_file: Probe) -> bytes:
    try:
        return facts_answer(probe_file(fd, name.decode("utf-8", "replace")))
    except ProbeError as error:
        return problem_answer(str(error))


def _memory_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(int(sys.argv[1]))
