"""What "upnpserver status" prints."""

import pytest

from upnpserver.status_report import is_well, report, span_told

WELL = {
    "name": "Living room",
    "version": "1.0",
    "addresses": ["http://192.0.2.1:8200/ (eth0)"],
    "uptime_s": 3 * 86400,
    "memory_bytes": 42 << 20,
    "scan": {"is_running": False, "done": 0, "total": None},
    "playing": [],
    "libraries": [
        {"name": "Music", "audio": 1, "video": 0, "image": 20, "problems": 0},
        {"name": "New", "audio": 0, "video": 0, "image": 0, "problems": 0},
    ],
    "away": [],
    "limits": [],
}


def test_all_is_well():
    assert report(WELL).splitlines() == [
        "Living room (upnpserver 1.0)",
        "  found at   http://192.0.2.1:8200/ (eth0)",
        "  running    for 3 days, with 42 MiB",
        "  scanner    up to date",
        "  library    Music: 1 track, 20 pictures",
        "  library    New: nothing yet",
    ]
    assert is_well(WELL)


@pytest.mark.parametrize(
    ("scan", "line"),
    [
        ({"is_running": True, "done": 63, "total": 100}, "63 of 100 (63 %)"),
        ({"is_running": True, "done": 7, "total": None}, "reading files: 7"),
        ({"is_running": True, "done": 0, "total": 0}, "looking through the folders"),
    ],
)
def test_how_far_the_scanner_is(scan, line):
    assert line in report({**WELL, "scan": scan})


def test_what_asks_for_the_owner():
    library = {"name": "Films", "audio": 0, "video": 2, "image": 0, "problems": 3}
    bad = {**WELL, "away": ["/mnt/blue"], "limits": ["more folders than…"]}
    text = report({**bad, "libraries": [library], "addresses": []})
    assert "no network yet" in text
    assert "AWAY       /mnt/blue" in text
    assert "3 files can't be read" in text
    assert "LIMIT      more folders than…" in text
    assert not is_well({**WELL, "away": ["/mnt/blue"]})
    assert not is_well({**WELL, "limits": ["x"]})


@pytest.mark.parametrize(("name", "who"), [("", "192.0.2.7"), ("Bedroom", "Bedroom")])
def test_what_plays_where_without_its_title(name, who):
    playing = {
        "address": "192.0.2.7",
        "name": name,
        "kind": "video",
        "since_s": 3700,
        "percent": 40,
        "bytes_per_s": 2_500_000,
    }
    line = f"video on {who} for 1 hour, at 40 %, 2.5 MB/s"
    assert line in report({**WELL, "playing": [playing]})
    playing["percent"] = None
    assert f"video on {who} for 1 hour, 2.5 MB/s" in report(
        {**WELL, "playing": [playing]}
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "a moment"), (59, "a moment"), (60, "1 minute"), (86399, "23 hours")],
)
def test_spans(seconds, told):
    assert span_told(seconds) == told
