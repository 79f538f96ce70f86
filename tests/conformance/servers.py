"""How each server is started on the media folder, on a host of the test network.

MiniDLNA, Gerbera and Rygel are used where they are installed, each with the
settings that its manual gives for one folder and one interface.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.netns import INTERFACE, HomeNetwork, Host
from support.upnp_client import search

UUID = "4d696e69-444c-164e-9d41-0a4d000a0001"
Command = tuple[list[str], dict[str, str]]  # argv and environment


@dataclass(frozen=True, slots=True)
class Server:
    """A kind of server; command(folder, state) gives how to start it."""

    name: str
    program: str
    command: Callable[[Path, Path], Command]

    @property
    def installed(self) -> bool:
        """Tell whether it can be started here."""
        return shutil.which(self.program) is not None


def _upnpserver(folder: Path, state: Path) -> Command:
    argv = [sys.executable, "-m", "upnpserver", "serve", str(folder)]
    argv += ["--state-dir", str(state), "--interface", INTERFACE, "--port", "8200"]
    return argv, {"PYTHONUNBUFFERED": "1", "TERM": "dumb"}


def _minidlna(folder: Path, state: Path) -> Command:
    settings = state / "minidlna.conf"
    settings.write_text(
        f"media_dir={folder}\ndb_dir={state}\nlog_dir={state}\n"
        f"network_interface={INTERFACE}\nport=8200\nuuid={UUID}\n"
        "friendly_name=MiniDLNA\ninotify=no\nnotify_interval=895\n"
    )
    pid_file = str(state / "pid")
    return ["minidlnad", "-S", "-f", str(settings), "-P", pid_file], {}


def _gerbera(folder: Path, state: Path) -> Command:
    settings = state / "config.xml"
    text = Path("/etc/gerbera/config.xml").read_text()
    # Its own database, and the folder instead of the packaged paths.
    text = text.replace("<home>/var/lib/gerbera</home>", f"<home>{state}</home>")
    settings.write_text(text)
    argv = ["gerbera", "--config", str(settings), "--interface", INTERFACE]
    argv += ["--port", "49200", "--add", str(folder)]
    return argv, {"HOME": str(state)}


def _rygel(folder: Path, state: Path) -> Command:
    settings = state / "rygel.conf"
    settings.write_text(
        f"[general]\nipv6=true\nenable-transcoding=false\ninterface={INTERFACE}\n"
        "port=0\nlog-level=*:2\nallow-upload=false\nallow-deletion=false\n"
        "media-engine=librygel-media-engine-gst.so\nacl-fallback-policy=true\n"
        "[MediaExport]\nenabled=true\ntitle=Rygel\nextract-metadata=true\n"
        f"uris={folder}\nmonitor-changes=false\nvirtual-folders=true\n"
        "[Tracker3]\nenabled=false\n[Tracker]\nenabled=false\n"
        "[Playbin]\nenabled=false\n[MPRIS]\nenabled=false\n"
    )
    argv = ["dbus-run-session", "--", "rygel"]
    homes = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    places = {name: str(state) for name in homes}
    runtime = {"XDG_RUNTIME_DIR": str(state), "GIO_USE_VFS": "local"}
    return argv, places | runtime


OURS = Server("upnpserver", sys.executable, _upnpserver)
SERVERS = (
    OURS,
    Server("MiniDLNA", "minidlnad", _minidlna),
    Server("Gerbera", "gerbera", _gerbera),
    Server("Rygel", "rygel", _rygel),
)


class Running:
    """One started server."""

    def __init__(self, server: Server, host: Host, folder: Path, state: Path) -> None:
        self.server, self._host, self._state = server, host, state
        argv, environment = server.command(folder, state)
        self.log = state / "output.log"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                host.command(*argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | environment,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Tell whether it still runs."""
        return self.process.poll() is None

    def location(self, client: Host, deadline_s: float = 30) -> str:
        """Return the LOCATION that the server answers a search with."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            if not self.alive:
                raise RuntimeError(f"{self.server.name} ended:\n{self.output()}")
            for answer in search(client, wait_s=1.5, wanted=1):
                return answer["LOCATION"]
        raise TimeoutError(f"{self.server.name} does not answer:\n{self.output()}")

    def output(self) -> str:
        """Return the end of what it printed."""
        return self.log.read_text(errors="replace")[-3000:]

    def end(self, deadline_s: float = 8) -> int | None:
        """Ask it to end by SIGTERM; None when it does not in time."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            return self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """Leave none of its processes behind."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(5)

    def _pids(self) -> list[int]:
        """Return the processes that run on the server's host."""
        listed = subprocess.run(
            ["ip", "netns", "pids", self._host.namespace],
            capture_output=True,
            text=True,
            check=False,
        )
        return [int(pid) for pid in listed.stdout.split()]


@contextlib.contextmanager
def running(
    server: Server, network: HomeNetwork, folder: Path, state: Path
) -> Iterator[Running]:
    """Run a server while the block lasts."""
    state.mkdir(parents=True, exist_ok=True)
    started = Running(server, network.server, folder, state)
    try:
        yield started
    finally:
        started.kill()
