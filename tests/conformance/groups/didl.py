"""DIDL-Lite: form, namespaces, and what it says of each file.

Source: ContentDirectory:1 section 2.8 and appendix; content-directory.md 6.
"""

import re
from datetime import date
from urllib.parse import urlsplit

from lxml import etree

from conformance.checks import Group, NotOffered, equal, none, true
from conformance.library import ODD_NAMES, facts_of_household
from conformance.library import TITLES as SHELF_TITLES
from conformance.subject import Subject
from conformance.tree import DC, DIDL, DLNA, UPNP, Node, distinct

check = Group("DIDL")
CD = "ContentDirectory:1 section 2.8"
SEC = "http://www.sec.co.kr/dlna"
PREFIXES = "reference content-directory.md section 6 (prefixes)"


@check(CD)
def root_element(server):
    """The root is DIDL-Lite in its namespace."""
    equal(server.browse("0").didl.tag, f"{{{DIDL}}}DIDL-Lite")


@check(PREFIXES, {"dc": ("dc", DC), "upnp": ("upnp", UPNP), "default": (None, DIDL)})
def prefix(server, name, uri):
    """The usual prefixes are declared: VLC compares the letters."""
    equal(server.browse("0").didl.nsmap.get(name), uri)


@check(PREFIXES)
def dlna_prefix(server):
    """Attributes of DLNA, where they stand, are in DLNA's metadata namespace."""
    keys = {k for n in server.tree.nodes for child in n.element for k in child.attrib}
    # Samsung has attributes of its own, in a namespace that ends in "dlna".
    dlna = [k for k in keys if "dlna" in k and not k.startswith(f"{{{SEC}}}")]
    if not dlna:
        raise NotOffered("no attributes of DLNA")
    none([k for k in dlna if not k.startswith(f"{{{DLNA}}}")], "namespace")


@check(CD)
def only_objects_below_the_root(server):
    """Below DIDL-Lite stand only items and containers."""
    tags = {etree.QName(n.element).localname for n in server.tree.nodes}
    true(tags <= {"item", "container"}, f"{tags}")


@check("reference content-directory.md section 6")
def no_declaration_inside(server):
    """Result has no XML declaration of its own."""
    true("<?xml" not in server.browse("0").reply["Result"], "declaration")


@check(CD)
def empty_result(server):
    """An empty result is an empty DIDL-Lite, not nothing."""
    page = server.browse("0", start=1000)
    equal(page.didl.tag, f"{{{DIDL}}}DIDL-Lite")
    equal(len(page.didl), 0, "objects")


@check("ContentDirectory:1 section 2.8 (schema order)", ("container", "item"))
def title_stands_first(server, kind):
    """dc:title is the first element of every object."""
    nodes = server.tree.containers if kind == "container" else server.tree.items
    none([n.id for n in nodes if n.element[0].tag != f"{{{DC}}}title"], "first")


@check("XML 1.0 section 2.2")
def no_forbidden_characters(server):
    """No text holds characters that XML 1.0 does not allow."""
    bad = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
    wrong = [
        n.id for n in server.tree.nodes if bad.search("".join(n.element.itertext()))
    ]
    none(wrong, "character")


@check("ContentDirectory:1 section 2.5 (dc:date)")
def dates(server):
    """dc:date is a date of ISO 8601."""
    pattern = r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?"
    for text in {v for n in server.tree.items for v in n.values("dc:date")}:
        found = re.fullmatch(pattern, text)
        true(found, f"dc:date {text!r}")
        date.fromisoformat(found[1])


@check("ContentDirectory:1 section 2.5 (upnp:originalTrackNumber)")
def track_numbers(server):
    """Track numbers are whole and above 0."""
    found = {v for n in server.tree.items for v in n.values("upnp:originalTrackNumber")}
    none([v for v in found if not re.fullmatch("[1-9][0-9]*", v)], "track number")


@check("ContentDirectory:1 section 2.5 (upnp:searchClass)")
def search_classes(server):
    """searchClass, where it stands, has includeDerived and a class."""
    found = [
        (child.get("includeDerived"), child.text)
        for n in [server.tree.root, *server.tree.containers]
        for child in n.element.iterfind(f"{{{UPNP}}}searchClass")
    ]
    if not found:
        raise NotOffered("no searchClass")
    none([f for f in found if f[0] not in ("0", "1", "true", "false")], "searchClass")
    none([f for f in found if not (f[1] or "").startswith("object")], "searchClass")


# Facts ------------------------------------------------------------


def listed(server: Subject, size: int) -> Node:
    for node in server.tree.items:
        if node.size == size:
            return node
    raise NotOffered("the file is not listed")


_FACTS = {
    f"{file} {what}": (file, what, value)
    for file, what, value in facts_of_household()
    if what.partition(":")[0] in ("dc", "upnp")
}


@check("ContentDirectory:1 appendix B (properties); the files' own tags", _FACTS)
def tells_what_the_tags_say(server, file, what, value):
    """Title, artist, album, genre, track and date are those of the file's tags."""
    found = listed(server, server.folder.named(file).size).values(what)
    if what == "dc:date":
        true(found and found[0].startswith(value), f"dc:date {found}")
    else:
        true(value in found, f"{what}: {found}, expected {value!r}")


@check("ContentDirectory:1 appendix B; XML 1.0", {t: t for t in SHELF_TITLES})
def tagged_title(server, title):
    """A title in a tag is told as it is, with all its characters."""
    titles = {node.title for node in server.tree.items}
    true(title in titles, "not listed")


# Odd names ------------------------------------------------------------

ODD = "XML 1.0; RFC 3986; reference security.md requirement 10"


def odd(server: Subject, name: str) -> Node:
    known = server.folder.odd[name]
    for node in server.tree.items:
        if node.size == known.size:
            return node
    true(False, f"not listed: {known.path.name!r}")
    raise AssertionError


@check(ODD, list(ODD_NAMES))
def odd_name_is_listed(server, name):
    """A file with an odd name is listed."""
    odd(server, name)


@check(ODD, list(ODD_NAMES))
def odd_name_is_shown(server, name):
    """An odd name is shown as it is, as far as XML can."""
    shown = ODD_NAMES[name][1]
    text = odd(server, name).title
    true(shown in text, f"title {text!r}, expected {shown!r} in it")


@check(ODD, list(ODD_NAMES))
def odd_name_is_played(server, name):
    """A file with an odd name can be fetched, byte for byte."""
    node = odd(server, name)
    url = urlsplit(node.resources[0].text or "")
    response = server.get(url.path + (f"?{url.query}" if url.query else ""))
    equal(response.status, 200)
    true(response.body == server.folder.odd[name].bytes(), "other bytes")


@check("reference description.md section 7 (percent-encoding)")
def urls_are_plain(server):
    """URLs hold only characters that a URL may hold."""
    urls = [r.text or "" for n in server.tree.items for r in n.resources]
    none(
        [
            u
            for u in urls
            if not re.fullmatch(
                r"[!#-;=?-Z\[\]_a-z~]*(%[0-9A-Fa-f]{2}[!#-;=?-Z\[\]_a-z~]*)*", u
            )
        ],
        "URL",
    )


@check("reference content-directory.md section 4")
def each_file_once_in_a_view(server):
    """No container lists the same file twice."""
    wrong = [
        c.id
        for c in server.tree.containers
        if len(distinct(n for n in c.children if not n.is_container))
        < len([n for n in c.children if not n.is_container])
    ]
    none(wrong, "the same file twice")
