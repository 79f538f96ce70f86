"""Server-sent events of the running server: told while it lasts, and no longer."""

import contextlib
import json
import re
import shutil
import socket

import pytest
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES
from support.upnp_client import fetch

pytestmark = pytest.mark.end_to_end

SONG = next((FIXTURES / "household").rglob("*.mp3"))


class Listener:
    """One who listens; told holds the last event of each name."""

    def __init__(self, home, port):
        with home.client.entered():
            self.socket = socket.create_connection((home.server.ipv4, port), 10)
        host = f"{home.server.ipv4}:{port}"
        self.socket.sendall(f"GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        self.socket.settimeout(0.1)
        self.text, self.told, self.is_over = "", {}, False

    def read(self):
        with contextlib.suppress(TimeoutError):
            part = self.socket.recv(65536)
            self.is_over = not part
            self.text += part.decode()
        for name, data in re.findall("event: (.*)\ndata: (.*)\n\n", self.text):
            self.told[name] = json.loads(data)
        return self.told


@pytest.fixture
def listened(home, tmp_path):
    """Yield a daemon, its library's folder, and somebody who listens."""
    folder = tmp_path / "media"
    folder.mkdir()
    shutil.copy(SONG, folder / "first.mp3")
    with running_daemon(home.server, tmp_path / "state", folder) as daemon:
        server = daemon.seen_by(home.client)
        wait_for("the song", server.items)
        listener = Listener(home, daemon.port)
        with listener.socket:
            yield daemon, folder, listener


def test_what_is_added_and_what_is_played_is_told(home, listened):
    daemon, folder, listener = listened
    wait_for(
        "the beginning", lambda: {"now", "catalog", "scan"} <= set(listener.read())
    )
    assert listener.told["now"] == {"playing": []}
    before = listener.told["catalog"]["update_id"]
    (folder / "second.mp3").write_bytes(SONG.read_bytes() + b"\0")
    wait_for("a change", lambda: listener.read()["catalog"]["update_id"] != before)
    wait_for("its end", lambda: not listener.read()["scan"]["is_running"])
    url = next(iter(daemon.seen_by(home.client).items()))
    assert fetch(home.client, url).status == 200
    (playing,) = wait_for("a song", lambda: listener.read()["now"]["playing"])
    assert playing["address"] == home.client.ipv4
    wait_for("silence", lambda: not listener.read()["now"]["playing"])


def test_the_server_ends_in_time_while_somebody_listens(listened):
    daemon, _, listener = listened
    wait_for("the beginning", lambda: "now" in listener.read())
    assert daemon.end() == 0
    wait_for("the end", lambda: listener.read() and listener.is_over)
