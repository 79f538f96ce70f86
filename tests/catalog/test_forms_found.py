"""A search finds an item by any of the forms in which it can be had."""

import pytest
from support.made_up_files import film, photo, subtitle

from upnpserver.model import Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp.criteria import parse_criteria

PHOTO, FILM = photo("P.jpg", width=4000, height=3000), film("F.mp4", title="F")


@pytest.mark.parametrize(
    ("criteria", "item"),
    [
        ('res@resolution = "4000x3000"', PHOTO),
        ('res@resolution = "160x120"', PHOTO),
        ('res@protocolInfo contains "JPEG_TN"', PHOTO),
        ('res@protocolInfo contains "text/srt"', FILM),
        ('res@protocolInfo contains "video/mp4"', FILM),
    ],
)
def test_found_by_any_form(writer, reader, criteria, item):
    writer.apply([PHOTO, FILM, subtitle("F.srt")], [])
    page = reader.search("0", parse_criteria(criteria), Window(), (), EVERYONE)
    assert [entry.object_id for entry in page.entries] == [
        f"i${item.facts.content_id}",
    ]
