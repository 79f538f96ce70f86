"""Open a file of a library without ever leaving the library's folder.

The kernel walks the path by openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS):
links that stay inside work, "..", absolute links and /proc's magic links that
lead out don't. Where the owner lets links lead out of a folder, absolute ones and
those that do are followed too, but for magic links. Without that call (before
Linux 5.6, or forbidden by a sandbox) each step is opened with O_NOFOLLOW, so that no
link works at all.

open_beneath() blocks as long as the disk needs: never called in the reactor.
open_if_known() asks the kernel's memory of names only (RESOLVE_CACHED, Linux 5.12).

Source: openat2(2); reference security.md requirements 7 and 8.
"""

import ctypes
import errno
import os
import stat

from upnpserver.errors import UnsafePath

_SYS_OPENAT2 = 437  # the same number on every architecture of Linux
_RESOLVE_NO_XDEV = 0x01
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08
_RESOLVE_CACHED = 0x20
_AT_FDCWD = -100

# O_NONBLOCK: the open of a FIFO must not wait for a writer.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC

# EAGAIN: something was renamed during the walk; openat2(2) says to try again.
_TRIES = 8
_NO_SUCH_CALL = frozenset({errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.E2BIG})
_LED_OUT = frozenset({errno.EXDEV, errno.ELOOP})


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


_INSIDE = _OpenHow(_READ, 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
_ANYWHERE = _OpenHow(_READ, 0, _RESOLVE_NO_MAGICLINKS)
_KNOWN_FOLDER = _OpenHow(_FOLDER, 0, _RESOLVE_CACHED)
_KNOWN_INSIDE = _OpenHow(
    _READ,
    0,
    _RESOLVE_CACHED | _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_XDEV,
)
_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long


def open_beneath(
    root: bytes, relative_path: bytes, *, follows_out: bool = False
) -> int:
    """Return a descriptor to read the regular file root/relative_path.

    follows_out: links may lead out of root. The caller closes it. root itself
    may be a link. Raises UnsafePath when the path leads out of root or names no
    regular file, and OSError as open(2) does (FileNotFoundError, PermissionError,
    ...): UnsafePath is an OSError.
    """
    _check(relative_path)
    root_fd = os.open(root, _FOLDER)
    try:
        fd = _open_below(root_fd, relative_path, follows_out=follows_out)
    except OSError as error:
        if error.errno in _LED_OUT:
            raise UnsafePath(error.errno, "leads out of its folder") from None
        raise
    finally:
        os.close(root_fd)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise UnsafePath(errno.EINVAL, "not a regular file")
    except OSError:
        os.close(fd)
        raise
    return fd


def open_if_known(root: bytes, relative_path: bytes) -> int | None:
    """Return what open_beneath() does, None if that is not to be had at once.

    Nothing is read from a disk to find it. Only for a root on a local file system:
    others ask somebody else when a file is opened. A file on another file system,
    mounted below root, is not known.
    """
    try:
        _check(relative_path)
        root_fd = _openat2(_AT_FDCWD, root, _KNOWN_FOLDER, tries=1)
    except OSError:
        return None
    try:
        fd = _openat2(root_fd, relative_path, _KNOWN_INSIDE, tries=1)
    except OSError:
        return None
    finally:
        os.close(root_fd)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def _check(relative_path: bytes) -> None:
    steps = relative_path.split(b"/")
    if b"" in steps or b"." in steps or b".." in steps or b"\0" in relative_path:
        raise UnsafePath(errno.EINVAL, "not a path below a folder")


def _open_below(root_fd: int, relative_path: bytes, *, follows_out: bool) -> int:
    try:
        return _openat2(root_fd, relative_path, _ANYWHERE if follows_out else _INSIDE)
    except OSError as error:
        if error.errno not in _NO_SUCH_CALL:
            raise
        return _open_by_steps(root_fd, relative_path)


def _openat2(
    root_fd: int, relative_path: bytes, how: _OpenHow, tries: int = _TRIES
) -> int:
    for _ in range(tries):
        fd = _syscall(
            ctypes.c_long(_SYS_OPENAT2),
            ctypes.c_int(root_fd),
            ctypes.c_char_p(relative_path),
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        if fd >= 0:
            return int(fd)
        code = ctypes.get_errno()
        if code not in {errno.EAGAIN, errno.EINTR}:
            break
    raise OSError(code, os.strerror(code))


def _open_by_steps(root_fd: int, relative_path: bytes) -> int:
    *folders, name = relative_path.split(b"/")
    at = os.dup(root_fd)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name, _READ | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)
