"""How a container is spelled where its files don't agree.

"nina simone" and "Nina Simone" are one artist, with one title and one place in
the order. Whichever file came first, the best spelling that any of them has is
shown. Containers whose files differ are noted, so that the rest costs nothing.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from upnpserver.catalog.items import Described, describe_container
from upnpserver.catalog.schema import ROOT_ROW
from upnpserver.catalog.views import Container


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a container's row says of it, and where it stands in the one above."""

    title: str
    sort_key: str
    segments: bytes

    @property
    def rank(self) -> tuple[object, ...]:
        """Return what the best has least of: one case only, no accents, few words."""
        title = self.title
        plain = title in (title.lower(), title.upper())
        told = -len(self.segments)
        return plain, title.isascii(), told, self.sort_key, self.segments


def spelled(container: Container) -> tuple[Spelling, Described]:
    """Return how a file spells a container, and what rows keep of that."""
    described = describe_container(container)
    spelling = Spelling(container.title, container.sort_key, described.segments)
    return spelling, described


class Spellings:
    """Which containers are spelled in several ways, in one open transaction.

    doubtful collects those that may have lost the file that they are spelled as.
    """

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self._various: set[int] | None = None
        self.doubtful: set[int] = set()

    def forget(self) -> None:
        """Drop what is remembered of a transaction that was rolled back."""
        self._various = None
        self.doubtful.clear()

    def drop_all(self) -> None:
        """Note that there are no containers any more."""
        self._rows.execute("delete from spelled_variously")
        self.forget()

    def of(self, row: int) -> tuple[Spelling, int] | None:
        """Return how a container is spelled and the row above it, if it is there."""
        found = self._rows.execute(
            "select title, sort_key, segments, child.parent from object"
            " join child on child.object = object.id where object.id = ?",
            (row,),
        ).fetchone()
        return (Spelling(*found[:3]), found[3]) if found else None

    def note(self, row: int) -> None:
        """Note that files spell a container in several ways."""
        if row not in self._noted():
            self._rows.execute("insert into spelled_variously values (?)", (row,))
            self._noted().add(row)
        # The file that it was spelled as may have left in this transaction.
        self.doubtful.add(row)

    def settle(self, row: int) -> None:
        """Note that all files agree, or that the container is gone."""
        if row in self._noted():
            self._rows.execute("delete from spelled_variously where object = ?", (row,))
            self._noted().discard(row)
        self.doubtful.discard(row)

    def doubt(self, rows: Iterable[int]) -> None:
        """Note that some file is no longer in these containers, or another one."""
        if not self._noted():
            return
        for row in rows:
            above: int | None = row
            while above is not None and above != ROOT_ROW:
                if above in self._noted():
                    self.doubtful.add(above)
                found = self._rows.execute(
                    "select parent from object where id = ?", (above,)
                ).fetchone()
                above = found[0] if found else None

    def _noted(self) -> set[int]:
        if self._various is None:
            self._various = {
                row for (row,) in self._rows.execute("select * from spelled_variously")
            }
        return self._various
