"""What the doctor says of folders, limits, state folder and clock."""

import json
from dataclasses import replace
from datetime import datetime

import pytest

from upnpserver.config import Config, Library
from upnpserver.doctor import machine
from upnpserver.doctor.findings import bad, note, ok, report, report_json
from upnpserver.doctor.machine import machine_findings


@pytest.fixture
def config(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.mp3").write_bytes(b"x")
    (tmp_path / "state").mkdir()
    library = Library("Home", (tmp_path / "media",))
    return Config(libraries=(library,), state_dir=tmp_path / "state")


def found(config, **more):
    return {one.what: one for one in machine_findings(config, **more)}


def test_a_healthy_machine(config):
    findings = found(config)
    assert findings["library Home"].state == "ok"
    assert "1 files in 1 folders" in findings["library Home"].detail
    assert findings["state folder"].state == "ok"
    assert findings["clock"].state == "ok"
    assert findings["reading films (libmediainfo)"].state == "ok"
    assert findings["watching folders (inotify)"].state == "ok"


def test_files_that_may_not_be_read_are_named(config, monkeypatch):
    monkeypatch.setattr(
        machine.os, "access", lambda path, mode: "a.mp3" not in str(path)
    )
    finding = found(config)["library Home"]
    assert finding.state == "bad"
    assert "a.mp3" in finding.detail
    assert "chmod" in finding.remedy


def test_an_empty_folder_may_be_a_disk_that_is_away(config, tmp_path):
    (tmp_path / "media" / "a.mp3").unlink()
    finding = found(config)["library Home"]
    assert (finding.state, "mounted" in finding.remedy) == ("note", True)


def test_too_few_watches(config, tmp_path, monkeypatch):
    limit = tmp_path / "limit"
    limit.write_text("0\n")
    monkeypatch.setattr(machine, "_MAX_WATCHES", limit)
    finding = found(config)["watching folders (inotify)"]
    assert finding.state == "bad"
    assert "max_user_watches" in finding.remedy
    limit.write_text("nonsense")
    assert found(config)["watching folders (inotify)"].state == "note"


def test_a_state_folder_that_can_t_be_used(config, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(
            machine.os, "access", lambda path, mode: "state" not in str(path)
        )
        assert found(config)["state folder"].state == "bad"
    monkeypatch.setattr(machine, "LEAST_FREE_BYTES", 1 << 60)
    assert "MB are free" in found(config)["state folder"].detail


def test_a_clock_that_begins_in_1970(config):
    finding = found(config, now_s=lambda: 60.0)["clock"]
    assert (finding.state, "1970-01-01" in finding.detail) == ("bad", True)
    later = datetime(2030, 1, 1).timestamp()
    assert found(config, now_s=lambda: later)["clock"].state == "ok"


def test_without_ffmpeg_or_folders_there_is_a_note(config, monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    findings = found(replace(config, libraries=()))
    assert findings["converting (ffmpeg)"].state == "note"
    assert findings["folders"].state == "note"


def test_a_large_library_is_looked_at_in_part(config, monkeypatch):
    monkeypatch.setattr(machine, "MOST_LOOKED_AT", 0)
    assert found(config)["library Home"].detail.startswith("at least")


def test_what_is_wrong_comes_last_with_its_remedy():
    findings = [bad("a", "broken", "mend it"), ok("b", "fine"), note("c", "odd")]
    lines = report(findings).splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "note", "WRONG", "->"]
    assert lines[-1].endswith("mend it")
    assert json.loads(report_json(findings))[0]["remedy"] == "mend it"
