"""SSDP searches, sent from each interface, and who answers them.

Source: UDA 1.0 section 1.2.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Iterable, Iterator

from upnpserver.control_point.place import Place, place_of
from upnpserver.errors import MalformedRequest
from upnpserver.net.interfaces import Interface
from upnpserver.upnp.ssdp import ALL, GROUP_IPV4, MAX_DATAGRAM_BYTES, PORT, parse_answer

LISTENED_S = 3.0
_MOST_ANSWERS = 1000
_TTL = 2
Heard = tuple[str, bytes]  # who answered, and what


def search(
    interface: Interface, target: str = ALL, asked: Iterable[str] = (GROUP_IPV4,)
) -> list[Heard]:
    """Return what answers a search for a target, sent from an interface.

    asked: the group, or single devices. Source: UDA 1.1 section 1.3.2 (unicast).
    """
    heard: list[Heard] = []
    with contextlib.suppress(OSError), sender(interface) as asking:
        for address in asked:
            asking.sendto(_search(target, address), (address, PORT))
        end = time.monotonic() + LISTENED_S
        while (left := end - time.monotonic()) > 0 and len(heard) < _MOST_ANSWERS:
            asking.settimeout(left)
            data, (address, _) = asking.recvfrom(MAX_DATAGRAM_BYTES)
            heard.append((address, data))
    return heard


@contextlib.contextmanager
def sender(interface: Interface) -> Iterator[socket.socket]:
    """Yield a socket that sends to the group from an interface's IPv4 address."""
    address = str(interface.ipv4[0].ip)
    with socket.socket(type=socket.SOCK_DGRAM) as sending:
        sending.bind((address, 0))
        chosen = struct.pack(
            "@4s4si", bytes(4), socket.inet_aton(address), interface.index
        )
        sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, chosen)
        sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
        yield sending


def locations(heard: Iterable[Heard]) -> list[Place]:
    """Return where those who answered describe themselves, each once.

    Each at its own address: nobody sends us to another one.
    """
    found: dict[Place, None] = {}
    for address, datagram in heard:
        with contextlib.suppress(MalformedRequest):
            place = place_of(parse_answer(datagram).location)
            if place.host == address:
                found[place] = None
    return list(found)


def _search(target: str, address: str) -> bytes:
    return (
        f"M-SEARCH * HTTP/1.1\r\nHOST: {address}:{PORT}\r\n"
        f'MAN: "ssdp:discover"\r\nMX: 1\r\nST: {target}\r\n\r\n'
    ).encode()
