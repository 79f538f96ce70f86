"""Each layer of the sandbox alone: what it stops works without it."""

import os
import platform
import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest

from upnpserver.media import landlock, sandbox
from upnpserver.media.seccomp import PROCESSORS

no_landlock = landlock.version() == 0
not_root = os.geteuid() != 0


@dataclass(frozen=True)
class Attempt:
    """Something that a hijacked child would do; before: ahead of the layer."""

    then: str
    before: str = "import os, socket"


CONNECT = Attempt("s = socket.socket(); s.connect(('127.0.0.1', PORT)); s.close()")
CONNECT_HELD = Attempt(
    "s.connect(('127.0.0.1', PORT)); s.close()", "import socket; s = socket.socket()"
)
SOCKET = Attempt("socket.socket().close()")
SOCKET_PAIR = Attempt("for one in socket.socketpair(): one.close()")
RAW_SOCKET = Attempt("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()")
READ_OTHER = Attempt("os.close(os.open('/etc/passwd', os.O_RDONLY))")
LIST_OTHER = Attempt("os.listdir('/etc')")
WRITE = Attempt("os.close(os.open('new', os.O_WRONLY | os.O_CREAT))")
APPEND = Attempt("file.write(b'x'); file.close()", "file = open('a', 'wb', 0)")
EXECUTE = Attempt("os.execv('/bin/true', ['true'])")
FORK = Attempt("os.fork() or os._exit(0)")
THREAD = Attempt("threading.Thread(target=int).start()", "import threading")
SIGNAL = Attempt("os.kill(os.getppid(), 0)")
DELETE = Attempt("os.unlink('a')", "import os; open('a', 'wb').close()")
GAIN_RIGHTS = Attempt("os.setgroups([])")
LIMITS_BACK = Attempt("resource.setrlimit(4, (0, 0))", "import resource")
RUN_DATA = Attempt("mmap.mmap(-1, 4096, prot=5).close()", "import mmap")
MEMORY = Attempt("bytearray(300 << 20)")
MANY_FILES = Attempt("for _ in range(20): os.dup(0)")

DENIED = "PermissionError"

NETWORK = "sandbox.leave_network()"
RIGHTS = "sandbox.drop_capabilities()"
FILES = "sandbox.forbid_new_privileges(); sandbox.restrict_files((mutagen,))"
LIMITS = "sandbox.limit_resources()"
CALLS = "sandbox.forbid_new_privileges(); sandbox.confine_calls()"

needs_root = pytest.mark.skipif(not_root, reason="needs rights to lose")
needs_landlock = pytest.mark.skipif(no_landlock, reason="this kernel has no Landlock")
needs_list = pytest.mark.skipif(
    platform.machine() not in PROCESSORS, reason="no list of calls for this processor"
)


def stopped(layer, attempts, mark=()):
    return [pytest.param(layer, *attempt, marks=mark) for attempt in attempts.items()]


STOPPED = [
    *stopped(NETWORK, {CONNECT: "OSError: [Errno 101]"}),
    *stopped(
        RIGHTS,
        {RAW_SOCKET: DENIED, GAIN_RIGHTS: DENIED},
        needs_root,
    ),
    *stopped(
        FILES,
        dict.fromkeys((READ_OTHER, LIST_OTHER, WRITE, EXECUTE), DENIED),
        needs_landlock,
    ),
    *stopped(
        LIMITS,
        {
            MEMORY: "MemoryError",
            MANY_FILES: "OSError: [Errno 24]",
            APPEND: "OSError: [Errno 27]",
        },
    ),
    *stopped(
        CALLS,
        {
            **dict.fromkeys((CONNECT_HELD, SOCKET, SOCKET_PAIR, RAW_SOCKET), DENIED),
            **dict.fromkeys((WRITE, DELETE, EXECUTE, FORK, SIGNAL, RUN_DATA), DENIED),
            THREAD: "RuntimeError",
            LIMITS_BACK: "ValueError",  # what Python makes of EPERM here
        },
        needs_list,
    ),
]


@pytest.fixture(scope="module")
def port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def outcome(attempt, port, folder, layer=""):
    """Return the last line of the error of an attempt in a process of its own."""
    imports = "import mutagen" if "mutagen" in layer else ""
    closing = f"from upnpserver.media import sandbox; {layer}" if layer else ""
    program = "\n".join((imports, attempt.before, closing, attempt.then))
    done = subprocess.run(
        [sys.executable, "-c", program.replace("PORT", str(port))],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr.strip().rpartition("\n")[2]


@pytest.mark.parametrize(("layer", "attempt", "error"), STOPPED)
def test_stopped_by_this_layer_alone(layer, attempt, error, port, tmp_path):
    assert outcome(attempt, port, tmp_path) == ""
    assert outcome(attempt, port, tmp_path, layer).startswith(error)


@needs_landlock
def test_python_and_the_parsers_stay_readable(port, tmp_path):
    lazily = Attempt("import colorsys; from mutagen import _constants")
    assert outcome(lazily, port, tmp_path, FILES) == ""


THREADS = "sandbox.forbid_new_privileges(); sandbox.confine_calls(threads=True)"


@needs_list
def test_where_threads_are_needed_only_they_are_allowed(port, tmp_path):
    assert outcome(THREAD, port, tmp_path, THREADS) == ""
    for attempt in (FORK, EXECUTE, SOCKET, WRITE):
        assert outcome(attempt, port, tmp_path, THREADS).startswith(DENIED)


def test_a_set_user_id_program_gains_nothing(port, tmp_path):
    told = Attempt("assert 'NoNewPrivs:\\t1' in open('/proc/self/status').read()")
    assert outcome(told, port, tmp_path, "sandbox.forbid_new_privileges()") == ""
    assert outcome(told, port, tmp_path).startswith("AssertionError")


def test_goes_last():
    """Where the processor and the disk are wanted by others."""
    program = "from upnpserver.media import sandbox; import os; before = os.nice(0)\n"
    program += "sandbox.lower_priority(); print(os.nice(0) - before)"
    told = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert int(told.stdout) > 0


def test_a_layer_that_the_kernel_lacks_is_told():
    def refuse():
        raise OSError(38, "Function not implemented")

    layer = sandbox._layer("system calls", refuse)
    assert layer == ("system calls", False, "Function not implemented")
