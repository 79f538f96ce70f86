"""Browse and Search in a large library, beside MiniDLNA and Gerbera.

    python -m tests.bench.large [--items 20000] [--rounds 5] [--no-gerbera]

Half of the library lies in one folder, which is what is browsed. Each request
asks for another page, object or word than the one before, so that what a server
keeps of its answers does not flatter it; what asking for the same again takes is
told beside. Prints ratios to MiniDLNA's and ends with 1 if a bound is missed.
Needs root (network namespaces).
"""

import argparse
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.browsing import crowd
from bench.contenders import OURS, PEER, THIRD, Contender, contenders, wait_for_total
from bench.figures import Figure, table
from bench.library import IN_ONE, Library, make_library
from conformance.servers import Server

SUPPORT = Path(__file__).parents[1] / "support"
FOLDERS = {OURS.name: "folder$", PEER.name: "64", THIRD.name: "0"}
REQUESTS = 60  # of each kind and round
LONGEST_TURN_MS = 50
MOST_P99 = 4  # times the median
CONTAINER = re.compile(
    rb"&lt;container id=(?:&quot;|\")(.+?)(?:&quot;|\").*?title&gt;(.*?)&lt;"
)
ITEM = re.compile(rb"&lt;item id=(?:&quot;|\")(.+?)(?:&quot;|\")")
RETURNED = re.compile(rb"<NumberReturned>(\d+)<")
LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One server, and what is asked of it: its ids differ from the others'."""

    contender: Contender
    folder: str
    items: list[str]
    size: int  # of the folder

    def page(self, start: int, count: int, **more: str) -> bytes:
        """Return the request for a window of the folder."""
        return self.contender.browse(self.folder, start, count, **more)


Make = Callable[[Asked, int], bytes]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request. most: of ours / MiniDLNA's. same: without variety."""

    make: Make
    most: float | None = None


def kinds(size: int) -> dict[str, Kind]:
    """Return the kinds of requests; the number of a request makes it another one."""

    def track(asked: Asked, i: int) -> bytes:
        item = asked.items[i * 7 % len(asked.items)]
        return asked.contender.browse(item, flag="BrowseMetadata")

    def search(criteria: str) -> Make:
        return lambda asked, i: asked.contender.search(criteria.format(i % 900 + 100))

    def sort(asked: Asked, i: int) -> bytes:
        return asked.page(i * 37 % (size // 2), 30, sort="+dc:title")

    found = 1 / 20
    return {
        "root": Kind(lambda asked, i: asked.contender.browse("0"), 1.2),
        "metadata": Kind(track, 1.2),
        "first 30": Kind(lambda asked, i: asked.page(i % 90, 30), 0.7),
        "the same first 30": Kind(lambda asked, i: asked.page(0, 30)),
        "deep 30": Kind(lambda asked, i: asked.page(size - 30 - i % 90, 30)),
        "200": Kind(lambda asked, i: asked.page(i * 37 % (size // 2), 200), 0.7),
        "30 sorted": Kind(sort, 0.15),
        "Search title": Kind(search('dc:title contains "track {}"'), found),
        "Search class": Kind(
            search(
                'upnp:class derivedfrom "object.item.videoItem" and dc:title'
                ' contains "{}"'
            ),
            found,
        ),
        "Search artist": Kind(search('upnp:artist contains "artist {}"'), found),
        "Search both": Kind(
            search('upnp:artist contains "artist" and dc:title contains "{}"'), found
        ),
        "Search nothing": Kind(search('dc:title contains "none {}"'), found),
    }


def measure(all_asked: list[Asked], rounds: int) -> list[Figure]:
    """Ask each server in turn for each kind; return medians, p99 and CPU."""
    figures = []
    for name, kind in kinds(all_asked[0].size).items():
        times: dict[str, list[float]] = {a.contender.name: [] for a in all_asked}
        tails: dict[str, list[float]] = {OURS.name: []}
        costs: dict[str, list[float]] = {a.contender.name: [] for a in all_asked}
        for round_ in range(rounds):
            for asked in all_asked:
                who = asked.contender.name
                before = asked.contender.cpu_s()
                waits = _waits_ms(asked, kind.make, round_ * REQUESTS)
                if not waits:
                    continue
                cost_ms = (asked.contender.cpu_s() - before) * 1000 / REQUESTS
                times[who].append(statistics.median(waits))
                costs[who].append(cost_ms)
                if who == OURS.name:
                    tail = statistics.quantiles(waits, n=100)[98]
                    tails[who].append(tail / statistics.median(waits))
        figures += [
            Figure(name, "ms", times, most_ratio=kind.most),
            Figure(f"{name}, p99 / median", "x", tails, most=MOST_P99),
        ]
        if name in {"first 30", "200"}:
            figures.append(Figure(f"{name}, CPU", "ms", costs, most_ratio=0.6))
    return figures


def _waits_ms(asked: Asked, make: Make, first: int) -> list[float]:
    """Return how long some answers took, nothing where another server refuses."""
    waits = []
    with asked.contender.asker.entered():
        for i in range(first, first + REQUESTS):
            request = make(asked, i)
            begin = time.perf_counter()
            answer = asked.contender.ask(request)
            waits.append((time.perf_counter() - begin) * 1000)
            if b" 200 " not in answer[:20]:
                if asked.contender.name != OURS.name:
                    return []
                raise ValueError(f"{answer[:300]!r}")
    return waits


def kept_alive(asked: Asked, rounds: int) -> Figure:
    """Return what first pages take on one connection; MiniDLNA closes each."""
    waits = []
    with asked.contender.asker.entered(), asked.contender.connect() as connection:
        for i in range(rounds * REQUESTS):
            begin = time.perf_counter()
            connection.sendall(asked.page(i % 90, 30, keep="yes"))
            answer = b""
            while not _is_whole(answer):
                answer += connection.recv(1 << 18)
            waits.append((time.perf_counter() - begin) * 1000)
    return Figure("first 30, kept connection", "ms", {OURS.name: waits})


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    return bool(end and length and len(body) == int(length[1]))


def relations(figures: list[Figure]) -> list[Figure]:
    """Return what is bound to other figures of ours: a deep page to a first one."""
    ours = {figure.name: figure.values[OURS.name] for figure in figures}
    deep = [a / b for a, b in zip(ours["deep 30"], ours["first 30"], strict=True)]
    return [Figure("deep / first page", "x", {OURS.name: deep}, most=1.2)]


def whole_folder(asked: Asked, rounds: int) -> list[Figure]:
    """Ask a server that watches its turns for all of the folder in one answer."""
    contender, log = asked.contender, asked.contender.state / "turns"

    def watched(folder: Path, state: Path) -> tuple[list[str], dict[str, str]]:
        argv, environment = contender.server.command(folder, state)
        return [
            argv[0],
            str(SUPPORT / "watched_turns.py"),
            str(log),
            *argv,
        ], environment

    contender.stop()
    server = Server(OURS.name, OURS.program, watched)
    again = replace(contender, server=server, running=None)
    again.life = type(contender.life)()
    again.start()
    missing, times = [], []
    try:
        wait_for_total(again, asked.size, object_id=asked.folder)
        log.write_text("")
        with again.asker.entered():
            for _ in range(rounds):
                begin = time.perf_counter()
                returned = RETURNED.search(again.ask(asked.page(0, 0)))
                times.append((time.perf_counter() - begin) * 1000)
                missing.append(float(asked.size - int(returned[1] if returned else 0)))
    finally:
        again.stop()
    turns = [float(line.split()[0]) for line in log.read_text().splitlines()]
    return [
        Figure("all in one answer", "ms", {OURS.name: times}),
        Figure("all in one answer, missing", "n", {OURS.name: missing}, most=0),
        Figure(
            "longest turn meanwhile",
            "ms",
            {OURS.name: [max(turns, default=0.0)]},
            most=LONGEST_TURN_MS,
        ),
    ]


def find(contender: Contender, library: Library, size: int) -> Asked:
    """Wait until a server lists the whole folder; return its ids."""
    parts = {"PC Directory", *library.folder.parts, "Music", IN_ONE}
    at, end = FOLDERS[contender.name], time.monotonic() + 3600
    with contender.asker.entered():
        while time.monotonic() < end:
            listed = _containers(contender, at)
            inside = {title.decode(): which.decode() for which, title in listed}
            name = next((name for name in inside if name in parts), "")
            at = inside.get(name, at)
            if name == IN_ONE:
                break
            if not name:
                time.sleep(1)
                at = FOLDERS[contender.name]
        wait_for_total(contender, size, 3600, object_id=at)
        items = ITEM.findall(contender.ask(contender.browse(at, count=500)))
    return Asked(contender, at, [item.decode() for item in items], size)


def _containers(contender: Contender, object_id: str) -> list[tuple[bytes, bytes]]:
    """Return (id, title) of what lies in a container, nothing while it starts."""
    try:
        return CONTAINER.findall(contender.ask(contender.browse(object_id)))
    except OSError:
        return []


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-gerbera", action="store_true")
    options = parser.parse_args()
    size = options.items // 2
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        library = make_library(Path(scratch, "media"), options.items, in_one=size)
        third = not options.no_gerbera
        with contenders(library.folder, Path(scratch), third=third) as servers:
            for one in servers:
                one.start()
            all_asked = [find(one, library, size) for one in servers]
            time.sleep(10)  # what is done after a scan
            figures = measure(all_asked, options.rounds)
            figures += relations(figures)
            figures.append(kept_alive(all_asked[0], options.rounds))
            figures += crowd(
                servers[:2], options.rounds, [one.folder for one in all_asked]
            )
            figures += whole_folder(all_asked[0], options.rounds)
            names = [one.name for one in servers]
    print(f"\n{size} in one folder of {library.items} items, {options.rounds} rounds")
    print(table(figures, names), flush=True)
    return int(any(figure.kept() is False for figure in figures))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}: {error.stderr}")
