"""Objects in the forms that single families of devices want."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from support.escaped import plain

from upnpserver.dlna.protocolinfo import made_features, protocol_info
from upnpserver.model import Entry
from upnpserver.policy import NO_NEEDS, Needs
from upnpserver.services.asked import asked
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING

BASE = "http://192.0.2.1:8200"
ID = "abcdefghijklmnop"
REST = "DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000"
NS = {
    "l": "urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "upnp": "urn:schemas-upnp-org:metadata-1-0/upnp/",
    "sec": "http://www.sec.co.kr/dlna",
    "dlna": "urn:schemas-dlna-org:metadata-1-0/",
}


def film(title="Die Straße & ihr 'Ende'", suffix="mkv"):
    caption = didl.Caption(
        f"/media/{ID}/subtitle.srt", "srt", protocol_info("text/srt", REST)
    )
    segments = didl.pack(
        title,
        "object.item.videoItem.movie",
        [("dc:date", "2019-05-06T10:11:12"), ("upnp:genre", "Été")],
        [
            didl.Res(
                f"/media/{ID}/video.{suffix}",
                protocol_info("video/x-matroska", f"DLNA.ORG_PN=MPEG_PS_PAL;{REST}"),
                size_bytes=5,
                resolution="4096x2160",
            )
        ],
        [caption],
    )
    art = didl.pack_art(f"/media/{ID}/art.png", "PNG_LRG")
    return Entry(False, f"i${ID}", "video$all", segments, art=art)


def photo():
    resources = [
        didl.Res(
            f"/media/{ID}/image.jpg", protocol_info("image/jpeg", REST),
            resolution="4000x3000",
        ),
        didl.Res(
            f"/picture/{ID}/med.jpg",
            protocol_info("image/jpeg", made_features("JPEG_MED")),
            resolution="1024x768",
        ),
    ]  # fmt: skip
    segments = didl.pack(
        "Beach", "object.item.imageItem.photo", [("dc:date", "2019")], resources
    )
    art = didl.pack_art(f"/picture/{ID}/tn.jpg", "JPEG_TN")
    return Entry(False, f"i${ID}", "picture$all", segments, art=art)


def album():
    segments = didl.pack("Best.Of", "object.container.album.musicAlbum")
    return Entry(True, "music$a", "music$albums", segments, child_count=3)


def shown(entry, **needs):
    """Return the object's element as a device with these needs gets it."""
    entries = asked([entry], Needs(**needs))
    document = plain(didl.write(entries, EVERYTHING, BASE))
    (element,) = etree.fromstring(document.encode())
    return element


def text(element, path):
    return [found.text for found in element.findall(path, NS)]


def infos(element):
    return [res.get("protocolInfo").split(":", 3)[2:] for res in resources(element)]


def resources(element):
    return element.findall("l:res", NS)


def test_nothing_is_made_anew_for_who_needs_nothing():
    entries = [film(), album()]
    assert asked(entries, NO_NEEDS) is entries
    assert list(asked(entries, Needs())) == entries


@given(st.text(max_size=40).filter(lambda title: title.strip()))
def test_what_is_taken_apart_is_put_together_again(title):
    entry = film(title)
    assert didl.packed(didl.parts_of(entry.segments)) == entry.segments
    assert didl.packed_art(didl.unpacked(entry.art)) == entry.art


def test_mime_names_are_those_of_the_device():
    element = shown(
        film(),
        mimes={"video/x-matroska": "video/x-mkv", "text/srt": "application/x-subrip"},
    )
    assert [mime for mime, _ in infos(element)] == [
        *("video/x-mkv", "application/x-subrip"),
    ]


def test_profiles():
    assert [info[1] for info in infos(shown(film(), dlna=False))] == ["*", "*"]
    assert infos(shown(film(), profiles="no"))[0][1] == REST
    element = shown(film(), profiles="multi")
    assert [info[1].split(";")[0] for info in infos(element)[:2]] == [
        *("DLNA.ORG_PN=MPEG_PS_PAL", "DLNA.ORG_PN=MPEG_PS_NTSC"),
    ]
    first, second, _ = resources(element)
    assert first.text == second.text
    assert first.get("size") == second.get("size") == "5"


@pytest.mark.parametrize(
    ("forms", "sec", "res", "pv"),
    [
        (("sec-caption",), 2, 1, False),
        (("res-srt",), 0, 2, False),
        (("pv-attr",), 0, 1, True),
        ((), 0, 1, False),
        (("sec-caption", "caption-header", "res-srt", "pv-attr"), 2, 2, True),
    ],
)
def test_subtitles_only_in_the_ways_that_it_looks_for(forms, sec, res, pv):
    element = shown(film(), subtitles=forms)
    assert len(element.findall("sec:*", NS)) == sec
    assert len(resources(element)) == res
    names = [name for name in dict(resources(element)[0].attrib) if "subtitle" in name]
    assert bool(names) is pv


def test_no_namespace_of_samsung_s_where_it_hurts():
    entries = asked([film()], Needs(sec=False, subtitles=("res-srt",)))
    assert b"sec" not in didl.write(entries, EVERYTHING, BASE)


TITLES = [
    ("suffix-dot", film("Film"), "Film."),
    ("suffix-dot", film("Film 1.5"), "Film 1.5"),
    ("suffix-ext", film("Film", "avi"), "Film.avi"),
    ("max23", film("Ein sehr langer Titel für alle"), "Ein sehr langer Titel f"),
    ("max23", photo(), "Beach"),
    ("ascii", film("Straße nach Łódź, 東京"), "Strasse nach Lodz, ??"),
    ("suffix-ext", album(), "Best.Of"),
]


@pytest.mark.parametrize(("form", "entry", "title"), TITLES)
def test_titles(form, entry, title):
    assert text(shown(entry, title=form), "dc:title") == [title]


def test_dates():
    assert text(shown(film(), date="day"), "dc:date") == ["2019-05-06"]
    assert text(shown(film(), date="none"), "dc:date") == []
    assert text(shown(photo(), date="none"), "dc:date") == ["2019"]
    assert text(shown(photo(), date="day"), "dc:date") == ["2019"]


def test_plain_classes():
    classes = [
        text(shown(entry, plain_classes=True), "upnp:class")[0]
        for entry in (film(), photo(), album())
    ]
    assert classes == [
        "object.item.videoItem",
        "object.item.imageItem.photo",
        "object.container.storageFolder",
    ]


ARTS = [
    (film(), {"art_profile": "JPEG_TN"}, f"/picture/{ID}/tn.jpg", "JPEG_TN"),
    (film(), {"art_profile": "JPEG_SM"}, f"/picture/{ID}/sm.jpg", "JPEG_SM"),
    (film(), {"jpeg_only": True}, f"/picture/{ID}/tn.jpg", "JPEG_TN"),
    (film(), {"art_max": 160}, f"/picture/{ID}/tn.jpg", "JPEG_TN"),
    (film(), {"art_max": 700}, f"/picture/{ID}/sm.jpg", "JPEG_SM"),
    (photo(), {"art_profile": "JPEG_TN"}, f"/picture/{ID}/tn.jpg", "JPEG_TN"),
    (photo(), {"jpeg_only": True}, f"/picture/{ID}/tn.jpg", "JPEG_TN"),
    (film(), {"title": "ascii"}, f"/media/{ID}/art.png", "PNG_LRG"),
]


@pytest.mark.parametrize(("entry", "needs", "path", "profile"), ARTS)
def test_art(entry, needs, path, profile):
    (art,) = shown(entry, **needs).findall("upnp:albumArtURI", NS)
    assert art.text == BASE + path
    assert art.get(f"{{{NS['dlna']}}}profileID") == profile


def test_art_as_a_res_of_films_and_of_nothing_that_has_none():
    last = resources(shown(film(), art_as_res=True))[-1]
    assert last.text == f"{BASE}/picture/{ID}/tn.jpg"
    assert last.get("protocolInfo").startswith("http-get:*:image/jpeg:DLNA.ORG_PN=JPE")
    assert len(resources(shown(photo(), art_as_res=True))) == 2
    assert resources(shown(album(), art_as_res=True)) == []


def test_pictures_that_are_not_too_large():
    (fitting,) = resources(shown(photo(), image_max=(1920, 1080)))
    assert fitting.get("resolution") == "1024x768"
    assert len(resources(shown(photo(), image_max=(100, 100)))) == 2
    assert len(resources(shown(film(), image_max=(100, 100)))) == 2


def test_letters_that_it_can_read():
    element = shown(film(), xml=frozenset({"ascii"}))
    assert text(element, "upnp:genre") == ["Ete"]
    entries = asked([film()], Needs(xml=frozenset({"strict-apos"})))
    document = plain(didl.write(entries, EVERYTHING, BASE))
    assert "ihr &apos;Ende&apos;</dc:title>" in document
