"""Fuzz parsers, guided by coverage, for a bounded time.

    python -m tests.fuzz NAME... [--seconds 60]   these, for so long each
    python -m tests.fuzz --all --seconds 120      all, for so long together

Exit with 1 if one raises what it may not, takes longer than five seconds, or more
than a GiB. Needs atheris, which the extra "test" installs.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["upnpserver", "pysubs2"]):
    from .targets import TARGETS

WORKERS = 2
FINAL_LINE = "Done "


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    names = list(TARGETS) if asked.all else asked.names
    unknown = [name for name in names if name not in TARGETS]
    if unknown or not names:
        parser.error(f"name some of: {', '.join(TARGETS)}")
    each_s = asked.seconds * WORKERS / len(names) if asked.all else asked.seconds
    with tempfile.TemporaryDirectory() as folder:
        results = fuzz_all(names, max(1, int(each_s)), Path(folder))
    print(f"{sum(results)} of {len(names)} parsers hold")
    return int(not all(results))


def fuzz_all(names: Sequence[str], seconds: int, folder: Path) -> list[bool]:
    """Fuzz each in a process of its own, some at a time; tell which hold."""
    waiting, running, results = list(names), {}, []
    while waiting or running:
        while waiting and len(running) < WORKERS:
            name = waiting.pop(0)
            room = folder / name
            room.mkdir()
            running[started(name, seconds, room)] = name, room
        pid, status = os.wait()
        name, room = running.pop(pid)
        results.append(status == 0)
        tell(name, room, is_good=status == 0)
    return results


def started(name: str, seconds: int, room: Path) -> int:
    """Fuzz one parser in a new process, which libFuzzer ends; return its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    with (room / "log").open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    target = TARGETS[name]
    seeds = room / "seeds"
    seeds.mkdir()
    for number, seed in enumerate(target.seeds):
        (seeds / str(number)).write_bytes(seed)

    def run(data: bytes) -> None:
        with contextlib.suppress(*target.allowed):
            target.run(data)

    options = [
        *(f"-max_total_time={seconds}", f"-max_len={target.max_bytes}"),
        *("-timeout=5", "-rss_limit_mb=1024", f"-artifact_prefix={room}/found-"),
    ]
    end: object = 1
    try:
        atheris.Setup([name, *options, str(seeds)], run)
        atheris.Fuzz()
        end = 0
    except SystemExit as ended:
        end = ended.code
    finally:  # never on into what the parent does after the fork
        os._exit(end if isinstance(end, int) else 0)


def tell(name: str, room: Path, *, is_good: bool) -> None:
    """Print what came of one, and the input that it did not stand."""
    said = (room / "log").read_text(errors="replace")
    if is_good:
        runs = [line for line in said.splitlines() if line.startswith(FINAL_LINE)]
        print(f"{name}: {runs[-1] if runs else 'nothing was run'}")
        return
    print(f"{name}: {said[-3000:]}")
    for path in room.glob("found-*"):
        print(f"  the input: {path.read_bytes()!r}")


if __name__ == "__main__":
    sys.exit(main())
