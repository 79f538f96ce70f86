"""What an idle server keeps in memory, all of its processes together."""

import time
from pathlib import Path

from bench.contenders import Contender
from bench.figures import Figure

SETTLE_S = 12  # the scanner ends, buffers are given back
MIB = 1 << 20
LARGEST_MIB = 42


def idle(contenders: list[Contender]) -> list[Figure]:
    """Return the resident memory, its own share of it, and the processes."""
    time.sleep(SETTLE_S)
    resident: dict[str, list[float]] = {}
    share: dict[str, list[float]] = {}
    processes: dict[str, list[float]] = {}
    for contender in contenders:
        rolled = [rollup(pid) for pid in contender.pids()]
        resident[contender.name] = [sum(r["Rss"] for r in rolled) / MIB]
        share[contender.name] = [sum(r["Pss"] for r in rolled) / MIB]
        processes[contender.name] = [float(len(rolled))]
    return [
        Figure("idle, resident", "MiB", resident, most=LARGEST_MIB),
        Figure("idle, own share (PSS)", "MiB", share),
        Figure("idle, processes", "n", processes, most=1),
    ]


def rollup(pid: int) -> dict[str, int]:
    """Return the kernel's sums over a process's memory, in bytes."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        found[name.rstrip(":")] = int(value) * 1024
    return found
