"""A PIN entered with any remote control: folders named by digits, opened one by one.

Beside what somebody sees, the root shows one folder more. In it are ten, in each of
these ten again, and so on: the path is the PIN. Listing the last one is the try; a
program that walks through the whole tree has used up its tries after a few.
"""

import re
from typing import Final, Protocol

from upnpserver.catalog.views.tree import PLAIN
from upnpserver.errors import NoSuchContainer, NoSuchObject
from upnpserver.model import Entry, LibraryCounts, Page, Resource, SortKey, Window
from upnpserver.policy import ClientPolicy
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.notice import ROOT, line_entry
from upnpserver.upnp import didl
from upnpserver.upnp.criteria import Criteria

DOOR: Final = "pin$"
_LINE: Final = "pin$."
_DIGITS: Final = "1234567890"  # as they stand on a remote control
_ID: Final = re.compile(r"pin\$(\d{0,8})(\.?)", re.ASCII)


class PinDoor(Protocol):
    """Where PINs are tried by one device."""

    @property
    def title(self) -> str:
        """What the folder is called in which digits are chosen."""

    @property
    def length(self) -> int:
        """How many digits a PIN has."""

    def refusal(self) -> str:
        """Return why no PIN may be tried now, "" if one may."""

    def tried(self, pin: str) -> str:
        """Try a PIN and return what to say."""


class WithPinDoor:
    """Another catalog, and the folders in which a PIN is entered."""

    def __init__(self, catalog: Catalog, door: PinDoor) -> None:
        self._catalog, self._door = catalog, door

    def system_update_id(self) -> int:
        """Return the other catalog's."""
        return self._catalog.system_update_id()

    def library_counts(self) -> tuple[LibraryCounts, ...]:
        """Return the other catalog's."""
        return self._catalog.library_counts()

    def child_count(self, object_id: str) -> int:
        """Return how many children an object has, 0 if it is unknown."""
        if object_id.startswith(DOOR):
            return len(_DIGITS)
        return self._catalog.child_count(object_id) + (object_id == ROOT)

    def children(
        self,
        object_id: str,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return children; the folder for PINs is the last in the root."""
        if object_id.startswith(DOOR):
            listed = self._below(object_id)
            end = window.start + window.count if window.count else len(listed)
            update_id = self.system_update_id()
            return Page(tuple(listed[window.start : end]), len(listed), update_id)
        page = self._catalog.children(object_id, window, sort, policy)
        if object_id != ROOT:
            return page
        is_reached = window.start <= page.total and (
            not window.count or page.total < window.start + window.count
        )
        more = (self._shown(DOOR),) if is_reached else ()
        return Page((*page.entries, *more), page.total + 1, page.update_id)

    def metadata(self, object_id: str, policy: ClientPolicy) -> Page:
        """Return one object; to look at a folder is no try."""
        if object_id.startswith(DOOR):
            return Page((self._shown(object_id),), 1, self.system_update_id())
        page = self._catalog.metadata(object_id, policy)
        if object_id != ROOT:
            return page
        (root,) = page.entries
        more = root._replace(child_count=root.child_count + 1)
        return Page((more,), page.total, page.update_id)

    def resource(self, item_id: str, policy: ClientPolicy) -> Resource:
        """Return the file of an item. Raises NoSuchObject."""
        return self._catalog.resource(item_id, policy)

    def search(
        self,
        container_id: str,
        criteria: Criteria,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return matches; there are none in the folders of digits."""
        if container_id.startswith(DOOR):
            raise NoSuchContainer
        return self._catalog.search(container_id, criteria, window, sort, policy)

    def _below(self, object_id: str) -> list[Entry]:
        pin, is_line = self._parsed(object_id)
        if is_line:
            return []
        text = self._door.refusal()
        if not text and len(pin) < self._door.length:
            return [self._shown(object_id + digit) for digit in _DIGITS]
        return [line_entry(_LINE, object_id, text or self._door.tried(pin))]

    def _shown(self, object_id: str) -> Entry:
        pin, is_line = self._parsed(object_id)
        if is_line:
            return line_entry(_LINE, DOOR, self._door.refusal() or self._door.title)
        title = pin[-1:] or self._door.title
        parent = object_id[:-1] if pin else ROOT
        count = len(_DIGITS) if len(pin) < self._door.length else 1
        return Entry(True, object_id, parent, didl.pack(title, PLAIN), "", count)

    def _parsed(self, object_id: str) -> tuple[str, bool]:
        """Return the digits chosen so far. Raises NoSuchObject."""
        found = _ID.fullmatch(object_id)
        if found is None or len(found[1]) > self._door.length:
            raise NoSuchObject
        return found[1], bool(found[2])
