"""The state folder: who holds it, and what it remembers."""

import errno
import os
import re
import stat
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upnpserver import state
from upnpserver.errors import StateFolderError
from upnpserver.state import State

UUID_4 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "state"


def message_of(call, *arguments):
    with pytest.raises(StateFolderError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_makes_a_folder_for_the_owner_alone(folder):
    with State.open(folder) as opened:
        opened.uuid()
        opened.remember_port(8200)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(file.name for file in folder.iterdir()) == ["lock", "port", "uuid"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_the_uuid_is_made_once(folder):
    with State.open(folder) as opened:
        first = opened.uuid()
    with State.open(folder) as opened:
        again = opened.uuid()
    assert UUID_4.fullmatch(first)
    assert again == first


def test_two_servers_are_two(tmp_path):
    with State.open(tmp_path / "a") as one, State.open(tmp_path / "b") as two:
        assert one.uuid() != two.uuid()


@pytest.mark.parametrize("content", ["", "x", "1234", "0" * 36, "A" * 200, "\xff"])
def test_a_broken_uuid_is_never_replaced(folder, content):
    with State.open(folder) as opened:
        (folder / "uuid").write_text(content, encoding="latin-1")
        message = message_of(opened.uuid)
    assert str(folder / "uuid") in message
    assert "delete it to appear as a new server" in message
    assert (folder / "uuid").read_text(encoding="latin-1") == content


def test_the_port_is_remembered(folder):
    with State.open(folder) as opened:
        assert opened.port() is None
        opened.remember_port(8201)
    with State.open(folder) as opened:
        assert opened.port() == 8201


def test_the_same_port_is_not_written_again(folder):
    with State.open(folder) as opened:
        opened.remember_port(8201)
        before = (folder / "port").stat()
        opened.remember_port(8201)
        assert (folder / "port").stat().st_ino == before.st_ino


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100))
def test_any_port_file_gives_a_port_or_none(tmp_path, content):
    with State.open(tmp_path) as opened:
        (tmp_path / "port").write_bytes(content)
        port = opened.port()
    assert port is None or 1 <= port <= 65535


def test_one_folder_serves_one_process(folder):
    with State.open(folder):
        message = message_of(State.open, folder)
    assert str(folder) in message
    assert f"process {os.getpid()}" in message
    assert "--state-dir" in message
    State.open(folder).close()


def test_the_name_of_an_earlier_holder_is_gone(folder):
    folder.mkdir(parents=True)
    (folder / "lock").write_text("123456789012\n")
    with State.open(folder):
        assert f"process {os.getpid()}:" in message_of(State.open, folder)


def test_the_lock_ends_with_its_process(folder):
    code = "import sys, pathlib; from upnpserver.state import State; s = State.open("
    code += "pathlib.Path(sys.argv[1])); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        assert f"process {holder.pid}" in message_of(State.open, folder)
        holder.kill()
    State.open(folder).close()


def test_a_child_does_not_inherit_the_lock(folder):
    opened = State.open(folder)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with child:
        opened.close()
        State.open(folder).close()
        child.communicate(b"\n")


def test_a_file_is_no_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    message = message_of(State.open, file)
    assert str(file) in message
    assert "--state-dir" in message


def read_only(monkeypatch, error=errno.EROFS):
    """Let each attempt to write below fail, as on a read-only mount."""
    plain = os.open

    def refuse(path, flags, mode=0o777, **more):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(error, os.strerror(error))
        return plain(path, flags, mode, **more)

    monkeypatch.setattr(state.os, "open", refuse)


@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES])
def test_a_known_folder_is_used_though_read_only(folder, monkeypatch, error):
    with State.open(folder) as opened:
        uuid = opened.uuid()
        opened.remember_port(8201)
        assert opened.writable
    read_only(monkeypatch, error)
    with State.open(folder) as opened:
        assert not opened.writable
        assert opened.uuid() == uuid
        opened.remember_port(9000)
        assert opened.port() == 8201
        assert f"process {os.getpid()}" in message_of(State.open, folder)


def test_a_new_folder_must_be_writable(folder, monkeypatch):
    folder.mkdir(parents=True)
    read_only(monkeypatch)
    message = message_of(State.open, folder)
    assert "Read-only file system" in message
    assert str(folder) in message
    assert "--state-dir" in message


def test_a_full_disk_makes_no_half_identity(folder, monkeypatch):
    def full(fd):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with State.open(folder) as opened:
        monkeypatch.setattr(state.os, "fsync", full)
        message = message_of(opened.uuid)
        assert "No space left on device" in message
        assert not (folder / "uuid").exists()
        monkeypatch.undo()
        assert UUID_4.fullmatch(opened.uuid())
    assert sorted(file.name for file in folder.iterdir()) == ["lock", "uuid"]


def test_a_full_disk_does_not_hinder_the_lock(folder, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(state.os, "pwrite", full)
    with State.open(folder):
        assert "another process" in message_of(State.open, folder)


def test_an_unreadable_uuid_is_named(folder):
    with State.open(folder) as opened:
        (folder / "uuid").mkdir()
        assert str(folder / "uuid") in message_of(opened.uuid)
