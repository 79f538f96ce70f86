"""The household served from one host of the home network, seen from another."""

from dataclasses import dataclass

import pytest
from support.daemon import Daemon, running_daemon
from support.household import Household, all_found, make_household
from support.netns import HomeNetwork, home_network
from support.upnp_client import DidlObject, MediaServer


@pytest.fixture(scope="session")
def household(tmp_path_factory):
    return make_household(tmp_path_factory.mktemp("household") / "media")


@pytest.fixture(scope="module")
def home():
    with home_network() as network:
        yield network


@dataclass(frozen=True, slots=True)
class Served:
    """A running server whose first scan is over, and its items by URL."""

    home: HomeNetwork
    household: Household
    daemon: Daemon
    server: MediaServer
    items: dict[str, DidlObject]


@pytest.fixture(scope="module")
def served(home, household, tmp_path_factory):
    state_dir = tmp_path_factory.mktemp("served") / "state"
    with running_daemon(home.server, state_dir, household.folder) as daemon:
        server = daemon.seen_by(home.client)
        items = all_found(server, household)
        yield Served(home, household, daemon, server, items)
