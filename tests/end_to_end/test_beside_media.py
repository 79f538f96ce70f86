"""What lies beside media or inside it: a device fetches it, byte by byte."""

import re

import pytest
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES
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


def put(folder, name, like):
    """Copy a file of the household here, complete from the beginning."""
    source = next((FIXTURES / "household").rglob(like))
    (folder / f".{name}").write_bytes(source.read_bytes())
    (folder / f".{name}").rename(folder / name)


def metadata(server, kind):
    """Return the DIDL of the only item of a kind, "" for none or several."""
    found = [one for one in server.items().values() if one.resources[0].mime == kind]
    if len(found) != 1:
        return ""
    return server.call(
        "Browse",
        ObjectID=found[0].object_id,
        BrowseFlag="BrowseMetadata",
        Filter="*",
        StartingIndex=0,
        RequestedCount=0,
        SortCriteria="",
    )["Result"]


def test_what_comes_beside_media_is_told_and_had(home, tmp_path):
    folder = tmp_path / "Mixed"
    folder.mkdir()
    put(folder, "Song.flac", "01 - Bellows.flac")
    put(folder, "Harbour.mp4", f"{FILM}.mp4")
    words = "[00:01.00]Čtyři slova řečená\n".encode()
    with running_daemon(home.server, tmp_path / "state", folder, port=8302) as daemon:
        server = daemon.seen_by(home.client)
        wait_for("the film", lambda: metadata(server, "video/mp4"))
        assert "lyricsURI" not in metadata(server, "audio/x-flac")
        (folder / "Song.lrc").write_bytes(words)
        (folder / "Harbour.en.forced.srt").write_bytes(b"1\n")
        put(folder, "Harbour.png", "*.png")
        song = wait_for(
            "the lyrics",
            lambda: (
                (told := metadata(server, "audio/x-flac"))
                and re.search("<upnp:lyricsURI>(.*)</upnp:lyricsURI>", told)
            ),
        )
        lyrics = fetch(home.client, song[1])
        film = wait_for(
            "the poster",
            lambda: (
                (told := metadata(server, "video/mp4"))
                and re.search("<upnp:albumArtURI[^>]*>(.*)</upnp:albumArtURI>", told)
            ),
        )
        poster = fetch(home.client, film[1])
        wait_for(
            "the subtitle",
            lambda: "/subtitle.en.forced.srt" in metadata(server, "video/mp4"),
        )
        assert not metadata(server, "image/png")
    assert (lyrics.status, lyrics.body) == (200, words)
    assert lyrics.header("Content-Type") == "text/x-lrc"
    assert poster.body == (folder / "Harbour.png").read_bytes()
