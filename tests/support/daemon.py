"""The real server as its owner starts it, on a host of the test network."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from support.netns import INTERFACE, Host
from support.upnp_client import Fault, MediaServer

PORT = 8200
NO_CATALOG_YET = 720  # "Cannot process the request", until the first scan began

T = TypeVar("T")


def wait_for(
    what: str,
    check: Callable[[], T | None],
    deadline_s: float = 20,
    every_s: float = 0.05,
) -> T:
    """Return the first true value of check; no connection counts as not yet."""
    end = time.monotonic() + deadline_s
    last: object = None
    while time.monotonic() < end:
        try:
            last = value = check()
        except OSError as error:
            last = error
        else:
            if value:
                return value
        time.sleep(every_s)
    raise TimeoutError(f"{what} not within {deadline_s} s; last: {last!r}")


class Daemon:
    """One running server."""

    def __init__(self, host: Host, port: int, log: Path, argv: list[str]) -> None:
        self.host, self.port, self._log = host, port, log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                host.command(*argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1", "TERM": "dumb"},
                start_new_session=True,
            )

    @property
    def state_dir(self) -> Path:
        """Its state folder, where running_daemon() has the output written too."""
        return self._log.parent

    @property
    def location(self) -> str:
        """The description's URL over IPv4."""
        return f"http://{self.host.ipv4}:{self.port}/description.xml"

    def output(self) -> str:
        """Return all that it has printed and logged so far."""
        return self._log.read_text(errors="replace")

    def seen_by(self, client: Host, deadline_s: float = 20) -> MediaServer:
        """Return the server as the client sees it, once it can be browsed."""

        def browsed() -> MediaServer | None:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"ended with {self.process.returncode}:\n{self.output()}"
                )
            server = MediaServer(client, self.location)
            try:
                server.browse("0")
            except Fault as fault:
                if fault.code != NO_CATALOG_YET:
                    raise
                return None
            return server

        return wait_for("a first Browse", browsed, deadline_s)

    def end(self, number: int = signal.SIGTERM, deadline_s: float = 5) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(deadline_s)

    def kill(self) -> None:
        """Leave no process of it behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)  # of a busy machine


@contextlib.contextmanager
def running_daemon(
    host: Host,
    state_dir: Path,
    *folders: Path,
    port: int = PORT,
    interfaces: tuple[str, ...] = (INTERFACE,),
    wrapper: tuple[str, ...] = (),
    log: str = "output.log",
    config: Path | None = None,
    state: Path | None = None,
) -> Iterator[Daemon]:
    """Serve folders from the host; see what it printed when the test fails.

    interfaces: none leaves the choice to it; wrapper: a command to run it under.
    state: the state folder, where that is not the one of the log.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    argv = [
        *(*wrapper, sys.executable, "-m", "upnpserver", "serve"),
        *(str(folder) for folder in folders),
        *("--state-dir", str(state or state_dir), "--port", str(port)),
        *(word for name in interfaces for word in ("--interface", name)),
        *(("--config", str(config)) if config else ()),
    ]
    daemon = Daemon(host, port, state_dir / log, argv)
    try:
        yield daemon
    finally:
        daemon.kill()
        print(f"--- output of {' '.join(argv)}\n{daemon.output()}")
