"""The device description. Source: UDA 1.0 section 2; reference description.md."""

import re
import uuid
from email.utils import parsedate_to_datetime

from conformance import soap
from conformance.checks import Group, NotOffered, equal, none, true
from conformance.device import CDS, CMS, DEVICE, REGISTRAR

check = Group("Description")
UDA = "UDA 1.0 section 2.1"
DLNA = "urn:schemas-dlna-org:device-1-0"


@check("UDA 1.0 section 2.9")
def is_there(server):
    """GET of LOCATION gives 200."""
    equal(server.description.status, 200)


@check("UDA 1.0 section 2.9")
def content_type(server):
    """Content-Type is text/xml, with a charset of UTF-8 if any."""
    header = server.description.header("Content-Type").lower()
    true(
        re.fullmatch(r'text/xml(\s*;\s*charset="?utf-8"?)?', header),
        f"Content-Type: {header!r}",
    )


@check("UDA 1.0 section 2.9; RFC 9112 section 6.3")
def content_length(server):
    """Content-Length is there, and no chunks."""
    response = server.description
    equal(response.header("Content-Length"), str(len(response.body)))
    true(not response.has("Transfer-Encoding"), "chunked")


@check("UDA 1.0 section 2.9")
def date(server):
    """Date is a date in GMT."""
    header = server.description.header("Date")
    true(header.endswith("GMT"), f"Date: {header!r}")
    parsedate_to_datetime(header)


@check("UDA 1.0 section 2.9")
def server_header(server):
    """Server names the UPnP version, once."""
    headers = server.description.all("Server")
    equal(len(headers), 1, "Server headers")
    true(re.search(r"UPnP/(1\.[01]|2\.0)", headers[0]), f"Server: {headers[0]!r}")


@check("UDA 1.0 section 2.9")
def content_language(server):
    """A request with Accept-Language gets Content-Language."""
    response = server.request("GET", server.description_path, {"Accept-Language": "en"})
    true(response.header("Content-Language"), "no Content-Language")


@check("RFC 9110 section 9.3.2")
def head(server):
    """HEAD gives the headers of GET without a body."""
    response = server.request("HEAD", server.description_path)
    equal(response.status, 200)
    for name in ("Content-Type", "Content-Length"):
        equal(response.header(name), server.description.header(name), name)


@check("XML 1.0")
def well_formed(server):
    """The description is well-formed, with its namespaces."""
    soap.parse(server.description.body)


@check("reference description.md section 1")
def no_doctype(server):
    """No document type declaration."""
    true(b"<!DOCTYPE" not in server.description.body, "DOCTYPE")


@check("XML 1.0; reference description.md section 1")
def is_utf8(server):
    """The text is UTF-8, starts with a declaration and has no byte order mark."""
    body = server.description.body
    body.decode("utf-8")
    true(body.startswith(b"<?xml "), f"starts with {body[:10]!r}")


@check("UDA 1.0 section 2.1; reference description.md section 1")
def is_stable(server):
    """Two requests bring the same text."""
    equal(server.get(server.description_path).body, server.description.body)


@check("reference description.md section 1")
def is_small(server):
    """Old TVs read small buffers: under 16 KiB."""
    true(len(server.description.body) < 16384, f"{len(server.description.body)} bytes")


@check(UDA)
def root_element(server):
    """The root is <root> in the device namespace."""
    equal(server.device.root.tag, f"{{{DEVICE}}}root")


@check(UDA)
def spec_version(server):
    """specVersion is 1.x or 2.0, and stands first."""
    first = server.device.root[0]
    equal(first.tag, f"{{{DEVICE}}}specVersion")
    major = first.findtext(f"{{{DEVICE}}}major")
    minor = first.findtext(f"{{{DEVICE}}}minor")
    true((major, minor) in {("1", "0"), ("1", "1"), ("2", "0")}, f"{major}.{minor}")


@check("UDA 1.1 section 2.3; reference description.md section 1")
def no_url_base(server):
    """URLBase is not used: it is wrong for all interfaces but one."""
    true(server.device.root.find(f"{{{DEVICE}}}URLBase") is None, "URLBase")


REQUIRED = ("deviceType", "friendlyName", "manufacturer", "modelName", "UDN")


@check(UDA, REQUIRED)
def has(server, name):
    """A required element is there once, with text."""
    found = server.device.element.findall(f"{{{DEVICE}}}{name}")
    equal(len(found), 1, name)
    true((found[0].text or "").strip(), f"{name} is empty")


LIMITS = {
    "friendlyName": ("friendlyName", 64),
    "manufacturer": ("manufacturer", 64),
    "modelDescription": ("modelDescription", 128),
    "modelName": ("modelName", 32),
    "modelNumber": ("modelNumber", 32),
    "serialNumber": ("serialNumber", 64),
}


@check("UDA 1.0 section 2.1 (lengths: reference, unconfirmed)", LIMITS)
def length(server, name, limit):
    """An element is shorter than the specification advises."""
    text = server.device.text(name)
    if not text:
        raise NotOffered(f"no {name}")
    true(len(text) < limit, f"{len(text)} characters")


@check(UDA)
def device_type(server):
    """deviceType is MediaServer of the UPnP Forum."""
    true(
        re.fullmatch(
            r"urn:schemas-upnp-org:device:MediaServer:[1-4]", server.device.type
        ),
        server.device.type,
    )


@check(UDA)
def udn_is_a_uuid(server):
    """UDN is uuid: and a UUID of 36 characters."""
    text = server.device.udn
    true(text.startswith("uuid:"), text)
    equal(str(uuid.UUID(text[5:])), text[5:].lower())


ORDER = (
    *("deviceType", "friendlyName", "manufacturer", "manufacturerURL"),
    *("modelDescription", "modelName", "modelNumber", "modelURL", "serialNumber"),
    *("UDN", "UPC", "iconList", "serviceList", "deviceList", "presentationURL"),
)


@check("UDA 1.0 section 2.1 (schema order)")
def order(server):
    """The elements of the UPnP namespace stand in the order of the schema."""
    mine = [
        child.tag.removeprefix(f"{{{DEVICE}}}")
        for child in server.device.element
        if isinstance(child.tag, str) and child.tag.startswith(f"{{{DEVICE}}}")
    ]
    equal(mine, sorted(mine, key=ORDER.index), "order")


@check("UDA 1.0 section 2.1 (schema order)")
def only_known_elements(server):
    """Elements of the UPnP namespace are those of the schema, each once."""
    mine = [
        child.tag.removeprefix(f"{{{DEVICE}}}")
        for child in server.device.element
        if isinstance(child.tag, str) and child.tag.startswith(f"{{{DEVICE}}}")
    ]
    none([name for name in mine if name not in ORDER], "unknown")
    equal(len(mine), len(set(mine)), "elements")


@check(UDA, ("manufacturerURL", "modelURL", "presentationURL"))
def url_is_one(server, name):
    """An optional URL, where it stands, is an http URL or an absolute path."""
    text = server.device.text(name)
    if not text:
        raise NotOffered(f"no {name}")
    true(re.fullmatch(r"(https?://|/)[!-~]*", text), text)


@check(UDA)
def presentation_page(server):
    """The presentation page, where one is named, can be fetched."""
    path = server.device.text("presentationURL")
    if not path:
        raise NotOffered("no presentationURL")
    if path.startswith("http"):
        path = "/" + path.split("/", 3)[3] if path.count("/") > 2 else "/"
    equal(server.get(path).status // 100, 2, "status of 100")


@check(UDA)
def upc(server):
    """UPC, where it stands, has twelve digits."""
    text = server.device.text("UPC")
    if not text:
        raise NotOffered("no UPC")
    true(re.fullmatch("[0-9]{12}", text), text)


@check("DLNA guidelines 7.2.10; reference description.md section 3")
def dlna_class(server):
    """X_DLNADOC names the DLNA class DMS-1.50 or .51, in DLNA's namespace."""
    values = [e.text for e in server.device.element.iterfind(f"{{{DLNA}}}X_DLNADOC")]
    true({"DMS-1.50", "DMS-1.51"} & set(values), f"X_DLNADOC: {values}")


# Services ------------------------------------------------------------

SERVICES = (CDS, CMS, REGISTRAR)
IDS = {
    CDS: (CDS, "urn:upnp-org:serviceId:ContentDirectory"),
    CMS: (CMS, "urn:upnp-org:serviceId:ConnectionManager"),
    REGISTRAR: (REGISTRAR, "urn:microsoft.com:serviceId:X_MS_MediaReceiverRegistrar"),
}
TYPES = {
    CDS: (CDS, r"urn:schemas-upnp-org:service:ContentDirectory:[1-4]"),
    CMS: (CMS, r"urn:schemas-upnp-org:service:ConnectionManager:[1-3]"),
    REGISTRAR: (
        REGISTRAR,
        r"urn:microsoft\.com:service:X_MS_MediaReceiverRegistrar:1",
    ),
}


@check("MediaServer:1 section 2.2", (CDS, CMS))
def has_service(server, name):
    """A MediaServer has this service."""
    true(name in server.device.services, f"no {name}")


@check("UDA 1.0 section 2.1; reference description.md section 2", TYPES)
def service_type(server, name, pattern):
    """serviceType is spelled as the specification does."""
    found = server.service(name).type
    true(re.fullmatch(pattern, found), found)


@check("UDA 1.0 section 2.1; reference description.md section 2", IDS)
def service_id(server, name, expected):
    """serviceId is spelled as the specification does."""
    equal(server.service(name).id, expected)


FIELDS = ("serviceType", "serviceId", "SCPDURL", "controlURL", "eventSubURL")


@check("UDA 1.0 section 2.1; reference control-points.md (Kodi)", SERVICES)
def service_is_complete(server, name):
    """Each service has its five elements, with text, in the schema's order."""
    kind = server.service(name).type
    for part in server.device.element.iter(f"{{{DEVICE}}}service"):
        if part.findtext(f"{{{DEVICE}}}serviceType") == kind:
            tags = [child.tag.removeprefix(f"{{{DEVICE}}}") for child in part]
            equal(tags, list(FIELDS), "elements")
            none([child.tag for child in part if not child.text], "empty")


@check("reference description.md section 1")
def service_urls_are_paths(server):
    """SCPDURL, controlURL and eventSubURL are absolute paths."""
    urls = [
        part.findtext(f"{{{DEVICE}}}{field}", "")
        for part in server.device.element.iter(f"{{{DEVICE}}}service")
        for field in FIELDS[2:]
    ]
    none([url for url in urls if not re.fullmatch(r"/[!-~]*", url)], "not a path")


@check("UDA 1.0 section 2.1", ("scpd_path", "control_path", "event_path"))
def service_urls_differ(server, field):
    """No two services share a URL."""
    urls = [getattr(service, field) for service in server.device.services.values()]
    equal(len(set(urls)), len(urls), "different URLs")
