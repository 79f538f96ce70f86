"""Hear what is announced on the client's link, from before the server starts."""

import select
import socket
import threading

from support.netns import INTERFACE, Host

from conformance.wire import Datagram, drain

GROUP4, GROUP6, PORT = "239.255.255.250", "ff02::c", 1900
_IP_RECVTTL = 12  # Linux; the socket module has no name for it


class Recorder:
    """Keeps every datagram that is sent to the SSDP groups."""

    def __init__(self, host: Host) -> None:
        self._sockets = {4: _listen4(host), 6: _listen6(host)}
        self._kept: dict[int, list[Datagram]] = {4: [], 6: []}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()

    def messages(self, nts: str, family: int = 4) -> list[Datagram]:
        """Return the NOTIFYs of a kind heard so far, in order."""
        with self._lock:
            heard = list(self._kept[family])
        return [message for message in heard if message.header("NTS") == nts]

    def close(self) -> None:
        """Stop recording."""
        self._ending.set()
        self._thread.join(5)
        for listening in self._sockets.values():
            listening.close()

    def _record(self) -> None:
        while not self._ending.is_set():
            ready, _, _ = select.select(list(self._sockets.values()), [], [], 0.2)
            for family, listening in self._sockets.items():
                if listening in ready:
                    found = list(drain(listening))
                    with self._lock:
                        self._kept[family] += found


def _listen4(host: Host) -> socket.socket:
    with host.entered():
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        listening.bind((GROUP4, PORT))
        request = socket.inet_aton(GROUP4) + socket.inet_aton(host.ipv4)
        listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    listening.setblocking(False)
    return listening


def _listen6(host: Host) -> socket.socket:
    with host.entered():
        index = socket.if_nametoindex(INTERFACE)
        listening = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        listening.bind((GROUP6, PORT, 0, index))
        request = socket.inet_pton(socket.AF_INET6, GROUP6) + index.to_bytes(
            4, "little"
        )
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    listening.setblocking(False)
    return listening
