"""What the objects of a block tell of one property, packed to be searched. Pure.

A search looks at every object, so what it reads must be small: each value of a
block stands there once, and a byte for each object says which one it tells. A
condition is then asked once for each value, and answered for the whole block by
the translation of these bytes.

Which objects of a block are meant is one number: a byte of 1 or 0 for each, the
first one lowest, so that "and" and "or" are those of numbers.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import NamedTuple

BLOCK = 255  # objects; a byte says which value is told, 0 for none
_BETWEEN = "\x1e"  # values; can't stand in XML
_ANY = b"\x00" + b"\x01" * BLOCK

Test = Callable[[str], bool]
Masks = dict[int, int]  # block -> which objects; blocks of which none is are left out


def pack(values: Sequence[str | int | None]) -> bytes:
    """Return what the objects of a block tell, b"" if that is nothing."""
    told = dict.fromkeys(str(value) for value in values if value is not None)
    if not told:
        return b""
    codes = {text: code for code, text in enumerate(told, 1)}
    which = bytes(0 if value is None else codes[str(value)] for value in values)
    return which.ljust(BLOCK, b"\x00") + _BETWEEN.join(told).encode()


class Packed(NamedTuple):
    """One property of a block. which: a byte for each object. text: the values."""

    which: bytes
    text: str

    def where(self, test: Test) -> int:
        """Return which objects tell a value of which the test holds."""
        answers = bytes([False, *map(test, self.text.split(_BETWEEN))])
        return _number(self.which.translate(answers.ljust(BLOCK + 1, b"\x00")))

    def anywhere(self) -> int:
        """Return which objects tell any value."""
        return _number(self.which.translate(_ANY))


def unpack(packed: bytes) -> Packed:
    """Return what pack() packed."""
    return Packed(packed[:BLOCK], packed[BLOCK:].decode())


def masks_of(rows: Iterable[int]) -> Masks:
    """Return the masks that mean these rows."""
    flags: dict[int, bytearray] = {}
    for row in rows:
        block, place = divmod(row, BLOCK)
        if block not in flags:
            flags[block] = bytearray(BLOCK)
        flags[block][place] = 1
    return {block: _number(some) for block, some in flags.items()}


def rows_in(masks: Masks) -> Iterable[int]:
    """Yield the rows that are meant, in their order."""
    for block in sorted(masks):
        first = block * BLOCK
        flags = masks[block].to_bytes(BLOCK, "little")
        yield from compress(range(first, first + BLOCK), flags)


def is_in(masks: Masks, row: int) -> bool:
    """Whether a row is meant."""
    block, place = divmod(row, BLOCK)
    return bool(masks.get(block, 0) >> 8 * place & 1)


def both(some: Masks, others: Masks) -> Masks:
    """Return which objects are meant by both."""
    common = some.keys() & others.keys()
    return {block: mask for block in common if (mask := some[block] & others[block])}


def either(some: Masks, others: Masks) -> Masks:
    """Return which objects are meant by any."""
    return {**some, **{b: mask | some.get(b, 0) for b, mask in others.items()}}


def without(some: Masks, others: Masks) -> Masks:
    """Return which objects are meant by some only."""
    kept = ((block, mask & ~others.get(block, 0)) for block, mask in some.items())
    return {block: mask for block, mask in kept if mask}


def _number(flags: bytes | bytearray) -> int:
    return int.from_bytes(flags, "little")
