"""The families that come with the server: what is recognised, and how fast."""

import re
import time
from email import message_from_bytes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.devices.family import SIGNALS
from upnpserver.devices.recognise import MAX_VALUE, recognise
from upnpserver.dlna.mimes import MEDIA_TYPES
from upnpserver.dlna.profile_names import PROFILE_NAMES
from upnpserver.policy import NO_NEEDS
from upnpserver.settings.families import shipped_families

FIXTURES = Path(__file__).parents[2] / "fixtures"
FAMILIES = shipped_families()
ROWS = [
    tuple(line.split("\t")[:3])
    for line in (FIXTURES / "devices/headers.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def family_of(**signals):
    found = recognise(FAMILIES, signals)
    return found.family.id if found else None


@pytest.mark.parametrize(("signal", "value", "family"), ROWS)
def test_a_value_tells_its_family(signal, value, family):
    found = recognise(FAMILIES, {signal: value})
    assert (found.family.id, found.signal, found.value) == (family, signal, value)
    assert family_of(**{signal: value.swapcase()}) == family


def test_every_family_is_told_by_some_value():
    assert {family for _, _, family in ROWS} == {family.id for family in FAMILIES}


# Whole requests, as fixtures/soap has them: folder -> family, where named otherwise
ASKING = {
    "bose-soundtouch": "bose",
    "d-link-dsm": "dlink-dsm",
    "frontier-silicon": "frontier",
    "hisense": "netfront-ipi",
    "onkyo": "onkyo-pioneer",
    "ps-vita": "psvita",
    "samsung-tv": "samsung-cdefj",
    "sharp-aquos": "sharp",
    "sony-bluray": "sony-bdp",
    "sony-bravia": "sony-bravia-2010",
    "wd-tv": "wdtv",
    "wiim": "linkplay-wiim",
}
REQUESTS = sorted((FIXTURES / "soap").rglob("browse-root.http"))


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.parent.name)
def test_a_browse_is_recognised(path):
    headers = message_from_bytes(path.read_bytes().partition(b"\r\n")[2])
    signals = {signal: headers.get(name, "") for signal, name in SIGNALS.items()}
    folder = path.parent.name
    assert family_of(**signals) == ASKING.get(folder, folder)


@pytest.mark.parametrize(
    ("signals", "family"),
    [
        ({}, None),
        ({"ua": ""}, None),
        ({"ua": "curl/8.5"}, None),
        ({"ua": "x" * MAX_VALUE + " Kodi"}, None),  # beyond what is looked at
        ({"ua": "UPnP/1.0 DLNADOC/1.50", "client": 'mn="UBP-X800M2"'}, "sony-uhd-bdp"),
        ({"ua": "NSPlayer/12.00.9600", "fname": "XboxOne"}, "xbox-one"),
        ({"ua": "nPlayer LGE_DLNA_SDK/1.6.0"}, "nplayer"),
        ({"client": "Kodi"}, None),  # that is no value of this header
    ],
)
def test_what_is_told_together(signals, family):
    assert family_of(**signals) == family


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
def test_a_family_says_why_and_what_it_wants_exists(family):
    assert family.name
    assert family.reason.endswith(".")
    assert family.evidence.endswith(".")
    stored = {row.mime for row in MEDIA_TYPES}
    assert {*family.needs.mimes, *family.needs.get_mimes} <= stored
    known = {name for names in PROFILE_NAMES.values() for name in names.split()}
    named = family.needs.profiles_as
    assert {*named, *named.values(), *family.needs.profiles_left_out} <= known


@pytest.mark.parametrize(
    ("family", "needs"),
    [
        ("samsung-q", {"bookmark": "ms", "dcm10": True, "art_profile": "JPEG_SM"}),
        (
            "samsung-cdefj",
            {
                "bookmark": "s",
                "mimes": {
                    "video/x-matroska": "video/x-mkv",
                    "video/quicktime": "video/mp4",
                },
            },
        ),
        ("samsung-bd", {"dcm10": False, "profiles": "yes"}),
        ("samsung-bd-j5500", {"dcm10": False, "profiles": "no"}),
        ("samsung-allshare-pc", {"sec": False, "bookmark": ""}),
        ("samsung-b", {"get_mimes": {"video/x-msvideo": "video/mpeg"}}),
        ("lg-new", {"profiles": "no", "seek": "time-exclusive", "image_max": (0, 0)}),
        ("lg-old", {"title": "suffix-dot", "sort": "+upnp:class,+dc:title"}),
        ("sony-bravia-2012", {"profiles": "multi", "profiles_as": {}}),
        ("sony-bravia-android", {"dlna": False, "art_as_res": True}),
        ("sony-bdp", {"date": "none"}),
        ("bose", {"xml": frozenset({"strict-apos"}), "description": "v1"}),
        ("yamaha", {"xml": frozenset({"ascii"}), "kinds": frozenset({"audio"})}),
        ("roku-soundbridge", {"root": "music$", "dlna": False}),
        ("asus-oplay", {"title": "max23", "subtitles": ("res-srt",)}),
        ("web-browser", {"mimes": {}, "dlna": True}),
    ],
)
def test_some_needs(family, needs):
    (one,) = [each for each in FAMILIES if each.id == family]
    assert {name: getattr(one.needs, name) for name in needs} == needs


def test_a_bravia_of_2011_wants_what_one_of_2010_wants_and_more():
    one, other = (
        next(each.needs for each in FAMILIES if each.id == f"sony-bravia-{year}")
        for year in (2010, 2011)
    )
    assert one.profiles_as == other.profiles_as != NO_NEEDS.profiles_as
    assert (one.mimes, other.mimes) == ({}, {"video/x-msvideo": "video/x-divx"})


PATTERNS = sorted(
    {
        pattern.pattern
        for family in FAMILIES
        for match in family.matches
        for _, pattern in match.patterns
    }
)
LITERALS = re.compile(r"[\w /]+", re.ASCII)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_is_slow_on_what_nearly_matches(pattern):
    compiled = re.compile(pattern, re.IGNORECASE)
    pieces = [*LITERALS.findall(pattern), "0", "a", " ", "UE55", "SEC_HHP_"]
    for piece in pieces:
        value = (piece * MAX_VALUE)[:MAX_VALUE]
        begin = time.process_time()
        compiled.search(value)
        compiled.search(value[:-1] + "\n")
        assert time.process_time() - begin < 0.02, piece


@given(st.dictionaries(st.sampled_from([*SIGNALS]), st.text(max_size=2000)))
def test_whatever_is_sent_tells_a_family_or_nothing(signals):
    found = recognise(FAMILIES, signals)
    assert found is None or len(found.value) <= MAX_VALUE
