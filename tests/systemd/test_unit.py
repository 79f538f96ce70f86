"""The service unit: what systemd says of it, and what the program needs of it."""

import json
import re
import shutil
import subprocess
from ipaddress import collapse_addresses, ip_network
from pathlib import Path

import pytest

from upnpserver.net.listening import SPARE_PORTS, USUAL_PORT
from upnpserver.net.owner_port import OWNER_PORTS
from upnpserver.offline.addresses import ON_LINK, PRIVATE, SSDP_GROUPS
from upnpserver.settings.load import Options, load
from upnpserver.upnp.ssdp import PORT

UNIT = Path(__file__).parents[2] / "systemd" / "upnpserver.service"
WORST_EXPOSURE = 1.2

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not installed (Debian package systemd)",
)


def directives():
    """Return [(name, value)] in the order of the file."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line and line[0] not in "#["]
    return [tuple(line.split("=", 1)) for line in named]


def values(name):
    """Return the words of every directive of that name."""
    return [
        word for key, value in directives() if key == name for word in value.split()
    ]


def analyze(*arguments):
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@needs_systemd
def test_systemd_reads_it_without_a_warning(tmp_path):
    # The program need not be installed here; everything else is as it is.
    copy = tmp_path / UNIT.name
    text = re.sub(
        r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.M
    )
    copy.write_text(text)
    done = analyze("verify", "--man=no", "--recursive-errors=no", copy)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    copy.write_text(text.replace("WatchdogSec=", "WatchdogSeconds="))
    assert "WatchdogSeconds" in analyze("verify", "--man=no", copy).stderr


@needs_systemd
def test_its_exposure_is_low():
    done = analyze(
        "security", "--offline=true", f"--threshold={WORST_EXPOSURE * 10:.0f}", UNIT
    )
    assert done.returncode == 0, done.stdout
    exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)[1])
    assert exposure <= WORST_EXPOSURE


@needs_systemd
def test_the_gate_on_exposure_can_close(tmp_path):
    copy = tmp_path / UNIT.name
    copy.write_text(
        re.sub(r"^(PrivateUsers|ProtectHome)=.*\n", "", UNIT.read_text(), flags=re.M)
    )
    done = analyze(
        "security", "--offline=true", f"--threshold={WORST_EXPOSURE * 10:.0f}", copy
    )
    assert done.returncode == 1


@needs_systemd
def test_system_calls_that_it_names_are_known():
    known = analyze("syscall-filter").stdout.split()
    for word in values("SystemCallFilter"):
        assert word.removeprefix("~") in known, word
    done = analyze("security", "--offline=true", "--json=short", UNIT)
    named = {check["name"]: check["set"] for check in json.loads(done.stdout)}
    for group in ("@privileged", "@resources", "@mount", "@debug", "@raw-io"):
        assert named[f"SystemCallFilter=~{group}"], group


WORDS = {  # systemd.resource-control(5)
    "localhost": ["127.0.0.0/8", "::1/128"],
    "link-local": ["169.254.0.0/16", "fe80::/64"],
    "multicast": ["224.0.0.0/4", "ff00::/8"],
}


def test_the_kernel_lets_through_what_the_guard_does_and_nothing_global():
    assert values("IPAddressDeny") == ["any"]
    allowed = [
        ip_network(text)
        for word in values("IPAddressAllow")
        for text in WORDS.get(word, [word])
    ]
    # Link-local addresses in use have 54 zero bits after fe80::/10: RFC 4291 2.5.6.
    wanted = {n for n in (*ON_LINK, *PRIVATE) if str(n) != "fe80::/10"}
    assert wanted <= set(allowed)
    for group in SSDP_GROUPS:
        assert any(group.version == n.version and group.subnet_of(n) for n in allowed)
    for version in (4, 6):
        for network in collapse_addresses(n for n in allowed if n.version == version):
            assert network.is_private or network.is_link_local or network.is_multicast


def test_its_ports_are_those_of_the_program():
    assert values("SocketBindDeny") == ["any"]
    allowed = values("SocketBindAllow")
    assert f"udp:{PORT}" in allowed
    assert OWNER_PORTS[0] == SPARE_PORTS[-1] + 1
    last = OWNER_PORTS[-1]
    assert f"tcp:{USUAL_PORT}-{last}" in allowed
    assert len(allowed) == 2


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("Type", "notify", "net/systemd.py says when it is ready"),
        ("NotifyAccess", "main", "no child speaks for it"),
        ("RestartPreventExitStatus", "2", "ConfigError: the owner must act"),
        ("OOMPolicy", "continue", "a probe child may eat its memory"),
        ("DynamicUser", "yes", ""),
        ("StateDirectory", "upnpserver", "config.default_state_dir() takes it"),
        ("ProtectSystem", "strict", "media are read-only"),
    ],
)
def test_what_the_program_counts_on(name, value, why):
    assert values(name) == [value], why


def test_what_probe_children_need_to_lock_themselves_in():
    calls = set(values("SystemCallFilter"))
    landlock = {
        f"landlock_{n}" for n in ("create_ruleset", "add_rule", "restrict_self")
    }
    assert landlock | {"seccomp"} <= calls
    assert set(values("RestrictAddressFamilies")) == {
        *("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK")
    }


def test_it_is_stopped_and_watched_in_time():
    assert 10 <= int(values("WatchdogSec")[0]) <= 120
    assert 5 <= int(values("TimeoutStopSec")[0]) <= 30


def test_the_configuration_that_it_names_is_the_sample(tmp_path):
    _program, command, option, path = values("ExecStart")
    assert (command, option) == ("serve", "--config")
    folder = values("ConfigurationDirectory")[0]
    assert Path(path) == Path("/etc", folder, "upnpserver.toml")
    sample = (UNIT.parent / Path(path).name).read_text(encoding="utf-8")
    for name in ("music", "films", "pictures"):
        (tmp_path / name).mkdir()
    (tmp_path / "x.toml").write_text(sample.replace("/srv/media/", f"{tmp_path}/"))
    port = load(tmp_path / "x.toml", Options()).port
    assert port is None or port in (USUAL_PORT, *SPARE_PORTS)
