"""What other devices send, read and told: nothing they write does harm."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.control_point import told
from upnpserver.control_point.calls import call_request, results, title_criteria
from upnpserver.control_point.described import Device, Service, devices_in
from upnpserver.control_point.elements import MAX_DEPTH, MAX_ELEMENTS, parse
from upnpserver.control_point.objects import Found, Resource, fitting, objects_in
from upnpserver.control_point.place import Place, beside, place_of
from upnpserver.control_point.point import Page, chosen
from upnpserver.control_point.reply import MAX_BODY_BYTES, MAX_HEAD_BYTES, Reply
from upnpserver.control_point.searching import locations
from upnpserver.errors import DeviceError, MalformedRequest
from upnpserver.upnp.soap import build_fault, build_response, parse_call

NAS = Place("192.168.1.5", 8200, "/desc/root.xml")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://192.168.1.5:8200/desc/root.xml", NAS),
        ("HTTP://192.168.1.5", Place("192.168.1.5", 80, "/")),
        ("http://[fe80::1]:5/a?b#c", Place("fe80::1", 5, "/a?b")),
    ],
)
def test_where_a_device_is(url, place):
    assert place_of(url) == place


@pytest.mark.parametrize(
    "url",
    [
        "", "http://nas/", "https://192.168.1.5/", "ftp://192.168.1.5/",
        "http://192.168.1.5:0/", "http://192.168.1.5:65536/", "http://1.2.3.4.5/",
        "http://user@192.168.1.5/", "http://192.168.1.5/a b",
        "http://192.168.1.5/\r\nX: y", "http://192.168.1.555/",
        "http://192.168.1.5/" + "a" * 3000,
    ],
)  # fmt: skip
def test_where_no_device_is(url):
    with pytest.raises(MalformedRequest):
        place_of(url)


@pytest.mark.parametrize(
    ("url", "path"),
    [("/ctl", "/ctl"), ("ctl", "/desc/ctl"), ("http://192.168.1.5:9/x", "/x")],
)
def test_an_address_beside_the_description(url, path):
    assert beside(NAS, url).path == path


@pytest.mark.parametrize("url", ["http://192.168.1.6/x", "//nas/x", "http://[/x"])
def test_nobody_sends_us_to_another_device(url):
    with pytest.raises(MalformedRequest):
        beside(NAS, url)


def answer(location, start="HTTP/1.1 200 OK"):
    return f"{start}\r\nLOCATION: {location}\r\nST: x\r\nUSN: y\r\n\r\n".encode()


def test_only_who_answers_for_itself_is_heard():
    heard = [
        ("192.168.1.5", answer(NAS.url)),
        ("192.168.1.5", answer(NAS.url)),
        ("192.168.1.9", answer(NAS.url)),
        ("192.168.1.5", answer("http://nas/")),
        ("192.168.1.5", answer(NAS.url, "NOTIFY * HTTP/1.1")),
        ("192.168.1.5", b"\xff"),
        ("192.168.1.5", b"HTTP/1.1 200 OK\r\n\r\n"),
    ]
    assert locations(heard) == [NAS]


DESCRIPTION = b"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><URLBase>%s</URLBase><device>
<deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType>
<friendlyName> NAS </friendlyName><UDN>uuid:1</UDN><modelName>M</modelName>
<serviceList>
<service><serviceType>urn:schemas-upnp-org:service:ContentDirectory:2</serviceType>
<controlURL>/ctl</controlURL></service>
<service><serviceType>urn:schemas-upnp-org:service:AVTransport:1</serviceType>
<controlURL>http://203.0.113.9/ctl</controlURL></service>
<service><serviceType>urn:x:service:A"
X:1</serviceType><controlURL>/ctl</controlURL></service>
</serviceList>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:MediaRenderer:1</deviceType>
<friendlyName>R</friendlyName></device></deviceList></device></root>"""


@pytest.mark.parametrize("base", [b"", b"http://203.0.113.9/", b"http://192.168.1.5/"])
def test_a_description(base):
    server, renderer = devices_in(DESCRIPTION % base, NAS)
    assert (server.name, server.udn, server.kind) == ("NAS", "uuid:1", "MediaServer")
    assert list(server.services) == ["ContentDirectory"]
    service = server.services["ContentDirectory"]
    assert service.type.endswith(":2")
    assert (service.control.host, service.control.path) == (NAS.host, "/ctl")
    assert (renderer.kind, renderer.services) == ("MediaRenderer", {})


@pytest.mark.parametrize(
    "document",
    [
        b"", b"<a>", b"<!DOCTYPE a><a/>", b"<a>&x;</a>", b"\xff\xfe<",
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>', "<a>\ud800</a>",
    ],
)  # fmt: skip
def test_xml_that_is_refused(document):
    with pytest.raises(MalformedRequest):
        parse(document)


SERVICE = Service("urn:schemas-upnp-org:service:ContentDirectory:1", NAS)


def test_our_own_server_understands_a_call():
    request = call_request(SERVICE, "Browse", {"ObjectID": "a<&\x01", "Count": 5})
    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}\r\n".encode() in head + b"\r\n"
    assert head.startswith(
        b"POST /desc/root.xml HTTP/1.1\r\nHOST: 192.168.1.5:8200\r\n"
    )
    call = parse_call(f'"{SERVICE.type}#Browse"', body)
    assert call.arguments == {"ObjectID": "a<&\ufffd", "Count": "5"}


def test_what_an_action_gave_back():
    body = build_response(SERVICE.type, "Browse", [("Result", "<x>"), ("Total", "3")])
    assert results(200, body) == {"Result": "<x>", "Total": "3"}
    with pytest.raises(DeviceError, match="701 No such object"):
        results(500, build_fault(701, "No such object"))
    with pytest.raises(DeviceError, match="404"):
        results(404, b"")
    with pytest.raises(MalformedRequest):
        results(200, b"<a/>")


DIDL = """<DIDL-Lite xmlns="d" xmlns:dc="c" xmlns:upnp="u">
<container id="1" childCount="3"><dc:title>Films</dc:title></container>
<item id="2"><dc:title>Song</dc:title><upnp:artist>A</upnp:artist>
<upnp:class>object.item.audioItem.musicTrack</upnp:class>
<res protocolInfo="http-get:*:audio/flac:*" duration="1:02:03.5" size="9">http://x/</res>
<res protocolInfo="http-get:*:audio/mpeg:*" size="-1" duration="soon">http://y/</res>
<res protocolInfo="rtsp:*:audio/mpeg:*">rtsp://z/</res></item><desc/></DIDL-Lite>"""


def test_objects():
    films, song = objects_in(DIDL)
    assert (films.id, films.title, films.is_container, films.child_count) == (
        *("1", "Films"),
        *(True, 3),
    )
    assert (song.creator, song.resources[0]) == (
        "A",
        Resource("http://x/", "audio/flac", 9, 3723),
    )
    assert song.resources[1] == Resource("http://y/", "audio/mpeg", None, None)
    assert song.resources[2].mime == ""


@pytest.mark.parametrize(
    ("sink", "url"),
    [
        ("http-get:*:audio/mpeg:*", "http://y/"),
        ("rtsp:*:audio/mpeg:*,http-get:*:AUDIO/FLAC:*", "http://x/"),
        ("http-get:*:*:*", "http://x/"),
        ("", "http://x/"),
        ("http-get:*:video/mp4:*", "http://x/"),
    ],
)
def test_a_renderer_gets_what_it_takes(sink, url):
    assert fitting(objects_in(DIDL)[1].resources, sink).url == url
    assert fitting((), sink) is None


WHOLE = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", b"ab"),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\ncontent-length: 1\r\n\r\na", b"a"),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        b"ab",
    ),
]


@pytest.mark.parametrize(("sent", "body"), WHOLE)
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_an_answer_in_pieces(sent, body, piece):
    reply = Reply()
    ends = [reply.feed(sent[at : at + piece]) for at in range(0, len(sent), piece)]
    assert (ends[-1], any(ends[:-1])) == (True, False)
    assert (reply.status, reply.body) == (200, body)


def test_an_answer_that_ends_with_the_connection():
    reply = Reply()
    assert not reply.feed(b"HTTP/1.0 200 OK\r\n\r\nabc")
    reply.ended()
    assert reply.body == b"abc"


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0\r\n\r\n", b"x" * MAX_HEAD_BYTES,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BODY_BYTES + MAX_HEAD_BYTES + 1),
    ],
)  # fmt: skip
def test_no_answer(sent):
    with pytest.raises(MalformedRequest):
        Reply().feed(sent)


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"]
)
def test_an_answer_that_ends_too_early(sent):
    reply = Reply()
    assert not reply.feed(sent)
    with pytest.raises(MalformedRequest):
        reply.ended()


MARKUP = st.text(alphabet='<>/&;"= abroutdevicls:!?-[]\x00\x1b0', max_size=60)


@given(st.binary(max_size=200) | MARKUP.map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    for read in (
        lambda: devices_in(data, NAS),
        lambda: results(200, data),
        lambda: objects_in(data.decode("utf-8", "replace")),
        lambda: place_of(data.decode("latin-1")),
        lambda: beside(NAS, data.decode("latin-1")),
        lambda: Reply().feed(data),
        lambda: Reply().feed(b"HTTP/1.1 200 \r\n" + data),
    ):
        with contextlib.suppress(MalformedRequest, DeviceError):
            read()
    locations([("192.168.1.5", data)])


def device(name, host="192.168.1.5", udn="uuid:1"):
    return Device(name, udn, "MediaServer", "M", Place(host, 8200, "/"), {})


HOUSE = [device("Home"), device("Home cinema", "192.168.1.6", "uuid:2")]


@pytest.mark.parametrize(
    ("wanted", "host"),
    [
        ("home", "192.168.1.5"), ("CINEMA", "192.168.1.6"), ("2", "192.168.1.6"),
        ("uuid:2", "192.168.1.6"), ("192.168.1.6", "192.168.1.6"),
        ("192.168.1.6:8200", "192.168.1.6"),
    ],
)  # fmt: skip
def test_the_device_that_is_meant(wanted, host):
    assert chosen(HOUSE, wanted, "server").place.host == host


@pytest.mark.parametrize(
    ("devices", "wanted", "says"),
    [
        ([], "", "no server answers"),
        (HOUSE, "", "which server"),
        (HOUSE, "hom", "which server"),
        (HOUSE, "nas", "no server 'nas'; there are: 'Home', 'Home cinema'"),
    ],
)
def test_no_device_is_guessed(devices, wanted, says):
    with pytest.raises(DeviceError, match=says):
        chosen(devices, wanted, "server")
    assert chosen(HOUSE[:1], "", "server") == HOUSE[0]


@pytest.mark.parametrize(
    ("text", "criteria"),
    [
        ("abba", 'dc:title contains "abba"'),
        ('7" single', r'dc:title contains "7\" single"'),
        (r"a\b", r'dc:title contains "a\\b"'),
        ('dc:title = "a"', 'dc:title = "a"'),
    ],
)
def test_a_text_becomes_criteria(text, criteria):
    items = 'upnp:class derivedfrom "object.item" and '
    assert title_criteria(text).removeprefix(items) == criteria


def found(title, **more):
    given = {"id": "1", "upnp_class": "c", "is_container": False, "child_count": None}
    return Found(title=title, creator="", resources=(), **(given | more))


def test_a_terminal_is_told_nothing_but_text():
    odd = found("a\x1b]0;x\x07\r\nb\u202e", id="\x1b[2J")
    shown = told.page_text(Page([odd], 1)) + told.object_text(odd)
    shown += told.devices_text([device("\x1b[31m")])
    assert all(one.isprintable() for one in shown.splitlines())
    assert json.loads(told.page_json(Page([odd], 1)))[0]["title"] == odd.title


@pytest.mark.parametrize("title", ["a" * 200, "\u5b57" * 200, "e\u0301" * 200])
def test_lines_fit_the_terminal(title):
    line = told.page_text(Page([found(title, is_container=True)], 5)).splitlines()[0]
    columns = sum(1 + (one == "\u5b57") for one in line if one != "\u0301")
    assert 76 <= columns <= 80
    assert "..." in line
    assert "--limit 5" in told.page_text(Page([found("a")], 5))
