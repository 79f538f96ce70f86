"""TLS between a client and a door, in memory: whole answers, and clean ends."""

import ssl

import pytest
from http_wire import Door, Wire, parse_answers
from hypothesis import given, settings
from hypothesis import strategies as st

from upnpserver.net.tls import TlsFactory, server_context
from upnpserver.owner.certificate import CERTIFICATE_FILE, kept_or_made

ASKED = b"GET /x HTTP/1.1\r\nHost: 192.0.2.1:8200\r\n\r\n"
LARGE = b"0123456789abcdef" * 40_000


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    kept_or_made(folder, "tower", [])
    return server_context(folder / CERTIFICATE_FILE)


class Client:
    """A browser's end of a connection to a door behind TLS."""

    def __init__(self, context, version=ssl.TLSVersion.TLSv1_3):
        def answer(request):
            request.respond(200, [("Content-Type", "text/x")], LARGE)

        self.door = Door({b"/x": {b"GET": answer}}, scheme="https")
        self.wire = Wire(self.door.clock)
        self.wire.protocol = TlsFactory(context, self.door.site).buildProtocol(
            self.wire.getPeer()
        )
        self.wire.protocol.makeConnection(self.wire)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        own.check_hostname, own.verify_mode = False, ssl.CERT_NONE
        own.maximum_version = version
        own.set_alpn_protocols(["h2", "http/1.1"])
        self.inward, self.outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = own.wrap_bio(self.inward, self.outward)

    def turn(self):
        """Carry what is there in both directions."""
        if sent := self.outward.read():
            self.wire.send(sent)
        self.door.settle()
        self.inward.write(self.wire.take())

    def greet(self):
        for _ in range(4):
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.turn()
        self.turn()

    def read(self):
        """Return all that comes, until nothing more does."""
        found, quiet = b"", 0
        while quiet < 20:
            try:
                part = self.tls.read(1 << 16)
            except ssl.SSLWantReadError:
                part, quiet = b"", quiet + 1
                self.turn()
            found += part
        return found


def test_a_large_answer_arrives_whole_and_the_next_one_too(context):
    client = Client(context)
    client.greet()
    assert client.tls.selected_alpn_protocol() == "http/1.1"
    for _ in range(2):
        client.tls.write(ASKED)
        client.turn()
        (answer,) = parse_answers(client.read())
        assert (answer.status, answer.body) == (200, LARGE)


def test_who_says_goodbye_is_let_go(context):
    client = Client(context)
    client.greet()
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.turn()
    client.tls.unwrap()  # the other end said so, too
    client.door.settle()
    assert client.wire.is_closed
    assert len(client.door.site.connections) == 0


def test_old_versions_are_refused_with_an_alert(context):
    client = Client(context, ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"):
        client.greet()
    client.door.settle()
    assert client.wire.is_closed


def test_who_says_nothing_is_let_go_in_time(context):
    client = Client(context)
    client.door.clock.advance(client.door.limits.idle_s + 1)
    client.door.settle()
    client.door.clock.advance(client.door.limits.linger_s + 1)
    client.door.settle()
    assert client.wire.is_closed


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=6))
def test_any_bytes_do_no_harm(context, pieces):
    client = Client(context)
    for piece in pieces:
        if not client.wire.is_closed:
            client.wire.send(piece)
            client.door.settle()
    client.wire.vanish()
    client.door.settle()
    assert len(client.door.site.connections) == 0
