"""Measure scans beside MiniDLNA's, in one run, on the same files.

    python -m tests.bench.scanning [--items N] [--rescan N] [--rounds N]

Each first scan begins with no state and with all files in the page cache, the
servers in turn. Prints one table, with the ratio to MiniDLNA's and whether the
targets are kept; ends with 1 if one is missed. Needs root (network namespaces).
"""

import argparse
import contextlib
import re
import resource
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.contenders import ALL_MUSIC, Contender, contenders
from bench.figures import Figure, table
from bench.library import Library, make_library
from bench.memory import MIB, rollup
from bench.mixed import MATROSKA, TRANSPORT, make_films, make_mixed, read_all
from conformance.servers import OURS, SERVERS, Command
from support.scanner import scanned

PEER = SERVERS[1]
LARGEST_MIB = 160
RESCAN_S = 1.5  # of an unchanged tree of RESCAN_FILES
RESCAN_FILES = 100_000
NEW_FILE_S = 0.1
DEADLINE_S = 600
FILMS, FEW_FILMS = 300, 40
SMALL = 1000
LEAST_SAMPLES = 100
# The containers of all items: audio, image, video.
ALL = {
    OURS.name: ("music$all", "picture$all", "video$all"),
    PEER.name: ("1$4", "3$B", "2$8"),
}
MEDIA_OPENED = re.compile(r"open(?:at2?)?\(.*\.(?:mp3|jpg|mp4|mkv|ts)\"")
Rounds = dict[str, list[float]]


def main() -> int:
    """Run all parts and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=SMALL)
    parser.add_argument("--rescan", type=int, default=RESCAN_FILES)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        place = Path(scratch)
        mixed = make_mixed(place / "mixed", options.items)
        music = Library(mixed.folder / "Music", mixed.audio, 0, 0)
        small = make_mixed(place / "small", SMALL)
        with _warm(mixed, place) as both:
            figures += _first_scans("mixed", both, mixed, options.rounds, 1.5)
            figures += _while_scanning(both, mixed)
            figures.append(_new_file(both, mixed, options.rounds, cold=False))
            figures.append(_new_file(both, mixed, options.rounds, cold=True))
        with _warm(music, place) as both:
            figures += _first_scans("music", both, music, options.rounds, 2.0)
        for library in (small, mixed):
            with _warm(library, place) as both:
                figures += _memory(both, library)
        figures += _rescan(place / "rescan", options.rescan)
        figures.append(_transport_streams(place / "films"))
    print(f"\n{options.items} items, {options.rounds} rounds, medians")
    print(table(figures, [OURS.name, PEER.name]), flush=True)
    return int(any(figure.kept() is False for figure in figures))


@contextlib.contextmanager
def _warm(library: Library, scratch: Path) -> Iterator[list[Contender]]:
    """Return the servers, not started, with the library in the page cache."""
    read_all(library.folder)
    with contenders(library.folder, scratch / "state") as both:
        for one in both:
            if one.name == PEER.name:
                one.server = replace(PEER, command=_minidlna_that_watches)
        yield both


def _minidlna_that_watches(folder: Path, state: Path) -> Command:
    found = PEER.command(folder, state)
    settings = state / "minidlna.conf"
    settings.write_text(settings.read_text().replace("inotify=no", "inotify=yes"))
    return found


def _first_scans(
    name: str, both: list[Contender], library: Library, rounds: int, least: float
) -> list[Figure]:
    rates: Rounds = {one.name: [] for one in both}
    costs: Rounds = {one.name: [] for one in both}
    for _ in range(rounds):
        for one in both:
            seconds = _anew(one, library)
            rates[one.name].append(library.items / seconds)
            costs[one.name].append(_settled_cpu_s(one) / library.items * 1000)
            one.stop()
    return [
        Figure(f"first scan, {name}", "files/s", rates, least_ratio=least),
        Figure(f"first scan, {name}", "CPU ms/file", costs, most_ratio=1.0),
    ]


def _start_anew(one: Contender) -> None:
    one.stop()
    shutil.rmtree(one.state, ignore_errors=True)
    one.start()


def _anew(one: Contender, library: Library) -> float:
    """Start with no state; return the seconds until each file is listed."""
    began = time.monotonic()
    _start_anew(one)
    _wait_for_all(one, library)
    return time.monotonic() - began


def _wait_for_all(one: Contender, library: Library) -> None:
    wanted = (library.audio, library.image, library.video)
    with one.asker.entered():
        for container, count in zip(ALL[one.name], wanted, strict=True):
            _wait_for_count(one, container, count, 0.1, DEADLINE_S)


def _wait_for_count(
    one: Contender, container: str, count: int, every_s: float, deadline_s: float
) -> None:
    """Wait for so many children; the thread must be on the asking host."""
    request, shown = one.browse(container, count=1), -1
    end = time.monotonic() + deadline_s
    while count and time.monotonic() < end:
        if (shown := one.total(request)) == count:
            return
        time.sleep(every_s)
    if count:
        raise TimeoutError(f"{one.name} lists {shown} of {count} in {container}")


def _settled_cpu_s(one: Contender) -> float:
    """Return the processor time once no more is spent."""
    before = -1.0
    while (spent := one.cpu_s()) - before > 0.01:
        before = spent
        time.sleep(1)
    return spent


def _while_scanning(both: list[Contender], library: Library) -> list[Figure]:
    """Return how long a Browse takes while files are read, and afterwards.

    The servers run afterwards. Nothing is told of a scan that was too short.
    """
    slowest: Rounds = {}
    middle: Rounds = {}
    for one in both:
        _start_anew(one)
        with one.asker.entered():
            busy = _browsed_until_all_is_there(one, library)
        _wait_for_all(one, library)
        _settled_cpu_s(one)
        with one.asker.entered():
            idle = _browse_ms(one, max(LEAST_SAMPLES, len(busy)))
        if len(busy) >= LEAST_SAMPLES:
            middle[one.name] = [statistics.median(busy) / statistics.median(idle)]
            slowest[one.name] = [_p99(busy) / _p99(idle)]
    if OURS.name not in slowest:
        return []
    return [
        Figure("Browse p50 scanning / idle", "times", middle),
        Figure("Browse p99 scanning / idle", "times", slowest, most=3),
    ]


def _browsed_until_all_is_there(one: Contender, library: Library) -> list[float]:
    """Return the milliseconds of each Browse while a scan goes on."""
    root = one.browse("0")
    last = one.browse(ALL_MUSIC[one.name], count=1)
    end = time.monotonic() + DEADLINE_S
    while one.total(root) < 1 and time.monotonic() < end:
        time.sleep(0.01)
    times: list[float] = []
    while one.total(last) != library.audio and time.monotonic() < end:
        times += _browse_ms(one, 20)
    return times


def _browse_ms(one: Contender, count: int) -> list[float]:
    request, times = one.browse("0"), []
    for _ in range(count):
        begin = time.perf_counter()
        one.ask(request)
        times.append((time.perf_counter() - begin) * 1000)
        time.sleep(0.002)
    return times


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def _new_file(
    both: list[Contender], library: Library, rounds: int, *, cold: bool
) -> Figure:
    """Return the seconds from the end of a copy to its place in a view.

    cold: the scanner has ended. The servers run, and know the library.
    """
    found: Rounds = {one.name: [] for one in both}
    track = next((library.folder / "Music").rglob("*.mp3"))
    for number in range(rounds):
        for one in both:
            if cold:
                _wait_until_alone(one)
            else:
                _come_and_go(one, library, track, f"waking {number} {one.name}.mp3")
            name = f"new {cold} {number} {one.name}.mp3"
            found[one.name].append(_come_and_go(one, library, track, name))
    name = "new file, scanner " + ("to be started" if cold else "there")
    return Figure(name, "s", found, most=NEW_FILE_S)


def _come_and_go(one: Contender, library: Library, track: Path, name: str) -> float:
    """Return the seconds until a new track is listed; it leaves again."""
    content, copy = track.read_bytes() + name.encode(), track.with_name(name)
    with one.asker.entered():
        copy.write_bytes(content)
        began = time.monotonic()
        count = library.audio + 1
        _wait_for_count(one, ALL[one.name][0], count, 0.002, DEADLINE_S)
        seconds = time.monotonic() - began
    copy.unlink()
    _wait_for_all(one, library)
    return seconds


def _wait_until_alone(one: Contender) -> None:
    """Wait until nothing but the server runs; MiniDLNA never is more."""
    if one.name == OURS.name:
        end = time.monotonic() + 60
        while len(one.pids()) > 1 and time.monotonic() < end:
            time.sleep(0.2)


def _memory(both: list[Contender], library: Library) -> list[Figure]:
    """Return the most memory of all processes together during a first scan."""
    resident: Rounds = {}
    share: Rounds = {}
    for one in both:
        done = threading.Event()
        samples: list[tuple[float, float]] = []

        def sample(
            one: Contender = one,
            done: threading.Event = done,
            samples: list[tuple[float, float]] = samples,
        ) -> None:
            while not done.wait(0.1):
                samples.append(_memory_mib(one))

        watcher = threading.Thread(target=sample)
        watcher.start()
        try:
            _anew(one, library)
        finally:
            done.set()
            watcher.join()
        one.stop()
        resident[one.name] = [max(rss for rss, _ in samples)]
        share[one.name] = [max(pss for _, pss in samples)]
    name = f"scanning {library.items}"
    return [
        Figure(f"{name}, resident", "MiB", resident),
        Figure(f"{name}, share (PSS)", "MiB", share, most=LARGEST_MIB),
    ]


def _memory_mib(one: Contender) -> tuple[float, float]:
    """Return RSS and PSS of all processes on its host."""
    rss = pss = 0
    for pid in one.pids():
        # One that ends meanwhile has no memory any more.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, KeyError):
            rolled = rollup(pid)
            rss += rolled["Rss"]
            pss += rolled["Pss"]
    return rss / MIB, pss / MIB


def _rescan(place: Path, files: int) -> list[Figure]:
    """Return what a scan costs that finds nothing new."""
    library = make_library(place / "media", files)
    catalog = place / "catalog.sqlite"
    if scanned(catalog, library.folder).read != files:
        raise AssertionError("not all files were read at first")
    seconds, written = [], []
    for _ in range(3):
        blocks = resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock
        began = time.monotonic()
        if scanned(catalog, library.folder).read:
            raise AssertionError("an unchanged file was read")
        seconds.append(time.monotonic() - began)
        after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock
        written.append((after - blocks) / 2)
    name = f"rescan of {files}"
    figures = [
        Figure(name, "s", {OURS.name: seconds}, most=RESCAN_S),
        Figure(f"{name}, written", "KiB", {OURS.name: written}),
    ]
    if shutil.which("strace"):
        opened = {OURS.name: [float(_opened(catalog, library.folder))]}
        figures.append(Figure(f"{name}, opened", "files", opened, most=0))
    return figures


def _opened(catalog: Path, media: Path) -> int:
    """Return how many media files a scan opens."""
    log = catalog.with_name("opened")
    wrapper = ("strace", "-f", "-o", str(log), "-e", "trace=open,openat,openat2")
    scanned(catalog, media, *wrapper)
    with log.open(errors="replace") as lines:
        return sum(MEDIA_OPENED.search(line) is not None for line in lines)


def _transport_streams(place: Path) -> Figure:
    """Return what an MPEG-TS file costs for each second that an mkv costs."""
    costs: dict[str, list[float]] = {}
    for like in (TRANSPORT, MATROSKA):
        few, many = place / f"few{like.suffix[1:]}", place / f"many{like.suffix[1:]}"
        # As many probes are started for the few as for the many.
        make_films(few, like, FEW_FILMS)
        make_films(many, like, FEW_FILMS + FILMS)
        costs[like.suffix] = [
            _cpu_of_scan_s(many) - _cpu_of_scan_s(few) for _ in range(3)
        ]
    dear, cheap = (statistics.median(seconds) for seconds in costs.values())
    ratio = {OURS.name: [dear / cheap]}
    return Figure("CPU of an MPEG-TS / of an mkv", "times", ratio, most=1.5)


def _cpu_of_scan_s(folder: Path) -> float:
    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    with tempfile.TemporaryDirectory() as state:
        before = spent()
        scanned(Path(state, "catalog.sqlite"), folder)
        return spent() - before


if __name__ == "__main__":
    # Ended from outside too it takes its network and servers down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
