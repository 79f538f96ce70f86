"""What the owner decided, as one frozen value with every default.

settings.py makes it from the TOML file and the command line; everything else
only reads it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from upnpserver.devices.family import Family
from upnpserver.devices.named import NamedDevice
from upnpserver.errors import ConfigError
from upnpserver.model import Kind
from upnpserver.offline.addresses import Network
from upnpserver.rules.profiles import OPEN_HOUSE, HouseRules

ALL_KINDS = frozenset(Kind)
# The files in languages/. The environment is not asked: a catalog must not depend
# on who starts the server.
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl")
DEFAULT_LANGUAGE = "en"
LOG_LEVELS = ("debug", "info", "warning", "error")
MOST_CONVERSIONS = 32
MAX_NAME = 63  # UDA 1.0 section 2.1: friendlyName "should be < 64 characters"


def default_friendly_name() -> str:
    """Return "upnpserver on HOST": two servers in one house are told apart."""
    host = os.uname().nodename.partition(".")[0]
    known = host.isprintable() and host not in ("", "localhost")
    return f"upnpserver on {host}"[:MAX_NAME] if known else "upnpserver"


def default_state_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for UUID and databases.

    systemd names its own (the first, when there are several); else it is the
    user's: XDG Base Directory Specification, where a relative path counts as
    unset.

    Raises ConfigError if the environment tells neither.
    """
    service = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    if service.startswith("/"):
        return Path(service)
    user = environment.get("XDG_STATE_HOME", "")
    if user.startswith("/"):
        return Path(user, "upnpserver")
    home = environment.get("HOME", "")
    if home.startswith("/"):
        return Path(home, ".local", "state", "upnpserver")
    raise ConfigError(
        "no place for the state folder (HOME is not set): name one with --state-dir"
    )


@dataclass(frozen=True, slots=True)
class Library:
    """Folders that are shown together under one name.

    folders: absolute paths. kinds: what else lies there is left out. follows_out:
    links in them may lead out of them.
    """

    name: str
    folders: tuple[Path, ...]
    kinds: frozenset[Kind] = ALL_KINDS
    follows_out: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set; see systemd/upnpserver.toml for each in words.

    port: None takes the one of the last start, else 8200, else a free one.
    interfaces: empty means every usable one.
    owner_port: of the owner's page; None takes one from 8220 on, 0 is none.
    networks: whose devices are answered beside those on our own networks.
    keep_plays: note what is played, for the views that tell of it.
    keep_devices: note which devices were seen, for "upnpserver devices".
    letters_from: lists that are longer are split by letter; 0: none is.
    picture_cache_mb: what may be kept of pictures that were drawn; 0: nothing.
    conversions: how many may be at work at once, where ffmpeg is there; 0: none.
    metrics: measure, and tell Prometheus.
    status_folder: show those who see everything how the server is.
    names: Host names that requests may carry beside our addresses; lower case.
    families: of devices, in order; empty: those that come with the server.
    rules: who may see what.
    """

    libraries: tuple[Library, ...] = ()
    friendly_name: str = field(default_factory=default_friendly_name)
    port: int | None = None
    owner_port: int | None = None
    interfaces: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    names: tuple[str, ...] = ()
    language: str = DEFAULT_LANGUAGE
    keep_plays: bool = True
    keep_devices: bool = True
    letters_from: int = 0
    devices: tuple[NamedDevice, ...] = ()
    families: tuple[Family, ...] = ()
    rules: HouseRules = OPEN_HOUSE
    picture_cache_mb: int = 100
    conversions: int = 2
    metrics: bool = False
    status_folder: bool = False
    log_level: str = "info"
    state_dir: Path = field(default_factory=default_state_dir)
