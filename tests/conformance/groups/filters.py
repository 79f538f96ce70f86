"""Filter, to the letter. Source: ContentDirectory:1 section 2.5.7 and 2.7.4."""

from conformance.checks import Group, NotOffered, equal, none, true
from conformance.subject import Subject
from conformance.tree import Node, label

check = Group("Filter")
CD = "ContentDirectory:1 section 2.5.7"
REQUIRED_ATTRIBUTES = {"id", "parentID", "restricted", "refID"}
REQUIRED_ELEMENTS = {"dc:title", "upnp:class"}
ITEMS = ("audio", "video", "image")


def item(server: Subject, kind: str, *names: str) -> Node:
    """Return an item of the kind, if there is one with all these properties."""
    items = server.tree.items_of(f"object.item.{kind}Item")
    true(items, f"no {kind} items")
    for found in items:
        if all(found.values(name) for name in names):
            return found
    raise NotOffered(f"no {kind} item has {names}")


def parts(node: Node) -> set[str]:
    """Return the names of all that an object tells, as a Filter writes them."""
    found = {f"@{name}" for name in node.element.attrib}
    for child in node.element:
        name = label(child)
        found.add(name)
        found |= {f"{name}@{_attribute(key)}" for key in child.attrib}
    return found


def _attribute(key: str) -> str:
    return key.rpartition("}")[2]


def minimum() -> set[str]:
    return {f"@{name}" for name in REQUIRED_ATTRIBUTES} | REQUIRED_ELEMENTS


@check(CD, ITEMS)
def empty_filter_item(server, kind):
    """An empty Filter brings the required properties of an item, no others."""
    found = parts(server.metadata(item(server, kind).id, ""))
    none(sorted(found - minimum()), "not asked for")


@check(CD)
def empty_filter_container(server):
    """An empty Filter brings the required properties of a container, no others."""
    container = server.tree.containers[0]
    found = parts(server.metadata(container.id, ""))
    # storageUsed is required of a storageFolder.
    none(sorted(found - minimum() - {"upnp:storageUsed"}), "not asked for")


@check(CD, (*ITEMS, "container"))
def required_with_empty_filter(server, kind):
    """id, parentID, restricted, title and class come with an empty Filter."""
    node = server.tree.containers[0] if kind == "container" else item(server, kind)
    found = parts(server.metadata(node.id, ""))
    wanted = {"@id", "@parentID", "@restricted", "dc:title", "upnp:class"}
    none(sorted(wanted - found), "missing")


# What is asked for, in which kind of item it can be expected.
PROPERTIES = {
    "res": "audio",
    "res@size": "audio",
    "res@duration": "audio",
    "res@bitrate": "audio",
    "res@sampleFrequency": "audio",
    "res@nrAudioChannels": "audio",
    "res@resolution": "video",
    "res@protocolInfo": "audio",
    "upnp:artist": "audio",
    "upnp:album": "audio",
    "upnp:genre": "audio",
    "upnp:originalTrackNumber": "audio",
    "dc:creator": "audio",
    "dc:date": "audio",
    "upnp:albumArtURI": "audio",
    "dc:description": "audio",
}
_CASES = {name: (name, kind) for name, kind in PROPERTIES.items()}


def allowed(name: str) -> set[str]:
    """Return all that may come when only this is asked for."""
    if name.startswith("res"):
        return minimum() | {"res", "res@protocolInfo", name}
    if name == "upnp:albumArtURI":
        return minimum() | {name, f"{name}@profileID"}
    if name in ("upnp:artist", "upnp:genre"):
        return minimum() | {name, f"{name}@role"}
    return minimum() | {name}


@check(CD, _CASES)
def brings_what_is_asked(server, name, kind):
    """A property that is asked for comes, with the value that * brings."""
    whole = item(server, kind, name)
    equal(server.metadata(whole.id, name).values(name), whole.values(name))


@check(CD, _CASES)
def brings_nothing_else(server, name, kind):
    """With one property asked for, no other optional one comes."""
    whole = item(server, kind, name)
    found = parts(server.metadata(whole.id, name))
    none(sorted(found - allowed(name)), "not asked for")


@check(CD, ITEMS)
def res_brings_protocol_info(server, kind):
    """A res always has its protocolInfo and its URL."""
    node = server.metadata(item(server, kind).id, "res")
    true(node.resources, "no res")
    none([r for r in node.resources if not r.get("protocolInfo") or not r.text], "res")


CONTAINER_PROPERTIES = ("@childCount", "@searchable")


@check(CD, CONTAINER_PROPERTIES)
def container_attribute(server, name):
    """childCount and searchable of containers come when asked for."""
    whole = [c for c in server.tree.containers if c.values(name)]
    if not whole:
        raise NotOffered(f"{name} is never told")
    equal(server.metadata(whole[0].id, name).values(name), whole[0].values(name))


@check(CD, CONTAINER_PROPERTIES)
def container_attribute_alone(server, name):
    """childCount does not bring searchable, nor the other way round."""
    found = parts(server.metadata(server.tree.containers[0].id, name))
    others = set(CONTAINER_PROPERTIES) - {name}
    none(sorted(found & others), "not asked for")


SPELLINGS = {
    "blanks": "dc:title, upnp:artist , res@size",
    "repeated": "upnp:artist,upnp:artist,res@size,res@size",
    "unknown names": "upnp:artist,dc:nothing,@odd,res@odd,vendor:x,res@size",
    "empty entries": "upnp:artist,,res@size,",
    "required too": "@id,@parentID,dc:title,upnp:class,upnp:artist,res@size",
    "vendor prefixes": "upnp:artist,res@size,pv:extension,sec:dcmInfo,av:mediaClass",
}


@check(CD, SPELLINGS)
def list_is_read(server, text):
    """A list is read with blanks, repeats, and names that nobody knows."""
    whole = item(server, "audio", "upnp:artist", "res@size")
    node = server.metadata(whole.id, text)
    equal(node.values("upnp:artist"), whole.values("upnp:artist"))
    equal(node.values("res@size"), whole.values("res@size"))


@check(CD)
def long_filter(server):
    """A Filter of several kilobytes is read: Sony players send such."""
    whole = item(server, "audio", "res@size")
    text = ",".join(f"upnp:odd{n}" for n in range(200)) + ",res@size"
    equal(server.metadata(whole.id, text).values("res@size"), whole.values("res@size"))


@check(CD)
def filter_of_a_sony_player(server):
    """The filter of a Sony Blu-ray player brings the res."""
    text = (
        "@id,upnp:class,res,res@protocolInfo,res@av:authenticationUri,res@size,"
        "dc:title,upnp:albumArtURI,res@dlna:ifoFileURI,res@protection,res@bitrate,"
        "res@duration,res@sampleFrequency,res@bitsPerSample,res@nrAudioChannels,"
        "res@resolution,res@colorDepth,dc:date,av:dateTime,upnp:artist,upnp:album"
    )
    whole = item(server, "audio", "res@size")
    equal(server.metadata(whole.id, text).values("res@size"), whole.values("res@size"))


@check(CD)
def filter_in_listings(server):
    """Filter works on BrowseDirectChildren as on BrowseMetadata."""
    whole = item(server, "audio", "res@size")
    listed = server.browse(whole.listed_in, filter_="")
    for node in listed.nodes:
        none([label(r) for r in node.element if label(r) == "res"], "res")


@check(CD)
def filter_does_not_change_the_order(server):
    """Another Filter brings the same children in the same order."""
    whole = item(server, "audio")
    plain, bare = (server.browse(whole.listed_in, filter_=f).ids for f in ("*", ""))
    equal(bare, plain)
