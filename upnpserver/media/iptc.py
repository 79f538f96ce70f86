"""IPTC data in a picture's Photoshop block: title, keywords, date.

Source: IPTC-IIM 4.2 sections 1.6 and 6; Adobe Photoshop file formats, "Image
resource blocks".
"""

from collections.abc import Iterator
from typing import Final

_IPTC_BLOCK: Final = 0x0404
_MAX_BLOCKS: Final = 256
_MAX_SETS: Final = 1024
_CHARSET: Final = (1, 90)
_UTF8: Final = b"\x1b%G"
TITLE: Final = (2, 5)
KEYWORD: Final = (2, 25)
DATE: Final = (2, 55)
TIME: Final = (2, 60)
CAPTION: Final = (2, 120)

Texts = dict[tuple[int, int], list[str]]


def read_iptc(photoshop: bytes) -> Texts:
    """Return the texts of a Photoshop block (JPEG's APP13, after its name)."""
    sets = list(_sets(_block(photoshop)))
    is_utf8 = any(data == _UTF8 for key, data in sets if key == _CHARSET)
    found: Texts = {}
    for key, data in sets:
        found.setdefault(key, []).append(_decoded(data, is_utf8=is_utf8))
    return found


def _block(data: bytes) -> bytes:
    at = 0
    for _ in range(_MAX_BLOCKS):
        if data[at : at + 4] != b"8BIM" or at + 12 > len(data):
            break
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        name = 1 + data[at + 6]
        start = at + 6 + name + name % 2
        length = int.from_bytes(data[start : start + 4], "big")
        if number == _IPTC_BLOCK:
            return data[start + 4 : start + 4 + length]
        at = start + 4 + length + length % 2
    return b""


def _sets(data: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    at = 0
    for _ in range(_MAX_SETS):
        head = data[at : at + 5]
        length = int.from_bytes(head[3:], "big")
        if len(head) < 5 or head[0] != 0x1C or length & 0x8000:
            return
        yield (head[1], head[2]), data[at + 5 : at + 5 + length]
        at += 5 + length


def _decoded(data: bytes, *, is_utf8: bool) -> str:
    try:
        return data.decode("utf-8")  # many write it without saying so
    except UnicodeDecodeError:
        return data.decode("utf-8" if is_utf8 else "cp1252", "replace")
