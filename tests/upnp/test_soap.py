import time

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
    [HEADER, HEADER.strip('"'), f"'{CDS}#Browse'", f" {HEADER} ", "", '""'],
)
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_encodings(encoding):
    text = (
        browse("<A>\u00e9</A>")
        .decode()
        .replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    )
    assert parse_call(HEADER, text.encode(encoding)).arguments == {"A": "\u00e9"}


def test_other_prefixes_trailing_zeros_and_a_missing_namespace():
    odd = envelope(f'<Browse xmlns="{CDS}"><A>1</A></Browse>', "SOAP-ENV")
    assert parse_call("", odd) == Call(CDS, "Browse", {"A": "1"})
    assert parse_call(HEADER, browse("<A>1</A>") + b"\0\r\n").arguments == {"A": "1"}
    bare = b"<Envelope><Body><Browse><A>1</A></Browse></Body></Envelope>"
    assert parse_call(HEADER, bare) == Call(CDS, "Browse", {"A": "1"})


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
DEEP = browse("<A>" * (MAX_DEPTH + 1) + "</A>" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\0", b"not xml", b"<a>", b"<a/>", b"<Envelope/>", envelope(""),
        envelope("text"), browse()[:-5], b"{}", b"\xff\xfe",
        BOMB, FILE, BOMB.decode().encode("utf-16"),
        BOMB.replace(b"DOCTYPE", b"doctype"),
        b'<?xml version="1.0" encoding="UTF-7"?>' + b"+ADwAIQ-DOCTYPE x []+AD4-<a/>",
        browse("<A>&unknown;</A>"), browse("<A>\x00</A>"), browse("<A>&#0;</A>"),
        DEEP, browse("<A/>" * (MAX_ELEMENTS + 1)), browse("x" * MAX_BODY_BYTES),
    ],
)  # fmt: skip
def test_refuses(body):
    with pytest.raises(MalformedRequest):
        parse_call(HEADER, body)


@pytest.mark.parametrize("body", [BOMB, DEEP, browse("<A/>" * 9000), b"<a>" * 21000])
def test_hostile_bodies_cost_little(body):
    began = time.process_time()
    with pytest.raises(MalformedRequest):
        parse_call(HEADER, body[:MAX_BODY_BYTES])
    assert time.process_time() - began < 0.1


@given(st.text(), st.binary() | st.text().map(envelope))
def test_any_bytes_are_a_call_or_refused(header, body):
    try:
        call = parse_call(header, body)
    except (MalformedRequest, InvalidAction):
        return
    assert call.action


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.text()), max_size=3))
def test_a_response_comes_back_with_its_arguments_in_order(arguments):
    cleaned = [(name, clean_text(value)) for name, value in arguments]
    (response,) = etree.fromstring(build_response(CDS, "Browse", cleaned))[0]
    assert response.tag == f"{{{CDS}}}BrowseResponse"
    assert [(e.tag, e.text or "") for e in response] == [
        (name, value.replace("\r\n", "\n").replace("\r", "\n"))
        for name, value in cleaned
    ]


def test_response_to_the_letter():
    assert build_response(CDS, "GetSystemUpdateID", [("Id", "7 < 8")]) == (
        b'<?xml version="1.0" encoding="utf-8"?>\r\n'
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        b' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        b'<u:GetSystemUpdateIDResponse xmlns:u="'
        + CDS.encode()
        + b'"><Id>7 &lt; 8</Id></u:GetSystemUpdateIDResponse></s:Body></s:Envelope>'
    )


def test_fault():
    fault = etree.fromstring(build_fault(701, "No <such> object\0"))
    text = "".join(fault.itertext())
    assert "s:Client" in text
    assert "UPnPError" in text
    control = "{urn:schemas-upnp-org:control-1-0}"
    assert fault.findtext(f".//{control}errorCode") == "701"
    assert fault.findtext(f".//{control}errorDescription") == "No <such> object\ufffd"
