"""Forms that were made once, kept on disk: a bounded folder of small files.

Blocks as a disk does: for threads. Each file ends with a checksum, as a power cut
may leave one that is empty or half; whatever is not whole counts as not there.
Nothing in it is precious: the folder may be deleted at any time.
"""

import contextlib
import os
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FORMS_FOLDER: Final = "pictures"

_SUM_BYTES: Final = 4
_ROOM_LEFT_BYTES: Final = 256 << 20  # on the disk, for what matters more
_KEPT_PART: Final = 0.9  # of the limit, once it was reached
_UNFINISHED: Final = ".new"


class KeptForms:
    """The folder, for any number of threads of one process.

    limit_bytes: what all files may hold together.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder, self._limit_bytes = folder, limit_bytes
        self._lock = threading.Lock()
        self._held_bytes: int | None = None  # not counted yet

    def get(self, name: str) -> bytes | None:
        """Return what is kept under a name, None if that is nothing."""
        try:
            written = (self._folder / name[:2] / name).read_bytes()
        except OSError:
            return None
        content, checksum = written[:-_SUM_BYTES], written[-_SUM_BYTES:]
        return content if checksum == _checksum(content) else None

    def put(self, name: str, content: bytes) -> None:
        """Keep a form; nothing is kept where that fails, or the disk is full.

        name: letters, digits and hyphens, its first two spread evenly.
        """
        with self._lock, contextlib.suppress(OSError):
            if self._held_bytes is None:
                self._held_bytes = self._count()
            size = len(content) + _SUM_BYTES
            if size > self._limit_bytes or not self._has_room(size):
                return
            folder = self._folder / name[:2]
            folder.mkdir(parents=True, exist_ok=True)
            unfinished = folder / f"{name}{_UNFINISHED}"
            unfinished.write_bytes(content + _checksum(content))
            unfinished.replace(folder / name)
            self._held_bytes += size
            if self._held_bytes > self._limit_bytes:
                self._held_bytes = self._drop_oldest()

    def _has_room(self, size: int) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True)
        status = os.statvfs(self._folder)
        return status.f_bavail * status.f_frsize - size > _ROOM_LEFT_BYTES

    def _files(self) -> Iterator[os.DirEntry[str]]:
        for folder in os.scandir(self._folder):
            if folder.is_dir(follow_symlinks=False):
                yield from os.scandir(folder)

    def _count(self) -> int:
        """Return the bytes of all files; remove what a power cut left half."""
        held = 0
        with contextlib.suppress(FileNotFoundError):
            for file in self._files():
                if file.name.endswith(_UNFINISHED):
                    Path(file.path).unlink()
                else:
                    held += file.stat(follow_symlinks=False).st_size
        return held

    def _drop_oldest(self) -> int:
        """Delete the files that were made first; return the bytes of the others."""
        by_age = []
        for file in self._files():
            status = file.stat(follow_symlinks=False)
            by_age.append((status.st_mtime_ns, file.path, status.st_size))
        held = sum(size for _, _, size in by_age)
        for _, path, size in sorted(by_age):
            if held <= self._limit_bytes * _KEPT_PART:
                break
            Path(path).unlink()
            held -= size
        return held


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(_SUM_BYTES, "big")
