"""A PIN entered with any remote control: folders named by digits, opened one by one.

Beside what somebody sees, the root shows one folder more. In it are ten, in each of
these ten again, and so on: the path is the PIN. Listing the last one is the try; a
program that walks through the whole tree has used up its tries after a few.
"""

import re
from typing import Final, Protocol

from upnpserver.catalog.views.tree import PLAIN
from upnpserver.errors import NoSuchObject
from upnpserver.model import Entry
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.notice import ROOT, line_entry
from upnpserver.services.one_more import OneMore
from upnpserver.upnp import didl

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


class WithPinDoor(OneMore):
    """Another catalog, and the folders in which a PIN is entered.

    To look at a folder is no try.
    """

    top = DOOR

    def __init__(self, catalog: Catalog, door: PinDoor) -> None:
        super().__init__(catalog)
        self._door = door

    def _count(self) -> int:
        return len(_DIGITS)

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
