"""Where in a FLAC file a sample is: frames tell their number, and a check sum.

Source: RFC 9639 section 9.1 (frame header).
"""

from collections.abc import Iterator
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.audio_flac import read_flac
from upnpserver.media.places import NEAR_BYTES, Place, Span, narrowed
from upnpserver.media.riff import ReadAt

_BLOCK_BYTES: Final = 64 * 1024
_MOST_BYTES: Final = 4 << 20  # the largest frame there can be, twice
_LONGEST_HEADER: Final = 16
_POLYNOMIAL: Final = 0x07
# Block sizes by their code; 6 and 7 are told behind the number.
_SIZES: Final = {1: 192, 2: 576, 3: 1152, 4: 2304, 5: 4608} | {
    code: 1 << code for code in range(8, 16)
}


def _sums() -> bytes:
    sums = bytearray()
    for byte in range(256):
        left = byte
        for _ in range(8):
            left = (left << 1 ^ _POLYNOMIAL) & 0xFF if left & 0x80 else left << 1
        sums.append(left)
    return bytes(sums)


_SUMS: Final = _sums()


def flac_span(read_at: ReadAt, bounds: Span, start_ms: int, end_ms: int | None) -> Span:
    """Return the bytes of whole frames from one time to another.

    bounds: from "fLaC" on, up to what is behind the sound. Raises ProbeError if they
    are not found.
    """
    flac = read_flac(read_at, bounds.start)
    if not flac.sample_rate_hz or not flac.samples:
        raise ProbeError("it doesn't tell how long it is")
    frames = _Frames(read_at, Span(flac.sound_at, bounds.end), flac.sample_rate_hz)
    length_ms = flac.samples * 1000 // flac.sample_rate_hz
    start = frames.last_until(start_ms, length_ms) if start_ms else 0
    end = bounds.end if end_ms is None else frames.first_from(end_ms, length_ms, start)
    return Span(start, end)


class _Frames:
    """The frames of a file, found anywhere in it."""

    def __init__(self, read_at: ReadAt, bounds: Span, rate_hz: int) -> None:
        self._read_at, self._bounds, self._rate_hz = read_at, bounds, rate_hz
        # Whether frames tell their own number, or that of their first sample.
        head = read_at(bounds.start, _LONGEST_HEADER)
        if head[:1] != b"\xff" or head[1:2] not in {b"\xf8", b"\xf9"}:
            raise ProbeError("there is no frame where the first should be")
        self._sync = head[:2]
        first = _header(head)
        if first is None:
            raise ProbeError("its first frame is broken")
        self._samples = 1 if head[1] & 1 else first[1]

    def last_until(self, time_ms: int, length_ms: int) -> int:
        """Return where the last frame begins that begins not later than a time."""
        low, high = narrowed(self._next, self._bounds, time_ms, length_ms)
        last = low
        for place in self._between(low, high + NEAR_BYTES):
            if place.time_ms > time_ms:
                break
            last = place.at
        return last

    def first_from(self, time_ms: int, length_ms: int, behind: int) -> int:
        """Return where the first frame begins at or after a time, behind an offset."""
        low, high = narrowed(self._next, self._bounds, time_ms, length_ms)
        for place in self._between(low, high + NEAR_BYTES):
            if place.time_ms >= time_ms and place.at > behind:
                return place.at
        return self._bounds.end

    def _next(self, at: int) -> Place | None:
        return next(self._between(at, min(at + _MOST_BYTES, self._bounds.end)), None)

    def _between(self, at: int, end: int) -> Iterator[Place]:
        """Yield the frames that begin between two offsets."""
        end = min(end, self._bounds.end)
        while at < end:
            block = self._read_at(at, _BLOCK_BYTES + _LONGEST_HEADER)
            if not block:
                return
            found = block.find(self._sync)
            while 0 <= found < min(_BLOCK_BYTES, end - at):
                told = _header(block[found : found + _LONGEST_HEADER])
                if told is not None:
                    sample = told[0] * self._samples
                    yield Place(sample * 1000 // self._rate_hz, at + found)
                found = block.find(self._sync, found + 1)
            at += _BLOCK_BYTES


def _header(head: bytes) -> tuple[int, int] | None:
    """Return (number, samples) of a frame's header, None if it is none."""
    if len(head) < 6 or head[3] & 1 or head[2] & 0xF == 0xF or head[3] >> 4 > 10:
        return None
    number, at = _coded(head)
    size_code, rate_code = head[2] >> 4, head[2] & 0xF
    if at == 0 or size_code == 0:
        return None
    size = _SIZES.get(size_code, 0)
    if not size:
        width = size_code - 5  # 6: one byte, 7: two
        size = int.from_bytes(head[at : at + width], "big") + 1
        at += width
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if at >= len(head) or _sum_of(head[:at]) != head[at]:
        return None
    return number, size


def _coded(head: bytes) -> tuple[int, int]:
    """Return a number written as UTF-8 is, of up to 36 bits, and where it ends.

    (0, 0) if it is none.
    """
    first = head[4]
    if first < 0x80:
        return first, 5
    more = 7 - (first ^ 0xFF).bit_length()  # bytes behind the first
    if not 1 <= more <= 6:
        return 0, 0
    number = first & (1 << 6 - more) - 1
    for byte in head[5 : 5 + more]:
        if byte >> 6 != 2:
            return 0, 0
        number = number << 6 | byte & 0x3F
    return number, 5 + more


def _sum_of(data: bytes) -> int:
    total = 0
    for byte in data:
        total = _SUMS[total ^ byte]
    return total
