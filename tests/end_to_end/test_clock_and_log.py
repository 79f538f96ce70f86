"""A clock that jumps, and a log that tells nobody's titles: with the real daemon.

Source: security.md requirement 33; the household's privacy.
"""

import os
import time
from pathlib import Path

import pytest
from support.daemon import running_daemon, wait_for
from support.hostile_media import FORMATS
from support.make_media import FIXTURES
from support.upnp_client import Fault, fetch

pytestmark = pytest.mark.end_to_end

CONTENT_DIRECTORY = "urn:schemas-upnp-org:service:ContentDirectory:1"
LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
TELLTALE = "Zaubertrank"


def song():
    return next((FIXTURES / "household").rglob("*.mp3")).read_bytes()


def put(folder, name, content):
    """Write a file of its own, complete from the beginning."""
    unfinished = folder / ".unfinished"
    unfinished.write_bytes(content + name.encode())
    unfinished.rename(folder / name)


def count(server):
    try:
        return server.browse("music$all", count=1).total
    except Fault:  # nothing is there yet
        return 0


class Clock:
    """The wall clock of one process and its children, which can be set."""

    def __init__(self, file: Path):
        self._file = file
        self.set("+0")

    def set(self, offset: str):
        """Jump; offset: as libfaketime has it, "-5y" or "+1y"."""
        new = self._file.with_suffix(".new")
        new.write_text(offset)
        new.replace(self._file)

    @property
    def wrapper(self):
        """What a program is started under to live by it."""
        return (
            "env",
            f"LD_PRELOAD={LIBRARY}",
            f"FAKETIME_TIMESTAMP_FILE={self._file}",
            "FAKETIME_NO_CACHE=1",
            # As in the kernel, where only the wall clock is set.
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "NO_FAKE_STAT=1",
        )


@pytest.mark.parametrize("jumps", [("-6y", "+0"), ("+1y", "-1y")])
def test_a_clock_that_jumps_changes_nothing(home, tmp_path, jumps):
    assert LIBRARY, "tests/run installs faketime"
    media = tmp_path / "media"
    media.mkdir()
    put(media, "first.mp3", song())
    clock = Clock(tmp_path / "clock")
    with running_daemon(
        home.server, tmp_path / "state", media, wrapper=clock.wrapper
    ) as daemon:
        server = daemon.seen_by(home.client)
        wait_for("the library", lambda: count(server) == 1)
        event_url = server.service(CONTENT_DIRECTORY, "eventSubURL")
        callback = f"<http://{home.client.ipv4}:9/>"
        told = fetch(
            home.client,
            event_url,
            "SUBSCRIBE",
            {"CALLBACK": callback, "NT": "upnp:event", "TIMEOUT": "Second-300"},
        )
        sid = told.header("SID")
        assert told.status == 200
        for number, jump in enumerate(jumps, 2):
            year = time.gmtime().tm_year + int(jump.strip("y"))
            clock.set(jump)
            date = fetch(home.client, daemon.location).header("Date")
            assert str(year) in date, "the clock did not jump"
            begun = time.monotonic()
            assert count(server) == number - 1
            put(media, f"{number}.mp3", song())
            wait_for("the new file", lambda n=number: count(server) == n, deadline_s=30)
            assert time.monotonic() - begun < 25  # and not a year
            renewed = fetch(home.client, event_url, "SUBSCRIBE", {"SID": sid})
            assert renewed.status == 200, "a lease follows the wall clock"
        assert daemon.process.poll() is None
        assert "Traceback" not in daemon.output()
        assert daemon.end() == 0


def telltale_library(folder):
    """Make files whose names, tags and content tell something private."""
    room = folder / f"{TELLTALE} Ordner"
    room.mkdir(parents=True)
    put(room, f"{TELLTALE} Lied.mp3", song())
    (room / f"{TELLTALE} Film.mp4").write_bytes(
        next((FIXTURES / "household").rglob("*.mp4")).read_bytes()
    )
    (room / f"{TELLTALE} Film.nfo").write_text(
        f"<movie><title>{TELLTALE} Titel</title></movie>"
    )
    (room / f"{TELLTALE} kaputt.flac").write_bytes(b"fLaC" + os.urandom(64))
    (room / f"{TELLTALE} kaputt.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + os.urandom(64))
    (room / f"{TELLTALE} kaputt.jpg").write_bytes(b"\xff\xd8\xff" + os.urandom(64))
    (room / f"{TELLTALE}.m3u").write_text(f"{TELLTALE} Lied.mp3\nhttp://x.invalid/a\n")
    (room / f"{TELLTALE} Bild.png").write_bytes((FORMATS / "alpha.png").read_bytes())
    os.mkfifo(room / f"{TELLTALE} fifo.mp3")
    (room / f"{TELLTALE} link.mp3").symlink_to("/etc/hostname")


@pytest.mark.parametrize("level", ["info", "debug"])
def test_the_log_tells_no_titles_and_paths(home, tmp_path, level):
    media = tmp_path / "media"
    telltale_library(media)
    config = tmp_path / "upnpserver.toml"
    config.write_text(f'log_level = "{level}"\n')
    with running_daemon(
        home.server, tmp_path / "state", media, config=config
    ) as daemon:
        server = daemon.seen_by(home.client)
        wait_for("the scan", lambda: "scan:" in daemon.output())
        base = f"http://{home.server.ipv4}:{daemon.port}"
        for one in server.walk():
            for resource in one.resources:
                fetch(home.client, resource.url)
                fetch(home.client, resource.url, headers={"Range": "bytes=9999999-"})
        for path in (
            f"/media/{TELLTALE}.mp3",
            f"/search?q={TELLTALE}",
            f"/browse/{TELLTALE}",
            f"/{TELLTALE}",
        ):
            fetch(home.client, base + path)
        with pytest.raises(Fault):
            server.browse(TELLTALE)
        # What is being sent vanishes, and what is there breaks.
        song_file = next(media.rglob("* Lied.mp3"))
        song_file.write_bytes(b"ID3" + os.urandom(100))
        wait_for("the next look", lambda: count(server) == 0, deadline_s=15)
        (media / f"{TELLTALE} Ordner").rename(media / f"{TELLTALE} anders")
        wait_for(
            "the move",
            lambda: any("anders" in one.title for one in server.walk()),
            deadline_s=15,
        )
        assert daemon.end() == 0
        said = daemon.output()
    assert "Traceback" not in said
    if level == "info":
        assert TELLTALE not in said
        assert str(media) not in said
    else:
        assert "debug" in said
