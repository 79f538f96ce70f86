"""Films are told with what ffmpeg can take out of them."""

from dataclasses import replace

import pytest
from lxml import etree
from support.browse_call import browse_arguments
from support.escaped import plain
from support.made_up_files import MUSIC, film, subtitle

from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.model import Track
from upnpserver.policy import EVERYONE, Needs
from upnpserver.services.content_directory import Asker, call

CODED = {"container": "matroska", "video_codec": "h264", "audio_codec": "dts"}
TEXTS = (Track("subtitle", "srt", "en"), Track("subtitle", "ass", "de", forced=True))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    path = tmp_path_factory.mktemp("inside") / "catalog.sqlite"
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    files = [
        film("Bare.mkv", **CODED),
        film("Texts.mkv", **CODED, tracks=TEXTS),
        film("Both.mkv", **CODED, tracks=TEXTS),
        subtitle("Both.srt"),
        film("Unknown.mkv"),
    ]
    writer.apply(files, [])
    writer.close()
    reader = Reader(path)
    yield reader
    reader.close()


def told(catalog, title, **policy):
    arguments = browse_arguments("video$all")
    asker = Asker(replace(EVERYONE, **policy), "http://h")
    document = plain(dict(call("Browse", arguments, catalog, asker))["Result"])
    for item in etree.fromstring(document):
        if item.findtext("{*}title") == title:
            return item
    raise LookupError(title)


def urls(item, name):
    return [one.text.rpartition("/")[2] for one in item.iterfind(f"{{*}}{name}")]


def test_nothing_is_told_without_ffmpeg(catalog):
    for title in ("Bare", "Texts"):
        item = told(catalog, title)
        assert urls(item, "albumArtURI") == []
        assert urls(item, "res") == ["video.mkv"]


def test_a_picture(catalog):
    item = told(catalog, "Bare", takes_out=True)
    (art,) = item.iterfind("{*}albumArtURI")
    assert art.text.startswith("http://h/picture/")
    assert art.text.endswith("/tn.jpg")
    assert list(art.attrib.values()) == ["JPEG_TN"]
    assert urls(told(catalog, "Unknown", takes_out=True), "albumArtURI") == []
    other = told(catalog, "Bare", takes_out=True, needs=Needs(art_profile="JPEG_SM"))
    assert urls(other, "albumArtURI") == ["sm.jpg"]


def test_subtitles_are_told_as_those_beside_a_film(catalog):
    item = told(catalog, "Texts", takes_out=True)
    best, forced = "film.t0.en.srt", "film.t1.de.forced.srt"
    assert urls(item, "res") == ["video.mkv", best, forced]
    for name in ("CaptionInfo", "CaptionInfoEx"):
        assert urls(item, name) == [best]
    (uri,) = item.xpath("./*[local-name()='res'][1]/@*[local-name()='subtitleFileUri']")
    assert uri.endswith(best)


def test_those_beside_it_go_first(catalog):
    item = told(catalog, "Both", takes_out=True)
    assert urls(item, "res")[:2] == ["video.mkv", "subtitle.srt"]
    assert len(urls(item, "res")) == 4
    assert urls(item, "CaptionInfo") == ["subtitle.srt"]


def test_a_device_that_wants_no_subtitles_as_res_gets_none(catalog):
    needs = Needs(subtitles=("sec-caption",))
    item = told(catalog, "Texts", takes_out=True, needs=needs)
    assert urls(item, "res") == ["video.mkv"]
    assert urls(item, "CaptionInfo") == ["film.t0.en.srt"]
