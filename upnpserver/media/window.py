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
        count = max(0, min(count, self.end - at))
        first = at - self._start
        if first < 0 or first + count > len(self._data):
            wanted = max(count, min(_BLOCK_BYTES, self.end - at))
            self._data, self._start = self._read_at(self._at + at, wanted), at
            first = 0
        return self._data[first : first + count]
