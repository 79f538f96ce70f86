"""The disks below the libraries and the state folder: how quick, worn and awake.

Reading is tried with files of the libraries themselves, a little of each.

Source: Linux, ABI testing/sysfs-fs-ext4 (lifetime_write_kbytes), ABI
stable/sysfs-block (rotational), Documentation/driver-api/mmc/mmc-dev-attrs.rst
(life_time, pre_eol_info; JEDEC eMMC 5.0: tenths of its life, 0x0b beyond it).
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from stat import S_ISREG

from upnpserver.config import Config, Library
from upnpserver.doctor.findings import Finding, bad, note, ok

SYS = Path("/sys")
ETC = Path("/etc")
MOST_READ_BYTES = 32 << 20  # of one library
LEAST_READ_BYTES = 1 << 20  # less says nothing of a disk
SLOW_BYTES_PER_S = 12_500_000  # a film in 4K has up to 100 Mbit/s
WORN_TIMES = 1000  # how often cheap flash can be written as a whole
_MOST_FILES = 50
_MOST_SEEN = 5000
_READ_S = 3.0
_PIECE_BYTES = 1 << 20
_SECTOR_BYTES = 512
_OLD_TENTHS = 9  # eMMC: from here on 80 % of its life is used
_SLEEPS = re.compile(
    r"^\s*(?:spindown_time\s*=\s*(?!0\s*$)\d+|START_HD_IDLE\s*=\s*\"?true\"?)",
    re.MULTILINE | re.ASCII,
)


def findings(
    config: Config,
    *,
    sys: Path = SYS,
    etc: Path = ETC,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Finding]:
    """Look at the disks."""
    for library in config.libraries:
        yield from _speed(library, clock)
    yield from _wear(config.state_dir, sys)
    turning = [
        library.name
        for library in config.libraries
        if any(_is_turning(folder, sys) for folder in library.folders)
    ]
    if turning and _is_told_to_sleep(etc):
        yield note(
            "sleep of disks",
            f"the disk of {', '.join(turning)} is told to sleep: what is played first"
            " begins some seconds later; browsing doesn't wake it",
            "if a TV gives up: hdparm -S 0 /dev/sdX, or a longer time in"
            " /etc/hdparm.conf or /etc/default/hd-idle",
        )


def _speed(library: Library, clock: Callable[[], float]) -> Iterator[Finding]:
    """Read from a library's largest files of the first that are found."""
    begin = clock()
    done = 0
    for file in _largest(library):
        with suppress(OSError):
            done += _read(file, MOST_READ_BYTES - done, clock, begin + _READ_S)
        if done >= MOST_READ_BYTES or clock() - begin > _READ_S:
            break
    if done < LEAST_READ_BYTES and clock() - begin <= _READ_S:
        return
    rate = done / max(clock() - begin, 1e-6)
    what, told = f"disk of {library.name}", f"{rate / 1e6:.1f} MB/s"
    if rate >= SLOW_BYTES_PER_S:
        yield ok(what, f"it gives {told}")
        return
    yield note(
        what,
        f"it gives {told}: too slow for films in 4K"
        f"{', and for most films' if rate < SLOW_BYTES_PER_S / 5 else ''}",
        "is it busy, or connected by USB 2, Wi-Fi or a bad cable? see dmesg for errors",
    )


def _largest(library: Library) -> list[Path]:
    sizes = []
    for file in islice(_files(library), _MOST_SEEN):
        with suppress(OSError):
            status = file.lstat()
            if S_ISREG(status.st_mode):
                sizes.append((status.st_size, file))
    return [file for _, file in sorted(sizes, reverse=True)[:_MOST_FILES]]


def _files(library: Library) -> Iterator[Path]:
    for folder in library.folders:
        for path, _, names in os.walk(folder):
            yield from (Path(path, name) for name in names)


def _read(file: Path, most: int, clock: Callable[[], float], end: float) -> int:
    """Read from a file what memory doesn't hold; return how many bytes."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(file, flags)
    done = 0
    try:
        os.posix_fadvise(descriptor, 0, most, os.POSIX_FADV_DONTNEED)
        while done < most and clock() < end:
            piece = len(os.read(descriptor, min(_PIECE_BYTES, most - done)))
            if not piece:
                break
            done += piece
    finally:
        os.close(descriptor)
    return done


def _wear(state_dir: Path, sys: Path) -> Iterator[Finding]:
    """Tell how worn the disk is that databases are written to."""
    disk = _disk(state_dir, sys)
    if disk is None:
        return
    what = f"wear of {disk.name}"
    used = [int(word, 16) for word in _words(disk / "device" / "life_time")]
    end = [int(word, 16) for word in _words(disk / "device" / "pre_eol_info")]
    written, size = _written_bytes(state_dir, sys), _size_bytes(disk)
    if max(used, default=0) >= _OLD_TENTHS or max(end, default=0) > 1:
        yield bad(
            what,
            "the card itself says that it is nearly worn out",
            "copy the state folder to another one soon, and replace it",
        )
    elif not disk.name.startswith("mmcblk"):
        return
    elif size and written > WORN_TIMES * size:
        yield note(
            what,
            f"{written >> 40} TB were written to a card of {size >> 30} GB",
            "keep a copy of the state folder, and a spare card",
        )
    else:
        yield ok(what, f"{written >> 30} GB were written to it so far")


def _words(file: Path) -> list[str]:
    """Return the hexadecimal numbers that a file begins with."""
    try:
        return re.findall(r"0x[0-9a-fA-F]{1,4}", file.read_text("ascii", "replace"))
    except OSError:
        return []


def _written_bytes(folder: Path, sys: Path) -> int:
    """Return what ext4 wrote since it was made, 0 where that isn't known."""
    partition = _partition(folder, sys)
    if partition is None:
        return 0
    return _number(sys / "fs/ext4" / partition.name / "lifetime_write_kbytes") * 1024


def _size_bytes(disk: Path) -> int:
    return _number(disk / "size") * _SECTOR_BYTES


def _is_turning(folder: Path, sys: Path) -> bool:
    disk = _disk(folder, sys)
    return disk is not None and _number(disk / "queue" / "rotational") == 1


def _is_told_to_sleep(etc: Path) -> bool:
    for name in ("hdparm.conf", "default/hd-idle"):
        with suppress(OSError):
            if _SLEEPS.search((etc / name).read_text("utf-8", "replace")):
                return True
    return False


def _disk(folder: Path, sys: Path) -> Path | None:
    """Return the whole disk that a folder lies on, as /sys has it."""
    partition = _partition(folder, sys)
    if partition is None:
        return None
    return partition.parent if (partition / "partition").exists() else partition


def _partition(folder: Path, sys: Path) -> Path | None:
    with suppress(OSError):
        number = folder.stat().st_dev
        name = f"{os.major(number)}:{os.minor(number)}"
        return (sys / "dev/block" / name).resolve(strict=True)
    return None


def _number(file: Path) -> int:
    try:
        return int(file.read_text("ascii", "replace"))
    except (OSError, ValueError):
        return 0
