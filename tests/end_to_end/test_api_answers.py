"""The JSON API of the running server: true to its document, and to the rules."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.daemon import wait_for
from support.upnp_client import fetch

pytestmark = pytest.mark.end_to_end

CONFIG = Path(__file__).parents[1] / "support" / "schemathesis.toml"
EXAMPLES = 25


def base(served):
    return f"http://{served.home.server.ipv4}:{served.daemon.port}"


def get(served, path):
    return json.loads(fetch(served.home.client, base(served) + path).body)


def test_schemathesis_finds_no_answer_that_the_document_does_not_tell(served, tmp_path):
    ran = served.home.client.run(
        *("env", "-C", str(tmp_path)),  # it leaves files behind
        *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
        *("--config-file", str(CONFIG), "run", f"{base(served)}/api/openapi.json"),
        *("--exclude-path", "/events"),  # which has no end
        *("--phases", "examples,coverage,fuzzing", "-n", str(EXAMPLES)),
        *("--generation-database", "none", "--seed", "1"),
        timeout_s=100,
    )
    assert "No issues found" in ran.stdout, ran.stdout


def test_what_is_played_is_told_while_it_is(served, tmp_path):
    film = next(
        url for url, one in served.items.items() if "videoItem" in one.upnp_class
    )
    # The server's end is read slowly, so that it is still there when it is asked.
    client = subprocess.Popen(
        served.home.client.command("curl", "-s", "--limit-rate", "20k", film),
        stdout=subprocess.DEVNULL,
    )
    try:
        (playing,) = wait_for("a stream", lambda: get(served, "/api/now")["playing"])
    finally:
        client.kill()
        client.wait()
    assert playing["address"] == served.home.client.ipv4
    assert playing["item"]["kind"] == "video"
    assert 0 <= playing["percent"] <= 100


def test_status_counts_the_libraries(served):
    status = get(served, "/api/status")
    (library,) = status["libraries"]
    counted = [library[kind] for kind in ("audio", "video", "image")]
    expected = [
        len(served.household.of_kind(kind)) for kind in ("audio", "video", "image")
    ]
    assert counted == expected
    assert status["is_ready"]
    wait_for("its end", lambda: not get(served, "/api/status")["scan"]["is_running"])


def test_there_are_no_measurements_unless_they_are_wanted(served):
    assert fetch(served.home.client, f"{base(served)}/metrics").status == 404
