"""The content id: which recording, film or picture a file holds.

Made from the bytes beside the tags, so that an edited tag keeps it: their
length and three samples of them. For formats whose tags lie within the file
in a way that this module does not know, the whole file counts.

Source: each container's specification, named at its function.
"""

# hashlib's own, taken past hashlib: that loads OpenSSL, 3.4 MiB in each child.
from _blake2 import blake2b
from base64 import b32encode
from collections.abc import Callable, Iterator
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media import ebml, heif, jpeg, ogg_pages, png, webp
from upnpserver.media.picture_headers import tiff_picture
from upnpserver.media.riff import Order, ReadAt, chunks
from upnpserver.media.signatures import id3_bytes

SAMPLE_BYTES: Final = 8 * 1024
_MAX_BOXES: Final = 256
_MAX_BLOCKS: Final = 256

Span = tuple[int, int]  # start, end


def content_id(read_at: ReadAt, size_bytes: int, container: str) -> str:
    """Return 16 characters of base32 for the content of a file.

    Raises what read_at raises, nothing else: any bytes have an id.
    """
    digest = blake2b(digest_size=10)
    if container == "ogg":
        for part in ogg_pages.samples(read_at, size_bytes):
            digest.update(part)
    else:
        start, end = payload(read_at, size_bytes, container)
        digest.update((end - start).to_bytes(8, "big"))
        for at, count in _samples(start, end):
            digest.update(read_at(at, count))
    return b32encode(digest.digest()).decode("ascii").lower()


def payload(read_at: ReadAt, size_bytes: int, container: str) -> Span:
    """Return the span of a file that holds its content, beside the tags."""
    start, end = 0, size_bytes
    if finder := _FINDERS.get(container):
        start, end = finder(read_at, size_bytes)
    # Nothing sensible found: the whole file is its content.
    return (start, end) if 0 <= start < end <= size_bytes else (0, size_bytes)


def _samples(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (offset, count): all of a short span, else its ends and middle."""
    if end - start <= 3 * SAMPLE_BYTES:
        yield start, end - start
        return
    yield start, SAMPLE_BYTES
    yield (start + end - SAMPLE_BYTES) // 2, SAMPLE_BYTES
    yield end - SAMPLE_BYTES, SAMPLE_BYTES


def _between_tags(read_at: ReadAt, size_bytes: int) -> Span:
    """Leave out ID3v2 and APEv2 tags before, ID3v1, Lyrics3 and APEv2 after.

    Source: ID3v2.4.0 structure 3.1; ID3v1; Lyrics3 2.00; APEv2 (32-byte
    header and footer: magic, version, length with footer, count, flags).
    """
    start, end = 0, size_bytes
    for _ in range(4):  # some programs put one tag before another
        length = _leading_tag(read_at(start, 32))
        if not length or start + length >= end:
            break
        start += length
    for _ in range(4):
        length = _trailing_tag(read_at, start, end)
        if not length or end - length <= start:
            break
        end -= length
    return start, end


def _leading_tag(head: bytes) -> int:
    if head[:8] == b"APETAGEX":
        return 32 + int.from_bytes(head[12:16], "little")
    return id3_bytes(head)


def _trailing_tag(read_at: ReadAt, start: int, end: int) -> int:
    """Return the length of the one tag that ends at end, 0 if there is none."""
    at = max(start, end - 128)
    tail = read_at(at, end - at)
    if len(tail) == 128 and tail[:3] == b"TAG":
        return 128
    if tail[-32:-24] == b"APETAGEX":
        has_header = tail[-9] & 0x80
        return int.from_bytes(tail[-20:-16], "little") + (32 if has_header else 0)
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    return 0


def _after_flac_blocks(read_at: ReadAt, size_bytes: int) -> Span:
    """Leave out the metadata blocks. Source: RFC 9639 section 8."""
    start, end = _between_tags(read_at, size_bytes)
    at = start + 4
    for _ in range(_MAX_BLOCKS):
        header = read_at(at, 4)
        if len(header) < 4:
            break
        at += 4 + int.from_bytes(header[1:], "big")
        if header[0] & 0x80:
            return at, end
    return start, end


def _media_data(read_at: ReadAt, size_bytes: int) -> Span:
    """Return the largest mdat box. Source: ISO/IEC 14496-12 section 8.1.1."""
    at, found = 0, (0, 0)
    for _ in range(_MAX_BOXES):
        header = read_at(at, 16)
        if len(header) < 8:
            break
        length, name, start = int.from_bytes(header[:4], "big"), header[4:8], at + 8
        if length == 1:
            length, start = int.from_bytes(header[8:16], "big"), at + 16
        end = min(at + length, size_bytes) if length else size_bytes
        if name == b"mdat" and end - start > found[1] - found[0]:
            found = start, end
        if end <= at:
            break
        at = end
    return found


def _from_scan(read_at: ReadAt, size_bytes: int) -> Span:
    """Return a JPEG from its first scan on. Source: ITU-T T.81 annex B."""
    try:
        return jpeg.read_header(read_at).scan_at, size_bytes
    except ProbeError:
        return 0, size_bytes


def _pictures(
    picture: Callable[[ReadAt, int], Span],
) -> Callable[[ReadAt, int], Span]:
    """Return a finder of the pixels that a format's reader tells of."""

    def find(read_at: ReadAt, size_bytes: int) -> Span:
        try:
            return picture(read_at, size_bytes)
        except ProbeError:
            return 0, size_bytes

    return find


def _movie_list(read_at: ReadAt, size_bytes: int) -> Span:
    """Return an AVI's first list of frames. Source: AVI RIFF file reference."""
    for name, start, length in chunks(read_at, 12, size_bytes, "little"):
        if name == b"LIST" and read_at(start, 4) == b"movi":
            return start + 4, start + length
    return 0, size_bytes


def _after_script(read_at: ReadAt, size_bytes: int) -> Span:
    """Leave out the tags before sound and picture. Source: Adobe FLV 10.1, E.4."""
    at = int.from_bytes(read_at(5, 4), "big") + 4
    for _ in range(_MAX_BLOCKS):
        header = read_at(at, 4)
        if len(header) < 4 or header[0] & 0x1F in {8, 9}:
            break
        at += 15 + int.from_bytes(header[1:], "big")
    return at, size_bytes


def _chunk_named(name: bytes, order: Order) -> Callable[[ReadAt, int], Span]:
    """Return a finder of the named chunk of a RIFF or IFF file."""

    def find(read_at: ReadAt, size_bytes: int) -> Span:
        for found, start, length in chunks(read_at, 12, size_bytes, order):
            if found == name:
                return start, start + length
        return 0, size_bytes

    return find


def _asf_data(read_at: ReadAt, size_bytes: int) -> Span:
    """Return what follows the header object. Source: ASF 1.2 section 3.1."""
    return int.from_bytes(read_at(16, 8), "little"), size_bytes


def _dsd_stream(read_at: ReadAt, size_bytes: int) -> Span:
    """Leave out the ID3v2 tag at the end. Source: DSF file format 1.01."""
    tag_at = int.from_bytes(read_at(20, 8), "little")
    return 28, tag_at or size_bytes


def _dff_sound(read_at: ReadAt, size_bytes: int) -> Span:
    """Leave out properties and ID3v2 tag. Source: DSDIFF 1.5 section 3."""
    at = 16
    for _ in range(_MAX_BOXES):
        header = read_at(at, 12)
        if len(header) < 12:
            break
        length = int.from_bytes(header[4:], "big")
        if header[:4] in {b"DSD ", b"DST "}:
            return at + 12, min(at + 12 + length, size_bytes)
        at += 12 + length + length % 2
    return 0, size_bytes


_FINDERS: Final[dict[str, Callable[[ReadAt, int], Span]]] = {
    "mp3": _between_tags,
    "adts": _between_tags,
    "ac3": _between_tags,
    "eac3": _between_tags,
    "ape": _between_tags,
    "wavpack": _between_tags,
    "musepack": _between_tags,
    "tta": _between_tags,
    "flac": _after_flac_blocks,
    "mp4": _media_data,
    "quicktime": _media_data,
    "3gpp": _media_data,
    "3gpp2": _media_data,
    "jpeg": _from_scan,
    "png": _pictures(lambda read_at, size: png.read_header(read_at, size).picture),
    "webp": _pictures(lambda read_at, size: webp.read_header(read_at, size).picture),
    "heic": _pictures(lambda read_at, _: heif.read_header(read_at).picture),
    "avif": _pictures(lambda read_at, _: heif.read_header(read_at).picture),
    "tiff": tiff_picture,
    "matroska": ebml.clusters,
    "webm": ebml.clusters,
    "avi": _movie_list,
    "flv": _after_script,
    "wav": _chunk_named(b"data", "little"),
    "aiff": _chunk_named(b"SSND", "big"),
    "asf": _asf_data,
    "dsf": _dsd_stream,
    "dff": _dff_sound,
    "tak": _between_tags,
    "ofr": _between_tags,
}
