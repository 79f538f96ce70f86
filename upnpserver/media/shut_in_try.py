"""Shut in as a probe child is, try what it must not be able to do; tell what came.

    python -m upnpserver.media.shut_in_try

Prints JSON: {"layers": [[name, holds, detail]...], "stopped": {what: how, "" if it
was not}}. Nothing is sent: a socket would be refused before it has an address.
"""

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import upnpserver
from upnpserver.media import sandbox


def _open_a_socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def _read_a_file() -> None:
    Path("/etc/passwd").read_bytes()


def _start_a_program() -> None:
    os.posix_spawn("/bin/true", ["true"], {})


_TRIES: dict[str, Callable[[], None]] = {
    "a socket": _open_a_socket,
    "a file that nobody gave it": _read_a_file,
    "another program": _start_a_program,
}


def _stopped(act: Callable[[], None]) -> str:
    try:
        act()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def main() -> None:
    """Try and tell."""
    layers = sandbox.enter((upnpserver,))
    stopped = {what: _stopped(act) for what, act in _TRIES.items()}
    sys.stdout.write(json.dumps({"layers": layers, "stopped": stopped}))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
