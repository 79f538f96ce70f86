"""FLAC: stream information, comments and pictures, by its metadata blocks.

Only the beginning of a picture is read, and no padding, seek table or cue sheet.

Source: RFC 9639 section 8; Vorbis I specification section 5 (comments).
"""

import struct
from dataclasses import dataclass
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.embedded import Picture
from upnpserver.media.riff import ReadAt

_STREAM_INFO, _COMMENTS, _PICTURE = 0, 4, 6
_LAST: Final = 0x80
_MAX_BLOCKS: Final = 256
_MAX_COMMENT_BYTES: Final = 4 << 20
MAX_COMMENTS: Final = 2048
# Of one comment: more than any text that is kept, and the beginning of a picture.
MAX_SHOWN: Final = 16 * 1024
_TOLD_TOO_SHORT_BYTES: Final = 64 * 1024
_PICTURE_LOOK: Final = 1024
_MAX_PICTURE_BYTES: Final = 64 << 20

Comment = tuple[str, str]  # name in lower case, text


@dataclass(frozen=True, slots=True)
class Flac:
    """What the metadata blocks of one file say."""

    sample_rate_hz: int
    channels: int
    bits_per_sample: int
    samples: int  # 0: not told
    comments: tuple[Comment, ...]
    pictures: tuple[Picture, ...]
    sound_at: int  # where the first frame is


def read_flac(read_at: ReadAt, start: int) -> Flac:
    """Return what the metadata says; start: where "fLaC" stands.

    Raises ProbeError if the stream information is missing.
    """
    info = b""
    comments: tuple[Comment, ...] = ()
    pictures: list[Picture] = []
    at = start + 4
    for _ in range(_MAX_BLOCKS):
        header = read_at(at, 4)
        if len(header) < 4:
            break
        kind, length = header[0] & 0x7F, int.from_bytes(header[1:], "big")
        at += 4
        if kind == _STREAM_INFO and not info:
            info = read_at(at, 18)
        elif kind == _COMMENTS and not comments:
            comments, length = _comments(read_at, at, length)
        elif kind == _PICTURE:
            picture, length = _picture(read_at(at, _PICTURE_LOOK), at, length)
            pictures.append(picture)
        at += length
        if header[0] & _LAST:
            break
    if len(info) < 18:
        raise ProbeError("its stream information is missing")
    # 20 bits rate, 3 channels - 1, 5 bits a sample - 1, 36 samples.
    packed = int.from_bytes(info[10:18], "big")
    return Flac(
        sample_rate_hz=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        bits_per_sample=(packed >> 36 & 31) + 1,
        samples=packed & (1 << 36) - 1,
        comments=comments,
        pictures=tuple(pictures),
        sound_at=at,
    )


def _comments(read_at: ReadAt, at: int, length: int) -> tuple[tuple[Comment, ...], int]:
    """Return the comments of a block and its length, in some files told too short."""
    data = read_at(at, min(length, _MAX_COMMENT_BYTES))
    comments, used = parse_comments(data)
    if used <= length:
        return comments, length
    return parse_comments(read_at(at, length + _TOLD_TOO_SHORT_BYTES))


def _picture(block: bytes, at: int, length: int) -> tuple[Picture, int]:
    """Return the picture in the block at an offset, and the block's length.

    One of more than 16 MiB doesn't fit into 24 bits: programs wrote the rest.
    """
    head = picture_in(block)
    before = len(block) - len(head)
    told = int.from_bytes(block[before - 4 : before], "big") if head else 0
    told = told if told < _MAX_PICTURE_BYTES else 0
    kind = int.from_bytes(block[:4], "big")
    return Picture(head, at + before, told, kind), max(length, before + told)


def parse_comments(data: bytes) -> tuple[tuple[Comment, ...], int]:
    """Return the Vorbis comments in data, and how many bytes they are.

    Comments that are not whole are left out; more bytes than data has means
    that there are some.
    """
    found = []
    at = 0
    try:
        (length,) = struct.unpack_from("<I", data)
        at = 8 + length
        (count,) = struct.unpack_from("<I", data, at - 4)
        for _ in range(min(count, MAX_COMMENTS)):
            (length,) = struct.unpack_from("<I", data, at)
            at += 4 + length
            if at > len(data):
                break
            shown = min(length, MAX_SHOWN)
            if comment := comment_in(data[at - length : at - length + shown]):
                found.append(comment)
    except struct.error:
        at = len(data) + 1
    return tuple(found), at


def comment_in(data: bytes) -> Comment | None:
    """Return one comment (or its beginning) of the form NAME=text."""
    name, is_one, value = data.partition(b"=")
    if not is_one:
        return None
    return name.decode("ascii", "replace").lower(), value.decode("utf-8", "replace")


def picture_in(block: bytes) -> bytes:
    """Return the beginning of the picture in (the beginning of) its block.

    Before it: kind; MIME name and description, each after its length; width,
    height, depth, colours, length.
    """
    try:
        at = 4
        for _ in range(2):
            (length,) = struct.unpack_from(">I", block, at)
            at += 4 + length
    except struct.error:
        return b""
    return block[at + 20 :]
