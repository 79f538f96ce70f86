"""The configuration's defaults."""

from pathlib import Path

import pytest

from upnpserver import config
from upnpserver.config import default_friendly_name, default_state_dir
from upnpserver.errors import ConfigError


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
