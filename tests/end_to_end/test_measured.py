"""GET /metrics of the running server: numbers that are true, and nothing private."""

import pytest
from support.daemon import running_daemon, wait_for
from support.prometheus import parse
from support.upnp_client import Fault, fetch

pytestmark = pytest.mark.end_to_end

CONFIG = """
friendly_name = "Our secret place"
metrics = {metrics}
[[library]]
name = "Wedding"
folders = ["{folder}"]
"""


@pytest.fixture(scope="module")
def measured(home, household, tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    config = folder / "upnpserver.toml"
    config.write_text(CONFIG.format(metrics="true", folder=household.folder))
    with running_daemon(home.server, folder / "state", config=config) as daemon:
        server = daemon.seen_by(home.client)
        yield daemon, server


def numbers(home, daemon):
    answer = fetch(home.client, f"http://{home.server.ipv4}:{daemon.port}/metrics")
    assert answer.status == 200
    assert answer.header("Content-Type").startswith("text/plain; version=0.0.4")
    return parse(answer.body.decode())


def test_it_counts_the_catalog_and_the_scan(home, household, measured):
    daemon, _ = measured

    def counted():
        found = numbers(home, daemon)
        return {
            kind: found["upnpserver_items", (("kind", kind),)]
            for kind in ("audio", "video", "image")
        } == {
            kind: len(household.of_kind(kind)) for kind in ("audio", "video", "image")
        }

    wait_for("the library", counted)
    found = numbers(home, daemon)
    assert found["upnpserver_problems", ()] == 0
    assert found["upnpserver_uptime_seconds", ()] > 0
    assert found["process_resident_memory_bytes", ()] > 1 << 20
    assert found["process_open_fds", ()] > 5


def test_it_counts_actions_and_how_long_they_take(home, measured):
    daemon, server = measured
    label = (("action", "Browse"),)
    before = numbers(home, daemon)
    for _ in range(5):
        server.browse("0")
    with pytest.raises(Fault):
        server.browse("nothing")
    after = numbers(home, daemon)

    def more(name, labels=()):
        return after[name, labels] - before[name, labels]

    assert more("upnpserver_action_seconds_count", label) == 5
    assert 0 < more("upnpserver_action_seconds_sum", label) < 5
    assert more("upnpserver_action_failures_total") == 1


def test_it_counts_what_is_sent_and_what_is_refused(home, measured):
    daemon, server = measured
    before = numbers(home, daemon)
    url, item = next(iter(server.items().items()))
    sent = len(fetch(home.client, url).body)
    base = f"http://{home.server.ipv4}:{daemon.port}/"
    for headers in ({"Host": "elsewhere.example"}, {"Origin": "http://elsewhere"}):
        assert fetch(home.client, base, headers=headers).status == 403
    after = numbers(home, daemon)
    name = "upnpserver_stream_bytes_total", ()
    assert after[name] - before[name] == sent
    assert after["upnpserver_streams", ()] == 0
    for layer in ("http-host", "http-origin"):
        name = "upnpserver_refused_total", (("layer", layer),)
        assert after[name] - before[name] == 1
    assert ("upnpserver_refused_total", (("layer", "guard-connect"),)) in after
    assert item.title


def test_it_tells_nothing_private(home, household, measured):
    daemon, server = measured
    titles = {one.title for one in server.items().values()}
    text = fetch(
        home.client, f"http://{home.server.ipv4}:{daemon.port}/metrics"
    ).body.decode()
    private = {*titles, "secret", "Wedding", home.client.ipv4, home.server.ipv4}
    assert {one for one in private if one in text} == set()
