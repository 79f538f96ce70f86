"""Requests as real devices write them are answered whole and well-formed."""

import re
from collections import Counter
from pathlib import Path

import pytest
from conformance.soap import parse, read, read_fault
from conformance.wire import Connection
from support.household import KINDS

pytestmark = pytest.mark.end_to_end

FIXTURES = Path(__file__).parents[2] / "fixtures" / "soap"
REQUESTS = sorted(FIXTURES.rglob("*.http"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in REQUESTS]
HOST = b"192.0.2.10:8200"
ACTION = re.compile(rb'(?i)soapaction: *"(.+?)#(\w+)"')

# What a server of this kind refuses, and how.
FAULTS = {"browse-negative": 402}
FIND_NOTHING = {"search-playlists"}  # the household has none


@pytest.fixture(scope="module")
def item_of(served):
    """Return a path on the server and the file behind it, by kind."""
    sizes = Counter(path.stat().st_size for path in served.household.files.values())
    paths = {
        item.resources[0].size_bytes: "/" + url.split("/", 3)[3]
        for url, item in served.items.items()
    }
    found = {}
    for kind in KINDS:
        files = served.household.of_kind(kind)
        file = next(path for path in files if sizes[path.stat().st_size] == 1)
        found[kind] = paths[file.stat().st_size], file
    return found


def addressed(request, served, item_of):
    """Return the request for this server, and the file that it is about."""
    daemon, file = served.daemon, None
    request = request.replace(HOST, f"{daemon.host.ipv4}:{daemon.port}".encode())
    for kind, (path, content) in item_of.items():
        placeholder = f" /media/{kind} ".encode()
        if placeholder in request:
            request, file = request.replace(placeholder, f" {path} ".encode()), content
    return request, file


def sent(request, served):
    """Send the bytes and return the whole answer."""
    daemon = served.daemon
    with Connection(served.home.client, daemon.host.ipv4, daemon.port) as connection:
        connection.send(request)
        answer = connection.response(request.split(b" ", 1)[0].decode())
        assert connection.receive_nothing(0.05), "more than one answer"
    return answer


@pytest.mark.parametrize("path", REQUESTS, ids=NAMES)
def test_is_answered(path, served, item_of):
    request, file = addressed(path.read_bytes(), served, item_of)
    answer = sent(request, served)
    if file is not None:
        media_is_right(request, answer, file)
    elif action := ACTION.search(request):
        service_type, name = (part.decode() for part in action.groups())
        reply = soap_is_right(answer, service_type, name, FAULTS.get(path.stem))
        if name in ("Browse", "Search") and reply is not None:
            listing_is_right(reply, empty=path.stem in FIND_NOTHING)
    else:
        assert answer.status == 200
        parse(answer.body)


def soap_is_right(answer, service_type, name, fault):
    """Return the reply, None when a fault is the right answer."""
    assert answer.header("Content-Type") == 'text/xml; charset="utf-8"'
    if fault is None:
        return read(answer, service_type, name)
    assert answer.status == 500
    assert read_fault(answer).code == fault
    return None


def listing_is_right(reply, *, empty):
    listed = len(parse(reply["Result"]))
    assert int(reply["NumberReturned"]) == listed
    assert int(reply["TotalMatches"]) >= listed
    assert (listed == 0) == empty


def media_is_right(request, answer, file):
    whole, size = file.read_bytes(), file.stat().st_size
    first, last = span(request, size)
    partial = b"Range:" in request and b"If-Range:" not in request
    assert answer.status == (206 if partial else 200)
    assert answer.header("Content-Length") == str(last - first + 1)
    assert answer.header("transferMode.dlna.org")
    if b"getcontentfeatures.dlna.org: 1" in request.lower():
        assert answer.header("contentFeatures.dlna.org")
    if not request.startswith(b"HEAD"):
        assert answer.body == whole[first : last + 1]


def span(request, size):
    """Return first and last byte that the request asks for."""
    found = re.search(rb"Range: ?bytes=(\d*)-(\d*)\r\n", request)
    if found is None or b"If-Range:" in request:
        return 0, size - 1
    first, last = (part.decode() for part in found.groups())
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last or size), size - 1)
