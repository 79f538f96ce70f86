"""upnpserver scan --problems: files that can't be read, from disk to terminal."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.hostile_media import make_hostile
from support.make_media import FIXTURES

from upnpserver.cli import commands
from upnpserver.scan import worker
from upnpserver.scan.pool import ProbePool

ODD_CHILD = (sys.executable, str(Path(__file__).with_name("odd_child.py")))
SONG = FIXTURES / "formats" / "vbr.mp3"


@pytest.fixture
def media(tmp_path):
    (tmp_path / "Media").mkdir()
    shutil.copy(SONG, tmp_path / "Media")
    return tmp_path / "Media"


@pytest.fixture
def scan(tmp_path, media):
    """Return a function: options of the command -> (exit code, lines)."""

    def scan(*options):
        arguments = ["scan", *options, "--state-dir", str(tmp_path / "state")]
        result = CliRunner().invoke(commands, [*arguments, str(media)])
        return result.exit_code, result.stdout.splitlines()

    return scan


def reasons(lines):
    """Return name -> reason of the lines that tell a problem."""
    prefix = "Media: "
    told = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
    return dict(line.split(": ", 1) for line in told)


def test_without_problems(scan):
    code, lines = scan("--problems")
    assert code == 0
    assert lines[0].startswith("1 files read, 0 gone, 0 not readable")
    assert lines[-1] == "Every file could be read."


def test_each_broken_file_is_told_with_its_reason_until_it_changes(scan, media):
    (media / "in").mkdir()
    (media / "in" / "page.mp4").write_text("<!DOCTYPE html><html></html>")
    (media / "empty.mp3").touch()
    told = [
        "Media: empty.mp3: it is empty",
        "Media: in/page.mp4: it is a web page, not media",
    ]
    code, lines = scan("--problems")
    assert (code, lines[-2:]) == (1, told)
    assert lines[0].startswith("3 files read, 0 gone, 2 not readable")

    code, lines = scan("--problems")  # told again, without being tried again
    assert (code, lines[-2:]) == (1, told)
    assert lines[0].startswith("0 files read")

    shutil.copy(SONG, media / "empty.mp3")
    os.utime(media / "in" / "page.mp4")
    code, lines = scan("--problems")
    assert (code, lines[-1:]) == (1, told[-1:])
    assert lines[0].startswith("2 files read, 0 gone, 1 not readable")

    (media / "in" / "page.mp4").unlink()
    assert scan("--problems")[0] == 0


def test_a_scan_that_lists_none_succeeds_whatever_the_files(scan, media):
    (media / "empty.mp3").touch()
    code, lines = scan()
    assert code == 0
    assert not reasons(lines)


def test_hostile_files_are_ended_and_named(scan, media):
    """Real files that nest without end, claim and refer."""
    bad = make_hostile(media) - {"pipe.mp3", "link.mp3"}  # not opened at all
    code, lines = scan("--problems")
    told = reasons(lines)
    assert code == 1
    assert set(told) == bad
    assert told["bomb.aiff"] == "needed too much memory"
    assert told["film.mp4"] == "it is a text, not media"
    assert scan("--problems")[1][0].startswith("0 files read")


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("crash", "the probe crashed"),
        ("fault", "the probe crashed"),
        ("hang", "took longer than 1 s"),
        ("memory", "needed too much memory"),
        ("recurse", "the probe crashed"),
        ("lie", "the probe gave no sensible answer"),
    ],
)
def test_a_probe_that_fails_is_ended_and_its_file_named(
    scan, media, monkeypatch, deed, reason
):
    """A parser's own faults, from which the others must not suffer."""
    monkeypatch.setattr(worker, "ProbePool", lambda: ProbePool(1, ODD_CHILD, 1.0))
    (media / SONG.name).unlink()
    for name in ("well-1.mp3", f"{deed}-2.mp3", "well-3.mp3"):
        (media / name).touch()
    code, lines = scan("--problems")
    assert code == 1
    assert lines[0].startswith("3 files read, 0 gone, 1 not readable")
    (problem,) = reasons(lines).items()
    assert problem[0] == f"{deed}-2.mp3"
    assert problem[1].startswith(reason)
    assert scan("--problems")[1][0].startswith("0 files read")


def test_a_name_can_not_control_the_terminal(scan, media):
    (media / "\x1b[2Jnew\nline.mp3").touch()
    (media / os.fsdecode(b"\xff.mp3")).touch()
    _, lines = scan("--problems")
    assert lines[-2:] == [
        "Media: \\x1b[2Jnew\\nline.mp3: it is empty",
        "Media: \\xff.mp3: it is empty",
    ]
