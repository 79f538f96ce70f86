"""Nothing leaves the house, and nothing from outside of it is answered."""

import signal
import socket

import pytest
from support.daemon import PORT, running_daemon
from support.hostile import FAR, FAR_IPV4, FAR_IPV6, make_hostile_files
from support.household import all_found, make_household
from support.netns import FOREIGN_IPV4, FOREIGN_IPV6, home_network
from support.upnp_client import MEDIA_SERVER, SSDP_PORT, exchange, fetch, search

pytestmark = pytest.mark.end_to_end

GENA = {"NT": "upnp:event", "TIMEOUT": "Second-300"}
CONTENT_DIRECTORY_EVENTS = "/event/ContentDirectory"


def callbacks_that_lead_elsewhere(home):
    return [
        f"<{FAR}/>",
        f"<http://[{FAR_IPV6}]/>",
        f"<http://[::ffff:{FAR_IPV4}]/>",
        f"<http://{home.router.ipv4}:9/>",  # at home, but not the subscriber's own
        "<http://far.example/>",
        f"<http://{home.client.ipv4}@{FAR_IPV4}/>",
        f"<http://{int.from_bytes(socket.inet_aton(FAR_IPV4))}/>",
        f"<http://{home.client.ipv4}:9/><{FAR}/>",
        f"<ftp://{home.client.ipv4}/>",
    ]


def xml_that_leads_elsewhere():
    return (
        f'<?xml version="1.0"?><!DOCTYPE a SYSTEM "{FAR}/a.dtd" ['
        f'<!ENTITY x SYSTEM "{FAR}/x"><!ENTITY % p SYSTEM "{FAR}/p"> %p;]>'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<u:Browse xmlns:u="urn:schemas-upnp-org:service:ContentDirectory:1">'
        "<ObjectID>&x;</ObjectID></u:Browse></s:Body></s:Envelope>"
    ).encode()


def send_datagram(host, text, target):
    with host.entered(), socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.bind((host.ipv4, 0))
        sender.sendto(text.encode(), target)


@pytest.fixture(scope="module")
def hostile_household(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile") / "media"
    household = make_household(folder)
    make_hostile_files(folder / "Downloads")
    return household


def test_a_whole_life_sends_no_packet_beyond_home(hostile_household, tmp_path):
    with home_network() as home:
        client = home.client
        with running_daemon(home.server, tmp_path, hostile_household.folder) as daemon:
            server = daemon.seen_by(client)
            base = server.location.removesuffix("/description.xml")
            for callback in callbacks_that_lead_elsewhere(home):
                answer = fetch(
                    client,
                    base + CONTENT_DIRECTORY_EVENTS,
                    "SUBSCRIBE",
                    GENA | {"CALLBACK": callback},
                )
                assert answer.status == 412, callback
            soap = {
                "SOAPACTION": f'"{MEDIA_SERVER}#Browse"',
                "Content-Type": "text/xml",
            }
            answer = fetch(
                client,
                base + "/control/ContentDirectory",
                "POST",
                soap,
                xml_that_leads_elsewhere(),
            )
            assert answer.status in {400, 500}
            proxied = exchange(
                client,
                home.server.ipv4,
                PORT,
                f"GET {FAR}/ HTTP/1.1\r\nHost: {FAR_IPV4}\r\n"
                "Connection: close\r\n\r\n".encode(),
            )
            assert b" 200 " not in proxied.partition(b"\r\n")[0]
            for target in [
                ("239.255.255.250", SSDP_PORT),
                (home.server.ipv4, SSDP_PORT),
            ]:
                announced = (
                    "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
                    f"CACHE-CONTROL: max-age=1800\r\nLOCATION: {FAR}/d.xml\r\n"
                    f"NT: {MEDIA_SERVER}\r\nNTS: ssdp:alive\r\n"
                    f"USN: uuid:1::{MEDIA_SERVER}\r\nSERVER: a\r\n\r\n"
                )
                send_datagram(client, announced, target)
            all_found(server, hostile_household)
            assert search(client, wanted=1)
            assert daemon.end(signal.SIGTERM) == 0
            assert home.left_home() == {}


def test_an_allowed_callback_is_called(served):
    """So that the refusals above are not just a server that never calls."""
    client = served.home.client
    with client.entered(), socket.create_server((client.ipv4, 0)) as listening:
        listening.settimeout(5)
        callback = f"<http://{client.ipv4}:{listening.getsockname()[1]}/>"
        answer = fetch(
            client,
            served.daemon.location.replace(
                "/description.xml", CONTENT_DIRECTORY_EVENTS
            ),
            "SUBSCRIBE",
            GENA | {"CALLBACK": callback},
        )
        assert answer.status == 200
        with listening.accept()[0] as event:
            event.settimeout(5)
            assert event.recv(6) == b"NOTIFY"


ASK = "GET /description.xml HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}\r\n"


@pytest.mark.parametrize(
    ("address", "source"), [("ipv4", FOREIGN_IPV4), ("ipv6", FOREIGN_IPV6)]
)
def test_http_from_outside_is_closed_without_an_answer(served, address, source):
    home = served.home
    own = getattr(home.server, address)
    host = f"[{own}]:{PORT}" if ":" in own else f"{own}:{PORT}"
    request = ASK.format(host, "").encode()
    assert exchange(home.client, own, PORT, request).startswith(b"HTTP/1.1 200")
    try:
        answer = exchange(home.router, own, PORT, request, source=source)
    except ConnectionError:  # reset while it was sent
        answer = b""
    assert answer == b""


def search_from(host, source, server):
    """Search by unicast; return what came back within the MX."""
    request = (
        f"M-SEARCH * HTTP/1.1\r\nHOST: {server}:1900\r\n"
        f'MAN: "ssdp:discover"\r\nMX: 1\r\nST: {MEDIA_SERVER}\r\n\r\n'
    )
    with host.entered(), socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.bind((source, 0))
        asking.settimeout(2)
        asking.sendto(request.encode(), (server, SSDP_PORT))
        try:
            return asking.recv(65536)
        except TimeoutError:
            return b""


def test_search_from_outside_gets_nothing(served):
    home = served.home
    own = home.server.ipv4
    assert search_from(home.client, home.client.ipv4, own).startswith(b"HTTP/1.1 200")
    assert search_from(home.router, FOREIGN_IPV4, own) == b""


@pytest.mark.parametrize(
    ("host", "more", "status"),
    [
        ("{own}:{port}", "", 200),
        ("evil.example", "", 403),
        ("evil.example:{port}", "", 403),
        ("{own}.evil.example:{port}", "", 403),
        ("localhost:{port}", "", 403),
        ("{own}", "", 200),
        ("{own}:{port}", "Origin: http://{own}\r\n", 403),
        ("{own}:{port}", "Origin: http://{own}:{port}\r\n", 200),
        ("203.0.113.9:{port}", "", 403),
        ("{own}:1", "", 403),
        ("{own}:{port}", "Origin: http://evil.example\r\n", 403),
        ("", "", 400),
        ("{own}:{port}", "Host: evil.example\r\n", 400),
    ],
)
def test_only_requests_that_name_the_server_itself_are_answered(
    served, host, more, status
):
    own = served.home.server.ipv4
    named = [text.format(own=own, port=PORT) for text in (host, more)]
    request = ASK.format(*named).encode()
    answer = exchange(served.home.client, own, PORT, request)
    assert int(answer.split(b" ", 2)[1]) == status
