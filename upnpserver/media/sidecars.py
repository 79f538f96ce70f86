"""Which files beside media belong to it, told by their names. Pure.

Names as Kodi, Jellyfin, Plex, MiniDLNA and Windows write them, without regard
to case.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from upnpserver.dlna.mimes import usual_type
from upnpserver.media.disc_menus import is_disc_menu
from upnpserver.model import Kind, Role

_BY_EXTENSION = {
    **dict.fromkeys((b"nfo",), Role.NFO),
    **dict.fromkeys(
        (
            *(b"srt", b"ass", b"ssa", b"sub", b"idx", b"vtt", b"smi", b"ttml"),
            *(b"mpl", b"mpl2", b"sup"),
        ),
        Role.SUBTITLE,
    ),
    **dict.fromkeys((b"lrc", b"txt"), Role.LYRICS),
    **dict.fromkeys((b"cue",), Role.CUE),
    **dict.fromkeys((b"m3u", b"m3u8", b"pls", b"xspf", b"wpl", b"asx"), Role.PLAYLIST),
}
# No name is registered for LRC; an unknown kind of text is shown as plain text
# (RFC 2046 section 4.1.4).
_LYRICS_MIMES = {b"lrc": "text/x-lrc", b"txt": "text/plain"}
_MOST_LYRICS_BYTES = 256 * 1024
# Pictures that stand for their folder, the best first.
_FOLDER_ART = (
    *(b"poster", b"movie", b"cover", b"folder", b"front", b"albumart", b"album"),
    *(b"thumb", b"artist", b"fanart", b"backdrop", b"banner"),
    *(b"landscape", b"background", b"albumartsmall", b"logo", b"clearlogo", b"disc"),
)
_WINDOWS_ART = b"albumart_{"  # AlbumArt_{GUID}_Large.jpg
# After the stem of a film, or of "season01" and "season-specials".
_ART_ENDS = (b"-poster", b"-cover", b"-thumb", b"-fanart", b"-banner", b"-landscape")
_NUMBERS = re.compile(rb"\d{1,9}")
# Transparent ones, which stand for nothing by themselves.
_OTHER_ENDS = (b"-clearart", b"-clearlogo", b"-discart", b"-keyart", b"-characterart")


def role_of(name: bytes) -> Role | None:
    """Return what a file of this name is to the catalog, None if nothing.

    Hidden files are nothing, and so is what is no media and belongs to none.
    """
    stem, dot, extension = name.lower().rpartition(b".")
    if not dot or not stem or name.startswith(b"."):
        return None
    usual = usual_type(extension.decode("ascii", "replace"))
    if is_disc_menu(name):
        return None
    if usual is None:
        return _BY_EXTENSION.get(extension)
    return Role.ART if usual.kind is Kind.IMAGE and _is_art(stem) else Role.MEDIA


def _is_art(stem: bytes) -> bool:
    return (
        stem in _FOLDER_ART
        or stem.startswith(_WINDOWS_ART)
        or stem.endswith(_ART_ENDS + _OTHER_ENDS)
    )


def posters(names: Iterable[bytes]) -> list[bytes]:
    """Return which of a folder's pictures are named as a film in it."""
    listed = list(names)
    # Folders of photos are large: a look at their few extensions is soon done.
    endings = {name.rpartition(b".")[2] for name in listed}
    of_films = {one for one in endings if _kind_by(one.lower()) is Kind.VIDEO}
    if not of_films:
        return []
    films = {stem_of(name) for name in listed if name.rpartition(b".")[2] in of_films}
    alike = [name for name in listed if stem_of(name) in films]
    return [name for name in alike if kind_of(name) is Kind.IMAGE]


def kind_of(name: bytes) -> Kind | None:
    """Return what media a file is by its name, None for none."""
    return _kind_by(name.rpartition(b".")[2].lower())


@lru_cache(maxsize=256)  # thousands of files have a few extensions
def _kind_by(extension: bytes) -> Kind | None:
    usual = usual_type(extension.decode("ascii", "replace"))
    return usual.kind if usual else None


def own_art(name: bytes, pictures: Iterable[bytes]) -> bytes | None:
    """Return which of a folder's art is named as a file in it, None if none."""
    stem = stem_of(name)
    return _best(pictures, [stem + b"-poster", stem, *(stem + e for e in _ART_ENDS)])


def folder_art(pictures: Iterable[bytes]) -> bytes | None:
    """Return which of a folder's art stands best for all in it, None if none."""
    listed = sorted(
        pictures, key=lambda name: (stem_of(name).endswith(b"_small"), name)
    )
    windows = (name for name in listed if name.lower().startswith(_WINDOWS_ART))
    return _best(listed, _FOLDER_ART) or next(windows, None)


def season_art(season: int, pictures: Iterable[bytes]) -> bytes | None:
    """Return which of a folder's art is named as a season, None if none."""
    stems = [b"season%02d" % season, b"season%d" % season]
    stems += [] if season else [b"season-specials"]
    return _best(pictures, [stem + end for end in _ART_ENDS for stem in stems])


def is_season_folder(name: bytes, season: int) -> bool:
    """Tell whether the folder of an episode is its season's, by the number in it."""
    if not season and b"special" in name.lower():
        return True
    return season in map(int, _NUMBERS.findall(name))


def _best(pictures: Iterable[bytes], stems: Sequence[bytes]) -> bytes | None:
    """Return the picture with the first of these stems that one has."""
    ranked = [
        (stems.index(stem), picture)
        for picture in pictures
        if (stem := stem_of(picture)) in stems
    ]
    return min(ranked)[1] if ranked else None


def nfo_for(name: bytes, files: Collection[bytes]) -> bytes | None:
    """Return which of a folder's NFO files tells of a film in it, None if none."""
    stem = stem_of(name)
    for wanted in (stem, b"movie"):
        for nfo in sorted(files):
            if stem_of(nfo) == wanted:
                return nfo
    return None


def lyrics_mime(name: bytes, size_bytes: int) -> str:
    """Return the MIME name of what may be lyrics, "" if it is too long for that."""
    mime = _LYRICS_MIMES.get(name.lower().rpartition(b".")[2], "")
    return mime if 0 < size_bytes <= _MOST_LYRICS_BYTES else ""


def lyrics_names(name: bytes, *, one_song: bool) -> Sequence[bytes]:
    """Return how lyrics beside music are named, in small letters, the best first.

    one_song: what is beside a whole album in one file is a list of its tracks, or
    tells how it was made.
    """
    stem = stem_of(name)
    return (stem + b".lrc", stem + b".txt") if one_song else (stem + b".lrc",)


def stem_of(name: bytes) -> bytes:
    """Return a name in small letters without its last dot and extension."""
    return name.lower().rpartition(b".")[0]
