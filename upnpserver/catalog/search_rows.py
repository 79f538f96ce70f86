"""Rows of the table searched, made from those of found before a commit.

The id of a row is made of the property and the block, so that what a search
reads of one property lies in one place: see catalog/packed.py.
"""

import sqlite3

from upnpserver.catalog.marked import FOUND
from upnpserver.catalog.packed import BLOCK, pack

_BLOCK_BITS = 32
LAST_BLOCK = (1 << _BLOCK_BITS) - 1
# The number of a property is its place here: another order is another schema.
_NUMBERS = {name: number for number, name in enumerate(FOUND)}
_COLUMNS = ", ".join(f'"{name}"' for name in FOUND)
# Whoever changes found needn't know of this: what has to be packed anew is noted
# by the database, and forgotten by it where a transaction is rolled back.
_NOTES = "".join(
    f"""create temp trigger stale_{change} after {change} on found begin
    insert or ignore into stale values ({row}.object / {BLOCK}); end;
    """
    for change, row in (("insert", "new"), ("update", "new"), ("delete", "old"))
)


def packed_row(name: str, block: int) -> int:
    """Return the row of what is told of a property by the objects of a block."""
    return _NUMBERS[name] << _BLOCK_BITS | block


def block_of(row: int) -> int:
    """Return the block that a row is about."""
    return row & LAST_BLOCK


class SearchRows:
    """What is searched, brought up to date transaction by transaction."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        rows.executescript(
            f"create temp table stale (block integer primary key); {_NOTES}"
        )

    def settle(self) -> None:
        """Pack the blocks anew of which objects changed in this transaction."""
        stale = self._rows.execute("select block from stale").fetchall()
        for (block,) in stale:
            self._pack(block)
        if stale:
            self._rows.execute("delete from stale")

    def _pack(self, block: int) -> None:
        values: list[tuple[object, ...]] = [(None,) * len(FOUND)] * BLOCK
        first = block * BLOCK
        for row, *told in self._rows.execute(
            f"select object, {_COLUMNS} from found where object between ? and ?",
            (first, first + BLOCK - 1),
        ):
            values[row - first] = tuple(told)
        for name, column in zip(FOUND, zip(*values, strict=True), strict=True):
            self._write(packed_row(name, block), pack(column))

    def _write(self, row: int, packed: bytes) -> None:
        """Write what changed only: cards wear out."""
        if packed:
            self._rows.execute(
                "insert into searched values (?1, ?2) on conflict (id)"
                " do update set packed = ?2 where packed != ?2",
                (row, packed),
            )
        else:
            self._rows.execute("delete from searched where id = ?", (row,))
