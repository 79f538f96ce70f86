"""Which files beside media belong to it, told by their names. Pure.

Names as Kodi, Jellyfin, Plex, MiniDLNA and Windows write them, without regard
to case.
"""

from collections.abc import Collection

from upnpserver.dlna.mimes import usual_type
from upnpserver.model import Kind, Role

_BY_EXTENSION = {
    **dict.fromkeys((b"nfo",), Role.NFO),
    **dict.fromkeys(
        (b"srt", b"ass", b"ssa", b"sub", b"idx", b"vtt", b"smi", b"ttml"),
        Role.SUBTITLE,
    ),
    **dict.fromkeys((b"lrc",), Role.LYRICS),
    **dict.fromkeys((b"cue",), Role.CUE),
    **dict.fromkeys((b"m3u", b"m3u8", b"pls", b"xspf", b"wpl", b"asx"), Role.PLAYLIST),
}
# Pictures that stand for their folder, the best first.
_FOLDER_ART = (
    *(b"poster", b"cover", b"folder", b"front", b"albumart", b"album"),
    *(b"thumb", b"artist", b"fanart", b"backdrop", b"banner"),
    *(b"landscape", b"albumartsmall", b"logo", b"clearlogo", b"disc"),
)
_WINDOWS_ART = b"albumart_{"  # AlbumArt_{GUID}_Large.jpg
# After the stem of a film, or of "season01" and "season-specials".
_ART_ENDS = (b"-poster", b"-cover", b"-thumb", b"-fanart", b"-banner", b"-landscape")
_LAST = len(_FOLDER_ART)


def role_of(name: bytes) -> Role | None:
    """Return what a file of this name is to the catalog, None if nothing.

    Hidden files are nothing, and so is what is no media and belongs to none.
    """
    stem, dot, extension = name.lower().rpartition(b".")
    if not dot or not stem or name.startswith(b"."):
        return None
    usual = usual_type(extension.decode("ascii", "replace"))
    if usual is None:
        return _BY_EXTENSION.get(extension)
    return Role.ART if usual.kind is Kind.IMAGE and _is_art(stem) else Role.MEDIA


def _is_art(stem: bytes) -> bool:
    return (
        stem in _FOLDER_ART or stem.startswith(_WINDOWS_ART) or stem.endswith(_ART_ENDS)
    )


def art_for(name: bytes, pictures: Collection[bytes]) -> bytes | None:
    """Return which of a folder's art stands best for a file in it, None if none.

    name: the file's own; empty asks for the art of the folder itself.
    """
    stem = _stem(name)
    suiting = [
        (rank, picture)
        for picture in pictures
        if (rank := _rank(stem, _stem(picture))) is not None
    ]
    return min(suiting)[1] if suiting else None


def _rank(stem: bytes, picture: bytes) -> int | None:
    """Return how well a picture suits, the least best; None: it is another's."""
    if picture in _FOLDER_ART:
        return _FOLDER_ART.index(picture)
    if picture.startswith(_WINDOWS_ART):
        return _LAST + picture.endswith(b"_small")
    for rank, end in enumerate(_ART_ENDS):
        if stem and picture == stem + end:
            return rank - len(_ART_ENDS)
    return None


def nfo_for(name: bytes, files: Collection[bytes]) -> bytes | None:
    """Return which of a folder's NFO files tells of a film in it, None if none."""
    stem = _stem(name)
    for wanted in (stem, b"movie"):
        for nfo in sorted(files):
            if _stem(nfo) == wanted:
                return nfo
    return None


def _stem(name: bytes) -> bytes:
    return name.lower().rpartition(b".")[0]
