"""ID3 tags, from just the bytes that are needed.

mutagen turns each frame into an object with checks for writing it back, and
reads pictures of megabytes to tell their type: together more than all the rest
of reading an MP3. Here a frame is a name and its first bytes.

Source: ID3v2.2.0, ID3v2.3.0, ID3v2.4.0 structure and native frames; ID3v2
Chapter Frame Addendum 1.0; ID3v1.1.
"""

import codecs
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from upnpserver.media.embedded import Picture
from upnpserver.media.riff import ReadAt
from upnpserver.media.signatures import id3_bytes
from upnpserver.media.window import Window

V1_BYTES: Final = 128

# How much of a frame is looked at, by its name; others are passed by.
_TEXT_BYTES: Final = 16 * 1024
_NEEDED_BYTES: Final[Mapping[str, int]] = {
    "COMM": 8192,
    "APIC": 1024,
    "POPM": 512,
    "CHAP": 8192,
    "MVNM": 64,  # that there is such a text is all
    "MVIN": 64,
    "USLT": 64,
    "SYLT": 64,
}
# Names of ID3v2.2. Some programs write them into an ID3v2.3 tag, with a NUL.
_OLD_NAMES: Final[Mapping[str, str]] = {
    "TT1": "TIT1",
    "TT2": "TIT2",
    "TP1": "TPE1",
    "TP2": "TPE2",
    "TP3": "TPE3",
    "TAL": "TALB",
    "TCO": "TCON",
    "TCM": "TCOM",
    "TRK": "TRCK",
    "TPA": "TPOS",
    "TYE": "TYER",
    "TDA": "TDAT",
    "TOR": "TORY",
    "TCP": "TCMP",
    "TXX": "TXXX",
    "TSP": "TSOP",
    "TSA": "TSOA",
    "TS2": "TSO2",
    "TST": "TSOT",
    "COM": "COMM",
    "ULT": "USLT",
    "SLT": "SYLT",
    "PIC": "APIC",
    "POP": "POPM",
    "MVN": "MVNM",
    "MVI": "MVIN",
}
_ENCODINGS: Final = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_MARK_BYTES: Final = codecs.BOM_UTF16 + b"\0"
_MARKS: Final = "\ufeff\ufffe"

_PICTURE: Final = "APIC"
_MAX_FRAMES: Final = 1024
_MAX_RESTORED_BYTES: Final = 4 << 20  # of a tag that is unsynchronised as a whole
_MAX_PACKED_BYTES: Final = 256 * 1024  # of one frame in another than its plain form


@dataclass(frozen=True, slots=True)
class Id3:
    """The frames of one tag, by their names of ID3v2.3 and 2.4, in order."""

    version: int  # 1; 2, 3 or 4 for ID3v2
    frames: Mapping[str, list[bytes]]
    # Where the contents of the APIC frames lie in the file, and how long they
    # are: 0 if they are not there in their plain form.
    places: Sequence[tuple[int, int]] = ()

    def has(self, name: str) -> bool:
        """Return whether there is such a text frame, or such lyrics."""
        # Before a lyrics frame's text: encoding and language; in SYLT two kinds.
        start = {"USLT": 4, "SYLT": 6}.get(name, 1)
        found = (data[start:].strip(b"\0") for data in self.frames.get(name, ()))
        return any(text.strip(_MARK_BYTES) for text in found)

    def texts(self, name: str) -> list[str]:
        """Return all texts of the frames of that name."""
        frames = self.frames.get(name, ())
        return [text for data in frames for text in _texts(data[1:], data)]

    def described(self, name: str) -> Iterator[tuple[str, list[str]]]:
        """Yield (description, texts) of each TXXX or COMM frame."""
        start = 4 if name == "COMM" else 1  # after encoding and language
        for data in self.frames.get(name, ()):
            description, *texts = _texts(data[start:], data) or [""]
            yield description, texts

    def ratings(self) -> Iterator[tuple[str, int]]:
        """Yield (who rated, 0 to 255) of each POPM frame."""
        for data in self.frames.get("POPM", ()):
            who, _, rest = data.partition(b"\0")
            if rest:
                yield who.decode("latin-1"), rest[0]

    def pictures(self) -> list[Picture]:
        """Return the embedded pictures."""
        frames = zip(self.frames.get(_PICTURE, ()), self.places, strict=True)
        return [_picture(data, self.version, *place) for data, place in frames]

    def chapters(self) -> Iterator[tuple[int, str]]:
        """Yield (start in milliseconds, title) of the chapters."""
        for data in self.frames.get("CHAP", ()):
            _, _, rest = data.partition(b"\0")
            if len(rest) >= 16:
                inside, _ = _frames(Window.of(rest), 16, self.version)
                titles = Id3(self.version, inside).texts("TIT2")
                yield int.from_bytes(rest[:4], "big"), titles[0] if titles else ""


def read_id3v2(read_at: ReadAt, at: int = 0) -> Id3 | None:
    """Return the tag that begins at an offset, None if there is none."""
    header = read_at(at, 10)
    length = id3_bytes(header)
    version = header[3] if length else 0
    if version not in {2, 3, 4}:
        return None
    flags, start, end = header[5], 10, length - (10 if header[5] & 0x10 else 0)
    restored = flags & 0x80 and version < 4
    if restored:
        body = read_at(at, min(end, _MAX_RESTORED_BYTES))
        window = Window.of(body[:10] + _restored(body[10:]))
    else:
        window = Window(read_at, at, end)
    if flags & 0x40 and version > 2:
        start += _extended_header_bytes(window, version)
    frames, places = _frames(window, start, version, unsynchronised=flags & 0x80)
    in_file = [(at + place, 0 if restored else length) for place, length in places]
    return Id3(version, frames, in_file)


def read_id3v1(tail: bytes) -> Id3 | None:
    """Return the tag in a file's last 128 bytes, None if there is none."""
    if len(tail) != V1_BYTES or tail[:3] != b"TAG":
        return None
    fields = {
        "TIT2": tail[3:33],
        "TPE1": tail[33:63],
        "TALB": tail[63:93],
        "TYER": tail[93:97],
        "COMM": tail[97:127],
    }
    if tail[125] == 0 and tail[126]:
        fields["COMM"] = tail[97:125]
        fields["TRCK"] = b"%d" % tail[126]
    if tail[127] != 0xFF:
        fields["TCON"] = b"%d" % tail[127]
    told = {name: data.partition(b"\0")[0].rstrip() for name, data in fields.items()}
    frames = {name: [b"\0" + data] for name, data in told.items() if data}
    if "COMM" in frames:
        frames["COMM"] = [b"\0xxx\0" + told["COMM"]]
    return Id3(1, frames)


def _restored(data: bytes) -> bytes:
    """Return data without the NULs that keep decoders from seeing sync marks."""
    return data.replace(b"\xff\0", b"\xff")


def _extended_header_bytes(window: Window, version: int) -> int:
    raw = window.get(10, 4)
    if _is_name(raw):  # some programs tell of one and write none
        return 0
    if version == 4:
        return _seven_bits(raw)
    return 4 + int.from_bytes(raw, "big")


def _seven_bits(raw: bytes) -> int:
    """Return a number that has seven bits in each byte."""
    number = 0
    for byte in raw:
        number = number << 7 | byte & 0x7F
    return number


def _frames(
    window: Window, at: int, version: int, *, unsynchronised: int = 0
) -> tuple[dict[str, list[bytes]], list[tuple[int, int]]]:
    """Return the frames from at on, and the places of those with pictures."""
    found: dict[str, list[bytes]] = {}
    places: list[tuple[int, int]] = []
    header_bytes = 6 if version == 2 else 10
    for _ in range(_MAX_FRAMES):
        header = window.get(at, header_bytes)
        if len(header) < header_bytes or not _is_name(header[:3]):
            break
        if version == 2:
            raw_name, raw_size = header[:3], header[3:]
        else:
            raw_name, raw_size = header[:4], header[4:8]
        size = int.from_bytes(raw_size, "big")
        if version == 4 and size > 0x7F:
            size = _size_of_2_4(window, at, raw_size)
        at += header_bytes
        name = raw_name.rstrip(b"\0").decode("latin-1")
        name = _OLD_NAMES.get(name, name)
        if needed := _NEEDED_BYTES.get(name, _TEXT_BYTES if name[0] == "T" else 0):
            flags = header[9] if version > 2 else 0
            if unsynchronised and version == 4:
                flags |= 0x02
            place = at, size
            if flags and (packed := _packings(version, flags)):
                data = window.get(at, min(size, _MAX_PACKED_BYTES))
                data = _unpacked(data, packed)[:needed]
                before = packed.before_bytes
                place = at + before, 0 if packed.is_changed else size - before
            else:
                data = window.get(at, min(size, needed))
            if data:
                found.setdefault(name, []).append(data)
                if name == _PICTURE:
                    places.append(place)
        at += size
    return found, places


def _is_name(raw: bytes) -> bool:
    return raw.isalnum() and raw.isupper()


def _size_of_2_4(window: Window, at: int, raw: bytes) -> int:
    """Return a frame's size; iTunes once wrote it in eight bits a byte.

    The right one is that after which another frame or padding begins.
    """
    plain, meant = int.from_bytes(raw, "big"), _seven_bits(raw)
    if max(raw) > 0x7F:
        return plain
    for size in (meant, plain):
        after = window.get(at + 10 + size, 3)
        if at + 10 + size == window.end or after == b"\0\0\0" or _is_name(after):
            return size
    return meant


@dataclass(frozen=True, slots=True)
class _Packing:
    """What stands between a frame's header and its content, and around it."""

    before_bytes: int
    compressed: bool
    encrypted: bool
    unsynchronised: bool

    @property
    def is_changed(self) -> bool:
        """Return whether the file holds other bytes than the content."""
        return self.compressed or self.encrypted or self.unsynchronised


def _packings(version: int, flags: int) -> _Packing | None:
    """Return how a frame is packed, None if it is plain."""
    if version == 4:
        before = bool(flags & 0x40) + bool(flags & 0x04) + 4 * (flags & 0x01)
        packed = _Packing(
            before, bool(flags & 0x08), bool(flags & 0x04), bool(flags & 0x02)
        )
    else:
        before = 4 * bool(flags & 0x80) + bool(flags & 0x40) + bool(flags & 0x20)
        packed = _Packing(before, bool(flags & 0x80), bool(flags & 0x40), False)
    return packed if flags & 0xEF else None


def _unpacked(data: bytes, packed: _Packing) -> bytes:
    """Return the content of a frame, nothing if it can't be had."""
    if packed.encrypted:
        return b""
    if packed.unsynchronised:
        data = _restored(data)
    data = data[packed.before_bytes :]
    if packed.compressed:
        try:
            # Bounded: a bomb would unpack to gigabytes.
            return zlib.decompressobj().decompress(data, _MAX_PACKED_BYTES)
        except zlib.error:
            return b""
    return data


def _texts(data: bytes, frame: bytes) -> list[str]:
    """Return the texts in data, each ended by NUL, in the frame's encoding."""
    encoding = _ENCODINGS[frame[0]] if frame[0] < len(_ENCODINGS) else "latin-1"
    if encoding == "utf-16" and not data.startswith((codecs.BOM_LE, codecs.BOM_BE)):
        encoding = "utf-16-le"
    if encoding.startswith("utf-16"):
        data = data[: len(data) & ~1]  # half a NUL at the end
    decoded = data.decode(encoding, "replace").rstrip("\0")
    if encoding == "latin-1" or decoded.isascii():
        return decoded.split("\0")
    return [text.lstrip(_MARKS) for text in decoded.split("\0")]


def _picture(data: bytes, version: int, offset: int, length: int) -> Picture:
    """Return the picture in an APIC frame: MIME name, kind, description, picture.

    data: the frame's beginning; offset, length: where it lies in the file. In
    ID3v2.2 three letters stand where the MIME name is.
    """
    start = 5 if version == 2 else data.find(b"\0", 1) + 2
    kind = data[start - 1] if start <= len(data) else 0
    if data[0] in {1, 2}:  # ended by two NULs, at an even place
        end = start
        while data[end : end + 2] not in {b"", b"\0\0"}:
            end += 2
        head = data[end + 2 :]
    else:
        head = data[start:].partition(b"\0")[2]
    before = len(data) - len(head)
    return Picture(head, offset + before, max(0, length - before), kind)
