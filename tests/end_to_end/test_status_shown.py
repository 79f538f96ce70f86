"""The folder that tells how the server is, browsed on the real server."""

import shutil

import pytest
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES
from support.netns import INTERFACE
from support.upnp_client import Fault

pytestmark = pytest.mark.end_to_end


@pytest.fixture
def config(tmp_path, home):
    shutil.copytree(FIXTURES / "household", tmp_path / "Blue")
    file = tmp_path / "upnpserver.toml"
    file.write_text(
        f'interfaces = ["{INTERFACE}"]\nport = 8200\nstate_dir = "state"\n'
        'language = "de"\nstatus_folder = true\n'
        '[[library]]\nname = "Home"\nfolders = ["Blue"]\n'
        f'[[profile]]\nname = "Child"\ndevices = ["{home.client.ipv4}"]\nage = 6\n'
    )
    return file


def titles(server, object_id="0"):
    return {one.title: one.object_id for one in server.browse(object_id).objects}


def test_it_tells_of_a_disk_that_is_away(home, config, tmp_path):
    with running_daemon(home.server, tmp_path / "state", config=config) as daemon:
        child = daemon.seen_by(home.client)
        parent = daemon.seen_by(home.router)
        wait_for("the scan", lambda: "scan:" in daemon.output())
        top = titles(parent)
        assert list(top)[-1] == "Zustand des Servers"
        folder = top["Zustand des Servers"]
        assert list(titles(parent, folder)) == ["Alles in Ordnung"]
        assert "Zustand des Servers" not in titles(child)
        with pytest.raises(Fault, match="701"):
            child.browse(folder)
        before = (tmp_path / "state" / "catalog.sqlite").stat().st_mtime_ns
        for _ in range(5):
            titles(parent, folder)
        after = (tmp_path / "state" / "catalog.sqlite").stat().st_mtime_ns
        assert before == after
        (tmp_path / "Blue").rename(tmp_path / "elsewhere")
        wait_for("the line", lambda: list(titles(parent, folder)) == ["Nicht da: Blue"])
        (tmp_path / "elsewhere").rename(tmp_path / "Blue")
        wait_for(
            "its end", lambda: list(titles(parent, folder)) == ["Alles in Ordnung"]
        )
