"""Which properties the catalog tells of an item, by what is known of its file."""

import pytest
from support.made_up_files import film, track

from upnpserver.catalog.items import SentFile, describe_item
from upnpserver.model import Track
from upnpserver.upnp import didl

SOUND = (
    Track("audio", language="de"),
    Track("subtitle", language="nl"),
    Track("audio", language="en"),
    Track("audio", language="de"),
    Track("audio"),
)


def told(file):
    described, _ = describe_item(file.facts, "T", SentFile("a" * 16, b"x", 5))
    return [xml for _, xml in didl.parts_of(described.segments)]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (track("a", disc=2), "<upnp:originalDiscNumber>2</upnp:originalDiscNumber>"),
        (
            track("a", audiobook=True, artists=("Ann",)),
            "<upnp:author>Ann</upnp:author>",
        ),
        (
            track("a", audiobook=True, artists=("Ann",), album_artists=("Bo",)),
            "<upnp:author>Bo</upnp:author>",
        ),
        (
            film("a", content_rating="PG"),
            '<upnp:rating type="MPAA.ORG">PG</upnp:rating>',
        ),
        (
            film("a", content_rating="TV-MA"),
            '<upnp:rating type="TVGUIDELINES.ORG">TV-MA</upnp:rating>',
        ),
        (film("a", content_rating="FSK 12"), "<upnp:rating>FSK 12</upnp:rating>"),
        (film("a", content_rating="PG 16"), "<upnp:rating>PG 16</upnp:rating>"),
        (
            film("a", series="S", title="Pilot"),
            "<upnp:programTitle>Pilot</upnp:programTitle>",
        ),
        (film("a", tracks=SOUND), "<dc:language>de</dc:language>"),
        (film("a", tracks=SOUND), "<dc:language>en</dc:language>"),
    ],
)
def test_is_told_once(file, expected):
    assert told(file).count(expected) == 1


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (track("a"), "originalDiscNumber"),
        (track("a", artists=("Ann",)), "upnp:author"),
        (film("a", title="Pilot"), "programTitle"),
        (film("a", tracks=SOUND), "language>nl"),
        (film("a", tracks=(Track("audio"),)), "dc:language"),
        (film("a"), "upnp:rating"),
    ],
)
def test_is_not_told(file, name):
    assert name not in "".join(told(file))
