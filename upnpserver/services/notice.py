"""A catalog of one line of text, for those who see nothing and want to know why."""

import zlib

from upnpserver.catalog.views.tree import PLAIN
from upnpserver.errors import NoSuchContainer, NoSuchObject
from upnpserver.model import Entry, LibraryCounts, Page, Resource, SortKey, Window
from upnpserver.policy import ClientPolicy
from upnpserver.upnp import didl
from upnpserver.upnp.criteria import Criteria

ROOT = "0"
LINE = "notice$"


def line_entry(object_id: str, parent_id: str, text: str) -> Entry:
    """Return an empty container: TVs show it wherever they show folders."""
    return Entry(True, object_id, parent_id, didl.pack(text, PLAIN), "", 0)


class Notice:
    """A services.content_directory.Catalog with nothing in it but a line of text."""

    def __init__(self, text: str) -> None:
        self._line = line_entry(LINE, ROOT, text)
        self._update_id = zlib.crc32(text.encode())

    def system_update_id(self) -> int:
        """Return another number for another text."""
        return self._update_id

    def library_counts(self) -> tuple[LibraryCounts, ...]:
        """There is no library."""
        return ()

    def child_count(self, object_id: str) -> int:
        """Return how many children an object has."""
        return int(object_id == ROOT)

    def children(
        self,
        object_id: str,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return the line, or nothing below it. Raises NoSuchObject."""
        if object_id not in {ROOT, LINE}:
            raise NoSuchObject
        listed = (self._line,) if object_id == ROOT else ()
        end = window.start + window.count if window.count else len(listed)
        return Page(listed[window.start : end], len(listed), self._update_id)

    def metadata(self, object_id: str, policy: ClientPolicy) -> Page:
        """Return the root or the line. Raises NoSuchObject."""
        if object_id == LINE:
            return Page((self._line,), 1, self._update_id)
        if object_id == ROOT:
            root = Entry(True, ROOT, "-1", didl.pack("root", PLAIN), "", 1)
            return Page((root,), 1, self._update_id)
        raise NoSuchObject

    def resource(self, item_id: str, policy: ClientPolicy) -> Resource:
        """There is no file. Raises NoSuchObject."""
        raise NoSuchObject

    def search(
        self,
        container_id: str,
        criteria: Criteria,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Find nothing. Raises NoSuchContainer."""
        if container_id not in {ROOT, LINE}:
            raise NoSuchContainer
        return Page((), 0, self._update_id)
