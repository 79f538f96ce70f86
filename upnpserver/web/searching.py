"""What a search by words looks through: groups of objects that people tell apart. Pure.

Source of what is found: the same Search as devices use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from upnpserver.model import Page, Window
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.content_directory import ROOT, Asker
from upnpserver.upnp.criteria import AllOf, AnyOf, Criteria, Relation

MOST_WORDS: Final = 6


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of objects.

    view_id: of the view whose title is the group's. fields: in which words are looked
    for. place: the container that is searched.
    """

    view_id: str
    wanted: Criteria
    fields: tuple[str, ...]
    place: str = ROOT


def _of_class(upnp_class: str) -> Relation:
    return Relation("upnp:class", "derivedfrom", f"object.{upnp_class}")


GROUPS: Final[Mapping[str, Group]] = {
    "video": Group(
        "video$",
        _of_class("item.videoItem"),
        ("dc:title", "upnp:seriesTitle", "upnp:actor"),
    ),
    # Albums and artists stand in many views, and each item in one.
    "album": Group(
        "music$albums",
        _of_class("container.album"),
        ("dc:title", "upnp:artist"),
        "music$albums",
    ),
    "artist": Group(
        "music$artists",
        _of_class("container.person"),
        ("dc:title",),
        "music$artists",
    ),
    "audio": Group(
        "music$all",
        _of_class("item.audioItem"),
        ("dc:title", "upnp:artist", "upnp:album"),
    ),
    "image": Group("picture$", _of_class("item.imageItem"), ("dc:title",)),
}


def found(
    group: Group, query: str, window: Window, asker: Asker, catalog: Catalog
) -> Page:
    """Return the objects of a group in which all words of a query are found.

    Raises NoSuchContainer if there are none of that kind at all, CannotProcess.
    """
    words = query.split()[:MOST_WORDS]
    criteria = AllOf((group.wanted, *(_in_any(group.fields, one) for one in words)))
    return catalog.search(group.place, criteria, window, (), asker.policy)


def _in_any(fields: tuple[str, ...], word: str) -> Criteria:
    return AnyOf(tuple(Relation(field, "contains", word) for field in fields))
