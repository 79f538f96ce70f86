"""A real systemd, in namespaces of its own, on a host of the test network.

It runs nothing but the unit under test, and all that it writes is gone with
it: /run, /tmp, /etc and /var are laid over with memory. What a service that
sees no home folder could not reach (interpreter, packages, this checkout, the
media) is mounted below /run/stage.

Needs root, systemd, and a kernel with the second control-group hierarchy and
overlay mounts; without them the test skips.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.daemon import wait_for
from support.netns import Host

SYSTEMD = Path("/lib/systemd/systemd")
STAGE = Path("/run/stage")
_REPOSITORY = Path(__file__).parents[2]

_BOOT = r"""
set -e
mount --make-rprivate /
mkdir -p "$OUT/run" && mount -t tmpfs tmpfs "$OUT/run"
for pair in $STAGED; do
    mkdir -p "$OUT/run/stage/${pair%%=*}"
    mount --bind "${pair#*=}" "$OUT/run/stage/${pair%%=*}"
done
for name in etc var; do
    over="$OUT/run/over/$name"
    mkdir -p "$over/upper" "$over/work"
    mount -t overlay overlay "/$name" \
        -o "lowerdir=/$name,upperdir=$over/upper,workdir=$over/work"
done
mount --no-mtab --move "$OUT/run" /run
mount -t tmpfs tmpfs /tmp
mount -t proc proc /proc
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /etc/upnpserver
cp /run/stage/units/upnpserver.toml /etc/upnpserver/
exec env -i PATH="$PATH" container=lxc SYSTEMD_UNIT_PATH=/run/stage/units \
    "$SYSTEMD" --system --unit=test.target --log-target=console --show-status=no
"""


@dataclass(frozen=True, slots=True)
class SystemdHost:
    """The running systemd; log is what it says itself."""

    pid: int
    log: Path
    output: Path

    def systemctl(self, *words: str) -> str:
        """Run systemctl as its administrator; return what it prints."""
        done = subprocess.run(
            [
                "nsenter",
                f"--target={self.pid}",
                "--mount",
                "--pid",
                "systemctl",
                *words,
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise OSError(f"systemctl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def show(self, unit: str, what: str) -> str:
        """Return one property of a unit."""
        return self.systemctl("show", unit, f"--property={what}", "--value").strip()


def staged_python() -> dict[str, str]:
    """Return the environment in which a staged interpreter finds everything."""
    return {
        "PYTHONPATH": f"{STAGE}/repository:{STAGE}/packages",
        "LD_LIBRARY_PATH": f"{STAGE}/python/lib",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def staged_interpreter() -> str:
    """Return the staged interpreter's path."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return f"{STAGE}/python/bin/{version}"


@contextlib.contextmanager
def systemd_host(
    host: Host, folder: Path, units: Mapping[str, str], media: Path
) -> Iterator[SystemdHost]:
    """Boot systemd on the host with these files as its only units.

    units: file name -> text; what test.target wants is started. folder: an
    empty one, for its logs.
    """
    _require()
    for name in ("units", "output", "boot"):
        (folder / name).mkdir()
    for name, text in units.items():
        path = folder / "units" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    staged = {
        "units": folder / "units",
        "output": folder / "output",
        "python": Path(sys.base_prefix),
        "packages": Path(sysconfig.get_path("platlib")),
        "repository": _REPOSITORY,
        "media": media,
    }
    log = folder / "systemd.log"
    with _control_group() as group, log.open("wb") as console:
        process = subprocess.Popen(
            [
                *("/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"'),
                str(group),
                *host.command("unshare", "--mount", "--pid", "--fork", "--kill-child"),
                *("--cgroup", "--ipc", "--uts", "/bin/sh", "-c", _BOOT),
            ],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env={
                "PATH": os.environ["PATH"],
                "OUT": str(folder / "boot"),
                "STAGED": " ".join(f"{name}={path}" for name, path in staged.items()),
                "SYSTEMD": str(SYSTEMD),
            },
        )
        try:
            pid = wait_for("systemd", lambda: _child_of(process))
            yield SystemdHost(pid, log, folder / "output")
            os.kill(pid, signal.SIGKILL)  # the namespace's init: all in it end
            process.wait(10)
        finally:
            process.kill()
            process.wait()
            print(f"--- systemd\n{log.read_text(errors='replace')}")


def _require() -> None:
    if os.geteuid() != 0:
        pytest.skip("systemd in namespaces needs root")
    if not SYSTEMD.exists():
        pytest.skip("systemd is not installed")
    for program in ("unshare", "nsenter", "systemctl"):
        if shutil.which(program) is None:
            pytest.skip(f"systemd in namespaces needs the program {program}")


@contextlib.contextmanager
def _control_group() -> Iterator[Path]:
    """Make a control group, so that systemd's own are below it; remove all."""
    mounts = [
        line.split() for line in Path("/proc/self/mounts").read_text().splitlines()
    ]
    found = [Path(where) for _, where, kind, *_ in mounts if kind == "cgroup2"]
    if not found:
        pytest.skip("no second control-group hierarchy is mounted")
    group = found[0] / f"upnp-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made: {error.strerror}")
    try:
        yield group
    finally:
        wait_for("an empty control group", lambda: _removed(group))


def _removed(group: Path) -> bool:
    below = sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True)
    for path in (*below, group):
        path.rmdir()  # OSError while a killed process is not gone yet
    return True


def _child_of(process: subprocess.Popen[bytes]) -> int | None:
    """Return the process that became systemd."""
    if process.poll() is not None:
        raise RuntimeError("systemd did not start")
    listing = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    for child in listing.split():
        if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
            return int(child)
    return None
