"""SortCriteria. Source: ContentDirectory:1 section 2.5.8 and 2.7.4."""

import itertools
import re
from collections.abc import Callable, Sequence

from conformance.checks import Failed, Group, NotOffered, equal, true
from conformance.groups.paging import PLACES, pages
from conformance.soap import Fault
from conformance.subject import Subject
from conformance.tree import Node, values

check = Group("Sort")
CD = "ContentDirectory:1 section 2.5.8"
KEYS = (
    *("dc:title", "dc:date", "dc:creator", "upnp:class", "upnp:album"),
    *("upnp:artist", "upnp:genre", "upnp:originalTrackNumber", "res@size"),
    *("res@duration", "res@bitrate", "@id", "@childCount"),
)
NUMBERS = {
    "upnp:originalTrackNumber",
    "res@size",
    "res@bitrate",
    "@childCount",
}
Order = Callable[[str], object]


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key with numbers compared as numbers."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p]


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1


def words_only(text: str) -> str:
    """Return a key without marks, as library catalogues sort."""
    return re.sub(r"[\W_]+", "", text.casefold())


def orders(name: str) -> list[Order]:
    """Return the orders that a server may take for this property."""
    if name in NUMBERS:
        return [number]
    return [str, str.casefold, natural, words_only]


def is_sorted(found: Sequence[str], order: Order, descending: bool) -> bool:
    keys = [order(text) for text in found]
    pairs = list(itertools.pairwise(keys))
    return all(b <= a if descending else a <= b for a, b in pairs)


def firsts(nodes: Sequence[Node], name: str) -> list[str]:
    """Return the first value of each object that has one."""
    found = (values(node.element, name) for node in nodes)
    return [each[0] for each in found if each]


def ascii_only(found: Sequence[str]) -> list[str]:
    """Leave out what servers and languages sort in their own ways."""
    return [text for text in found if text.isascii() and text[:1].isalnum()]


def place_for(server: Subject, name: str) -> Node:
    return PLACES["folders" if name == "@childCount" else "music"](server)


def announced(server: Subject, name: str) -> None:
    caps = server.sort_capabilities
    if name not in caps and "*" not in caps:
        raise NotOffered(f"{name} is not in SortCaps")


def sorted_values(server: Subject, name: str, sign: str) -> list[str]:
    announced(server, name)
    nodes = server.browse(place_for(server, name).id, sort=f"{sign}{name}").nodes
    found = ascii_only(firsts(nodes, name))
    if len(set(found)) < 2:
        raise NotOffered(f"nothing to sort by {name}")
    return found


_SIGNED = {f"{sign}{name}": (name, sign) for name in KEYS for sign in "+-"}


@check(CD, _SIGNED)
def is_in_order(server, name, sign):
    """Children come in the order that an announced property gives."""
    found = sorted_values(server, name, sign)
    if not any(is_sorted(found, order, sign == "-") for order in orders(name)):
        raise Failed(f"not sorted by {sign}{name}: {found[:12]}")


@check(CD, KEYS)
def same_children_in_any_order(server, name):
    """Sorting loses nothing and adds nothing."""
    announced(server, name)
    place = place_for(server, name)
    plain = server.browse(place.id)
    for sign in "+-":
        found = server.browse(place.id, sort=f"{sign}{name}")
        equal(sorted(found.ids), sorted(plain.ids), f"ids with {sign}{name}")


@check(CD, ("dc:title", "upnp:class", "upnp:album", "dc:date"))
def pages_of_a_sorted_list(server, name):
    """Pages of a sorted listing hold every child once, in its order."""
    announced(server, name)
    place = PLACES["music"](server)
    whole = server.browse(place.id, sort=f"+{name}").ids
    for size in (1, 7):
        parts = pages(server, place.id, size, f"+{name}")
        equal([each for page in parts for each in page], whole, "ids of all pages")


PAIRS = {
    "album then title": ("+upnp:album,+dc:title", "upnp:album", "dc:title", False),
    "album then -title": ("+upnp:album,-dc:title", "upnp:album", "dc:title", True),
    "class then title": ("+upnp:class,+dc:title", "upnp:class", "dc:title", False),
    "album then track": (
        "+upnp:album,+upnp:originalTrackNumber",
        "upnp:album",
        "upnp:originalTrackNumber",
        False,
    ),
}


@check(CD, PAIRS)
def second_key(server, criteria, first, second, descending):
    """Where the first key is equal the second decides."""
    announced(server, first)
    announced(server, second)
    nodes = server.browse(PLACES["music"](server).id, sort=criteria).nodes
    groups: dict[str, list[str]] = {}
    for node in nodes:
        one, two = values(node.element, first), values(node.element, second)
        if one and two:
            groups.setdefault(one[0], []).append(two[0])
    for found in groups.values():
        kept = ascii_only(found)
        ways = (is_sorted(kept, order, descending) for order in orders(second))
        true(any(ways), f"not sorted by {second}: {kept}")


SPELLINGS = {
    "blank after the comma": "+upnp:class, +dc:title",
    "blanks around": " +dc:title ",
    "key twice": "+dc:title,-dc:title",
}


@check(f"{CD}; reference content-directory.md section 4", SPELLINGS)
def list_is_read(server, criteria):
    """A list is read with blanks, and with a key that comes twice."""
    announced(server, "dc:title")
    place = PLACES["music"](server)
    equal(len(server.browse(place.id, sort=criteria).ids), len(place.children))


@check(f"{CD}; reference content-directory.md section 4 (Xbox, Panasonic)")
def unknown_keys_beside_known(server):
    """A vendor's key beside known ones is passed over, or error 709."""
    place = PLACES["music"](server)
    try:
        found = server.browse(place.id, sort="+dc:title,+microsoft:sourceURL")
    except Fault as fault:
        equal(fault.code, 709)
    else:
        equal(len(found.ids), len(place.children))


@check(f"{CD}; ContentDirectory:1 section 2.7.2 (GetSortCapabilities)")
def every_announced_key_is_taken(server):
    """No property of SortCaps is refused."""
    caps = [name for name in server.sort_capabilities if name != "*"]
    if not caps:
        raise NotOffered("no sort capabilities")
    for name in caps:
        for sign in "+-":
            server.browse("0", sort=f"{sign}{name}")


@check("ContentDirectory:1 section 2.5.2 (SortCapabilities)")
def capabilities_are_names(server):
    """SortCaps is a list of property names, each once, or *."""
    caps = server.sort_capabilities
    true(len(set(caps)) == len(caps), f"repeats in {caps}")
    for name in caps:
        true(re.fullmatch(r"\*|(\w+:)?\w*(@(\w+:)?\w+)?", name), name)


@check(CD)
def root_can_be_sorted(server):
    """Containers are sorted too."""
    announced(server, "dc:title")
    for sign in "+-":
        found = ascii_only(
            firsts(server.browse("0", sort=f"{sign}dc:title").nodes, "dc:title")
        )
        ways = (is_sorted(found, order, sign == "-") for order in orders("dc:title"))
        true(any(ways), f"not sorted: {found}")
