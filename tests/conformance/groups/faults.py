"""How wrong calls end: the UPnP error, its form, and what never happens.

Source: UDA 1.0 section 3.2.2; ContentDirectory:1 section 2.7;
ConnectionManager:1 section 2.4; reference security.md section 4.
"""

import time

from conformance import soap
from conformance.checks import Failed, Group, equal, true
from conformance.device import CDS, CMS, REGISTRAR
from conformance.groups.control import BROWSE, CALLS
from conformance.soap import CONTROL, ENVELOPE, Fault
from conformance.subject import Subject
from conformance.wire import NoAnswer

check = Group("Faults")
UDA = "UDA 1.0 section 3.2.2"
CD = "ContentDirectory:1 section 2.7"

# How to bring about each error: (service, action, arguments, codes).
WRONG = {
    "401": (CDS, "NoSuchAction", {}, (401,)),
    "402": (CDS, "Browse", {}, (402,)),
    "701": (CDS, "Browse", BROWSE | {"ObjectID": "no-such-object"}, (701,)),
    "709": (CDS, "Browse", BROWSE | {"SortCriteria": "dc:title"}, (709,)),
    "706": (CMS, "GetCurrentConnectionInfo", {"ConnectionID": 4711}, (706,)),
}


def fault_of(server: Subject, service, action, arguments, codes) -> Fault:
    return server.expect_fault(codes, action, arguments, service)


@check(f"{UDA}; {CD}; ConnectionManager:1 section 2.4", WRONG)
def error_code(server, *case):
    """The error code is the one that the specification gives."""
    fault_of(server, *case)


@check(UDA, WRONG)
def status_500(server, service, action, arguments, _codes):
    """A fault comes with status 500."""
    equal(server.ask(action, arguments, service).status, 500)


@check(UDA, WRONG)
def fault_content_type(server, *case):
    """A fault is text/xml."""
    header = fault_of(server, *case).response.header("Content-Type").lower()
    true(header.startswith("text/xml"), header)


@check(UDA, WRONG)
def fault_code(server, *case):
    """faultcode is s:Client."""
    root = soap.parse(fault_of(server, *case).response.body)
    element = root.find(f"{{{ENVELOPE}}}Body/{{{ENVELOPE}}}Fault/faultcode")
    true(element is not None, "no faultcode")
    prefix, _, name = (element.text or "").rpartition(":")
    equal(name, "Client")
    equal(element.nsmap.get(prefix or None), ENVELOPE, "namespace of faultcode")


@check(UDA, WRONG)
def fault_string(server, *case):
    """faultstring is UPnPError."""
    root = soap.parse(fault_of(server, *case).response.body)
    equal(root.findtext(f".//{{{ENVELOPE}}}Fault/faultstring"), "UPnPError")


@check(UDA, WRONG)
def fault_detail(server, *case):
    """detail holds UPnPError with errorCode and errorDescription."""
    root = soap.parse(fault_of(server, *case).response.body)
    error = root.find(f".//{{{ENVELOPE}}}Fault/detail/{{{CONTROL}}}UPnPError")
    true(error is not None, "no UPnPError in detail")
    tags = [child.tag for child in error]
    equal(tags, [f"{{{CONTROL}}}errorCode", f"{{{CONTROL}}}errorDescription"])
    true((error[1].text or "").strip(), "errorDescription is empty")


# 401 ------------------------------------------------------------

UNKNOWN_ACTIONS = {
    "ContentDirectory": (CDS, "Brows"),
    "ConnectionManager": (CMS, "GetProtocol"),
    "Registrar": (REGISTRAR, "IsAllowed"),
    "other case": (CDS, "browse"),
    "of another service": (CDS, "GetProtocolInfo"),
    "of ContentDirectory at ConnectionManager": (CMS, "Browse"),
    "longer name": (CDS, "BrowseAll"),
    "very long name": (CDS, "A" * 2000),
    "vendor's": (CDS, "X_NoSuchThing"),
}


@check(UDA, UNKNOWN_ACTIONS)
def unknown_action(server, service, action):
    """An action that the service does not have is error 401."""
    server.expect_fault((401,), action, {}, service)


UNDECLARED = (
    *("CreateObject", "DestroyObject", "UpdateObject", "ImportResource"),
    *("ExportResource", "DeleteResource", "StopTransferResource", "CreateReference"),
    *("GetTransferProgress", "MoveObject", "FreeFormQuery"),
)


@check("UDA 1.0 section 3.2.2; ContentDirectory:1 (optional actions)", UNDECLARED)
def undeclared_action(server, action):
    """An optional action that the SCPD does not declare is error 401 (or 602)."""
    if action in dict(server.scpd(CDS).actions):
        server.expect_fault(tuple(range(400, 800)), action)
    else:
        server.expect_fault((401, 602), action)


# 402 ------------------------------------------------------------

MISSING = {
    f"{action} without {name}": (service, action, name)
    for service, action in (
        (CDS, "Browse"),
        (CDS, "Search"),
        (CMS, "GetCurrentConnectionInfo"),
        (REGISTRAR, "IsAuthorized"),
        (REGISTRAR, "IsValidated"),
    )
    for name in CALLS[action][2]
}


@check(f"{UDA} (402); reference security.md section 1", MISSING)
def missing_argument(server, service, action, name):
    """A missing in argument is error 402."""
    server.scpd(service).arguments(action)
    arguments = {n: v for n, v in CALLS[action][2].items() if n != name}
    server.expect_fault((402,), action, arguments, service)


NOT_COUNTS = {
    "negative": "-1",
    "very negative": "-9999999999",
    "letters": "abc",
    "empty": "",
    "fraction": "1.5",
    "hexadecimal": "0x10",
    "digits and letters": "5abc",
    "above 32 bits": "4294967296",
    "enormous": "9" * 40,
    "other digits": "\u0665",
}
_COUNT_CASES = {
    f"{action} {name} {what}": (action, name, value)
    for action in ("Browse", "Search")
    for name in ("StartingIndex", "RequestedCount")
    for what, value in NOT_COUNTS.items()
}


@check(f"{UDA} (402); reference control-points.md (VLC)", _COUNT_CASES)
def not_a_count(server, action, name, value):
    """What is not a whole number of 32 bits is error 402."""
    server.scpd(CDS).arguments(action)
    server.expect_fault((402,), action, CALLS[action][2] | {name: value})


FLAGS = ("", "browsemetadata", "BrowseAll", "BrowseDirectChildrens", "metadata")


@check(
    f"{UDA} (402: not in the allowed values)", {flag or "empty": flag for flag in FLAGS}
)
def unknown_flag(server, flag):
    """A BrowseFlag that is not allowed is error 402."""
    server.expect_fault((402,), "Browse", BROWSE | {"BrowseFlag": flag})


CONNECTION_IDS = {"letters": "abc", "empty": "", "fraction": "0.5"}


@check(f"{UDA} (402)", CONNECTION_IDS)
def connection_id_not_a_number(server, value):
    """A ConnectionID that is no number is error 402."""
    server.expect_fault(
        (402,), "GetCurrentConnectionInfo", {"ConnectionID": value}, CMS
    )


@check("ConnectionManager:1 section 2.4 (706)", {"1": 1, "-1": -1, "99": 99})
def unknown_connection(server, value):
    """A ConnectionID that is none of ours is error 706."""
    server.expect_fault(
        (706,), "GetCurrentConnectionInfo", {"ConnectionID": value}, CMS
    )


# 701, 710 ------------------------------------------------------------

NO_OBJECTS = {
    "word": "no-such-object",
    "number": "987654321",
    "minus one": "-1",
    "below the root": "0$987654",
    "two zeros": "00",
    "path": "../../../etc/passwd",
    "absolute path": "/etc/passwd",
    "percent": "%30",
    "SQL": "0' OR '1'='1",
    "SQL comment": "0; DROP TABLE objects --",
    "wildcard": "%",
    "star": "*",
    "Unicode": "\u65e5\u672c",
    "markup": "<container id='0'/>",
    "very long": "0" * 5000,
}


@check(CD, NO_OBJECTS)
def unknown_object(server, object_id):
    """Browse of an object that is not there is error 701."""
    server.expect_fault((701,), "Browse", BROWSE | {"ObjectID": object_id})


@check(CD, NO_OBJECTS)
def unknown_object_metadata(server, object_id):
    """BrowseMetadata of an object that is not there is error 701."""
    arguments = BROWSE | {"ObjectID": object_id, "BrowseFlag": "BrowseMetadata"}
    server.expect_fault((701,), "Browse", arguments)


@check(CD, NO_OBJECTS)
def unknown_container(server, object_id):
    """Search in a container that is not there is error 710."""
    server.scpd(CDS).arguments("Search")
    arguments = CALLS["Search"][2] | {"ContainerID": object_id}
    server.expect_fault((710,), "Search", arguments)


@check("ContentDirectory:1 section 2.7 (710 or 720)", ("audio", "video", "image"))
def children_of_an_item(server, kind):
    """BrowseDirectChildren of an item is error 710 or 720."""
    items = server.tree.items_of(f"object.item.{kind}Item")
    true(items, f"no {kind} items")
    server.expect_fault((710, 720), "Browse", BROWSE | {"ObjectID": items[0].id})


@check("ContentDirectory:1 section 2.7 (710)")
def search_in_an_item(server):
    """Search in an item is error 710."""
    server.scpd(CDS).arguments("Search")
    arguments = CALLS["Search"][2] | {"ContainerID": server.tree.items[0].id}
    server.expect_fault((710,), "Search", arguments)


# 709 ------------------------------------------------------------

BAD_SORTS = {
    "no modifier": "dc:title",
    "modifier alone": "+",
    "modifier behind": "dc:title+",
    "star": "*dc:title",
    "two modifiers": "+-dc:title",
    "second without modifier": "+dc:title,upnp:class",
    "empty entry": "+dc:title,,+upnp:class",
    "trailing comma": "+dc:title,",
    "words": "title ascending",
}


@check("ContentDirectory:1 section 2.3.9 and 2.7 (709)", BAD_SORTS)
def bad_sort(server, criteria):
    """SortCriteria that do not follow the grammar are error 709."""
    server.expect_fault((709,), "Browse", BROWSE | {"SortCriteria": criteria})


@check("ContentDirectory:1 section 2.7 (709)", ("dc:nothing", "upnp:odd@x", "@nothing"))
def unknown_sort_property(server, name):
    """An unknown property is error 709, or is passed over."""
    try:
        server.call("Browse", BROWSE | {"SortCriteria": f"+{name}"})
    except Fault as fault:
        equal(fault.code, 709)


# Hostile and broken bodies --------------------------------------------------------

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)
FILE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
DTD = '<?xml version="1.0"?><!DOCTYPE s:Envelope SYSTEM "http://192.0.2.1/x.dtd">'


def declared(declaration: str, entity: str = ""):
    """Return a maker of Browse with this in place of the XML declaration."""

    def make(server: Subject) -> bytes:
        arguments = BROWSE | ({"ObjectID": "ENTITY"} if entity else {})
        inside = soap.action_xml(server.service().type, "Browse", arguments)
        body = soap.envelope_xml(inside, declaration)
        return body.replace(b"ENTITY</", entity.encode() + b"</")

    return make


def spoiled(old: bytes, new: bytes):
    def make(server: Subject) -> bytes:
        inside = soap.action_xml(server.service().type, "Browse", BROWSE)
        return soap.envelope_xml(inside).replace(old, new)

    return make


BROKEN = {
    "empty": lambda _s: b"",
    "not XML": lambda _s: b"ObjectID=0&BrowseFlag=BrowseMetadata",
    "cut short": lambda s: spoiled(b"", b"")(s)[:-30],
    "unclosed element": spoiled(b"</ObjectID>", b""),
    "NUL character": spoiled(b">0<", b">\x000<"),
    "control character": spoiled(b">0<", b">\x070<"),
    "not UTF-8": spoiled(b">0<", b">\xff\xfe<"),
    "unknown encoding": declared('<?xml version="1.0" encoding="odd-1"?>'),
    "no Envelope": lambda s: soap.action_xml(
        s.service().type, "Browse", BROWSE
    ).encode(),
    "other root": spoiled(b"s:Envelope", b"s:Letter"),
    "no Body": spoiled(b"s:Body", b"s:Corpus"),
    "empty Body": lambda _s: soap.envelope_xml(""),
    "deep": spoiled(b">0<", b">" + b"<a>" * 3000 + b"</a>" * 3000 + b"<"),
    "many elements": spoiled(b">0<", b">" + b"<a/>" * 14000 + b"<"),
    "DOCTYPE": declared(DTD),
    "entity bomb": declared(BOMB, "&i;"),
    "file entity": declared(FILE, "&a;"),
    "parameter entity": declared(
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY % p SYSTEM '
        '"http://192.0.2.1/p.dtd"> %p;]>'
    ),
}


@check("XML 1.0; UDA 1.0 section 3.2.2; reference security.md requirement 14", BROKEN)
def broken_body(server, make):
    """A body that cannot be read is refused at once: an error, never an answer."""
    before = time.monotonic()
    response = server.post(server.service(), "Browse", make(server))
    true(response.status >= 400, f"status {response.status}")
    true(b"root:" not in response.body, "a file's content in the answer")
    took_s = time.monotonic() - before
    true(took_s < 2, f"took {took_s:.1f} s")


@check("reference security.md requirement 14")
def huge_body(server):
    """A body of 4 MB is refused: 413 or another error, or the connection ends."""
    data = soap.envelope_xml("<a>" + "x" * 4_000_000 + "</a>")
    try:
        response = server.post(server.service(), "Browse", data)
    except NoAnswer:
        return
    true(response.status >= 400, f"status {response.status}")


@check("UDA 1.0 section 3.2.1")
def action_in_header_and_body_differ(server):
    """A SOAPACTION that names another action than the body does not succeed."""
    body = soap.envelope_xml(
        soap.action_xml(server.service().type, "GetSystemUpdateID", {})
    )
    response = server.post(server.service(), "Browse", body)
    if response.status == 200:
        soap.read(response, server.service().type, "GetSystemUpdateID")
    else:
        true(response.status in (400, 500), f"status {response.status}")


@check("UDA 1.0 section 3.2.2 (401)")
def service_type_of_another_service(server):
    """A call in the name of another service type is error 401."""
    kind = "urn:schemas-upnp-org:service:AVTransport:1"
    body = soap.envelope_xml(soap.action_xml(kind, "Play", {"InstanceID": 0}))
    response = server.post(server.service(), "Play", body, SOAPACTION=f'"{kind}#Play"')
    if response.status != 500:
        raise Failed(f"status {response.status}")
    equal(soap.read_fault(response).code, 401)


@check("reference security.md requirement 26")
def still_answers(server):
    """After all that a plain call works."""
    server.call("GetSystemUpdateID")
