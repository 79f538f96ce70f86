"""How fast films leave the house, at what cost, and what else goes on meanwhile.

    python -m tests.bench.stream [--streams 1 8 64] [--rounds N] [--megabytes N]
                                 [--items N] [--no-beside]

Ours and, where it is installed, MiniDLNA send the same cached film in turn, each to
a client on another host (a network namespace), in another order in each round:
rate, processor time for each GB, how alike streams are treated, memory, the time to
a random place; then a Browse beside streams, and pictures. Prints medians, ours in
relation to MiniDLNA's, and whether the bounds are kept; ends with 1 if one is
missed. Needs root.

One round says little: on a virtual machine with neighbours the processor time of
the very same server varies by half from one to the next. Fifteen rounds of two
gigabytes tell 0.05 apart.
"""

import argparse
import random
import re
import selectors
import socket
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import beside
from bench.contenders import PORTS, Contender, contenders, wait_for_total
from bench.figures import Figure, table
from bench.library import settle
from bench.memory import MIB, SETTLE_S, rollup
from bench.mixed import make_mixed
from conformance.servers import OURS

RECORDING = "fixtures/media/household/Videos/Home/Recording.ts"
TITLE = "Longest of all"
ITEMS = 10_000
SEEKS = 100
RECEIVE_BYTES = 1 << 20
LEAST_ALIKE, MOST_MORE_MIB, MOST_SEEK = 0.8, 3, 0.7
_URL = re.compile(rb"http://[^&<\"]+/(?:media|MediaItems)/[^&<\"]+")


@dataclass
class Rounds:
    """What was measured with so many streams, by server."""

    gb_a_second: dict[str, list[float]] = field(default_factory=dict)
    cpu_s_a_gb: dict[str, list[float]] = field(default_factory=dict)
    alike: dict[str, list[float]] = field(default_factory=dict)
    more_mib: dict[str, list[float]] = field(default_factory=dict)

    def figures(self, streams: int) -> list[Figure]:
        """Return them with their bounds."""
        name = f"{streams} stream{'s' * (streams > 1)}"
        least, most = (1.0, 0.9) if streams == 1 else (0.5, 1.5)
        found = [
            Figure(f"{name}, rate", "GB/s", self.gb_a_second, least_ratio=least),
            Figure("  processor time", "s/GB", self.cpu_s_a_gb, most_ratio=most),
        ]
        if streams > 1:
            found += [
                Figure("  slowest / fastest", "", self.alike, least=LEAST_ALIKE),
                Figure("  more memory", "MiB", self.more_mib, most=MOST_MORE_MIB),
            ]
        return found


def main() -> int:
    """Measure and print; 1 if a bound is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--streams", type=int, nargs="*", default=[1, 8, 64])
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--megabytes", type=int, default=1024)
    options.add_argument("--items", type=int, default=ITEMS, help="to browse")
    options.add_argument("--no-beside", action="store_true", help="streams only")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        library = make_mixed(Path(scratch, "media"), chosen.items)
        film = _film(library.folder / f"{TITLE}.ts", chosen.megabytes)
        beside.write_photos(library.folder / "Large")
        settle(library.folder)
        with contenders(library.folder, Path(scratch)) as both:
            for one in both:
                one.start()
                wait_for_total(one, library.audio)
            urls = {one.name: _film_url(one) for one in both}
            time.sleep(SETTLE_S)  # until the scanner has ended
            size = film.stat().st_size
            figures = []
            for streams in chosen.streams:
                figures += _streams(both, urls, streams, size, chosen.rounds)
            figures.append(_seeks(both, urls, size, chosen.rounds))
            if not chosen.no_beside:
                figures += beside.browse_beside(both, urls, chosen.rounds)
                figures += beside.pictures(both, chosen.rounds)
            print(f"{chosen.rounds} rounds, a film of {size / 1e9:.1f} GB, medians")
            print(table(figures, [one.name for one in both]), flush=True)
    return int(any(figure.kept() is False for figure in figures))


def _film(film: Path, megabytes: int) -> Path:
    """Make one large film: a recording repeated, which is a recording again."""
    piece = (Path(__file__).parents[2] / RECORDING).read_bytes()
    with film.open("wb") as file:
        for _ in range(megabytes * 1024 * 1024 // len(piece)):
            file.write(piece)
    return film


def _film_url(one: Contender, deadline_s: float = 60) -> str:
    """Return the film's URL once a server has read it."""
    end = time.monotonic() + deadline_s
    request = one.search(f'dc:title contains "{TITLE}"')
    while time.monotonic() < end:
        with one.asker.entered():
            found = _URL.search(one.ask(request))
        if found:
            return found[0].decode()
        time.sleep(0.2)
    raise TimeoutError(f"no film on {one.name}")


def _streams(
    both: list[Contender], urls: dict[str, str], streams: int, size: int, rounds: int
) -> list[Figure]:
    """Play the film by so many clients at once, the servers in turn."""
    found = Rounds()
    for _ in range(rounds):
        # Whoever comes right after another may find the caches warmer.
        for one in random.sample(both, len(both)):
            before_mib, before_s = _own_mib(one), one.cpu_s()
            with one.asker.entered():
                played = _play(one, urls[one.name], streams)
            if one.name == OURS.name:  # MiniDLNA cuts some of 64
                assert played.received >= streams * size, "not sent whole"
            _settle(one)
            spent_s = one.cpu_s() - before_s
            for kept, value in (
                (found.gb_a_second, played.received / played.seconds / 1e9),
                (found.cpu_s_a_gb, spent_s / played.received * 1e9),
                (found.alike, played.alike),
                (found.more_mib, played.most_mib - before_mib),
            ):
                kept.setdefault(one.name, []).append(value)
    return found.figures(streams)


@dataclass(frozen=True, slots=True)
class _Played:
    """One play. alike: the rate of the slowest stream / that of the fastest."""

    seconds: float
    received: int
    alike: float
    most_mib: float


def _play(one: Contender, url: str, streams: int) -> _Played:
    """Take the film by so many connections, all that comes."""
    address, request = _request(one, url, 0)
    buffer = bytearray(RECEIVE_BYTES)
    ends: list[float] = []
    received, most_mib = 0, 0.0
    begin = time.perf_counter()
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
                    if not ends:  # all of them are at work
                        most_mib = _own_mib(one)
                    ends.append(time.perf_counter() - begin)
                    selector.unregister(client)
                    client.close()
    return _Played(ends[-1], received, ends[0] / ends[-1], most_mib)


def _seeks(
    both: list[Contender], urls: dict[str, str], size: int, rounds: int
) -> Figure:
    """Return how long a new connection waits for the film at a random place."""
    found: dict[str, list[float]] = {one.name: [] for one in both}
    for _ in range(rounds):
        for one in both:
            with one.asker.entered():
                times = [_seek_ms(one, urls[one.name], size) for _ in range(SEEKS)]
            found[one.name].append(statistics.median(times))
    return Figure("seek to a random place", "ms", found, most_ratio=MOST_SEEK)


def _seek_ms(one: Contender, url: str, size: int) -> float:
    start = random.randrange(size - RECEIVE_BYTES)
    address, request = _request(one, url, start)
    begin = time.perf_counter()
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(request)
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < 1024:
            received += client.recv(65536)
    return (time.perf_counter() - begin) * 1000


def _request(one: Contender, url: str, start: int) -> tuple[tuple[str, int], bytes]:
    """Return where to ask for the film from byte start on, and how."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"Range: bytes={start}-", "Connection: close", "", ""]
    return (one.host.ipv4, PORTS[one.name]), "\r\n".join(lines).encode()


def _own_mib(one: Contender) -> float:
    """Return the memory of all processes of a server, without what they share."""
    total = 0
    for pid in one.pids():
        try:
            total += rollup(pid)["Pss"]
        except (FileNotFoundError, ProcessLookupError):
            continue  # a process of one stream has ended
    return total / MIB


def _settle(one: Contender) -> None:
    """Wait until the processes of streams have ended and were counted."""
    for _ in range(100):
        if len(one.pids()) == 1:
            return
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())
