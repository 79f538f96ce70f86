"""No packet leaves, whatever a media file says: counted on the way out.

Three defences are proved one by one, and that the counter would see a packet:
pymediainfo's own parse() of the same files, unconfined, does send.
"""

import os
import sys
import time
from pathlib import Path

import pytest
from support.hostile_media import ADDRESS, make_hostile
from support.netns import home_network

from upnpserver.scan.pool import ProbeJob, ProbePool

pytestmark = pytest.mark.end_to_end
ODD_CHILD = (sys.executable, str(Path(__file__).with_name("odd_child.py")))


@pytest.fixture(scope="module")
def home():
    with home_network() as network:
        yield network


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    make_hostile(folder)
    return folder


def read_all(home, folder, names, *options, max_seconds=20.0):
    """Read the files in children that live on the server of the home network."""
    pool = ProbePool(2, (*ODD_CHILD, *options), max_seconds)
    given = [ProbeJob(bytes(folder), os.fsencode(name), 0, 0) for name in names]
    with home.server.entered():
        try:
            return list(pool.probe(given))
        finally:
            pool.close()


def without(*layers):
    return [part for layer in layers for part in ("--without", layer)]


NETWORK = ("leave_network", "restrict_files", "confine_calls")
SETTINGS = {
    "as it is": [],
    "namespace only": without("restrict_files", "confine_calls"),
    "system calls only": without("leave_network", "restrict_files"),
    "parsers only": without(*NETWORK),
}


@pytest.mark.parametrize("options", SETTINGS.values(), ids=SETTINGS)
def test_no_packet_leaves(home, hostile, options):
    before = home.left_home()
    names = sorted(path.name for path in hostile.iterdir())
    results = read_all(home, hostile, names, "--real", *options)
    assert len(results) == len(names)
    assert home.left_home() == before


def test_the_trap_is_real_and_the_sandbox_alone_closes_it(home, hostile):
    """The content of song.mp3 makes libmediainfo connect, where it is let."""
    calm = home.left_home()
    read_all(home, hostile, ["song.mp3"], "--trap", max_seconds=2.0)
    assert home.left_home() == calm
    unconfined = ("--trap", *without(*NETWORK))
    read_all(home, hostile, ["song.mp3"], *unconfined, max_seconds=2.0)
    end = time.monotonic() + 5
    while home.left_home().get(ADDRESS, 0) <= calm.get(ADDRESS, 0):
        assert time.monotonic() < end, "the counter sees nothing"
        time.sleep(0.1)
