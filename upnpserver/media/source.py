"""One open media file, as the probes read it.

Only the descriptor is known here: no path, so that nothing can open another
file beside it.
"""

import io
import os
from dataclasses import dataclass

from upnpserver.errors import ProbeError

_HEAD_BYTES = 16 * 1024
# A picture is searched for among so much else, and not if it is larger.
_SEARCHED_BYTES = 1 << 20
_MAX_VALUE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """An open regular file. size_bytes is what fstat says, never a library."""

    fd: int
    size_bytes: int
    extension: str  # of its name: lower case, without the dot; only a hint
    head: bytes = b""  # its first bytes: most readers begin there, and ask often

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to count bytes from offset on; fewer only at the end.

        Raises ProbeError if the disk fails.
        """
        if offset + count <= len(self.head):
            return self.head[offset : offset + count]
        if offset >= self.size_bytes:
            return b""  # lengths in files lead anywhere, even beyond pread's numbers
        try:
            data = os.pread(self.fd, count, offset)
            while 0 < len(data) < count:
                more = os.pread(self.fd, count - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise ProbeError(f"it cannot be read: {reason}") from None
        return data

    def find_before(self, value: bytes) -> int:
        """Return where a value stands in what comes before the sound, -1: nowhere."""
        return self._find(0, value)

    def find_behind(self, value: bytes) -> int:
        """Return where a value stands in what comes behind the sound, -1: nowhere."""
        return self._find(max(0, self.size_bytes - len(value) - _SEARCHED_BYTES), value)

    def _find(self, at: int, value: bytes) -> int:
        if len(value) > _MAX_VALUE_BYTES:
            return -1
        found = self.read_at(at, len(value) + _SEARCHED_BYTES).find(value)
        return at + found if found >= 0 else -1

    def stream(self) -> io.BufferedReader:
        """Return a seekable binary file at its beginning; closing it is free."""
        # Not open(): that asks the terminal driver whether this is a terminal.
        raw = io.FileIO(self.fd, closefd=False)
        raw.seek(0)
        return io.BufferedReader(raw)


def open_source(fd: int, name: str) -> Source:
    """Return the Source of a descriptor; name is the file's own, without path."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    size_bytes = os.fstat(fd).st_size
    head = Source(fd, size_bytes, extension).read_at(0, _HEAD_BYTES)
    return Source(fd, size_bytes, extension, head)
