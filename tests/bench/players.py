"""Play one file by several connections, as fast or as slowly as asked, until ended.

    python players.py HOST PORT PATH STREAMS BYTES_A_SECOND

0 bytes a second: as fast as they come. A process of its own, so that who measures
something else beside it has a processor's time to itself. Prints a line when all
of them have got their first bytes.
"""

import selectors
import socket
import sys
import time

RECEIVE_BYTES = 1 << 20
TICK_S = 0.02


def main() -> None:
    """Play until somebody ends this process."""
    host, port, path, streams, rate = sys.argv[1:]
    address = host, int(port)
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Connection: close", "")
    request = "\r\n".join([*lines, ""]).encode()
    with selectors.EpollSelector() as selector:
        for _ in range(int(streams)):
            begin(selector, address, request)
        print("playing", flush=True)
        if int(rate):
            play_slowly(selector, address, request, int(rate))
        else:
            play(selector, address, request)


def begin(
    selector: selectors.BaseSelector, address: tuple[str, int], request: bytes
) -> None:
    """Ask for the file on a new connection."""
    client = socket.create_connection(address, 30)
    client.sendall(request)
    selector.register(client, selectors.EVENT_READ)


def play(
    selector: selectors.BaseSelector, address: tuple[str, int], request: bytes
) -> None:
    """Take all that comes, again and again."""
    buffer = bytearray(RECEIVE_BYTES)
    while True:
        for key, _ in selector.select():
            if not key.fileobj.recv_into(buffer):  # type: ignore[union-attr]
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                begin(selector, address, request)


def play_slowly(
    selector: selectors.BaseSelector,
    address: tuple[str, int],
    request: bytes,
    rate: int,
) -> None:
    """Take so many bytes a second of each, in small pieces."""
    buffer = bytearray(max(1, int(rate * TICK_S)))
    while True:
        end = time.monotonic() + TICK_S
        for key in list(selector.get_map().values()):
            if not key.fileobj.recv_into(buffer):  # type: ignore[union-attr]
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                begin(selector, address, request)
        time.sleep(max(0.0, end - time.monotonic()))


if __name__ == "__main__":
    main()
