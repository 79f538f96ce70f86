"""browse, search and play: our server and others, and a renderer, from a terminal."""

import json
import shutil
import subprocess
import sys

import pytest
from conformance.servers import SERVERS, running
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES
from support.netns import INTERFACE

pytestmark = pytest.mark.end_to_end

RENDERER = "gmediarender"


def said(host, tmp_path, *words):
    """Return how a command ended on a host."""
    own = ("--state-dir", str(tmp_path / "state"), "--interface", INTERFACE)
    return subprocess.run(
        host.command(sys.executable, "-m", "upnpserver", *words, *own),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def media(tmp_path):
    folder = tmp_path / "media"
    shutil.copytree(FIXTURES / "household", folder)
    return folder


def test_our_own_server_is_browsed_and_searched(home, media, tmp_path):
    with running_daemon(home.server, tmp_path / "state", media) as daemon:
        daemon.seen_by(home.client)
        wait_for("the scan", lambda: "scan:" in daemon.output())
        listed = said(home.client, tmp_path, "browse")
        assert listed.returncode == 0, listed.stderr
        assert f"{home.server.ipv4}:8200" in listed.stdout
        top = said(home.client, tmp_path, "browse", home.server.ipv4)
        assert "Music/" in top.stdout
        assert all(len(line) <= 80 for line in top.stdout.splitlines())
        told = said(home.client, tmp_path, "browse", home.server.ipv4, "--json")
        by_title = {one["title"]: one for one in json.loads(told.stdout)}
        found = said(home.client, tmp_path, "search", "a", "--json")
        item = next(one for one in json.loads(found.stdout) if one["resources"])
        assert item["resources"][0]["url"].startswith(
            f"http://{home.server.ipv4}:8200/"
        )
        one = said(home.client, tmp_path, "browse", home.server.ipv4, item["id"])
        assert f"id       {item['id']}" in one.stdout
        music = by_title["Music"]["id"]
        by_path = said(home.client, tmp_path, "browse", home.server.ipv4, "/music")
        by_id = said(home.client, tmp_path, "browse", home.server.ipv4, music)
        assert by_path.stdout == by_id.stdout
        none = said(home.client, tmp_path, "search", "no such title anywhere")
        assert (none.returncode, none.stdout) == (1, "nothing is there\n")
        wrong = said(home.client, tmp_path, "browse", "nobody")
        assert wrong.returncode == 2
        assert "no media server 'nobody'; there are: " in wrong.stderr
        assert home.left_home() == {}


@pytest.mark.may_skip  # their packages start them on the machine of the tests
@pytest.mark.parametrize("server", SERVERS[1:], ids=lambda one: one.name)
def test_other_servers_are_browsed(home, media, tmp_path, server):
    if not server.installed:
        pytest.skip(f"{server.name} is not installed here")
    with running(server, home, media, tmp_path / "other") as other:
        other.location(home.client)
        listed = said(home.client, tmp_path, "browse")
        assert home.server.ipv4 in listed.stdout, listed.stderr
        top = wait_for(
            "its containers",
            lambda: (
                (
                    done := said(home.client, tmp_path, "browse", home.server.ipv4)
                ).returncode
                == 0
                and done.stdout.count("/") > 0
                and done
            ),
        )
        assert "/  " in top.stdout


def test_nobody_is_there(home, tmp_path):
    none = said(home.client, tmp_path, "browse")
    assert (none.returncode, none.stdout) == (1, "no such device answers\n")
    none = said(home.client, tmp_path, "play", "x", "on", "Kitchen")
    assert none.returncode == 2
    assert 'no renderer answers: see "upnpserver doctor"' in none.stderr


@pytest.mark.may_skip
def test_a_renderer_plays_a_file_of_ours(home, media, tmp_path):
    if shutil.which(RENDERER) is None:
        pytest.skip("no renderer is installed here")
    song = next(media.rglob("*.flac"))
    log = tmp_path / "renderer.log"
    with log.open("wb") as output:
        renderer = subprocess.Popen(
            home.client.command(
                *(RENDERER, "-f", "Kitchen radio", "-I", INTERFACE),
                *("--gstout-audiosink=fakesink", "--logfile=stdout"),
            ),
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )
    try:
        with running_daemon(home.server, tmp_path / "state", media) as daemon:
            daemon.seen_by(home.client)
            wait_for("the scan", lambda: "scan:" in daemon.output())
            wait_for(
                "the renderer",
                lambda: "Kitchen" in said(home.server, tmp_path, "play").stdout,
            )
            done = said(home.server, tmp_path, "play", str(song), "on", "kitchen")
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("Kitchen radio plays ")
            assert done.stdout.endswith("flac)\n")
            wait_for("the end", lambda: "PLAYING" in log.read_text(errors="replace"))
            done = said(
                *(home.server, tmp_path),
                *("play", "--stop", "--volume", "20", "on", "Kitchen"),
            )
            assert (done.returncode, done.stderr) == (0, "")
            wait_for("stop", lambda: "STOPPED" in log.read_text(errors="replace"))
            unknown = said(home.server, tmp_path, "play", __file__, "on", "kitchen")
            assert unknown.returncode == 2
            assert "doesn't share" in unknown.stderr
    finally:
        renderer.kill()
        renderer.wait(10)
