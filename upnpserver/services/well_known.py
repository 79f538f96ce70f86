"""Ids that some devices ask for without having been told them, and feature lists.

Our own ids always hold a "$", so that none is mistaken for one of these. Source:
reference content-directory.md sections 5 and 8.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from upnpserver.policy import Needs
from upnpserver.upnp.values import escape_attribute, escape_text

_MICROSOFT: Final = {
    "1": "music$",
    "2": "video$",
    "3": "picture$",
    "4": "music$all",
    "5": "music$genres",
    "6": "music$artists",
    "7": "music$albums",
    "8": "video$all",
    "9": "video$genres",
    "A": "video$actors",
    "B": "picture$all",
    "C": "picture$dates",
    "D": "picture$albums",
    "D2": "picture$keywords",
    "E": "video$serieses",
    "F": "music$playlists",
    "10": "video$playlists",
    "11": "picture$playlists",
    **dict.fromkeys(("14", "15", "16"), "folder$"),
    "100": "music$artists",
    "107": "music$albumartists",
    "108": "music$composers",
    "200": "video$ratings",
    "300": "picture$ratings",
}
_SAMSUNG: Final = {
    f"{letter}{suffix}": top
    for letter, top in (("A", "music$"), ("V", "video$"), ("I", "picture$"))
    for suffix in ("", "_D", "_T")
} | dict.fromkeys(("P", "P_D", "P_T"), "music$playlists")
_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "": {},
    "microsoft": _MICROSOFT,
    "samsung": _SAMSUNG,
}
_CATEGORIES: Final = {
    "A": "music$all",
    "V": "video$all",
    "I": "picture$all",
    "object.item.audioItem": "music$all",
    "object.item.videoItem": "video$all",
    "object.item.imageItem": "picture$all",
}
_BASIC_VIEW: Final = (
    ("music$", "object.item.audioItem"),
    ("video$", "object.item.videoItem"),
    ("picture$", "object.item.imageItem"),
)
_SHORTCUTS: Final = (
    ("MUSIC", "music$"),
    ("MUSIC_ALBUMS", "music$albums"),
    ("MUSIC_ARTISTS", "music$artists"),
    ("MUSIC_GENRES", "music$genres"),
    ("MUSIC_PLAYLISTS", "music$playlists"),
    ("MUSIC_RECENTLY_ADDED", "music$recent"),
    ("MUSIC_AUDIOBOOKS", "music$books"),
    ("MUSIC_ALL", "music$all"),
    ("IMAGES", "picture$"),
    ("IMAGES_YEARS", "picture$dates"),
    ("IMAGES_ALBUM", "picture$albums"),
    ("IMAGES_RECENTLY_ADDED", "picture$recent"),
    ("IMAGES_ALL", "picture$all"),
    ("VIDEOS_GENRES", "video$genres"),
    ("VIDEOS_YEARS", "video$years"),
    ("VIDEOS_RECENTLY_ADDED", "video$recent"),
    ("VIDEOS_ALL", "video$all"),
)
_FEATURES: Final = (
    '<Features xmlns="urn:schemas-upnp-org:av:avs"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="urn:schemas-upnp-org:av:avs'
    ' http://www.upnp.org/schemas/av/avs-v1-20060531.xsd">{}</Features>'
)

Exists = Callable[[str], bool]


def meant(object_id: str, needs: Needs) -> str:
    """Return the id of the object that a device means by one that it knows."""
    return _TABLES[needs.aliases].get(object_id, object_id)


def of_category(category: str) -> str:
    """Return the container of all items of a Samsung CategoryType; "": unknown."""
    return _CATEGORIES.get(category, "")


def features(exists: Exists) -> str:
    """Return GetFeatureList's document; exists: whether there is such an object.

    Source: ContentDirectory:4, feature CONTAINER_SHORTCUTS.
    """
    shortcuts = "".join(
        f"<shortcut><name>{escape_text(name)}</name>"
        f"<objectID>{escape_text(object_id)}</objectID></shortcut>"
        for name, object_id in _existing(_SHORTCUTS, 1, exists)
    )
    return _FEATURES.format(
        '<Feature name="CONTAINER_SHORTCUTS" version="1"><shortcutlist>'
        f"{shortcuts}</shortcutlist></Feature>"
    )


def basic_view(exists: Exists) -> str:
    """Return X_GetFeatureList's document: where Samsung's TVs begin to browse."""
    containers = "".join(
        f'<container id="{escape_attribute(object_id)}" type="{item_class}"/>'
        for object_id, item_class in _existing(_BASIC_VIEW, 0, exists)
    )
    return _FEATURES.format(
        f'<Feature name="samsung.com_BASICVIEW" version="1">{containers}</Feature>'
    )


def _existing(
    rows: Iterable[tuple[str, str]], column: int, exists: Exists
) -> list[tuple[str, str]]:
    return [row for row in rows if exists(row[column])]
