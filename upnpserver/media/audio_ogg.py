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
from upnpserver.media.audio_flac import (
    MAX_COMMENTS,
    MAX_SHOWN,
    Comment,
    comment_in,
)
from upnpserver.media.ogg_pages import Page, last_position, pages
from upnpserver.media.riff import ReadAt

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
                packet = _Packet(read_at, page)
                return replace(
                    sound,
                    comments=tuple(_comments(packet, sound.before_comments)),
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


class _Packet:
    """The packet behind a stream's first page, read in order, part by part.

    What is skipped is not read: a cover is a comment of a megabyte.
    """

    def __init__(self, read_at: ReadAt, first: Page) -> None:
        self._read_at, self._parts = read_at, _parts(read_at, first)
        self._end = self._left = 0  # of the part that is being read
        self._body = b""  # its rest, once something was taken from it

    def skip(self, count: int) -> None:
        """Pass by so many bytes."""
        while count > self._left:
            count -= self._left
            self._next()
        self._left -= count

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        taken = b""
        while len(taken) < count:
            if not self._left:
                self._next()
            if not self._body:
                self._body = self._read_at(self._end - self._left, self._left)
                self._left = len(self._body)
            start = len(self._body) - self._left
            part = self._body[start : start + count - len(taken)]
            self._left -= len(part)
            taken += part
        return taken

    def _next(self) -> None:
        """Go to the next part. Raises EOFError if there is none."""
        part = next(self._parts, None)
        if part is None:
            raise EOFError
        at, self._left = part
        self._end, self._body = at + self._left, b""


def _parts(read_at: ReadAt, first: Page) -> Iterator[tuple[int, int]]:
    """Yield (offset, length) of the parts of the packet behind a first page."""
    for page in pages(read_at, first.end):
        if page.stream != first.stream:
            continue
        length, ends = _up_to_packet_end(page.sizes)
        yield page.body_at, length
        if ends:
            return


def _up_to_packet_end(sizes: bytes) -> tuple[int, bool]:
    """Return the bytes of a page's first packet, and whether it ends there."""
    full = len(sizes) - len(sizes.lstrip(b"\xff"))
    if full == len(sizes):
        return 255 * full, False
    return 255 * full + sizes[full], True


def _comments(packet: _Packet, before: int) -> Iterator[Comment]:
    """Yield the comments that are whole. Source: Vorbis I section 5."""
    try:
        packet.skip(before)
        packet.skip(_number(packet))
        for _ in range(min(_number(packet), MAX_COMMENTS)):
            length = _number(packet)
            data = packet.take(min(length, MAX_SHOWN))
            packet.skip(length - len(data))
            if comment := comment_in(data):
                yield comment
    except EOFError:
        return


def _number(packet: _Packet) -> int:
    return int.from_bytes(packet.take(4), "little")


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
