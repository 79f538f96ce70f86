"""Players play every kind of item, and each byte is the one on the disk."""

import hashlib
import json
import random
import sys
from pathlib import Path

import pytest
from support.household import KINDS
from support.upnp_client import fetch

pytestmark = pytest.mark.end_to_end

PLAYER = Path(__file__).parents[1] / "support" / "vlc_player.py"


@pytest.fixture(scope="module")
def file_of(served):
    """Return the file behind each URL, known by its whole content."""
    client, files = served.home.client, served.household.files
    bodies = {url: fetch(client, url).body for url in served.items}
    found = {url: hashlib.sha256(body).hexdigest() for url, body in bodies.items()}
    return {url: files[digest] for url, digest in found.items() if digest in files}


def test_every_file_can_be_fetched_whole(file_of, served):
    assert sorted(file_of.values()) == sorted(served.household.files.values())


def test_type_and_size_are_those_that_browse_promised(served):
    for url, item in served.items.items():
        answer = fetch(served.home.client, url, "HEAD")
        promised = item.resources[0]
        assert answer.status == 200
        assert answer.header("Content-Type") == promised.mime, item.title
        assert int(answer.header("Content-Length")) == promised.size_bytes


def ranges(size, chance):
    """Yield (first, last) of single ranges: the edges, and some by chance."""
    yield from ((0, 0), (size - 1, size - 1), (0, size - 1))
    for _ in range(12):
        first = chance.randrange(size)
        yield first, chance.randrange(first, size)


def test_ranges_are_the_bytes_on_the_disk(file_of, served):
    chance = random.Random(20)  # the same ranges each time
    for url, path in file_of.items():
        content = path.read_bytes()
        for first, last in ranges(len(content), chance):
            answer = fetch(
                served.home.client, url, headers={"Range": f"bytes={first}-{last}"}
            )
            assert answer.status == 206
            expected = f"bytes {first}-{last}/{len(content)}"
            assert answer.header("Content-Range") == expected
            assert answer.body == content[first : last + 1], (path.name, first, last)


def test_the_end_of_a_file_is_the_end_on_the_disk(file_of, served):
    for url, path in file_of.items():
        answer = fetch(served.home.client, url, headers={"Range": "bytes=-100"})
        assert (answer.status, answer.body) == (206, path.read_bytes()[-100:])


@pytest.mark.parametrize("kind", KINDS)
def test_ffprobe_reads_every_item(file_of, served, kind):
    urls = [url for url, path in file_of.items() if path.suffix in KINDS[kind]]
    assert urls
    for url in urls:
        done = served.home.client.run(
            *("ffprobe", "-v", "error", "-of", "json"),
            *("-show_entries", "stream=codec_type:format=size", url),
        )
        seen = json.loads(done.stdout)
        types = {stream["codec_type"] for stream in seen["streams"]}
        assert types & ({"audio"} if kind == "audio" else {"video"}), file_of[url]


@pytest.mark.parametrize(
    ("suffix", "heard", "seen"),
    [
        (".mp3", True, False),
        (".flac", True, False),
        (".opus", True, False),
        (".mp4", True, True),
        (".mkv", True, True),
        (".ts", True, True),
        (".jpg", False, True),
        (".png", False, True),
    ],
)
def test_vlc_plays_it(file_of, served, suffix, heard, seen):
    url = next(url for url, path in file_of.items() if path.suffix == suffix)
    done = served.home.client.run(sys.executable, str(PLAYER), url)
    played = json.loads(done.stdout)
    assert (played["audio"] > 0, played["pictures"] > 0) == (heard, seen), played
