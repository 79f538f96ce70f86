"""The life of a child process that reads files for another, shut in.

FD is its end of a SOCK_SEQPACKET pair; packets.py tells what is said there. The
child has imported all it needs, closes its sandbox, and only then receives the
first file. It ends when the other end closes, however that process ended.
"""

import gc
import json
import os
import resource
import socket
import time
from collections.abc import Callable
from types import ModuleType
from typing import Final

from upnpserver.media import sandbox
from upnpserver.media.packets import (
    LEAVING,
    MAX_PATH_BYTES,
    OUT_OF_MEMORY,
    SHUT_IN,
    packets_of,
)

Answer = Callable[[int, bytes], bytes]

# A child that has grown by so much, or worked for so long, is replaced.
_MAX_GROWTH_BYTES: Final = 48 << 20
_MAX_CPU_SECONDS: Final = 60


def serve(
    fd: int,
    packages: tuple[ModuleType, ...],
    answer: Answer,
    memory_bytes: int = sandbox.MEMORY_BYTES,
    *,
    threads: bool = False,
) -> int:
    """Answer for one file after the other; return the process's exit code.

    packages: whose folders can still be read. answer: an open file and what was
    asked about it -> what to say. threads: a library in it can't do without.
    """
    with socket.socket(fileno=fd) as end:
        gc.freeze()  # what is imported is never rubbish: not to be looked through
        _let_go_of_all_but(fd)
        memory = _Memory()
        layers = sandbox.enter(packages, memory_bytes, threads=threads)
        try:
            end.send(SHUT_IN + json.dumps(layers).encode("ascii"))
            return _serve(end, answer, memory)
        except (BrokenPipeError, ConnectionResetError):
            return 0  # the process that asks is gone


def _let_go_of_all_but(fd: int) -> None:
    """Keep no descriptor but this one; 0 to 2 lead nowhere."""
    os.dup2(0, 2)  # until now an import error had a place to be read
    os.closerange(3, fd)
    os.closerange(fd + 1, os.sysconf("SC_OPEN_MAX"))


class _Memory:
    """How much of the machine's memory this process takes.

    Not by getrusage(): that begins with what its parent had, and only grows.
    """

    def __init__(self) -> None:
        # Opened now: the sandbox will not let it be opened.
        self._fd = os.open("/proc/self/statm", os.O_RDONLY)

    def pages(self) -> int:
        return int(os.pread(self._fd, 64, 0).split()[1])


def _serve(end: socket.socket, answer: Answer, memory: _Memory) -> int:
    most_pages = memory.pages() + _MAX_GROWTH_BYTES // resource.getpagesize()
    while True:
        asked, fds, _, _ = socket.recv_fds(end, MAX_PATH_BYTES, 1)
        if not fds:
            return 0
        try:
            told = answer(fds[0], asked)
        except MemoryError:
            return OUT_OF_MEMORY
        finally:
            os.close(fds[0])
        for packet in packets_of(told):
            end.send(packet)
        if memory.pages() > most_pages or time.process_time() > _MAX_CPU_SECONDS:
            end.send(LEAVING)
            return 0
