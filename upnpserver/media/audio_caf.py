"""Apple's Core Audio Format.

Source: Apple Core Audio Format Specification 1.0: file header, Audio
Description, Packet Table, Audio Data and Information chunks.
"""

import struct
from dataclasses import dataclass
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.riff import ReadAt

_MAX_CHUNKS: Final = 256
_MAX_INFO_BYTES: Final = 64 * 1024
_CODECS: Final = {
    b"lpcm": "pcm",
    b"alac": "alac",
    b"aac ": "aac",
    b"ima4": "adpcm",
    b"ulaw": "ulaw",
    b"alaw": "alaw",
    b".mp1": "mp1",
    b".mp2": "mp2",
    b".mp3": "mp3",
    b"ac-3": "ac3",
    b"opus": "opus",
    b"flac": "flac",
}


@dataclass(frozen=True, slots=True)
class Caf:
    """What one file says. 0: not told."""

    codec: str
    sample_rate_hz: float
    channels: int
    bits_per_sample: int
    packet_bytes: int
    packet_frames: int
    sound_bytes: int = 0
    counted_frames: int = 0
    info: tuple[tuple[str, str], ...] = ()

    @property
    def duration_ms(self) -> float:
        """Return the play time."""
        frames = self.counted_frames
        if not frames and self.packet_bytes:
            frames = self.sound_bytes // self.packet_bytes * self.packet_frames
        return frames * 1000 / self.sample_rate_hz if self.sample_rate_hz > 0 else 0

    @property
    def bitrate_bps(self) -> float:
        """Return the bits a second."""
        duration_ms = self.duration_ms
        return self.sound_bytes * 8000 / duration_ms if duration_ms else 0


def read_caf(read_at: ReadAt, size_bytes: int) -> Caf:
    """Return what a file is.

    Raises ProbeError if its format is not told.
    """
    described, packets, listed, sound_bytes, at = b"", b"", b"", 0, 8
    for _ in range(_MAX_CHUNKS):
        header = read_at(at, 12)
        if len(header) < 12:
            break
        name, length = struct.unpack(">4sq", header)
        at += 12
        if name == b"data":  # -1: up to the end
            length = length if length >= 0 else size_bytes - at
            sound_bytes = max(0, min(length, size_bytes - at) - 4)
        elif name == b"desc":
            described = read_at(at, 32)
        elif name == b"pakt":
            packets = read_at(at, 16)
        elif name == b"info":
            listed = read_at(at, max(0, min(length, _MAX_INFO_BYTES)))
        if length < 0:
            break
        at += length
    if len(described) < 32:
        raise ProbeError("its format is not told")
    return _caf(described, packets, listed, sound_bytes)


def _caf(described: bytes, packets: bytes, listed: bytes, sound_bytes: int) -> Caf:
    hz, name, packet_bytes, packet_frames, channels, bits = struct.unpack(
        ">d4s4xIIII", described
    )
    words = [text.decode("utf-8", "replace") for text in listed[4:].split(b"\0")]
    return Caf(
        codec=_CODECS.get(name, ""),
        sample_rate_hz=hz if 0 < hz < 1 << 30 else 0,
        channels=channels,
        bits_per_sample=bits,
        packet_bytes=packet_bytes,
        packet_frames=packet_frames,
        sound_bytes=sound_bytes,
        counted_frames=int.from_bytes(packets[8:], "big"),
        info=tuple(zip(words[::2], words[1::2], strict=False)),
    )
