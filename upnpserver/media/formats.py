"""Which files are worth opening at all, told by their names.

A rule for the walk over the disks: cheap, and generous, because what a file is
gets decided by its content (signatures.py).
"""

from upnpserver.dlna.mimes import usual_type
from upnpserver.model import Kind

# Pictures that belong to an album or film, by their names without extension.
_ART_NAMES = {
    b"albumart",
    b"albumartsmall",
    b"cover",
    b"fanart",
    b"folder",
    b"poster",
}
_ART_PREFIX = b"albumart_{"  # AlbumArt_{GUID}_Large.jpg, written by Windows


def is_media(name: bytes) -> bool:
    """Return whether a file of this name is opened to see what it is."""
    return kind_hint(name) is not None


def kind_hint(name: bytes) -> Kind | None:
    """Return what a file of this name usually is, None if it is no media.

    Hidden files are none, nor are pictures that only illustrate their folder.
    """
    stem, dot, extension = name.rpartition(b".")
    if not dot or not stem or name.startswith(b"."):
        return None
    usual = usual_type(extension.lower().decode("ascii", "replace"))
    if usual is None:
        return None
    if usual.kind is Kind.IMAGE and _is_art(stem.lower()):
        return None
    return usual.kind


def _is_art(stem: bytes) -> bool:
    return stem in _ART_NAMES or stem.startswith(_ART_PREFIX)
