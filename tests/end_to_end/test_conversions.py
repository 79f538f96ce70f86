"""What devices get that can't play a file: converted by the real ffmpeg, as it is sent.

The devices are told by their headers, as the rules know them.
"""

import array
import contextlib
import io
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image
from support.daemon import running_daemon, wait_for
from support.pgs import white_block
from support.upnp_client import Fault, MediaServer, fetch

from upnpserver.catalog.household import Household

FFMPEG = shutil.which("ffmpeg")
pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(FFMPEG is None, reason="there is no ffmpeg"),
]

PS3 = {"User-Agent": "UPnP/1.0 DLNADOC/1.50 PLAYSTATION 3"}
XBOX = {"User-Agent": "Xbox/2.0.17559.0 UPnP/1.0 Xbox/2.0.17559.0"}
BRAVIA = {
    "X-AV-Client-Info": 'av=5.0; cn="Sony Corporation"; mn="KDL-40EX500"; mv="1.7";'
}
SAMSUNG = {"User-Agent": "SEC_HHP_[TV] Samsung Q9 Series (65)/1.0"}
SECONDS = 60
WORDS = ("Forced words", "Gesprochene Wörter", "No language")
RATE = 44_100
TONE = f"aevalsrc='0.4*sin(9*t*t)|0.3*sin(300*t)':s={RATE}:d={SECONDS}"


def made(folder, name, *how):
    path = folder / name
    subprocess.run([FFMPEG, "-v", "error", "-y", *how, path], check=True)
    return path


def written(folder, number, text):
    path = folder / f"{number}.srt"
    path.write_text(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conversions") / "Convertible"
    folder.mkdir()
    song = made(folder, "Tone.flac", "-f", "lavfi", "-i", TONE)
    film = ("-f", "lavfi", "-i", f"testsrc2=s=640x360:r=25:d={SECONDS}", "-i", song)
    coded = (
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "50",
        "-profile:v",
        "main",
    )
    sound = ("-c:a", "dca", "-strict", "-2", "-ar", "48000")
    made(folder, "Loud.mkv", *film, *coded, "-pix_fmt", "yuv420p", *sound)
    words = [written(folder.parent, n, text) for n, text in enumerate(WORDS)]
    inside = [part for path in words for part in ("-i", path)]
    # MP4 keeps languages, and has no names for them as DIDL-Lite has.
    tracks = ("-map", "0", "-map", "1", "-map", "2", "-map", "3")
    languages = [
        *("-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger"),
        *("-disposition:s:0", "forced", "-disposition:s:1", "default"),
    ]
    kept = ("-c:v", "copy", "-c:a", "copy", "-c:s:0", "srt", "-c:s:1", "ass")
    made(
        folder,
        "Talk.mkv",
        "-i",
        folder / "Loud.mkv",
        *inside,
        *tracks,
        *kept,
        "-c:s:2",
        "srt",
        *languages,
    )
    drawn = folder.parent / "block.sup"
    drawn.write_bytes(white_block((640, 360), (220, 300, 200, 40), SECONDS - 1))
    german = ("-map", "0", "-map", "1", "-c", "copy", "-metadata:s:s:0", "language=ger")
    made(folder, "Drawn.mkv", "-i", folder / "Loud.mkv", "-i", drawn, *german)
    (folder / "Lie.flac").write_bytes(song.read_bytes()[:8192] + os.urandom(100_000))
    return folder


@pytest.fixture(scope="module")
def running(home, files, tmp_path_factory):
    state = tmp_path_factory.mktemp("converting") / "state"
    with running_daemon(home.server, state, files) as daemon:
        server = daemon.seen_by(home.client)
        wait_for(
            "all files",
            lambda: {"Tone", "Loud", "Talk", "Drawn", "Lie"} <= set(titles(server)),
        )
        yield daemon


def titles(server):
    return {
        one.title: one
        for kind in ("music$all", "video$all")
        for one in all_of(server, kind)
    }


def all_of(server, container):
    try:
        return server.browse(container).objects
    except Fault:
        return ()


def seen(running, home, headers):
    return titles(MediaServer(home.client, running.location, headers))


def converted(running, home, headers, title):
    """Return the res of a conversion, first among those of the file."""

    def found():
        item = seen(running, home, headers).get(title)
        first = item.resources[0] if item else None
        return first if first and "/convert/" in first.url else None

    return wait_for("an offer", found)


def probed(content):
    shown = ("-show_entries", "stream=codec_name,channels,sample_rate,width")
    asked = ["ffprobe", "-v", "error", *shown, "-show_entries", "format", "-of", "json"]
    done = subprocess.run([*asked, "-"], input=content, capture_output=True, check=True)
    told = json.loads(done.stdout)
    return {one["codec_name"]: one for one in told["streams"]}, told["format"]


def decoded(path):
    raw = ("-f", "s16be", "-")
    return subprocess.run(
        [FFMPEG, "-v", "error", "-i", path, *raw], capture_output=True, check=True
    ).stdout


def at_work(running):
    """Return the processes of ffmpeg that the server has."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if (
                entry.name.isdigit()
                and f"\nPPid:\t{running.process.pid}\n"
                in (entry / "status").read_text()
            ):
                command = (entry / "cmdline").read_bytes()
                if b"ffmpeg" in command:
                    found.append(int(entry.name))
    return found


def test_a_device_that_plays_it_is_offered_the_file_alone(running, home):
    for item in seen(running, home, {}).values():
        assert not any("/convert/" in one.url for one in item.resources)


def test_music_comes_as_lpcm_of_the_size_that_was_told(running, home, files):
    offer = converted(running, home, PS3, "Tone")
    mime, features = offer.protocol_info.split(":", 3)[2:]
    assert mime == f"audio/L16;rate={RATE};channels=2"
    assert features.startswith("DLNA.ORG_PN=LPCM;DLNA.ORG_OP=10;DLNA.ORG_CI=1;")
    answer = fetch(home.client, offer.url, headers=PS3)
    assert answer.header("Content-Type") == mime
    assert answer.header("contentFeatures.dlna.org") == features
    assert len(answer.body) == offer.size_bytes == SECONDS * RATE * 4
    assert answer.body == decoded(files / "Tone.flac")


@pytest.mark.parametrize("start", [0, 1, 3, 44_100, 5_000_002, SECONDS * RATE * 4 - 6])
def test_any_byte_of_lpcm_can_be_asked_for(running, home, files, start):
    offer = converted(running, home, PS3, "Tone")
    whole = decoded(files / "Tone.flac")
    end = min(start + 300_000, len(whole))
    span = {"Range": f"bytes={start}-{end - 1}"}
    answer = fetch(home.client, offer.url, headers=PS3 | span)
    assert answer.status == 206
    assert answer.header("Content-Range") == f"bytes {start}-{end - 1}/{len(whole)}"
    assert answer.body == whole[start:end]


def test_lpcm_is_sought_by_time(running, home, files):
    offer = converted(running, home, PS3, "Tone")
    seek = {"TimeSeekRange.dlna.org": "npt=30-"}
    answer = fetch(home.client, offer.url, headers=PS3 | seek)
    whole = decoded(files / "Tone.flac")
    assert answer.body == whole[30 * RATE * 4 :]
    total = len(whole)
    assert answer.header("TimeSeekRange.dlna.org") == (
        f"npt=30.000-{SECONDS}.000/{SECONDS}.000 bytes={total // 2}-{total - 1}/{total}"
    )


def test_a_film_keeps_its_picture_and_gets_another_sound(running, home):
    offer = converted(running, home, BRAVIA, "Loud")
    assert "DLNA.ORG_OP=10;DLNA.ORG_CI=1" in offer.protocol_info
    assert offer.protocol_info.split(":")[2] == "video/mpeg"
    answer = fetch(home.client, offer.url)
    assert answer.header("Content-Length") == ""
    assert answer.header("Connection") == "close"
    streams, container = probed(answer.body)
    assert set(streams) == {"h264", "ac3"}
    assert container["format_name"] == "mpegts"
    later = fetch(home.client, offer.url, headers={"TimeSeekRange.dlna.org": "npt=30-"})
    assert (
        later.header("TimeSeekRange.dlna.org")
        == f"npt=30.000-{SECONDS}.000/{SECONDS}.000"
    )
    assert 0.4 < len(later.body) / len(answer.body) < 0.6


def test_music_comes_as_mp3(running, home):
    offer = converted(running, home, XBOX, "Tone")
    body = fetch(home.client, offer.url).body
    streams, _ = probed(body)
    assert set(streams) == {"mp3"}
    assert abs(len(body) / 40_000 - SECONDS) < 1  # at 320 kb/s


def test_a_head_starts_nothing(running, home):
    offer = converted(running, home, BRAVIA, "Loud")
    answer = fetch(home.client, offer.url, "HEAD")
    assert (answer.status, answer.header("Accept-Ranges")) == (200, "none")
    assert at_work(running) == []


def opened(home, running, url):
    with home.client.entered():
        connection = socket.create_connection((running.host.ipv4, running.port), 10)
    path = "/" + url.split("/", 3)[3]
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {running.host.ipv4}\r\n\r\n".encode()
    )
    return connection


def test_a_paused_device_stops_ffmpeg_and_one_that_leaves_ends_it(running, home):
    offer = converted(running, home, BRAVIA, "Loud")
    connection = opened(home, running, offer.url)
    wait_for("the head", lambda: b"200 OK" in connection.recv(64))
    (ffmpeg,) = at_work(running)
    wait_for("standstill", lambda: io_of(ffmpeg) == (time.sleep(0.3), io_of(ffmpeg))[1])
    connection.close()
    wait_for("its end", lambda: at_work(running) == [], 2)


def io_of(pid):
    return Path(f"/proc/{pid}/io").read_text()


def test_no_more_than_two_at_once(running, home):
    offers = [
        converted(running, home, headers, title)
        for headers, title in ((BRAVIA, "Loud"), (PS3, "Tone"), (PS3, "Lie"))
    ]
    held = [opened(home, running, one.url) for one in offers[:2]]
    for connection in held:
        assert connection.recv(12) == b"HTTP/1.1 200"
    refused = fetch(home.client, offers[2].url)
    assert (refused.status, refused.header("Retry-After")) == (503, "5")
    # The same device and item again: the one before makes room.
    again = fetch(home.client, offers[1].url, headers={"Range": "bytes=0-99"})
    assert again.status == 206
    for connection in held:
        connection.close()
    wait_for("their end", lambda: at_work(running) == [], 2)


def test_what_is_broken_gets_as_much_as_was_promised(running, home):
    offer = converted(running, home, PS3, "Lie")
    assert len(fetch(home.client, offer.url).body) == offer.size_bytes
    wait_for("its end", lambda: at_work(running) == [], 2)


@pytest.mark.parametrize(
    "name",
    [
        *("mpegts-copy-ac3.mp4", "mpegts-copy.ts", "mpegts-vp9-ac3.ts", "lpcm.l16"),
        *("mpegts-copy-copy-x.ts", "..%2f..%2fetc.ts", "mpegts-none-ac3.ts"),
    ],
)
def test_there_are_no_other_forms(running, home, name):
    offer = converted(running, home, BRAVIA, "Loud")
    url = offer.url.rpartition("/")[0] + f"/{name}"
    assert fetch(home.client, url).status == 404


def test_samples_are_what_they_were(running, home, files):
    """WAV has the same samples the other way round, behind a head."""
    offer = converted(running, home, PS3, "Tone")
    url = offer.url.replace("lpcm.l16", "wav.wav")
    body = fetch(home.client, url).body
    streams, _ = probed(body)
    assert set(streams) == {"pcm_s16le"}
    samples = array.array("h", body[44:])
    samples.byteswap()
    assert samples.tobytes() == decoded(files / "Tone.flac")


def art_of(running, home, headers, title):
    server = MediaServer(home.client, running.location, headers)

    def found():
        out = server.call(
            "Browse",
            ObjectID="video$all",
            BrowseFlag="BrowseDirectChildren",
            Filter="*",
            StartingIndex=0,
            RequestedCount=0,
            SortCriteria="",
        )
        items = [
            one
            for one in etree.fromstring(out["Result"])
            if title in one.xpath("./*[local-name()='title']/text()")
        ]
        return items[0].xpath(".//*[local-name()='albumArtURI']")

    return wait_for("art", found)[0]


@pytest.mark.parametrize(("headers", "most"), [({}, (160, 160)), (SAMSUNG, (640, 480))])
def test_a_film_without_a_poster_is_shown_by_a_picture_of_its_own(
    running, home, headers, most
):
    url = art_of(running, home, headers, "Loud").text
    assert "/picture/" in url
    answer = fetch(home.client, url, headers=headers)
    assert (answer.status, answer.header("Content-Type")) == (200, "image/jpeg")
    with Image.open(io.BytesIO(answer.body)) as drawn:
        assert drawn.size == (most[0], most[0] * 360 // 640)
        assert "progressive" not in drawn.info
        assert len(set(drawn.convert("L").tobytes())) > 50  # something is on it
    kept = running.state_dir / "pictures"
    wait_for(
        "what is kept",
        lambda: list(kept.rglob("*-still-tn" if most[0] == 160 else "*-still-sm")),
    )
    began = time.monotonic()
    assert fetch(home.client, url, headers=headers).body == answer.body
    assert time.monotonic() - began < 0.1  # nothing was started


def test_subtitles_inside_a_film_are_had_as_srt(running, home):
    def found():
        resources = seen(running, home, {})["Talk"].resources
        return [one.url for one in resources if "/subtitle/" in one.url]

    urls = wait_for("subtitles", found)
    assert [url.rpartition("/")[2] for url in urls] == [
        *("film.t1.de.srt", "film.t2.srt", "film.t0.en.forced.srt"),
    ]
    texts = [fetch(home.client, url) for url in urls]
    assert [answer.header("Content-Type") for answer in texts] == ["text/srt"] * 3
    for answer, words in zip(texts, (WORDS[1], WORDS[2], WORDS[0]), strict=True):
        assert answer.body.decode().splitlines() == [
            *("1", "00:00:01,000 --> 00:00:02,000", words, ""),
        ]
    film = seen(running, home, {})["Talk"].resources[0].url
    asked = SAMSUNG | {"getCaptionInfo.sec": "1"}
    head = fetch(home.client, film, "HEAD", headers=asked)
    assert head.header("CaptionInfo.sec") == urls[0]
    other = urls[0].replace("film.t1", "film.t9")
    assert fetch(home.client, other).status == 404


def test_nothing_is_offered_without_ffmpeg(home, files, tmp_path):
    """As on a host whose PATH has none."""
    wrapper = ("env", f"PATH={tmp_path}")
    with running_daemon(
        home.server, tmp_path / "state", files, port=8400, wrapper=wrapper
    ) as daemon:
        server = MediaServer(home.client, daemon.seen_by(home.client).location, PS3)
        wait_for("all files", lambda: {"Tone", "Loud", "Talk"} <= set(titles(server)))
        urls = [one.url for item in titles(server).values() for one in item.resources]
        assert urls
        assert not any("/convert/" in url or "/subtitle/" in url for url in urls)
        film = next(url for url in urls if "/video" in url)
        made_up = film.replace("/media/", "/convert/").rpartition("/")[0]
        assert fetch(home.client, f"{made_up}/mpegts-copy-ac3.ts").status == 404
        picture = film.replace("/media/", "/picture/").rpartition("/")[0]
        assert fetch(home.client, f"{picture}/tn.jpg").status == 404


def test_a_film_is_continued_where_it_was_left(running, home):
    """A TV that knows places tells one; another that knows none begins there."""
    samsung = MediaServer(home.client, running.location, SAMSUNG)
    film = titles(samsung)["Loud"]
    samsung.call(
        "X_SetBookmark",
        CategoryType="VideoItem",
        RID="1",
        ObjectID=film.object_id,
        PosSecond=40_000,
    )
    ps3 = MediaServer(home.client, running.location, PS3)
    (item,) = wait_for("a film to continue", lambda: all_of(ps3, "video$begun"))
    assert item.title == "\u25b6 0:00:30 \u2013 Loud"
    (offer,) = item.resources
    assert offer.url.endswith("/from30-mpegts-copy-ac3.ts")
    later = fetch(home.client, offer.url, headers=PS3)
    streams, _ = probed(later.body)
    assert set(streams) == {"h264", "ac3"}
    whole = fetch(home.client, offer.url.replace("from30-", ""), headers=PS3)
    assert 0.4 < len(later.body) / len(whole.body) < 0.6
    end = {"TimeSeekRange.dlna.org": "npt=15-"}
    end = fetch(home.client, offer.url, headers=PS3 | end)
    assert end.header("TimeSeekRange.dlna.org") == "npt=15.000-30.000/30.000"
    assert 0.2 < len(end.body) / len(whole.body) < 0.3
    (same,) = all_of(samsung, "video$begun")
    assert same.title == "Loud"
    for wrong in ("from60-", "from0060-", "from1234567-", "from-"):
        url = offer.url.replace("from30-", wrong)
        assert fetch(home.client, url).status == 404


def test_what_was_played_in_another_form_is_noted(home, files, tmp_path):
    folder = tmp_path / "Noted"
    folder.mkdir()
    for name in ("Loud.mkv", "Tone.flac"):
        shutil.copyfile(files / name, folder / name)
    state = tmp_path / "state"
    with running_daemon(home.server, state, folder, port=8500) as daemon:
        daemon.seen_by(home.client)
        film = converted(daemon, home, BRAVIA, "Loud")
        song = converted(daemon, home, PS3, "Tone")
        assert fetch(home.client, film.url, headers=BRAVIA).status == 200
        half = {"Range": f"bytes=0-{song.size_bytes // 2 - 1}"}
        assert fetch(home.client, song.url, headers=PS3 | half).status == 206
        daemon.end()
    plays = Household(state / "household.sqlite").plays()
    watched, place = (plays[one.url.split("/")[4]] for one in (film, song))
    assert watched.times == 1
    assert (place.times, place.position_percent) == (0, 50)
    assert place.position_ms == SECONDS * 500


def test_subtitles_that_are_pictures_are_drawn_into_the_film(running, home, tmp_path):
    offer = converted(running, home, BRAVIA, "Drawn")
    url = offer.url.replace("/mpegts-copy-ac3.ts", "/mpegts-h264-ac3-s0.ts")
    film = tmp_path / "Drawn.ts"
    film.write_bytes(fetch(home.client, url).body)
    streams, _ = probed(film.read_bytes())
    assert set(streams) == {"h264", "ac3"}
    picture = tmp_path / "Drawn.png"
    shown = ("-ss", "5", "-i", film, "-frames:v", "1", picture)
    subprocess.run([FFMPEG, "-v", "error", *shown], check=True)
    with Image.open(picture) as frame:
        grey = frame.convert("L")
        assert min(grey.crop((225, 305, 415, 335)).tobytes()) > 200
        assert min(grey.crop((225, 255, 415, 285)).tobytes()) < 200
    for other in ("-s1.ts", "-s.ts", "-s100.ts"):
        assert fetch(home.client, url.replace("-s0.ts", other)).status == 404
