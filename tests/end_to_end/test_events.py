"""Events reach a control point at the address it subscribed from, of either family."""

import contextlib
import re
import socket

import pytest
from lxml import etree
from support.daemon import PORT, running_daemon, wait_for
from support.netns import INTERFACE
from support.upnp_client import fetch

pytestmark = pytest.mark.end_to_end

EVENTS = "/event/ContentDirectory"
ANSWER_S = 10
OTHER = PORT + 1  # beside the server that the module shares


def addresses(host):
    """Return the host's address of each kind, as connect() wants it."""
    link_local = f"{host.link_local}%{INTERFACE}"
    return {"IPv4": host.ipv4, "IPv6": host.ipv6, "link-local": link_local}


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def authority(address, port):
    plain = address.partition("%")[0]
    return f"[{plain}]:{port}" if ":" in plain else f"{plain}:{port}"


def listener(host, address):
    with host.entered():
        [(_, _, _, _, sockaddr)] = socket.getaddrinfo(
            address, 0, type=socket.SOCK_STREAM
        )
        server = socket.create_server(sockaddr, family=family_of(address))
    server.settimeout(ANSWER_S)
    return server


def read_message(connection):
    """Return one HTTP message with a Content-Length, as (head, body)."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or pytest.fail(f"only {received!r}")
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536) or pytest.fail("the body is cut")
    return head.decode(), body


def subscribe(host, source, target, listening, port=PORT):
    """Subscribe on a connection from source; return the SID."""
    callback = authority(source, listening.getsockname()[1])
    request = (
        f"SUBSCRIBE {EVENTS} HTTP/1.1\r\nHOST: {authority(target, port)}\r\n"
        f"CALLBACK: <http://{callback}/here>\r\nNT: upnp:event\r\n\r\n"
    )
    with host.entered(), socket.create_connection((target, port), 5) as connection:
        connection.sendall(request.encode())
        head, body = read_message(connection)
    assert head.startswith("HTTP/1.1 200 "), head
    assert body == b""
    return re.search(r"SID: (uuid:\S+)", head)[1]


def take_event(listening):
    """Accept and answer one event; return its head and variables."""
    connection, sender = listening.accept()
    with connection:
        connection.settimeout(ANSWER_S)
        head, body = read_message(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    values = {e.tag: e.text or "" for p in etree.fromstring(body) for e in p}
    return sender[0].partition("%")[0], head, values


@pytest.mark.parametrize("kind", ["IPv4", "IPv6", "link-local"])
def test_the_first_event_comes_from_where_the_subscription_went(served, kind):
    client, server = served.home.client, served.home.server
    source, target = addresses(client)[kind], addresses(server)[kind]
    with contextlib.closing(listener(client, source)) as listening:
        sid = subscribe(client, source, target, listening)
        sender, head, values = take_event(listening)
    assert sender == target.partition("%")[0]
    host = authority(source, listening_port(head))
    assert head.splitlines()[:2] == ["NOTIFY /here HTTP/1.1", f"HOST: {host}"]
    assert f"SID: {sid}" in head
    assert "SEQ: 0" in head.splitlines()
    assert values.keys() == {"SystemUpdateID", "ContainerUpdateIDs", "TransferIDs"}


def listening_port(head):
    return int(re.search(r"HOST: .*:(\d+)", head)[1])


def test_a_scan_is_told_until_the_last_change(home, household, tmp_path):
    client, state = home.client, tmp_path / "state"
    with (
        running_daemon(home.server, state, household.folder, port=OTHER) as daemon,
        contextlib.closing(listener(client, client.ipv4)) as listening,
    ):
        wait_for("a description", lambda: fetch(client, daemon.location).status == 200)
        subscribe(client, client.ipv4, home.server.ipv4, listening, OTHER)
        listening.settimeout(0.2)
        told = []

        def hear():
            with contextlib.suppress(TimeoutError):
                _, head, values = take_event(listening)
                assert f"SEQ: {len(told)}" in head.splitlines()
                told.append(values["SystemUpdateID"])
            return "Libraries:" in daemon.output() and told[-1:] == [update_id()]

        def update_id():
            return daemon.seen_by(client).call("GetSystemUpdateID")["Id"]

        wait_for("the last update", hear)
    assert told == sorted(told, key=int)
