"""Talking to the running server from the command line of the same machine.

A Unix socket in the state folder, which only its owner (and root) may open: one JSON
object in a line there, and one or more back. net/owner.py answers.
"""

import contextlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from upnpserver.errors import ConfigError

OWNER_SOCKET = "owner.sock"
MAX_QUESTION_BYTES = 4096
MAX_ANSWER_BYTES = 1 << 20
ANSWER_S = 10.0


def ask(state_dir: Path, question: Mapping[str, object]) -> dict[str, Any]:
    """Return the answer of the server that uses a state folder.

    Raises ConfigError if none does, or if it refuses.
    """
    return next(ask_on(state_dir, question, ANSWER_S))


def ask_on(
    state_dir: Path, question: Mapping[str, object], wait_s: float | None = None
) -> Iterator[dict[str, Any]]:
    """Yield answers until the server has no more. wait_s: for each; None: for ever.

    Raises ConfigError.
    """
    try:
        with _connected(state_dir) as connection:
            connection.settimeout(wait_s)
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as lines:
                while line := lines.readline(MAX_ANSWER_BYTES):
                    yield _checked(json.loads(line))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no server answers in {state_dir} ({error}): start it, or name its folder"
            " with --state-dir or --config"
        ) from error


@contextlib.contextmanager
def owner_address(state_dir: Path) -> Iterator[str]:
    """Yield the path of the socket, short enough for a socket wherever it lies.

    sun_path holds 107 bytes (unix(7)): it is named by a descriptor of its folder.
    """
    folder = os.open(state_dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{OWNER_SOCKET}"
    finally:
        os.close(folder)


@contextlib.contextmanager
def _connected(state_dir: Path) -> Iterator[socket.socket]:
    with (
        owner_address(state_dir) as address,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
    ):
        connection.settimeout(ANSWER_S)
        connection.connect(address)
        yield connection


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise ConfigError(str(answer["error"]))
    return answer
