"""What lies beside a media file: covers, NFO files, cue sheets, subtitles, lyrics.

Read from the rows of its folder and, where that has none, of the folder above:
an album on several discs and a series with seasons keep them there.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from upnpserver.catalog.items import Beside, art_profile, media_path
from upnpserver.dlna.profiles import profile_of
from upnpserver.dlna.protocolinfo import content_features, made_features, protocol_info
from upnpserver.facts import facts_from_json
from upnpserver.media import cue
from upnpserver.media.nfo import merged, with_show
from upnpserver.media.sidecars import (
    folder_art,
    is_season_folder,
    lyrics_names,
    nfo_for,
    own_art,
    posters,
    season_art,
    stem_of,
)
from upnpserver.media.subtitle_names import (
    SRT,
    SRT_MIME,
    Subtitle,
    film_folder,
    form_of,
    is_video,
    subtitle_path,
    subtitles,
    told_in_name,
)
from upnpserver.model import Kind, MediaFacts, Role
from upnpserver.paths import joined
from upnpserver.upnp import didl

_SHOW = b"tvshow.nfo"
_Captions = dict[bytes, list[didl.Caption]]  # by the stems of films


class _File(NamedTuple):
    role: str
    facts: MediaFacts


class BesideRows:
    """The files beside media, as far as one open transaction has asked for them."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows
        self._folders: dict[tuple[int, bytes], dict[bytes, _File]] = {}
        self._captions: dict[tuple[int, bytes], _Captions] = {}
        self._lyrics: dict[tuple[int, bytes], dict[bytes, str]] = {}

    def clear(self) -> None:
        """Drop what is remembered: the rows may have changed."""
        self._folders.clear()
        self._captions.clear()
        self._lyrics.clear()

    def shown(
        self, root_row: int, relative_path: bytes, facts: MediaFacts, embedded_id: str
    ) -> Beside:
        """Return the art, the subtitles and the lyrics of a file.

        A picture named as the file goes before all. Then a song has the picture
        inside it, as each may have its own; its album has the folder's. A film
        has its folder's before the one inside, as that of Kodi and Jellyfin is
        the better one; an episode's folder may be that of its season, or its
        series.

        facts: the file's, with what told() adds. embedded_id: of the picture
        inside it, if any.
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
            path = media_path(embedded_id, "art", suffix)
            inside = didl.pack_art(path, art_profile(facts))
        if facts.kind is Kind.AUDIO:
            art = own or inside or of_folder or of_above
            group_art = of_folder or of_above
            lyrics = self._lyrics_of(root_row, relative_path, facts)
            return Beside(art, group_art if group_art != art else b"", lyrics=lyrics)
        captions = self._captions_of(root_row, relative_path, facts)
        season = series = b""
        if facts.series and facts.season is not None:
            season, series = self._series_art(root_row, directory, facts.season)
        art = own or season or of_folder or inside or series or of_above
        group_art = season or series or of_above
        above_art = series or of_above
        return Beside(
            art,
            group_art if group_art != art else b"",
            above_art if above_art != (group_art or art) else b"",
            captions,
        )

    def _series_art(
        self, root_row: int, directory: bytes, season: int
    ) -> tuple[bytes, bytes]:
        """Return the art of an episode's season, and that of its series."""
        above, _, name = directory.rpartition(b"/")
        of_folder = self._art_in(root_row, directory, folder_art)
        best = partial(season_art, season)
        named = self._art_in(root_row, directory, best)
        if not is_season_folder(name, season):
            return named, of_folder
        own = named or self._art_in(root_row, above, best) or of_folder
        # The library's root stands for none below.
        return own, self._art_in(root_row, above, folder_art) if above else b""

    def _art_in(
        self, root_row: int, path: bytes, best_of: Callable[[list[bytes]], bytes | None]
    ) -> bytes:
        """Return the best packed art of a folder, empty if there is none."""
        folder = self._folder(root_row, path)
        best = best_of([name for name in folder if folder[name].role == Role.ART])
        return b"" if best is None else _packed(best, folder[best].facts)

    def _captions_of(
        self, root_row: int, relative_path: bytes, facts: MediaFacts
    ) -> Sequence[didl.Caption]:
        """Return the text subtitles of a film, the best first."""
        if facts.kind is not Kind.VIDEO:
            return ()
        directory, _, name = relative_path.rpartition(b"/")
        key = (root_row, directory)
        if key not in self._captions:
            self._captions[key] = self._captions_in(*key)
        return self._captions[key].get(stem_of(name), ())

    def _captions_in(self, root_row: int, directory: bytes) -> _Captions:
        """Return the subtitles of all films in a folder."""
        sent = {
            joined(path, name)[len(_below(directory)) :]: attached_id
            for row, path in subtitle_folders(self._rows, root_row, directory)
            for name, attached_id in self._rows.execute(
                "select name, attached_id from file"
                " left join attached on attached.file = file.id"
                " where directory = ? and role = 'subtitle'",
                (row,),
            )
        }
        if not sent:
            return {}
        films = self._rows.execute(
            "select name from file where role = 'media' and directory ="
            " (select id from directory where root = ? and path = ?)",
            (root_row, directory),
        )
        found = subtitles([*sent, *(name for (name,) in films if is_video(name))])
        return {
            film: _captions(
                (one, attached_id) for one in some if (attached_id := sent[one.path])
            )
            for film, some in found.items()
        }

    def _lyrics_of(self, root_row: int, relative_path: bytes, facts: MediaFacts) -> str:
        """Return the URL path of the lyrics beside a song, "" if there are none."""
        directory, _, name = relative_path.rpartition(b"/")
        key = (root_row, directory)
        if key not in self._lyrics:
            self._lyrics[key] = self._lyrics_in(*key)
        found = self._lyrics[key]
        one_song = not (facts.chapters or facts.audiobook)
        names = lyrics_names(name, one_song=one_song) if found else ()
        return next((found[one] for one in names if one in found), "")

    def _lyrics_in(self, root_row: int, directory: bytes) -> dict[bytes, str]:
        """Return the URL paths of a folder's lyrics, by names in small letters."""
        rows = self._rows.execute(
            "select name, attached_id from file"
            " join attached on attached.file = file.id where directory ="
            " (select id from directory where root = ? and path = ?)"
            " and role = 'lyrics' order by name",
            (root_row, directory),
        )
        return {
            name.lower(): media_path(attached_id, "lyrics", name)
            for name, attached_id in rows
        }

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
            } | self._posters_in(root_row, path)
        return self._folders[key]

    def is_poster(self, root_row: int, relative_path: bytes, facts: MediaFacts) -> bool:
        """Tell whether a picture is no photo, but stands for the film of its name."""
        directory, _, name = relative_path.rpartition(b"/")
        return facts.kind is Kind.IMAGE and name in self._folder(root_row, directory)

    def _posters_in(self, root_row: int, path: bytes) -> dict[bytes, _File]:
        """Return the pictures named as films beside them, but what a camera took.

        Phones keep a photo and the seconds around it by one name.
        """
        found = self._rows.execute(
            "select id from directory where root = ? and path = ?", (root_row, path)
        ).fetchone()
        if found is None:
            return {}
        # Names alone are read from their index: folders of photos are large.
        names = self._rows.execute("select name from file where directory = ?", found)
        read = {
            name: facts_from_json(facts)
            for name in posters(name for (name,) in names)
            for (facts,) in self._rows.execute(
                "select facts from file where directory = ? and name = ?"
                " and role = 'media' and facts is not null",
                (*found, name),
            )
        }
        return {
            name: _File(Role.ART, facts)
            for name, facts in read.items()
            if facts.kind is Kind.IMAGE and not facts.camera
        }


def subtitle_folders(
    rows: sqlite3.Connection, root_row: int, directory: bytes
) -> list[tuple[int, bytes]]:
    """Return row and path of the folders with subtitles of the films in one."""
    below = _below(directory)
    found = rows.execute(
        "select id, path from directory where root = ?"
        " and (path = ? or (path >= ? and path < ?))",
        (root_row, directory, below, below[:-1] + b"0" if below else b"\xff"),
    )
    return [(row, path) for row, path in found if film_folder(path) == directory]


def _below(directory: bytes) -> bytes:
    """Return how the paths of all below a folder begin."""
    return directory + b"/" if directory else b""


def _captions(files: Iterable[tuple[Subtitle, str]]) -> list[didl.Caption]:
    """Return how subtitle files with their ids are told, the best first.

    One that few devices know goes first as SRT, and then as it is.
    """
    found = list(files)
    captions = [_caption(one, attached_id) for one, attached_id in found]
    if captions and captions[0].form != SRT:
        info = protocol_info(SRT_MIME, made_features())
        one, attached_id = found[0]
        url_path = subtitle_path(attached_id, one)
        captions.insert(0, didl.Caption(url_path, SRT, info))
    return captions


def _caption(one: Subtitle, attached_id: str) -> didl.Caption:
    form, mime = form_of(one.path) or ("", "")
    url_path = media_path(attached_id, f"subtitle{told_in_name(one)}", one.path)
    info = protocol_info(mime, content_features(Kind.IMAGE))
    return didl.Caption(url_path, form, info)


def _packed(name: bytes, facts: MediaFacts) -> bytes:
    return didl.pack_art(media_path(facts.content_id, "art", name), profile_of(facts))
