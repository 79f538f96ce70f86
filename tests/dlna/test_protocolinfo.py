"""The strings that TVs read before they ask for a file."""

import re

import pytest

from upnpserver.dlna.mimes import MEDIA_TYPES, UNKNOWN_MIME, mime_for, usual_type
from upnpserver.dlna.protocolinfo import (
    MAX_SOURCES,
    content_features,
    protocol_info,
    source_protocol_info,
)
from upnpserver.model import Kind

FILM = "DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000"
PHOTO = "DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=00F00000000000000000000000000000"


@pytest.mark.parametrize(
    ("kind", "profile", "expected"),
    [
        (Kind.VIDEO, "", FILM),
        (Kind.AUDIO, "", FILM),
        (Kind.IMAGE, "", PHOTO),
        (Kind.AUDIO, "MP3", f"DLNA.ORG_PN=MP3;{FILM}"),
        (Kind.IMAGE, "JPEG_LRG", f"DLNA.ORG_PN=JPEG_LRG;{PHOTO}"),
    ],
)
def test_content_features(kind, profile, expected):
    assert content_features(kind, profile) == expected


def test_protocol_info_has_four_fields():
    told = protocol_info("audio/mpeg", content_features(Kind.AUDIO, "MP3"))
    assert told == f"http-get:*:audio/mpeg:DLNA.ORG_PN=MP3;{FILM}"


SOURCES = source_protocol_info().split(",")
SOURCE = re.compile(r"http-get:\*:[a-z]+/[a-z0-9.+-]+:(\*|DLNA\.ORG_PN=[A-Z0-9a-z_]+)")


def test_sources_are_written_as_the_grammar_wants():
    assert [one for one in SOURCES if not SOURCE.fullmatch(one)] == []


def test_sources_hold_profiles_and_plain_names_once_each():
    assert len(set(SOURCES)) == len(SOURCES)
    assert SOURCES[0] == "http-get:*:image/jpeg:DLNA.ORG_PN=JPEG_TN"
    assert "http-get:*:video/mpeg:DLNA.ORG_PN=AVC_TS_HD_50_AC3_ISO" in SOURCES
    assert "http-get:*:audio/x-flac:*" in SOURCES
    assert {f"http-get:*:{row.mime}:*" for row in MEDIA_TYPES} <= set(SOURCES)


SONG = ("audio/mpeg", content_features(Kind.AUDIO, "MP3"))
PLAIN_SONG = ("audio/mpeg", content_features(Kind.AUDIO))
OGG = ("audio/ogg", content_features(Kind.AUDIO))


def test_sources_are_what_the_catalog_holds():
    assert source_protocol_info([OGG, PLAIN_SONG, SONG, OGG]).split(",") == [
        "http-get:*:audio/mpeg:DLNA.ORG_PN=MP3",
        "http-get:*:audio/mpeg:*",
        "http-get:*:audio/ogg:*",
    ]
    assert source_protocol_info([PLAIN_SONG]) == "http-get:*:audio/mpeg:*"
    assert source_protocol_info([]) == source_protocol_info()


def test_photos_are_had_in_the_sizes_that_are_drawn_of_them():
    told = source_protocol_info([("image/webp", content_features(Kind.IMAGE))])
    named = told.split(",")
    assert len(set(named)) == len(named)
    for profile in ("JPEG_TN", "JPEG_SM", "JPEG_MED", "JPEG_LRG"):
        assert f"http-get:*:image/jpeg:DLNA.ORG_PN={profile}" in named
    assert {"http-get:*:image/webp:*", "http-get:*:image/jpeg:*"} <= set(named)
    assert [one for one in named if not SOURCE.fullmatch(one)] == []


def test_a_catalog_of_oddities_is_told_in_part():
    odd = [(f"audio/x-{n}", "*") for n in range(2000)]
    told = source_protocol_info(odd).split(",")
    assert len(told) == MAX_SOURCES


def test_sources_fit_into_a_small_event():
    assert len(",".join(SOURCES)) < 10_000


@pytest.mark.parametrize(
    ("container", "kind", "packet_size", "expected"),
    [
        ("mp4", Kind.VIDEO, None, "video/mp4"),
        ("mp4", Kind.AUDIO, None, "audio/mp4"),
        ("mpegts", Kind.VIDEO, 188, "video/mpeg"),
        ("mpegts", Kind.VIDEO, 192, "video/vnd.dlna.mpeg-tts"),
        ("mpegts", Kind.AUDIO, 192, "audio/mpeg"),
        ("ogg", Kind.AUDIO, None, "audio/ogg"),
        ("ogg", Kind.VIDEO, None, "video/ogg"),
        ("asf", Kind.AUDIO, None, "audio/x-ms-wma"),
        ("asf", Kind.VIDEO, None, "video/x-ms-wmv"),
        ("jpeg", Kind.IMAGE, None, "image/jpeg"),
        ("jpeg", Kind.VIDEO, None, UNKNOWN_MIME),
        ("floppy", Kind.AUDIO, None, UNKNOWN_MIME),
    ],
)
def test_mime_names(container, kind, packet_size, expected):
    assert mime_for(container, kind, packet_size) == expected


def test_each_container_and_kind_stands_once():
    places = [(row.container, row.kind) for row in MEDIA_TYPES]
    assert len(set(places)) == len(places)


def test_each_extension_stands_once_and_in_lower_case():
    names = [name for row in MEDIA_TYPES for name in row.extensions.split()]
    assert len(set(names)) == len(names)
    assert [name for name in names if name != name.lower()] == []


def test_a_mime_name_says_the_kind():
    """VLC looks for res of video/ in films, audio/ in music, image/ in photos."""
    assert [row for row in MEDIA_TYPES if row.mime.split("/")[0] != row.kind] == []


@pytest.mark.parametrize(
    ("extension", "container"),
    [("mp3", "mp3"), ("m2ts", "mpegts-192"), ("jpg", "jpeg"), ("dvr-ms", "dvr-ms")],
)
def test_usual_types(extension, container):
    assert usual_type(extension).container == container


def test_a_text_file_has_no_usual_type():
    assert usual_type("txt") is None
