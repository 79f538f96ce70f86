import resource
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from upnpserver.errors import InvalidAction, MalformedRequest
from upnpserver.upnp.soap import (
    MAX_BODY_BYTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    Call,
    build_fault,
    build_response,
    parse_call,
)
from upnpserver.upnp.values import clean_text

CDS = "urn:schemas-upnp-org:service:ContentDirectory:1"
HEADER = f'"{CDS}#Browse"'


def envelope(inner, prefix="s", namespace="http://schemas.xmlsoap.org/soap/envelope/"):
    return (
        f'<?xml version="1.0"?><{prefix}:Envelope xmlns:{prefix}="{namespace}">'
        f"<{prefix}:Body>{inner}</{prefix}:Body></{prefix}:Envelope>"
    ).encode()


def browse(arguments="<ObjectID>0</ObjectID>"):
    return envelope(f'<u:Browse xmlns:u="{CDS}">{arguments}</u:Browse>')


@pytest.mark.parametrize(
    "header",
    [
        HEADER, HEADER.strip('"'), f"'{CDS}#Browse'", f" {HEADER} ",
        f'" {CDS}#Browse "', "", '""', f'"{CDS}"', "Browse",
    ],
)  # fmt: skip
def test_headers_that_mean_the_same(header):
    assert parse_call(header, browse()) == Call(CDS, "Browse", {"ObjectID": "0"})


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("<B>2</B><A>1</A>", {"B": "2", "A": "1"}),
        ("<A><![CDATA[a < b]]></A>", {"A": "a < b"}),
        ("<A>a &lt; &#98; &quot;</A>", {"A": 'a < b "'}),
        ("<A/><B></B>", {"A": "", "B": ""}),
        (" \n <A>1</A> \t ", {"A": "1"}),
        ("<A> 1 </A>", {"A": " 1 "}),
        ('<x:A xmlns:x="urn:x" xmlns:dt="urn:dt" dt:dt="string">1</x:A>', {"A": "1"}),
        ("<!-- note --><A>1<!-- note -->2</A>", {"A": "12"}),
        ("<A>1</A><A>2</A>", {"A": "1"}),
        ("<A>\u00e9\U0001f3b5</A>", {"A": "\u00e9\U0001f3b5"}),
        ("", {}),
    ],
)
def test_arguments(arguments, expected):
    assert parse_call(HEADER, browse(arguments)).arguments == expected


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16", "utf-16-le"),
        ("utf-16", "utf-16-be"),
        ("utf-8", "utf-16"),
        ("utf-16", "utf-8"),
        ("UTF8", "utf-8"),
        ("iso-8859-1", "latin-1"),
        ("ISO-8859-1", "latin-1"),
        ("latin1", "latin-1"),
    ],
)
def test_encodings(declared, sent):
    text = (
        browse("<A>\u00e9</A>")
        .decode()
        .replace('version="1.0"', f"version='1.0' encoding='{declared}'")
    )
    assert parse_call(HEADER, text.encode(sent)).arguments == {"A": "\u00e9"}


def test_latin_1_only_if_declared():
    with pytest.raises(MalformedRequest):
        parse_call(HEADER, browse("<A>\u00e9</A>").decode().encode("latin-1"))


def soap(inner):
    return f"<s:Envelope xmlns:s='urn:s'>{inner}</s:Envelope>".encode()


ACTION = f"<u:Browse xmlns:u='{CDS}'><A>1</A></u:Browse>"


@pytest.mark.parametrize(
    "body",
    [
        envelope(f'<Browse xmlns="{CDS}"><A>1</A></Browse>', "SOAP-ENV"),
        browse("<A>1</A>") + b"\0\r\n",
        b"\r\n" + browse("<A>1</A>"),
        b"<Envelope><Body><Browse><A>1</A></Browse></Body></Envelope>",
        b"<Envelope><Body><u:Browse><A>1</A></u:Browse></Body></Envelope>",
        soap(
            f"<s:Header><Browse><A>2</A></Browse></s:Header><s:Body>{ACTION}</s:Body>"
        ),
        soap(f"<s:Body>{ACTION}<u:Other><A>2</A><B/></u:Other></s:Body>"),
        soap(f"<s:Body>{ACTION}</s:Body><s:Body><Other><B/></Other></s:Body>"),
        soap(f"<s:Body/><s:Body>{ACTION}</s:Body>"),
        soap(f"<s:Body><?pi?><!-- note -->text{ACTION}</s:Body>"),
        soap("<s:Body><Browse>text<A><B>1</B></A>text</Browse></s:Body>"),
    ],
)
def test_odd_messages_with_one_meaning(body):
    assert parse_call(HEADER, body) == Call(CDS, "Browse", {"A": "1"})


@pytest.mark.parametrize(
    ("inner", "namespace"),
    [
        (ACTION, CDS),
        (f"<Browse xmlns='{CDS}'/>", CDS),
        ("<u:Browse/>", ""),
        ("<Browse/>", ""),
        ("<s:Browse/>", "urn:s"),
        (f"<s:Browse xmlns:s='{CDS}'/>", CDS),
    ],
)
def test_without_a_header_the_namespace_is_the_type(inner, namespace):
    header = "<s:Header xmlns='urn:h' xmlns:u='urn:h'/>"
    body = soap(f"{header}<s:Body>{inner}</s:Body>")
    assert parse_call("", body).service_type == namespace


def test_an_older_version_in_the_header_is_kept():
    older = CDS[:-1] + "0"
    assert parse_call(f'"{older}#Browse"', browse()).service_type == older


def test_header_and_body_must_agree():
    with pytest.raises(InvalidAction):
        parse_call(f'"{CDS}#Search"', browse())


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>""" + browse("<A>&b;</A>")[21:]
FILE = (
    b"""<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>"""
    + browse("<A>&f;</A>")[21:]
)
FULL = browse("<A>1</A>" * (MAX_ELEMENTS - 3))
DEEP = browse("<A>" * (MAX_DEPTH - 2) + "</A>" * (MAX_DEPTH - 2))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\0", b"not xml", b"<a>", b"<a/>", b"<Envelope/>", envelope(""),
        envelope("text"), browse()[:-5], b"{}", b"\xff\xfe",
        BOMB, FILE, BOMB.decode().encode("utf-16"),
        BOMB.replace(b"DOCTYPE", b"doctype"),
        b'<?xml version="1.0" encoding="UTF-7"?>' + b"+ADwAIQ-DOCTYPE x []+AD4-<a/>",
        browse().replace(b'version="1.0"', b'version="1.0" encoding="made-up"'),
        browse("<A>&unknown;</A>"), browse("<A>\x00</A>"), browse("<A>&#0;</A>"),
        DEEP, browse("<A/>" * (MAX_ELEMENTS - 2)), browse("x" * MAX_BODY_BYTES),
        soap(f"<s:Header>{ACTION}</s:Header>"),
        soap(f"<x><s:Body>{ACTION}</s:Body></x>"),
        f"<Other><Body>{ACTION}</Body></Other>".encode(),
        browse("<A>&#1;</A>"), browse("<A>\ufffe</A>"), browse() + browse(),
    ],
)  # fmt: skip
def test_refuses(body):
    with pytest.raises(MalformedRequest):
        parse_call(HEADER, body)


@pytest.mark.parametrize("encoding", ["us-ascii", "ASCII"])
def test_ascii_is_a_part_of_utf_8(encoding):
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    body = browse().decode().replace('<?xml version="1.0"?>', declaration)
    assert parse_call(HEADER, body.encode()).arguments == {"ObjectID": "0"}


def test_the_limits_of_the_threat_model():
    """Source: security.md requirement 14."""
    assert (MAX_BODY_BYTES, MAX_DEPTH, MAX_ELEMENTS) == (65_536, 32, 1_000)


def test_just_within_the_limits():
    deepest = "<A>" * (MAX_DEPTH - 3) + "1" + "</A>" * (MAX_DEPTH - 3)
    assert parse_call(HEADER, browse(deepest)).arguments == {"A": "1"}
    assert parse_call(HEADER, FULL).arguments == {"A": "1"}
    padded = browse().ljust(MAX_BODY_BYTES)
    assert parse_call(HEADER, padded).arguments == {"ObjectID": "0"}
    with pytest.raises(MalformedRequest):
        parse_call(HEADER, padded + b" ")


ATTRIBUTES = " ".join(f"a{number}='{number}'" for number in range(4500))


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        DEEP,
        browse("<A/>" * 9000),
        b"<a>" * 21000,
        browse(f"<A {ATTRIBUTES}>&bad;</A>"),
        browse("<A>" + "&#33;" * 12000),
        b"<" * MAX_BODY_BYTES,
        b"<?xml " + b"encoding=" * 7000,
    ],
)
def test_hostile_bodies_cost_little(body):
    began = time.process_time()
    with pytest.raises(MalformedRequest):
        parse_call(HEADER, body)
    assert time.process_time() - began < 0.1


def resident_bytes():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def test_names_from_strangers_are_forgotten():
    def bodies(count, size):
        for body in range(count):
            names = "".join(f"<a{body}_{number}{'x' * 40}/>" for number in range(size))
            yield browse(names)

    for body in bodies(10, 900):
        parse_call(HEADER, body)
    before = resident_bytes()
    for body in bodies(200, 900):
        parse_call(HEADER, body)
    assert resident_bytes() - before < 2 << 20


@given(st.text(), st.binary() | st.text().map(envelope))
def test_any_bytes_are_a_call_or_refused(header, body):
    try:
        call = parse_call(header, body)
    except (MalformedRequest, InvalidAction):
        return
    assert call.action


@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.text(st.characters(codec=None))),
        max_size=3,
    )
)
def test_a_response_comes_back_with_its_arguments_in_order(arguments):
    (response,) = etree.fromstring(build_response(CDS, "Browse", arguments))[0]
    assert response.tag == f"{{{CDS}}}BrowseResponse"
    assert [(e.tag, e.text or "") for e in response] == [
        (name, clean_text(value).replace("\r\n", "\n").replace("\r", "\n"))
        for name, value in arguments
    ]


@pytest.mark.parametrize(
    "odd",
    [*map(chr, {*range(0x20)} - {9, 10, 13}), "\ud800", "\ufffe", "\uffff"],
)
def test_what_xml_forbids_never_goes_out(odd):
    assert b"<A>1\xef\xbf\xbd2</A>" in build_response(CDS, "B", [("A", f"1{odd}2")])


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Za-z]{0,9}", fullmatch=True), st.text()))
def test_what_is_built_is_read(arguments):
    clean = {
        name: clean_text(text).replace("\r", "") for name, text in arguments.items()
    }
    response = build_response(CDS, "Browse", clean.items())
    assert parse_call("", response) == Call(CDS, "BrowseResponse", clean)


def test_bytes_are_escaped_already_and_go_out_as_they_are():
    response = build_response(CDS, "B", [("A", b"&lt;a/&gt;"), ("C", "<&>")])
    assert b"<A>&lt;a/&gt;</A><C>&lt;&amp;&gt;</C>" in response


def test_response_to_the_letter():
    assert build_response(CDS, "GetSystemUpdateID", [("Id", "7 < 8")]) == (
        b'<?xml version="1.0" encoding="utf-8"?>\r\n'
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        b' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        b'<u:GetSystemUpdateIDResponse xmlns:u="'
        + CDS.encode()
        + b'"><Id>7 &lt; 8</Id></u:GetSystemUpdateIDResponse></s:Body></s:Envelope>'
    )


def test_fault_to_the_letter():
    assert build_fault(701, "No <such> object\0") == (
        b'<?xml version="1.0" encoding="utf-8"?>\r\n'
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        b' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        b"<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring>"
        b'<detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
        b"<errorCode>701</errorCode>"
        b"<errorDescription>No &lt;such&gt; object\xef\xbf\xbd</errorDescription>"
        b"</UPnPError></detail></s:Fault></s:Body></s:Envelope>"
    )


def test_an_answer_without_a_declaration_is_the_same_otherwise():
    whole = build_response("urn:x", "Do", [("A", "1")])
    bare = build_response("urn:x", "Do", [("A", "1")], declared=False)
    assert whole == b'<?xml version="1.0" encoding="utf-8"?>\r\n' + bare
