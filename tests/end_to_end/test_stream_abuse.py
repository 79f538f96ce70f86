"""Streams of the real daemon, used as nobody should: every byte, and what remains.

Files of random bytes with a WAV head, so that no two parts are alike. Whatever
happens to a file, what arrives is of the one that was opened, or nothing.
"""

import contextlib
import os
import random
import selectors
import socket
import statistics
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.daemon import running_daemon, wait_for
from support.upnp_client import Fault

pytestmark = pytest.mark.end_to_end

SIZE = 24_000_000
HEAD_BYTES = 44
OVERWRITTEN = {0: "Attic", 5_000_000: "Cellar", SIZE: "Garden"}  # with so many bytes
NAMES = ("Quarry", "Ferry", "Meadow", "Tunnel", "Harbour", "Common")
NAMES += tuple(OVERWRITTEN.values())
SMALL = 4096  # a receive buffer that is soon full
CHANCE = random.Random(5)


def wave(seed, size=SIZE):
    """Return a WAV file of random samples."""
    sound = random.Random(seed).randbytes(size - HEAD_BYTES)
    shape = struct.pack("<HHIIHH", 1, 2, 44_100, 176_400, 4, 16)
    head = b"RIFF" + struct.pack("<I", size - 8) + b"WAVEfmt " + struct.pack("<I", 16)
    return head + shape + b"data" + struct.pack("<I", len(sound)) + sound


class House:
    """The daemon, its files, and how it is."""

    def __init__(self, home, daemon, server, folder):
        self.home, self.daemon, self.server, self.folder = home, daemon, server, folder
        self.urls = {}
        self.pid = daemon.process.pid

    def listed(self):
        try:
            found = self.server.browse("music$all").objects
        except Fault:  # there is no music yet
            return False
        self.urls = {one.title: one.resources[0].url for one in found}
        return len(self.urls) == len(NAMES)

    def path(self, name):
        return self.folder / f"{name}.wav"

    def connect(self, receive_bytes=0):
        client = socket.socket()
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.settimeout(30)
        client.connect((self.home.server.ipv4, self.daemon.port))
        return client

    def request(self, name, *fields, method="GET"):
        parts = urlsplit(self.urls[name])
        lines = (f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *fields)
        return "\r\n".join((*lines, "", "")).encode()

    def begun(self, name, *fields, receive_bytes=0):
        """Return a connection on which a file is on its way, and its first bytes."""
        client = self.connect(receive_bytes)
        client.sendall(self.request(name, *fields))
        return client, *head_of(client)

    def part(self, name, start, end):
        fields = f"Range: bytes={start}-{end - 1}", "Connection: close"
        client, head, content = self.begun(name, *fields)
        with client:
            assert b" 206 " in head
            return content + drained(client)

    def descriptors(self):
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def resident_kib(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    @contextlib.contextmanager
    def recovering(self, more_kib=4096):
        """See to it that descriptors and memory come back to what they were."""
        self.part("Quarry", 0, 1_000_000)
        time.sleep(0.2)
        descriptors, resident_kib = self.descriptors(), self.resident_kib()
        yield
        wait_for("descriptors", lambda: self.descriptors() <= descriptors + 2, 30)
        assert self.resident_kib() - resident_kib < more_kib


def head_of(client):
    """Return the head of an answer, and what came with it of its body."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = client.recv(65536)
        assert data, received
        received += data
    head, _, content = received.partition(b"\r\n\r\n")
    return head, content


def drained(client):
    """Return all that arrives, up to the end or the cut."""
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(1 << 20):
            received += data
    return bytes(received)


@pytest.fixture(scope="module")
def contents():
    return {name: wave(number) for number, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def house(home, contents, tmp_path_factory):
    folder = tmp_path_factory.mktemp("abused") / "media"
    folder.mkdir()
    for name, content in contents.items():
        (folder / f"{name}.wav").write_bytes(content)
    state = tmp_path_factory.mktemp("abuse") / "state"
    with running_daemon(home.server, state, folder) as daemon:
        house = House(home, daemon, daemon.seen_by(home.client), folder)
        wait_for("all files", house.listed)
        with home.client.entered():
            yield house
        assert "Traceback" not in daemon.output()


def test_random_ranges_are_as_on_the_disk(house, contents):
    def one(number):
        chance = random.Random(number)
        name = chance.choice(NAMES)
        start = chance.randrange(SIZE)
        end = min(SIZE, start + chance.choice([1, 100, 16_385, 300_000, 3_000_000]))
        return house.part(name, start, end) == contents[name][start:end]

    # In this thread: another would be on another host.
    assert all(map(one, range(150)))


@pytest.mark.parametrize("how", ["replaced", "deleted"])
def test_a_file_that_has_gone_is_played_to_its_end(house, contents, how, tmp_path):
    name = {"replaced": "Ferry", "deleted": "Meadow"}[how]
    client, _, content = house.begun(name, "Connection: close", receive_bytes=SMALL)
    with client:
        if how == "replaced":
            other = house.folder / ".other"
            other.write_bytes(wave(99))
            other.rename(house.path(name))
        else:
            house.path(name).unlink()
        assert content + drained(client) == contents[name]


@pytest.mark.parametrize("size", OVERWRITTEN)
def test_a_file_that_is_written_over_never_sends_the_other_s_bytes(
    house, contents, size
):
    name = OVERWRITTEN[size]
    fields = ("Connection: close",)
    client, _, content = house.begun(name, *fields, receive_bytes=SMALL)
    with client:
        # As cp does: cut, then filled again.
        house.path(name).write_bytes(wave(100, size) if size else b"")
        received = content + drained(client)
    assert contents[name].startswith(received)
    assert len(received) < SIZE


def test_a_recording_that_grows_is_played_as_promised_and_then_on(house, contents):
    name, more = "Tunnel", os.urandom(2_000_000)
    client, head, content = house.begun(name, "Connection: close", receive_bytes=SMALL)
    with client:
        with house.path(name).open("ab") as file:
            file.write(more)
        assert content + drained(client) == contents[name]
    assert f"Content-Length: {SIZE}".encode() in head
    assert house.part(name, SIZE - 10, SIZE + len(more)) == contents[name][-10:] + more


def test_thousands_of_aborted_connections_leave_nothing(house, contents):
    reset = struct.pack("ii", 1, 0)
    with house.recovering():
        for number in range(3000):
            with house.connect(SMALL) as client:
                start = CHANCE.randrange(SIZE)
                client.sendall(house.request("Quarry", f"Range: bytes={start}-"))
                if number % 3:
                    client.recv(CHANCE.choice([1, 5000]))
                if number % 2:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    assert house.part("Quarry", 5, 3_000_000) == contents["Quarry"][5:3_000_000]


def test_a_storm_of_heads_is_answered_whole(house):
    request = house.request("Harbour", method="HEAD")
    with house.recovering(), contextlib.ExitStack() as clients:
        for _ in range(8):
            client = clients.enter_context(house.connect())
            for _ in range(20):
                client.sendall(request * 20)
                received = b""
                while received.count(b"\r\n\r\n") < 20:
                    received += client.recv(65536)
                assert received.count(b"HTTP/1.1 200 OK\r\n") == 20
                assert received.count(f"Content-Length: {SIZE}\r\n".encode()) == 20


def test_probes_of_one_byte_on_one_connection(house, contents):
    with house.recovering(), house.connect() as client:
        for _ in range(1000):
            at = CHANCE.randrange(SIZE)
            client.sendall(house.request("Harbour", f"Range: bytes={at}-{at}"))
            head, content = head_of(client)
            assert b"Content-Length: 1\r\n" in head
            assert content == contents["Harbour"][at : at + 1]


def test_parallel_ranges_of_one_file(house, contents):
    step = SIZE // 12
    with house.recovering(), selectors.EpollSelector() as selector:
        received = {}
        for start in range(0, SIZE, step):
            client = house.connect()
            span = f"Range: bytes={start}-{start + step - 1}"
            client.sendall(house.request("Common", span, "Connection: close"))
            selector.register(client, selectors.EVENT_READ, start)
            received[start] = bytearray()
        while selector.get_map():
            for key, _ in selector.select(30):
                data = key.fileobj.recv(1 << 16)
                received[key.data] += data
                if not data:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
    for start, answer in received.items():
        content = bytes(answer).partition(b"\r\n\r\n")[2]
        assert content == contents["Common"][start : start + step]


def test_slow_readers_hold_a_socket_and_delay_nobody(house, contents):
    with house.recovering(), contextlib.ExitStack() as clients:
        before_kib = house.resident_kib()
        slow = []
        for _ in range(48):
            client, _, content = house.begun("Harbour", receive_bytes=SMALL)
            slow.append((clients.enter_context(client), bytearray(content)))
        waits = []
        for _ in range(20):
            for client, content in slow:
                content.extend(client.recv(500))
            begin = time.perf_counter()
            house.server.browse("music$all")
            waits.append(time.perf_counter() - begin)
        assert statistics.median(waits) < 0.05
        assert house.resident_kib() - before_kib < 8192
        for _, content in slow:
            assert contents["Harbour"].startswith(content)


def test_64_streams_are_whole_and_share_alike(house):
    share = 20_000_000
    with house.recovering(), selectors.EpollSelector() as selector:
        counts = {}
        for number in range(64):
            client = house.connect()
            span = f"Range: bytes=0-{share - 1}"
            client.sendall(house.request("Common", span, "Connection: close"))
            selector.register(client, selectors.EVENT_READ, number)
            counts[number] = 0
        slowest = None
        while selector.get_map():
            for key, _ in selector.select(30):
                count = len(key.fileobj.recv(1 << 16))
                counts[key.data] += count
                if not count:
                    # Once half of them are done, nobody is far behind.
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                    if len(selector.get_map()) == 32:
                        slowest = min(counts.values()) / max(counts.values())
    assert all(share < count < share + 2000 for count in counts.values())
    assert slowest is not None
    assert slowest > 0.5


def test_two_hosts_at_once(house, contents):
    """The other tests are one client's; here two play, each in a thread of its own."""

    def one(host, name):
        with host.entered():
            return house.part(name, 7, SIZE) == contents[name][7:]

    with ThreadPoolExecutor(2) as pool:
        hosts = house.home.client, house.home.router
        assert all(pool.map(one, hosts, ("Quarry", "Harbour")))
