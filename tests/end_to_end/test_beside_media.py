"""What lies beside media or inside it: a device fetches it, byte by byte."""

import re

import pytest
from support.upnp_client import fetch

pytestmark = pytest.mark.end_to_end

FILM = "The Harbour (2019)"


def described(served, mime, wanted):
    """Return the DIDL of the first item of a MIME name for which wanted is true."""
    for item in served.items.values():
        if item.resources[0].mime == mime:
            answer = served.server.call(
                "Browse",
                ObjectID=item.object_id,
                BrowseFlag="BrowseMetadata",
                Filter="*",
                StartingIndex=0,
                RequestedCount=0,
                SortCriteria="",
            )
            if wanted(answer["Result"]):
                return item, answer["Result"]
    raise LookupError(mime)


def test_the_picture_inside_a_song(served):
    _, didl = described(served, "audio/x-flac", lambda didl: "albumArtURI" in didl)
    (url,) = re.findall("<upnp:albumArtURI[^>]*>([^<]+)<", didl)
    answer = fetch(served.home.client, url)
    song = next(served.household.folder.rglob("01 - Bellows.flac"))
    assert answer.status == 200
    assert answer.body in song.read_bytes()
    assert answer.header("Content-Type") in {"image/jpeg", "image/png"}
    part = fetch(served.home.client, url, headers={"Range": "bytes=2-5"})
    assert (part.status, part.body) == (206, answer.body[2:6])
    size = len(answer.body)
    assert part.header("Content-Range") == f"bytes 2-5/{size}"


def test_the_subtitle_of_a_film(served):
    item, didl = described(served, "video/mp4", lambda didl: "CaptionInfo" in didl)
    (url,) = re.findall("<sec:CaptionInfoEx[^>]*>([^<]+)<", didl)
    subtitle = next(served.household.folder.rglob(f"{FILM}.srt"))
    answer = fetch(served.home.client, url)
    assert (answer.status, answer.body) == (200, subtitle.read_bytes())
    assert answer.header("Content-Type") == "text/srt"
    assert [(one.mime, one.url) for one in item.resources][1:] == [("text/srt", url)]
    film = fetch(
        served.home.client,
        item.resources[0].url,
        "HEAD",
        {"getCaptionInfo.sec": "1"},
    )
    assert film.header("CaptionInfo.sec") == url
