"""The owner's page of the real server: TLS, password, and what is decided on it."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES
from support.owner_browser import OWNER_PORT, OwnerBrowser
from support.upnp_client import fetch

from upnpserver.kept_data import TABLES

pytestmark = pytest.mark.end_to_end

PASSWORD = "three plain words"
RULES = """
new_devices = "ask"
[[library]]
name = "Home"
folders = ["{folder}"]
[[profile]]
name = "Kids"
age = 8
"""


@pytest.fixture
def house(home, tmp_path):
    config = tmp_path / "upnpserver.toml"
    config.write_text(RULES.format(folder=FIXTURES / "household"))
    with running_daemon(home.server, tmp_path / "state", config=config) as daemon:
        daemon.seen_by(home.client)
        wait_for("the first scan", lambda: "scan:" in daemon.output())
        yield daemon


def told(house, *words, given=""):
    """Return what a command of the owner prints."""
    done = subprocess.run(
        [sys.executable, "-m", "upnpserver", *words, "--state-dir", house.state_dir],
        input=given,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def set_password(house):
    return told(house, "password", given=PASSWORD + "\n")


def is_open(host, address):
    with host.entered(), socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, OWNER_PORT)) == 0


def processes_of(daemon):
    """Return the command lines of the server's child processes."""
    listed = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(daemon.process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in listed.stdout.splitlines() if "owner_start" in line]


def test_without_a_password_it_is_there_for_this_machine_only(home, house):
    assert not is_open(home.client, home.server.ipv4)
    assert not is_open(home.server, home.server.ipv4)
    assert processes_of(house) == []
    browser = OwnerBrowser(home.server, "127.0.0.1")
    status, page = browser.get()
    assert status == 200
    assert home.client.ipv4 in page
    assert len(processes_of(house)) == 1


def test_a_password_opens_it_and_devices_are_let_in_limited_and_blocked(home, house):
    printed = set_password(house)
    browser = OwnerBrowser(home.client, home.server.ipv4)
    assert browser.get()[0] == 403
    assert browser.fingerprint in printed.replace(":", "")
    assert browser.enter("another one") == 403
    assert browser.enter(PASSWORD) == 200

    tv = f"http://{home.server.ipv4}:{house.port}"
    asks = fetch(home.client, f"{tv}/browse/0").body.decode()
    code = re.search(r"code (\d{4})", asks)[1]
    page = browser.get()[1]
    assert f"shows the code {code}" in page
    place = re.search('name="device" value="([^"]+)"', page)[1]

    token = browser.form_token()
    status, page = browser.post(
        "/devices", form=token, device=place, do="allow", profile="Kids"
    )
    assert status == 200
    assert "Kids</small>" in page
    assert "Ask the owner" not in fetch(home.client, f"{tv}/browse/0").body.decode()
    browser.post("/devices", form=token, device=place, do="block")
    with pytest.raises(OSError, match=r".*"):
        fetch(home.client, f"{tv}/browse/0")
    browser.post("/devices", form=token, device=place, do="name", name="The <TV>")
    assert "<h2>The &lt;TV&gt; " in browser.get()[1]
    told(house, "forget", "the <tv>")
    assert "Ask the owner" in fetch(home.client, f"{tv}/browse/0").body.decode()


def test_every_page_is_shown_with_what_the_server_knows(home, house):
    browser = OwnerBrowser(home.server, "127.0.0.1")
    browser.get()
    status, libraries = browser.get("/libraries")
    assert (status, "Home" in libraries) == (200, True)
    status, kept = browser.get("/privacy.json")
    assert status == 200
    assert set(json.loads(kept)) <= set(TABLES)  # none before the first is written
    assert browser.get("/privacy")[0] == 200
    status, log = browser.get("/log")
    assert (status, "found on" in log) == (200, True)
    status, offline = browser.get("/offline")
    assert (status, "look-ups of names" in offline) == (200, True)
    assert "does not hold" not in offline
    browser.post("/scan", form=browser.form_token())
    wait_for("a scan", lambda: house.output().count("scan:") >= 2)


def test_another_password_ends_every_session_and_none_closes_it(home, house):
    set_password(house)
    browser = OwnerBrowser(home.client, home.server.ipv4)
    assert browser.enter(PASSWORD) == 200
    set_password(house)
    assert browser.get()[0] == 403
    assert browser.enter(PASSWORD) == 200
    told(house, "password", "--remove")
    assert not is_open(home.client, home.server.ipv4)


def test_its_process_can_be_killed_and_ends_with_the_server(home, house):
    browser = OwnerBrowser(home.server, "127.0.0.1")
    assert browser.get()[0] == 200
    (pid,) = subprocess.run(
        ["pgrep", "-P", str(house.process.pid), "-f", "owner_start"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    os.kill(int(pid), 15)
    wait_for("its end", lambda: not processes_of(house))
    status = wait_for("the page again", lambda: browser.get()[0], deadline_s=30)
    assert status == 200
    assert house.end() == 0
    assert not is_open(home.server, "127.0.0.1")


def test_who_speaks_no_tls_hears_nothing_and_stops_nobody(home, house):
    set_password(house)
    browser = OwnerBrowser(home.client, home.server.ipv4)
    browser.get()
    silent = []
    with home.client.entered():
        for number in range(40):
            one = socket.create_connection((home.server.ipv4, OWNER_PORT), timeout=5)
            if number % 2:
                one.sendall(b"GET / HTTP/1.1\r\n\r\n")
            silent.append(one)
    try:
        assert browser.enter(PASSWORD) == 200
    finally:
        for one in silent:
            one.close()
