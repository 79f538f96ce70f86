"""SOAP control: how a good call is answered, however it is written.

Source: UDA 1.0 section 3.2; reference description.md section 6.
"""

import re

from conformance import soap
from conformance.checks import Failed, Group, NotOffered, equal, none, true
from conformance.device import CDS, CMS, REGISTRAR
from conformance.soap import CONTROL, ENCODING, ENVELOPE
from conformance.subject import Subject
from conformance.wire import Response

check = Group("Control")
UDA = "UDA 1.0 section 3.2.2"
LENIENT = "reference description.md section 6"

# One action of every service without side effects: (service, action, in).
CALLS = {
    "GetSystemUpdateID": (CDS, "GetSystemUpdateID", {}),
    "GetSearchCapabilities": (CDS, "GetSearchCapabilities", {}),
    "GetSortCapabilities": (CDS, "GetSortCapabilities", {}),
    "Browse": (
        CDS,
        "Browse",
        {
            "ObjectID": "0",
            "BrowseFlag": "BrowseDirectChildren",
            "Filter": "*",
            "StartingIndex": "0",
            "RequestedCount": "2",
            "SortCriteria": "",
        },
    ),
    "Search": (
        CDS,
        "Search",
        {
            "ContainerID": "0",
            "SearchCriteria": 'upnp:class derivedfrom "object.item"',
            "Filter": "*",
            "StartingIndex": "0",
            "RequestedCount": "2",
            "SortCriteria": "",
        },
    ),
    "GetProtocolInfo": (CMS, "GetProtocolInfo", {}),
    "GetCurrentConnectionIDs": (CMS, "GetCurrentConnectionIDs", {}),
    "GetCurrentConnectionInfo": (CMS, "GetCurrentConnectionInfo", {"ConnectionID": 0}),
    "IsAuthorized": (REGISTRAR, "IsAuthorized", {"DeviceID": ""}),
    "IsValidated": (REGISTRAR, "IsValidated", {"DeviceID": ""}),
}
BROWSE = CALLS["Browse"][2]


@check(UDA, CALLS)
def status(server, service, action, arguments):
    """A good call is answered with 200."""
    server.scpd(service).arguments(action)
    equal(server.ask(action, arguments, service).status, 200)


@check(UDA, CALLS)
def content_type(server, service, action, arguments):
    """Content-Type is text/xml; charset="utf-8"."""
    server.scpd(service).arguments(action)
    header = server.ask(action, arguments, service).header("Content-Type").lower()
    true(re.fullmatch(r'text/xml\s*;\s*charset="?utf-8"?', header), header)


@check(UDA, CALLS)
def out_arguments(server, service, action, arguments):
    """The out arguments are those of the SCPD, in its order, none else."""
    declared = server.scpd(service).arguments(action)
    reply = server.call(action, arguments, service)
    wanted = [argument.name for argument in declared if argument.direction == "out"]
    equal(soap.names(reply.arguments), wanted)


@check(UDA, CALLS)
def encoding_style(server, service, action, arguments):
    """The Envelope carries encodingStyle: Kodi drops an answer without."""
    server.scpd(service).arguments(action)
    reply = server.call(action, arguments, service)
    equal(reply.envelope.get(f"{{{ENVELOPE}}}encodingStyle"), ENCODING)


def answer(server: Subject) -> Response:
    return server.ask("GetSystemUpdateID")


@check(UDA)
def ext(server):
    """EXT is there, without a value."""
    response = answer(server)
    true(response.has("EXT"), "no EXT")
    equal(response.header("EXT"), "")


@check(UDA)
def server_header(server):
    """Server names the UPnP version."""
    header = answer(server).header("Server")
    true(re.search(r"UPnP/(1\.[01]|2\.0)", header), f"Server: {header!r}")


@check(UDA)
def date(server):
    """Date is there."""
    true(answer(server).header("Date").endswith("GMT"), "no Date")


@check("UDA 1.0 section 3.2.2; reference description.md section 1")
def content_length(server):
    """Content-Length is there, and no chunks: old TVs cannot read them."""
    response = server.ask("Browse", BROWSE)
    true(not response.has("Transfer-Encoding"), "chunked")
    equal(response.header("Content-Length"), str(len(response.body)))


@check("UDA 1.0 section 3.2.2")
def declaration(server):
    """The answer starts with an XML declaration, in UTF-8."""
    body = answer(server).body
    true(re.match(rb"<\?xml version=[\"']1\.0[\"']", body), f"{body[:40]!r}")
    body.decode("utf-8")


@check("SOAP 1.1 section 4")
def envelope(server):
    """The root is Envelope, with one child Body, with one child."""
    reply = server.call("GetSystemUpdateID")
    equal(reply.envelope.tag, f"{{{ENVELOPE}}}Envelope")
    equal([child.tag for child in reply.envelope], [f"{{{ENVELOPE}}}Body"])
    equal(len(reply.envelope[0]), 1, "children of Body")


@check("UDA 1.0 section 3.2.2; reference description.md section 6", (CDS, CMS))
def response_namespace(server, service):
    """The answer's element is in the namespace of the described service type."""
    action = "GetSystemUpdateID" if service == CDS else "GetProtocolInfo"
    reply = server.call(action, {}, service)
    equal(reply.element.tag, f"{{{server.service(service).type}}}{action}Response")


@check("UDA 1.0 section 3.2.2")
def arguments_are_unqualified(server):
    """Out arguments have no namespace."""
    reply = server.call("Browse", BROWSE)
    none([name for name, _ in reply.arguments if name.startswith("{")], "namespace")


# Calls written in other ways -------------------------------------------------------


def expect_browse(server: Subject, response: Response) -> None:
    """Fail unless the answer is that of the plain call."""
    reply = soap.read(response, server.service(CDS).type, "Browse")
    equal(reply["NumberReturned"], server.call("Browse", BROWSE)["NumberReturned"])


def inside(server: Subject, prefix: str = "u") -> str:
    """Return the plain call's element."""
    xml = soap.action_xml(server.service(CDS).type, "Browse", BROWSE)
    return xml.replace("u:", f"{prefix}:").replace("xmlns:u", f"xmlns:{prefix}")


def elements(**replaced: str) -> str:
    """Return the plain call's arguments, some written differently."""
    return "".join(
        replaced.get(name, f"<{name}>{value}</{name}>")
        for name, value in BROWSE.items()
    )


def around(server: Subject, text: str) -> bytes:
    """Return a request body with these arguments."""
    kind = server.service(CDS).type
    return soap.envelope_xml(f'<u:Browse xmlns:u="{kind}">{text}</u:Browse>')


def plain(server: Subject) -> bytes:
    return soap.envelope_xml(inside(server))


BODIES = {
    "default namespace": lambda s: soap.envelope_xml(
        f'<Browse xmlns="{s.service(CDS).type}">'
        + "".join(f'<{n} xmlns="">{v}</{n}>' for n, v in BROWSE.items())
        + "</Browse>"
    ),
    "prefix m": lambda s: soap.envelope_xml(inside(s, "m")),
    "prefix SOAP-ENV": lambda s: re.sub(
        rb"(?<=[</ ])s:(?=[EBe])|(?<=xmlns:)s(?==)",
        lambda found: found[0].replace(b"s", b"SOAP-ENV"),
        plain(s),
    ),
    "namespaces on the envelope": lambda s: (
        f'<?xml version="1.0"?><s:Envelope xmlns:s="{ENVELOPE}" '
        f'xmlns:u="{s.service(CDS).type}" xmlns:xsi="urn:x">'
        f"<s:Body><u:Browse>{elements()}</u:Browse></s:Body></s:Envelope>"
    ).encode(),
    "another order": lambda s: around(
        s, "".join(f"<{n}>{v}</{n}>" for n, v in reversed(BROWSE.items()))
    ),
    "white space between": lambda s: plain(s).replace(b"><", b">\n\t <"),
    "CRLF between": lambda s: plain(s).replace(b"><", b">\r\n<"),
    "no declaration": lambda s: soap.envelope_xml(inside(s), ""),
    "no encodingStyle": lambda s: plain(s).replace(
        f' s:encodingStyle="{ENCODING}"'.encode(), b""
    ),
    "CDATA": lambda s: around(
        s, elements(ObjectID="<ObjectID><![CDATA[0]]></ObjectID>")
    ),
    "character reference": lambda s: around(
        s, elements(ObjectID="<ObjectID>&#48;</ObjectID>")
    ),
    "empty element tag": lambda s: around(s, elements(SortCriteria="<SortCriteria/>")),
    "typed arguments": lambda s: around(
        s,
        elements(
            ObjectID='<ObjectID xmlns:dt="urn:schemas-microsoft-com:datatypes" '
            'dt:dt="string">0</ObjectID>'
        ),
    ),
    "xsi:type": lambda s: around(
        s,
        elements(
            ObjectID='<ObjectID xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            'xsi:type="xsd:string">0</ObjectID>'
        ),
    ),
    "comments": lambda s: around(s, "<!-- a -->" + elements() + "<!-- b -->"),
    "comment in a value": lambda s: around(
        s, elements(BrowseFlag="<BrowseFlag>Browse<!-- -->DirectChildren</BrowseFlag>")
    ),
    "processing instruction": lambda s: plain(s).replace(
        b"<s:Envelope", b"<?odd thing?><s:Envelope", 1
    ),
    "SOAP header": lambda s: plain(s).replace(
        b"<s:Body>", b'<s:Header><x:y xmlns:x="urn:x">1</x:y></s:Header><s:Body>'
    ),
    "single quotes": lambda s: plain(s).replace(b'"', b"'"),
    "byte order mark": lambda s: b"\xef\xbb\xbf" + plain(s),
    "blank lines after": lambda s: plain(s) + b"\r\n\r\n",
    "encoding utf-8": lambda s: soap.envelope_xml(
        inside(s), '<?xml version="1.0" encoding="utf-8"?>'
    ),
    "encoding UTF-8 standalone": lambda s: soap.envelope_xml(
        inside(s), '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    ),
    "encoding ISO-8859-1": lambda s: soap.envelope_xml(
        inside(s), '<?xml version="1.0" encoding="ISO-8859-1"?>'
    ),
    "encoding UTF-16": lambda s: (
        soap.envelope_xml(inside(s), '<?xml version="1.0" encoding="utf-16"?>')
        .decode()
        .encode("utf-16")
    ),
    "unknown extra argument": lambda s: around(s, elements() + "<X_Odd>1</X_Odd>"),
    "ContainerID for ObjectID": lambda s: around(
        s, elements(ObjectID="<ContainerID>0</ContainerID>")
    ),
}


@check(LENIENT, BODIES)
def body_is_understood(server, make):
    """XML may be written in many ways that mean the same."""
    expect_browse(server, server.post(server.service(), "Browse", make(server)))


def _soapaction(template: str):
    return lambda s: {"SOAPACTION": template.format(type=s.service(CDS).type)}


HEADERS = {
    "SOAPACTION without quotes": _soapaction("{type}#Browse"),
    "SOAPACTION in single quotes": _soapaction("'{type}#Browse'"),
    "SOAPACTION with blanks": _soapaction(' "{type}#Browse" '),
    "no SOAPACTION": lambda _s: {"SOAPACTION": ""},
    "soapaction in lower case": lambda s: {
        "SOAPACTION": "",
        "soapaction": f'"{s.service(CDS).type}#Browse"',
    },
    "charset unquoted": lambda _s: {"Content-Type": "text/xml; charset=utf-8"},
    "charset in upper case": lambda _s: {"Content-Type": 'text/xml; charset="UTF-8"'},
    "no charset": lambda _s: {"Content-Type": "text/xml"},
    "application/xml": lambda _s: {"Content-Type": "application/xml"},
    "application/soap+xml": lambda _s: {
        "Content-Type": "application/soap+xml; charset=utf-8"
    },
    "no Content-Type": lambda _s: {"Content-Type": ""},
    "Connection: close": lambda _s: {"Connection": "close"},
    "Accept-Encoding gzip": lambda _s: {"Accept-Encoding": "gzip, deflate"},
    # Of no TV that a server may know: it would take us for one from now on.
    "TV headers": lambda _s: {
        "User-Agent": "DLNADOC/1.50 NEW_TV_[TV]XY40/1.0",
        "X-AV-Client-Info": 'av=5.0; cn="New Corporation"; mn="XY40"; mv="1.7";',
        "friendlyName.dlna.org": "TV",
    },
}


@check(LENIENT, HEADERS)
def header_is_understood(server, make):
    """Headers of the request may be written in many ways, or be missing."""
    service = server.service()
    headers = {
        "Content-Type": soap.CONTENT_TYPE,
        "SOAPACTION": f'"{service.type}#Browse"',
    } | make(server)
    headers = {name: value for name, value in headers.items() if value}
    expect_browse(
        server,
        server.request("POST", service.control_path, headers, plain(server)),
    )


@check("UDA 1.0 section 2.2 (versions)", (CDS, CMS))
def version_1_is_answered(server, name):
    """A call in the name of version 1 is answered whatever version we are."""
    service = server.service(name)
    kind = service.type.rpartition(":")[0] + ":1"
    action = "GetSystemUpdateID" if name == CDS else "GetProtocolInfo"
    body = soap.envelope_xml(soap.action_xml(kind, action, {}))
    response = server.post(service, action, body, SOAPACTION=f'"{kind}#{action}"')
    equal(response.status, 200)


def soap_head(server: Subject, *more: str, version: str = "HTTP/1.1") -> bytes:
    """Return the head of a plain Browse, with further lines."""
    service = server.service()
    lines = (
        f"POST {service.control_path} {version}",
        f"Host: {server.host_header}",
        f"Content-Type: {soap.CONTENT_TYPE}",
        f'SOAPACTION: "{service.type}#Browse"',
        *more,
    )
    return "\r\n".join([*lines, "", ""]).encode()


def in_chunks(data: bytes, size: int, extension: bytes = b"") -> bytes:
    """Return a body in HTTP's chunks."""
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    chunks = [b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts]
    return b"".join(chunks) + b"0\r\n\r\n"


CHUNKS = {
    "one chunk": (100_000, b""),
    "many chunks": (7, b""),
    "with extensions": (200, b";odd=1"),
}


@check("RFC 9112 section 7.1", CHUNKS)
def chunked_body(server, size, extension):
    """A body in chunks is read."""
    request = soap_head(server, "Transfer-Encoding: chunked")
    expect_browse(
        server, server.raw(request + in_chunks(plain(server), size, extension))
    )


@check("RFC 9112 section 7.1.2")
def chunked_body_with_trailer(server):
    """Trailer fields after the last chunk are read and skipped."""
    request = soap_head(server, "Transfer-Encoding: chunked")
    body = in_chunks(plain(server), 300)[:-2] + b"X-Sum: 1\r\n\r\n"
    expect_browse(server, server.raw(request + body))


@check("RFC 9110 section 10.1.1")
def expect_continue(server):
    """Expect: 100-continue gets the interim answer, or the final one."""
    body = plain(server)
    with server.connect() as connection:
        connection.send(
            soap_head(server, f"Content-Length: {len(body)}", "Expect: 100-continue")
        )
        connection.send(body)
        expect_browse(server, connection.response())


@check("RFC 9112 section 2.2")
def body_byte_by_byte(server):
    """A request that comes in small pieces is put together."""
    body = plain(server)
    request = soap_head(server, f"Content-Length: {len(body)}") + body
    with server.connect() as connection:
        for at in range(0, len(request), 11):
            connection.send(request[at : at + 11])
        expect_browse(server, connection.response())


@check("UDA 1.0 section 3.2; RFC 9112 section 9.3")
def two_calls_on_one_connection(server):
    """A kept connection serves a second call."""
    body = plain(server)
    request = soap_head(server, f"Content-Length: {len(body)}") + body
    with server.connect() as connection:
        connection.send(request)
        first = connection.response()
        if "close" in first.header("Connection").lower():
            raise NotOffered("the server closes after each answer")
        connection.send(request)
        expect_browse(server, connection.response())


@check("RFC 9112 section 2.5 (HTTP/1.0 clients)")
def http_1_0_call(server):
    """A control point that speaks HTTP/1.0 is answered, and the connection closed."""
    body = plain(server)
    head = soap_head(server, f"Content-Length: {len(body)}", version="HTTP/1.0")
    with server.connect() as connection:
        connection.send(head + body)
        expect_browse(server, connection.response())
        true(connection.closed_by_peer(3), "still open")


@check("UDA 1.0 section 3.2.2 (30 s); reference description.md section 6")
def answers_fast(server):
    """A small Browse takes less than a second."""
    with server.connect(timeout_s=1) as connection:
        body = plain(server)
        connection.send(soap_head(server, f"Content-Length: {len(body)}") + body)
        expect_browse(server, connection.response())


# What a control URL does not take ----------------------------------------------------

METHODS = {"GET": "GET", "HEAD": "HEAD", "PUT": "PUT", "M-POST": "M-POST"}


@check("RFC 9110 section 15.5.6; reference description.md section 6", METHODS)
def other_methods(server, method):
    """Another method on a control URL is refused, not answered with 200."""
    response = server.request(method, server.service().control_path)
    true(response.status in (400, 404, 405, 501), f"status {response.status}")


@check("UDA 1.0 section 3.3.1", (CDS, CMS))
def query_state_variable(server, name):
    """QueryStateVariable, deprecated, ends with a UPnP error or the value."""
    kind = "urn:schemas-upnp-org:control-1-0"
    variable = "SystemUpdateID" if name == CDS else "SourceProtocolInfo"
    body = soap.envelope_xml(
        f'<u:QueryStateVariable xmlns:u="{kind}"><u:varName>{variable}</u:varName>'
        "</u:QueryStateVariable>"
    )
    response = server.post(
        server.service(name),
        "QueryStateVariable",
        body,
        SOAPACTION=f'"{kind}#QueryStateVariable"',
    )
    if response.status == 500:
        fault = soap.read_fault(response)
        true(fault.code in (401, 404, 501, 602), f"error {fault.code}")
    elif response.status != 200 or CONTROL.encode() not in response.body:
        raise Failed(f"status {response.status}")
