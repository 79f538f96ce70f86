"""Tags of TIFF directories: Exif data, and TIFF pictures themselves.

Only the tags that are asked for are read, and of the directories in it only
Exif's own. The one with positions (GPS) is never followed.

Source: TIFF 6.0 section 2; Exif 2.32 section 4.6.
"""

from collections.abc import Collection
from typing import Final, Literal

from upnpserver.media.riff import ReadAt

Value = str | int | bytes | tuple[int, ...]
Directory = dict[int, Value]
Order = Literal["little", "big"]

_EXIF_DIRECTORY: Final = 0x8769
_MAX_ENTRIES: Final = 512
_MAX_NUMBERS: Final = 4096
_MAX_VALUE_BYTES: Final = 256 * 1024
# Panasonic and Olympus write marks of their own where TIFF has 42.
_MARKS: Final = {b"II*\0": "little", b"MM\0*": "big"}
# type -> bytes of one: byte, text, short, long, rational, undefined, IFD ...
_TEXT, _UNDEFINED, _BYTE = 2, 7, 1
_WIDTHS: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 13: 4}


def read_tags(read_at: ReadAt, wanted: Collection[int]) -> Directory:
    """Return the wanted tags of the first directory and the Exif one in it.

    Text is without what pads it; bytes (types BYTE and UNDEFINED) are as they
    lie; numbers are an int, or a tuple where there are several. What is broken
    is left out.
    """
    head = read_at(0, 8)
    order: Order = "little" if head[:2] == b"II" else "big"
    if head[:4] not in _MARKS:
        return {}
    main = _directory(read_at, order, _number(head, 4, 4, order), wanted)
    place = main.pop(_EXIF_DIRECTORY, 0)
    if isinstance(place, int) and place:
        for tag, value in _directory(read_at, order, place, wanted).items():
            main.setdefault(tag, value)
    main.pop(_EXIF_DIRECTORY, 0)
    return main


def _directory(
    read_at: ReadAt, order: Order, at: int, wanted: Collection[int]
) -> Directory:
    count = _number(read_at(at, 2), 0, 2, order)
    data = read_at(at + 2, 12 * min(count, _MAX_ENTRIES))
    found: Directory = {}
    for start in range(0, len(data) - 11, 12):
        tag = _number(data, start, 2, order)
        if tag not in wanted and tag != _EXIF_DIRECTORY:
            continue
        value = _value(read_at, data[start : start + 12], order)
        if value is not None:
            found.setdefault(tag, value)
    return found


def _value(read_at: ReadAt, entry: bytes, order: Order) -> Value | None:
    kind, count = _number(entry, 2, 2, order), _number(entry, 4, 4, order)
    length = _WIDTHS.get(kind, 0) * count
    if not 0 < length <= _MAX_VALUE_BYTES:
        return None
    data = entry[8:12]
    if length > 4:
        data = read_at(_number(entry, 8, 4, order), length)
    data = data[:length]
    if kind == _TEXT:
        return _text(data)
    if kind in {_BYTE, _UNDEFINED}:
        return data
    width = _WIDTHS[kind]
    if len(data) < length or width == 8 or count > _MAX_NUMBERS:
        return None  # no fraction is of use here
    numbers = [_number(data, at, width, order) for at in range(0, length, width)]
    return numbers[0] if count == 1 else tuple(numbers)


def _text(data: bytes) -> str:
    data = data.partition(b"\0")[0]
    try:
        return data.decode("utf-8").strip()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").strip()


def _number(data: bytes, at: int, width: int, order: Order) -> int:
    return int.from_bytes(data[at : at + width], order)
