"""Search: every answer equals what a full Browse would find.

Source: ContentDirectory:1 section 2.5.5 (grammar) and 2.7.5.
"""

import re
from collections.abc import Callable

from conformance.checks import Failed, Group, NotOffered, equal, none, true
from conformance.library import ALBUMS, ARTISTS
from conformance.soap import Fault
from conformance.subject import Listing, Subject
from conformance.tree import Node, derived, distinct, values

check = Group("Search")
CD = "ContentDirectory:1 section 2.5.5"
AUDIO = 'upnp:class derivedfrom "object.item.audioItem"'
WINTER, SUMMER, BEST = ALBUMS
Test = Callable[[Node], bool]


def announced(server: Subject, criteria: str) -> None:
    """Stop unless Search is offered for every property in the criteria."""
    caps = server.search_capabilities
    if not caps:
        raise NotOffered("no search capabilities")
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', criteria)
    names = re.findall(r"(?:\w+:)?\w*@\w+|\w+:\w+", bare)
    for name in names:
        if name not in caps and "*" not in caps:
            raise NotOffered(f"{name} is not in SearchCaps")


def one(node: Node, name: str) -> str:
    return next(iter(node.values(name)), "")


def title(wanted: str) -> Test:
    return lambda node: node.title == wanted


def is_in(album: str) -> Test:
    return lambda node: one(node, "upnp:album") == album


def keys(nodes: list[Node]) -> list[tuple[str, int]]:
    return sorted((node.title, node.size) for node in distinct(nodes))


def find(server: Subject, criteria: str, container: str = "0") -> Listing:
    announced(server, criteria)
    return server.search(criteria, container)


def compare(server: Subject, criteria: str, test: Test) -> None:
    """Fail unless Search finds exactly the objects for which the test is true."""
    found = find(server, criteria)
    expected = [node for node in server.tree.nodes if test(node)]
    if not expected:
        raise Failed("nothing in the tree to compare with")
    equal(keys(list(found.nodes)), keys(expected), "found")


# Operators ------------------------------------------------------------


def text_of(name: str, test: Callable[[str], bool]) -> Test:
    return lambda node: any(test(text) for text in node.values(name))


def audio(test: Test) -> Test:
    return lambda n: derived(n.upnp_class, "object.item.audioItem") and test(n)


def shelf(node: Node) -> bool:
    return one(node, "upnp:album") in ALBUMS


TRACK = "object.item.audioItem.musicTrack"
OPERATORS: dict[str, tuple[str, Test]] = {
    "= title": ('dc:title = "Alpha"', title("Alpha")),
    "= artist": (
        f'upnp:artist = "{ARTISTS[0]}"',
        text_of("upnp:artist", lambda v: v == ARTISTS[0]),
    ),
    "= album": (f'upnp:album = "{WINTER}"', is_in(WINTER)),
    "= genre": (
        f'upnp:genre = "Rock" and upnp:album = "{SUMMER}"'.replace("<", "<"),
        lambda n: "Rock" in n.values("upnp:genre") and is_in(SUMMER)(n),
    ),
    "= creator": (
        f'dc:creator = "{ARTISTS[0]}"',
        text_of("dc:creator", lambda v: v == ARTISTS[0]),
    ),
    "!= title": (
        f'upnp:album = "{WINTER}" and dc:title != "Alpha"',
        lambda n: is_in(WINTER)(n) and n.title != "Alpha",
    ),
    "contains": ('dc:title contains "Track"', lambda n: "track" in n.title.lower()),
    "contains, other case": (
        'dc:title contains "aLPHa"',
        lambda n: "alpha" in n.title.lower(),
    ),
    "contains in artist": (
        'upnp:artist contains "uartet"',
        text_of("upnp:artist", lambda v: "uartet" in v),
    ),
    "doesNotContain": (
        f'upnp:album = "{WINTER}" and dc:title doesNotContain "Track"',
        lambda n: is_in(WINTER)(n) and "track" not in n.title.lower(),
    ),
    "derivedfrom audio": (
        f'{AUDIO} and upnp:album = "{WINTER}"',
        audio(is_in(WINTER)),
    ),
    "derivedfrom item": (
        f'upnp:class derivedfrom "object.item" and upnp:album = "{WINTER}"',
        is_in(WINTER),
    ),
    "derivedfrom video": (
        'upnp:class derivedfrom "object.item.videoItem"',
        lambda n: derived(n.upnp_class, "object.item.videoItem"),
    ),
    "derivedfrom image": (
        'upnp:class derivedfrom "object.item.imageItem"',
        lambda n: derived(n.upnp_class, "object.item.imageItem"),
    ),
    "= class": (
        f'upnp:class = "{TRACK}" and upnp:album = "{BEST}"'.replace(
            '"The "Best" Of"', '"The \\"Best\\" Of"'
        ),
        lambda n: n.upnp_class == TRACK and is_in(BEST)(n),
    ),
    "> date": (
        f'{AUDIO} and dc:date > "2004-12-31"',
        audio(text_of("dc:date", lambda v: v > "2004-12-31")),
    ),
    ">= date": (
        f'{AUDIO} and dc:date >= "2005"',
        audio(text_of("dc:date", lambda v: v >= "2005")),
    ),
    "< date": (
        f'{AUDIO} and dc:date < "1993"',
        audio(text_of("dc:date", lambda v: v < "1993")),
    ),
    "<= date": (
        f'{AUDIO} and dc:date <= "1992-12-31"',
        audio(text_of("dc:date", lambda v: v <= "1992-12-31")),
    ),
    "= track number": (
        f'upnp:album = "{WINTER}" and upnp:originalTrackNumber = "3"',
        lambda n: is_in(WINTER)(n) and one(n, "upnp:originalTrackNumber") == "3",
    ),
    "< track number": (
        f'upnp:album = "{WINTER}" and upnp:originalTrackNumber < "10"',
        lambda n: is_in(WINTER)(n) and int(one(n, "upnp:originalTrackNumber")) < 10,
    ),
    ">= track number": (
        f'upnp:album = "{WINTER}" and upnp:originalTrackNumber >= "9"',
        lambda n: is_in(WINTER)(n) and int(one(n, "upnp:originalTrackNumber")) >= 9,
    ),
    "> size": (
        f'upnp:album = "{WINTER}" and res@size > "33500"',
        lambda n: is_in(WINTER)(n) and n.size > 33500,
    ),
    "exists true": (
        f'upnp:genre exists true and upnp:album = "{WINTER}"',
        lambda n: is_in(WINTER)(n) and bool(n.values("upnp:genre")),
    ),
    "exists false": (
        'upnp:class derivedfrom "object.item.videoItem" and upnp:genre exists false',
        lambda n: (
            derived(n.upnp_class, "object.item.videoItem")
            and not n.values("upnp:genre")
        ),
    ),
    "startsWith": (
        f'upnp:album = "{WINTER}" and dc:title startsWith "Track"',
        lambda n: is_in(WINTER)(n) and n.title.startswith("Track"),
    ),
}


@check(CD, OPERATORS)
def operator(server, criteria, test):
    """An operator finds what a full Browse would find."""
    try:
        compare(server, criteria, test)
    except Fault as fault:
        if "startsWith" in criteria and fault.code == 708:
            raise NotOffered("startsWith came with ContentDirectory:3") from fault
        raise


# Structure ------------------------------------------------------------

A, B, NO = 'dc:title = "Alpha"', 'dc:title = "beta"', 'dc:title = "no such"'
W = f'upnp:album = "{WINTER}"'


def either(node: Node) -> bool:
    return node.title in ("Alpha", "beta")


STRUCTURE: dict[str, tuple[str, Test]] = {
    "or": (f"{A} or {B}", either),
    "and": (f"{A} and {W}", title("Alpha")),
    "and before or, left": (f"{A} or {B} and {NO}", title("Alpha")),
    "and before or, right": (f"{NO} and {B} or {A}", title("Alpha")),
    "or chain": (f"{A} or {B} or {NO}", either),
    "and chain": (f"{A} and {W} and {A}", title("Alpha")),
    "brackets": (f"({A} or {B}) and {W}", either),
    "brackets at the end": (f"{W} and ({A} or {B})", either),
    "brackets change the meaning": (f"({A} or {B}) and {A}", title("Alpha")),
    "nested brackets": (f"((({A}) or ({B})))", either),
    "brackets inside": (f"({A} or ({B} and {W}))", either),
    "blanks in brackets": (f"( {A} or {B} )", either),
    "no blanks at brackets": (f"({A})or({B})", either),
    "tabs and line feeds": (f"{A}\tor\n{B}", either),
    "many blanks": ('  dc:title   =   "Alpha"   or   dc:title = "beta"  ', either),
    "no blanks at =": ('dc:title="Alpha" or dc:title="beta"', either),
    "bracket in a value": (
        'dc:title = "Omega (Live)"',
        title("Omega (Live)"),
    ),
    "word in a value": (
        'dc:title = "Alpha" or dc:title = "a and b or c"',
        title("Alpha"),
    ),
}


@check(CD, STRUCTURE)
def structure(server, criteria, test):
    """and binds before or, brackets before both; white space does not matter."""
    compare(server, criteria, test)


def has(part: str) -> Test:
    return lambda node: part in node.title


VALUES: dict[str, tuple[str, Test]] = {
    "escaped quotes": (
        'dc:title = "Say \\"Hello\\" Now"',
        title('Say "Hello" Now'),
    ),
    "escaped backslash": (
        'dc:title = "back\\\\slash tune"',
        title("back\\slash tune"),
    ),
    "ampersand": ('dc:title = "Rock & Roll"', title("Rock & Roll")),
    "angle brackets": ('dc:title = "a < b > c"', title("a < b > c")),
    "apostrophe": ('dc:title = "Don\'t Stop"', title("Don't Stop")),
    "percent": ('dc:title = "100% Sure"', title("100% Sure")),
    "percent within": ('dc:title contains "0% S"', title("100% Sure")),
    "percent is no wildcard": ('dc:title contains "%"', has("%")),
    "underscore is no wildcard": ('dc:title contains "r_s"', title("under_score")),
    "semicolon": ('dc:title = "Semi; Colon"', title("Semi; Colon")),
    "comma": ('dc:title = "Comma, Here"', title("Comma, Here")),
    "umlauts": ('dc:title = "Ünder Öl"', title("Ünder Öl")),
    "Japanese": ('dc:title contains "本の"', has("本の")),
    "emoji": ('dc:title contains "\U0001f3b8"', has("\U0001f3b8")),
    "one blank": ('dc:title = "Track 10"', title("Track 10")),
}


@check(CD, VALUES)
def value(server, criteria, test):
    """Values may hold any character; quotes and backslashes are escaped."""
    compare(server, criteria, test)


@check(CD, {"and": " AND ", "or": " OR "})
def keywords_in_capitals(server, word):
    """Keywords in capitals are read, or refused with 708; never misread."""
    try:
        compare(server, f"{A}{word}{A}", title("Alpha"))
    except Fault as fault:
        equal(fault.code, 708)


# The action's other rules ------------------------------------------------------------


@check("ContentDirectory:1 section 2.5.5 (*)")
def star_finds_everything(server):
    """The criteria * find every item."""
    found = find(server, "*")
    true(found.total >= len(distinct(server.tree.items)), f"{found.total} found")


@check("ContentDirectory:1 section 2.7.5")
def nothing_found(server):
    """Criteria that nothing fits give an empty result, not an error."""
    found = find(server, NO)
    equal((found.returned, found.total, found.ids), (0, 0, []))


@check("ContentDirectory:1 section 2.7.5")
def criteria_that_exclude_each_other(server):
    """Title and another title at once find nothing."""
    equal(find(server, f"{A} and {B}").total, 0)


@check("ContentDirectory:1 section 2.5.5; reference content-directory.md section 4")
def containers_can_be_found(server):
    """Containers are found by their class."""
    found = find(server, 'upnp:class derivedfrom "object.container"')
    none([n.id for n in found.nodes if not n.is_container], "not containers")
    true(found.total > 0, "none found")


CONTAINERS = (
    *("object.container.album.musicAlbum", "object.container.person.musicArtist"),
    *("object.container.genre.musicGenre", "object.container.storageFolder"),
    *("object.container.album", "object.container.person", "object.container.genre"),
)


@check(
    "ContentDirectory:1 section 2.7.5; reference devices.md (Sonos, HEOS)", CONTAINERS
)
def containers_of_a_class(server, base):
    """Albums, artists, genres and folders are found as the tree lists them."""
    expected = {n.id for n in server.tree.containers if derived(n.upnp_class, base)}
    found = find(server, f'upnp:class derivedfrom "{base}"')
    equal(sorted(found.ids), sorted(expected))


@check("ContentDirectory:1 section 2.7.5", ("@id", "@parentID"))
def by_id(server, name):
    """Objects are found by id and by parent."""
    item = server.tree.items_of("object.item.imageItem")[0]
    wanted = one(item, name)
    found = find(server, f'{name} = "{wanted}"')
    expected = {n.id for n in server.tree.nodes if one(n, name) == wanted}
    equal(sorted(found.ids), sorted(expected))


@check("ContentDirectory:1 section 2.5.5; reference content-directory.md section 4")
def each_item_once(server):
    """With @refID exists false each item is found once: how Windows asks."""
    found = find(server, f'{AUDIO} and upnp:album = "{WINTER}" and @refID exists false')
    names = [(node.title, node.size) for node in found.nodes]
    equal(len(names), len(set(names)), "different items")
    expected = distinct(n for n in server.tree.items if is_in(WINTER)(n))
    equal(sorted(names), keys(expected))


@check("ContentDirectory:1 section 2.7.5 (ContainerID)")
def only_below_the_container(server):
    """Search finds only what is below the container."""
    announced(server, AUDIO)
    album = next(
        container
        for container in server.tree.containers
        if container.children
        and all(is_in(WINTER)(child) for child in container.children)
    )
    found = server.search(AUDIO, album.id)
    equal(keys(list(found.nodes)), keys(album.children))


@check("ContentDirectory:1 section 2.7.5 (ContainerID)")
def at_any_depth(server):
    """Search finds what is several levels below the container."""
    announced(server, AUDIO)
    top = next(
        node
        for node in server.tree.containers
        if node.listed_in == "0" and any(child.is_container for child in node.children)
    )
    inside = [top.id]
    items = []
    for node in server.tree.nodes:
        if node.listed_in in inside:
            inside += [node.id] if node.is_container else []
            items += [] if node.is_container else [node]
    wanted = [n for n in items if shelf(n)]
    if not wanted:
        raise NotOffered("the first view has no music of the shelf")
    criteria = f'{AUDIO} and (upnp:album = "{WINTER}" or upnp:album = "{SUMMER}")'
    found = server.search(criteria, top.id)
    expected = [n for n in wanted if one(n, "upnp:album") in (WINTER, SUMMER)]
    equal(keys(list(found.nodes)), keys(expected))


@check("ContentDirectory:1 section 2.7.5; reference content-directory.md section 4")
def the_container_itself_is_not_found(server):
    """The container that is searched is not part of the result."""
    found = find(server, 'upnp:class derivedfrom "object.container"')
    true("0" not in found.ids, "the root is in the result")


@check("ContentDirectory:1 section 2.7.5", {"1": 1, "5": 5, "7": 7})
def pages_of_a_search(server, size):
    """Pages of a search hold each result once, with exact totals."""
    announced(server, W)
    whole = server.search(W, sort="+dc:title")
    ids: list[str] = []
    while len(ids) < whole.total:
        page = server.search(W, start=len(ids), count=size, sort="+dc:title")
        equal(page.total, whole.total, "TotalMatches")
        true(page.ids, "an empty page before the end")
        ids += page.ids
    equal(ids, whole.ids)


@check("ContentDirectory:1 section 2.7.5")
def search_counts(server):
    """NumberReturned and TotalMatches are exact."""
    found = find(server, W)
    equal((found.returned, found.total), (len(found.nodes), len(found.nodes)))


@check("ContentDirectory:1 section 2.7.5")
def search_beyond_the_end(server):
    """StartingIndex beyond the total brings nothing, and the total."""
    total = find(server, W).total
    page = server.search(W, start=total + 5, count=5)
    equal((page.returned, page.total), (0, total))


@check("ContentDirectory:1 section 2.7.5 (SortCriteria)", ("+dc:title", "-dc:title"))
def sorted_search(server, sort):
    """SortCriteria sort a search too."""
    announced(server, W)
    if "dc:title" not in server.sort_capabilities:
        raise NotOffered("dc:title is not in SortCaps")
    titles = [node.title for node in server.search(W, sort=sort).nodes]
    plain = [t.casefold() for t in titles if t.isascii() and t.isalpha()]
    equal(plain, sorted(plain, reverse=sort.startswith("-")))


@check("ContentDirectory:1 section 2.7.5 (Filter)")
def filtered_search(server):
    """Filter works on a search too."""
    announced(server, W)
    found = server.search(W, filter_="upnp:artist")
    for node in found.nodes:
        true(values(node.element, "upnp:artist"), "no artist")
        true(not node.resources, "res was not asked for")


@check("ContentDirectory:1 section 2.7.5 (Filter)")
def search_result_equals_browse(server):
    """An object found is told as Browse tells it."""
    found = find(server, W).nodes[0]
    alone = server.metadata(found.id)
    for name in ("dc:title", "upnp:class", "upnp:album", "res@size", "res"):
        equal(found.values(name), alone.values(name), name)


@check("reference content-directory.md section 4 (aliases)")
def object_id_for_container_id(server):
    """ObjectID is taken for ContainerID."""
    announced(server, W)
    arguments = {
        "ObjectID": "0",
        "SearchCriteria": W,
        "Filter": "",
        "StartingIndex": 0,
        "RequestedCount": 0,
        "SortCriteria": "",
    }
    equal(server.call("Search", arguments)["TotalMatches"], str(find(server, W).total))


# Faults ------------------------------------------------------------

BAD = {
    "word": "nonsense",
    "no operator": 'dc:title "Alpha"',
    "no value": "dc:title =",
    "no property": '= "Alpha"',
    "value without quotes": "dc:title = Alpha",
    "single quotes": "dc:title = 'Alpha'",
    "open quotes": 'dc:title = "Alpha',
    "unknown operator": 'dc:title like "Alpha"',
    "==": 'dc:title == "Alpha"',
    "<>": 'dc:title <> "Alpha"',
    "open bracket": f"({A}",
    "closed bracket": f"{A})",
    "empty brackets": "()",
    "brackets in pieces": f")({A}",
    "and at the end": f"{A} and",
    "or at the start": f"or {A}",
    "two operators": f"{A} and or {B}",
    "nothing between": f"{A} {B}",
    "exists maybe": "upnp:genre exists maybe",
    "exists without word": "upnp:genre exists",
    "rest after the end": f"{A} ; DROP TABLE objects",
    "star and more": f"* and {A}",
    "not": f"not {A}",
    "deep": "(" * 5000 + A + ")" * 5000,
}


@check("ContentDirectory:1 section 2.7.5.3 (708)", BAD)
def bad_criteria(server, criteria):
    """Criteria that do not follow the grammar are error 708."""
    announced(server, A)
    arguments = {
        "ContainerID": "0",
        "SearchCriteria": criteria,
        "Filter": "*",
        "StartingIndex": 0,
        "RequestedCount": 5,
        "SortCriteria": "",
    }
    server.expect_fault((708,), "Search", arguments)


@check("ContentDirectory:1 section 2.7.5.3 (709)", ("dc:title", "*dc:title", "+"))
def bad_sort(server, criteria):
    """SortCriteria that do not follow the grammar are error 709 here too."""
    announced(server, W)
    try:
        server.search(W, sort=criteria)
    except Fault as fault:
        equal(fault.code, 709)
    else:
        raise Failed("succeeded")


# Capabilities ------------------------------------------------------------

CAPS = (
    *("dc:title", "dc:creator", "dc:date", "upnp:class", "upnp:artist", "upnp:album"),
    *("upnp:genre", "upnp:originalTrackNumber", "upnp:actor", "res@size"),
    *("res@duration", "res@protocolInfo", "@id", "@parentID", "@refID"),
)


@check("ContentDirectory:1 section 2.7.1 (GetSearchCapabilities)", CAPS)
def capability_tells_the_truth(server, name):
    """An announced property can be searched for, and is told by what is found."""
    announced(server, f"{name} exists true")
    found = server.search(
        f'{name} exists true and upnp:class derivedfrom "object.item"'
    )
    missing = [n.id for n in found.nodes if not n.values(name)]
    none(missing, f"found without {name}")


@check("ContentDirectory:1 section 2.7.1 (GetSearchCapabilities)")
def every_capability_is_taken(server):
    """No property of SearchCaps is refused."""
    caps = [name for name in server.search_capabilities if name != "*"]
    if not caps:
        raise NotOffered("no search capabilities")
    for name in caps:
        server.search(f"{name} exists false", count=1)


@check("ContentDirectory:1 section 2.5.1 (SearchCapabilities)")
def capabilities_are_names(server):
    """SearchCaps is a list of property names, each once, or *."""
    caps = server.search_capabilities
    true(len(set(caps)) == len(caps), f"repeats in {caps}")
    for name in caps:
        true(re.fullmatch(r"\*|(\w+:)?\w*(@(\w+:)?\w+)?", name), name)
