"""MPEG audio (MP1, MP2, MP3): frame headers, and how long a stream plays.

The encoder's own count of frames (Xing, Info, VBRI) goes before; without one
the bit rate decides, looked up at several places: a stream of variable rate
without a count would else be told wrong by minutes.

Source: ISO/IEC 11172-3 section 2.4.2.3, 13818-3 section 2.4.2.3; Xing VBR header
and LAME tag (mp3-tech.org); Fraunhofer VBRI header.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from upnpserver.errors import ProbeError
from upnpserver.media.riff import ReadAt

# kb/s by (MPEG-1, layer): MPEG-2 and 2.5 share their tables.
_RATES: Final = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES: Final = (44100, 48000, 32000)

# The first frame may stand after rubbish: damaged tags, cut frames, silence.
_SEARCHED_BYTES: Final = 1 << 20
_BLOCK_BYTES: Final = 16 * 1024
_LARGEST_FRAME: Final = 2881  # layer 3, 160 kb/s at 8 kHz
_ENOUGH_FRAMES: Final = 4
_MAX_TRIES: Final = 1500
_LOOKS: Final = 8  # places in a stream without a count of frames


class Frame(NamedTuple):
    """What one frame's header says."""

    layer: int
    mpeg1: bool
    bitrate_bps: int
    sample_rate_hz: int
    channels: int
    samples: int
    length_bytes: int


@dataclass(frozen=True, slots=True)
class MpegAudio:
    """A stream of MPEG audio frames."""

    layer: int
    sample_rate_hz: int
    channels: int
    bitrate_bps: int
    duration_ms: int
    is_exact: bool  # the duration: not told by a few frames of different rates


def parse_frame(data: bytes, at: int = 0) -> Frame | None:
    """Return the frame whose header begins at an offset of data, None if none.

    Free format (no rate in the header) counts as none.
    """
    header = data[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate, hz = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or rate in {0, 15} or hz == 3:
        return None
    mpeg1 = version == 3
    bitrate_bps = _RATES[mpeg1, layer][rate - 1] * 1000
    sample_rate_hz = _SAMPLE_RATES[hz] >> (0 if mpeg1 else 1 if version == 2 else 2)
    samples = 384 if layer == 1 else 576 if layer == 3 and not mpeg1 else 1152
    slot = 4 if layer == 1 else 1
    slots = samples // 8 // slot * bitrate_bps // sample_rate_hz
    length_bytes = (slots + (header[2] >> 1 & 1)) * slot
    channels = 1 if header[3] >> 6 == 3 else 2
    return Frame(
        layer, mpeg1, bitrate_bps, sample_rate_hz, channels, samples, length_bytes
    )


def read_mpeg_audio(read_at: ReadAt, start: int, end: int) -> MpegAudio:
    """Return what the stream between two offsets is.

    Raises ProbeError if there are no frames.
    """
    at, block = first_frame(read_at, start, end)
    frame = parse_frame(block)
    if frame is None:
        raise ProbeError("there is no MPEG audio in it")
    counted = _xing(block, frame) or _vbri(block, frame)
    is_exact = True
    if counted is None:
        rates = _rates_seen(read_at, at, end, frame)
        bitrate_bps, is_exact = sum(rates) // len(rates), len(set(rates)) == 1
        counted = bitrate_bps, round((end - at) * 8000 / bitrate_bps)
    return MpegAudio(
        frame.layer, frame.sample_rate_hz, frame.channels, *counted, is_exact
    )


def first_frame(read_at: ReadAt, start: int, end: int) -> tuple[int, bytes]:
    """Return the first frame's offset, and a block of bytes from there on."""
    tries, fallback = 0, (start, b"")
    for base in range(start, min(end, start + _SEARCHED_BYTES), _BLOCK_BYTES):
        block = read_at(base, min(_BLOCK_BYTES + 4 * _LARGEST_FRAME, end - base))
        at = block.find(b"\xff")
        while 0 <= at < _BLOCK_BYTES and tries < _MAX_TRIES:
            if frame := parse_frame(block, at):
                tries += 1
                count = _frames_in_a_row(block, at, frame)
                if count >= _ENOUGH_FRAMES or (
                    count and counts_frames(block[at:], frame)
                ):
                    return base + at, block[at:]
                if count >= 2 and not fallback[1]:
                    fallback = base + at, block[at:]
            at = block.find(b"\xff", at + 1)
    return fallback


def _frames_in_a_row(block: bytes, at: int, first: Frame) -> int:
    """Return how many frames of one stream follow each other, at most four."""
    frame: Frame | None = first
    count = 0
    while frame and count < _ENOUGH_FRAMES:
        if (frame.layer, frame.sample_rate_hz) != (first.layer, first.sample_rate_hz):
            break
        count += 1
        at += frame.length_bytes
        frame = parse_frame(block, at)
    return count


def counts_frames(block: bytes, frame: Frame) -> bool:
    """Return whether this frame holds a count of frames."""
    return block[_xing_at(frame) :][:4] in {b"Xing", b"Info"} or block[36:40] == b"VBRI"


def _xing_at(frame: Frame) -> int:
    if frame.mpeg1:
        return 36 if frame.channels == 2 else 21
    return 21 if frame.channels == 2 else 13


def _xing(block: bytes, frame: Frame) -> tuple[int, int] | None:
    """Return (bits a second, milliseconds) by the Xing header, None if none."""
    at = _xing_at(frame)
    head = block[at : at + 156]
    if frame.layer != 3 or head[:4] not in {b"Xing", b"Info"} or len(head) < 16:
        return None
    flags = int.from_bytes(head[4:8], "big")
    frames = int.from_bytes(head[8:12], "big") if flags & 1 else 0
    if not 0 < frames < 1 << 28:
        return None
    samples = frames * frame.samples
    bitrate_bps = frame.bitrate_bps
    if flags & 2:
        bytes_told = int.from_bytes(head[12:16], "big")
        # The first frame is in the count of bytes, but not in that of frames.
        sound = max(0, bytes_told - frame.length_bytes)
        bitrate_bps = round(sound * 8 * frame.sample_rate_hz / samples)
    played = samples - _padding(head, flags)
    duration_ms = round(max(0, played) * 1000 / frame.sample_rate_hz)
    return bitrate_bps or frame.bitrate_bps, duration_ms


def _padding(head: bytes, flags: int) -> int:
    """Return the samples that the encoder put before and behind the sound."""
    at = 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
    lame = head[at : at + 24]
    # Also FFmpeg's encoder writes this tag, as "Lavf" or "Lavc".
    if len(lame) < 24 or lame[:4] not in {b"LAME", b"Lavf", b"Lavc", b"L3.9"}:
        return 0
    both = int.from_bytes(lame[21:24], "big")
    return (both >> 12) + (both & 0xFFF)


def _vbri(block: bytes, frame: Frame) -> tuple[int, int] | None:
    """Return (bits a second, milliseconds) by the VBRI header, None if none."""
    head = block[36:62]
    if frame.layer != 3 or head[:6] != b"VBRI\0\1" or len(head) < 18:
        return None
    length, frames = (int.from_bytes(head[at : at + 4], "big") for at in (10, 14))
    if not 0 < frames < 1 << 28:
        return None
    duration_ms = round(frames * frame.samples * 1000 / frame.sample_rate_hz)
    return length * 8000 // max(1, duration_ms) or frame.bitrate_bps, duration_ms


def _rates_seen(read_at: ReadAt, start: int, end: int, first: Frame) -> list[int]:
    """Return the bits a second of frames at several places of a stream."""
    rates = [first.bitrate_bps]
    for step in range(1, _LOOKS):
        at = start + (end - start) * step // _LOOKS
        rates += _rates(read_at(at, 2 * _LARGEST_FRAME), first)
    return rates


def _rates(block: bytes, first: Frame) -> Iterator[int]:
    """Yield the rate of the first frame of that kind in a block, if any."""
    at = block.find(b"\xff")
    while at >= 0:
        frame = parse_frame(block, at)
        if frame and _frames_in_a_row(block, at, frame) >= 2:
            kind = frame.layer, frame.sample_rate_hz
            if kind == (first.layer, first.sample_rate_hz):
                yield frame.bitrate_bps
                return
        at = block.find(b"\xff", at + 1)
