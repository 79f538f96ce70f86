"""Wi-Fi lost, cables pulled, other addresses: followed without a restart."""

import ipaddress

import pytest
from support.daemon import PORT, running_daemon, wait_for
from support.household import all_found
from support.netns import home_network
from support.upnp_client import (
    MediaServer,
    SsdpListener,
    search,
)

pytestmark = pytest.mark.end_to_end

SECONDS = 10  # "within seconds": an address that DHCP gave must be seen by then


@pytest.fixture
def alone(household, tmp_path):
    """Give a test a network and a server of its own to pull apart."""
    with (
        home_network() as home,
        running_daemon(home.server, tmp_path, household.folder) as daemon,
    ):
        daemon.seen_by(home.client)
        yield home, daemon


def announced_at(listener, address):
    """Wait for a hello that leads to the address."""
    host = f"[{address}]" if ":" in address else address
    location = f"http://{host}:{PORT}/description.xml"
    message = listener.hear(lambda m: m.get("LOCATION") == location, SECONDS)
    assert message["NTS"] == "ssdp:alive"
    return location


def test_a_cable_pulled_and_put_back(alone, household):
    home, daemon = alone
    home.server.ip("link set eth0 down")
    assert search(home.client, wait_s=1.5) == []
    with SsdpListener(home.client) as listener:
        home.server.ip("link set eth0 up")
        announced_at(listener, home.server.ipv4)
    assert search(home.client, wanted=1)
    all_found(MediaServer(home.client, daemon.location), household)


def test_a_new_address_replaces_the_old_one(alone, household):
    home, _daemon = alone
    new = str(ipaddress.ip_address(home.server.ipv4) + 1)
    with SsdpListener(home.client) as listener:
        home.server.ip(f"address add {new}/24 brd + dev eth0")
        home.server.ip(f"address del {home.server.ipv4}/24 dev eth0")
        # The second address of a prefix goes with the first one, as in DHCP.
        home.server.ip(f"address replace {new}/24 brd + dev eth0")
        location = announced_at(listener, new)
    found = wait_for("one answer", lambda: search(home.client, wait_s=1.5))
    assert {message["LOCATION"] for message in found} == {location}
    items = all_found(MediaServer(home.client, location), household)
    assert all(url.startswith(f"http://{new}:{PORT}/") for url in items)


def test_another_prefix_after_the_move_to_another_network(alone, household):
    home, _daemon = alone
    with SsdpListener(home.client) as listener:
        home.server.ip("address flush dev eth0 scope global")
        home.client.ip("address add 10.78.0.20/24 brd + dev eth0")
        home.server.ip("address add 10.78.0.10/24 brd + dev eth0")
        location = announced_at(listener, "10.78.0.10")
    all_found(MediaServer(home.client, location), household)


def test_an_interface_that_comes_later_is_used_unless_others_were_named(
    household, tmp_path
):
    with (
        home_network() as home,
        running_daemon(
            home.server, tmp_path, household.folder, interfaces=()
        ) as daemon,
    ):
        daemon.seen_by(home.client)
        home.server.ip(
            f"link add eth1 type veth peer name eth1 netns {home.client.namespace}"
        )
        home.client.ip("link set eth1 up")
        home.client.ip("address add 10.79.0.20/24 brd + dev eth1")
        with SsdpListener(home.client, "eth1") as listener:
            home.server.ip("link set eth1 up")
            home.server.ip("address add 10.79.0.10/24 brd + dev eth1")
            location = announced_at(listener, "10.79.0.10")
        items = all_found(MediaServer(home.client, location), household)
        assert all(url.startswith("http://10.79.0.10:") for url in items)


def test_container_networks_are_left_alone(household, tmp_path):
    with home_network() as home:
        home.server.ip("link add docker0 type bridge")
        home.server.ip("link add vethab12 type veth peer name inside")
        for words in (
            "link set vethab12 master docker0",
            "link set inside up",
            "link set vethab12 up",
            "link set docker0 up",
            "address add 172.17.0.1/16 brd + dev docker0",
        ):
            home.server.ip(words)
        with running_daemon(
            home.server, tmp_path, household.folder, interfaces=()
        ) as daemon:
            daemon.seen_by(home.client)
            assert search(home.client, wanted=1)
            with (
                SsdpListener(home.server, "inside") as listener,
                pytest.raises(TimeoutError),
            ):
                listener.hear(lambda message: True, 2)
