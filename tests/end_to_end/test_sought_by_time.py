"""Files sought by time through the real daemon: bytes, headers, and agreement."""

import re
import shutil
import subprocess

import pytest
from support.daemon import running_daemon, wait_for
from support.upnp_client import Fault, MediaServer, exchange, fetch

FFMPEG = shutil.which("ffmpeg")
pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(FFMPEG is None, reason="there is no ffmpeg"),
]
SECONDS = 20
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=s=320x180:r=25:d={SECONDS}")
TONE = ("-f", "lavfi", "-i", f"sine=f=300:d={SECONDS}:r=48000")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p")
FILES = {
    "Walk.mp4": (*PICTURE, *TONE, *H264, "-c:a", "aac"),
    "Boat.mkv": (*PICTURE, *TONE, *H264, "-c:a", "ac3"),
    "Hill.ts": (*PICTURE, *TONE, *H264, "-c:a", "aac"),
    "Parts.mp4": (*PICTURE, *H264, "-movflags", "frag_keyframe+empty_moov"),
    "Hum.flac": TONE,
    "Hiss.mp3": (*TONE, "-q:a", "5"),
    "Low.wav": TONE,
}
KODI = {"User-Agent": "Kodi/20.0"}
TIME = "TimeSeekRange.dlna.org"
TOLD = re.compile(r"npt=([\d.]+)-([\d.]+)/([\d.]+) bytes=(\d+)-(\d+)/(\d+)")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeking") / "Sought"
    folder.mkdir()
    for name, how in FILES.items():
        command = (FFMPEG, "-nostdin", "-v", "error", *how, folder / name)
        subprocess.run(command, check=True)
    return folder


@pytest.fixture(scope="module")
def running(home, files, tmp_path_factory):
    state = tmp_path_factory.mktemp("sought") / "state"
    with running_daemon(home.server, state, files) as daemon:
        server = daemon.seen_by(home.client)
        wait_for("all files", lambda: len(titles(server)) == len(FILES))
        yield daemon


def titles(server):
    found = {}
    for kind in ("music$all", "video$all"):
        try:
            found |= {one.title: one for one in server.browse(kind).objects}
        except Fault:
            continue
    return found


@pytest.fixture
def seen(running, home):
    return titles(MediaServer(home.client, running.location))


def content(files, name):
    return (files / name).read_bytes()


@pytest.mark.parametrize("name", [name for name in FILES if name != "Parts.mp4"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_time_is_answered_with_the_bytes_that_are_told(
    home, files, seen, name, method
):
    resource = seen[name.partition(".")[0]].resources[0]
    assert "DLNA.ORG_OP=11" in resource.protocol_info
    whole = content(files, name)
    for asked in ("npt=0-", "npt=7.5-", "npt=0:00:07.500-12"):
        answer = fetch(home.client, resource.url, method, {TIME: asked})
        assert answer.status == 200
        told = TOLD.fullmatch(answer.header(TIME))
        start, last, size = map(int, told.groups()[3:])
        assert size == len(whole)
        assert float(told[1]) == (0.0 if asked == "npt=0-" else 7.5)
        assert answer.header("Content-Length") == str(last - start + 1)
        assert answer.header("Content-Range") == ""
        assert answer.header("Vary") == TIME
        if method == "GET":
            assert answer.body == whole[start : last + 1]


@pytest.mark.parametrize("name", ["Walk.mp4", "Hill.ts", "Hum.flac"])
def test_a_part_is_about_as_long_as_was_asked_for(home, files, seen, name):
    resource = seen[name.partition(".")[0]].resources[0]
    answer = fetch(home.client, resource.url, "HEAD", {TIME: "npt=5-15"})
    part = int(answer.header("Content-Length")) / len(content(files, name))
    assert 0.4 < part < 0.65


def test_what_can_not_be_told_is_not_offered(home, seen):
    resource = seen["Parts"].resources[0]
    assert "DLNA.ORG_OP=01" in resource.protocol_info
    assert fetch(home.client, resource.url, "GET", {TIME: "npt=5-"}).status == 406
    answer = fetch(home.client, resource.url, "HEAD")
    assert "DLNA.ORG_OP=01" in answer.header("contentFeatures.dlna.org")
    assert answer.header("Vary") == ""


def test_who_seeks_by_bytes_is_offered_nothing_else(home, running):
    # From another address: what is there is remembered by it.
    seen = titles(MediaServer(home.router, running.location, KODI))
    resource = seen["Walk"].resources[0]
    assert "DLNA.ORG_OP=01" in resource.protocol_info
    answer = fetch(home.router, resource.url, "HEAD", {TIME: "npt=5-", **KODI})
    assert answer.status == 406


@pytest.mark.parametrize(
    ("asked", "status"), [("npt=x-", 400), ("npt=9-3", 400), ("npt=21-", 416)]
)
def test_times_that_are_none(home, seen, asked, status):
    resource = seen["Walk"].resources[0]
    assert fetch(home.client, resource.url, "GET", {TIME: asked}).status == status


def test_a_range_goes_before_a_time(home, seen):
    resource = seen["Walk"].resources[0]
    both = {TIME: "npt=5-", "Range": "bytes=0-9"}
    answer = fetch(home.client, resource.url, "GET", both)
    assert (answer.status, len(answer.body)) == (206, 10)
    assert answer.header(TIME) == ""


def test_what_there_is_to_seek_in(home, files, seen):
    resource = seen["Walk"].resources[0]
    asked = {"getAvailableSeekRange.dlna.org": "1", "getcontentFeatures.dlna.org": "1"}
    answer = fetch(home.client, resource.url, "HEAD", asked)
    last = len(content(files, "Walk.mp4")) - 1
    assert answer.header("availableSeekRange.dlna.org") == (
        f"1 npt=0.000-20.000 bytes=0-{last}"
    )
    assert answer.header("X-AvailableSeekRange") == "1 npt=0.000-20.000"
    assert "DLNA.ORG_OP=11" in answer.header("contentFeatures.dlna.org")


def test_an_old_client_and_every_letter(home, running, seen):
    url = seen["Walk"].resources[0].url
    path = url.partition(f":{running.port}")[2]
    request = (
        f"HEAD {path} HTTP/1.0\r\n{TIME}: npt=5-\r\n"
        "getAvailableSeekRange.dlna.org: 1\r\n\r\n"
    )
    answer = exchange(
        home.client, home.server.ipv4, running.port, request.encode()
    ).decode()
    for line in (
        "HTTP/1.1 200 OK\r\n",
        "\r\nTimeSeekRange.dlna.org: npt=5.000-20.000/20.000 bytes=",
        "\r\nPragma: no-cache\r\n",
        "\r\nVary: TimeSeekRange.dlna.org\r\n",
        "\r\navailableSeekRange.dlna.org: 1 npt=0.000-20.000 bytes=0-",
        "\r\nX-AvailableSeekRange: 1 npt=0.000-20.000\r\n",
        "\r\nConnection: close\r\n",
    ):
        assert line in answer


def test_several_ranges_letter_by_letter(home, running, files, seen):
    url = seen["Low"].resources[0].url
    whole = content(files, "Low.wav")
    path = url.partition(f":{running.port}")[2]
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {home.server.ipv4}:{running.port}\r\n"
        "Range: bytes=0-3,1000-1003\r\nConnection: close\r\n\r\n"
    )
    answer = exchange(home.client, home.server.ipv4, running.port, request.encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 206 Partial Content"
    boundary = lines[1].partition("Content-Type: multipart/byteranges; boundary=")[2]
    size = len(whole)
    parts = "".join(
        f"{line}--{boundary}\r\nContent-Type: audio/x-wav\r\n"
        f"Content-Range: bytes {start}-{start + 3}/{size}\r\n\r\n{words}"
        for line, start, words in (("", 0, "RIFF"), ("\r\n", 1000, "@"))
    )
    before, _, after = parts.encode().partition(b"@")
    assert body == (
        before + whole[1000:1004] + after + f"\r\n--{boundary}--\r\n".encode()
    )
    assert f"Content-Length: {len(body)}" in lines
    for name in ("Accept-Ranges: bytes", "transferMode.dlna.org: Streaming"):
        assert name in lines
    assert not [line for line in lines if line.startswith("Content-Range")]
