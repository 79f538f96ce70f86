"""A film beyond 4 GiB: sizes and places that need 64 bits.

Source: RFC 9110 section 14; ContentDirectory:1 appendix B.1.2 (res@size).
"""

from conformance.checks import Failed, Group, equal, true
from conformance.groups.resources import path_of
from conformance.library import LARGE_BYTES, LARGE_END
from conformance.subject import Subject
from conformance.wire import Response

check = Group("Large file")
RANGES = "RFC 9110 section 14"


def path(server: Subject) -> str:
    for node in server.tree.items:
        if node.size == LARGE_BYTES:
            return path_of(node.resources[0])
    raise Failed("not listed with its size")


def ranged(server: Subject, header: str) -> Response:
    return server.request("GET", path(server), {"Range": header})


@check("ContentDirectory:1 appendix B.1.2 (res@size)")
def is_listed(server):
    """It is listed, with its whole size."""
    path(server)


@check("RFC 9110 section 8.6")
def content_length(server):
    """Content-Length of HEAD is the whole size."""
    response = server.request("HEAD", path(server))
    equal(response.header("Content-Length"), str(LARGE_BYTES))


SPANS = {
    "across 4 GiB": (0xFFFFFFF0, 0x10000000F),
    "across 2 GiB": (0x7FFFFFF0, 0x8000000F),
    "beyond 4 GiB": (0x100000100, 0x1000001FF),
    "the end": (LARGE_BYTES - len(LARGE_END), LARGE_BYTES - 1),
}


@check(RANGES, SPANS)
def part(server, first, last):
    """A part anywhere in it is sent as it is on the disk."""
    response = ranged(server, f"bytes={first}-{last}")
    equal(response.status, 206)
    equal(response.header("Content-Range"), f"bytes {first}-{last}/{LARGE_BYTES}")
    with server.folder.large.path.open("rb") as file:
        file.seek(first)
        true(response.body == file.read(last - first + 1), "other bytes")


@check(RANGES)
def suffix(server):
    """Its last bytes are sent."""
    response = ranged(server, f"bytes=-{len(LARGE_END)}")
    true(response.body == LARGE_END, "other bytes")


@check(RANGES)
def beyond_the_end(server):
    """A part behind its end is 416, with its size."""
    response = ranged(server, f"bytes={LARGE_BYTES}-")
    equal(response.status, 416)
    equal(response.header("Content-Range"), f"bytes */{LARGE_BYTES}")


@check("reference dlna-media.md section 2 (TVs drop and reopen)")
def a_player_that_leaves(server):
    """A player that asks for all and leaves is soon forgotten."""
    target = path(server)
    for _ in range(5):
        with server.connect() as connection:
            connection.send(server.request_bytes("GET", target))
            connection.response("HEAD")
    equal(server.call("GetSystemUpdateID").response.status, 200)
