"""What is made on demand, as a device fetches it: small pictures, SRT subtitles."""

import io
import re

import pytest
from PIL import Image
from support.daemon import running_daemon, wait_for
from support.make_media import FIXTURES
from support.upnp_client import Fault, fetch

pytestmark = pytest.mark.end_to_end

LIMITS = {"JPEG_TN": (160, 160), "JPEG_SM": (640, 480), "JPEG_MED": (1024, 768)}
LIMITS["JPEG_LRG"] = (4096, 4096)


def photos(served):
    return [
        item
        for item in served.items.values()
        if item.resources[0].mime.startswith("image/")
    ]


def profile(resource):
    found = re.search(r"DLNA.ORG_PN=(\w+)", resource.protocol_info)
    return found[1] if found else ""


def test_every_photo_is_had_as_a_small_jpeg(served):
    for photo in photos(served):
        names = [profile(one) for one in photo.resources]
        assert "JPEG_TN" in names, photo
        for resource in photo.resources[1:]:
            answer = fetch(served.home.client, resource.url)
            assert (answer.status, answer.header("Content-Type")) == (200, "image/jpeg")
            assert answer.header("transferMode.dlna.org") == "Interactive"
            features = resource.protocol_info.split(":", 3)[3]
            assert answer.header("contentFeatures.dlna.org") == features
            with Image.open(io.BytesIO(answer.body)) as drawn:
                most = LIMITS[profile(resource)]
                assert drawn.width <= most[0]
                assert drawn.height <= most[1]
                assert f"{drawn.width}x{drawn.height}" == resource.resolution
                assert not drawn.getexif()
                assert "progressive" not in drawn.info


def test_a_photo_stands_for_itself_and_comes_from_the_cache_again(served):
    photo = photos(served)[0]
    url = next(one.url for one in photo.resources if profile(one) == "JPEG_TN")
    first = fetch(served.home.client, url)
    kept = served.daemon.state_dir / "pictures"
    wait_for("what is kept", lambda: list(kept.rglob("*-tn")))
    assert fetch(served.home.client, url).body == first.body
    again = fetch(
        served.home.client, url, headers={"If-None-Match": first.header("ETag")}
    )
    assert (again.status, again.body) == (304, b"")
    head = fetch(served.home.client, url, "HEAD")
    assert head.header("Content-Length") == str(len(first.body))


@pytest.mark.parametrize(
    "path", ["/picture/aaaaaaaaaaaaaaaa/tn.jpg", "/picture/x/tn.jpg", "/picture/"]
)
def test_what_is_not_there(served, path):
    base = re.match("http://[^/]+", served.daemon.location)[0]
    assert fetch(served.home.client, base + path).status == 404


def films(server):
    try:
        return server.browse("video$all").objects
    except Fault:  # not there before the first film is
        return ()


def test_subtitles_of_another_form_are_had_as_srt(home, tmp_path):
    folder = tmp_path / "Films"
    folder.mkdir()
    film = next((FIXTURES / "household").rglob("The Harbour (2019).mp4"))
    (folder / "Film.mp4").write_bytes(film.read_bytes())
    words = "WEBVTT\n\n00:01.000 --> 00:02.000\nČtyři slova řečená\n"
    (folder / "Film.cs.vtt").write_bytes(words.encode("cp1250"))
    with running_daemon(home.server, tmp_path / "state", folder, port=8300) as daemon:
        server = daemon.seen_by(home.client)
        found = wait_for("the film", lambda: films(server))
        url = next(one.url for one in found[0].resources if "/subtitle/" in one.url)
        answer = fetch(home.client, url)
    assert answer.header("Content-Type") == "text/srt"
    assert answer.body.decode().split("\r\n")[:3] == [
        *("1", "00:00:01,000 --> 00:00:02,000", "Čtyři slova řečená"),
    ]
