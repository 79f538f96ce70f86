"""What lies beside a media file and tells of it: covers, NFO files.

Read from the rows of its folder and, where that has none, of the folder above:
an album on several discs and a series with seasons keep them there.
"""

import sqlite3
from typing import NamedTuple

from upnpserver.dlna.profiles import profile_of
from upnpserver.facts import facts_from_json
from upnpserver.media.nfo import merged, with_show
from upnpserver.media.sidecars import art_for, nfo_for
from upnpserver.model import Kind, MediaFacts, Role
from upnpserver.upnp import didl

_SHOW = b"tvshow.nfo"


class _File(NamedTuple):
    role: str
    facts: MediaFacts


class BesideRows:
    """The files beside media, as far as one open transaction has asked for them."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self._folders: dict[tuple[int, bytes], dict[bytes, _File]] = {}

    def clear(self) -> None:
        """Drop what is remembered: the rows may have changed."""
        self._folders.clear()

    def art(self, root_row: int, relative_path: bytes) -> bytes:
        """Return the packed art of a file, empty if there is none."""
        directory, _, name = relative_path.rpartition(b"/")
        above = directory.rpartition(b"/")[0]
        for path, wanted in ((directory, name), (above, b"")):
            folder = self._folder(root_row, path)
            pictures = [name for name in folder if folder[name].role == Role.ART]
            best = art_for(wanted, pictures)
            if best is not None:
                return _packed(best, folder[best].facts)
            if not above:  # what lies in the library's root stands for none below
                break
        return b""

    def told(
        self, root_row: int, relative_path: bytes, facts: MediaFacts
    ) -> MediaFacts:
        """Return a film's facts with what NFO files tell of it and its series."""
        if facts.kind is not Kind.VIDEO:
            return facts
        directory, _, name = relative_path.rpartition(b"/")
        own = self._nfos(root_row, directory)
        nfo = nfo_for(name, own)
        if nfo is not None:
            facts = merged(facts, own[nfo])
        if not facts.series and facts.episode is None:
            return facts
        above = self._nfos(root_row, directory.rpartition(b"/")[0])
        show = own.get(_SHOW) or above.get(_SHOW)
        return with_show(facts, show) if show else facts

    def _nfos(self, root_row: int, path: bytes) -> dict[bytes, MediaFacts]:
        folder = self._folder(root_row, path)
        return {
            name.lower() if name.lower() == _SHOW else name: file.facts
            for name, file in folder.items()
            if file.role == Role.NFO
        }

    def _folder(self, root_row: int, path: bytes) -> dict[bytes, _File]:
        key = (root_row, path)
        if key not in self._folders:
            rows = self._rows.execute(
                "select name, role, facts from file where directory ="
                " (select id from directory where root = ? and path = ?)"
                " and role in ('nfo', 'art') and facts is not null",
                key,
            )
            self._folders[key] = {
                name: _File(role, facts_from_json(facts)) for name, role, facts in rows
            }
        return self._folders[key]


def _packed(name: bytes, facts: MediaFacts) -> bytes:
    extension = name.rpartition(b".")[2].lower().decode("ascii", "replace")
    return didl.pack_art(
        f"/media/{facts.content_id}/art.{extension}", profile_of(facts)
    )
