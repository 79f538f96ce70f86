"""How soon an SSDP search is answered."""

import socket
import statistics
import time

from bench.contenders import Contender
from bench.figures import Figure

GROUP = ("239.255.255.250", 1900)
TARGET = "urn:schemas-upnp-org:device:MediaServer:1"
SEARCH = (
    "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
    f'MAN: "ssdp:discover"\r\nMX: 1\r\nST: {TARGET}\r\n\r\n'
).encode()
PAUSE_S = 1.2  # servers may limit how often one address searches
WAIT_S = 1.5


def discovery(contenders: list[Contender], rounds: int) -> list[Figure]:
    """Return the time from a search (MX 1) to the answer of each."""
    times: dict[str, list[float]] = {each.name: [] for each in contenders}
    for _ in range(rounds):
        for contender in contenders:
            times[contender.name].append(_answer_ms(contender))
            time.sleep(PAUSE_S)
    most_ms = 1000.0
    return [Figure("SSDP search (MX 1) answered", "ms", times, most=most_ms)]


def _answer_ms(contender: Contender) -> float:
    """Return the median of some searches' waits."""
    waits = []
    for _ in range(3):
        with contender.asker.entered(), socket.socket(type=socket.SOCK_DGRAM) as asking:
            asking.bind((contender.asker.ipv4, 0))
            asking.settimeout(WAIT_S)
            begin = time.perf_counter()
            asking.sendto(SEARCH, GROUP)
            while asking.recvfrom(2048)[1][0] != contender.host.ipv4:
                pass
            waits.append((time.perf_counter() - begin) * 1000)
        time.sleep(PAUSE_S)
    return statistics.median(waits)
