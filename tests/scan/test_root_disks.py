import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.scan.disks import disk_at, is_at, tells_all
from upnpserver.scan.mountinfo import Mount, mount_of, parse_mounts

MOUNTINFO = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 27 0:40 / /mnt/my\040disk rw shared:2 master:3 - nfs4 nas:/a\040b rw,vers=4
41 27 8:17 /sub /mnt/disk rw - vfat /dev/sdb1 rw
42 41 8:33 / /mnt/disk rw - exfat /dev/sdc1 rw
nonsense
"""
ROOT = Mount(b"/", "ext4", "/dev/sda1")
NAS = Mount(b"/mnt/my disk", "nfs4", "nas:/a b")
COVERING = Mount(b"/mnt/disk", "exfat", "/dev/sdc1")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/srv/media", ROOT),
        (b"/", ROOT),
        (b"/mnt/my disk", NAS),
        (b"/mnt/my disk/a", NAS),
        (b"/mnt/my diskette", ROOT),
        (b"/mnt/disk/a", COVERING),
    ],
)
def test_finds_the_mount_of_a_path(path, expected):
    assert mount_of(path, parse_mounts(MOUNTINFO)) == expected


@given(st.binary())
def test_any_mountinfo_is_read(mountinfo):
    assert mount_of(b"/srv", parse_mounts(mountinfo)).point


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *[(kind, True) for kind in ("ext4", "vfat", "fuseblk", "overlay", "btrfs")],
        *[(kind, False) for kind in ("nfs4", "cifs", "fuse.sshfs", "fuse", "9p")],
    ],
)
def test_which_file_systems_tell_of_all_changes(kind, expected):
    assert tells_all(kind) is expected


def test_a_folder_is_itself_after_it_was_away_and_no_other(tmp_path):
    folder, away = tmp_path / "a", tmp_path / "b"
    folder.mkdir()
    disk = disk_at(os.fsencode(folder))
    assert is_at(os.fsencode(folder), disk)
    folder.rename(away)
    assert disk_at(os.fsencode(folder)) is None
    assert not is_at(os.fsencode(folder), disk)
    folder.mkdir()
    assert disk_at(os.fsencode(folder)).identity != disk.identity
    assert not is_at(os.fsencode(folder), disk)
    folder.rmdir()
    away.rename(folder)
    assert disk_at(os.fsencode(folder)) == disk


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert disk_at(os.fsencode(tmp_path / "file")) is None
