"""Music in Ogg files: Vorbis, Opus, FLAC and Speex.

Only the first packets of the first sound stream are read, and where it ends.

Source: RFC 3533 section 6 (pages); Vorbis I specification sections 4.2 and 5;
RFC 7845 section 5 (Opus); RFC 9639 section 10.1 (FLAC in Ogg); the Speex manual,
section 7.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.audio_flac import Comment, parse_comments
from upnpserver.media.ogg_pages import Page, last_position, pages
from upnpserver.media.riff import ReadAt

_MAX_PACKET_BYTES: Final = 16 << 20  # comments may hold pictures
_MAX_STREAMS: Final = 16
_OPUS_HZ: Final = 48000  # whatever was put into it: RFC 7845 section 5.1


@dataclass(frozen=True, slots=True)
class OggSound:
    """The first sound stream of a file. 0: not told."""

    codec: str
    sample_rate_hz: int
    channels: int
    bits_per_sample: int = 0
    bitrate_bps: int = 0
    samples: int = 0  # of the whole stream
    skipped: int = 0  # samples at its beginning that are not played
    before_comments: int = 0  # bytes of the second packet
    comments: tuple[Comment, ...] = ()

    @property
    def duration_ms(self) -> float:
        """Return the play time."""
        hz = self.sample_rate_hz
        return max(0, self.samples - self.skipped) * 1000 / hz if hz else 0


def read_ogg(read_at: ReadAt, size_bytes: int) -> OggSound:
    """Return what a file's first sound stream is.

    Raises ProbeError if there is none in a known codec.
    """
    for page in _first_pages(read_at):
        head = read_at(page.body_at, min(page.end - page.body_at, 256))
        for mark, read in _READERS.items():
            if head.startswith(mark):
                sound = read(head.ljust(96, b"\0"))
                packet = _second_packet(read_at, page)[sound.before_comments :]
                return replace(
                    sound,
                    comments=parse_comments(packet)[0],
                    samples=sound.samples
                    or last_position(read_at, size_bytes, page.stream),
                )
    raise ProbeError("its sound is in no known codec")


def _first_pages(read_at: ReadAt) -> Iterator[Page]:
    """Yield the first page of each stream; they stand before all others."""
    seen = set[bytes]()
    for page in pages(read_at):
        if page.stream in seen or len(seen) == _MAX_STREAMS:
            return
        seen.add(page.stream)
        yield page


def _second_packet(read_at: ReadAt, first: Page) -> bytes:
    """Return the packet behind a stream's first page, cut where it is too long."""
    parts, left = [], _MAX_PACKET_BYTES
    for page in pages(read_at, first.end):
        if page.stream != first.stream:
            continue
        length, ends = _up_to_packet_end(page.sizes)
        parts.append(read_at(page.body_at, min(length, left)))
        left -= length
        if ends or left <= 0:
            break
    return b"".join(parts)


def _up_to_packet_end(sizes: bytes) -> tuple[int, bool]:
    """Return the bytes of a page's first packet, and whether it ends there."""
    whole = sizes.rstrip(b"\xff")
    if not whole:
        return 255 * len(sizes), False
    full = len(sizes) - len(sizes.lstrip(b"\xff"))
    return 255 * full + sizes[full], True


def _vorbis(head: bytes) -> OggSound:
    most, usual, least = (
        max(0, int.from_bytes(head[at : at + 4], "little", signed=True))
        for at in (16, 20, 24)
    )
    if not usual:
        bitrate_bps = (most + least) // 2
    else:
        bitrate_bps = max(min(usual, most or usual), least)
    return OggSound(
        codec="vorbis",
        sample_rate_hz=int.from_bytes(head[12:16], "little"),
        channels=head[11],
        bitrate_bps=bitrate_bps,
        before_comments=7,
    )


def _opus(head: bytes) -> OggSound:
    skipped = int.from_bytes(head[10:12], "little")
    return OggSound("opus", _OPUS_HZ, head[9], skipped=skipped, before_comments=8)


def _flac(head: bytes) -> OggSound:
    # As in audio_flac: rate, channels, bits and samples, 17 + 10 bytes in.
    packed = int.from_bytes(head[27:35], "big")
    return OggSound(
        codec="flac",
        sample_rate_hz=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        bits_per_sample=(packed >> 36 & 31) + 1,
        samples=packed & (1 << 36) - 1,
        before_comments=4,
    )


def _speex(head: bytes) -> OggSound:
    hz, channels = (int.from_bytes(head[at : at + 4], "little") for at in (36, 48))
    bitrate_bps = int.from_bytes(head[52:56], "little", signed=True)
    return OggSound("speex", hz, channels, bitrate_bps=max(0, bitrate_bps))


# By how a codec's first packet begins.
_READERS: Final[dict[bytes, Callable[[bytes], OggSound]]] = {
    b"\x01vorbis": _vorbis,
    b"OpusHead": _opus,
    b"\x7fFLAC": _flac,
    b"Speex   ": _speex,
}
