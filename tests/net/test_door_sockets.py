"""The HTTP door on real sockets: a process that is pushed, starved and left."""

import contextlib
import resource
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from http_wire import parse_answers

PROGRAM = Path(__file__).with_name("door_server.py")
LARGE_BYTES = 8_000_000


class Server:
    """One running door."""

    def __init__(self, address, log, descriptors=4096, limit=None):
        self.address, self._log = address, log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM), address, str(descriptors)],
                stdout=subprocess.PIPE,
                stderr=output,
            )
        self.port = int(self.process.stdout.readline())
        literal = f"[{address}]" if ":" in address else address
        self.host = f"{literal}:{self.port}"
        if limit is not None:
            now = self.descriptors()
            resource.prlimit(
                self.process.pid, resource.RLIMIT_NOFILE, (now + limit, 4096)
            )

    def connect(self):
        return socket.create_connection((self.address, self.port), timeout=10)

    def request(self, path="/echo", *fields, method="GET"):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", *fields, "", ""]
        return "\r\n".join(lines).encode()

    def ask(self, data=None):
        with self.connect() as client:
            client.sendall(data or self.request("/echo", "Connection: close"))
            return parse_answers(drain(client))

    def descriptors(self):
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / 100

    def log(self):
        return self._log.read_text()

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def drain(client):
    """Return everything until the server ends its side."""
    received = bytearray()
    while data := client.recv(1 << 20):
        received += data
    return bytes(received)


def eventually(check, seconds=10):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "not in time"
        select.select([], [], [], 0.02)


@pytest.fixture
def start(tmp_path):
    with contextlib.ExitStack() as stack:

        def start(address="127.0.0.1", **options):
            server = Server(address, tmp_path / "log", **options)
            stack.callback(server.end)
            return server

        yield start


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_keep_alive_over_a_socket(start, address):
    server = start(address)
    with server.connect() as client:
        for body in (b"one", b"two", b"\r\n"):
            length = f"Content-Length: {len(body)}"
            client.sendall(server.request("/echo", length, method="POST") + body)
            assert client.recv(65536).endswith(b"\r\n\r\n" + body)
        client.sendall(server.request("/echo", "Connection: close"))
        assert parse_answers(drain(client))[0].status == 200


def test_half_closed_clients_get_their_answer(start):
    server = start()
    for path, size in (("/echo", 5), ("/large", LARGE_BYTES)):
        with server.connect() as client:
            client.sendall(server.request(path))
            client.shutdown(socket.SHUT_WR)
            (answer,) = parse_answers(drain(client))
            assert len(answer.body) == size


def test_why_a_body_is_refused_is_heard_while_it_is_sent(start):
    server = start()
    with server.connect() as client:
        head = server.request("/echo", "Content-Length: 700000", method="POST")
        client.sendall(head + b"x" * 700_000)
        assert [answer.status for answer in parse_answers(drain(client))] == [413]


def test_an_endless_body_is_cut(start):
    server = start()
    head = server.request("/echo", "Content-Length: 99999999", method="POST")
    with server.connect() as client, pytest.raises(OSError, match=r"reset|pipe"):
        client.sendall(head + b"x" * 99_999_999)
    assert server.resident_kib() < 80_000


def test_a_slow_reader_delays_nobody(start):
    server = start()
    with server.connect() as slow:
        slow.sendall(server.request("/large"))
        assert slow.recv(1000).startswith(b"HTTP/1.1 200 OK")
        started = time.monotonic()
        assert server.ask()[0].status == 200
        assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("path", "times", "growth_kib"),
    # What is sent and not taken lies in buffers that come back in pieces.
    [("/never", 2000, 3_000), ("/large", 400, 24_000)],
)
def test_aborted_connections_leave_nothing(start, path, times, growth_kib):
    server = start()
    half_body = server.request("/echo", "Content-Length: 9", method="POST") + b"x"
    kinds = [b"", server.request()[:20], half_body, server.request(path)]

    def abort(times):
        for number in range(times):
            client = server.connect()
            client.sendall(kinds[number % len(kinds)])
            # No seconds of lingering: the server gets a reset.
            linger = socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            client.setsockopt(socket.SOL_SOCKET, *linger)
            client.close()

    abort(200)
    server.ask()
    descriptors, resident_kib = server.descriptors(), server.resident_kib()
    abort(times)
    server.ask()
    eventually(lambda: server.descriptors() <= descriptors)
    assert server.resident_kib() - resident_kib < growth_kib


@pytest.fixture
def many_descriptors():
    """Let this process hold both ends of a flood."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("the system allows too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_descriptors")
def test_answers_during_floods(start):
    """Requirement 21: 500 silent, 200 slow and 1,500 bursting connections."""
    server = start()
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(server.connect()) for _ in range(500)]
        for client in silent[300:]:
            client.sendall(b"GET /ec")
        waits_s = []
        for _ in range(5):
            for _ in range(300):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex((server.address, server.port))
            started = time.monotonic()
            assert server.ask()[0].status == 200
            waits_s.append(time.monotonic() - started)
        assert max(waits_s) < 0.9
        eventually(lambda: server.descriptors() < 100)


def test_without_free_descriptors(start):
    """Requirement 25: go on, say it once, rest, recover."""
    server = start(limit=20)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(server.connect())
        for _ in range(60):
            stack.enter_context(server.connect())
        for _ in range(5):
            first.sendall(server.request())
            assert first.recv(65536).startswith(b"HTTP/1.1 200 OK")
        before = server.cpu_s()
        for _ in range(30):
            stack.enter_context(server.connect())
        select.select([], [], [], 1.5)
        assert server.cpu_s() - before < 0.3
        first.sendall(server.request())
        assert first.recv(65536).startswith(b"HTTP/1.1 200 OK")
    eventually(lambda: answers(server))
    assert server.log().count("EMFILE") == 1
    assert "Traceback" not in server.log()


def answers(server):
    with contextlib.suppress(OSError):
        return [answer.status for answer in server.ask()] == [200]
    return False


def test_few_descriptors_mean_few_connections(start):
    server = start(descriptors=96)
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(server.connect())
        assert server.ask()[0].status == 200
        eventually(lambda: server.descriptors() < 40)
