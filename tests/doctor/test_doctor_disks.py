"""What the doctor says of slow, worn and sleeping disks."""

import os

import pytest

from upnpserver.config import Config, Library
from upnpserver.doctor import disks


@pytest.fixture
def config(tmp_path):
    for name in ("media", "state"):
        (tmp_path / name).mkdir()
    (tmp_path / "media" / "film.mkv").write_bytes(bytes(4 << 20))
    return Config(
        libraries=(Library("Home", (tmp_path / "media",)),),
        state_dir=tmp_path / "state",
    )


@pytest.fixture
def sys(tmp_path):
    """Return a /sys whose one card is what the folders of the test lie on."""
    number = tmp_path.stat().st_dev
    card = tmp_path / "sys/devices/mmcblk0"
    for folder in (card / "mmcblk0p1", card / "queue", card / "device"):
        folder.mkdir(parents=True)
    (card / "mmcblk0p1" / "partition").write_text("1\n")
    (card / "size").write_text(f"{(32 << 30) // 512}\n")
    (card / "queue" / "rotational").write_text("0\n")
    at = tmp_path / "sys/dev/block"
    at.mkdir(parents=True)
    (at / f"{os.major(number)}:{os.minor(number)}").symlink_to(card / "mmcblk0p1")
    ext4 = tmp_path / "sys/fs/ext4/mmcblk0p1"
    ext4.mkdir(parents=True)
    (ext4 / "lifetime_write_kbytes").write_text(f"{5 << 20}\n")
    return tmp_path / "sys"


def found(config, sys, **more):
    given = {"etc": sys / "etc"} | more
    return {one.what: one for one in disks.findings(config, sys=sys, **given)}


def steps(seconds):
    """Return a clock that goes on at each look."""
    now = 0.0

    def clock():
        nonlocal now
        now += seconds
        return now

    return clock


def test_a_healthy_card(config, sys):
    findings = found(config, sys)
    assert findings["disk of Home"].state == "ok"
    assert findings["wear of mmcblk0"].state == "ok"
    assert "5 GB were written" in findings["wear of mmcblk0"].detail
    assert "sleep of disks" not in findings


@pytest.mark.parametrize(
    ("seconds", "state", "says"),
    [(0.001, "ok", "MB/s"), (0.08, "note", "4K"), (0.6, "note", "most films")],
)
def test_how_quick_a_disk_is(config, sys, seconds, state, says):
    finding = found(config, sys, clock=steps(seconds))["disk of Home"]
    assert (finding.state, says in finding.detail) == (state, True)


def test_little_says_nothing_and_links_are_not_followed(config, sys, tmp_path):
    film = tmp_path / "media" / "film.mkv"
    film.rename(tmp_path / "elsewhere")
    film.symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "media" / "pipe")
    assert "disk of Home" not in found(config, sys)


@pytest.mark.parametrize(
    ("file", "text", "state"),
    [
        ("life_time", "0x01 0x02\n", "ok"),
        ("life_time", "0x02 0x09\n", "bad"),
        ("life_time", "nonsense\n", "ok"),
        ("pre_eol_info", "0x01\n", "ok"),
        ("pre_eol_info", "0x02\n", "bad"),
    ],
)
def test_a_card_that_says_how_worn_it_is(config, sys, file, text, state):
    (sys / "devices/mmcblk0/device" / file).write_text(text)
    assert found(config, sys)["wear of mmcblk0"].state == state


def test_a_card_that_was_written_too_often(config, sys):
    written = sys / "fs/ext4/mmcblk0p1/lifetime_write_kbytes"
    written.write_text(f"{40 << 30}\n")
    finding = found(config, sys)["wear of mmcblk0"]
    assert (finding.state, "40 TB" in finding.detail) == ("note", True)


def test_no_disk_that_is_known(config, tmp_path):
    assert set(found(config, tmp_path / "none")) == {"disk of Home"}


@pytest.mark.parametrize(
    ("file", "text", "sleeps"),
    [
        ("hdparm.conf", "/dev/sda {\n\tspindown_time = 242\n}\n", True),
        ("hdparm.conf", "#spindown_time = 242\nspindown_time = 0\n", False),
        ("default/hd-idle", "START_HD_IDLE=true\n", True),
        ("default/hd-idle", "START_HD_IDLE=false\n", False),
    ],
)
def test_a_disk_that_is_told_to_sleep(config, sys, file, text, sleeps):
    (sys / "devices/mmcblk0/queue/rotational").write_text("1\n")
    told = sys / "etc" / file
    told.parent.mkdir(parents=True)
    told.write_text(text)
    assert ("sleep of disks" in found(config, sys)) == sleeps
