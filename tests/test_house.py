"""The rules of the house, read from the code: who imports what, and how much."""

import ast
import re
import sys
from pathlib import Path

import pytest
from support.imports import PACKAGE, Module, cycle, imported, modules, names_used

HOUSE = modules(Path(__file__).parents[1] / PACKAGE)

# Imports go down only: a room sees the rooms of the lines above its own.
LAYERS = (
    {"", "errors"},
    {"languages", "model"},
    {
        "facts",
        "beneath",
        "kept_forms",
        "paths",
        "state",
        "progress",
        "offline",
        "owner_call",
        "footprint",
    },
    {"rules", "owner"},
    {"policy"},
    {"devices"},  # whose families the configuration may add to
    {"config"},
    {"reports"},
    {"settings"},  # reads file and command line into a config
    {"upnp", "dlna"},
    {"media"},  # takes its MIME names from dlna
    {"catalog"},
    {"services", "scan"},
    {"explain", "kept_data", "offline_report", "status_report", "who_sees"},
    {"web"},
    {"net"},
    {"control_point"},
    {"doctor"},
    {"cli_owner", "cli_pages"},
    {"cli_devices"},
    {"cli"},
    {"__main__"},
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}

# Where each package from outside may be used; any other package is unknown.
ROOMS_OF = {
    "PIL": {"media"},
    "click": {"cli", "cli_devices", "cli_owner", "cli_pages"},
    "cryptography": {"owner"},
    "guessit": {"media"},
    "inotify_simple": {"net"},
    "lxml": {"upnp", "media"},
    "mutagen": {"media"},
    "pi_heif": {"media"},
    "netifaces": {"net", "web", "doctor"},
    "puremagic": {"media"},
    "pymediainfo": {"doctor", "media"},
    "pysubs2": {"media"},
    "sqlite3": {"catalog"},
    "sqlite_utils": {"catalog"},
    "twisted": {"net", "web", "doctor"},
    "zope": {"net", "web", "doctor"},
}

# An offline server has no code that could fetch, and none that asks for names.
FORBIDDEN_MODULES = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "poplib",
    "requests",
    "smtplib",
    "telnetlib",
    "twisted.mail",
    "twisted.names",
    "twisted.web.client",
    "urllib.request",
    "urllib3",
    "webbrowser",
    "xmlrpc",
}
LOOK_UPS = {
    "HostnameEndpoint",
    "clientFromString",
    "getaddrinfo",
    "getfqdn",
    "gethostbyaddr",
    "gethostbyname",
    "gethostbyname_ex",
    "getnameinfo",
    "urlopen",
}
# The one names what it stops, the other tries whether it does.
MAY_NAME_THEM = {f"{PACKAGE}.offline.guard", f"{PACKAGE}.offline_report"}

MAX_LINES = 500


def goes_up(house):
    """Return imports of a room that is not below the importing one.

    A room without a place is above all others: another test says so.
    """
    above = len(LAYERS)
    return [
        f"{name} imports {other}"
        for name, module in house.items()
        for other in imported(module, house)
        if other in house
        and module.room != house[other].room
        and LEVEL.get(module.room, above) <= LEVEL.get(house[other].room, above)
    ]


def trespasses(house):
    """Return imports from outside that are unknown, or in the wrong room."""
    return [
        f"{name} imports {other}"
        for name, module in house.items()
        for other in imported(module, house)
        if not _allowed(module, other.partition(".")[0])
    ]


def _allowed(module, package):
    if package in ROOMS_OF:
        return module.room in ROOMS_OF[package]
    return package == PACKAGE or package in sys.stdlib_module_names


def reaches_out(house):
    """Return what could fetch something or look up a name."""
    fetching = [
        f"{name} imports {other}"
        for name, module in house.items()
        for other in imported(module, house)
        if any(f"{other}.".startswith(f"{bad}.") for bad in FORBIDDEN_MODULES)
    ]
    asking = [
        f"{name} uses {used}"
        for name, module in house.items()
        for used in names_used(module)
        if used in LOOK_UPS and name not in MAY_NAME_THEM
    ]
    return fetching + asking


def test_every_room_has_its_place():
    assert {module.room for module in HOUSE.values()} <= set(LEVEL)


def test_imports_go_down_only():
    assert goes_up(HOUSE) == []


def test_packages_from_outside_stay_in_their_rooms():
    assert trespasses(HOUSE) == []


def test_no_code_that_fetches_or_looks_up_names():
    assert reaches_out(HOUSE) == []


def test_the_readme_names_every_room():
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    house = readme.partition(f"```\n{PACKAGE}/\n")[2].partition("```")[0]
    named = set(re.findall(r"[\w.]+", house))
    rooms = {module.room for module in HOUSE.values()} - {""}
    assert {room for room in rooms if not {room, f"{room}.py"} & named} == set()


def test_no_import_cycle():
    assert cycle(HOUSE) == []


@pytest.mark.parametrize("name", HOUSE)
def test_every_module_says_what_it_is_and_stays_small(name):
    assert ast.get_docstring(HOUSE[name].tree)
    assert len(HOUSE[name].text.splitlines()) <= MAX_LINES


def house_of(**texts):
    """Return a house of invented modules: net__site="..." is net.site."""
    named = {f"{PACKAGE}.{key.replace('__', '.')}": key for key in texts}
    return {name: Module(name, texts[key]) for name, key in named.items()}


BAD_HOUSES = [
    (goes_up, {"model": "import upnpserver.net.site", "net__site": ""}),
    (goes_up, {"upnp__soap": "from upnpserver.dlna import ranges", "dlna__ranges": ""}),
    (goes_up, {"scan__w": "def f():\n from upnpserver.net import x", "net__x": ""}),
    (trespasses, {"net__site": "import sqlite3"}),
    (trespasses, {"upnp__soap": "from twisted.web import http"}),
    (trespasses, {"media__probe": "import numpy.linalg"}),
    (trespasses, {"media__probe": "from . import other"}),
    (reaches_out, {"net__a": "import urllib.request"}),
    (reaches_out, {"net__a": "from twisted.web.client import Agent"}),
    (reaches_out, {"net__a": "from twisted.web import client"}),
    (reaches_out, {"net__a": "import socket\nsocket.getaddrinfo('a', 1)"}),
    (reaches_out, {"net__a": "from socket import gethostbyname as g"}),
    (cycle, {"net__a": "import upnpserver.net.b", "net__b": "import upnpserver.net.a"}),
]


@pytest.mark.parametrize(("rule", "texts"), BAD_HOUSES)
def test_the_rules_see_what_they_forbid(rule, texts):
    assert len(rule(house_of(**texts))) >= 1
