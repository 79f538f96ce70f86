"""Subtitles that are pictures, as a Blu-ray disc has them (PGS): one white block."""

import struct

_CLOCK = 90_000  # ticks a second


def white_block(
    screen: tuple[int, int], place: tuple[int, int, int, int], until_s: int
) -> bytes:
    """Return a .sup file that shows a block from the first second on.

    place: x, y, width and height.
    """
    x, y, width, height = place
    window = struct.pack(">BBHHHH", 1, 0, x, y, width, height)
    line = bytes((0, 0xC0 | width >> 8, width & 0xFF, 1, 0, 0))
    drawn = struct.pack(">HH", width, height) + line * height
    shown = (
        (0x16, _composition(screen, 0, 0x80, struct.pack(">HBBHH", 0, 0, 0, x, y))),
        (0x17, window),
        (0x14, bytes((0, 0, 1, 235, 128, 128, 255))),
        (0x15, struct.pack(">HBB", 0, 0, 0xC0) + len(drawn).to_bytes(3, "big") + drawn),
        (0x80, b""),
    )
    gone = ((0x16, _composition(screen, 1, 0, b"")), (0x17, window), (0x80, b""))
    return b"".join(
        b"PG" + struct.pack(">IIBH", at_s * _CLOCK, 0, kind, len(data)) + data
        for at_s, segments in ((1, shown), (until_s, gone))
        for kind, data in segments
    )


def _composition(
    screen: tuple[int, int], number: int, state: int, objects: bytes
) -> bytes:
    head = struct.pack(">HHBHBBB", *screen, 0x10, number, state, 0, 0)
    return head + bytes((1 if objects else 0,)) + objects
