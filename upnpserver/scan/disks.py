"""Which disk lies at a root's path: told by what is the same after it was away.

A mount point without its disk, another stick in the same socket and a folder
that was swapped are at the same path and are not the same library. Device
numbers change with each boot, so the identity is made of what the file system
carries itself. A wrong "another one" costs a new reading of the files, a wrong
"the same" costs that for both: neither loses what belongs to the household.

Blocks as long as the disk needs.

Source: statfs(2), fs/*/super.c of Linux 6.12 for what
f_fsid is made of.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from upnpserver.scan.mountinfo import mount_of, read_mounts

# f_fsid comes from the UUID; elsewhere it is often the device's number.
_FSID_IS_UUID = {"ext2", "ext3", "ext4", "btrfs", "zfs", "bcachefs"}
# Numbers of inodes stay over mounts; elsewhere they are made up or borrowed.
_INODES_STAY = _FSID_IS_UUID | {"xfs", "f2fs", "jfs", "tmpfs"}
# Others change files behind the kernel's back: events tell of our own only.
_SHARED = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "virtiofs"}
_LOCAL_FUSE = {"fuseblk", "fuse.ntfs-3g", "fuse.exfat"}
_UUID = re.compile(r"^E:ID_FS_UUID=(\S+)$", re.MULTILINE)
_SAFE_BYTES = 4096  # of a udev record


@dataclass(frozen=True, slots=True)
class Disk:
    """What lies at a path. kind: of file system, such as "ext4".

    tells_all: the kernel sees every change. at: device and inode, to see
    quickly whether it still is there.
    """

    identity: str
    kind: str
    tells_all: bool
    at: tuple[int, int]


def disk_at(path: bytes) -> Disk | None:
    """Return what lies at a path, None if there is no folder."""
    try:
        status = os.stat(path)  # noqa: PTH116  bytes
        if not stat.S_ISDIR(status.st_mode):
            return None
        mount = mount_of(os.path.realpath(path), read_mounts())
        fsid = os.statvfs(path).f_fsid
    except OSError:
        return None
    if mount.kind in _FSID_IS_UUID:
        name = f"{fsid:x}"
    elif mount.kind == "tmpfs":
        name = f"{fsid:x}-{status.st_dev}"
    else:
        name = _uuid_of(status.st_dev) or mount.source
    inode = f":{status.st_ino}" if mount.kind in _INODES_STAY else ""
    return Disk(
        f"{mount.kind}:{name}{inode}",
        mount.kind,
        tells_all(mount.kind),
        (status.st_dev, status.st_ino),
    )


def is_at(path: bytes, disk: Disk) -> bool:
    """Tell whether the disk still lies at the path."""
    try:
        status = os.stat(path)  # noqa: PTH116  bytes
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == disk.at


def tells_all(kind: str) -> bool:
    """Tell whether the kernel sees each change on such a file system."""
    is_fuse = kind.startswith("fuse") and kind not in _LOCAL_FUSE
    return not is_fuse and kind not in _SHARED


def _uuid_of(device: int) -> str:
    """Return the UUID that udev has read from a block device, "" if it has not."""
    name = f"b{os.major(device)}:{os.minor(device)}"
    try:
        with Path("/run/udev/data", name).open(encoding="utf-8") as record:
            found = _UUID.search(record.read(_SAFE_BYTES))
    except (OSError, ValueError):
        return ""
    return found[1] if found else ""
