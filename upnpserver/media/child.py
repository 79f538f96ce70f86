"""A probe child: reads one file after the other for the scanner, shut in.

    python -m upnpserver.media.child FD

FD is its end of a SOCK_SEQPACKET pair; answers.py tells what is said there. It
imports all parsers, closes its sandbox, and only then receives the first file.
It ends when the other end closes, however the scanner ended.
"""

import gc
import importlib
import importlib.util
import json
import mimetypes
import os
import resource
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Final

import mutagen

import upnpserver
from upnpserver.errors import ProbeError
from upnpserver.media import sandbox
from upnpserver.media.answers import facts_answer, problem_answer
from upnpserver.media.charset import CHARSETS
from upnpserver.media.packets import (
    LEAVING,
    MAX_PATH_BYTES,
    OUT_OF_MEMORY,
    SHUT_IN,
    packets_of,
)
from upnpserver.media.probe import probe
from upnpserver.model import MediaFacts

Probe = Callable[[int, str], MediaFacts]

# guessit and what it needs are loaded late or never: see naming_guess.py.
_LATE: Final = ("guessit", "rebulk", "babelfish", "dateutil")
# Python imports the codec of a charset when a tag first needs it; those of East
# Asia are code in C.
_CHARSETS: Final = (
    *("latin-1", "cp1252", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"),
    *CHARSETS,
)

# A child that has grown by so much, or worked for so long, is replaced.
_MAX_GROWTH_BYTES: Final = 48 << 20
_MAX_CPU_SECONDS: Final = 60


def main(fd: int, probe_file: Probe = probe) -> int:
    """Serve until the scanner closes its end; return the exit code.

    probe_file: for tests.
    """
    for charset in _CHARSETS:
        "".encode(charset)
    # No file of the system's and no code of C can be loaded later.
    mimetypes.init()
    importlib.import_module("_csv")
    with socket.socket(fileno=fd) as end:
        gc.freeze()  # what is imported is never rubbish: not to be looked through
        _let_go_of_all_but(fd)
        memory = _Memory()
        layers = sandbox.enter((mutagen, upnpserver, *_not_loaded(_LATE)))
        try:
            end.send(SHUT_IN + json.dumps(layers).encode("ascii"))
            return _serve(end, probe_file, memory)
        except (BrokenPipeError, ConnectionResetError):
            return 0  # the scanner is gone


def _not_loaded(names: Iterable[str]) -> Iterator[ModuleType]:
    """Yield packages that tell where they lie, without running their code."""
    for name in names:
        if spec := importlib.util.find_spec(name):
            yield importlib.util.module_from_spec(spec)


def _let_go_of_all_but(fd: int) -> None:
    """Keep no descriptor but this one; 0 to 2 lead nowhere."""
    os.dup2(0, 2)  # until now an import error had a place to be read
    os.closerange(3, fd)
    os.closerange(fd + 1, os.sysconf("SC_OPEN_MAX"))


class _Memory:
    """How much of the machine's memory this process takes.

    Not by getrusage(): that begins with what the scanner had, and only grows.
    """

    def __init__(self) -> None:
        # Opened now: the sandbox will not let it be opened.
        self._fd = os.open("/proc/self/statm", os.O_RDONLY)

    def pages(self) -> int:
        return int(os.pread(self._fd, 64, 0).split()[1])


def _serve(end: socket.socket, probe_file: Probe, memory: _Memory) -> int:
    """Answer for one file after the other; return the child's exit code."""
    most_pages = memory.pages() + _MAX_GROWTH_BYTES // resource.getpagesize()
    while True:
        path, fds, _, _ = socket.recv_fds(end, MAX_PATH_BYTES, 1)
        if not fds:
            return 0
        try:
            answer = _answer(fds[0], path, probe_file)
        except MemoryError:
            return OUT_OF_MEMORY
        finally:
            os.close(fds[0])
        for packet in packets_of(answer):
            end.send(packet)
        if memory.pages() > most_pages or time.process_time() > _MAX_CPU_SECONDS:
            end.send(LEAVING)
            return 0


def _answer(fd: int, path: bytes, probe_file: Probe) -> bytes:
    try:
        return facts_answer(probe_file(fd, path.decode("utf-8", "replace")))
    except ProbeError as error:
        return problem_answer(str(error))


if __name__ == "__main__":
    os._exit(main(int(sys.argv[1])))  # no clean-up code of any library
