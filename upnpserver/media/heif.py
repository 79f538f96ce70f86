"""The header of a HEIF picture (HEIC, AVIF): size, turn, Exif, XMP; no decoder.

A photo of a phone is a grid of tiles; the picture itself is the "primary
item", and its size and turn are properties that the file associates with it.

Source: ISO/IEC 23008-12 (HEIF) section 6; ISO/IEC 14496-12 section 8.11
(meta, iloc, iinf, pitm).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from upnpserver.errors import ProbeError
from upnpserver.media.riff import ReadAt

_MAX_META_BYTES: Final = 1 << 20
_MAX_ITEM_BYTES: Final = 256 * 1024
_XMP_TYPE: Final = b"application/rdf+xml"
_MAX_BOXES: Final = 4096
_MAX_GAP: Final = 64  # between items, to fill
# irot turns anti-clockwise by quarters; as Exif says it.
_ORIENTATION: Final = {0: 1, 1: 8, 2: 3, 3: 6}


Span = tuple[int, int]  # start, end


@dataclass(frozen=True, slots=True)
class HeifHeader:
    """Size in pixels before turning, the turn as in Exif, raw data (b"": none).

    picture: the longest run of coded pixels in the file; (0, 0) if not told.
    """

    width: int
    height: int
    orientation: int = 1
    exif: bytes = b""
    xmp: bytes = b""
    picture: tuple[int, int] = (0, 0)


def read_header(read_at: ReadAt) -> HeifHeader:
    """Return the header. Raises ProbeError if it makes no sense."""
    try:
        meta = _Meta(_meta_box(read_at))
        properties = meta.properties()
        size = properties.get(b"ispe", b"")
        turn = properties.get(b"irot", b"\0")[0] & 3
        return HeifHeader(
            _number(size, 4, 4),
            _number(size, 8, 4),
            _ORIENTATION[turn],
            _exif(read_at, meta),
            _item(read_at, meta.place(b"mime", _XMP_TYPE)),
            meta.picture(),
        )
    except (IndexError, ValueError) as error:
        raise ProbeError("its header is broken") from error


def _exif(read_at: ReadAt, meta: "_Meta") -> bytes:
    data = _item(read_at, meta.place(b"Exif"))
    if len(data) < 4:
        return b""
    # The offset of the TIFF header comes first (HEIF annex A).
    return data[4 + _number(data, 0, 4) :]


def _item(read_at: ReadAt, place: Span) -> bytes:
    start, end = place
    return read_at(start, min(end - start, _MAX_ITEM_BYTES)) if end > start else b""


def _meta_box(read_at: ReadAt) -> bytes:
    """Return the content of the file's meta box."""
    at = 0
    for _ in range(16):
        header = read_at(at, 8)
        length = _number(header, 0, 4)
        if header[4:] == b"meta":
            return read_at(at + 12, min(length - 12, _MAX_META_BYTES))
        if length < 8:
            break
        at += length
    raise ProbeError("it has no description of its picture")


class _Meta:
    """The boxes inside a meta box."""

    def __init__(self, content: bytes) -> None:
        self._boxes = dict(_boxes(content))
        self._found: dict[int, Span] | None = None

    def properties(self) -> dict[bytes, bytes]:
        """Return the primary item's properties by their names."""
        inside = dict(_boxes(self._boxes.get(b"iprp", b"")))
        known = list(_boxes(inside.get(b"ipco", b"")))
        wanted = _associated(inside.get(b"ipma", b""), self._primary_item())
        return {known[index - 1][0]: known[index - 1][1] for index in wanted if index}

    def place(self, kind: bytes, content: bytes = b"") -> Span:
        """Return where the item of a kind lies in the file, (0, 0) for none."""
        for item, found, rest in self._items():
            if found == kind and content in rest:
                return self._places().get(item, (0, 0))
        return 0, 0

    def picture(self) -> Span:
        """Return the longest run of items that are no description, (0, 0) for none."""
        told = {item for item, kind, _ in self._items() if kind in {b"Exif", b"mime"}}
        longest = run = (0, 0)
        for start, end in sorted(
            place for item, place in self._places().items() if item not in told
        ):
            run = (
                (run[0], end) if run[1] <= start <= run[1] + _MAX_GAP else (start, end)
            )
            longest = max(longest, run, key=lambda span: span[1] - span[0])
        return longest

    def _items(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (number, kind, name and content type) of each item."""
        content = self._boxes.get(b"iinf", b"")
        start = 6 if content[:1] == b"\0" else 8
        for name, entry in _boxes(content[start:]):
            width = {b"\2": 2, b"\3": 4}.get(entry[:1])
            if name == b"infe" and width:
                at = 4 + width + 2
                yield _number(entry, 4, width), entry[at : at + 4], entry[at + 4 :]

    def _places(self) -> dict[int, Span]:
        if self._found is None:
            self._found = dict(_places(self._boxes.get(b"iloc", b"")))
        return self._found

    def _primary_item(self) -> int:
        pitm = self._boxes.get(b"pitm", b"")
        return _number(pitm, 4, 2 if pitm[:1] == b"\0" else 4)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, content) of the boxes in data."""
    at = 0
    for _ in range(_MAX_BOXES):
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8 or at + length > len(data):
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def _associated(ipma: bytes, item: int) -> list[int]:
    """Return the property numbers (from 1 on) of an item."""
    id_bytes = 2 if ipma[:1] == b"\0" else 4
    wide = ipma[3] & 1
    at = 8
    for _ in range(min(_number(ipma, 4, 4), _MAX_BOXES)):
        found = _number(ipma, at, id_bytes)
        count = ipma[at + id_bytes]
        at += id_bytes + 1
        if found == item:
            if wide:
                return [_number(ipma, at + 2 * i, 2) & 0x7FFF for i in range(count)]
            return [ipma[at + i] & 0x7F for i in range(count)]
        at += count * (2 if wide else 1)
    raise ValueError("no properties")


def _places(iloc: bytes) -> Iterator[tuple[int, Span]]:
    """Yield each item that lies in the file in one piece, and where."""
    if not iloc:
        return
    version = iloc[0]
    offset_bytes, length_bytes = iloc[4] >> 4, iloc[4] & 15
    base_bytes, index_bytes = iloc[5] >> 4, iloc[5] & 15 if version else 0
    id_bytes = 4 if version == 2 else 2
    at = 6 + id_bytes
    for _ in range(min(_number(iloc, 6, id_bytes), _MAX_BOXES)):
        item = _number(iloc, at, id_bytes)
        at += id_bytes
        method = _number(iloc, at, 2) & 15 if version else 0
        at += 4 if version else 2
        base = _number(iloc, at, base_bytes)
        extents = _number(iloc, at + base_bytes, 2)
        at += base_bytes + 2
        if extents == 1 and method == 0:
            start = base + _number(iloc, at + index_bytes, offset_bytes)
            length = _number(iloc, at + index_bytes + offset_bytes, length_bytes)
            yield item, (start, start + length)
        at += extents * (index_bytes + offset_bytes + length_bytes)


def _number(data: bytes, at: int, count: int) -> int:
    """Return a big-endian number. Raises IndexError beyond the end."""
    if at + count > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + count], "big")
