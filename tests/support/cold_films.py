"""Films on a slow disk, all played at once from the beginning, none in memory."""

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from support.netns import Host
from support.upnp_client import MediaServer, fetch

RECORDING = (
    Path(__file__).parents[2] / "fixtures/media/household/Videos/Home/Recording.ts"
)


@dataclass(frozen=True, slots=True)
class Played:
    """What clients saw: bytes_a_second of all streams, and each Browse's time."""

    bytes_a_second: float
    digests: frozenset[str]
    browse_ms: tuple[float, ...]

    def browse_worst_ms(self, share: float = 1.0) -> float:
        """Return the time that this share of all Browse calls took at most."""
        return sorted(self.browse_ms)[int(share * (len(self.browse_ms) - 1))]


def make_films(folder: Path, count: int, megabytes: int) -> frozenset[str]:
    """Make recordings of one size that differ; return their sha256."""
    folder.mkdir()
    piece = RECORDING.read_bytes()
    digests = set()
    for number in range(count):
        path = folder / f"Film {number}.ts"
        with path.open("wb") as file:
            # Null packets (ISO/IEC 13818-1 section 2.4.3.3) tell them apart.
            file.write(b"\x47\x1f\xff\x10" + bytes([number]) * 184)
            while file.tell() < megabytes << 20:
                file.write(piece)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    return frozenset(digests)


def play_all(server: MediaServer, client: Host, urls: Sequence[str]) -> Played:
    """Read all of each url at once, and browse until they are done."""
    browse_ms, begin = [], time.perf_counter()
    with ThreadPoolExecutor(len(urls)) as clients:
        bodies = [
            clients.submit(lambda url=url: fetch(client, url).body) for url in urls
        ]
        while not all(body.done() for body in bodies):
            asked = time.perf_counter()
            server.browse("0")
            browse_ms.append((time.perf_counter() - asked) * 1000)
            time.sleep(0.01)
    seconds = time.perf_counter() - begin
    contents = [body.result() for body in bodies]
    return Played(
        sum(map(len, contents)) / seconds,
        frozenset(hashlib.sha256(content).hexdigest() for content in contents),
        tuple(browse_ms),
    )
