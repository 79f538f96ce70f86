"""The unit under a real systemd: it does all its work, and nothing leaves.

The unit is the file that people install; only the interpreter's place and the
place of its output are changed, by a drop-in as the owner would write one.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.daemon import wait_for
from support.household import Household, all_found, make_household
from support.netns import FOREIGN_IPV4, FOREIGN_IPV6, HomeNetwork, home_network
from support.owner_browser import OwnerBrowser
from support.systemd_host import (
    STAGE,
    SystemdHost,
    staged_interpreter,
    staged_python,
    systemd_host,
)
from support.upnp_client import DidlObject, Fault, MediaServer, SsdpListener, fetch

pytestmark = pytest.mark.end_to_end

UNIT = Path(__file__).parents[2] / "systemd" / "upnpserver.service"
PORT = 8200

CONFIGURATION = f"""
friendly_name = "Under systemd"
interfaces = ["eth0"]
[[library]]
name = "Household"
folders = ["{STAGE}/media"]
"""
TARGET = """
[Unit]
DefaultDependencies=no
Wants=upnpserver.service
"""

# Tries what the guard in the process would not even let it try, and what the
# kernel must stop by itself: nothing of ours is loaded.
ATTEMPTS = """
import socket, sys
for address in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sending:
        try:
            sending.sendto(b"out of the house", (address, 9))
        except OSError as error:
            print(address, error.strerror)
        else:
            print(address, "sent")
    with socket.socket(family) as connecting:
        connecting.settimeout(0.5)
        try:
            connecting.connect((address, 9))
        except OSError:
            pass
"""


@dataclass(frozen=True, slots=True)
class Service:
    """The service after its first scan."""

    home: HomeNetwork
    systemd: SystemdHost
    household: Household
    server: MediaServer
    items: dict[str, DidlObject]


def changed(start: str, output: str, kind: str = "notify") -> str:
    """Return a drop-in that starts something else in the same sandbox."""
    environment = " ".join(f"{name}={value}" for name, value in staged_python().items())
    return (
        "[Unit]\nDefaultDependencies=no\n[Service]\n"
        f"Type={kind}\nRestart=no\nEnvironment={environment}\nExecStart=\n"
        f"ExecStart={staged_interpreter()} {start}\n"
        f"StandardOutput=file:{STAGE}/output/{output}\nStandardError=inherit\n"
    )


def is_open(server: MediaServer) -> bool:
    """Tell whether there is a catalog yet; before, browsing is refused."""
    try:
        return bool(server.browse("0"))
    except Fault:
        return False


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systemd")
    household = make_household(folder / "media")
    serve = "-m upnpserver serve --config /etc/upnpserver/upnpserver.toml"
    beyond = f"{STAGE}/units/attempts.py"
    addresses = f"{FOREIGN_IPV4} {FOREIGN_IPV6}"
    units = {
        "test.target": TARGET,
        "upnpserver.toml": CONFIGURATION,
        "attempts.py": ATTEMPTS,
        "upnpserver.service": UNIT.read_text(encoding="utf-8"),
        "upnpserver.service.d/test.conf": changed(serve, "serve"),
        "beyond.service": UNIT.read_text(encoding="utf-8"),
        "beyond.service.d/test.conf": changed(
            f"{beyond} 10.77.0.20 {addresses}", "beyond", "oneshot"
        ),
    }
    with (
        home_network() as home,
        systemd_host(home.server, folder, units, household.folder) as systemd,
    ):
        try:
            location = f"http://{home.server.ipv4}:{PORT}/description.xml"
            server = wait_for(
                "the description", lambda: MediaServer(home.client, location)
            )
            wait_for("the catalog", lambda: is_open(server))
            items = all_found(server, household)
            yield Service(home, systemd, household, server, items)
        finally:
            for output in sorted(systemd.output.iterdir()):
                print(f"--- {output.name}\n{output.read_text(errors='replace')}")


def test_systemd_was_told_that_it_is_ready(service):
    show = service.systemd.show
    assert show("upnpserver", "ActiveState") == "active"
    assert show("upnpserver", "StatusText") != ""
    assert show("upnpserver", "NRestarts") == "0"
    assert show("upnpserver", "WatchdogTimestamp") != ""


def test_it_serves_what_it_scanned_in_its_sandbox(service):
    assert len(service.items) >= len(service.household.files)
    for kind in ("audio", "video", "image"):
        path = service.household.of_kind(kind)[0]
        bodies = [
            fetch(service.home.client, url).body
            for url, item in service.items.items()
            if item.resources[0].size_bytes == path.stat().st_size
        ]
        assert path.read_bytes() in bodies, path.name


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="there is no ffmpeg")
def test_it_converts_and_draws_in_its_sandbox(service):
    def answer(form, mime):
        """Return the first answer for such a file in another form."""
        url = next(
            url for url, item in service.items.items() if item.resources[0].mime == mime
        )
        address, _, rest = url.partition("/media/")
        item_id = rest.partition("/")[0]
        return fetch(service.home.client, form.format(address, item_id))

    lpcm = wait_for(
        "LPCM", lambda: answer("{}/convert/{}/lpcm.l16", "audio/x-flac").body
    )
    assert len(lpcm) > 10_000
    film = answer("{}/convert/{}/mpegts-copy-copy.ts", "video/mp4").body
    assert film[::188].count(b"G") == len(film) // 188 > 50
    coded = answer("{}/convert/{}/mpegts-h264-ac3.ts", "video/x-matroska").body
    assert coded[::188].count(b"G") == len(coded) // 188 > 50
    still = answer("{}/picture/{}/sm.jpg", "video/mp4").body
    assert still.startswith(b"\xff\xd8")


def test_the_owners_page_works_in_its_sandbox(service):
    browser = OwnerBrowser(service.home.server, "127.0.0.1")
    status, devices = browser.get()
    assert (status, service.home.client.ipv4 in devices) == (200, True)
    status, offline = browser.get("/offline")
    # The unit forbids namespaces, too: what can't be made there, seccomp stops.
    assert (status, "stopped (Operation not permitted)" in offline) == (200, True)
    status, page = browser.post(
        "/devices",
        form=browser.form_token(),
        device=service.home.client.ipv4,
        do="name",
        name="Named here",
    )
    assert (status, "Named here" in page) == (200, True)


def test_the_kernel_holds_back_what_would_leave(service):
    service.systemd.systemctl("start", "beyond.service")
    lines = (service.systemd.output / "beyond").read_text().splitlines()
    assert lines == [
        "10.77.0.20 sent",
        f"{FOREIGN_IPV4} Operation not permitted",
        f"{FOREIGN_IPV6} Operation not permitted",
    ]
    assert service.home.left_home() == {}


def test_it_ends_cleanly_and_says_goodbye(service):
    with SsdpListener(service.home.client) as listener:
        service.systemd.systemctl("stop", "upnpserver")
        listener.hear(lambda message: message.get("NTS") == "ssdp:byebye", 2)
    assert service.systemd.show("upnpserver", "Result") == "success"
    assert service.systemd.show("upnpserver", "ExecMainStatus") == "0"
    assert service.home.left_home() == {}
