"""Streams on real sockets: every byte compared with the disk, and much abuse."""

import hashlib
import json
import random
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from http_wire import parse_answers

PROGRAM = Path(__file__).with_name("stream_server.py")
FILM, SONG, NOTE = "f" * 16, "s" * 16, "n" * 16
SIZES = {FILM: 24_000_000, SONG: 3_000_001, NOTE: 900}
RANDOM = random.Random(11)
CONTENTS = {name: RANDOM.randbytes(size) for name, size in SIZES.items()}


class Server:
    """One running server; descriptors, threads and memory as they were at first."""

    def __init__(self, folder, log, *arguments):
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(folder), *arguments],
                stdout=subprocess.PIPE,
                stderr=output,
            )
        self._log = log
        self.port = int(self.process.stdout.readline())
        self.get(NOTE)
        self.health()
        self.first = self.health()

    def connect(self, receive_bytes=None):
        client = socket.socket()
        if receive_bytes is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.settimeout(60)
        client.connect(("127.0.0.1", self.port))
        return client

    def request(self, path, *fields, method="GET"):
        host = f"Host: 127.0.0.1:{self.port}"
        return "\r\n".join(
            [f"{method} {path} HTTP/1.1", host, *fields, "", ""]
        ).encode()

    def ask(self, path, *fields, method="GET"):
        with self.connect() as client:
            client.sendall(
                self.request(path, *fields, "Connection: close", method=method)
            )
            return parse_answers(drain(client))[0]

    def get(self, name, *fields):
        return self.ask(f"/media/{name}/video.mp4", *fields)

    def begin(self, client, name=FILM, *fields):
        client.sendall(self.request(f"/media/{name}/video.mp4", *fields))

    def health(self):
        return json.loads(self.ask("/health").body)

    def recovered(self, **margins):
        """Return health once it is as at first within margins; fail if never."""
        for _ in range(200):
            now = self.health()
            over = {
                name: now[name] - self.first[name]
                for name, margin in margins.items()
                if now[name] - self.first[name] > margin
            }
            if not over:
                return now
            time.sleep(0.05)
        raise AssertionError(f"never recovered: {over}")

    def end(self):
        self.process.terminate()
        assert self.process.wait(10) == 0
        self.process.stdout.close()
        assert "Traceback" not in self._log.read_text()


def drain(client):
    received = bytearray()
    while data := client.recv(1 << 20):
        received += data
    return bytes(received)


def receive(client, size):
    received = bytearray()
    while len(received) < size:
        data = client.recv(min(1 << 20, size - len(received)))
        assert data, f"ended after {len(received)} of {size}"
        received += data
    return bytes(received)


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module", params=["as it is", "cold", "copy"])
def server(request, folder, tmp_path_factory):
    server = Server(folder, tmp_path_factory.mktemp("log") / "log", request.param)
    yield server
    server.end()


@pytest.fixture
def asleep(folder, tmp_path):
    """Run a server whose disk needs 60 ms for everything."""
    server = Server(folder, tmp_path / "log", "cold", "0.06")
    yield server
    server.end()


def test_whole_files_are_as_on_the_disk(server):
    for name, content in CONTENTS.items():
        answer = server.get(name)
        assert answer.status == 200
        assert digest(answer.body) == digest(content)


def test_random_ranges_at_once_are_as_on_the_disk(server):
    chance = random.Random(3)

    def one(number):
        name = chance.choice(list(CONTENTS))
        start = chance.randrange(SIZES[name])
        length = chance.choice([1, 100, 20_000, 300_000, 5_000_000])
        answer = server.get(name, f"Range: bytes={start}-{start + length - 1}")
        assert answer.status == 206
        return digest(answer.body) == digest(CONTENTS[name][start : start + length])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(60)))


def test_several_ranges_are_as_on_the_disk(server):
    spans = [(20_000_000, 20_400_000), (7, 9), (300_000, 3_300_000)]
    asked = ",".join(f"{start}-{end - 1}" for start, end in spans)
    answer = server.get(FILM, f"Range: bytes={asked}")
    assert answer.status == 206
    boundary = answer.headers["Content-Type"].partition("boundary=")[2].encode()
    parts = answer.body.split(b"--" + boundary)[1:-1]
    sent = [part.partition(b"\r\n\r\n")[2][:-2] for part in parts]
    assert sent == [CONTENTS[FILM][start:end] for start, end in spans]


def test_a_connection_lives_on_after_a_file(server):
    with server.connect() as client:
        for start in (0, 5_000_000, 23_999_999):
            server.begin(client, FILM, f"Range: bytes={start}-{start + 700_000}")
            head = receive_head(client)
            expected = CONTENTS[FILM][start : start + 700_001]
            assert b"206 Partial Content" in head
            assert receive(client, len(expected)) == expected


def receive_head(client):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += receive(client, 1)
    return head


def test_pipelined_requests_are_answered_in_order(server):
    paths = [f"/media/{name}/x" for name in (SONG, NOTE, "l" * 16, SONG, NOTE)]
    with server.connect() as client:
        client.sendall(b"".join(map(server.request, paths[:-1])))
        client.sendall(server.request(paths[-1], "Connection: close"))
        answers = parse_answers(drain(client))
    bodies = [answer.body for answer in answers]
    assert [answer.status for answer in answers] == [200, 200, 404, 200, 200]
    assert bodies[:2] == bodies[3:] == [CONTENTS[SONG], CONTENTS[NOTE]]


def test_a_client_that_ends_its_side_gets_its_file(server):
    with server.connect() as client:
        server.begin(client, SONG)
        client.shutdown(socket.SHUT_WR)
        assert parse_answers(drain(client))[0].body == CONTENTS[SONG]


def test_aborted_streams_leave_nothing(server):
    chance = random.Random(4)
    for _ in range(300):
        with server.connect(receive_bytes=4096) as client:
            server.begin(client, FILM, f"Range: bytes={chance.randrange(20_000_000)}-")
            if chance.random() < 0.7:
                client.recv(chance.choice([1, 5000]))
    server.recovered(descriptors=2, threads=4, resident_kib=16_000)
    assert digest(server.get(FILM).body) == digest(CONTENTS[FILM])


def test_readers_that_do_not_read_cost_little_and_delay_nobody(server):
    before = server.health()["resident_kib"]
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect(4096)) for _ in range(50)]
        for client in clients:
            server.begin(client)
        for client in clients:
            assert b"200 OK" in receive_head(client)
        now = server.health()
        assert now["resident_kib"] - before < 13_000
        assert now["descriptors"] >= 100
        assert digest(server.get(SONG).body) == digest(CONTENTS[SONG])
        # Paused is not lost: they go on where they were.
        assert receive(clients[7], SIZES[FILM]) == CONTENTS[FILM]
    server.recovered(descriptors=2, threads=4)


def test_many_streams_at_once_are_all_whole(server):
    def one(_number):
        return digest(server.get(SONG).body)

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(one, range(32))) == {digest(CONTENTS[SONG])}
    server.recovered(descriptors=2)


def test_a_slow_disk_delays_only_who_waits_for_it(asleep):
    def play(client):
        receive_head(client)
        return digest(receive(client, SIZES[FILM]))

    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        clients = [stack.enter_context(asleep.connect()) for _ in range(8)]
        for client in clients:
            asleep.begin(client)
        played = [pool.submit(play, client) for client in clients]
        waits, worst_ms = [], []
        while not all(one.done() for one in played):
            begin = time.perf_counter()
            worst_ms.append(asleep.health()["worst_ms"])
            waits.append(time.perf_counter() - begin)
        assert {one.result() for one in played} == {digest(CONTENTS[FILM])}
    assert len(waits) > 20
    assert sorted(waits)[len(waits) // 2] < 0.05
    assert max(worst_ms) < 25
    asleep.recovered(descriptors=2, threads=4)
