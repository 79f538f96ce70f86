"""The places of MPEG audio: every frame is looked at, once.

A Xing or VBRI table tells places to 1 in 256 of the file only, seconds of a song.
Measured: an hour of frames takes 70 ms of a desktop's processor.
"""

from collections.abc import Iterator
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.audio_mpeg import Frame, counts_frames, first_frame, parse_frame
from upnpserver.media.places import Place, Table
from upnpserver.media.riff import ReadAt

_BLOCK_BYTES: Final = 1 << 20
_HEADER_BYTES: Final = 4
_MAX_FRAMES: Final = 4_000_000  # 29 hours
_MAX_LOST_BYTES: Final = 1 << 20  # damage, searched for the next frame
_LARGEST_FRAME: Final = 2881


def mp3_table(read_at: ReadAt, start: int, end: int) -> Table:
    """Return the places between two offsets.

    Raises ProbeError if there are no frames, or hardly anything else.
    """
    at, block = first_frame(read_at, start, end)
    first = parse_frame(block)
    if first is None:
        raise ProbeError("there is no MPEG audio in it")
    if counts_frames(block, first):
        at += first.length_bytes  # it holds no sound
    return Table.of(_places(_Frames(read_at, end, first), at), end)


def _places(frames: "_Frames", at: int) -> Iterator[Place]:
    hz, samples = frames.first.sample_rate_hz, frames.first.samples
    for number, place in enumerate(frames.starts(at)):
        if number == _MAX_FRAMES:
            raise ProbeError("it has too many frames")
        # One in four: a tenth of a second.
        if not number % 4:
            yield Place(number * samples * 1000 // hz, place)


class _Frames:
    """The frames of one stream, one after the other."""

    def __init__(self, read_at: ReadAt, end: int, first: Frame) -> None:
        self._read_at, self._end, self.first = read_at, end, first
        self._lengths: dict[bytes, int] = {}  # of frames by their headers, few each

    def starts(self, at: int) -> Iterator[int]:
        """Yield where each frame begins."""
        base, block = at, b""
        lost = 0
        while at + _HEADER_BYTES <= self._end:
            inside = at - base
            if inside + _HEADER_BYTES > len(block):
                base, inside = at, 0
                block = self._read_at(at, min(_BLOCK_BYTES, self._end - at))
                if len(block) < _HEADER_BYTES:
                    return
            length = self._length(block[inside : inside + _HEADER_BYTES])
            if length:
                yield at
                at += length
                continue
            found = self._next(block, inside)
            skipped = (len(block) - _HEADER_BYTES if found < 0 else found) - inside
            skipped = max(1, skipped)
            lost += skipped
            if lost > _MAX_LOST_BYTES:
                raise ProbeError("there is much else than MPEG audio in it")
            at += skipped

    def _next(self, block: bytes, at: int) -> int:
        """Return where a frame begins that another one follows, -1: nowhere."""
        at = block.find(b"\xff", at + 1)
        while at >= 0:
            length = self._length(block[at : at + _HEADER_BYTES])
            if length and self._length(block[at + length : at + length + 4]):
                return at
            at = block.find(b"\xff", at + 1)
        return -1

    def _length(self, header: bytes) -> int:
        """Return the length of a frame of this stream, 0 if it is none."""
        length = self._lengths.get(header)
        if length is None:
            frame = parse_frame(header)
            kind = self.first.layer, self.first.sample_rate_hz
            is_own = frame is not None and (frame.layer, frame.sample_rate_hz) == kind
            length = frame.length_bytes if frame and is_own else 0
            if len(self._lengths) < _LARGEST_FRAME:
                self._lengths[header] = length
        return length
