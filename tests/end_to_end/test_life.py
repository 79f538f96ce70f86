"""Starting and ending: what others on the network see, and what is asked of disks."""

import re
import signal
import socket
import subprocess
import time

import pytest
from support.daemon import PORT, running_daemon, wait_for
from support.household import all_found, make_household
from support.netns import home_network
from support.upnp_client import SsdpListener, fetch, search

pytestmark = pytest.mark.end_to_end

LEAVING = {
    "upnp:rootdevice",
    "urn:schemas-upnp-org:device:MediaServer:1",
    "urn:schemas-upnp-org:service:ContentDirectory:1",
    "urn:schemas-upnp-org:service:ConnectionManager:1",
    "urn:microsoft.com:service:X_MS_MediaReceiverRegistrar:1",
}


def hear_all(listener, nts, wanted, deadline_s):
    """Return once all wanted NTs were announced with this NTS, and the uuid."""
    heard = set()
    while not wanted <= heard:
        message = listener.hear(lambda m: m.get("NTS") == nts, deadline_s)
        heard.add(message["NT"])
    return heard


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_says_hello_and_goodbye(home, household, tmp_path, number):
    with (
        SsdpListener(home.client) as listener,
        running_daemon(home.server, tmp_path, household.folder) as daemon,
    ):
        hello = hear_all(listener, "ssdp:alive", LEAVING, 10)
        daemon.seen_by(home.client)
        assert daemon.end(number) == 0
        assert hear_all(listener, "ssdp:byebye", LEAVING, 1) == hello
        udn = hello - LEAVING
        assert len(udn) == 1
        assert udn.pop().startswith("uuid:")


def test_ends_in_time_while_a_film_is_watched(home, tmp_path):
    household = make_household(tmp_path / "media")
    film = household.of_kind("video")[0]
    with film.open("ab") as longer:
        longer.truncate(film.stat().st_size + 256 * 1024 * 1024)
    with running_daemon(home.server, tmp_path / "state", household.folder) as daemon:
        server = daemon.seen_by(home.client)

        def long_item():
            return next(
                (
                    item.resources[0].url
                    for item in server.items().values()
                    if (item.resources[0].size_bytes or 0) > 256 * 1024 * 1024
                ),
                None,
            )

        url = wait_for("the film", long_item, 60, every_s=0.3)
        path = url.partition(f":{PORT}")[2]
        with (
            home.client.entered(),
            socket.create_connection((home.server.ipv4, PORT), timeout=5) as watching,
        ):
            host = f"{home.server.ipv4}:{PORT}"
            watching.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert watching.recv(65536).startswith(b"HTTP/1.1 200")
            assert daemon.end() == 0


def test_two_on_one_host_live_side_by_side(home, household, tmp_path):
    with (
        running_daemon(home.server, tmp_path / "one", household.folder) as one,
        running_daemon(
            home.server, tmp_path / "two", household.folder, port=PORT + 1
        ) as two,
    ):
        servers = [daemon.seen_by(home.client) for daemon in (one, two)]
        for server in servers:
            all_found(server, household)
        found = search(home.client, wait_s=3, wanted=2)
        assert {m["LOCATION"] for m in found} == {one.location, two.location}
        assert len({message["USN"] for message in found}) == 2
        assert two.end() == 0
        found = search(home.client, wait_s=2)
        assert {m["LOCATION"] for m in found} == {one.location}


def ends_with_one_line(daemon, *words):
    """Check that the daemon refused to start, and said why in one line."""
    assert daemon.process.wait(10) == 2
    printed = daemon.output().strip().splitlines()
    assert len(printed) == 1, printed
    for word in words:
        assert word in printed[0]


def test_two_with_one_state_folder_do_not(home, household, tmp_path):
    state = tmp_path / "state"
    with running_daemon(home.server, state, household.folder) as first:
        server = first.seen_by(home.client)
        with running_daemon(
            home.server, state, household.folder, port=PORT + 1, log="second.log"
        ) as second:
            ends_with_one_line(second, str(state))
        assert fetch(home.client, server.location).status == 200
        assert first.end() == 0


def test_a_port_in_use_is_one_clear_line(home, household, tmp_path):
    with (
        home.server.entered(),
        socket.create_server(("", PORT)),
        running_daemon(home.server, tmp_path, household.folder) as daemon,
    ):
        ends_with_one_line(daemon, str(PORT))


# strace splits a call in two lines when another process calls meanwhile; how it
# ended stands in the second, so one that began counts as an open.
OPENED = re.compile(
    r'open(?:at2?)?\(.*?"((?:[^"\\]|\\.)*)", .*(?:= \d+|<unfinished \.\.\.>)'
)


def media_opened(trace, household):
    """Return the names of media files that strace saw opened."""
    names = {path.name for path in household.files.values()}
    opened = (OPENED.search(line) for line in trace.read_text().splitlines())
    return [
        match[1]
        for match in opened
        if match
        and "O_DIRECTORY" not in match[0]
        and match[1].rpartition("/")[2] in names
    ]


def serve_traced(home, household, state_dir, trace):
    """Serve until all is found and quiet; return how many items came at once."""
    # -D: the server is the process that was started, and gets its signals.
    strace = ("strace", "-D", "-f", "-q", "-o", str(trace), "-e", "open,openat,openat2")
    with running_daemon(
        home.server, state_dir, household.folder, wrapper=strace
    ) as daemon:
        server = daemon.seen_by(home.client, 60)
        at_once = len(server.items())
        all_found(server, household)
        wait_until_quiet(trace)
        assert daemon.end(deadline_s=10) == 0
        ended = re.compile(rf"^{daemon.process.pid} +\+\+\+ exited", re.M)
        wait_for("the end of the trace", lambda: ended.search(trace.read_text()))
    return at_once


def test_a_second_start_reads_no_file_again(home, household, tmp_path):
    state_dir, first, second = (tmp_path / name for name in ("state", "1", "2"))
    serve_traced(home, household, state_dir, first)
    plain = {path.name for path in household.of_kind("video")}
    assert {name.rpartition("/")[2] for name in media_opened(first, household)} >= plain
    at_once = serve_traced(home, household, state_dir, second)
    assert media_opened(second, household) == []
    assert at_once >= len(household.files)


def wait_until_quiet(trace):
    """Wait until nothing was opened for a second: the scan is over."""
    seen, since = -1, time.monotonic()

    def quiet():
        nonlocal seen, since
        size = trace.stat().st_size
        if size != seen:
            seen, since = size, time.monotonic()
        return time.monotonic() - since > 1

    wait_for("a quiet server", quiet, 30)


def test_a_start_before_the_network_waits_for_it(household, tmp_path):
    with home_network() as home:
        home.server.ip("link set eth0 down")
        home.server.ip("address flush dev eth0")
        with (
            SsdpListener(home.client) as listener,
            running_daemon(home.server, tmp_path, household.folder) as daemon,
        ):
            with pytest.raises(subprocess.TimeoutExpired):
                daemon.process.wait(2)
            home.server.ip("link set eth0 up")
            home.server.ip(f"address add {home.server.ipv4}/24 brd + dev eth0")
            announced = listener.hear(
                lambda message: message.get("LOCATION") == daemon.location, 10
            )
            assert announced["NTS"] == "ssdp:alive"
            all_found(daemon.seen_by(home.client, 5), household)
            assert daemon.end() == 0
