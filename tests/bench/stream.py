"""How fast one film leaves the house, and at what cost.

    python -m tests.bench.stream [--streams 1 8 64] [--rounds N] [--megabytes N]

Ours, MiniDLNA where it is installed, and the least that a server could do (a
process for each client that calls sendfile, whatever the disk does) send the
same cached film in turn, each to a client on its own host (a network namespace),
in another order in each round. Prints rate, processor time for each GB and the
time to a random place, each the median of the rounds, and ours in relation to
MiniDLNA's. Needs root.

One round says little: on a virtual machine with neighbours the processor time of
the very same server varies by half from one to the next. Fifteen rounds of two
gigabytes tell 0.05 apart.
"""

import argparse
import contextlib
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance.servers import OURS, SERVERS, running
from support.daemon import wait_for
from support.netns import HomeNetwork, Host, home_network
from support.upnp_client import MediaServer, search

RECORDING = "fixtures/media/household/Videos/Home/Recording.ts"
SEEKS = 100
LEAST_RATE, MOST_CPU = 0.9, 1.1  # ours / MiniDLNA's, for one stream
RECEIVE_BYTES = 1 << 20
BLIND_PORT = 8300
BLIND = """
import contextlib, os, socket, sys
film = os.open(sys.argv[1], os.O_RDONLY)
size = os.fstat(film).st_size
door = socket.create_server((sys.argv[2], int(sys.argv[3])), backlog=64)
while True:
    client, _ = door.accept()
    if os.fork() == 0:
        asked = client.recv(65536).partition(b"bytes=")[2].partition(b"-")[0]
        start = int(asked or 0)
        head = f"HTTP/1.1 206 Partial Content\\r\\nContent-Length: {size - start}\\r\\n"
        client.sendall(f"{head}\\r\\n".encode())
        try:
            while start < size:
                start += os.sendfile(client.fileno(), film, start, 1 << 20)
        finally:
            os._exit(0)
    client.close()
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
"""


@dataclass
class Contender:
    """One server under measurement, and what was measured in each round."""

    name: str
    pid: int
    host: Host
    url: str
    gb_a_second: list[float] = field(default_factory=list)
    cpu_s_a_gb: list[float] = field(default_factory=list)
    seek_ms: list[float] = field(default_factory=list)

    def request(self, start: int) -> tuple[tuple[str, int], bytes]:
        """Return where to ask for the film from byte start on, and how."""
        parts = urlsplit(self.url)
        address = (parts.hostname or "", parts.port or 80)
        lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"Range: bytes={start}-", "Connection: close", "", ""]
        return address, "\r\n".join(lines).encode()


def main() -> int:
    """Measure and print; 1 if one stream misses its targets."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--streams", type=int, nargs="*", default=[1])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--megabytes", type=int, default=2048)
    chosen = options.parse_args()
    kept = True
    with (
        tempfile.TemporaryDirectory() as scratch,
        home_network() as network,
        contextlib.ExitStack() as servers,
    ):
        film = _film(Path(scratch), chosen.megabytes)
        contenders = list(_started(network, film, Path(scratch), servers))
        for streams in chosen.streams:
            for _ in range(chosen.rounds):
                # Whoever comes right after another may find the caches warmer.
                for contender in random.sample(contenders, len(contenders)):
                    _measure(contender, streams, film.stat().st_size)
            kept &= _report(contenders, streams)
    return int(not kept)


def _film(scratch: Path, megabytes: int) -> Path:
    """Make one large film: a recording repeated, which is a recording again."""
    piece = (Path(__file__).parents[2] / RECORDING).read_bytes()
    film = scratch / "media" / "Film.ts"
    film.parent.mkdir()
    with film.open("wb") as file:
        for _ in range(megabytes * 1024 * 1024 // len(piece)):
            file.write(piece)
    return film


def _started(
    network: HomeNetwork, film: Path, scratch: Path, servers: contextlib.ExitStack
) -> Iterator[Contender]:
    """Start the servers, each on a host of its own, since all want port 8200."""
    swapped = HomeNetwork(network.client, network.server, network.router)
    for server, home in ((SERVERS[1], swapped), (OURS, network)):
        if not server.installed:
            continue
        state = scratch / server.name
        started = servers.enter_context(running(server, home, film.parent, state))
        url = _film_url(home.server)
        yield Contender(server.name, started.process.pid, home.server, url)
    host = network.server
    arguments = [str(film), host.ipv4, str(BLIND_PORT)]
    blind = subprocess.Popen(host.command(sys.executable, "-c", BLIND, *arguments))
    servers.callback(blind.wait, 5)
    servers.callback(blind.terminate)
    _wait_for_door(host)
    yield Contender("blind", blind.pid, host, f"http://{host.ipv4}:{BLIND_PORT}/")


def _wait_for_door(host: Host) -> None:
    """Return once the blind server listens; any round may begin with it."""
    with host.entered():
        wait_for(
            "the blind server",
            lambda: socket.create_connection((host.ipv4, BLIND_PORT)).close() or True,
        )


def _film_url(host: Host, deadline_s: float = 60) -> str:
    """Return the film's URL once the server on a host has read it."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        for answer in search(host, wait_s=1.5):
            if urlsplit(answer["LOCATION"]).hostname != host.ipv4:
                continue  # the other host's server has heard us too
            for url, item in MediaServer(host, answer["LOCATION"]).items().items():
                if item.upnp_class.startswith("object.item.videoItem"):
                    return url
    raise TimeoutError(f"no film on {host.ipv4}")


def _measure(contender: Contender, streams: int, size: int) -> None:
    """Play the film by so many clients at once, then seek in it."""
    before = _cpu_s(contender.pid)
    with contender.host.entered():
        seconds, received = _play(contender, streams)
        assert received >= streams * size, "the film was not sent whole"
        _settle(contender.pid)
        spent = _cpu_s(contender.pid) - before
        contender.seek_ms += [_seek_ms(contender, size) for _ in range(SEEKS)]
    contender.gb_a_second.append(received / seconds / 1e9)
    contender.cpu_s_a_gb.append(spent / received * 1e9)


def _play(contender: Contender, streams: int) -> tuple[float, int]:
    """Return how long it took to receive all, and how many bytes came."""
    address, request = contender.request(0)
    buffer = bytearray(RECEIVE_BYTES)
    received, begin = 0, time.perf_counter()
    with selectors.EpollSelector() as selector:
        for _ in range(streams):
            client = socket.create_connection(address, timeout=30)
            client.sendall(request)
            selector.register(client, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(30):
                client = key.fileobj
                count = client.recv_into(buffer)
                received += count
                if not count:
                    selector.unregister(client)
                    client.close()
    return time.perf_counter() - begin, received


def _seek_ms(contender: Contender, size: int) -> float:
    """Return how long a new connection waits for the film at a random place."""
    address, request = contender.request(random.randrange(size - RECEIVE_BYTES))
    begin = time.perf_counter()
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(request)
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < 1024:
            received += client.recv(65536)
    return (time.perf_counter() - begin) * 1000


def _cpu_s(pid: int) -> float:
    """Return the processor time of a process, its children, and those that ended."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(path.parent.name) == pid or int(fields[1]) == pid:
                total += sum(map(int, fields[11:15])) / 100
    return total


def _settle(pid: int) -> None:
    """Wait until the children of a server have ended and were counted."""
    for _ in range(100):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not children:
            return
        time.sleep(0.02)


def _report(contenders: list[Contender], streams: int) -> bool:
    """Print the medians; tell whether the targets of one stream are kept."""
    print(f"{streams} streams at once, {len(contenders[0].cpu_s_a_gb)} rounds")
    medians = {}
    for one in contenders:
        values = (one.gb_a_second, one.cpu_s_a_gb, one.seek_ms)
        rate, cost, seek = medians[one.name] = tuple(map(statistics.median, values))
        text = f"{rate:6.2f} GB/s  {cost:6.3f} CPU s/GB  seek {seek:6.2f} ms"
        print(f"  {one.name:12}{text}")
        for numbers in values:
            numbers.clear()
    if "MiniDLNA" not in medians:
        return True
    ours, theirs = medians[OURS.name], medians["MiniDLNA"]
    rate, cost, seek = (a / b for a, b in zip(ours, theirs, strict=True))
    print(f"  ours / MiniDLNA: rate {rate:.2f}, CPU {cost:.2f}, seek {seek:.2f}")
    if streams != 1:
        return True
    kept = rate >= LEAST_RATE and cost <= MOST_CPU
    target = f"rate >= {LEAST_RATE}, CPU <= {MOST_CPU}"
    print(f"  target {target}: {'kept' if kept else 'MISSED'}")
    return kept


if __name__ == "__main__":
    sys.exit(main())
