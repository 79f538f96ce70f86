"""upnpserver status, asked of the real server."""

import json
import shutil
import subprocess
import sys

import pytest
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES

pytestmark = pytest.mark.end_to_end


def status(state_dir, *words):
    return subprocess.run(
        [
            *(sys.executable, "-m", "upnpserver", "status", *words),
            *("--state-dir", str(state_dir)),
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_it_tells_how_the_server_is_and_which_folder_is_away(home, tmp_path):
    media = tmp_path / "media"
    shutil.copytree(FIXTURES / "household", media)
    none = status(tmp_path / "state")
    assert none.returncode == 2
    assert "no server answers" in none.stderr
    with running_daemon(home.server, tmp_path / "state", media) as daemon:
        daemon.seen_by(home.client)
        wait_for("the scan", lambda: "scan:" in daemon.output())
        well = status(tmp_path / "state", "--json")
        assert well.returncode == 0
        told = json.loads(well.stdout)
        assert told["addresses"] == [f"http://{home.server.ipv4}:8200/ (eth0)"]
        assert told["libraries"][0]["audio"] > 0
        assert 20 << 20 < told["memory_bytes"] < 100 << 20
        media.rename(tmp_path / "elsewhere")
        away = wait_for(
            "the folder to be missed",
            lambda: (done := status(tmp_path / "state")).returncode == 1 and done,
        )
        assert f"AWAY       {media}:" in away.stdout
        (tmp_path / "elsewhere").rename(media)
        wait_for("it", lambda: status(tmp_path / "state").returncode == 0)
