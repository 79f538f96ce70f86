"""The actions of ContentDirectory:1 that a read-only household server answers.

Each action is a function of its arguments, the catalog and the asker. Source:
ContentDirectory:1 section 2.7.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from upnpserver.errors import InvalidAction, InvalidArgs
from upnpserver.model import Page, SortKey, Window
from upnpserver.policy import ClientPolicy
from upnpserver.upnp import didl
from upnpserver.upnp.criteria import Criteria, parse_criteria
from upnpserver.upnp.props import SEARCHABLE, SORTABLE, parse_filter, parse_sort

ROOT = "0"
MAX_OBJECTS = 20_000  # in one answer, some 14 MB; whoever wants more asks again
LIGHT_OBJECTS = 500  # an answer of so many costs the reactor a few milliseconds

_BROWSE_FLAGS = ("BrowseMetadata", "BrowseDirectChildren")
_UI4 = re.compile(r"\d{1,10}", re.ASCII)
_MAX_COUNT = 2**31 - 1  # not all of ui4: security.md requirement 16

OutArguments = Sequence[tuple[str, str | bytes]]


class Catalog(Protocol):
    """What the actions ask: catalog.reader.Reader, or a stand-in in a test."""

    def system_update_id(self) -> int:
        """Return SystemUpdateID."""

    def child_count(self, object_id: str) -> int:
        """Return how many children an object has, 0 if it is unknown."""

    def children(
        self,
        object_id: str,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return children. Raises NoSuchObject, NoSuchContainer."""

    def metadata(self, object_id: str, policy: ClientPolicy) -> Page:
        """Return one object. Raises NoSuchObject."""

    def search(
        self,
        container_id: str,
        criteria: Criteria,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return matches. Raises NoSuchContainer, CannotProcess."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and the base URL on the interface that the question came in on."""

    policy: ClientPolicy
    base_url: str


def call(
    action: str, arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    """Return the out arguments of an action, in the order of the SCPD.

    Raises ActionError.
    """
    if action not in _ACTIONS:
        raise InvalidAction(action)
    return _ACTIONS[action](arguments, catalog, asker)


def is_light(action: str, arguments: Mapping[str, str], catalog: Catalog) -> bool:
    """Whether call() costs so little that it may run in the reactor's thread.

    Raises InvalidArgs if no object is named.
    """
    if action == "Search":
        return False
    if action != "Browse" or arguments.get("BrowseFlag") == "BrowseMetadata":
        return True
    children = catalog.child_count(_object_id(arguments))
    if arguments.get("SortCriteria") or children <= LIGHT_OBJECTS:
        return children <= LIGHT_OBJECTS
    try:
        return 0 < _ui4(arguments, "RequestedCount") <= LIGHT_OBJECTS
    except InvalidArgs:
        return True


def _browse(
    arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    flag = _required(arguments, "BrowseFlag")
    if flag not in _BROWSE_FLAGS:
        raise InvalidArgs(f"BrowseFlag is not one of {_BROWSE_FLAGS}")
    object_id = _object_id(arguments)
    wanted = _required(arguments, "Filter")
    window = _window(arguments)
    sort = parse_sort(_required(arguments, "SortCriteria"))
    if flag == "BrowseMetadata":
        page = catalog.metadata(object_id, asker.policy)
    else:
        page = catalog.children(object_id, window, sort, asker.policy)
    return _answer(page, wanted, asker)


def _search(
    arguments: Mapping[str, str], catalog: Catalog, asker: Asker
) -> OutArguments:
    container_id = _object_id(arguments)
    criteria = parse_criteria(_required(arguments, "SearchCriteria"))
    wanted = _required(arguments, "Filter")
    window = _window(arguments)
    sort = parse_sort(_required(arguments, "SortCriteria"))
    page = catalog.search(container_id, criteria, window, sort, asker.policy)
    return _answer(page, wanted, asker)


def _answer(page: Page, wanted: str, asker: Asker) -> OutArguments:
    return [
        ("Result", didl.write(page.entries, parse_filter(wanted), asker.base_url)),
        ("NumberReturned", str(len(page.entries))),
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


_ACTIONS: dict[str, Callable[[Mapping[str, str], Catalog, Asker], OutArguments]] = {
    "Browse": _browse,
    "Search": _search,
    "GetSearchCapabilities": _get_search_capabilities,
    "GetSortCapabilities": _get_sort_capabilities,
    "GetSystemUpdateID": _get_system_update_id,
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


def _window(arguments: Mapping[str, str]) -> Window:
    start = _ui4(arguments, "StartingIndex")
    count = _ui4(arguments, "RequestedCount")
    return Window(start, min(count or MAX_OBJECTS, MAX_OBJECTS))


def _ui4(arguments: Mapping[str, str], name: str) -> int:
    text = _required(arguments, name).strip()
    if _UI4.fullmatch(text) is None or int(text) > _MAX_COUNT:
        raise InvalidArgs(f"{name} is not a number from 0 to {_MAX_COUNT}")
    return int(text)
