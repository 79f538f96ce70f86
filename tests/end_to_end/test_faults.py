"""Bad luck, with the real daemon: a full disk, a read-only one, much deleted at once.

Source: security.md requirements 29 to 31 and 33.
"""

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES
from support.upnp_client import Fault

from upnpserver.net.steady import SteadyReactor

pytestmark = pytest.mark.end_to_end

MANY = 5000
STATE_KB = 8000


def song():
    return next((FIXTURES / "household").rglob("*.mp3")).read_bytes()


def put(folder, number, content):
    """Write a song of its own, complete from the beginning."""
    unfinished = folder / f".{number}"
    unfinished.write_bytes(content[:-8] + f"{number:08}".encode())
    unfinished.rename(folder / f"{number}.mp3")


@contextlib.contextmanager
def small_disk(folder: Path):
    """Mount a disk of a few megabytes at a folder."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={STATE_KB}k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root mounts disks")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def count(server, object_id="music$all"):
    try:
        return server.browse(object_id, count=1).total
    except Fault:  # nothing is there yet
        return 0


def test_a_full_state_folder_is_told_and_goes_on_when_there_is_room(home, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    content = song()
    for number in range(3):
        put(media, number, content)
    with (
        small_disk(tmp_path / "small") as small,
        running_daemon(home.server, tmp_path / "log", media, state=small) as daemon,
    ):
        server = daemon.seen_by(home.client)
        wait_for("the library", lambda: count(server) == 3)
        filler = small / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as opened:
            while True:
                opened.write(bytes(4096))
        for number in range(3, 60):
            put(media, number, content)
        wait_for("a line about it", lambda: "full" in daemon.output())
        assert count(server) == 3  # what is catalogued is served
        filler.unlink()
        wait_for("the rest", lambda: count(server) == 60, deadline_s=60)
        assert daemon.process.poll() is None


def test_a_read_only_state_folder_serves_what_is_catalogued(home, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    put(media, 1, song())
    with small_disk(tmp_path / "small") as small:
        with running_daemon(
            home.server, tmp_path / "log", media, state=small
        ) as daemon:
            server = daemon.seen_by(home.client)
            wait_for("the library", lambda: count(server) == 1)
            assert daemon.end() == 0
        again = ["mount", "-o", "remount,ro", str(small)]
        subprocess.run(again, check=True)
        with running_daemon(
            home.server, tmp_path / "log", media, state=small
        ) as daemon:
            server = daemon.seen_by(home.client)
            assert count(server) == 1
            put(media, 2, song())
            wait_for("a line about it", lambda: "cannot be written" in daemon.output())
            assert count(server) == 1
            assert daemon.process.poll() is None


def test_five_thousand_files_deleted_at_once(home, tmp_path):
    media = tmp_path / "media"
    content = song()
    for number in range(MANY):
        folder = media / f"{number // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        put(folder, number, content)
    with running_daemon(home.server, tmp_path / "state", media) as daemon:
        server = daemon.seen_by(home.client)
        wait_for("the library", lambda: count(server) == MANY, deadline_s=120)
        for folder in media.iterdir():
            if folder.name != "7":
                shutil.rmtree(folder)
        slowest = 0.0

        def is_right():
            nonlocal slowest
            begun = time.monotonic()
            left = count(server)
            slowest = max(slowest, time.monotonic() - begun)
            return left == 100

        wait_for("the catalog to be right", is_right, deadline_s=60)
        assert slowest < 1.0


def test_timers_do_not_follow_the_wall_clock():
    """A Pi without a battery learns the time later: by years."""
    assert SteadyReactor.seconds is time.monotonic
