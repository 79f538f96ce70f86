"""upnpserver explain tells what Browse sends, and why not where it doesn't."""

import re
from dataclasses import replace
from ipaddress import ip_address

import pytest
from support.browse_call import browse_arguments
from support.escaped import plain
from support.made_up_files import MUSIC, broken, film, household_catalog, subtitle

from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.devices.named import NamedDevice
from upnpserver.errors import ConfigError
from upnpserver.explain import able_to, explain, rule_for
from upnpserver.model import SeenDevice
from upnpserver.policy import NO_NEEDS
from upnpserver.services.content_directory import Asker, call
from upnpserver.settings.families import shipped_families

FAMILIES = shipped_families()
SEEN = [SeenDevice("192.0.2.9", "00:00:5e:00:53:01", "samsung-q", "ua", "x", 1, 2)]
KITCHEN = NamedDevice(
    name="Kitchen",
    addresses=frozenset({ip_address("192.0.2.8")}),
    family="lg-webos",
    changes={"dlna": False},
)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    with household_catalog(folder):
        pass
    writer = Writer(folder / "catalog.sqlite")
    writer.sync_roots([MUSIC])
    coded = {"container": "avi", "video_codec": "mpeg4", "audio_codec": "mp3"}
    files = [film("A.avi"), film("C.avi", **coded), subtitle("A.srt"), broken("B.mp3")]
    writer.apply(files, [])
    writer.close()
    reader = Reader(folder / "catalog.sqlite")
    yield reader
    reader.close()


def rule(device="generic"):
    return rule_for(device, SEEN, FAMILIES, [KITCHEN], 0)


def path_of(name):
    return MUSIC.path + b"/" + name


def sent(catalog, policy):
    """Return all protocolInfo of a page of all films, as the device gets it."""
    arguments = browse_arguments("video$all")
    answer = dict(call("Browse", arguments, catalog, Asker(policy, "http://h")))
    items = plain(answer["Result"]).split("<item ")[1:]
    (found,) = [item for item in items if "<dc:title>A</dc:title>" in item]
    return re.findall(r'protocolInfo="([^"]+)"[^>]*>http://h([^<]+)<', found)


@pytest.mark.parametrize("family", ["generic", *(family.id for family in FAMILIES)])
def test_what_is_told_is_what_browse_sends(catalog, family):
    one = rule(family)
    text, is_shown = explain(catalog, path_of(b"A.avi"), one)
    if "video" not in one.policy.needs.kinds:
        assert not is_shown
        assert "plays" in text
        return
    # Titles are made for some devices, so the object is found by another one's.
    plain_policy = replace(one.policy, needs=replace(one.policy.needs, title=""))
    told = re.findall(r"res     (\S+)\n        (http-get\S+)\n", text)
    assert told
    assert [(info, url) for url, info in told] == sent(catalog, plain_policy)
    assert is_shown


WHY_NOT = [
    (b"B.mp3", "It can't be shown to anybody: not readable."),
    (b"A.srt", "It lies beside media"),
    (b"nothing.mp3", "It is not in the catalog"),
]


@pytest.mark.parametrize(("name", "reason"), WHY_NOT)
def test_why_not(catalog, name, reason):
    text, is_shown = explain(catalog, path_of(name), rule())
    assert reason in text
    assert not is_shown


def test_a_path_elsewhere_is_not_in_the_catalog(catalog):
    for path in (b"/elsewhere/A.avi", b"A.avi", MUSIC.path):
        assert catalog.file_at(path) is None


def test_it_says_what_would_help(catalog):
    text, _ = explain(catalog, path_of(b"A.avi"), rule())
    assert "no DLNA profile fits" in text


RULES = [
    ("samsung-q", "samsung-q"),
    ("SAMSUNG-Q", "samsung-q"),
    ("192.0.2.9", "samsung-q"),
    ("00:00:5E:00:53:01", "samsung-q"),
    ("kitchen", "lg-webos"),
    ("192.0.2.8", "lg-webos"),
    ("generic", "generic"),
]


@pytest.mark.parametrize(("device", "family"), RULES)
def test_the_rule_of_a_device(device, family):
    assert rule(device).id == family


def test_what_the_owner_changed_counts():
    assert rule("kitchen").policy.needs.dlna is False
    assert rule("lg-webos").policy.needs.dlna is True
    assert rule("generic").policy.needs is NO_NEEDS


def test_what_is_converted_is_told_where_ffmpeg_can_do_it(catalog):
    one = rule("sony-bravia-2010")
    text, _ = explain(catalog, path_of(b"C.avi"), able_to(one, {"ac3", "libx264"}))
    first = text.partition("res     ")[2].splitlines()
    assert first[0].startswith("/convert/")
    assert "seek not told;" in text
    assert "converted by ffmpeg while it is sent" in text
    text, _ = explain(catalog, path_of(b"C.avi"), able_to(one, ()))
    assert "/convert/" not in text
    assert "instead" not in text
    assert "Help    what it can't play is converted for it once ffmpeg" in text


def test_a_device_that_there_is_not():
    with pytest.raises(ConfigError, match="upnpserver devices --rules"):
        rule("toaster")
