"""Files to sockets: real sockets and files, a reactor and disks turned by hand."""

import os
import random
import socket
from types import SimpleNamespace

import pytest
from http_wire import OWN, TurningClock, Wire
from twisted.internet import error, main
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from upnpserver.errors import FileChanged
from upnpserver.net import sendfile, turns
from upnpserver.net.openfile import OpenFile, Way
from upnpserver.net.sendfile import (
    AHEAD_BYTES,
    KEPT_BYTES,
    SMALL_BYTES,
    WINDOW_BYTES,
    FileServer,
)
from upnpserver.net.sendfile import send_file as send
from upnpserver.net.source import Source

STALL_S = 300
SIZE = 5 * 1024 * 1024 + 12_345
CONTENT = random.Random(7).randbytes(SIZE)
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Reactor(TurningClock):
    """One whose descriptors are ready when a test says so."""

    def __init__(self):
        super().__init__()
        self.readers, self.writers = set(), set()

    def addReader(self, reader):
        self.readers.add(reader)

    def removeReader(self, reader):
        self.readers.discard(reader)

    def addWriter(self, writer):
        self.writers.add(writer)

    def removeWriter(self, writer):
        self.writers.discard(writer)

    def turn(self):
        """Let one turn pass in which every socket has room."""
        self.advance(0)
        for writer in list(self.writers):
            why = writer.doWrite()
            if why is not None:
                writer.connectionLost(Failure(why))


class Disks:
    """Threads that begin when a test says so."""

    def __init__(self):
        self.waiting = []

    def run(self, disk, work, *, first=False):

        done = Deferred()
        self.waiting.append((work, done))
        return done

    def work(self):
        """Do what waits, until nothing waits any more."""
        while self.waiting:
            work, done = self.waiting.pop(0)
            try:
                result = work()
            except Exception as problem:
                done.errback(problem)
            else:
                done.callback(result)


class Client:
    """A connection from both ends, and files that can be sent on it."""

    def __init__(self, reactor, path):
        self.reactor, self.path = reactor, path
        self.disks = Disks()
        self.turns = turns.Turns(reactor)
        self.protocol = Protocol()
        ours, self.socket = socket.socketpair()
        self.socket.setblocking(False)
        port = SimpleNamespace(turns=self.turns, _realPortNumber=8200)
        self.server = FileServer(ours, self.protocol, ("client", 1), port, 1, reactor)
        self.protocol.makeConnection(self.server)
        self.files, self.results = [], []

    def send_file(self, start=0, end=SIZE):
        file = OpenFile.open(os.fsencode(self.path.parent), os.fsencode(self.path.name))
        self.files.append(file)
        source = Source(file, b"/disk", self.disks)
        done = send(self.server, source, start, end, STALL_S)
        done.addBoth(self.results.append)

    def read(self):
        """Return what has arrived so far."""
        received = b""
        try:
            while data := self.socket.recv(1 << 20):
                received += data
        except BlockingIOError:
            pass
        return received

    def play(self, turns=10_000):
        """Read until the stream is over; return what came."""
        received = b""
        for _ in range(turns):
            self.reactor.turn()
            self.disks.work()
            received += self.read()
            if self.results and not self.server._has_unsent():
                return received
        raise AssertionError(f"no end after {len(received)} bytes")

    def is_open(self, number=0):
        try:
            os.fstat(self.files[number].fd)
        except OSError:
            return False
        return True

    def close(self):
        self.server.connectionLost(Failure(main.CONNECTION_DONE))
        self.disks.work()
        self.socket.close()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def reactor():
    return Reactor()


@pytest.fixture
def client(reactor, path):
    client = Client(reactor, path)
    yield client
    client.close()


def forbid(monkeypatch, *names):
    for name in names:
        monkeypatch.setattr(OpenFile, name, None)


def cold(monkeypatch, warm_up=True):
    """Let nothing be cached until a thread read it; warm_up: then it is."""
    real, warm = OpenFile.cached_until, []

    def cached_until(file, start, end):
        reached = max((until for at, until in warm if at <= start < until), default=0)
        return real(file, start, min(end, reached)) if start < reached else start

    def read_ahead(file, start, end, is_wanted):
        if warm_up:
            warm.append((start, end))

    monkeypatch.setattr(OpenFile, "cached_until", cached_until)
    monkeypatch.setattr(OpenFile, "cached", lambda *_: None)
    monkeypatch.setattr(OpenFile, "read_ahead", read_ahead)
    return warm


def lie(monkeypatch, way):
    """Let files be on a file system of another kind."""
    monkeypatch.setattr("upnpserver.net.openfile._way", lambda fd: way)


# What is cached


def test_a_cached_file_is_sent_without_a_thread(client, monkeypatch):
    forbid(monkeypatch, "read", "read_ahead")
    client.server.write(HEAD)
    client.send_file()
    assert client.play() == HEAD + CONTENT
    assert client.results == [None]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 1),
        (SIZE - 1, SIZE),
        (0, SMALL_BYTES),
        (0, SMALL_BYTES + 1),
        (999, 2_000_000),
        (1 << 20, SIZE),
    ],
)
def test_a_span_is_exact(client, start, end):
    client.server.write(HEAD)
    client.send_file(start, end)
    assert client.play() == HEAD + CONTENT[start:end]


@pytest.mark.parametrize("start", [0, SIZE - 10])
def test_a_small_span_leaves_with_its_head_in_one_piece(client, monkeypatch, start):
    sent = []
    real = FileServer.writeSomeData

    def write(server, data):
        sent.append(bytes(data))
        return real(server, data)

    monkeypatch.setattr(FileServer, "writeSomeData", write)
    client.server.write(HEAD)
    client.send_file(start, start + 10)
    assert client.results == [None]
    client.reactor.turn()
    assert sent == [HEAD + CONTENT[start : start + 10]]
    client.disks.work()
    assert not client.is_open()


def test_one_stream_after_the_other_on_one_connection(client):
    client.send_file(0, 100_000)
    first = client.play()
    client.results.clear()
    client.send_file(50, 2_000_000)
    assert first + client.play() == CONTENT[:100_000] + CONTENT[50:2_000_000]
    assert not client.is_open(0)
    assert not client.is_open(1)


def test_nothing_is_sent_while_the_client_does_not_read(client):
    client.send_file()
    for _ in range(50):
        client.reactor.turn()
    sent = len(client.read())
    assert 0 < sent < SIZE
    assert client.results == []
    assert not client.server._has_unsent()


# What is not cached


def test_a_cold_file_is_read_ahead_in_threads_and_then_sent(client, monkeypatch):
    warm = cold(monkeypatch)
    forbid(monkeypatch, "read")
    client.server.write(HEAD)
    client.send_file()
    assert client.play() == HEAD + CONTENT
    sizes = [until - at for at, until in warm]
    assert sizes[:4] == [128 << 10, 256 << 10, 512 << 10, 1 << 20]
    assert max(sizes) == AHEAD_BYTES


def test_the_head_goes_out_while_the_disk_sleeps(client, monkeypatch):
    cold(monkeypatch)
    client.server.write(HEAD)
    client.send_file()
    client.reactor.turn()
    assert client.read() == HEAD


def test_a_stream_that_waits_for_the_disk_does_not_spin(client, monkeypatch):
    cold(monkeypatch)
    client.send_file()
    client.reactor.turn()
    assert client.reactor.writers == set()
    assert len(client.disks.waiting) == 1
    client.server.startWriting()  # whatever for
    client.reactor.turn()
    assert client.reactor.writers == set()
    assert len(client.disks.waiting) == 1


def test_what_the_page_cache_forgets_at_once_is_sent_by_copy(client, monkeypatch):
    cold(monkeypatch, warm_up=False)
    monkeypatch.setattr(sendfile.os, "sendfile", None)
    client.send_file(5, SIZE)
    assert client.play() == CONTENT[5:]


def test_a_file_system_that_can_not_say_is_read_by_threads(client, monkeypatch):
    forbid(monkeypatch, "read_ahead")
    lie(monkeypatch, Way.COPY)
    monkeypatch.setattr(sendfile.os, "sendfile", None)
    sizes = []
    real = OpenFile.read
    monkeypatch.setattr(
        OpenFile,
        "read",
        lambda file, start, end: sizes.append(end - start) or real(file, start, end),
    )
    client.server.write(HEAD)
    client.send_file()
    assert client.play() == HEAD + CONTENT
    assert max(sizes) == KEPT_BYTES


def test_what_a_thread_read_is_trusted_where_nobody_can_be_asked(client, monkeypatch):
    lie(monkeypatch, Way.TRUST)
    forbid(monkeypatch, "read", "_asked_until")
    client.server.write(HEAD)
    client.send_file(5, SIZE)
    assert client.play() == HEAD + CONTENT[5:]


def test_a_stalled_reader_holds_one_piece_in_memory(client, monkeypatch):
    lie(monkeypatch, Way.COPY)
    client.send_file()
    for _ in range(100):
        client.reactor.turn()
        client.disks.work()
    held = len(client.server.dataBuffer) + client.server._tempDataLen
    assert 0 < held <= KEPT_BYTES


# Ends


def lost(client):
    return client.results and isinstance(client.results[0].value, error.ConnectionLost)


def test_a_client_that_resets_frees_the_file(client):
    client.send_file()
    client.reactor.turn()
    client.socket.close()
    client.reactor.turn()
    client.disks.work()
    assert lost(client)
    assert not client.is_open()
    assert client.reactor.writers == set()
    assert client.reactor.getDelayedCalls() == []


def test_a_file_is_closed_only_when_no_thread_reads_it(client, monkeypatch):
    cold(monkeypatch)
    client.send_file()
    client.reactor.turn()
    (work, done), client.disks.waiting = client.disks.waiting[0], []
    client.server.connectionLost(Failure(error.ConnectionLost()))
    client.disks.work()
    assert lost(client)
    assert client.is_open()  # a thread is at work on it
    done.callback(work())
    client.disks.work()
    assert not client.is_open()


@pytest.mark.parametrize("outcome", [b"content", FileChanged("shorter")])
def test_what_a_thread_brings_too_late_is_thrown_away(client, monkeypatch, outcome):
    cold(monkeypatch)
    client.send_file()
    client.reactor.turn()
    (_, done), client.disks.waiting = client.disks.waiting[0], []
    client.server.connectionLost(Failure(error.ConnectionLost()))
    if isinstance(outcome, bytes):
        done.callback(outcome)
    else:
        done.errback(outcome)
    client.disks.work()
    assert len(client.results) == 1
    assert not client.is_open()


def test_a_thread_that_reads_ahead_hears_that_nobody_waits(client, monkeypatch):
    cold(monkeypatch)
    asked = []
    monkeypatch.setattr(
        OpenFile,
        "read_ahead",
        lambda file, start, end, is_wanted: asked.append(is_wanted),
    )
    client.send_file()
    client.reactor.turn()
    client.disks.waiting[0][0]()
    assert asked[0]()
    client.server.connectionLost(Failure(error.ConnectionLost()))
    assert not asked[0]()


def test_a_client_that_has_left_while_the_file_was_opened(client):
    client.server.connectionLost(Failure(error.ConnectionLost()))
    client.send_file()
    client.disks.work()
    assert lost(client)
    assert not client.is_open()


def test_a_file_that_became_shorter_ends_the_stream(client, path):
    client.send_file()
    client.reactor.turn()
    received = client.read()
    os.truncate(path, SIZE - 1)
    for _ in range(10):
        client.reactor.turn()
        client.disks.work()
        received += client.read()
    assert isinstance(client.results[0].value, FileChanged)
    assert CONTENT.startswith(received)
    assert not client.is_open()
    assert client.reactor.writers == set()


def test_a_file_cut_between_look_and_send_ends_the_stream(client, monkeypatch):
    monkeypatch.setattr(sendfile.os, "sendfile", lambda *_: 0)
    client.send_file()
    client.reactor.turn()
    client.disks.work()
    assert isinstance(client.results[0].value, FileChanged)
    assert not client.is_open()


def test_another_file_written_over_it_never_shows(client, path):
    client.send_file()
    client.reactor.turn()
    received = client.read()
    with path.open("r+b") as other:
        other.write(bytes(SIZE) + b"longer")
    os.utime(path, (1, 1))
    for _ in range(10):
        client.reactor.turn()
        client.disks.work()
    assert isinstance(client.results[0].value, FileChanged)
    assert CONTENT.startswith(received)


def test_a_recording_that_grows_is_sent_up_to_what_was_promised(client, path):
    client.send_file()
    client.reactor.turn()
    received = client.read()
    with path.open("ab") as recording:
        recording.write(b"more")
    assert received + client.play() == CONTENT


def test_a_disk_that_fails_ends_the_stream(client, monkeypatch):
    cold(monkeypatch)

    def read_ahead(*_arguments):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(OpenFile, "read_ahead", read_ahead)
    client.send_file()
    client.reactor.turn()
    client.disks.work()
    assert isinstance(client.results[0].value, OSError)
    assert not client.is_open()


def test_a_reader_that_stops_for_too_long_is_cut(client):
    client.send_file()
    for _ in range(50):
        client.reactor.turn()
    client.reactor.advance(STALL_S - 1)
    assert client.results == []
    assert client.read()
    client.reactor.turn()  # progress
    client.reactor.advance(STALL_S - 1)
    client.reactor.advance(0)
    assert client.results == []
    client.reactor.advance(1)
    client.reactor.advance(0)
    client.disks.work()
    assert isinstance(client.results[0].value, error.ConnectionAborted)
    assert not client.is_open()


def test_a_reader_that_takes_a_little_is_not_cut(client, monkeypatch):
    lie(monkeypatch, Way.COPY)
    client.send_file()
    for _ in range(20):
        client.reactor.turn()
        client.disks.work()
    for _ in range(5):
        assert client.socket.recv(100_000)
        client.reactor.turn()
        client.disks.work()
        client.reactor.advance(STALL_S - 1)
        client.reactor.advance(0)
        assert client.results == []


def test_a_disk_that_hangs_for_too_long_cuts_the_stream(client, monkeypatch):
    cold(monkeypatch)
    client.send_file()
    client.reactor.turn()
    client.reactor.advance(STALL_S)
    client.reactor.advance(0)
    assert isinstance(client.results[0].value, error.ConnectionAborted)
    assert client.is_open()  # the thread still has it
    client.disks.work()
    assert not client.is_open()


def test_a_stream_that_ended_leaves_no_timer(client):
    client.send_file()
    client.play()
    assert client.reactor.writers == set()
    client.reactor.advance(0)
    assert client.reactor.getDelayedCalls() == []


def test_a_connection_to_be_closed_is_closed_after_the_last_byte(client):
    client.send_file()
    client.server.loseConnection()
    received = b""
    for _ in range(1000):
        client.reactor.turn()
        received += client.read()
    assert received == CONTENT
    assert client.results == [None]
    assert not client.server.connected


# Sharing


def together(reactor, path, count):
    """Return clients of one port, each with a stream under way."""
    clients = [Client(reactor, path) for _ in range(count)]
    for client in clients:
        client.server.server.turns = clients[0].turns
        client.send_file()
    return clients


def close_all(clients):
    for client in clients:
        client.close()


def test_many_streams_go_on_together(reactor, path):
    clients = together(reactor, path, 8)
    received = [b""] * 8
    for _ in range(2000):
        reactor.turn()
        for number, client in enumerate(clients):
            received[number] += client.read()
        sizes = sorted(map(len, received))
        assert sizes[-1] - sizes[0] <= 2 * WINDOW_BYTES
    assert received == [CONTENT] * 8
    close_all(clients)


def turn_by_turn(clients, turns):
    """Return who was sent something in each turn."""
    log = []
    for _ in range(turns):
        clients[0].reactor.turn()
        log.append([number for number, one in enumerate(clients) if one.read()])
    return log


def test_streams_send_in_turn_and_rest_meanwhile(reactor, path, monkeypatch):
    monkeypatch.setattr(turns, "BYTES_PER_TURN", 1)
    clients = together(reactor, path, 4)
    log = turn_by_turn(clients, 8)
    assert sorted(who for [who] in log[:4]) == [0, 1, 2, 3]
    assert log[4:] == log[:4]
    assert len(reactor.writers) == 1  # the others wait without spinning
    close_all(clients)


def test_streams_that_end_make_room_for_the_others(reactor, path, monkeypatch):
    monkeypatch.setattr(turns, "BYTES_PER_TURN", 1)
    clients = together(reactor, path, 4)
    turn_by_turn(clients, 2)
    clients[0].close()
    clients[1].close()
    assert turn_by_turn(clients[2:], 4)[2:] == [[0, 1], [0, 1]]
    assert len(reactor.getDelayedCalls()) == 2  # the limits of stalling
    close_all(clients[2:])


def test_a_stream_that_ends_while_it_waits_for_its_turn(reactor, path, monkeypatch):
    monkeypatch.setattr(turns, "BYTES_PER_TURN", 1)
    clients = together(reactor, path, 4)
    reactor.turn()
    close_all(clients)
    reactor.turn()
    assert reactor.getDelayedCalls() == []
    assert reactor.writers == set()


# Transports that can't send files


class Copying:
    """A stream to a wire in memory."""

    def __init__(self, path, start, end):
        self.clock, self.disks = TurningClock(), Disks()
        self.wire = Wire(self.clock, OWN)
        self.file = OpenFile.open(os.fsencode(path.parent), os.fsencode(path.name))
        source = Source(self.file, b"/disk", self.disks)
        self.results = []
        self.wire.protocol = Protocol()
        done = send(self.wire, source, start, end, STALL_S)
        done.addBoth(self.results.append)

    def play(self):
        for _ in range(1000):
            self.disks.work()
            self.clock.advance(0)


def test_copies_in_pieces_as_the_client_reads(path):
    copying = Copying(path, 3, SIZE)
    copying.play()
    assert copying.wire.take() == CONTENT[3:]
    assert copying.wire.largest_write == KEPT_BYTES
    assert copying.results == [None]
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(copying.file.fd)


def test_copies_no_more_while_the_client_does_not_read(path):
    copying = Copying(path, 0, SIZE)
    copying.wire.client_reads = False
    copying.play()
    assert len(copying.wire.unsent) == KEPT_BYTES
    copying.wire.client_reads = True
    copying.wire.read_on()
    copying.play()
    assert copying.wire.take() == CONTENT


def test_stops_copying_when_the_client_leaves(path):
    copying = Copying(path, 0, SIZE)
    copying.wire.client_reads = False
    copying.play()
    copying.wire.vanish()
    copying.play()
    assert isinstance(copying.results[0].value, error.ConnectionLost)
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(copying.file.fd)


def test_copies_nothing_of_a_file_that_became_shorter(path):
    copying = Copying(path, 0, SIZE)
    os.truncate(path, 1000)
    copying.play()
    assert isinstance(copying.results[0].value, FileChanged)
    assert copying.wire.take() == b""
