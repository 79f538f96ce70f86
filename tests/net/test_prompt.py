"""A connection that sends at once: order, pauses and ends stay as they were."""

import contextlib
import socket

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock

from upnpserver.net.prompt import PromptServer


class Reactor(Clock):
    """Knows who wants to write; turns only when told."""

    def __init__(self):
        super().__init__()
        self.writers = set()

    def addReader(self, reader):
        pass

    def removeReader(self, reader):
        pass

    def addWriter(self, writer):
        self.writers.add(writer)

    def removeWriter(self, writer):
        self.writers.discard(writer)


class Producer:
    def __init__(self):
        self.told = []

    def pauseProducing(self):
        self.told.append("pause")

    def resumeProducing(self):
        self.told.append("resume")

    def stopProducing(self):
        self.told.append("stop")


class Lost(Protocol):
    reason = None

    def connectionLost(self, reason):
        self.reason = reason


@pytest.fixture
def ends():
    """Return the server's end, and the client's socket."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.setblocking(False)
    server = PromptServer(ours, Lost(), ("192.0.2.7", 1), None, 0, Reactor())
    yield server, theirs
    ours.close()
    theirs.close()


def received(client):
    data = bytearray()
    with contextlib.suppress(BlockingIOError):
        while more := client.recv(1 << 20):
            data += more
    return bytes(data)


def test_a_small_answer_is_sent_at_once(ends):
    server, client = ends
    server.send(b"one")
    server.send(b"two")
    assert received(client) == b"onetwo"
    server.write(b"three")
    server.send(b"four")
    assert received(client) == b""
    server.doWrite()
    assert received(client) == b"threefour"
    assert server.reactor.writers == set()


def test_what_does_not_fit_follows_in_order(ends):
    server, client = ends
    sent = [bytes([number]) * 7000 for number in range(40)]
    for piece in sent:
        server.send(piece)
    assert server.reactor.writers == {server}
    data = b""
    while server.reactor.writers:
        data += received(client)
        assert server.doWrite() is None
    assert data + received(client) == b"".join(sent)
    server.send(b"at once again")
    assert received(client) == b"at once again"


def test_the_producer_pauses_for_what_is_unsent_only(ends):
    server, client = ends
    producer = Producer()
    server.registerProducer(producer, True)
    for _ in range(100):
        server.send(b"x" * 1000)
        received(client)
    assert producer.told == []
    server.send(b"x" * 300_000)
    assert producer.told == ["pause"]
    while server.reactor.writers:
        received(client)
        server.doWrite()
    assert producer.told == ["pause", "resume"]


def test_a_lost_connection_is_noticed_in_its_turn(ends):
    server, client = ends
    client.close()
    server.send(b"x")
    assert server.protocol.reason is None
    assert isinstance(server.doWrite(), Exception)


def test_nothing_is_sent_after_the_end(ends):
    server, client = ends
    server.abortConnection()
    server.send(b"late")
    assert received(client) == b""
    server.reactor.advance(0)
    assert client.recv(1) == b""


def test_closing_sends_what_was_written_before(ends):
    server, client = ends
    server.send(b"x" * 100_000)
    server.loseConnection()
    data, result = b"", None
    while result is None:
        data += received(client)
        result = server.doWrite()
    assert len(data + received(client)) == 100_000


class AnswersAndEnds(Lost):
    def dataReceived(self, data):
        self.transport.send(data)
        self.transport.loseConnection()


def test_it_ends_in_the_turn_in_which_all_was_sent(ends):
    server, client = ends
    server.protocol = AnswersAndEnds()
    server.protocol.makeConnection(server)
    client.send(b"question")
    assert isinstance(server.doRead(), ConnectionLost)
    assert received(client) == b"question"
    assert server.reactor.writers == set()


def test_it_does_not_end_before_all_was_sent(ends):
    server, client = ends
    server.protocol = AnswersAndEnds()
    server.protocol.makeConnection(server)
    server.write(b"before ")
    client.send(b"question")
    assert server.doRead() is None
    assert server.reactor.writers == {server}
    assert isinstance(server.doWrite(), ConnectionDone)
    assert received(client) == b"before question"
