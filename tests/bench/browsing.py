"""How long answers of the ContentDirectory take, and how many go in a second.

Each request comes on a connection of its own, as TVs send them, and as
MiniDLNA wants them.
"""

import re
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import cycle

from bench.contenders import ALL_MUSIC, Contender
from bench.figures import Figure
from bench.library import Library

REQUESTS = 30  # of each kind and round
CLIENTS = 32
CROWD_S = 3.0
ITEM = re.compile(rb"&lt;item id=(?:&quot;|\")([^&\"]+)")
Make = Callable[[Contender], bytes]


def browse(contenders: list[Contender], library: Library, rounds: int) -> list[Figure]:
    """Return the latency of each kind of request, the servers in turn."""
    figures = []
    for name, make in _kinds(library).items():
        times: dict[str, list[float]] = {each.name: [] for each in contenders}
        requests = {each.name: make(each) for each in contenders}
        for _ in range(rounds):
            for contender in contenders:
                request = requests[contender.name]
                times[contender.name].append(_latency_ms(contender, request))
        figures.append(Figure(name, "ms", times))
    return figures


def crowd(
    contenders: list[Contender], rounds: int, folders: Sequence[str] = ()
) -> list[Figure]:
    """Return how many first pages go out in a second to 32 clients at once.

    folders: of each server; all tracks without.
    """
    asked = folders or [ALL_MUSIC[each.name] for each in contenders]
    rates: dict[str, list[float]] = {each.name: [] for each in contenders}
    costs: dict[str, list[float]] = {each.name: [] for each in contenders}
    for _ in range(rounds):
        for contender, folder in zip(contenders, asked, strict=False):
            before = contender.cpu_s()
            answered = _crowd(contender, folder)
            spent = contender.cpu_s() - before
            rates[contender.name].append(answered / CROWD_S)
            costs[contender.name].append(spent / answered * 1000)
    return [
        Figure(f"pages of 30 to {CLIENTS} clients", "1/s", rates, least_ratio=1.7),
        Figure("processor time of a page", "ms", costs),
    ]


def _kinds(library: Library) -> dict[str, Make]:
    deep = library.audio - 30

    def music(**window: int) -> Make:
        return lambda c: c.browse(ALL_MUSIC[c.name], **window)

    return {
        "Browse the root": lambda c: c.browse("0"),
        "Browse a first page of 30": music(count=30),
        "Browse a deep page of 30": music(start=deep, count=30),
        "Browse a page of 200": music(count=200),
        "Browse all tracks": music(),
        "Browse 30, sorted by title": lambda c: c.browse(
            ALL_MUSIC[c.name], count=30, sort="+dc:title"
        ),
        "Browse 30, few properties": lambda c: c.browse(
            ALL_MUSIC[c.name], count=30, filter="dc:title,res"
        ),
        "metadata of a track": _metadata,
        "Search a word in titles": lambda c: c.search('dc:title contains "7 of"'),
        "Search all tracks, first 30": lambda c: c.search(
            'upnp:class derivedfrom "object.item.audioItem" and @refID exists false'
        ),
    }


def _metadata(contender: Contender) -> bytes:
    with contender.asker.entered():
        listed = contender.ask(contender.browse(ALL_MUSIC[contender.name], count=1))
    found = ITEM.search(listed)
    if found is None:
        raise ValueError(f"no item in {listed[:500]!r}")
    return contender.browse(found[1].decode(), flag="BrowseMetadata")


def _latency_ms(contender: Contender, request: bytes) -> float:
    """Return the median of some requests, one after the other."""
    times = []
    with contender.asker.entered():
        for _ in range(REQUESTS):
            begin = time.perf_counter()
            answer = contender.ask(request)
            times.append(time.perf_counter() - begin)
            if b" 200 " not in answer[:20]:
                raise ValueError(f"{contender.name}: {answer[:300]!r}")
    return statistics.median(times) * 1000


def _crowd(contender: Contender, folder: str) -> int:
    """Keep 32 requests on their way for a while; return the answers that came."""
    requests = cycle([contender.browse(folder, i, 30) for i in range(90)])
    answered = 0
    with contender.asker.entered(), selectors.EpollSelector() as selector:
        for _ in range(CLIENTS):
            _send(contender, next(requests), selector)
        end = time.monotonic() + CROWD_S
        while time.monotonic() < end:
            for key, _ in selector.select(1):
                client: socket.socket = key.fileobj
                if client.recv(1 << 18):
                    continue
                answered += 1
                selector.unregister(client)
                client.close()
                _send(contender, next(requests), selector)
        for key in list(selector.get_map().values()):
            key.fileobj.close()
    return answered


def _send(
    contender: Contender, request: bytes, selector: selectors.BaseSelector
) -> None:
    client = contender.connect()
    client.sendall(request)
    selector.register(client, selectors.EVENT_READ)
