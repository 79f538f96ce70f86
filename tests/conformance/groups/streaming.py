"""Media over HTTP: bytes, ranges, validators.

Source: RFC 9110 sections 8, 13, 14; reference dlna-media.md section 2.
"""

import hashlib
import re
import threading
from email.utils import formatdate, parsedate_to_datetime

from conformance.checks import Failed, Group, NotOffered, among, equal, none, true
from conformance.groups.resources import KINDS, fields, path_of
from conformance.library import Known
from conformance.subject import Subject
from conformance.wire import Response

check = Group("Streaming")
GET = "RFC 9110 section 9.3.1; reference dlna-media.md section 2"
RANGES = "RFC 9110 section 14; reference dlna-media.md section 2"
FILES = {
    "audio": "01 - Kindling.mp3",
    "video": "The Harbour (2019).mp4",
    "image": "Beach.jpg",
}


class Media:
    """One file of each kind, as the server offers it."""

    def __init__(self, server: Subject, kind: str) -> None:
        self.server = server
        self.known: Known = server.folder.named(FILES[kind])
        nodes = [n for n in server.tree.items if n.size == self.known.size]
        if not nodes:
            raise Failed(f"{FILES[kind]} is not listed")
        self.resource = nodes[0].resources[0]
        self.path = path_of(self.resource)
        self.data = self.known.bytes()
        self.size = len(self.data)

    def get(self, method: str = "GET", **headers: str) -> Response:
        """Fetch it; header names are written with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.request(method, self.path, named)

    def get_with(self, headers: dict[str, str], method: str = "GET") -> Response:
        """Fetch it with these headers."""
        return self.server.request(method, self.path, headers)


# The whole file -----------------------------------------------------------------


@check(GET, KINDS)
def status(server, kind):
    """GET of a res gives 200."""
    equal(Media(server, kind).get().status, 200)


@check(GET, KINDS)
def bytes_of_the_disk(server, kind):
    """The body is the file, byte for byte."""
    media = Media(server, kind)
    digest = hashlib.sha256(media.get().body).hexdigest()
    equal(digest, media.known.sha256, "sha256")


@check(GET, KINDS)
def content_length(server, kind):
    """Content-Length is res@size."""
    media = Media(server, kind)
    equal(media.get().header("Content-Length"), media.resource.get("size"))


@check(GET, KINDS)
def content_type(server, kind):
    """Content-Type is the MIME name in protocolInfo."""
    media = Media(server, kind)
    equal(media.get().header("Content-Type"), fields(media.resource)[2])


@check("RFC 9110 section 14.3", KINDS)
def accept_ranges(server, kind):
    """Accept-Ranges is bytes."""
    equal(Media(server, kind).get().header("Accept-Ranges"), "bytes")


@check("RFC 9110 section 8.8.2", KINDS)
def last_modified(server, kind):
    """Last-Modified is the file's time of change."""
    media = Media(server, kind)
    header = media.get().header("Last-Modified")
    if not header:
        raise Failed("no Last-Modified")
    told = parsedate_to_datetime(header).timestamp()
    equal(int(told), int(media.known.path.stat().st_mtime))


@check("RFC 9110 section 8.8.3", KINDS)
def etag(server, kind):
    """ETag is a quoted strong tag, the same each time."""
    media = Media(server, kind)
    header = media.get().header("ETag")
    true(re.fullmatch(r'"[!#-~]+"', header), f"ETag: {header!r}")
    equal(media.get().header("ETag"), header)


@check("RFC 9110 section 8.8.3")
def etags_differ(server):
    """Different files have different tags."""
    tags = [Media(server, kind).get().header("ETag") for kind in KINDS]
    true(all(tags), "no ETag")
    equal(len(set(tags)), len(tags), "different tags")


@check("RFC 9110 section 9.3.2", KINDS)
def head(server, kind):
    """HEAD brings the headers of GET without the body."""
    media = Media(server, kind)
    whole, only_head = media.get(), media.get("HEAD")
    equal(only_head.status, 200)
    for name in ("Content-Length", "Content-Type", "Accept-Ranges", "ETag"):
        equal(only_head.header(name), whole.header(name), name)


@check("RFC 9112 section 6.1", KINDS)
def not_chunked(server, kind):
    """A stored file comes with a length, not in chunks."""
    true(not Media(server, kind).get().has("Transfer-Encoding"), "chunked")


@check("RFC 9112 section 2.5", KINDS)
def http_1_0(server, kind):
    """An HTTP/1.0 player gets the whole file."""
    media = Media(server, kind)
    request = server.request_bytes("GET", media.path, version="HTTP/1.0")
    true(server.raw(request).body == media.data, "other bytes")


@check("RFC 9112 section 9.3", KINDS)
def connection_is_kept(server, kind):
    """After a file the connection serves another request, or it says close."""
    media = Media(server, kind)
    request = server.request_bytes("GET", media.path)
    with server.connect() as connection:
        connection.send(request)
        first = connection.response()
        if "close" in first.header("Connection").lower():
            raise NotOffered("the server closes after each answer")
        connection.send(request)
        true(connection.response().body == media.data, "other bytes")


@check("RFC 9110 section 15.5.6", ("POST", "PUT", "DELETE"))
def other_methods(server, method):
    """Another method on a file is refused, and the file stays."""
    media = Media(server, "audio")
    status = media.get(method).status
    true(status in (400, 403, 404, 405, 411, 501), f"status {status}")
    equal(media.known.path.stat().st_size, media.size)


@check("RFC 9110 section 15.5.5")
def unknown_item(server):
    """A URL like a file's, with another id, is 404."""
    media = Media(server, "audio")
    folder, _, name = media.path.rpartition("/")
    if re.fullmatch(r"\d+\.\w+", name):  # the id is in the last part
        changed = f"{folder}/987654{name}"
    else:
        at = max(media.path.rfind(c, 0, len(folder)) for c in "abcdefgh0123456789")
        other = "i" if media.path[at] != "i" else "j"
        changed = media.path[:at] + other + media.path[at + 1 :]
    status = server.get(changed).status
    true(status in (400, 404), f"status {status}")


# Ranges ---------------------------------------------------------------------------

# Range header -> the span that it means, of a size.
SPANS = {
    "bytes=0-": lambda n: (0, n - 1),
    "bytes=0-0": lambda _n: (0, 0),
    "bytes=0-1": lambda _n: (0, 1),
    "bytes=0-99": lambda _n: (0, 99),
    "bytes=1-": lambda n: (1, n - 1),
    "bytes=100-199": lambda _n: (100, 199),
    "bytes=1000-": lambda n: (1000, n - 1),
    "bytes=-1": lambda n: (n - 1, n - 1),
    "bytes=-100": lambda n: (n - 100, n - 1),
    "bytes=-1000": lambda n: (n - 1000, n - 1),
    "bytes=0-99999999": lambda n: (0, n - 1),
    "bytes=100-99999999999999999999": lambda n: (100, n - 1),
    "bytes=-99999999": lambda n: (0, n - 1),
    "bytes={last}-": lambda n: (n - 1, n - 1),
    "bytes={last}-{last}": lambda n: (n - 1, n - 1),
    "bytes={last}-{size}": lambda n: (n - 1, n - 1),
    "bytes=0-{last}": lambda n: (0, n - 1),
    "bytes=-{size}": lambda n: (0, n - 1),
}
_SPAN_CASES = {header: (header, span) for header, span in SPANS.items()}


def ranged(media: Media, header: str, method: str = "GET") -> Response:
    value = header.format(size=media.size, last=media.size - 1)
    return media.get(method, Range=value)


@check(RANGES, _SPAN_CASES)
def range_status(server, header, _span):
    """A range that can be served is answered with 206."""
    equal(ranged(Media(server, "video"), header).status, 206)


@check(RANGES, _SPAN_CASES)
def content_range(server, header, span):
    """Content-Range is bytes first-last/size."""
    media = Media(server, "video")
    first, last = span(media.size)
    found = ranged(media, header).header("Content-Range")
    equal(found, f"bytes {first}-{last}/{media.size}")


@check(RANGES, _SPAN_CASES)
def range_bytes(server, header, span):
    """The body is exactly that part of the file, and Content-Length its length."""
    media = Media(server, "video")
    first, last = span(media.size)
    response = ranged(media, header)
    equal(response.header("Content-Length"), str(last - first + 1))
    true(response.body == media.data[first : last + 1], "other bytes")


@check(RANGES, ("audio", "image"))
def ranges_of_other_kinds(server, kind):
    """Ranges work for every kind of media."""
    media = Media(server, kind)
    response = ranged(media, "bytes=100-199")
    equal(response.status, 206)
    true(response.body == media.data[100:200], "other bytes")


@check("RFC 9110 section 15.3.7", ("Content-Type", "ETag", "Last-Modified", "Date"))
def headers_of_206(server, name):
    """206 has the headers that 200 has."""
    media = Media(server, "video")
    whole, part = media.get(), ranged(media, "bytes=0-99")
    if not whole.has(name):
        raise NotOffered(f"no {name}")
    true(part.has(name), f"no {name}")
    if name != "Date":
        equal(part.header(name), whole.header(name), name)


UNSATISFIABLE = ("bytes={size}-", "bytes={size}-{size}", "bytes=99999999-", "bytes=-0")


@check("RFC 9110 section 15.5.17", UNSATISFIABLE)
def not_satisfiable(server, header):
    """A range that begins at or behind the end is 416."""
    equal(ranged(Media(server, "video"), header).status, 416)


@check("RFC 9110 section 15.5.17", UNSATISFIABLE[:3])
def content_range_of_416(server, header):
    """416 tells the size: Content-Range bytes */size."""
    media = Media(server, "video")
    equal(ranged(media, header).header("Content-Range"), f"bytes */{media.size}")


IGNORED = {
    "another unit": "items=0-5",
    "no unit": "0-5",
    "unknown unit": "seconds=1-2",
}


@check("RFC 9110 section 14.2 (unknown range units)", IGNORED)
def unknown_unit(server, header):
    """A Range of another unit is ignored: 200 and the whole file."""
    media = Media(server, "video")
    response = media.get(Range=header)
    equal(response.status, 200)
    true(response.body == media.data, "other bytes")


INVALID = (
    "bytes=",
    "bytes=abc",
    "bytes=5",
    "bytes=9-5",
    "bytes=--5",
    "bytes=1-2-3",
    "bytes=1.5-2",
)


@check("RFC 9110 section 14.2; reference security.md requirement 18", INVALID)
def invalid_range(server, header):
    """A range that is none is ignored or refused; never are other bytes sent."""
    media = Media(server, "video")
    response = media.get(Range=header)
    among(response.status, (200, 400, 416), "status")
    if response.status == 200:
        true(response.body == media.data, "other bytes")


@check("RFC 9110 section 14.2; reference security.md requirement 18")
def several_ranges(server):
    """Several ranges bring the whole file, or multipart, or 416."""
    media = Media(server, "video")
    response = media.get(Range="bytes=0-9,20-29,50-59")
    among(response.status, (200, 206, 416), "status")
    if response.status == 200:
        true(response.body == media.data, "other bytes")
    if response.status == 206:
        single = response.header("Content-Range") == f"bytes 0-9/{media.size}"
        multipart = response.header("Content-Type").startswith("multipart/byteranges")
        true(single or multipart, "neither the first nor multipart")


@check("reference security.md requirement 18")
def very_many_ranges(server):
    """A thousand ranges do not make a larger answer than the file."""
    media = Media(server, "video")
    header = "bytes=" + ",".join(f"{n}-{n + 50}" for n in range(1000))
    response = media.get(Range=header)
    true(len(response.body) <= media.size, f"{len(response.body)} bytes")


@check(RANGES)
def lower_case_range(server):
    """The header's name is read in any case."""
    response = Media(server, "video").get_with({"range": "bytes=0-9"})
    equal(response.status, 206)


@check("RFC 9110 section 14.2")
def head_with_range(server):
    """HEAD with a Range is answered without a body, 200 or 206."""
    media = Media(server, "video")
    response = ranged(media, "bytes=0-99", "HEAD")
    among(response.status, (200, 206), "status")
    length = "100" if response.status == 206 else str(media.size)
    equal(response.header("Content-Length"), length)


@check("RFC 9110 section 14 (HTTP/1.0 clients)")
def range_http_1_0(server):
    """A range works for HTTP/1.0 players."""
    media = Media(server, "video")
    request = server.request_bytes(
        "GET", media.path, {"Range": "bytes=0-99"}, version="HTTP/1.0"
    )
    response = server.raw(request)
    equal(response.status, 206)
    true(response.body == media.data[:100], "other bytes")


@check(RANGES)
def parts_make_the_whole(server):
    """Consecutive ranges put together are the file."""
    media = Media(server, "audio")
    step = 10_000
    parts = [
        media.get(Range=f"bytes={at}-{at + step - 1}").body
        for at in range(0, media.size, step)
    ]
    true(b"".join(parts) == media.data, "other bytes")


@check(RANGES)
def ranges_on_one_connection(server):
    """A player reads the start, the end and the middle on one connection."""
    media = Media(server, "video")
    with server.connect() as connection:
        for header, first, last in (
            ("bytes=0-999", 0, 1000),
            ("bytes=-500", media.size - 500, media.size),
            ("bytes=5000-5999", 5000, 6000),
        ):
            connection.send(server.request_bytes("GET", media.path, {"Range": header}))
            response = connection.response()
            true(response.body == media.data[first:last], "other bytes")
            if "close" in response.header("Connection").lower():
                raise NotOffered("the server closes after each answer")


# Validators -------------------------------------------------------------------------


def tag(media: Media) -> str:
    found = media.get("HEAD").header("ETag")
    if not found:
        raise NotOffered("no ETag")
    return found


def modified(media: Media) -> str:
    found = media.get("HEAD").header("Last-Modified")
    if not found:
        raise NotOffered("no Last-Modified")
    return found


def before(media: Media) -> str:
    return formatdate(media.known.path.stat().st_mtime - 86400, usegmt=True)


def after(media: Media) -> str:
    return formatdate(media.known.path.stat().st_mtime + 3600, usegmt=True)


# name: (header, its value, status without a Range)
CONDITIONS = {
    "If-None-Match, same": ("If-None-Match", tag, 304),
    "If-None-Match, other": ("If-None-Match", lambda _m: '"other"', 200),
    "If-None-Match, list": (
        "If-None-Match",
        lambda m: f'"a", {tag(m)}, "b"',
        304,
    ),
    "If-None-Match, weak": ("If-None-Match", lambda m: f"W/{tag(m)}", 304),
    "If-None-Match, star": ("If-None-Match", lambda m: "*" if tag(m) else "", 304),
    "If-Modified-Since, same": ("If-Modified-Since", modified, 304),
    "If-Modified-Since, later": (
        "If-Modified-Since",
        lambda m: after(m) if modified(m) else "",
        304,
    ),
    "If-Modified-Since, earlier": ("If-Modified-Since", before, 200),
    "If-Modified-Since, nonsense": ("If-Modified-Since", lambda _m: "yesterday", 200),
}


@check("RFC 9110 section 13.1", CONDITIONS)
def condition(server, name, make, expected):
    """A condition on the file decides between 200 and 304."""
    media = Media(server, "image")
    response = media.get_with({name: make(media)})
    equal(response.status, expected)
    if expected == 200:
        true(response.body == media.data, "other bytes")


@check("RFC 9110 section 15.4.5")
def headers_of_304(server):
    """304 has the ETag, and no body."""
    media = Media(server, "image")
    found = tag(media)
    request = server.request_bytes("GET", media.path, {"If-None-Match": found})
    with server.connect() as connection:
        connection.send(request)
        response = connection.response()
        if response.status != 304:
            raise Failed(f"status {response.status}")
        equal(response.header("ETag"), found)
        true(connection.receive_nothing(), "a body follows")


@check("RFC 9110 section 13.2.2")
def etag_before_date(server):
    """If-None-Match counts more than If-Modified-Since."""
    media = Media(server, "image")
    tag(media)
    headers = {"If-None-Match": '"other"', "If-Modified-Since": after(media)}
    equal(media.get_with(headers).status, 200)


IF_RANGES = {
    "same ETag": (tag, 206),
    "other ETag": (lambda _m: '"other"', 200),
    "weak ETag": (lambda m: f"W/{tag(m)}", 200),
    "same date": (modified, 206),
    "earlier date": (before, 200),
}


@check("RFC 9110 section 13.1.5", IF_RANGES)
def if_range(server, make, expected):
    """If-Range brings the part only while the file is the same."""
    media = Media(server, "video")
    headers = {"Range": "bytes=0-99", "If-Range": make(media)}
    response = media.get_with(headers)
    equal(response.status, expected)
    wanted = media.data[:100] if expected == 206 else media.data
    true(response.body == wanted, "other bytes")


@check("RFC 9110 section 13.1.1")
def if_match(server):
    """If-Match with another tag is 412, or ignored."""
    media = Media(server, "image")
    tag(media)
    among(media.get(If_Match='"other"').status, (200, 412), "status")


# Several players ---------------------------------------------------------------------


@check("reference dlna-media.md section 2 (parallel connections)")
def several_players(server):
    """Eight players at once get the same bytes."""
    media = Media(server, "video")
    bodies: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: bodies.append(media.get().body))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    equal(len(bodies), 8, "answers")
    none([len(body) for body in bodies if body != media.data], "other bytes")


@check("reference dlna-media.md section 2 (TVs drop and reopen)")
def player_that_leaves(server):
    """A player that leaves in the middle disturbs nobody."""
    media = Media(server, "video")
    for _ in range(10):
        with server.connect() as connection:
            connection.send(server.request_bytes("GET", media.path))
    true(media.get().body == media.data, "other bytes")


@check(GET, KINDS)
def every_file_of_a_kind(server, kind):
    """Every file of the folder is sent as it is on the disk."""
    wrong = []
    for node in server.tree.items_of(f"object.item.{kind}Item"):
        known = server.folder.of_size(node.size)
        if known and known.kind == kind and node.resources:
            body = server.get(path_of(node.resources[0])).body
            wrong += [node.title] if body != known.bytes() else []
    none(wrong, "other bytes")


@check(GET, KINDS)
def every_content_type(server, kind):
    """The Content-Type of every file is the MIME name of its res."""
    wrong = []
    for node in server.tree.items_of(f"object.item.{kind}Item"):
        for resource in node.resources[:1]:
            response = server.request("HEAD", path_of(resource))
            told = (response.header("Content-Type"), response.header("Content-Length"))
            wanted = (fields(resource)[2], resource.get("size"))
            wrong += [(node.title, told, wanted)] if told != wanted else []
    none(wrong, "type and length")
