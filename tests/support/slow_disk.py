"""A disk of its own that gives a process only so many bytes a second.

An ext4 file system in a file, on a loop device, throttled by the kernel's block
layer (cgroup v1, blkio). Needs root, a loop device and that controller; without
them the test skips and says what is missing.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_THROTTLES = Path("/sys/fs/cgroup/blkio")
_LIMIT = "blkio.throttle.read_bps_device"


class SlowDisk:
    """A mounted disk. folder: where."""

    def __init__(self, folder: Path, device: str, group: Path) -> None:
        self.folder, self._device, self._group = folder, device, group

    def slow_down(self, pid: int, bytes_a_second: int) -> None:
        """Let a process, and those that it starts, read no faster than that."""
        number = Path("/sys/block", Path(self._device).name, "dev").read_text().strip()
        (self._group / _LIMIT).write_text(f"{number} {bytes_a_second}")
        (self._group / "cgroup.procs").write_text(str(pid))

    def cool_down(self) -> None:
        """Let nothing of its files be in memory."""
        os.sync()
        for path in self.folder.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextlib.contextmanager
def slow_disk(scratch: Path, megabytes: int) -> Iterator[SlowDisk]:
    """Make a disk, and take it down when everybody has let go of it."""
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not installed")
    if not (_THROTTLES / _LIMIT).exists():
        pytest.skip("the kernel's blkio throttle (cgroup v1) can't be used here")
    image, folder = scratch / "disk.img", scratch / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    _run("mkfs.ext4", "-q", "-m", "0", str(image))
    with contextlib.ExitStack() as undo:
        found = subprocess.run(
            ["losetup", "--find", "--show", str(image)],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode:
            pytest.skip(f"no loop device: {found.stderr.strip()}")
        device = found.stdout.strip()
        undo.callback(_run, "losetup", "--detach", device)
        _run("mount", "-o", "noatime", device, str(folder))
        undo.callback(_run, "umount", str(folder))
        group = _THROTTLES / f"slow-{os.getpid()}"
        group.mkdir()
        undo.callback(group.rmdir)
        yield SlowDisk(folder, device, group)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, timeout=30, capture_output=True)
