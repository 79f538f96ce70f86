"""Landlock: of all files on the disks a probe child can open a few folders only.

The media file itself needs no rule: it comes as an open descriptor.

Source: landlock(7); Linux uapi linux/landlock.h.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_CREATE_RULESET: Final = 444  # these have the same numbers on every processor
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1

_EXECUTE: Final = 1 << 0
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_WRITE_FILE: Final = 1 << 1
_IOCTL_SINCE, _IOCTL = 5, 1 << 15
# All rights on files that the first version knows, and those that came later.
_RIGHTS: Final = (1 << 13) - 1
_LATER_RIGHTS: Final = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}  # refer, truncate, ioctl
_TCP: Final = 3  # bind and connect; from version 4
_SCOPES: Final = 3  # abstract Unix sockets, signals to others; from version 6
_O_PATH: Final = os.O_PATH | os.O_CLOEXEC


def version() -> int:
    """Return the kernel's version of Landlock, 0 where it has none."""
    return max(0, _call(_CREATE_RULESET, None, 0, _ASK_VERSION))


def restrict(
    readable: Iterable[Path],
    files: Iterable[Path] = (),
    programs: Iterable[Path] = (),
    devices: Iterable[Path] = (),
) -> None:
    """Confine this process to reading what is below these folders, for good.

    files: single ones to be read too. programs: files to be run. devices: to work
    with. What doesn't exist is left out. PR_SET_NO_NEW_PRIVS must be set.

    Raises OSError where the kernel does not do it.
    """
    known = version()
    later = (right for since, right in _LATER_RIGHTS.items() if since <= known)
    rights = _RIGHTS | sum(later)
    words = [rights] + [_TCP] * (known >= 4) + [_SCOPES] * (known >= 6)
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = _checked(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for folder in readable:
            if folder.is_dir():
                _allow(ruleset, folder, _READ_FILE | _READ_DIR)
        for file in files:
            if file.is_file():
                _allow(ruleset, file, _READ_FILE)
        for program in programs:
            if program.is_file():
                _allow(ruleset, program, _READ_FILE | _EXECUTE)
        used = _READ_FILE | _WRITE_FILE | (_IOCTL if known >= _IOCTL_SINCE else 0)
        for device in devices:
            if device.is_char_device():
                _allow(ruleset, device, used)
                _allow(ruleset, device.parent, _READ_DIR)
        _checked(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    fd = os.open(path, _O_PATH)
    try:
        rule = struct.pack("=Qi", rights, fd)
        _checked(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(fd)


def _checked(number: int, *arguments: int | bytes | None) -> int:
    result = _call(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _call(number: int, *arguments: int | bytes | None) -> int:
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return int(syscall(ctypes.c_long(number), *wide))
