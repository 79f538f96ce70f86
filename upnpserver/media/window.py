"""A part of a file by offsets in it, read in blocks as they are asked for."""

from typing import Final

from upnpserver.media.riff import ReadAt

_BLOCK_BYTES: Final = 8192


class Window:
    """The bytes of a file from an offset on, up to end (counted from there)."""

    def __init__(self, read_at: ReadAt, at: int, end: int) -> None:
        self._read_at, self._at, self.end = read_at, at, end
        self._data, self._start = b"", 0

    @classmethod
    def of(cls, data: bytes) -> "Window":
        """Return a window that shows these bytes."""
        return cls(lambda at, count: data[at : at + count], 0, len(data))

    def get(self, at: int, count: int) -> bytes:
        """Return count bytes, fewer only at the end of the part or the file."""
        first = at - self._start
        behind = first + count
        if first >= 0 and behind <= len(self._data):
            return self._data[first:behind]
        count = max(0, min(count, self.end - at))
        wanted = max(count, min(_BLOCK_BYTES, self.end - at))
        self._data, self._start = self._read_at(self._at + at, wanted), at
        return self._data[:count]
