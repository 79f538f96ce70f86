"""The chunks of RIFF (WAV) and IFF (AIFF) files.

Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF);
EA IFF 85.
"""

from collections.abc import Callable, Iterator
from typing import Final, Literal

ReadAt = Callable[[int, int], bytes]  # (offset, count) -> at most count bytes
Order = Literal["little", "big"]

_MAX_CHUNKS: Final = 256
_MAX_INFO_BYTES: Final = 64 * 1024


def chunks(
    read_at: ReadAt, start: int, end: int, order: Order
) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, length) of the chunks between start and end.

    The last one may claim more than there is: its length is cut.
    """
    for _ in range(_MAX_CHUNKS):
        header = read_at(start, 8) if start + 8 <= end else b""
        if len(header) < 8:
            return
        length = int.from_bytes(header[4:], order)
        start += 8
        yield header[:4], start, min(length, end - start)
        start += length + length % 2  # chunks begin at even offsets


def info_list(read_at: ReadAt, size_bytes: int) -> dict[bytes, bytes]:
    """Return the entries of a WAV's LIST chunk of type INFO, by their names."""
    for name, start, length in chunks(read_at, 12, size_bytes, "little"):
        if name == b"LIST" and read_at(start, 4) == b"INFO":
            end = start + min(length, _MAX_INFO_BYTES)
            inside = chunks(read_at, start + 4, end, "little")
            return {key: read_at(at, count) for key, at, count in inside}
    return {}
