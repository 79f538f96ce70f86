"""Seeded mutations of HTTP and SOAP requests against the door and its handlers.

Requirement 26 of security.md: no crash, no stall, no traceback in an answer.
The seeds are the requests of devices; FUZZ_CASES asks for more cases.
"""

import os
import random
import re
import time
from functools import partial

import pytest
from http_wire import Door

from upnpserver.errors import InvalidArgs, NoSuchObject
from upnpserver.net.control import Control, Service
from upnpserver.net.documents import (
    description_routes,
    document_routes,
    server_documents,
)
from upnpserver.upnp.description import CONTENT_DIRECTORY, build_description

CASES = int(os.environ.get("FUZZ_CASES", "6000"))
STATUS = re.compile(rb"HTTP/1\.1 (\d+) [^\r\n]*\r\n")
TYPE = CONTENT_DIRECTORY.service_type
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
    f'<u:Browse xmlns:u="{TYPE}"><ObjectID>0</ObjectID>'
    "<BrowseFlag>BrowseDirectChildren</BrowseFlag><Filter>*</Filter>"
    "<StartingIndex>0</StartingIndex><RequestedCount>30</RequestedCount>"
    "<SortCriteria></SortCriteria></u:Browse></s:Body></s:Envelope>"
)


def request(method, path, *fields, body=""):
    lines = [f"{method} {path} HTTP/1.1", "HOST: 192.0.2.1:8200", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", body]).encode()


SOAP = [f'SOAPACTION: "{TYPE}#Browse"', 'Content-Type: text/xml; charset="utf-8"']
CHUNKED = f"{len(ENVELOPE):x}\r\n{ENVELOPE}\r\n0\r\n\r\n"
SEEDS = [
    request("GET", "/description.xml", "User-Agent: SEC_HHP_[TV] Samsung Q7/1.0"),
    request("HEAD", "/icon/120.png", "Accept-Language: en", "Connection: close"),
    request("POST", "/control/ContentDirectory", *SOAP, body=ENVELOPE),
    request("POST", "/control/ContentDirectory", *SOAP, "Transfer-Encoding: chunked")
    + CHUNKED.encode(),
    request("POST", "/control/ContentDirectory", "Expect: 100-continue", body=ENVELOPE),
    request("OPTIONS", "*", "Origin: http://192.0.2.1:8200"),
]
DICTIONARY = [
    *[b"\r\n", b"\r\n\r\n", b"\n", b"\x00", b"\xff\xfe", b":", b" ", b"\t", b"%00"],
    *[b"Content-Length: 99999999999999999999\r\n", b"Content-Length: -1\r\n"],
    *[b"Transfer-Encoding: chunked\r\n", b"Host: evil.example\r\n", b"0\r\n\r\n"],
    *[b"ffffffffffffffff\r\n", b"../" * 40, b"A" * 20000, b"<!DOCTYPE a>", b"]]>"],
    *[b"<![CDATA[", b"&amp;", b"&x;", b"<a>" * 300, b"HTTP/9.9", b"Expect: x\r\n"],
]


def mutated(chance):
    """Return one to three seeds, changed in one place or some."""
    data = bytearray(b"".join(chance.choices(SEEDS, k=chance.choice([1, 1, 1, 2, 3]))))
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        at = chance.randrange(len(data) + 1)
        upto = min(len(data), at + chance.choice([1, 1, 2, 8, 60]))
        match chance.randrange(5):
            case 0:
                data[at:upto] = chance.randbytes(upto - at)
            case 1:
                del data[at:upto]
            case 2:
                data[at:at] = data[at:upto] * chance.choice([1, 2, 30])
            case 3:
                data[at:at] = chance.choice(DICTIONARY)
            case _:
                data[at:upto] = chance.choice(DICTIONARY)
    return bytes(data)


def browse(action, arguments, _):
    if action != "Browse":
        raise NoSuchObject
    if not {"ObjectID", "Filter", "StartingIndex"} <= arguments.keys():
        raise InvalidArgs
    return [("Result", "<DIDL-Lite/>"), ("NumberReturned", "0")]


def test_mutated_requests():
    control = Control({CONTENT_DIRECTORY.name: Service(TYPE, browse)}, pytest.fail)
    documents = description_routes(partial(build_description, "x", "uuid:1"))
    documents |= document_routes(server_documents())
    door = Door(control.routes() | documents)
    seen = set()
    for case in range(CASES):
        chance = random.Random(case)
        data = mutated(chance)
        wire = door.connect()
        started = time.perf_counter()
        while data and not wire.is_closed:
            cut = chance.choice([1, 40, 1500, len(data)])
            wire.send(data[:cut])
            data = data[cut:]
            door.settle(1)
        door.clock.pump([1] * 80)
        assert time.perf_counter() - started < 1, f"case {case} stalled"
        assert wire.is_closed, f"case {case} is never closed"
        assert door.clock.getDelayedCalls() == [], f"case {case} left a timer"
        received = wire.take()
        assert b"Traceback" not in received, case
        assert b'File "' not in received, case
        seen |= {int(status) for status in STATUS.findall(received)}
    assert len(door.site.connections) == 0
    assert control.failures == 0
    assert seen <= {
        100,
        200,
        400,
        403,
        404,
        405,
        408,
        413,
        414,
        417,
        431,
        500,
        501,
        505,
    }
    assert {200, 400, 403, 404, 408, 500, 501} <= seen, "the mutations are too tame"
