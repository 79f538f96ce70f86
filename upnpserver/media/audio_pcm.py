"""Plain sound after a short header: WAV (also RF64 and BW64), Wave64, AU.

Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF);
RFC 2361 (WAVEFORMATEX); EBU Tech 3306 (RF64), ITU-R BS.2088 (BW64); Sony
Wave64; the .au header of NeXT and Sun.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.riff import ReadAt, chunks, info_list

# WAVEFORMATEX tags. 0xFFFE names the codec in the first two bytes of a GUID.
_EXTENSIBLE: Final = 0xFFFE
_CODECS: Final = {
    **dict.fromkeys((1, 3), "pcm"),
    **dict.fromkeys((2, 0x11), "adpcm"),
    6: "alaw",
    7: "ulaw",
    0x31: "gsm",
    0x50: "mp2",
    0x55: "mp3",
    0xFF: "aac",
    0x92: "ac3",
    0x161: "wma",
    0x162: "wmapro",
    0x2000: "ac3",
    0x2001: "dts",
    0x674F: "vorbis",
    0xF1AC: "flac",
}
_AU_CODECS: Final = {
    1: ("ulaw", 8),
    2: ("pcm", 8),
    3: ("pcm", 16),
    4: ("pcm", 24),
    5: ("pcm", 32),
    6: ("pcm", 32),
    7: ("pcm", 64),
    23: ("adpcm", 4),
    27: ("alaw", 8),
}
# What takes the same number of bytes for each sample.
PLAIN_CODECS: Final = frozenset({"pcm", "alaw", "ulaw"})
_UNKNOWN_LENGTH: Final = 0xFFFFFFFF
_WAVE64_RIFF: Final = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_WAVE64_TAIL: Final = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_MAX_CHUNKS: Final = 256


@dataclass(frozen=True, slots=True)
class Pcm:
    """What the header of one file says. 0: not told."""

    codec: str
    sample_rate_hz: int
    channels: int
    bits_per_sample: int
    bytes_per_s: int
    sound_bytes: int = 0
    sound_at: int = 0
    frames: int = 0  # of sound, where they are counted
    id3_at: int = 0
    info: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def bitrate_bps(self) -> int:
        """Return the bits a second."""
        return self.bytes_per_s * 8

    @property
    def duration_ms(self) -> float:
        """Return the play time."""
        if self.frames and self.sample_rate_hz:
            return self.frames * 1000 / self.sample_rate_hz
        return self.sound_bytes * 1000 / self.bytes_per_s if self.bytes_per_s else 0


def read_wave(read_at: ReadAt, size_bytes: int) -> Pcm:
    """Return what a WAV file is.

    Raises ProbeError if its format is not told.
    """
    found: Pcm | None = None
    sound_bytes = sound_at = frames = id3_at = real_bytes = 0
    at_most = size_bytes
    for name, start, length in _wave_chunks(read_at, at_most):
        if name == b"ds64":
            real_bytes = int.from_bytes(read_at(start + 8, 8), "little")
        elif name == b"fmt ":
            found = _format(read_at(start, min(length, 40)))
        elif name == b"fact":
            frames = int.from_bytes(read_at(start, 4), "little")
        elif name == b"data":
            sound_bytes, sound_at = length, start
        elif name.lower() == b"id3 ":
            id3_at = start
    if found is None:
        raise ProbeError("its format is not told")
    return replace(
        found,
        sound_bytes=min(real_bytes or sound_bytes, size_bytes),
        sound_at=sound_at,
        # Of plain samples the bytes tell it, and are more often right.
        frames=0 if found.codec == "pcm" or frames == _UNKNOWN_LENGTH else frames,
        id3_at=id3_at,
        info=info_list(read_at, size_bytes),
    )


def _wave_chunks(read_at: ReadAt, size_bytes: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the chunks, behind a data chunk of more than 4 GiB too."""
    start, real_bytes = 12, 0
    for name, at, length in chunks(read_at, start, size_bytes, "little"):
        if name == b"ds64":
            real_bytes = int.from_bytes(read_at(at + 8, 8), "little")
        yield name, at, length
        told = read_at(at - 4, 4) if name == b"data" else b""
        if told == b"\xff\xff\xff\xff" and 0 < real_bytes < size_bytes:
            behind = at + real_bytes + real_bytes % 2
            yield from chunks(read_at, behind, size_bytes, "little")
            return


def _format(data: bytes) -> Pcm:
    """Return what a WAVEFORMATEX says.

    Raises ProbeError if it is cut off.
    """
    if len(data) < 16:
        raise ProbeError("its format is not told")
    numbers = [int.from_bytes(data[at : at + 2], "little") for at in range(0, 16, 2)]
    tag, channels, bits = numbers[0], numbers[1], numbers[7]
    if tag == _EXTENSIBLE and len(data) >= 26:
        tag = int.from_bytes(data[24:26], "little")
    return Pcm(
        codec=_CODECS.get(tag, ""),
        sample_rate_hz=int.from_bytes(data[4:8], "little"),
        channels=channels,
        bits_per_sample=bits,
        bytes_per_s=int.from_bytes(data[8:12], "little"),
    )


def read_wave64(read_at: ReadAt, size_bytes: int) -> Pcm:
    """Return what a Wave64 file is: RIFF with GUIDs and lengths of 64 bits.

    Raises ProbeError if its format is not told.
    """
    found: Pcm | None = None
    at = 40
    for _ in range(_MAX_CHUNKS):
        header = read_at(at, 24)
        length = int.from_bytes(header[16:], "little")
        if len(header) < 24 or length < 24:
            break
        if header[:16] == b"fmt " + _WAVE64_TAIL:
            found = _format(read_at(at + 24, min(length - 24, 40)))
        elif header[:16] == b"data" + _WAVE64_TAIL and found:
            there = min(length, size_bytes - at) - 24
            return replace(found, sound_bytes=there, sound_at=at + 24)
        at += length + -length % 8
    raise ProbeError("its format is not told")


def read_au(read_at: ReadAt, size_bytes: int) -> Pcm:
    """Return what an AU file is."""
    header = read_at(0, 24)
    start, length, encoding, sample_rate_hz, channels = (
        int.from_bytes(header[at : at + 4], "big") for at in range(4, 24, 4)
    )
    codec, bits = _AU_CODECS.get(encoding, ("", 0))
    there = max(0, size_bytes - start)
    return Pcm(
        codec=codec,
        sample_rate_hz=sample_rate_hz,
        channels=channels,
        bits_per_sample=bits,
        bytes_per_s=sample_rate_hz * channels * bits // 8,
        sound_bytes=there if length == _UNKNOWN_LENGTH else min(length, there),
        sound_at=start,
    )
