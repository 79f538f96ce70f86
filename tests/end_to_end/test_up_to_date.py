"""What happens in the library's folders shows at once, and never half."""

import itertools
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.daemon import running_daemon, wait_for
from support.upnp_client import Fault

pytestmark = pytest.mark.end_to_end

PICTURES = Path(__file__).parents[2] / "fixtures" / "media" / "household" / "Photos"
PICTURE = next(iter(sorted(PICTURES.rglob("*.jpg")))).read_bytes()
SONG = next(iter(sorted(PICTURES.parent.rglob("*.mp3"))))
SHOWN_WITHIN_S = 2.0
NO_SUCH_OBJECT = 701
_number = itertools.count()


def picture():
    """Return a picture that is like no other."""
    return PICTURE + f"picture {next(_number)}".encode()


class Library:
    """A served folder and what a control point sees of it: title -> object id."""

    def __init__(self, folder, server, daemon):
        self.folder, self.server, self.daemon = folder, server, daemon

    def shown(self):
        try:
            found = list(self.server.children("picture$all"))
        except Fault as fault:
            if fault.code != NO_SUCH_OBJECT:
                raise
            return {}
        return {item.title: item.object_id for item in found}

    def shows(self, *titles, within_s=SHOWN_WITHIN_S):
        """Wait until exactly these are shown; return the seconds and the ids."""
        began = time.monotonic()

        def right():
            shown = self.shown()
            return [shown] if shown.keys() == set(titles) else None

        [ids] = wait_for(f"{titles}", right, within_s, every_s=0.01)
        return time.monotonic() - began, ids

    def put(self, path):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture())
        return file

    def scanner(self):
        """Return the scanner's process id, None if there is none."""
        children = Path(f"/proc/{self.daemon.process.pid}/task").glob("*/children")
        found = " ".join(file.read_text() for file in children).split()
        for pid in map(int, found):
            argv = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"upnpserver.scan.start" in argv:
                return pid
            inner = Path(f"/proc/{pid}/task/{pid}/children")
            found.extend(inner.read_text().split() if inner.exists() else [])
        return None


@pytest.fixture
def library(home, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "first.jpg").write_bytes(picture())
    with running_daemon(home.server, tmp_path / "state", folder) as daemon:
        server = daemon.seen_by(home.client)
        served = Library(folder, server, daemon)
        served.shows("first", within_s=20)
        yield served
        assert daemon.end() == 0
        assert "Traceback" not in daemon.output()
        assert not re.search(r"\[(error|critical)\]", daemon.output())


def test_a_file_that_comes_changes_and_leaves(library):
    library.put("second.jpg")
    seconds, before = library.shows("first", "second")
    print(f"live scanner: {seconds:.3f} s")
    library.put("second.jpg")
    changed = wait_for(
        "other content",
        lambda: library.shown().get("second") not in (None, before["second"]),
        SHOWN_WITHIN_S,
    )
    assert changed
    (library.folder / "second.jpg").unlink()
    library.shows("first")


MANAGER = "urn:schemas-upnp-org:service:ConnectionManager:1"


def test_what_can_be_sent_follows_the_library(library):
    def sources():
        return library.server.call("GetProtocolInfo", MANAGER)["Source"]

    wait_for("pictures only", lambda: "audio/mpeg" not in sources())
    assert "http-get:*:image/jpeg:DLNA.ORG_PN=JPEG_TN" in sources().split(",")
    song = library.folder / "song.mp3"
    song.write_bytes(SONG.read_bytes())
    wait_for("music too", lambda: "audio/mpeg" in sources())
    assert "video/" not in sources()
    song.unlink()
    wait_for("pictures only", lambda: "audio/mpeg" not in sources())


def test_a_scanner_that_had_to_be_started_first(library):
    wait_for("the end of the scanner", lambda: library.scanner() is None, 15)
    library.put("second.jpg")
    seconds, _ = library.shows("first", "second")
    print(f"cold scanner: {seconds:.3f} s")


def test_a_copy_in_progress_is_not_shown(library):
    content = picture()
    with (library.folder / "slow.jpg").open("wb") as copy:
        for part in range(4):
            copy.write(content[part * len(content) // 4 :][: len(content) // 4])
            copy.flush()
            library.put(f"beside {part}.jpg")
            library.shows("first", *(f"beside {n}" for n in range(part + 1)))
            time.sleep(1.2)
            assert "slow" not in library.shown()
        copy.write(content[len(content) // 4 * 4 :])
    library.shows("first", "slow", *(f"beside {n}" for n in range(4)))


def test_a_download_that_is_renamed_when_complete(library):
    part = library.put("film.jpg.part")
    library.put("other.jpg")
    library.shows("first", "other")
    part.rename(library.folder / "film.jpg")
    library.shows("first", "other", "film")


def test_a_rename_keeps_the_id_and_is_one_step(library):
    _, before = library.shows("first")
    (library.folder / "first.jpg").rename(library.folder / "renamed.jpg")
    end = time.monotonic() + SHOWN_WITHIN_S
    while "renamed" not in (shown := library.shown()):
        assert shown == before
        assert time.monotonic() < end
    assert shown == {"renamed": before["first"]}


def test_whole_folders_that_come_move_and_leave(library, tmp_path):
    outside = tmp_path / "outside"
    for name in ("a/1.jpg", "a/b/2.jpg", "a/b/c/3.jpg"):
        (outside / name).parent.mkdir(parents=True, exist_ok=True)
        (outside / name).write_bytes(picture())
        os.utime(outside / name, (1e9, 1e9 + len(name)))
    (outside / "a").rename(library.folder / "in")
    _, before = library.shows("first", "1", "2", "3")
    (library.folder / "in").rename(library.folder / "moved")
    end = time.monotonic() + SHOWN_WITHIN_S / 2
    while time.monotonic() < end:
        assert library.shown() == before
    library.put("moved/b/c/4.jpg")  # it is watched where it is now
    library.shows("first", "1", "2", "3", "4")
    (library.folder / "moved/b").rename(tmp_path / "away")
    library.shows("first", "1")
    (tmp_path / "away/c/5.jpg").write_bytes(picture())  # and not any more
    (library.folder / "moved").rename(tmp_path / "gone")
    library.shows("first")


def test_a_folder_made_by_hand_and_filled(library):
    for number in range(20):
        library.put(f"new/{number % 3}/{number}.jpg")
    library.shows("first", *map(str, range(20)))


def test_a_folder_that_is_renamed_and_comes_back(library, tmp_path):
    library.put("in/second.jpg")
    _, before = library.shows("first", "second")
    away = tmp_path / "away"
    library.folder.rename(away)
    library.shows()
    assert library.daemon.output().count("is not there") == 1
    away.rename(library.folder)
    _, after = library.shows("first", "second", within_s=5)
    assert after == before
    library.put("in/third.jpg")
    library.shows("first", "second", "third")


def in_mounts_of(daemon, *argv):
    subprocess.run(
        ["nsenter", f"--mount=/proc/{daemon.process.pid}/ns/mnt", *argv], check=True
    )


def test_another_disk_over_the_folder(library, tmp_path):
    """A mount hides what is below it: other files, then the first ones again."""
    _, before = library.shows("first")
    other = tmp_path / "other disk"
    other.mkdir()
    (other / "second.jpg").write_bytes(picture())
    os.utime(other / "second.jpg", (1e9, 1e9))
    empty = tmp_path / "empty"
    empty.mkdir()
    for disk, titles in ((other, ["second"]), (empty, []), (other, ["second"])):
        in_mounts_of(library.daemon, "mount", "--bind", disk, library.folder)
        library.shows(*titles)
        in_mounts_of(library.daemon, "umount", library.folder)
        _, after = library.shows("first")
        assert after == before


def test_a_scanner_that_is_killed_in_the_middle(library):
    for number in range(200):
        library.put(f"many/{number}.jpg")
    pid = wait_for("a scanner", library.scanner, 5, every_s=0.001)
    os.kill(pid, signal.SIGKILL)
    library.put("after.jpg")
    library.shows("first", "after", *map(str, range(200)), within_s=15)


# Of the user namespace: fs.inotify.max_user_watches would be the whole machine's.
FEW_WATCHES = 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"'


def test_more_folders_than_may_be_watched(home, tmp_path):
    """Looked at now and then, with one line that says what to do."""
    folder = tmp_path / "media"
    for number in range(5):
        (folder / f"{number}").mkdir(parents=True)
        (folder / f"{number}" / f"old {number}.jpg").write_bytes(picture())
    wrapper = ("unshare", "--user", "--map-root-user", "sh", "-c", FEW_WATCHES, "sh")
    with running_daemon(
        home.server, tmp_path / "state", folder, wrapper=wrapper
    ) as daemon:
        library = Library(folder, daemon.seen_by(home.client), daemon)
        titles = [f"old {number}" for number in range(5)]
        library.shows(*titles, within_s=20)
        library.put("4/new.jpg")
        library.put("5/deeper/6.jpg")
        library.shows(*titles, "new", "6", within_s=15)
        assert daemon.output().count("fs.inotify.max_user_watches=") == 1
