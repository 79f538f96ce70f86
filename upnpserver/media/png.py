"""The header of a PNG picture: size, form, what is told of it, and where it lies.

Many programs write what they tell behind the picture. To get there the picture
is not walked through, which may be thousands of chunks: its last chunk is
looked for at the end of the file.

Source: PNG specification, third edition, sections 5 and 11; XMP part 3 section
1.1.5.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.riff import ReadAt

_MAX_CHUNKS: Final = 64
_TAIL_BYTES: Final = 128 * 1024
_MAX_TEXT_BYTES: Final = 256 * 1024
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_XMP: Final = "XML:com.adobe.xmp"


@dataclass(slots=True)
class PngHeader:
    """Size in pixels, bits a pixel, and raw data (b"" for none).

    picture: where the pixels begin and end in the file, without the chunks
    that tell of them; (0, 0) if that isn't clear.
    """

    width: int
    height: int
    bits: int
    exif: bytes = b""
    xmp: bytes = b""
    time: bytes = b""
    texts: dict[str, str] = field(default_factory=dict)
    picture: tuple[int, int] = (0, 0)


def read_header(read_at: ReadAt, size_bytes: int) -> PngHeader:
    """Return the header. Raises ProbeError if it makes no sense."""
    head = read_at(8, 21)
    if len(head) < 21 or head[4:8] != b"IHDR" or head[17] not in _CHANNELS:
        raise ProbeError("its header is broken")
    width, height = (
        int.from_bytes(head[8:12], "big"),
        int.from_bytes(head[12:16], "big"),
    )
    header = PngHeader(width, height, head[16] * _CHANNELS[head[17]])
    if head[17] == 3:
        header.bits = 8  # a palette: as it is shown
    start = end = 0
    for name, at, length in _chunks(read_at, 8, size_bytes):
        if name == b"IDAT":
            start, end = start or at - 8, at + length + 4
        elif start:
            break
        else:
            _note(header, read_at, name, at, length)
    if start:
        behind = _behind(read_at, end, size_bytes)
        header.picture = (start, behind) if behind else (0, 0)
        for name, at, length in _chunks(read_at, behind or size_bytes, size_bytes):
            _note(header, read_at, name, at, length)
    return header


def _behind(read_at: ReadAt, end: int, size_bytes: int) -> int:
    """Return where the last chunk of the picture ends, 0 if that isn't clear."""
    if read_at(end + 4, 4) != b"IDAT":
        return end
    tail_at = max(end, size_bytes - _TAIL_BYTES)
    tail = read_at(tail_at, _TAIL_BYTES)
    last = tail.rfind(b"IDAT")
    if last < 4:
        return 0
    length = int.from_bytes(tail[last - 4 : last], "big")
    behind = tail_at + last + 8 + length
    # Chance may have made that word: what follows must be a chunk.
    name = read_at(behind + 4, 4)
    return behind if len(name) == 4 and name.isalpha() else 0


def _note(
    header: PngHeader, read_at: ReadAt, name: bytes, at: int, length: int
) -> None:
    if name not in {b"eXIf", b"tIME", b"tEXt", b"zTXt", b"iTXt"}:
        return
    data = read_at(at, min(length, _MAX_TEXT_BYTES))
    if name == b"eXIf":
        header.exif = header.exif or data
    elif name == b"tIME":
        header.time = header.time or data
    else:
        key, text = _text(name, data)
        if key == _XMP:
            header.xmp = header.xmp or text
        else:
            header.texts.setdefault(key, text.decode("utf-8", "replace"))


def _text(name: bytes, data: bytes) -> tuple[str, bytes]:
    """Return the keyword and the text, in UTF-8, of a chunk that holds one."""
    keyword, _, rest = data.partition(b"\0")
    key = keyword.decode("latin-1")
    if name == b"tEXt":
        return key, rest.decode("latin-1").encode()
    if name == b"zTXt":
        return key, _unpacked(rest[1:]).decode("latin-1").encode()
    packed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.partition(b"\0")[2].partition(b"\0")[2]  # language, keyword in it
    return key, _unpacked(text) if packed else text


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MAX_TEXT_BYTES)
    except zlib.error:
        return b""


def _chunks(
    read_at: ReadAt, at: int, size_bytes: int
) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, length) of chunks from an offset on."""
    for _ in range(_MAX_CHUNKS):
        header = read_at(at, 8) if at + 12 <= size_bytes else b""
        if len(header) < 8:
            return
        length = int.from_bytes(header[:4], "big")
        yield header[4:], at + 8, length
        at += 12 + length
