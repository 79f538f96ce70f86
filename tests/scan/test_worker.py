"""The scanner process as the server uses it, on real files and a real catalog."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.scanner import COMMAND

from upnpserver.catalog.reader import Reader
from upnpserver.model import Window
from upnpserver.policy import EVERYONE
from upnpserver.scan import walk
from upnpserver.scan.messages import (
    Away,
    Committed,
    Finished,
    Ready,
    Scan,
    ScanRoot,
    Trouble,
    from_line,
    to_line,
)
from upnpserver.scan.worker import scan

HOUSEHOLD = Path(__file__).parents[2] / "fixtures" / "media" / "household"
PAGE_BYTES = 4096
COVERS = 1  # opened, and no photo of its own
KINDS = ("audio", "image", "video")


@pytest.fixture
def library(tmp_path):
    shutil.copytree(HOUSEHOLD, tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def order(tmp_path, library):
    root = ScanRoot("Home", (), os.fsencode(library), KINDS)
    return Scan(os.fsencode(tmp_path / "catalog.sqlite"), (root,))


def told(order):
    heard = []
    scan(order, heard.append)
    return heard


def finished(order):
    return next(m for m in told(order) if isinstance(m, Finished))


def counts(order):
    reader = Reader(Path(os.fsdecode(order.catalog)))
    (home,) = reader.library_counts()
    reader.close()
    return home


def total(order):
    found = counts(order)
    return found.audio + found.video + found.image


def test_the_first_scan_tells_that_it_is_ready_then_what_it_found(order):
    heard = told(order)
    assert isinstance(heard[0], Ready)
    assert any(isinstance(message, Committed) for message in heard)
    assert heard[-1].read == total(order) + COVERS
    assert counts(order).audio > 0


def test_a_second_scan_opens_nothing_and_changes_nothing(order):
    told(order)
    heard = told(order)
    assert [type(message) for message in heard] == [Ready, Finished]
    assert (heard[-1].read, heard[-1].gone) == (0, 0)


def test_only_what_changed_is_read_again(order, library):
    finished(order)
    before = total(order)
    tracks = sorted(library.rglob("*.mp3"))
    tracks[0].unlink()
    os.utime(tracks[1])
    shutil.copy(tracks[1], library / "copy.mp3")
    again = finished(order)
    assert (again.read, again.gone) == (2, 1)
    assert total(order) == before


def test_a_broken_file_is_counted_and_not_tried_again(order, library):
    (library / "broken.mp3").write_bytes(b"nothing of the kind" * 50)
    assert finished(order).problems == 1
    assert counts(order).problems == 1
    assert finished(order).read == 0


def seen(order):
    """Return the ids of all objects in the catalog."""
    rows = sqlite3.connect(os.fsdecode(order.catalog))
    found = {object_id for (object_id,) in rows.execute("select object_id from object")}
    rows.close()
    return found


def troubles(heard):
    return [message.text for message in heard if isinstance(message, Trouble)]


def away(heard):
    return [message.roots for message in heard if isinstance(message, Away)]


def test_an_absent_disk_is_hidden_and_forgets_nothing(order, library):
    told(order)
    before, ids = counts(order), seen(order)
    unplugged = library.with_name("unplugged")
    library.rename(unplugged)
    for make_mount_point in (False, True):
        if make_mount_point:
            library.mkdir()
        heard = told(order)
        (trouble,) = troubles(heard)
        assert "Home" in trouble
        assert "media" not in trouble
        assert away(heard) == [(0,)]
        assert seen(order) == {"0"}
        assert total(order) == 0
    library.rmdir()
    unplugged.rename(library)
    heard = told(order)
    assert (heard[-1].read, heard[-1].gone) == (0, 0)
    assert (counts(order), seen(order)) == (before, ids)
    assert not away(heard)
    assert not troubles(heard)


def test_another_disk_at_the_path_takes_turns_with_the_first(order, library):
    told(order)
    ids = seen(order)
    first, other = library.with_name("first"), library.with_name("other")
    other.mkdir()
    shutil.copy(next(library.rglob("*.mp3")), other / "one.mp3")
    library.rename(first)
    other.rename(library)
    heard = told(order)
    assert heard[-1].read == total(order) == 1
    assert len(troubles(heard)) == 1
    library.rename(other)
    first.rename(library)
    heard = told(order)
    assert (heard[-1].read, heard[-1].gone, seen(order)) == (0, 0, ids)
    library.rename(first)
    other.rename(library)
    assert (told(order)[-1].read, total(order)) == (0, 1)


def test_all_files_of_a_disk_that_is_there_may_leave(order, library):
    told(order)
    for entry in library.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    heard = told(order)
    assert seen(order) == {"0"}
    assert not away(heard)
    assert heard[-1].gone


def test_a_disk_that_goes_in_the_middle_loses_nothing(order, library, monkeypatch):
    told(order)
    ids = seen(order)
    real = walk.compare

    def compare(*arguments, **more):
        unplugged = library.with_name("unplugged")
        if not unplugged.exists():
            library.rename(unplugged)
            library.mkdir()
        return real(*arguments, **more)

    monkeypatch.setattr(walk, "compare", compare)
    heard = told(order)
    assert (heard[-1].read, seen(order)) == (0, ids)


def test_a_damaged_catalog_is_set_aside_and_made_again(order, tmp_path):
    told(order)
    before = counts(order)
    catalog = tmp_path / "catalog.sqlite"
    content = bytearray(catalog.read_bytes())
    content[4096 : len(content) : 7] = b"x" * len(content[4096 : len(content) : 7])
    catalog.write_bytes(content)
    heard = told(order)
    assert counts(order) == before
    kept = [path.name for path in tmp_path.iterdir() if "unusable" in path.name]
    assert len(kept) == 1
    assert [m for m in heard if isinstance(m, Trouble) and kept[0] in m.text]


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b""])
def test_a_foreign_file_in_its_place_is_set_aside(order, tmp_path, content):
    catalog = tmp_path / "catalog.sqlite"
    catalog.write_bytes(content)
    told(order)
    assert total(order)
    kept = [path for path in tmp_path.iterdir() if "unusable" in path.name]
    assert [path.read_bytes() for path in kept] == [content]


def test_damage_that_a_scan_would_not_meet_is_looked_for_on_demand(order, tmp_path):
    told(order)
    before = counts(order)
    catalog = tmp_path / "catalog.sqlite"
    content = bytearray(catalog.read_bytes())
    content[-PAGE_BYTES:] = b"\xa5" * PAGE_BYTES
    catalog.write_bytes(content)
    told(replace(order, check=True))
    assert counts(order) == before
    assert [path for path in tmp_path.iterdir() if "unusable" in path.name]


def shown_in(object_id, order):
    reader = Reader(Path(os.fsdecode(order.catalog)))
    page = reader.children(object_id, Window(), (), EVERYONE)
    reader.close()
    return b"".join(entry.segments for entry in page.entries).decode()


def test_an_nfo_that_comes_later_tells_of_its_film(order, library):
    told(order)
    nfo = library / "Videos" / "Films" / "The Harbour (2019).nfo"
    nfo.write_text("<movie><title>Haven</title><director>Ada</director></movie>")
    assert finished(order).read == 1
    assert "Haven" in shown_in("video$films", order)
    nfo.unlink()
    told(order)
    assert "Haven" not in shown_in("video$films", order)


def test_a_playlist_holds_what_it_names_in_whatever_order_they_come(order, library):
    tracks = sorted(library.rglob("*.mp3"))[:2]
    away = library.parent / "away.mp3"
    tracks[0].rename(away)
    named = [str(path.relative_to(library)) for path in tracks]
    long = "\n".join(named * 2500)  # told in several packets
    (library / "Evening.m3u8").write_text(f"#EXTM3U\n{long}\nhttp://radio.example/\n")
    (library / "Radio.pls").write_text("[playlist]\nFile1=http://radio.example/\n")
    told(order)
    assert "not found: 2500; Internet addresses left out: 1" in shown_in(
        "music$playlists", order
    )
    away.rename(tracks[0])
    assert finished(order).read == 1
    shown = shown_in("music$playlists", order)
    assert "Evening" in shown
    assert "not found" not in shown
    assert counts(order).problems == 1  # the radio
    assert finished(order).read == 0


def test_the_process_answers_in_lines_and_ends(order):
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as scanner:
        scanner.stdin.write(to_line(order))
        scanner.stdin.flush()
        heard = [from_line(scanner.stdout.readline())]
        while not isinstance(heard[-1], Finished):
            heard.append(from_line(scanner.stdout.readline()))
        scanner.stdin.close()  # before the end of a scan it would stop it
        assert scanner.stdout.read() == b""
        assert scanner.wait(30) == 0
    assert isinstance(heard[0], Ready)
    assert heard[-1].read == total(order) + COVERS


@pytest.mark.parametrize(
    ("line", "code"), [(b"", 0), (b"nonsense\n", 2), (to_line(Ready()), 2)]
)
def test_without_an_order_it_ends(line, code):
    done = subprocess.run(
        [sys.executable, "-m", "upnpserver.scan.start"],
        input=line,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, b"")


def test_a_state_folder_that_is_no_folder_is_told(order, tmp_path):
    nowhere = Scan(os.fsencode(tmp_path / "none" / "catalog.sqlite"), order.roots)
    done = subprocess.run(
        [sys.executable, "-m", "upnpserver.scan.start"],
        input=to_line(nowhere),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["type"] == "Trouble"
