"""StartingIndex and RequestedCount. Source: ContentDirectory:1 section 2.7.4.

VLC asks for ever when totals are wrong (reference control-points.md).
"""

from conformance.checks import Group, equal, none, true
from conformance.subject import Subject
from conformance.tree import Node

check = Group("Paging")
CD = "ContentDirectory:1 section 2.7.4; reference control-points.md"


def fullest_of(kind: str):
    def find(server: Subject) -> Node:
        containers = [server.tree.root, *server.tree.containers]
        broken = {object_id for object_id, _ in server.tree.broken}

        def count(node: Node) -> int:
            if node.id in broken:
                return -1
            return sum(
                child.is_container
                if kind == "container"
                else child.upnp_class.startswith(f"object.item.{kind}")
                for child in node.children
            )

        best = max(containers, key=count)
        true(count(best) > 0, f"no container with {kind}")
        return best

    return find


PLACES = {
    "root": lambda server: server.tree.root,
    "folders": fullest_of("container"),
    "music": fullest_of("audio"),
    "videos": fullest_of("video"),
    "pictures": fullest_of("image"),
}
SIZES = (1, 3, 10, 16, 5000)
_PAGED = {
    f"{place} by {size}": (find, size)
    for place, find in PLACES.items()
    for size in SIZES
}


def pages(
    server: Subject, object_id: str, size: int, sort: str = ""
) -> list[list[str]]:
    """Return the ids of page after page, until the total is reached."""
    found: list[list[str]] = []
    start = 0
    while len(found) <= 1000:
        page = server.browse(object_id, start=start, count=size, sort=sort)
        equal(page.returned, len(page.nodes), "NumberReturned")
        found.append(page.ids)
        start += page.returned
        if start >= page.total:
            break
        true(page.returned > 0, "an empty page before the end")
    return found


@check(CD, _PAGED)
def pages_are_a_partition(server, find, size):
    """Pages of any size hold every child once, in the order of the whole."""
    place = find(server)
    whole = server.browse(place.id)
    parts = pages(server, place.id, size)
    equal([each for page in parts for each in page], whole.ids, "ids of all pages")


@check(CD, PLACES)
def total_is_exact(server, find):
    """TotalMatches is the number of children, on every page."""
    place = find(server)
    whole = server.browse(place.id)
    equal(whole.total, len(whole.nodes))
    totals = {
        server.browse(place.id, start=start, count=2).total
        for start in (0, 1, max(0, whole.total - 1))
    }
    equal(totals, {whole.total}, "TotalMatches")


@check(CD, PLACES)
def count_0_is_all(server, find):
    """RequestedCount 0 brings all that are left from StartingIndex on."""
    place = find(server)
    whole = server.browse(place.id)
    start = whole.total // 2
    rest = server.browse(place.id, start=start, count=0)
    equal(rest.ids, whole.ids[start:])


@check(CD, PLACES)
def start_at_the_end(server, find):
    """StartingIndex at the total brings nothing, and the total."""
    place = find(server)
    total = server.browse(place.id, count=1).total
    page = server.browse(place.id, start=total, count=10)
    equal((page.returned, page.total, page.ids), (0, total, []))


@check(CD, {"root": "root", "music": "music"})
def start_beyond_the_end(server, place):
    """StartingIndex far beyond the total brings nothing, and the total."""
    where = PLACES[place](server)
    total = server.browse(where.id, count=1).total
    page = server.browse(where.id, start=2_000_000_000, count=10)
    equal((page.returned, page.total, page.ids), (0, total, []))


@check(CD, {"root": "root", "music": "music"})
def count_beyond_the_end(server, place):
    """A RequestedCount above the total brings all."""
    where = PLACES[place](server)
    page = server.browse(where.id, count=2_000_000_000)
    equal(len(page.ids), page.total)


@check(CD, PLACES)
def last_page_is_short(server, find):
    """The last page brings only what is left."""
    place = find(server)
    whole = server.browse(place.id)
    page = server.browse(place.id, start=whole.total - 1, count=10)
    equal(page.ids, whole.ids[-1:])


@check(CD)
def number_returned_fits(server):
    """NumberReturned is the number of objects in Result, in every container."""
    wrong = []
    for container in server.tree.containers[:60]:
        page = server.browse(container.id, count=5)
        if page.returned != len(page.nodes):
            wrong.append((container.id, page.returned, len(page.nodes)))
    none(wrong, "NumberReturned")


@check("ContentDirectory:1 section 2.7.4.2 (BrowseMetadata)")
def metadata_of_the_last_child(server):
    """A page of one and BrowseMetadata of the same child agree."""
    place = PLACES["music"](server)
    total = server.browse(place.id, count=1).total
    page = server.browse(place.id, start=total - 1, count=1)
    equal(server.metadata(page.ids[0]).title, page.nodes[0].title)
