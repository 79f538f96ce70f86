"""What else a server does while it streams, and how fast pictures come."""

import contextlib
import io
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench.contenders import ALL_MUSIC, PORTS, Contender
from bench.figures import Figure
from conformance.servers import OURS
from PIL import Image

STREAMS = 8
SLOW_BYTES_A_SECOND = 10_000_000
BROWSES = 150
ART_FETCHES = 60
PHOTOS = 8
PHOTO_SIZE = (4000, 3000)
PLAYERS = Path(__file__).with_name("players.py")
_ART = re.compile(rb"albumArtURI(?:(?!&gt;).)*&gt;(http://[^&<]+)")
_THUMBNAIL = re.compile(rb"http://[^&<]+/picture/[a-z2-7]{16}/tn\.jpg")


def browse_beside(
    contenders: list[Contender], urls: dict[str, str], rounds: int
) -> list[Figure]:
    """Return how long a page of 30 takes beside streams."""
    figures = []
    for name, rate, most in (
        ("8 streams at full speed", 0, 1.0),
        ("8 streams of 10 MB/s", SLOW_BYTES_A_SECOND, 0.7),
    ):
        middle: dict[str, list[float]] = {each.name: [] for each in contenders}
        worst: dict[str, list[float]] = {each.name: [] for each in contenders}
        for _ in range(rounds):
            for one in random.sample(contenders, len(contenders)):
                with _playing(one, urls[one.name], rate):
                    times = sorted(_browses_ms(one))
                middle[one.name].append(statistics.median(times))
                worst[one.name].append(times[len(times) * 99 // 100])
        figures += [
            Figure(f"Browse, {name}", "ms", middle, most_ratio=most),
            Figure("  the same, p99", "ms", worst, most_ratio=most),
        ]
    return figures


@contextlib.contextmanager
def _playing(one: Contender, url: str, rate: int) -> Iterator[None]:
    path = urlsplit(url).path
    words = (one.host.ipv4, str(PORTS[one.name]), path, str(STREAMS), str(rate))
    command = one.asker.command(sys.executable, str(PLAYERS), *words)
    players = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert players.stdout is not None
        players.stdout.readline()
        time.sleep(0.3)
        yield
    finally:
        players.kill()
        players.wait()


def _browses_ms(one: Contender) -> list[float]:
    request = one.browse(ALL_MUSIC[one.name], count=30)
    with one.asker.entered():
        return [_asked_ms(one, request) for _ in range(BROWSES)]


def _asked_ms(one: Contender, request: bytes) -> float:
    begin = time.perf_counter()
    one.ask(request)
    return (time.perf_counter() - begin) * 1000


# Pictures ------------------------------------------------------------------------


def write_photos(folder: Path) -> None:
    """Write photos of twelve megapixels."""
    folder.mkdir()
    for number in range(PHOTOS):
        small = Image.effect_noise((500, 375), 60 + number).convert("RGB")
        buffer = io.BytesIO()
        small.resize(PHOTO_SIZE).save(buffer, "JPEG", quality=88)
        (folder / f"Large {number}.jpg").write_bytes(buffer.getvalue())


def pictures(contenders: list[Contender], rounds: int) -> list[Figure]:
    """Return how fast art and thumbnails come, and what they cost."""
    ours = next(one for one in contenders if one.name == OURS.name)
    with ours.asker.entered():
        thumbnails = _thumbnails(ours)
        ours.ask(_get(thumbnails.pop()))  # starts the child
        before = _cpu_s(ours)
        for url in thumbnails:
            ours.ask(_get(url))
        cost = (_cpu_s(ours) - before) * 1000 / len(thumbnails)
    art: dict[str, list[float]] = {each.name: [] for each in contenders}
    small: dict[str, list[float]] = {each.name: [] for each in contenders}
    for _ in range(rounds):
        for one in contenders:
            with one.asker.entered():
                asked = [_get(url) for url in _arts(one)]
                times = _fetched_ms(one, asked)
                art[one.name].append(times)
                if one is ours:
                    times = _fetched_ms(one, [_get(url) for url in thumbnails])
                small[one.name].append(times)
    return [
        Figure("album art", "ms", art, most_ratio=2),
        Figure("JPEG_TN from the cache, art there", "ms", small, most_ratio=2),
        Figure("JPEG_TN of 12 megapixels", "CPU ms", {ours.name: [cost]}, most=50),
    ]


def _cpu_s(one: Contender) -> float:
    """Return the processor time of a server and of the children that draw.

    They have left its network, by which Contender.pids() knows processes.
    """
    pids, ticks = one.pids(), 0
    for pid in pids:  # grows meanwhile
        try:
            tasks = Path(f"/proc/{pid}/task").iterdir()
            for children in [task / "children" for task in tasks]:
                pids += [int(child) for child in children.read_text().split()]
            told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(map(int, told[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _fetched_ms(one: Contender, requests: list[bytes]) -> float:
    every = [requests[at % len(requests)] for at in range(ART_FETCHES)]
    return statistics.median(_asked_ms(one, request) for request in every)


def _arts(one: Contender) -> list[str]:
    found = _ART.findall(one.ask(one.browse(ALL_MUSIC[one.name], count=200)))
    return sorted({url.decode() for url in found})


def _thumbnails(ours: Contender) -> list[str]:
    found = _THUMBNAIL.findall(ours.ask(ours.search('dc:title contains "Large"')))
    assert len(found) >= PHOTOS, "the large photos are not listed"
    return sorted({url.decode() for url in found})


def _get(url: str) -> bytes:
    parts = urlsplit(url)
    lines = (f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close")
    return "\r\n".join([*lines, "", ""]).encode()
