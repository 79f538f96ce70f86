"""Measure ours beside MiniDLNA, in one run, on the same files.

    python -m tests.bench [--quick] [--items N] [--no-stream]

Prints medians, the ratio to MiniDLNA's, and whether the targets are kept; ends
with 1 if one is missed. Needs root (network namespaces).
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import browsing, discovery, memory, starting
from bench.contenders import Contender, contenders, wait_for_total
from bench.figures import Figure, table
from bench.library import Library, make_library

IDLE_ITEMS = 1000


def main() -> int:
    """Run all parts and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds, 1,000 items"
    )
    parser.add_argument("--items", type=int, default=10_000, help="for Browse")
    parser.add_argument("--no-stream", action="store_true", help="leave streams out")
    options = parser.parse_args()
    rounds = 3 if options.quick else 7
    missed = _library(IDLE_ITEMS, rounds)
    if not options.quick:
        missed += _library(options.items, rounds)
    if not options.no_stream:
        name = f"{Path(__file__).parent}/stream.py"
        command = [sys.executable, name, "--rounds", str(rounds)]
        missed += subprocess.run(command, check=False).returncode
    return int(missed > 0)


def _library(items: int, rounds: int) -> int:
    """Measure with a library of so many items; return how many targets are missed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        library = make_library(Path(scratch, "media"), items)
        with contenders(library.folder, Path(scratch)) as both:
            figures = [_first_scan(both, library)]
            figures += memory.idle(both)
            figures += starting.start(both, rounds)
            figures += discovery.discovery(both, rounds)
            figures += browsing.browse(both, library, rounds)
            figures += browsing.crowd(both, rounds)
            names = [each.name for each in both]
    print(f"\n{library.items} items, {rounds} rounds, medians")
    print(table(figures, names), flush=True)
    return sum(figure.kept() is False for figure in figures)


def _first_scan(both: list[Contender], library: Library) -> Figure:
    """Read the library for the first time, one server after the other."""
    rates: dict[str, list[float]] = {}
    for contender in both:
        contender.start()
        seconds = wait_for_total(contender, library.audio)
        rates[contender.name] = [library.items / seconds]
    return Figure("first reading", "items/s", rates)


if __name__ == "__main__":
    # Ended from outside too it takes its network and servers down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
