"""Who asks from an address, in requests that tell much, little or nothing."""

import pytest

from upnpserver.devices.memory import KEPT_S, MAX_PLACES, Memory
from upnpserver.devices.recognise import recognise
from upnpserver.settings.families import shipped_families

TV, OTHER = "192.0.2.20", "192.0.2.21"
FAMILIES = shipped_families()

LG = {"ua": "Linux/2.6.35 UPnP/1.0 DLNADOC/1.50 INTEL_NMPR/2.0 LGE_DLNA_SDK/1.6.0"}
ENGINE = {"ua": "GStreamer souphttpsrc (compatible) libsoup/2.34.2"}
UNKNOWN = {"ua": "curl/8.5"}
XBOX = {"ua": "NSPlayer/12.00.9600.16411", "fname": "XboxOne"}
WINDOWS = {"ua": "Microsoft-Windows/6.2 UPnP/1.0 Microsoft-DLNA DLNADOC/1.50"}
KODI = {"ua": "UPnP/1.0 DLNADOC/1.50 Kodi"}
VLC = {"ua": "VLC/3.0.19 LibVLC/3.0.19"}
DLNA = {"ua": "UPnP/1.0 DLNADOC/1.50"}
BRAVIA = {**DLNA, "client": 'mn="BRAVIA KD-65AG9"; mv="3.0";'}
SOUNDBRIDGE = {"server": "Allegro-Software-RomPlug/4.34 UPnP/1.0"}
BRIDGE_ASKS = {"ua": "RomPlug UPnP/1.0"}


def asked(memory, place, signals, now_s=0.0):
    found = memory.settled(place, recognise(FAMILIES, signals), now_s)
    return found.family.id if found else None


@pytest.mark.parametrize(
    ("before", "now", "family"),
    [
        ([], ENGINE, "gstreamer"),
        ([], UNKNOWN, None),
        ([LG], ENGINE, "lg-netcast"),
        ([LG], UNKNOWN, "lg-netcast"),
        ([LG, ENGINE], UNKNOWN, "lg-netcast"),
        ([ENGINE], LG, "lg-netcast"),
        ([ENGINE], UNKNOWN, None),  # who tells nothing is not remembered
        ([BRAVIA], DLNA, "sony-bravia-android"),
        # Xbox and Windows share agents: what is known of the address decides.
        ([XBOX], WINDOWS, "xbox-one"),
        ([XBOX, WINDOWS], ENGINE, "xbox-one"),
        ([WINDOWS], XBOX, "xbox-one"),
        # Programs of one computer are what each of them says.
        ([KODI], VLC, "vlc"),
        ([KODI, VLC], KODI, "kodi"),
        ([KODI], WINDOWS, "windows-media-player"),
        ([KODI, VLC], ENGINE, "vlc"),  # the last one that told
        ([XBOX], KODI, "kodi"),
    ],
)
def test_who_asks(before, now, family):
    memory = Memory()
    for signals in before:
        asked(memory, TV, signals)
    assert asked(memory, TV, now) == family
    assert asked(memory, OTHER, UNKNOWN) is None


def test_what_was_announced_counts_until_a_request_tells_more():
    memory = Memory()
    announced = recognise(FAMILIES, SOUNDBRIDGE)
    assert memory.announced(TV, announced, 0.0)
    assert not memory.announced(TV, announced, 1.0)  # no news
    assert asked(memory, TV, BRIDGE_ASKS) == "roku-soundbridge"
    assert asked(memory, TV, KODI) == "kodi"
    assert not memory.announced(TV, announced, 2.0)
    assert asked(memory, TV, UNKNOWN) == "kodi"


def test_an_announcement_that_tells_nothing_is_passed_by():
    memory = Memory()
    assert not memory.announced(TV, recognise(FAMILIES, DLNA), 0.0)
    assert asked(memory, TV, UNKNOWN) is None


def test_it_is_kept_while_it_asks_and_some_hours():
    memory = Memory()
    asked(memory, TV, LG, 0.0)
    assert asked(memory, TV, ENGINE, KEPT_S - 1) == "lg-netcast"
    assert asked(memory, TV, ENGINE, 2 * KEPT_S - 2) == "lg-netcast"
    assert asked(memory, TV, ENGINE, 3 * KEPT_S - 2) == "gstreamer"


def test_the_one_seen_longest_ago_makes_room():
    memory = Memory()
    for n in range(MAX_PLACES):
        asked(memory, f"192.0.2.{n}", LG)
    asked(memory, "192.0.2.0", ENGINE)
    asked(memory, "198.51.100.1", LG)
    assert asked(memory, "192.0.2.0", UNKNOWN) == "lg-netcast"
    assert asked(memory, "192.0.2.1", UNKNOWN) is None
