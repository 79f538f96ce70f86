"""Browse: the root, the tree, and what must fit together.

Source: ContentDirectory:1 section 2.7.4; reference content-directory.md.
"""

import re

from conformance.checks import Group, equal, none, true
from conformance.subject import Listing, Subject
from conformance.tree import Node, derived

check = Group("Browse")
CD = "ContentDirectory:1 section 2.7.4"
BOTH = "reference control-points.md, checks worth automating"
SAMPLE = 40


def root(server: Subject) -> Listing:
    return server.browse("0", "BrowseMetadata")


@check(CD)
def root_is_one_object(server):
    """BrowseMetadata of 0 gives exactly one object."""
    equal(len(root(server).nodes), 1, "objects")


@check(CD)
def root_counts(server):
    """NumberReturned and TotalMatches of BrowseMetadata are 1."""
    found = root(server)
    equal((found.returned, found.total), (1, 1))


@check(CD)
def root_id(server):
    """The root's id is 0."""
    equal(root(server).nodes[0].id, "0")


@check(CD)
def root_parent(server):
    """The root's parentID is -1."""
    equal(root(server).nodes[0].element.get("parentID"), "-1")


@check(CD)
def root_is_a_container(server):
    """The root is a container, by element and by class."""
    found = root(server).nodes[0]
    true(found.is_container, "not a <container>")
    true(derived(found.upnp_class, "object.container"), found.upnp_class)


@check(CD)
def root_has_a_title(server):
    """The root has a title."""
    true(root(server).nodes[0].title.strip(), "no title")


@check(CD)
def root_has_children(server):
    """The root has children, since there are media."""
    true(server.browse("0").total > 0, "no children")


@check(CD)
def root_child_count(server):
    """The root's childCount, where it is told, is the number of its children."""
    told = root(server).nodes[0].element.get("childCount")
    if told is not None:
        equal(int(told), server.browse("0").total)


@check(CD)
def children_of_the_root(server):
    """The root's children have parentID 0."""
    none([n.id for n in server.browse("0").nodes if n.values("@parentID") != ["0"]], "")


@check(CD)
def root_count_1(server):
    """RequestedCount changes nothing about BrowseMetadata."""
    found = server.browse("0", "BrowseMetadata", count=1)
    equal((found.returned, found.total, found.ids), (1, 1, ["0"]))


# The whole tree ------------------------------------------------------------


@check("ContentDirectory:1; XML 1.0")
def every_container_can_be_browsed(server):
    """Every container that is listed can be browsed."""
    none(server.tree.broken, "containers that fail")


@check("ContentDirectory:1 section 2.5 (@id)")
def ids_are_unique(server):
    """No two objects have the same id."""
    ids = [node.id for node in server.tree.nodes]
    none([i for i in set(ids) if ids.count(i) > 1], "the same id")


@check("ContentDirectory:1 section 2.5 (@id)")
def ids_are_short(server):
    """Ids are not empty, and at most 256 bytes."""
    ids = [node.id for node in server.tree.nodes]
    none([i for i in ids if not 0 < len(i.encode()) <= 256], "length")


@check("ContentDirectory:1 section 2.5 (@parentID)")
def parents_fit(server):
    """parentID is the container that lists the object."""
    wrong = [
        (node.id, node.element.get("parentID"), node.listed_in)
        for node in server.tree.nodes
        if node.element.get("parentID") != node.listed_in
    ]
    none(wrong, "another parent")


@check("ContentDirectory:1 section 2.5 (@childCount)")
def child_counts_fit(server):
    """childCount, where it is told, is the number of children."""
    broken = {object_id for object_id, _ in server.tree.broken}
    wrong = [
        (node.id, node.title, told, len(node.children))
        for node in server.tree.containers
        if (told := node.element.get("childCount")) is not None
        and node.id not in broken
        and int(told) != len(node.children)
    ]
    none(wrong, "childCount")


@check("reference control-points.md (Kodi hides them)")
def no_empty_containers(server):
    """No container is empty."""
    broken = {object_id for object_id, _ in server.tree.broken}
    empty = [
        (node.id, node.title)
        for node in server.tree.containers
        if not node.children and node.id not in broken
    ]
    none(empty, "empty")


@check("ContentDirectory:1 section 2.5 (@restricted)")
def restricted_is_told(server):
    """Every object tells restricted, as 0, 1, true or false."""
    allowed = ({"0"}, {"1"}, {"true"}, {"false"})
    values = [(n.id, n.values("@restricted")) for n in server.tree.nodes]
    none([v for v in values if set(v[1]) not in allowed], "restricted")


@check("ContentDirectory:1 section 2.5 (dc:title)")
def titles_are_there(server):
    """Every object has one title, not empty."""
    values = [(n.id, n.values("dc:title")) for n in server.tree.nodes]
    none([v for v in values if len(v[1]) != 1 or not v[1][0].strip()], "title")


@check("DLNA guidelines (256 bytes); reference content-directory.md section 6")
def titles_are_short(server):
    """No title is longer than 256 bytes."""
    titles = [n.title for n in server.tree.nodes]
    none([t for t in titles if len(t.encode()) > 256], "title")


@check("ContentDirectory:1 section 2.5 (upnp:class); control-points.md (VLC)")
def classes_are_there(server):
    """Every object has one class: VLC crashes without."""
    values = [(n.id, n.values("upnp:class")) for n in server.tree.nodes]
    none([v for v in values if len(v[1]) != 1], "class")


@check("ContentDirectory:1 section 7 (class names)")
def classes_are_well_written(server):
    """Classes are object.item... for items, object.container... for containers."""
    wrong = [
        (n.id, n.upnp_class)
        for n in server.tree.nodes
        if not re.fullmatch(
            r"object\.container(\.\w+)*" if n.is_container else r"object\.item(\.\w+)+",
            n.upnp_class,
        )
    ]
    none(wrong, "class")


CLASSES = (
    *("audioItem", "videoItem", "imageItem", "playlistItem", "textItem"),
    *("audioItem.musicTrack", "audioItem.audioBook", "audioItem.audioBroadcast"),
    *("videoItem.movie", "videoItem.videoBroadcast", "videoItem.musicVideoClip"),
    *("imageItem.photo",),
)
CONTAINER_CLASSES = (
    *("person", "person.musicArtist", "playlistContainer", "album"),
    *("album.musicAlbum", "album.photoAlbum", "genre", "genre.musicGenre"),
    *("genre.movieGenre", "storageSystem", "storageVolume", "storageFolder"),
)


@check("ContentDirectory:1 section 7.3 (class hierarchy)")
def classes_are_standard(server):
    """Every class begins with one of the specification's."""
    items = {f"object.item.{name}" for name in CLASSES}
    containers = {f"object.container.{name}" for name in CONTAINER_CLASSES}
    wrong = {
        node.upnp_class
        for node in server.tree.nodes
        if node.upnp_class != "object.container"
        and not any(derived(node.upnp_class, base) for base in items | containers)
    }
    none(sorted(wrong), "class")


USUAL = {
    "audio": ("audio", "object.item.audioItem.musicTrack"),
    "image": ("image", "object.item.imageItem.photo"),
}


@check("ContentDirectory:1 section 7.3; reference control-points.md (Kodi)", USUAL)
def usual_classes(server, kind, expected):
    """Tracks are musicTrack and pictures photo: what most players look for."""
    found = {n.upnp_class for n in server.tree.items_of(f"object.item.{kind}Item")}
    equal(found, {expected})


@check("ContentDirectory:1 section 7.3.9 (storageFolder)")
def storage_folders_tell_what_they_use(server):
    """A storageFolder has storageUsed."""
    wrong = [
        node.id
        for node in server.tree.containers
        if derived(node.upnp_class, "object.container.storageFolder")
        and not node.values("upnp:storageUsed")
    ]
    none(wrong, "no storageUsed")


@check("ContentDirectory:1 section 2.5 (@refID)")
def references_lead_somewhere(server):
    """refID, where it stands, is the id of an object that can be browsed."""
    targets = {ref for n in server.tree.nodes for ref in n.values("@refID")}
    for target in sorted(targets)[:SAMPLE]:
        equal(server.metadata(target).id, target)


@check("ContentDirectory:1 section 2.5 (@refID)")
def references_are_like_their_original(server):
    """An item with refID has the title and class of its original."""
    known = {n.id: n for n in server.tree.nodes}
    wrong = [
        (n.id, n.title, known[ref].title)
        for n in server.tree.items
        for ref in n.values("@refID")
        if ref in known
        and (n.title, n.upnp_class) != (known[ref].title, known[ref].upnp_class)
    ]
    none(wrong, "differs from its original")


def sample(nodes: list[Node]) -> list[Node]:
    """Return some of the objects, from the first to the last."""
    step = max(1, len(nodes) // SAMPLE)
    return nodes[::step]


@check(f"{CD}; {BOTH}", ("container", "item"))
def metadata_equals_the_listing(server, kind):
    """BrowseMetadata of an object is what its parent's listing says of it."""
    nodes = server.tree.containers if kind == "container" else server.tree.items
    differ = []
    for node in sample(nodes):
        alone = server.metadata(node.id)
        pairs = {
            name: (node.values(name), alone.values(name))
            for name in ("@id", "@parentID", "@restricted", "dc:title", "upnp:class")
        }
        differ += [(node.id, k, v) for k, v in pairs.items() if v[0] != v[1]]
    none(differ, "BrowseMetadata differs")


@check(CD, ("BrowseMetadata", "BrowseDirectChildren"))
def listing_twice(server, flag):
    """The same Browse twice brings the same result."""
    first, second = (server.browse("0", flag) for _ in range(2))
    equal(second.reply["Result"], first.reply["Result"])


@check("ContentDirectory:1 section 2.5.21 (SystemUpdateID)")
def system_update_id(server):
    """SystemUpdateID is a number of 32 bits, and stays while nothing changes."""
    first, second = (server.call("GetSystemUpdateID")["Id"] for _ in range(2))
    true(first.isdigit() and int(first) < 2**32, first)
    equal(second, first)


@check(f"{CD} (UpdateID)")
def update_id_stays(server):
    """UpdateID of a container stays while nothing changes."""
    equal(server.browse("0").update_id, server.browse("0").update_id)


@check(f"{CD} (UpdateID)")
def root_update_id(server):
    """UpdateID of the root is at most SystemUpdateID."""
    now = int(server.call("GetSystemUpdateID")["Id"])
    true(server.browse("0").update_id <= now, "above SystemUpdateID")


# Every file ------------------------------------------------------------


@check(
    "issue: browse and play; reference content-directory.md section 6",
    ("audio", "video", "image"),
)
def every_file_is_listed(server, kind):
    """Every media file of the folder is listed, under the right kind of class."""
    sizes = {
        node.size
        for node in server.tree.items
        if derived(node.upnp_class, f"object.item.{kind}Item")
    }
    missing = [
        k.path.name
        for k in server.folder.files
        if k.kind == kind and k.size not in sizes
    ]
    none(missing, "not listed")


@check("reference content-directory.md section 4", ("audio", "video", "image"))
def nothing_else_is_listed(server, kind):
    """No item is listed that is not a file of the folder."""
    known = {k.size for k in server.folder.files if k.kind == kind}
    alien = [
        (node.title, node.size)
        for node in server.tree.items_of(f"object.item.{kind}Item")
        if node.size not in known
    ]
    # The cover beside an album may be shown as a picture.
    covers = {p.stat().st_size for p in server.folder.path.rglob("folder.jpg")}
    covers.add(server.folder.large.size)
    none([a for a in alien if a[1] not in covers], "not on the disk")
