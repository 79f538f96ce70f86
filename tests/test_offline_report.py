"""The report tries each layer, and notices when one is taken out."""

import json
import os
import subprocess
import sys

import pytest

from upnpserver import offline_report
from upnpserver.errors import BeyondLocalNetwork
from upnpserver.offline_report import Finding, findings, report, report_json

# Each is taken out in a process of its own: a guard can't be taken from this one.
WITHOUT = {
    "connections beyond the house": "guard.install = lambda: None",
    "datagrams beyond the house": "guard.install = lambda: None",
    "look-ups of names": "guard.install = lambda: None",
    "event messages to others than who asked": (
        "import upnpserver.offline_report as r; r.parse_subscribe = lambda *a: None"
    ),
    "documents that refer to others (XML)": (
        "import upnpserver.offline_report as r; r.parse_call = lambda *a: None"
    ),
    "processes that read media files can't have a socket": (
        "import upnpserver.offline_report as r; r._SHUT_IN_TRY = 'support.not_shut_in'"
    ),
}
REPORT = """
import socket
from upnpserver.offline import guard
{change}
guard.install()
# Whatever is let through ends here: a test sends nothing.
def ended(*arguments):
    raise OSError("let through")
socket.socket.connect = socket.socket.connect if guard._guard.installed else ended
socket.socket.sendto = socket.socket.sendto if guard._guard.installed else ended
socket.getaddrinfo = socket.getaddrinfo if guard._guard.installed else ended
from upnpserver import offline_report
print(offline_report.report_json(offline_report.findings(), None))
"""


def layers_with(change=""):
    """Return whether each layer holds, in a process in which one was changed."""
    folders = [os.path.dirname(__file__), *filter(None, sys.path)]  # noqa: PTH120
    ended = subprocess.run(
        [sys.executable, "-c", REPORT.format(change=change)],
        capture_output=True,
        check=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
    )
    found = json.loads(ended.stdout)["layers"]
    return {one["layer"]: one["holds"] for one in found}


def test_all_layers_hold_here():
    held = layers_with()
    assert set(WITHOUT) <= set(held)
    packet_filter = held.pop("the kernel's packet filter of the service")
    assert packet_filter in {None, True}
    assert all(held.values()), held


@pytest.mark.parametrize("layer", WITHOUT)
def test_a_layer_that_is_taken_out_is_noticed(layer):
    assert layers_with(WITHOUT[layer])[layer] is False


def test_a_try_that_can_t_be_made_counts_as_broken(monkeypatch):
    monkeypatch.setattr(offline_report, "_SHUT_IN_TRY", "no.such.module")
    monkeypatch.setattr(offline_report, "_connect", lambda: None)
    found = {one.layer: one for one in findings()}
    assert found["processes that read media files"].holds is False
    assert found["connections beyond the house"].detail == "nothing stopped it"


def test_the_report_in_words_and_for_programs():
    found = [Finding("a", True, "b"), Finding("c", False, "d"), Finding("e", None, "f")]
    text = report(found, {"connect": 2, "name": 1})
    assert "holds          a: b" in text
    assert "DOES NOT HOLD  c: d" in text
    assert "connect 2, name 1" in text
    assert "nothing was tried" in report([], {})
    assert "No server runs here" in report([], None)
    assert json.loads(report_json(found, None))["layers"][1]["holds"] is False


def test_an_error_of_ours_counts_as_stopped_and_others_as_let_through():
    def ours():
        raise BeyondLocalNetwork(1, "stopped")

    def others():
        raise ConnectionRefusedError(111, "refused by somebody out there")

    assert offline_report._stopped("x", ours).holds is True
    assert offline_report._stopped("x", others).holds is False
