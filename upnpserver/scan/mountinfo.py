"""What is mounted where, as the kernel tells it in /proc/self/mountinfo.

Reading that touches no disk. Source: proc_pid_mountinfo(5).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOUNTINFO: Final = "/proc/self/mountinfo"
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo."""

    point: bytes
    kind: str
    source: str


def read_mounts() -> list[Mount]:
    """Return what this process sees mounted, in the order of mounting."""
    return parse_mounts(Path(MOUNTINFO).read_bytes())


def parse_mounts(mountinfo: bytes) -> list[Mount]:
    """Return the mounts of a mountinfo file; lines that are none are left out."""
    mounts = []
    for line in mountinfo.splitlines():
        more = line.partition(b" - ")[2].split(b" ")
        point = mount_point(line)
        if point and len(more) >= 2:
            kind, source = (
                _plain(word).decode("utf-8", "replace") for word in more[:2]
            )
            mounts.append(Mount(point, kind, source))
    return mounts


def mount_point(line: bytes) -> bytes:
    """Return where the mount of one line lies, empty if it is no such line."""
    words = line.partition(b" - ")[0].split(b" ")
    return _plain(words[4]) if len(words) >= 5 else b""


def mount_of(real_path: bytes, mounts: list[Mount]) -> Mount:
    """Return the mount that a path without links lies on."""
    found = Mount(b"/", "", "")
    for mount in mounts:
        is_on_it = (real_path + b"/").startswith(mount.point.rstrip(b"/") + b"/")
        if is_on_it and len(mount.point) >= len(found.point):  # the last covers
            found = mount
    return found


def _plain(word: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), word)
