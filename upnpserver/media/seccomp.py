"""The list of system calls that a probe child may still make; all others fail.

What remains: read what is already open, open more for reading (Landlock says
where), memory, time, and answering on the one socket that it was given. There
is no call left for a new socket, a new program or process, a file to write, a
signal to others, or code in memory that was not there before. A forbidden call
fails with EPERM, so that a library's odd wish is an error, not a death.

program() is pure: the same list as a BPF program for each processor.

Source: seccomp(2); Linux uapi linux/seccomp.h, linux/filter.h, asm/unistd.h.
"""

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass
from typing import Final

_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2

# BPF instructions and seccomp's verdicts.
_LOAD: Final = 0x20  # A = 32 bits of seccomp_data at k
_AND: Final = 0x54  # A &= k
_JUMP_IF_EQUAL: Final = 0x15  # to jt if A == k, else to jf
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_KILL_PROCESS: Final = 0x80000000

# struct seccomp_data: nr, arch, instruction pointer (8 bytes), six arguments of
# 8 bytes; both processors are little-endian.
_NR_AT: Final = 0
_ARCH_AT: Final = 4
_ARGUMENTS_AT: Final = 16

_ALL_BITS: Final = 0xFFFFFFFF
_PROT_EXEC: Final = 0x4
# Anything but O_RDONLY; O_TMPFILE needs one of the writing modes.
_WRITING: Final = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Processor:
    """How one kind of processor is told in seccomp_data, and its call numbers."""

    audit_arch: int
    column: int  # in _CALLS


PROCESSORS: Final = {
    "x86_64": Processor(0xC000003E, 0),
    "aarch64": Processor(0xC00000B7, 1),
}

# name -> numbers on x86_64 and aarch64; None: the processor has no such call.
# The ones that are made for every file come first: the list is walked in order.
_CALLS: Final[dict[str, tuple[int | None, int | None]]] = {
    "pread64": (17, 67),
    "lseek": (8, 62),
    "read": (0, 63),
    "fstat": (5, 80),
    "recvmsg": (47, 212),
    "close": (3, 57),
    "brk": (12, 214),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "futex": (202, 98),
    "getrusage": (98, 165),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "gettimeofday": (96, 169),
    "nanosleep": (35, 101),
    "preadv": (295, 69),
    "readv": (19, 65),
    "recvfrom": (45, 207),
    "write": (1, 64),
    "writev": (20, 66),
    "fadvise64": (221, 223),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "stat": (4, None),
    "lstat": (6, None),
    "access": (21, None),
    "faccessat": (269, 48),
    "getdents64": (217, 61),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "poll": (7, None),
    "ppoll": (271, 73),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "exit": (60, 93),
    "exit_group": (231, 94),
}


@dataclass(frozen=True, slots=True)
class _Condition:
    """A call is allowed if (argument & mask) == value; arguments have 64 bits."""

    numbers: tuple[int | None, int | None]
    argument: int
    mask: int
    value: int = 0


_CONDITIONS: Final = (
    # send(), which is a sendto() without an address.
    _Condition((44, 206), 4, _ALL_BITS << 32 | _ALL_BITS),
    # Memory, but nothing that could be run.
    _Condition((9, 222), 2, _PROT_EXEC),  # mmap
    _Condition((10, 226), 2, _PROT_EXEC),  # mprotect
    _Condition((257, 56), 2, _WRITING),  # openat
    _Condition((2, None), 1, _WRITING),  # open
    # prlimit64 to read a limit, not to set one.
    _Condition((302, 261), 2, _ALL_BITS << 32 | _ALL_BITS),
)
# More that a process needs to become another program, which loads its libraries:
# Landlock says which program, and from where.
_PROGRAM_CALLS: Final[dict[str, tuple[int | None, int | None]]] = {
    "execve": (59, 221),
    "arch_prctl": (158, None),
    "set_tid_address": (218, 96),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "fcntl": (72, 25),
    "dup": (32, 23),
    "select": (23, None),
    "pselect6": (270, 72),
    "getgroups": (115, 158),
}
# What a program needs that works with devices: the conditions on opening are off,
# Landlock says which devices there are.
_DEVICE_CALLS: Final[dict[str, tuple[int | None, int | None]]] = {
    "ioctl": (16, 29),
    "openat": (257, 56),
    "open": (2, None),
}
_TGKILL: Final = (234, 131)  # to itself only: abort()
_CLONE: Final = (56, 220)
_CLONE_THREAD: Final = 0x00010000

# The C library falls back to an older call, which is then decided above.
_ABSENT: Final = (435, 437)  # clone3, openat2: the same numbers everywhere

Instruction = tuple[int, int, int, int]  # code, jump if true, if false, k


def program(
    processor: Processor,
    own_pid: int,
    *,
    threads: bool = False,
    becomes: bool = False,
    devices: bool = False,
) -> list[Instruction]:
    """Return the filter for a process that is this one.

    threads: it may start more of its own, to which the filter applies too.
    becomes: it may become another program. devices: it may work with devices.
    """
    column = processor.column
    calls = {**_CALLS, **(_PROGRAM_CALLS if becomes else {})}
    calls |= _DEVICE_CALLS if devices else {}
    lines: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_IF_EQUAL, 1, 0, processor.audit_arch),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NR_AT),
    ]
    for numbers in calls.values():
        lines += _on_call(numbers[column], [(_RETURN, 0, 0, _ALLOW)])
    itself = _Condition(_TGKILL, 0, _ALL_BITS, own_pid)
    own_thread = _Condition(_CLONE, 0, _CLONE_THREAD, _CLONE_THREAD)
    for condition in (*_CONDITIONS, itself, *([own_thread] if threads else [])):
        lines += _on_call(condition.numbers[column], _allow_if(condition))
    for number in _ABSENT:
        lines += _on_call(number, [(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)])
    lines.append((_RETURN, 0, 0, _ERRNO | errno.EPERM))
    return lines


def install(
    *, threads: bool = False, becomes: bool = False, devices: bool = False
) -> None:
    """Confine this process for good; PR_SET_NO_NEW_PRIVS must be set.

    threads, becomes, devices: see program().

    Raises OSError where the kernel or processor does not support it.
    """
    processor = PROCESSORS.get(platform.machine())
    if processor is None:
        raise OSError(errno.ENOSYS, f"no list of calls for {platform.machine()}")
    lines = program(
        *(processor, os.getpid()), threads=threads, becomes=becomes, devices=devices
    )
    code = b"".join(struct.pack("=HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(lines), ctypes.addressof(buffer))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_SECCOMP, _MODE_FILTER, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _on_call(number: int | None, body: list[Instruction]) -> list[Instruction]:
    """Return a test for the call, which A holds; body ends with a verdict."""
    if number is None:
        return []
    return [(_JUMP_IF_EQUAL, 0, len(body), number), *body]


def _allow_if(condition: _Condition) -> list[Instruction]:
    at = _ARGUMENTS_AT + 8 * condition.argument
    halves = [(at, condition.mask & _ALL_BITS, condition.value & _ALL_BITS)]
    if condition.mask >> 32:
        halves.append((at + 4, condition.mask >> 32, condition.value >> 32))
    lines: list[Instruction] = []
    for number, (offset, mask, value) in enumerate(halves, start=1):
        to_refusal = 3 * (len(halves) - number) + 1
        lines += [
            (_LOAD, 0, 0, offset),
            (_AND, 0, 0, mask),
            (_JUMP_IF_EQUAL, 0, to_refusal, value),
        ]
    return [*lines, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
