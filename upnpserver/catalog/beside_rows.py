"""What lies beside a media file and tells of it: covers, NFO files, cue sheets.

Read from the rows of its folder and, where that has none, of the folder above:
an album on several discs and a series with seasons keep them there.
"""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from upnpserver.catalog.items import Pictures, media_path
from upnpserver.dlna.profiles import profile_of
from upnpserver.facts import facts_from_json
from upnpserver.media import cue
from upnpserver.media.nfo import merged, with_show
from upnpserver.media.sidecars import folder_art, nfo_for, own_art
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

    def pictures(
        self, root_row: int, relative_path: bytes, facts: MediaFacts, embedded_id: str
    ) -> Pictures:
        """Return the packed art of a file.

        A picture named as the file goes before all. Then a song has the picture
        inside it, as each may have its own; its album has the folder's. A film
        has its folder's before the one inside, as that of Kodi and Jellyfin is
        the better one.

        facts: the file's own. embedded_id: of the picture inside it, if any.
        """
        directory, _, name = relative_path.rpartition(b"/")
        own = self._art_in(root_row, directory, partial(own_art, name))
        of_folder = self._art_in(root_row, directory, folder_art)
        above = directory.rpartition(b"/")[0]
        of_above = b""
        if above and not of_folder:  # the library's root stands for none below
            of_above = self._art_in(root_row, above, folder_art)
        inside = b""
        if embedded_id:
            suffix = facts.art_mime.replace("/", ".").encode()
            inside = didl.pack_art(media_path(embedded_id, "art", suffix), "")
        if facts.kind is Kind.AUDIO:
            art = own or inside or of_folder or of_above
            group_art = of_folder or of_above
            return Pictures(art, group_art if group_art != art else b"")
        return Pictures(own or of_folder or inside or of_above)

    def _art_in(
        self, root_row: int, path: bytes, best_of: Callable[[list[bytes]], bytes | None]
    ) -> bytes:
        """Return the best packed art of a folder, empty if there is none."""
        folder = self._folder(root_row, path)
        best = best_of([name for name in folder if folder[name].role == Role.ART])
        return b"" if best is None else _packed(best, folder[best].facts)

    def told(
        self, root_row: int, relative_path: bytes, facts: MediaFacts
    ) -> MediaFacts:
        """Return a file's facts with what the files beside it tell.

        Of music, a cue sheet; of a film, NFO files about it and its series.
        """
        match facts.kind:
            case Kind.AUDIO:
                return self._told_by_sheet(root_row, relative_path, facts)
            case Kind.VIDEO:
                return self._told_by_nfo(root_row, relative_path, facts)
        return facts

    def _told_by_sheet(
        self, root_row: int, relative_path: bytes, facts: MediaFacts
    ) -> MediaFacts:
        directory, _, name = relative_path.rpartition(b"/")
        folder = self._folder(root_row, directory)
        sheets = sorted(one for one in folder if folder[one].role == Role.CUE)
        told = name.decode("utf-8", "replace")
        for sheet in sheets:
            if cue.names(folder[sheet].facts, told):
                return cue.with_sheet(facts, told, folder[sheet].facts)
        return facts

    def _told_by_nfo(
        self, root_row: int, relative_path: bytes, facts: MediaFacts
    ) -> MediaFacts:
        directory, _, name = relative_path.rpartition(b"/")
        own = self._nfos(root_row, directory)
        nfo = nfo_for(name, own)
        if nfo is not None:
            facts = merged(facts, own[nfo])
        if not facts.series and facts.episode is None:
            return facts
        above = self._nfos(root_row, directory.rpartition(b"/")[0])
        for folder in (own, above):
            shows = sorted(name for name in folder if name.lower() == _SHOW)
            if shows:
                return with_show(facts, folder[shows[0]])
        return facts

    def _nfos(self, root_row: int, path: bytes) -> dict[bytes, MediaFacts]:
        folder = self._folder(root_row, path)
        return {
            name: file.facts for name, file in folder.items() if file.role == Role.NFO
        }

    def _folder(self, root_row: int, path: bytes) -> dict[bytes, _File]:
        key = (root_row, path)
        if key not in self._folders:
            rows = self._rows.execute(
                "select name, role, facts from file where directory ="
                " (select id from directory where root = ? and path = ?)"
                " and role in ('nfo', 'art', 'cue') and facts is not null",
                key,
            )
            self._folders[key] = {
                name: _File(role, facts_from_json(facts)) for name, role, facts in rows
            }
        return self._folders[key]


def _packed(name: bytes, facts: MediaFacts) -> bytes:
    return didl.pack_art(media_path(facts.content_id, "art", name), profile_of(facts))
