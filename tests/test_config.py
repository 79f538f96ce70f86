"""The configuration's defaults, and its way into another process."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver import config
from upnpserver.config import (
    Config,
    Library,
    default_friendly_name,
    default_state_dir,
    pack,
    unpack,
)
from upnpserver.errors import ConfigError
from upnpserver.model import Kind


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HOME": "/eva"}, "/eva/.local/state/upnpserver"),
        ({"HOME": "/eva", "XDG_STATE_HOME": "/st"}, "/st/upnpserver"),
        ({"HOME": "/eva", "XDG_STATE_HOME": "st"}, "/eva/.local/state/upnpserver"),
        ({"STATE_DIRECTORY": "/var/lib/u", "XDG_STATE_HOME": "/st"}, "/var/lib/u"),
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a"),
        ({"STATE_DIRECTORY": "", "HOME": "/h"}, "/h/.local/state/upnpserver"),
    ],
)
def test_the_state_folder_is_where_the_system_keeps_state(environment, folder):
    assert default_state_dir(environment) == Path(folder)


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_a_home_the_state_folder_must_be_named(environment):
    with pytest.raises(ConfigError, match="--state-dir"):
        default_state_dir(environment)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("attic", "upnpserver on attic"),
        ("attic.home.example", "upnpserver on attic"),
        ("localhost", "upnpserver"),
        ("", "upnpserver"),
        ("x" * 64, "upnpserver on " + "x" * 49),
    ],
)
def test_the_default_name_tells_two_machines_apart(monkeypatch, host, name):
    class Uname:
        nodename = host

    monkeypatch.setattr(config.os, "uname", Uname)
    assert default_friendly_name() == name
    assert len(name) < 64


NAMES = st.text(min_size=1)
# What os.fsdecode() can give: any bytes but "/" and NUL.
FILES = st.binary(min_size=1, max_size=30).map(
    lambda name: os.fsdecode(name.translate(None, b"/\0") or b"x")
)
PATHS = st.lists(FILES, min_size=1, max_size=3).map(lambda parts: Path("/", *parts))
NETWORKS = st.sampled_from([ip_network("192.0.2.0/24"), ip_network("2001:db8::/64")])
CONFIGS = st.builds(
    Config,
    libraries=st.lists(
        st.builds(
            Library,
            name=NAMES,
            folders=st.lists(PATHS, min_size=1, max_size=3).map(tuple),
            kinds=st.frozensets(st.sampled_from(Kind), min_size=1),
        ),
        max_size=3,
    ).map(tuple),
    friendly_name=NAMES,
    port=st.none() | st.integers(1, 65535),
    interfaces=st.lists(NAMES, max_size=2).map(tuple),
    networks=st.lists(NETWORKS, max_size=2).map(tuple),
    names=st.lists(NAMES, max_size=2).map(tuple),
    log_level=st.sampled_from(config.LOG_LEVELS),
    state_dir=PATHS,
)


@given(CONFIGS)
def test_another_process_gets_the_same(wanted):
    assert unpack(pack(wanted)) == wanted
