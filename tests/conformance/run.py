"""Run every check against one or more servers, and tell what came out."""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.netns import HomeNetwork, home_network

import conformance.groups  # noqa: F401 (registers the checks)
from conformance import report
from conformance.checks import ALL, Check, Failed, NotOffered, When
from conformance.library import MediaFolder, make_folder
from conformance.listening import Recorder
from conformance.servers import OURS, SERVERS, Running, Server, running
from conformance.subject import Subject

SCAN_DEADLINE_S = 90


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check: "passed", "failed" or "not offered"."""

    check: Check
    outcome: str
    reason: str = ""


def run_check(check: Check, server: Subject) -> Result:
    """Run one check; whatever it raises is a result."""
    try:
        check.run(server)
    except NotOffered as error:
        return Result(check, "not offered", str(error))
    except Failed as error:
        return Result(check, "failed", str(error))
    except Exception as error:  # an odd server must not end the run
        return Result(check, "failed", f"{type(error).__name__}: {error}")
    return Result(check, "passed")


class Examination:
    """One server, examined from its first packet to its last."""

    def __init__(
        self, server: Server, network: HomeNetwork, folder: MediaFolder, state: Path
    ) -> None:
        self._server, self._network = server, network
        self._folder, self._state = folder, state
        self.heard = Recorder(network.client)
        self._lives = contextlib.ExitStack()
        self._running: Running
        self.subject: Subject

    def __enter__(self) -> "Examination":
        self.subject = self._start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._lives.close()
        self.heard.close()

    def _start(self) -> Subject:
        self._running = self._lives.enter_context(
            running(self._server, self._network, self._folder.path, self._state)
        )
        location = self._running.location(self._network.client)
        subject = Subject(self._network, location, self._folder, self.heard)
        wait_for_scan(subject)
        return subject

    def run(self, check: Check) -> Result:
        """Run a check at its time, and start the server again if that ended it."""
        self._be_ready(check.when)
        result = run_check(check, self.subject)
        if check.when != When.RUNNING or self._still_runs(result):
            return result
        self._running.kill()
        self.subject = self._start()
        return Result(check, "failed", f"the server ended; {result.reason}")

    def _be_ready(self, when: When) -> None:
        """End the server, or start it again, when the check is about that."""
        if when == When.RUNNING:
            return
        if self.subject.ended_at_s == float("inf"):
            with contextlib.suppress(Failed, OSError):
                # Remembered, as what the successor is held to.
                _ = self.subject.device, self.subject.tree, self.subject.update_id
            self._end()
        if when == When.AGAIN and self.subject.successor is None:
            self.subject.successor = self._start()

    def _still_runs(self, result: Result) -> bool:
        if "Connection refused" in result.reason:
            time.sleep(2)  # for the program that started it to see its end
        return self._running.alive

    def _end(self) -> None:
        """Ask the server to end, and hear its last words."""
        asked = self.subject.ended_at_s = time.monotonic()
        if self._running.end() is not None:
            self.subject.ended_in_s = time.monotonic() - asked
        time.sleep(0.5)


def wait_for_scan(server: Subject) -> None:
    """Wait until every media file is listed, or the number stays the same."""
    wanted = {known.size for known in server.folder.files}
    end, last, same_since = time.monotonic() + SCAN_DEADLINE_S, -1, time.monotonic()
    while time.monotonic() < end:
        count = -1
        with contextlib.suppress(Failed, OSError):
            sizes = {node.size for node in server.walk().items}
            if wanted <= sizes:
                return
            count = len(sizes)
        if count != last:
            last, same_since = count, time.monotonic()
        if time.monotonic() - same_since > 8 and last > 0:
            return
        time.sleep(0.5)


def examine(
    server: Server,
    checks: Sequence[Check],
    told: Callable[[Result], None] = lambda _result: None,
) -> list[Result]:
    """Run checks against a fresh instance of a server."""
    results = []
    with (
        home_network() as network,
        tempfile.TemporaryDirectory(prefix="conformance-") as scratch,
    ):
        folder = make_folder(Path(scratch, "media"))
        with Examination(server, network, folder, Path(scratch, "state")) as life:
            for check in in_order(checks):
                results.append(life.run(check))
                told(results[-1])
    return results


def in_order(checks: Sequence[Check]) -> list[Check]:
    """Return the checks of the running server, of its end, of its next start."""
    return [check for when in When for check in checks if check.when == when]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a program; 1 if a check of our own server failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = [server.name for server in SERVERS]
    parser.add_argument("--only", action="append", choices=names)
    parser.add_argument("--group", default="", help="groups whose name has this")
    parser.add_argument("--check", default="", help="checks whose id has this")
    parser.add_argument("--verbose", action="store_true", help="tell each result")
    options = parser.parse_args(arguments)
    checks = [
        check
        for check in ALL
        if options.group.lower() in check.group.lower()
        and options.check in check.identity
    ]
    results: dict[str, list[Result]] = {}
    for server in SERVERS:
        if server.installed and server.name in (options.only or names):
            told = report.told(server.name) if options.verbose else lambda _r: None
            results[server.name] = examine(server, checks, told)
    print(report.table(results))
    print(report.failures(results))
    return int(any(r.outcome == "failed" for r in results.get(OURS.name, [])))
