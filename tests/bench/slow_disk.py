"""Eight cold films from a disk that gives 10 MB/s, and a Browse between.

    python -m tests.bench.slow_disk [--megabytes N]

Ours, with each turn of its reactor measured, and MiniDLNA, where it is
installed, play the same films from a real, throttled disk while one client
browses. Prints the longest turn and how long a Browse took. Needs root, a loop
device and the kernel's blkio throttle.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance.servers import OURS, SERVERS, Server, running
from support.cold_films import Played, make_films, play_all
from support.netns import home_network
from support.slow_disk import slow_disk
from support.upnp_client import MediaServer

FILMS = 8
BYTES_A_SECOND = 10_000_000
LONGEST_TURN_MS = 25
WATCHED = Path(__file__).parents[1] / "support" / "watched_turns.py"


def main() -> int:
    """Measure and print; 1 if a turn took too long."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=16, help="of each film")
    megabytes = options.parse_args().megabytes
    with contextlib.ExitStack() as house:
        scratch = Path(house.enter_context(tempfile.TemporaryDirectory()))
        network = house.enter_context(home_network())
        disk = house.enter_context(slow_disk(scratch, FILMS * megabytes + 32))
        digests = make_films(disk.folder / "films", FILMS, megabytes)
        turns = scratch / "turns"
        watched = Server("upnpserver", OURS.program, _watched(turns))
        for server in (SERVERS[1], watched):
            if server.installed:
                with running(server, network, disk.folder / "films", scratch) as one:
                    seen = MediaServer(network.client, one.location(network.client))
                    urls = _all_films(seen)
                    disk.slow_down(one.process.pid, BYTES_A_SECOND)
                    disk.cool_down()
                    turns.write_bytes(b"")
                    played = play_all(seen, network.client, urls)
                assert played.digests == digests, "not the films that were asked for"
                _report(server, played)
        worst = max((float(line.split()[0]) for line in turns.open()), default=0.0)
    kept = worst <= LONGEST_TURN_MS
    print(f"longest turn {worst:.1f} ms; target {LONGEST_TURN_MS}: {_verdict(kept)}")
    return int(not kept)


def _verdict(kept: bool) -> str:
    return "kept" if kept else "MISSED"


def _watched(turns: Path):
    """Return the command of our server under the watch of its turns."""

    def command(folder: Path, state: Path):
        argv, environment = OURS.command(folder, state)
        return [sys.executable, str(WATCHED), str(turns), *argv], environment

    return command


def _report(server: Server, played: Played) -> None:
    p50, p99, worst = map(played.browse_worst_ms, (0.5, 0.99, 1.0))
    rate = f"{played.bytes_a_second / 1e6:5.1f} MB/s"
    browse = f"Browse p50 {p50:.1f} ms, p99 {p99:.1f}, worst {worst:.1f}"
    print(f"{server.name:12}{rate}  {browse}")


def _all_films(seen: MediaServer, deadline_s: float = 60) -> list[str]:
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if len(urls := list(seen.items())) == FILMS:
                return urls
        time.sleep(0.2)
    raise TimeoutError("the films were not found")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except pytest.skip.Exception as missing:
        sys.exit(f"can't measure here: {missing}")
