"""The actions of ContentDirectory:1 that a read-only household server answers.

Each action is a function of its arguments, the catalog and the asker. Source:
ContentDirectory:1 section 2.7.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from upnpserver.catalog.identity import any_item_id_of
from upnpserver.errors import (
    InvalidAction,
    InvalidArgs,
    NoSuchContainer,
    NoSuchObject,
)
from upnpserver.model import Entry, Kind, Page, Plays, SortKey, Window
from upnpserver.policy import NO_NEEDS, ClientPolicy, Needs
from upnpserver.services.asked import asked
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.inside import with_insides
from upnpserver.services.played import with_plays
from upnpserver.services.resumed import resumed
from upnpserver.services.status_folder import Status, WithStatus
from upnpserver.services.unlock import PinDoor, WithPinDoor
from upnpserver.services.well_known import basic_view, features, meant, of_category
from upnpserver.upnp import didl
from upnpserver.upnp.criteria import parse_criteria
from upnpserver.upnp.props import SEARCHABLE, SORTABLE, parse_filter, parse_sort

ROOT = "0"
MAX_OBJECTS = 20_000  # in one answer, some 14 MB; whoever wants more asks again
# What the containers at the top hold; others hold all kinds.
KINDS_OF_TOPS = {"music$": Kind.AUDIO, "video$": Kind.VIDEO, "picture$": Kind.IMAGE}
LEAST_BOOKMARK_MS = 30_000
LIGHT_OBJECTS = 500  # an answer of so many costs the reactor a few milliseconds

_BROWSE_FLAGS = ("BrowseMetadata", "BrowseDirectChildren")
_UI4 = re.compile(r"\d{1,10}", re.ASCII)
_MAX_COUNT = 2**31 - 1  # not all of ui4: security.md requirement 16

OutArguments = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and the base URL on the interface that the question came in on.

    plays: what was played. mark: notes how far into an item (its id) somebody is,
    in percent, and as a time in ms. pin_door: where it may enter a PIN. status: how
    the server is, for those who are told.
    """

    policy: ClientPolicy
    base_url: str
    plays: Plays | None = None
    mark: Callable[[str, int, int], None] = lambda item_id, percent, position_ms: None
    pin_door: PinDoor | None = None
    status: Status | None = None

    def sees(self, catalog: Catalog) -> Catalog:
        """Return a catalog with the folders that only this asker has."""
        if self.status is not None:
            catalog = WithStatus(catalog, self.status)
        if self.pin_door is not None:
            catalog = WithPinDoor(catalog, self.pin_door)
        return catalog


def call(
    action: str, arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    """Return the out arguments of an action, in the order of the SCPD.

    Raises ActionError.
    """
    if action not in _ACTIONS:
        raise InvalidAction(action)
    return _ACTIONS[action](arguments, asker.sees(catalog), asker)


def is_light(
    action: str,
    arguments: Mapping[str, str],
    catalog: Catalog,
    needs: Needs = NO_NEEDS,
) -> bool:
    """Whether call() costs so little that it may run in the reactor's thread.

    Raises InvalidArgs if no object is named.
    """
    if action in {"Search", "X_GetIndexfromRID"}:
        return False
    if action != "Browse" or arguments.get("BrowseFlag") == "BrowseMetadata":
        return True
    object_id = meant(_object_id(arguments), needs)
    try:
        is_page = 0 < _ui4(arguments, "RequestedCount") <= LIGHT_OBJECTS
    except InvalidArgs:
        return True
    is_sorted = bool(arguments.get("SortCriteria") or needs.sort)
    if is_page and not is_sorted:
        return True
    return catalog.child_count(object_id) <= LIGHT_OBJECTS


def _browse(
    arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    flag = _required(arguments, "BrowseFlag")
    if flag not in _BROWSE_FLAGS:
        raise InvalidArgs(f"BrowseFlag is not one of {_BROWSE_FLAGS}")
    needs = asker.policy.needs
    object_id = _object_id(arguments)
    wanted = _required(arguments, "Filter")
    window = _window(arguments, needs)
    sort = _sort(arguments, needs)
    if object_id == ROOT and needs.root:
        object_id = needs.root
    called, object_id = object_id, meant(object_id, needs)
    if object_id == ROOT and needs.kinds != NO_NEEDS.kinds:
        page = _root_of_some_kinds(flag, window, sort, catalog, asker)
    elif flag == "BrowseMetadata":
        page = catalog.metadata(object_id, asker.policy)
    elif called == object_id:
        page = catalog.children(object_id, window, sort, asker.policy)
    else:
        try:
            page = catalog.children(object_id, window, sort, asker.policy)
        except NoSuchObject:  # a view that is empty is not there
            page = Page((), 0, catalog.system_update_id())
    return _answer(_as_called(page, object_id, called), wanted, asker)


def _as_called(page: Page, object_id: str, called: str) -> Page:
    """Return a page in which a container has the id by which it was asked for."""
    if called == object_id:
        return page

    def renamed(entry: Entry) -> Entry:
        return entry._replace(
            object_id=called if entry.object_id == object_id else entry.object_id,
            parent_id=called if entry.parent_id == object_id else entry.parent_id,
        )

    return replace(page, entries=tuple(map(renamed, page.entries)))


def _root_of_some_kinds(
    flag: str,
    window: Window,
    sort: tuple[SortKey, ...],
    catalog: Catalog,
    asker: Asker,
) -> Page:
    """Answer for the root, of a device that can't show all kinds of media."""
    whole = catalog.children(ROOT, Window(), sort, asker.policy)
    kinds = asker.policy.needs.kinds
    shown = [
        entry
        for entry in whole.entries
        if KINDS_OF_TOPS.get(entry.object_id) in {None, *kinds}
    ]
    if flag == "BrowseMetadata":
        page = catalog.metadata(ROOT, asker.policy)
        root = page.entries[0]._replace(child_count=len(shown))
        return replace(page, entries=(root,))
    end = window.start + window.count
    return replace(whole, entries=tuple(shown[window.start : end]), total=len(shown))


def _search(
    arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    called = _object_id(arguments)
    container_id = meant(called, asker.policy.needs)
    criteria = parse_criteria(_required(arguments, "SearchCriteria"))
    wanted = _required(arguments, "Filter")
    window = _window(arguments, asker.policy.needs)
    sort = _sort(arguments, asker.policy.needs)
    try:
        page = catalog.search(container_id, criteria, window, sort, asker.policy)
    except NoSuchContainer:
        if called == container_id:
            raise
        page = Page((), 0, catalog.system_update_id())
    return _answer(page, wanted, asker)


def _answer(page: Page, wanted: str, asker: Asker) -> OutArguments:
    needs = asker.policy.needs
    entries: Sequence[Entry] = page.entries
    if asker.policy.takes_out:
        entries = with_insides(entries)
        if asker.plays:
            entries = resumed(entries, asker.plays, needs)
    entries = asked(entries, needs)
    if asker.plays:
        entries = with_plays(entries, asker.plays, needs)
    return [
        ("Result", didl.write(entries, parse_filter(wanted), asker.base_url)),
        ("NumberReturned", str(len(entries))),
        ("TotalMatches", str(page.total)),
        ("UpdateID", str(page.update_id)),
    ]


def _get_search_capabilities(
    _arguments: Mapping[str, str], _catalog: Catalog, _asker: Asker
) -> OutArguments:
    return [("SearchCaps", ",".join(SEARCHABLE))]


def _get_sort_capabilities(
    _arguments: Mapping[str, str], _catalog: Catalog, _asker: Asker
) -> OutArguments:
    return [("SortCaps", ",".join(SORTABLE))]


def _get_system_update_id(
    _arguments: Mapping[str, str], catalog: Catalog, _asker: Asker
) -> OutArguments:
    return [("Id", str(catalog.system_update_id()))]


def _get_feature_list(
    _arguments: Mapping[str, str], catalog: Catalog, _asker: Asker
) -> OutArguments:
    return [("FeatureList", features(lambda one: catalog.child_count(one) > 0))]


def _x_get_feature_list(
    _arguments: Mapping[str, str], catalog: Catalog, _asker: Asker
) -> OutArguments:
    return [("FeatureList", basic_view(lambda one: catalog.child_count(one) > 0))]


def _x_set_bookmark(
    arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    """Note how far a film was watched; the beginning is none: TVs send it at start."""
    needs = asker.policy.needs
    item_id = any_item_id_of(_required(arguments, "ObjectID"))
    position = _ui4(arguments, "PosSecond")
    position_ms = position if needs.bookmark == "ms" else position * 1000
    resource = catalog.resource(item_id, asker.policy)
    if position_ms >= LEAST_BOOKMARK_MS and resource.duration_ms:
        percent = min(position_ms * 100 // resource.duration_ms, 100)
        place_ms = min(position_ms, resource.duration_ms)
        asker.mark(resource.item_id, percent, place_ms)
    return []


def _x_get_object_id_from_index(
    arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    container = of_category(_required(arguments, "CategoryType"))
    window = Window(_ui4(arguments, "Index"), 1)
    page = catalog.children(container or ROOT, window, (), asker.policy)
    if not page.entries:
        raise NoSuchObject
    return [("ObjectID", page.entries[0].object_id)]


def _x_get_index_from_rid(
    arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    container = of_category(_required(arguments, "CategoryType"))
    wanted = _required(arguments, "RID")
    window = Window(0, MAX_OBJECTS)
    page = catalog.children(container or ROOT, window, (), asker.policy)
    ids = [entry.object_id for entry in page.entries]
    if wanted not in ids:
        raise NoSuchObject
    return [("Index", str(ids.index(wanted)))]


_ACTIONS: dict[str, Callable[[Mapping[str, str], Catalog, Asker], OutArguments]] = {
    "Browse": _browse,
    "Search": _search,
    "GetSearchCapabilities": _get_search_capabilities,
    "GetSortCapabilities": _get_sort_capabilities,
    "GetSystemUpdateID": _get_system_update_id,
    "GetFeatureList": _get_feature_list,
    "X_GetFeatureList": _x_get_feature_list,
    "X_SetBookmark": _x_set_bookmark,
    "X_GetObjectIDfromIndex": _x_get_object_id_from_index,
    "X_GetIndexfromRID": _x_get_index_from_rid,
}


def _required(arguments: Mapping[str, str], name: str) -> str:
    if name not in arguments:
        raise InvalidArgs(f"{name} is missing")
    return arguments[name]


def _object_id(arguments: Mapping[str, str]) -> str:
    """Return the object asked for, by either name that clients use for it.

    The Xbox 360 browses a ContainerID, others search an ObjectID; some Samsung
    TVs send an empty one and mean the root.
    """
    for name in ("ObjectID", "ContainerID"):
        if name in arguments:
            return arguments[name] or ROOT
    raise InvalidArgs("ObjectID is missing")


def _window(arguments: Mapping[str, str], needs: Needs) -> Window:
    start = _ui4(arguments, "StartingIndex")
    count = _ui4(arguments, "RequestedCount")
    most = min(needs.max_page or MAX_OBJECTS, MAX_OBJECTS)
    return Window(start, min(count or most, most))


def _sort(arguments: Mapping[str, str], needs: Needs) -> tuple[SortKey, ...]:
    """Return how to sort: as a device wants it, whatever it asks for itself."""
    return parse_sort(needs.sort or _required(arguments, "SortCriteria"))


def _ui4(arguments: Mapping[str, str], name: str) -> int:
    text = _required(arguments, name).strip()
    if _UI4.fullmatch(text) is None or int(text) > _MAX_COUNT:
        raise InvalidArgs(f"{name} is not a number from 0 to {_MAX_COUNT}")
    return int(text)
