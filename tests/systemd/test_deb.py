"""The Debian package: built, examined, installed on a fresh Debian, and browsed."""

import contextlib
import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.daemon import wait_for
from support.make_media import FIXTURES
from support.netns import home_network
from support.upnp_client import Fault, MediaServer

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
SUITE = "bookworm"
NEEDS = ("python3", "init-system-helpers")


# With the interfaces of its own host, in the mounts that belong to it alone.
SERVE = """
mount -t sysfs sysfs "$1/sys"
exec chroot "$1" upnpserver serve --config /etc/upnpserver/upnpserver.toml \\
  --state-dir /var/lib/upnpserver --interface eth0
"""


def run(*argv, **options):
    return subprocess.run(
        list(map(str, argv)), check=True, capture_output=True, text=True, **options
    )


def suite_and_mirror():
    """Return which Debian this is, and from where its packages come."""
    text = Path("/etc/os-release").read_text()
    suite = re.search("VERSION_CODENAME=(.*)", text)
    listed = [
        *Path("/etc/apt").glob("sources.list"),
        *Path("/etc/apt/sources.list.d").glob("*"),
    ]
    for file in listed:
        found = re.search(
            r"^(?:URIs:|deb) *(?:\[.*?\] *)?(http\S+/debian/?)(?:\s|$)",
            file.read_text(),
            re.MULTILINE,
        )
        if found:
            return suite[1] if suite else SUITE, found[1]
    return SUITE, "http://deb.debian.org/debian"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    if os.geteuid():
        pytest.skip("only root makes a Debian to install it on")
    folder = tmp_path_factory.mktemp("package")
    run(
        *(ROOT / "systemd" / "make-deb", folder),
        env=os.environ | {"PYTHON": "/usr/bin/python3"},
        timeout=300,
    )
    (made,) = folder.glob("*.deb")
    return made


@pytest.fixture(scope="module")
def debian(package, tmp_path_factory):
    """Yield a fresh Debian in a folder, on which the package is installed."""
    folder = tmp_path_factory.mktemp("debian")
    suite, mirror = suite_and_mirror()
    run(
        *("debootstrap", "--variant=minbase", f"--include={','.join(NEEDS)}"),
        *(suite, folder, mirror),
        timeout=400,
    )
    shutil.copy(package, folder / "tmp")
    with contextlib.ExitStack() as undo:
        for name in ("proc", "dev"):
            run("mount", "--rbind", f"/{name}", folder / name)
            run("mount", "--make-rslave", folder / name)
            undo.callback(run, "umount", "-l", folder / name)
        inside(folder, "dpkg", "-i", f"/tmp/{package.name}")
        yield folder


def inside(folder, *argv, **options):
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    return run(*("chroot", folder, *argv), env=environment, timeout=100, **options)


def test_it_is_without_a_fault(package):
    found = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", package],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


def test_it_brings_what_a_package_brings(debian):
    for path in (
        "usr/lib/systemd/system/upnpserver.service",
        "etc/upnpserver/upnpserver.toml",
        "etc/ufw/applications.d/upnpserver",
        "usr/lib/firewalld/services/upnpserver.xml",
        "usr/share/bash-completion/completions/upnpserver",
        "srv/media",
    ):
        assert (debian / path).exists(), path
    page = gzip.decompress((debian / "usr/share/man/man1/upnpserver.1.gz").read_bytes())
    assert page.startswith(b".TH UPNPSERVER")
    unit = (debian / "usr/lib/systemd/system/upnpserver.service").read_text()
    assert "ExecStart=/usr/bin/upnpserver serve --config /etc/upnpserver/" in unit
    enabled = debian / "etc/systemd/system/multi-user.target.wants/upnpserver.service"
    assert enabled.is_symlink()
    said = inside(
        debian, "upnpserver", "check-config", "/etc/upnpserver/upnpserver.toml"
    )
    assert "Media: /srv/media" in said.stdout
    assert inside(debian, "upnpserver", "offline-report").returncode == 0


def test_it_serves_a_fresh_debian(debian):
    shutil.copytree(FIXTURES / "household", debian / "srv/media", dirs_exist_ok=True)
    with home_network() as home, (debian / "tmp/log").open("wb") as log:
        server = subprocess.Popen(
            home.server.command(
                *("sh", "-c", SERVE, "sh", str(debian)),
            ),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://{home.server.ipv4}:8200/description.xml"

            def kinds():
                try:
                    found = MediaServer(home.client, url).items().values()
                except Fault:
                    return None
                mimes = {one.resources[0].mime.partition("/")[0] for one in found}
                return mimes == {"audio", "video", "image"}

            wait_for("all kinds of media", kinds, deadline_s=60)
        finally:
            server.terminate()
            assert server.wait(20) == 0, (debian / "tmp/log").read_text()


def test_removed_it_keeps_what_is_the_households_and_purged_nothing(debian):
    kept = debian / "var/lib/upnpserver/household.sqlite"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(b"precious")
    inside(debian, "dpkg", "-r", "upnpserver")
    assert not (debian / "usr/lib/upnpserver").exists()
    assert (debian / "etc/upnpserver/upnpserver.toml").exists()
    assert kept.exists()
    inside(debian, "dpkg", "-P", "upnpserver")
    assert not kept.exists()
    assert not (debian / "etc/upnpserver").exists()
    assert (debian / "srv/media").exists()  # media is in it
