"""The doctor in networks that are broken on purpose: each fault found and named."""

import json
import subprocess
import sys

import pytest
from support.daemon import PORT, running_daemon
from support.netns import INTERFACE, home_network

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def home():
    with home_network() as network:
        yield network


@pytest.fixture
def config(tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.mp3").write_bytes(b"x")
    file = tmp_path / "upnpserver.toml"
    file.write_text(
        f'interfaces = ["{INTERFACE}"]\nport = {PORT}\nstate_dir = "state"\n'
        '[[library]]\nname = "Home"\nfolders = ["media"]\n'
    )
    return file


def examined(host, config, *words):
    """Return (exit code, findings by what was looked at)."""
    argv = [sys.executable, "-m", "upnpserver", "doctor", "--json", *words]
    ended = subprocess.run(
        host.command(*argv, "--config", str(config)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout, ended.stderr
    return ended.returncode, {one["what"]: one for one in json.loads(ended.stdout)}


def wrong(findings):
    return {what for what, one in findings.items() if one["state"] == "bad"}


def test_all_is_well_with_a_server_and_without(home, config, tmp_path):
    code, findings = examined(home.server, config)
    assert (code, wrong(findings)) == (0, set())
    with running_daemon(home.server, tmp_path / "state", config=config) as daemon:
        daemon.seen_by(home.client)
        code, findings = examined(home.server, config)
        assert (code, wrong(findings)) == (0, set())
        assert findings[f"this server on {INTERFACE}"]["state"] == "ok"
        code, findings = examined(home.client, config)
        assert findings[f"other devices on {INTERFACE}"]["state"] == "ok"
        assert wrong(findings) >= {"twin"}  # it has the same state folder


def test_a_firewall_that_drops(home, config):
    home.server.run(
        *("nft", "add table inet house; add chain inet house in"),
        "{ type filter hook input priority 0; policy drop; }",
    )
    try:
        code, findings = examined(home.server, config)
        assert code == 1
        finding = findings[f"firewall on {INTERFACE}"]
        assert (finding["state"], "UDP 1900" in finding["detail"]) == ("bad", True)
        assert f"port {PORT}" in finding["remedy"]
        assert findings[f"multicast on {INTERFACE}"]["state"] == "bad"
    finally:
        home.server.run("nft", "delete table inet house")


def test_multicast_that_is_switched_off(home, config):
    home.server.ip(f"link set {INTERFACE} multicast off")
    try:
        code, findings = examined(home.server, config)
    finally:
        home.server.ip(f"link set {INTERFACE} multicast on")
    finding = findings[f"multicast on {INTERFACE}"]
    assert (code, finding["state"]) == (1, "bad")
    assert "multicast on" in finding["remedy"]


def test_no_network_at_all(home, config):
    home.server.ip(f"link set {INTERFACE} down")
    try:
        code, findings = examined(home.server, config)
    finally:
        home.server.ip(f"link set {INTERFACE} up")
        home.server.ip("route replace default via 10.77.0.1")
    assert (code, "network" in wrong(findings)) == (1, True)


def test_a_port_that_another_program_has(home, config):
    program = (
        "import socket, sys; s = socket.create_server(('', int(sys.argv[1])));"
        " print('up', flush=True); sys.stdin.read()"
    )
    argv = home.server.command(sys.executable, "-c", program, str(PORT))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        code, findings = examined(home.server, config)
        other.stdin.close()
    finding = findings[f"TCP port {PORT}"]
    assert (code, finding["state"]) == (1, "bad")
    assert "ss -ltnp" in finding["remedy"]


def test_a_switch_that_keeps_multicast_back(home, config, tmp_path):
    media = tmp_path / "media"
    with running_daemon(home.client, tmp_path / "other", media) as daemon:
        daemon.seen_by(home.server)  # so that both know each other's address
        _, findings = examined(home.server, config)
        assert f"multicast beyond {INTERFACE}" not in findings
        home.client.run(
            *("nft", "add table ip snoop; add chain ip snoop in"),
            "{ type filter hook input priority 0; }; add rule ip snoop in"
            " ip daddr 239.255.255.250 drop",
        )
        try:
            code, findings = examined(home.server, config)
        finally:
            home.client.run("nft", "delete table ip snoop")
    assert code == 1
    finding = findings[f"multicast beyond {INTERFACE}"]
    assert (finding["state"], home.client.ipv4 in finding["detail"]) == ("bad", True)
    assert "IGMP snooping" in finding["remedy"]


def test_a_network_of_containers_that_was_chosen(home, config):
    host = home.server
    host.ip("link add docker0 type bridge")
    host.ip("link add inner type veth peer name other")
    host.ip("link set inner master docker0")
    for name in ("inner", "other", "docker0"):
        host.ip(f"link set {name} up")
    host.ip("addr add 172.17.0.1/16 dev docker0")
    config.write_text(config.read_text().replace(f'"{INTERFACE}"', '"docker0"'))
    try:
        code, findings = examined(host, config)
    finally:
        for name in ("inner", "docker0"):
            host.ip(f"link del {name}")
    finding = findings["containers on docker0"]
    assert (code, finding["state"]) == (1, "bad")
    assert "--interface" in finding["remedy"]
    assert findings["bridge docker0"]["state"] == "note"
