"""What is converted, as it stands in a listing: in front of the file."""

import re

import pytest
from lxml import etree
from support.escaped import plain

from upnpserver.model import Entry
from upnpserver.policy import Needs
from upnpserver.services.asked import asked
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING, parse_filter

ID = "abcdefghijklmnop"
INFO = "http-get:*:video/x-matroska:DLNA.ORG_OP=01"
CAPTION = didl.Caption(f"/media/{ID}/subtitle.srt", "srt", "http-get:*:text/srt:*")


def entry(coded, duration_ms=90_000, texts=""):
    res = didl.Res(
        f"/media/{ID}/video.mkv",
        INFO,
        size_bytes=5,
        duration_ms=duration_ms,
        resolution="1280x720",
        coded=coded,
        texts=texts,
    )
    segments = didl.pack("A", "object.item.videoItem", (), [res], [CAPTION])
    return Entry(False, f"i${ID}", "video$all", segments)


def listed(coded, wanted=EVERYTHING, texts="", **needs):
    told = asked([entry(coded, texts=texts)], Needs(**needs))
    document = etree.fromstring(plain(didl.write(told, wanted, "http://h")))
    return document.findall(".//{*}res")


FILM = "video/matroska/h264/high/40/dts/6/48000/90000"
TO_AC3 = {"sound dts": "ac3"}


def test_how_it_is_coded_is_told_to_nobody():
    for needs in ({}, {"max_page": 5}, {"instead": {"sound ac3": "aac"}}):
        res = listed(FILM, **needs)
        assert [one.text for one in res] == [
            f"http://h/media/{ID}/video.mkv",
            f"http://h/media/{ID}/subtitle.srt",
        ]
        assert set(res[0].keys()) >= {"protocolInfo", "size", "duration", "resolution"}
        assert "h264" not in etree.tostring(res[0]).decode()


def test_what_is_converted_goes_first():
    converted, file, _ = listed(FILM, instead=TO_AC3)
    assert converted.text == f"http://h/convert/{ID}/mpegts-copy-ac3.ts"
    assert converted.get("duration") == file.get("duration")
    assert converted.get("resolution") == "1280x720"
    assert converted.get("size") is None
    kept = [name for name in list(converted.attrib) if "subtitleFile" in name]
    assert len(kept) == 2
    info = converted.get("protocolInfo")
    assert re.fullmatch(
        r"http-get:\*:video/mpeg:DLNA.ORG_PN=AVC_TS_HP_HD_AC3_ISO;DLNA.ORG_OP=10;"
        r"DLNA.ORG_CI=1;DLNA.ORG_FLAGS=01700000[0]{24}",
        info,
    )


def test_it_is_told_as_the_device_wants_it():
    needs = {"mimes": {"video/mpeg": "video/mp2t"}, "dlna": False}
    converted = listed(FILM, instead=TO_AC3, **needs)[0]
    assert converted.get("protocolInfo") == "http-get:*:video/mp2t:*"


def test_a_picture_that_is_made_smaller_has_no_size():
    converted = listed(FILM, instead={"picture h264 high": "h264"})[0]
    assert converted.text.endswith("/mpegts-h264-copy.ts")
    assert converted.get("resolution") is None


def test_music_has_the_size_of_its_samples():
    coded = "audio/flac///0/flac/2/44100/90000"
    converted = listed(coded, instead={"music flac": "lpcm"})[0]
    assert converted.get("size") == str(90 * 44_100 * 4)
    assert converted.get("sampleFrequency") == "44100"
    assert converted.get("nrAudioChannels") == "2"


def test_a_filter_leaves_out_what_it_leaves_out():
    res = listed(FILM, parse_filter("res"), instead=TO_AC3)
    assert [one.get("duration") for one in res] == [None] * 3


def test_what_nobody_wrote_is_left_alone():
    for coded in ("", "video/x", "a/b/c/d/e/f/g/h/i"):
        assert len(listed(coded, instead=TO_AC3)) == 2


@pytest.mark.parametrize(
    ("needs", "name"),
    [
        ({"burn": "de"}, "mpegts-h264-copy-s1.ts"),
        ({"burn": "de", "instead": TO_AC3}, "mpegts-h264-ac3-s1.ts"),
        ({"burn": "de", "instead": {"film": "mp4"}}, "mp4-h264-aac-s1.mp4"),
        ({"burn": "fr", "instead": TO_AC3}, "mpegts-copy-ac3.ts"),
    ],
)
def test_subtitles_in_the_language_asked_for_are_drawn_in(needs, name):
    texts = "0.de/p3.en/p1.de/p2.de.forced"
    assert listed(FILM, texts=texts, **needs)[0].text.endswith(f"/{name}")


def test_none_are_drawn_in_where_there_are_none():
    assert len(listed(FILM, texts="0.de", burn="de")) == 2
