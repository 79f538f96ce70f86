"""Checks of this machine: folders, watches, the state folder, libraries, the clock."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from upnpserver.config import Config, Library
from upnpserver.doctor import disks
from upnpserver.doctor.findings import Finding, bad, note, ok

MOST_LOOKED_AT = 50_000  # files and folders: some seconds on a Pi
LOOKED_FOR_S = 10.0
LEAST_FREE_BYTES = 200 << 20
# The year in which this version was made: a clock before it is wrong.
MADE_IN = 2026
_MAX_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
_MOST_NAMED = 3


def machine_findings(
    config: Config, now_s: Callable[[], float] = time.time
) -> list[Finding]:
    """Look at everything but the network."""
    return [
        *_folders(config),
        _state(config.state_dir),
        _libraries(),
        _ffmpeg(),
        _clock(now_s()),
        *disks.findings(config),
    ]


def _folders(config: Config) -> Iterator[Finding]:
    if not config.libraries:
        yield note("folders", "none is named here", "name them, or use --config FILE")
        return
    end = time.monotonic() + LOOKED_FOR_S
    folders = 0
    for library in config.libraries:
        seen = _Seen(end)
        for folder in library.folders:
            seen.look(folder)
        folders += seen.folders
        yield seen.finding(library)
    yield _watches(folders)


class _Seen:
    """What one library's folders hold, as far as this user may see."""

    def __init__(self, end: float) -> None:
        self._end = end
        self.folders = self.files = 0
        self.closed: list[str] = []
        self.is_cut = False

    def look(self, top: Path) -> None:
        """Walk through a folder, within the limits."""

        def refused(error: OSError) -> None:
            self.closed.append(str(error.filename))

        for path, _, names in os.walk(top, onerror=refused):
            self.folders += 1
            for name in names:
                self.files += 1
                file = os.path.join(path, name)  # noqa: PTH118  many of them
                if not os.access(file, os.R_OK) and not os.path.islink(file):  # noqa: PTH114
                    self.closed.append(file)
            if (
                self.files + self.folders > MOST_LOOKED_AT
                or time.monotonic() > self._end
            ):
                self.is_cut = True
                return

    def finding(self, library: Library) -> Finding:
        what = f"library {library.name}"
        if self.closed:
            named = ", ".join(self.closed[:_MOST_NAMED])
            more = len(self.closed) - _MOST_NAMED
            told = f"{named} and {more} more" if more > 0 else named
            return bad(
                what,
                f"this user may not read {told}",
                "let the user that runs the server read them: chmod -R o+rX FOLDER, or"
                " add it to the group that owns them",
            )
        if not self.files:
            return note(
                what,
                "its folders are empty",
                "is a disk not mounted? what was on it is hidden until it is back",
            )
        about = "at least " if self.is_cut else ""
        return ok(
            what, f"{about}{self.files} files in {self.folders} folders, readable"
        )


def _watches(folders: int) -> Finding:
    what = "watching folders (inotify)"
    try:
        most = int(_MAX_WATCHES.read_text())
    except (OSError, ValueError):
        return note(what, "the kernel doesn't tell its limit")
    if folders > most:
        return bad(
            what,
            f"{folders} folders, and the kernel watches {most} at most: changes in the"
            " others show late",
            f"sysctl -w fs.inotify.max_user_watches={2 * folders}, and the same line in"
            " /etc/sysctl.d/90-upnpserver.conf",
        )
    return ok(what, f"{folders} of {most} possible")


def _state(folder: Path) -> Finding:
    what = "state folder"
    there = folder if folder.exists() else folder.parent
    if not os.access(there, os.W_OK | os.X_OK):
        return bad(
            what,
            f"this user may not write {folder}",
            "run this as the server's user, or choose another with --state-dir",
        )
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return bad(what, f"{folder}: {error.strerror}", "choose another: --state-dir")
    if free < LEAST_FREE_BYTES:
        return bad(
            what,
            f"only {free >> 20} MB are free on the disk of {folder}",
            "make room, or choose another with --state-dir",
        )
    return ok(what, f"{folder} can be written, {free >> 20} MB are free")


def _libraries() -> Finding:
    what = "reading films (libmediainfo)"
    try:
        from pymediainfo import MediaInfo  # noqa: PLC0415  large, and perhaps broken

        can = MediaInfo.can_parse()
    except (ImportError, OSError):
        can = False
    if can:
        return ok(what, "it is there")
    return bad(
        what,
        "the library can't be loaded: films have no duration, size or tracks",
        "apt install libmediainfo0v5, or install pymediainfo's wheel again",
    )


def _ffmpeg() -> Finding:
    what = "converting (ffmpeg)"
    path = shutil.which("ffmpeg")
    if path:
        return ok(what, path)
    return note(
        what,
        "not installed: what a device can't play isn't offered in another form",
        "apt install ffmpeg, if you miss it",
    )


def _clock(now_s: float) -> Finding:
    now = time.gmtime(max(0.0, now_s))
    told = time.strftime("%Y-%m-%d %H:%M UTC", now)
    if now.tm_year < MADE_IN:
        return bad(
            "clock",
            f"it says {told}, which is over",
            'set it: date -s "YYYY-MM-DD HH:MM", or let the router tell the time (NTP)',
        )
    return ok("clock", told)
