"""Description, SCPDs and icons as they go over the wire."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from http_wire import OWN_LINES, Door, parse_answers
from lxml import etree

from upnpserver.net.documents import (
    XML,
    Document,
    description_routes,
    document_routes,
    server_documents,
)
from upnpserver.policy import EVERYONE, Needs
from upnpserver.upnp.description import (
    DESCRIPTION_PATH,
    ICONS,
    SERVICES,
    build_description,
)

DESCRIPTION = build_description("Living <room>", "uuid:1")
MIME = {"png": "image/png", "jpg": "image/jpeg"}
DOCUMENTS = server_documents() | {DESCRIPTION_PATH: Document(XML, DESCRIPTION)}


@pytest.fixture
def ask():
    door = Door(
        description_routes(partial(build_description, "Living <room>", "uuid:1"))
        | document_routes(server_documents())
    )

    def ask(path, *fields, method="GET"):
        lines = [f"{method} {path} HTTP/1.1", "Host: 192.0.2.1:8200", *fields, "", ""]
        wire = door.connect().send("\r\n".join(lines).encode())
        door.settle()
        return wire.take()

    return ask


def test_the_description_byte_for_byte(ask):
    assert ask("/description.xml") == (
        b'HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset="utf-8"\r\n'
        + b"Content-Length: %d\r\n" % len(DESCRIPTION)
        + OWN_LINES
        + b"\r\n"
        + DESCRIPTION
    )


def test_a_language_is_named_to_who_asks_for_one(ask):
    for path, expected in (("/description.xml", "en"), ("/icon/48.png", None)):
        (answer,) = parse_answers(ask(path, "Accept-Language: de, en;q=0.5"))
        assert answer.headers.get("Content-Language") == expected


def test_icons_name_a_transfer_mode_to_who_asks_for_one(ask):
    for path, expected in (("/description.xml", None), ("/icon/48.jpg", "Interactive")):
        (answer,) = parse_answers(ask(path, "transferMode.dlna.org: Interactive"))
        assert answer.headers.get("transferMode.dlna.org") == expected


@pytest.mark.parametrize("path", DOCUMENTS)
def test_head_is_get_without_the_body(ask, path):
    document = DOCUMENTS[path]
    head, end, body = ask(path).partition(b"\r\n\r\n")
    assert ask(path, method="HEAD") == head + end
    assert body == document.body
    assert f"Content-Type: {document.content_type}\r\n".encode() in head


@pytest.mark.parametrize("path", DOCUMENTS)
def test_nothing_can_be_posted(ask, path):
    (answer,) = parse_answers(ask(path, method="POST"))
    assert (answer.status, answer.headers.get("Allow")) == (501, None)


def test_everything_that_the_description_names_is_there(ask):
    root = etree.fromstring(DESCRIPTION)
    urls = [
        element.text
        for element in root.iter("{*}SCPDURL", "{*}url")
        if element.text is not None
    ]
    assert len(urls) == len(SERVICES) + len(ICONS)
    for url in urls:
        (answer,) = parse_answers(ask(url))
        is_xml = url.endswith(".xml")
        assert answer.headers["Content-Type"] == (XML if is_xml else MIME[url[-3:]])
        if is_xml:
            etree.fromstring(answer.body)


def test_answering_opens_no_file(ask, monkeypatch):
    monkeypatch.setattr(Path, "open", None)
    monkeypatch.setattr("builtins.open", None)
    monkeypatch.setattr("io.open", None)
    for path in DOCUMENTS:
        assert ask(path).startswith(b"HTTP/1.1 200 OK\r\n")


FORMS = [
    (Needs(), b"<modelName>upnpserver</modelName>", b"ProductCap"),
    (Needs(description="xbox"), b"Living &lt;room&gt; : 1", b"upnpserver"),
    (
        Needs(description="samsung-caps", dcm10=True),
        b'<sec:ProductCap xmlns:sec="http://www.sec.co.kr/dlna">smi,DCM10,',
        b"Microsoft",
    ),
    (Needs(description="samsung-caps"), b">smi,getMediaInfo.sec,", b"DCM10"),
    (Needs(description="v1"), b":MediaServer:1<", b"ProductCap"),
]


@pytest.mark.parametrize(("needs", "there", "missing"), FORMS)
def test_a_family_of_devices_reads_its_own_description(needs, there, missing):
    door = Door(
        description_routes(partial(build_description, "Living <room>", "uuid:1")),
        policy_for=lambda _: replace(EVERYONE, needs=needs),
    )
    asked = b"GET /description.xml HTTP/1.1\r\nHost: 192.0.2.1:8200\r\n\r\n"
    for _ in range(2):
        wire = door.connect().send(asked)
        door.settle()
        (answer,) = parse_answers(wire.take())
        etree.fromstring(answer.body)
        assert there in answer.body
        assert missing not in answer.body
