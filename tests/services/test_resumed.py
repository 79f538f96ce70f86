"""Films that begin where they were left, for devices whose rule says so."""

from types import MappingProxyType

import pytest
from lxml import etree
from support.escaped import plain

from upnpserver.model import Entry, Play, Plays
from upnpserver.policy import Needs
from upnpserver.services.asked import asked
from upnpserver.services.played import with_plays
from upnpserver.services.resumed import resumed
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING

ID = "abcdefghijklmnop"
FILM = "video/matroska/h264/high/40/ac3/6/48000/7200000"
CAPTION = didl.Caption(f"/media/{ID}/s.srt", "srt", "http-get:*:text/srt:*")


def entry(coded=FILM, parent="video$begun"):
    info = "http-get:*:video/x-matroska:*"
    res = didl.Res(f"/media/{ID}/v.mkv", info, 5, 7_200_000, coded=coded)
    segments = didl.pack("A & B", "object.item.videoItem", (), [res], [CAPTION])
    return Entry(False, f"i${ID}@{parent}", parent, segments, f"i${ID}")


def shown(play, one=None, **needs):
    wants = Needs(**{"resume": True, **needs})
    plays = Plays(1, MappingProxyType({ID: play} if play else {}))
    entries = with_plays(
        asked(resumed([one or entry()], plays, wants), wants), plays, wants
    )
    return etree.fromstring(plain(didl.write(entries, EVERYTHING, "http://h")))[0]


def urls(item):
    return [one.text for one in item.iterfind("{*}res")]


def test_it_begins_a_little_before_its_place():
    item = shown(Play(0, 1, 34, 2_480_500))
    assert item.findtext("{*}title") == "\u25b6 0:41:10 \u2013 A & B"
    (res,) = item.iterfind("{*}res")
    assert res.text == f"http://h/convert/{ID}/from2470-mpegts-copy-copy.ts"
    assert res.get("duration") == "1:18:50.000"
    info = res.get("protocolInfo")
    assert info.startswith("http-get:*:video/mpeg:DLNA.ORG_PN=AVC_TS_HP_HD_AC3_ISO;")
    assert "OP=10;DLNA.ORG_CI=1" in info
    assert item.find("{*}lastPlaybackPosition") is None
    assert item.find("{*}CaptionInfo") is None
    assert item.get("id") == f"i${ID}@video$begun"


def test_it_comes_in_the_form_that_the_device_plays():
    item = shown(Play(0, 1, 50), instead={"sound ac3": "aac"})
    assert urls(item) == [f"http://h/convert/{ID}/from3590-mpegts-copy-aac.ts"]


@pytest.mark.parametrize(
    ("play", "one", "needs"),
    [
        (None, entry(), {}),
        (Play(3, 1, 0), entry(), {}),
        (Play(0, 1, 1, 9_000), entry(), {}),
        (Play(0, 1, 50), entry(parent="video$all"), {}),
        (Play(0, 1, 50), entry(), {"resume": False}),
        (Play(0, 1, 50), entry(""), {}),
        (Play(0, 1, 50), entry(FILM.replace("h264", "vp9")), {}),
        (Play(0, 1, 50), entry(FILM.replace("7200000", "0")), {}),
    ],
)
def test_all_else_is_as_ever(play, one, needs):
    item = shown(play, one, **needs)
    assert item.findtext("{*}title") == "A & B"
    assert urls(item) == [f"http://h/media/{ID}/v.mkv", f"http://h/media/{ID}/s.srt"]
