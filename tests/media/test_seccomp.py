import errno
import os

import pytest

from upnpserver.media.seccomp import PROCESSORS, program

PID = 4321
ALLOW, KILL = "allow", "kill"
# The calls of the tests, by processor: from the kernel's asm/unistd.h.
NUMBERS = {
    "x86_64": {
        "read": 0,
        "write": 1,
        "open": 2,
        "mmap": 9,
        "mprotect": 10,
        "ioctl": 16,
        "pread64": 17,
        "socket": 41,
        "connect": 42,
        "accept": 43,
        "sendto": 44,
        "sendmsg": 46,
        "recvmsg": 47,
        "bind": 49,
        "socketpair": 53,
        "clone": 56,
        "fork": 57,
        "vfork": 58,
        "execve": 59,
        "kill": 62,
        "ptrace": 101,
        "setrlimit": 160,
        "unlink": 87,
        "chmod": 90,
        "tkill": 200,
        "tgkill": 234,
        "openat": 257,
        "unshare": 272,
        "prlimit64": 302,
        "memfd_create": 319,
        "execveat": 322,
        "io_uring_setup": 425,
        "pidfd_open": 434,
        "clone3": 435,
        "openat2": 437,
        "process_vm_readv": 310,
        "setns": 308,
        "keyctl": 250,
    },
    "aarch64": {
        "read": 63,
        "write": 64,
        "mmap": 222,
        "mprotect": 226,
        "ioctl": 29,
        "pread64": 67,
        "socket": 198,
        "connect": 203,
        "accept": 202,
        "sendto": 206,
        "sendmsg": 211,
        "recvmsg": 212,
        "bind": 200,
        "socketpair": 199,
        "clone": 220,
        "execve": 221,
        "kill": 129,
        "ptrace": 117,
        "setrlimit": 164,
        "unlinkat": 35,
        "fchmodat": 53,
        "tkill": 130,
        "tgkill": 131,
        "openat": 56,
        "unshare": 97,
        "prlimit64": 261,
        "memfd_create": 279,
        "execveat": 281,
        "io_uring_setup": 425,
        "pidfd_open": 434,
        "clone3": 435,
        "openat2": 437,
        "process_vm_readv": 270,
        "setns": 268,
        "keyctl": 219,
    },
}
LOAD, AND, JUMP_IF_EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06


def verdict(lines, arch, number, arguments=()):
    """Run the BPF program on one system call, as the kernel does."""
    data = [number, arch, 0, 0]
    for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6]:
        data += [argument & 0xFFFFFFFF, argument >> 32 & 0xFFFFFFFF]
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, k = lines[at]
        at += 1
        if code == LOAD:
            accumulator = data[k // 4]
        elif code == AND:
            accumulator &= k
        elif code == JUMP_IF_EQUAL:
            at += if_true if accumulator == k else if_false
        else:
            assert code == RETURN
            return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(k, k & 0xFFFF)


@pytest.fixture(params=["x86_64", "aarch64"])
def ask(request):
    """Return a function: name of a call, arguments -> the filter's verdict."""
    processor = PROCESSORS[request.param]
    lines = program(processor, PID)

    def decide(name, *arguments):
        number = NUMBERS[request.param][name]
        return verdict(lines, processor.audit_arch, number, arguments)

    return decide


FORBIDDEN = (
    *("socket", "socketpair", "connect", "bind", "accept", "sendmsg", "ioctl"),
    *("execve", "execveat", "clone", "kill", "tkill", "ptrace", "unshare", "setns"),
    *("setrlimit", "memfd_create", "io_uring_setup", "pidfd_open", "keyctl"),
    "process_vm_readv",
)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden(ask, name):
    assert ask(name) == errno.EPERM


@pytest.mark.parametrize("name", ["fork", "vfork", "unlink", "chmod"])
def test_forbidden_by_their_old_names(name):
    processor = PROCESSORS["x86_64"]
    lines = program(processor, PID)
    number = NUMBERS["x86_64"][name]
    assert verdict(lines, processor.audit_arch, number) == errno.EPERM


@pytest.mark.parametrize("name", ["read", "pread64", "write", "recvmsg"])
def test_allowed(ask, name):
    assert ask(name) == ALLOW


@pytest.mark.parametrize("name", ["clone3", "openat2"])
def test_absent_so_that_the_older_call_is_asked(ask, name):
    assert ask(name) == errno.ENOSYS


READ, WRITE, EXECUTE = 1, 2, 4
CONDITIONAL = [
    ("sendto", (3, 0x7FFF_0000_1000, 5, 0, 0, 0), ALLOW),
    ("sendto", (3, 0x7FFF_0000_1000, 5, 0, 0x1000, 16), errno.EPERM),
    ("sendto", (3, 0x7FFF_0000_1000, 5, 0, 0x7F_0000_0000, 16), errno.EPERM),
    ("mmap", (0, 4096, READ | WRITE), ALLOW),
    ("mmap", (0, 4096, READ | EXECUTE), errno.EPERM),
    ("mprotect", (0x7FFF_0000_1000, 4096, READ), ALLOW),
    ("mprotect", (0x7FFF_0000_1000, 4096, EXECUTE), errno.EPERM),
    ("openat", (-100 % 2**64, 0x1000, os.O_RDONLY | os.O_CLOEXEC), ALLOW),
    ("openat", (-100 % 2**64, 0x1000, os.O_WRONLY), errno.EPERM),
    ("openat", (-100 % 2**64, 0x1000, os.O_RDWR), errno.EPERM),
    ("openat", (-100 % 2**64, 0x1000, os.O_CREAT), errno.EPERM),
    ("openat", (-100 % 2**64, 0x1000, os.O_TRUNC), errno.EPERM),
    ("prlimit64", (0, 7, 0, 0x1000), ALLOW),
    ("prlimit64", (0, 7, 0x1000, 0), errno.EPERM),
    ("prlimit64", (0, 7, 0x7F_0000_0000, 0), errno.EPERM),
    ("tgkill", (PID, PID, 6), ALLOW),
    ("tgkill", (PID + 1, PID, 6), errno.EPERM),
    ("tgkill", (1, 1, 9), errno.EPERM),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), CONDITIONAL)
def test_what_the_arguments_decide(ask, name, arguments, expected):
    assert ask(name, *arguments) == expected


def test_only_o_rdonly_by_the_old_open():
    processor = PROCESSORS["x86_64"]
    lines = program(processor, PID)
    for flags, expected in ((os.O_RDONLY, ALLOW), (os.O_WRONLY, errno.EPERM)):
        assert verdict(lines, processor.audit_arch, 2, (0, flags)) == expected


@pytest.mark.parametrize("name", PROCESSORS)
def test_calls_of_another_processor_end_the_process(name):
    lines = program(PROCESSORS[name], PID)
    i386 = 0x40000003
    assert verdict(lines, i386, 3) == KILL


def test_calls_of_the_x32_kind_are_forbidden():
    processor = PROCESSORS["x86_64"]
    lines = program(processor, PID)
    assert verdict(lines, processor.audit_arch, 0x40000000 | 0) == errno.EPERM


@pytest.mark.parametrize("name", PROCESSORS)
def test_no_number_beyond_the_few_that_are_named(name):
    """Of all calls that Linux has, so many are allowed without a condition."""
    processor = PROCESSORS[name]
    lines = program(processor, PID)
    allowed = [
        n for n in range(600) if verdict(lines, processor.audit_arch, n) == ALLOW
    ]
    assert len(allowed) < 65
    assert not set(NUMBERS[name].values()) & set(allowed) - {
        NUMBERS[name][call]
        for call in (
            *("read", "write", "pread64", "recvmsg", "sendto", "mmap", "mprotect"),
            *("openat", "prlimit64", "open"),
        )
        if call in NUMBERS[name]
    }


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_threads_where_they_are_needed_but_no_processes(machine):
    processor, clone = PROCESSORS[machine], NUMBERS[machine]["clone"]
    thread, process = 0x003D0F00, 0x01200011  # what the C library's flags are

    def verdicts(**how):
        lines = program(processor, PID, **how)
        return [
            verdict(lines, processor.audit_arch, clone, (flags,))
            for flags in (thread, process)
        ]

    assert verdicts(threads=True) == [ALLOW, errno.EPERM]
    assert verdicts() == [errno.EPERM, errno.EPERM]
