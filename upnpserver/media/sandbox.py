"""What keeps a probe child harmless, whatever the file that it reads does to it.

Layers, each of which holds alone: no way to gain rights; no network to reach;
no file to open; limits on memory, time, files; a short list of system calls.
A kernel that lacks one is told in the report, and the others remain.

Reference security.md requirement 19; prctl(2), unshare(2), setrlimit(2),
capset(2), ioprio_set(2).
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

from upnpserver.media import landlock, seccomp

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_NEWNET: Final = 0x40000000
_CLONE_NEWUSER: Final = 0x10000000
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_IOPRIO_SET: Final = {"x86_64": 251, "aarch64": 30}
_CAPABILITY_VERSION_3: Final = 0x20080522
_BEST_EFFORT_LAST: Final = 2 << 13 | 7  # after every other reader of the disk
_WHEN_IDLE: Final = 3 << 13

# Measured: 61 MiB of addresses with all parsers loaded and after every kind of
# file; the rest is for tags that hold many pictures.
MEMORY_BYTES: Final = 256 << 20
# For a child's whole life: it leaves long before (child.py), and the wall clock
# of the pool ends a single file sooner.
CPU_SECONDS: Final = 120
_OPEN_FILES: Final = 16
_NICE: Final = 10
# A program has libraries that it opens at its start, one after the other.
_PROGRAM_FILES: Final = 64
_NICEST: Final = 19
# Where a system keeps libraries, and the list of them.
_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_LIST_OF_LIBRARIES: Final = "/etc/ld.so.cache"
# What starts a program: the paths are part of each processor's ABI.
_LOADERS: Final = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")

_libc = ctypes.CDLL(None, use_errno=True)


class Layer(NamedTuple):
    """One layer of the sandbox; detail says how it holds, or why it does not."""

    name: str
    holds: bool
    detail: str


def enter(
    packages: tuple[ModuleType, ...],
    memory_bytes: int = MEMORY_BYTES,
    *,
    threads: bool = False,
) -> list[Layer]:
    """Shut this process in, and let it end with the one that started it.

    packages: whose folders may still be read, besides Python's own library.
    memory_bytes: of addresses. threads: it may start threads of its own.
    """
    os.chdir("/")
    lower_priority()
    layers = [
        _layer("network namespace", leave_network),  # needs the rights that go next
        _layer("no capabilities", drop_capabilities),
        _layer("no new privileges", forbid_new_privileges),
        _layer("files", lambda: restrict_files(packages)),
        _layer("resource limits", lambda: limit_resources(memory_bytes)),
    ]
    die_with_parent()  # a change of rights had undone it
    return [*layers, _layer("system calls", lambda: confine_calls(threads=threads))]


def enter_program(
    program: Path,
    file: Path,
    memory_bytes: int,
    cpu_seconds: int,
    devices: Sequence[Path] = (),
) -> list[Layer]:
    """Shut this process in, which is about to become a program.

    program: what it becomes, by its path without links. file: the only one that
    it may open, besides the system's libraries. devices: with which it may work.
    """
    os.chdir("/")
    lower_priority(_NICEST, _WHEN_IDLE)
    libraries = [*map(Path, _LIBRARIES), program.parents[1] / "lib"]
    files = (file, Path(_LIST_OF_LIBRARIES))
    programs = [program, *(Path(loader).resolve() for loader in _LOADERS)]

    def restrict() -> str:
        landlock.restrict(libraries, files, programs, devices)
        return _landlock_version()

    def limit() -> str:
        return limit_resources(memory_bytes, cpu_seconds, _PROGRAM_FILES)

    def confine() -> str:
        seccomp.install(threads=True, becomes=True, devices=bool(devices))
        return "allow list"

    layers = [
        _layer("network namespace", leave_network),
        _layer("no capabilities", drop_capabilities),
        _layer("no new privileges", forbid_new_privileges),
        _layer("files", restrict),
        _layer("resource limits", limit),
    ]
    die_with_parent()
    return [*layers, _layer("system calls", confine)]


def _layer(name: str, enter: Callable[[], str]) -> Layer:
    try:
        return Layer(name, holds=True, detail=enter())
    except OSError as error:
        return Layer(name, holds=False, detail=error.strerror or str(error))


def die_with_parent() -> None:
    """Let the kernel end this process when the one that started it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def forbid_new_privileges() -> str:
    """Make set-user-id programs powerless; seccomp and Landlock need it."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    return "set"


def leave_network() -> str:
    """Move to a network namespace that has no interface."""
    if _libc.unshare(_CLONE_NEWNET) == 0:
        return "own namespace"
    _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET))
    return "own namespace, by way of a user namespace"


def drop_capabilities() -> str:
    """Give up all rights that root, or the user namespace, lent."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _check(_libc.syscall(_number(_CAPSET), header, bytes(24)))
    return "dropped"


def restrict_files(packages: tuple[ModuleType, ...]) -> str:
    """Let nothing be opened but Python's library and these packages."""
    paths = sysconfig.get_paths()
    folders = {Path(paths["stdlib"]), Path(paths["platstdlib"])}
    folders |= {Path(one) for package in packages for one in package.__path__}
    landlock.restrict(folders)
    return _landlock_version()


def _landlock_version() -> str:
    return f"Landlock version {landlock.version()}"


def limit_resources(
    memory_bytes: int = MEMORY_BYTES,
    cpu_seconds: int = CPU_SECONDS,
    open_files: int = _OPEN_FILES,
) -> str:
    """Bound memory, processor time and open files; forbid writing and dumps."""
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    return f"{memory_bytes >> 20} MiB of addresses"


def confine_calls(*, threads: bool = False) -> str:
    """Forbid all system calls but those that reading needs."""
    seccomp.install(threads=threads)
    return "allow list"


def lower_priority(nice: int = _NICE, io_class: int = _BEST_EFFORT_LAST) -> None:
    """Let the server and everything else go first, where that is allowed."""
    with contextlib.suppress(OSError):
        os.nice(nice)
    with contextlib.suppress(OSError):
        _check(_libc.syscall(_number(_IOPRIO_SET), 1, 0, io_class))


def _number(calls: dict[str, int]) -> int:
    try:
        return calls[platform.machine()]
    except KeyError:
        raise OSError(38, f"not known for {platform.machine()}") from None


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
