"""A folder at the top that tells how the server is: a line each, as empty folders.

Any TV shows it, as it shows folders. Nothing of it is in the catalog.
"""

import re
import zlib
from collections.abc import Sequence
from typing import Final, Protocol

from upnpserver.catalog.views.tree import PLAIN
from upnpserver.errors import NoSuchObject
from upnpserver.model import Entry
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.notice import ROOT, line_entry
from upnpserver.services.one_more import OneMore
from upnpserver.upnp import didl

STATUS: Final = "status$"
_LINE: Final = re.compile(r"status\$(\d{1,3})", re.ASCII)


class Status(Protocol):
    """How the server is now, in the household's language."""

    @property
    def title(self) -> str:
        """What the folder is called."""

    def lines(self) -> Sequence[str]:
        """Return what there is to tell, at least one line."""


def update_id(lines: Sequence[str]) -> int:
    """Return another number for other lines."""
    return zlib.crc32("\n".join(lines).encode())


class WithStatus(OneMore):
    """Another catalog, and the folder that tells how the server is."""

    top = STATUS

    def __init__(self, catalog: Catalog, status: Status) -> None:
        super().__init__(catalog)
        self._title, self._lines = status.title, tuple(status.lines())

    def _count(self) -> int:
        return len(self._lines)

    def _update_id(self) -> int:
        return update_id(self._lines)

    def _below(self, object_id: str) -> list[Entry]:
        if object_id != STATUS:
            self._shown(object_id)  # a line that is there has nothing in it
            return []
        return [self._line(number) for number in range(len(self._lines))]

    def _shown(self, object_id: str) -> Entry:
        if object_id == STATUS:
            count = len(self._lines)
            return Entry(True, STATUS, ROOT, didl.pack(self._title, PLAIN), "", count)
        found = _LINE.fullmatch(object_id)
        if found is None or int(found[1]) >= len(self._lines):
            raise NoSuchObject
        return self._line(int(found[1]))

    def _line(self, number: int) -> Entry:
        return line_entry(f"{STATUS}{number}", STATUS, self._lines[number])
