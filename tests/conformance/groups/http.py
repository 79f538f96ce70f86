"""The HTTP server: versions, connections, methods, hosts, limits.

Source: RFC 9110, RFC 9112; reference description.md section 7, security.md.
"""

import re
import threading
import time
from email.utils import parsedate_to_datetime

from support.netns import FOREIGN_IPV4

from conformance.checks import Failed, Group, NotOffered, equal, none, true
from conformance.device import CDS
from conformance.subject import Subject
from conformance.wire import BadAnswer, Connection, NoAnswer, Response

check = Group("HTTP")
TARGETS = ("description", "SCPD", "icon", "media")


def path(server: Subject, name: str) -> str:
    """Return the path of one document of each kind."""
    if name == "description":
        return server.description_path
    if name == "SCPD":
        return server.service(CDS).scpd_path
    if name == "icon":
        found = re.search(rb"<url>(.*?)</url>", server.description.body)
        if found is None:
            raise NotOffered("no icon")
        return "/" + found[1].decode().lstrip("/")
    resource = server.tree.items_of("object.item.imageItem")[0].resources[0]
    return "/" + (resource.text or "").split("/", 3)[3]


def refused_or_closed(server: Subject, request: bytes) -> Response | None:
    """Return the error that a request gets, None if the connection just ends."""
    try:
        return server.raw(request)
    except NoAnswer:
        return None


# Versions and connections -----------------------------------------------------


@check("RFC 9112 section 2.5", TARGETS)
def http_1_0(server, name):
    """An HTTP/1.0 request is answered, and the connection then ends."""
    request = server.request_bytes("GET", path(server, name), version="HTTP/1.0")
    with server.connect() as connection:
        connection.send(request)
        response = connection.response()
        equal(response.status, 200)
        true(not response.has("Transfer-Encoding"), "chunks for HTTP/1.0")
        true(connection.closed_by_peer(3), "still open")


@check("RFC 9112 section 9.3", TARGETS)
def keep_alive(server, name):
    """A second request on the same connection is answered, or the first says close."""
    request = server.request_bytes("GET", path(server, name))
    with server.connect() as connection:
        connection.send(request)
        first = connection.response()
        equal(first.status, 200)
        if "close" in first.header("Connection").lower():
            raise NotOffered("the server closes after each answer")
        connection.send(request)
        equal(connection.response().body, first.body)


@check("RFC 9112 section 9.6", TARGETS)
def close_is_honoured(server, name):
    """Connection: close is answered, and then the connection ends."""
    request = server.request_bytes("GET", path(server, name), {"Connection": "close"})
    with server.connect() as connection:
        connection.send(request)
        equal(connection.response().status, 200)
        true(connection.closed_by_peer(3), "still open")


@check("RFC 9112 section 9.3.2")
def pipelining(server):
    """Two requests sent at once are answered in order."""
    one = server.request_bytes("GET", path(server, "description"))
    two = server.request_bytes("GET", path(server, "SCPD"))
    with server.connect() as connection:
        connection.send(one + two)
        first = connection.response()
        if "close" in first.header("Connection").lower():
            raise NotOffered("the server closes after each answer")
        equal(first.body, server.description.body)
        true(b"<scpd" in connection.response().body, "another document")


@check("RFC 9112 section 9.3.2")
def pipelining_head(server):
    """A HEAD before a GET on one connection is answered without a body."""
    where = path(server, "description")
    with server.connect() as connection:
        connection.send(server.request_bytes("HEAD", where))
        first = connection.response("HEAD")
        if "close" in first.header("Connection").lower():
            raise NotOffered("the server closes after each answer")
        connection.send(server.request_bytes("GET", where))
        equal(connection.response().body, server.description.body)


@check("RFC 9110 section 9.3.2", TARGETS)
def head_has_no_body(server, name):
    """HEAD brings the headers of GET, and no byte more."""
    target = path(server, name)
    wanted = server.get(target)
    with server.connect() as connection:
        connection.send(server.request_bytes("HEAD", target))
        response = connection.response("HEAD")
        equal(response.status, 200)
        for header in ("Content-Length", "Content-Type"):
            equal(response.header(header), wanted.header(header), header)
        true(connection.receive_nothing(), "a body follows")


@check("RFC 9112 section 2.2")
def byte_by_byte(server):
    """A request that comes byte by byte is read."""
    with server.connect() as connection:
        for byte in server.request_bytes("GET", path(server, "description")):
            connection.send(bytes([byte]))
        equal(connection.response().status, 200)


@check("RFC 9112 section 2.2")
def blank_line_before(server):
    """An empty line before the request line is skipped."""
    request = b"\r\n" + server.request_bytes("GET", path(server, "description"))
    equal(server.raw(request).status, 200)


@check("RFC 9110 section 5.1", ("lower case", "upper case"))
def header_names_in_any_case(server, case):
    """Header names are read in any case."""
    request = server.request_bytes(
        "GET", path(server, "description"), {"Connection": "close"}
    )
    head, rest = request.split(b"\r\n", 1)
    names = re.compile(rb"^[A-Za-z-]+(?=:)", re.MULTILINE)
    change = bytes.lower if case == "lower case" else bytes.upper
    changed = names.sub(lambda m: change(m[0]), rest)
    equal(server.raw(head + b"\r\n" + changed).status, 200)


@check("RFC 9110 section 6.6.1", TARGETS)
def date_header(server, name):
    """Answers have a Date in GMT, near the time of the day."""
    header = server.get(path(server, name)).header("Date")
    true(header.endswith("GMT"), f"Date: {header!r}")
    true(abs(parsedate_to_datetime(header).timestamp() - time.time()) < 60, header)


@check("UDA 1.0 section 2.9", TARGETS)
def server_header(server, name):
    """Answers name the UPnP version in Server, once."""
    headers = server.get(path(server, name)).all("Server")
    equal(len(headers), 1, "Server headers")
    true("UPnP/1." in headers[0], headers[0])


@check("RFC 9110 section 15", ("GET", "HEAD"))
def query_is_tolerated(server, method):
    """A query behind the description's path does not matter."""
    response = server.request(method, path(server, "description") + "?x=1")
    true(response.status in (200, 404), f"status {response.status}")


# What is not there -------------------------------------------------------------

UNKNOWN = {
    "root of nothing": "/no/such/thing",
    "description and more": "/description.xml.bak",
    "dots": "/../../etc/passwd",
    "encoded dots": "/%2e%2e/%2e%2e/etc/passwd",
    "encoded slashes": "/..%2f..%2fetc%2fpasswd",
    "double encoding": "/%252e%252e/etc/passwd",
    "backslashes": "/..\\..\\etc\\passwd",
    "NUL": "/description.xml%00.jpg",
    "double slash": "//etc/passwd",
    "dot segments in the middle": "/icon/../../../etc/passwd",
    "not UTF-8": "/%ff%fe",
    "very long": "/" + "a" * 3000,
}


@check("RFC 9110 section 15.5.5; reference security.md requirement 7", UNKNOWN)
def unknown_path(server, target):
    """A path that is not there is 404 (400 where it is no path at all)."""
    response = server.get(target)
    true(response.status in (400, 403, 404, 414), f"status {response.status}")
    true(b"root:" not in response.body, "a file's content")


@check("RFC 9110 section 15.5.5", ("HEAD", "POST"))
def unknown_path_other_methods(server, method):
    """A path that is not there is an error with every method."""
    status = server.request(method, "/no/such/thing").status
    true(400 <= status < 600, f"status {status}")


METHODS = ("POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "FROB", "get")


@check("RFC 9110 sections 15.5.6, 15.6.2", METHODS)
def method_not_allowed(server, method):
    """Another method on a document is refused: 405, 501, or 400."""
    request = server.request_bytes(method, path(server, "description"))
    response = refused_or_closed(server, request)
    true(response is None or response.status in (400, 405, 411, 501), f"{response}")


@check("RFC 9110 section 15.5.6", ("POST", "DELETE", "SUBSCRIBE"))
def allow_header(server, method):
    """405 names the allowed methods in Allow."""
    response = server.request(method, path(server, "description"))
    if response.status != 405:
        raise NotOffered(f"status {response.status}")
    true("GET" in response.header("Allow"), f"Allow: {response.header('Allow')!r}")


@check("RFC 9110 section 12.5.3", TARGETS)
def no_compression(server, name):
    """A client that says it can decompress gets what others get."""
    target = path(server, name)
    response = server.request("GET", target, {"Accept-Encoding": "gzip, deflate"})
    equal(response.header("Content-Encoding"), "")
    true(response.body == server.get(target).body, "other bytes")


@check("reference security.md requirement 12", ("GET", "CONNECT"))
def is_no_proxy(server, method):
    """The server fetches nothing for others."""
    target = f"http://{FOREIGN_IPV4}/x" if method == "GET" else f"{FOREIGN_IPV4}:80"
    before = server.network.left_home()
    response = refused_or_closed(server, server.request_bytes(method, target))
    true(response is None or response.status >= 400, f"{response}")
    equal(server.network.left_home(), before, "packets that left")


# Host and origin -----------------------------------------------------------------


@check("RFC 9112 section 3.2; reference description.md section 7")
def missing_host(server):
    """HTTP/1.1 without Host is 400."""
    equal(server.request("GET", path(server, "description"), {"Host": ""}).status, 400)


@check("RFC 9112 section 3.2")
def two_hosts(server):
    """Two Host headers are 400."""
    target = path(server, "description")
    lines = [f"GET {target} HTTP/1.1", *[f"Host: {server.host_header}"] * 2, "", ""]
    equal(server.raw("\r\n".join(lines).encode()).status, 400)


HOSTS = {
    "a name": "media.example.com",
    "a name with port": "evil.example:8200",
    "another address": FOREIGN_IPV4,
    "a name like the address": "{address}.example.com",
    "nonsense": "a b c",
    "with a user": "user@{address}",
}


@check("reference security.md requirement 1 (DNS rebinding)", HOSTS)
def foreign_host(server, host):
    """A Host that is not ours is refused before anything is told."""
    name = host.format(address=server.address)
    response = server.request("GET", path(server, "description"), {"Host": name})
    true(response.status in (400, 403, 404, 421), f"status {response.status}")
    true(server.device.udn.encode() not in response.body, "the description")


@check("reference security.md requirement 1 (DNS rebinding)", ("control", "media"))
def foreign_host_elsewhere(server, place):
    """Control and media are refused to a foreign Host too."""
    if place == "media":
        method, target = "GET", path(server, "media")
    else:
        method, target = "POST", server.service().control_path
    response = server.request(method, target, {"Host": "evil.example.com"})
    true(response.status in (400, 403, 404, 421), f"status {response.status}")


@check("reference security.md requirement 2", TARGETS)
def nothing_for_web_pages(server, name):
    """A web page of another origin is not let in."""
    response = server.request(
        "GET", path(server, name), {"Origin": "http://evil.example.com"}
    )
    allow = response.header("Access-Control-Allow-Origin")
    true(allow == "" or response.status >= 400, f"Access-Control-Allow-Origin {allow}")


@check("reference security.md requirement 2")
def preflight_is_refused(server):
    """The preflight of a web page is not allowed."""
    response = server.request(
        "OPTIONS",
        server.service().control_path,
        {
            "Origin": "http://evil.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "soapaction",
        },
    )
    equal(response.header("Access-Control-Allow-Origin"), "")


@check("reference security.md requirement 3")
def other_networks_get_no_answer(server):
    """A request from an address beyond the home network is not answered."""
    request = server.request_bytes("GET", path(server, "description"))
    network = server.network
    try:
        with Connection(
            network.router, server.address, server.port, FOREIGN_IPV4, timeout_s=2
        ) as connection:
            connection.send(request)
            status = connection.response().status
    except (BadAnswer, OSError):
        return
    true(status >= 400, f"status {status}")


# Framing ---------------------------------------------------------------------------


def post_with(server: Subject, *lines: str, body: bytes = b"") -> Response | None:
    """POST to the control URL with these lines of framing."""
    head = [
        f"POST {server.service().control_path} HTTP/1.1",
        f"Host: {server.host_header}",
        'Content-Type: text/xml; charset="utf-8"',
        *lines,
    ]
    return refused_or_closed(server, "\r\n".join([*head, "", ""]).encode() + body)


FRAMING = {
    "length and chunks": ("Content-Length: 5", "Transfer-Encoding: chunked"),
    "two lengths": ("Content-Length: 5", "Content-Length: 6"),
    "length with a word": ("Content-Length: five",),
    "negative length": ("Content-Length: -5",),
    "length with a plus": ("Content-Length: +5",),
    "length in hexadecimal": ("Content-Length: 0x5",),
    "list of lengths": ("Content-Length: 5, 6",),
    "enormous length": (f"Content-Length: {'9' * 30}",),
    "unknown coding": ("Transfer-Encoding: rot13",),
    "chunked is not last": ("Transfer-Encoding: chunked, gzip",),
    "header without colon": ("Content-Length: 5", "Nonsense"),
    "blank before the colon": ("Content-Length : 5",),
    "header name with a blank": ("Content Length: 5",),
}


@check("RFC 9112 sections 5.1, 6.1, 6.3; reference security.md requirement 15", FRAMING)
def bad_framing(server, *lines):
    """A request whose length is not clear is refused, or the connection ends."""
    response = post_with(server, *lines, body=b"0\r\n\r\n")
    true(response is None or response.status >= 400, f"{response}")


CHUNKS = {
    "size is a word": b"five\r\nhello\r\n0\r\n\r\n",
    "negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "enormous size": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "size too small": b"3\r\nhello\r\n0\r\n\r\n",
    "no line end": b"5\r\nhello0\r\n\r\n",
}


@check("RFC 9112 section 7.1; reference security.md section 1", CHUNKS)
def bad_chunks(server, body):
    """A body whose chunks are wrong is refused, or the connection ends."""
    response = post_with(server, "Transfer-Encoding: chunked", body=body)
    true(response is None or response.status >= 400, f"{response}")


LINES = {
    "no version": "GET {path}",
    "no path": "GET HTTP/1.1",
    "two paths": "GET {path} {path} HTTP/1.1",
    "version 2": "GET {path} HTTP/2.0",
    "version of letters": "GET {path} HTTP/one",
    "other protocol": "GET {path} ICY/1.0",
    "relative path": "GET description.xml HTTP/1.1",
    "control character": "GET {path}\x01 HTTP/1.1",
    "words": "hello world, how are you",
}


@check("RFC 9112 section 3", LINES)
def bad_request_line(server, template):
    """A line that is no request is refused, or the connection ends."""
    line = template.format(path=path(server, "description"))
    request = f"{line}\r\nHost: {server.host_header}\r\n\r\n".encode()
    response = refused_or_closed(server, request)
    true(response is None or response.status >= 400, f"{response}")


BOUNDS = {
    "long request line": lambda s: s.request_bytes("GET", "/" + "a" * 70_000),
    "long header": lambda s: s.request_bytes("GET", "/", {"X-Long": "a" * 70_000}),
    "many headers": lambda s: s.request_bytes(
        "GET", "/", {f"X-{n}": "a" for n in range(3000)}
    ),
}


@check("RFC 6585 section 5; reference security.md requirement 17", BOUNDS)
def bounds(server, make):
    """A head without measure is refused, or the connection ends."""
    response = refused_or_closed(server, make(server))
    true(response is None or response.status >= 400, f"{response}")


@check("reference security.md requirement 26")
def binary_garbage(server):
    """Bytes that are no HTTP at all are refused, or the connection ends."""
    response = refused_or_closed(server, bytes(range(256)) * 8 + b"\r\n\r\n")
    true(response is None or response.status >= 400, f"{response}")


# Many at once ------------------------------------------------------------------------


@check("reference security.md requirement 21")
def silent_connections_block_nobody(server):
    """Forty connections that say nothing do not keep others from an answer."""
    silent = [server.connect() for _ in range(40)]
    try:
        before = time.monotonic()
        equal(server.get(path(server, "description")).status, 200)
        true(time.monotonic() - before < 2, "slow")
    finally:
        for connection in silent:
            connection.__exit__()


@check("UDA 1.0; reference description.md section 7")
def many_at_once(server):
    """Twenty requests at the same time are all answered."""
    statuses: list[object] = []

    def ask() -> None:
        try:
            statuses.append(server.get(path(server, "description")).status)
        except (Failed, OSError) as error:
            statuses.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    equal(len(statuses), 20, "answers")
    none([status for status in statuses if status != 200], "other answers")


@check("reference security.md requirement 26")
def still_answers(server):
    """After all that the description is served as before."""
    equal(server.get(path(server, "description")).body, server.description.body)
