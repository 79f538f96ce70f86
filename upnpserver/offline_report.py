"""What keeps everything in the house, layer by layer, each one tried here and now.

Nothing is sent for it: each try is stopped, or the report says that it was not.
What the running server has stopped is counted by itself.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import NamedTuple

from upnpserver.errors import BeyondLocalNetwork, UpnpServerError
from upnpserver.upnp.gena import parse_subscribe
from upnpserver.upnp.soap import parse_call

# An address and a name that exist in documents only: RFC 5737, RFC 6761.
_BEYOND = ("192.0.2.1", 9)
_NAME = "name.invalid"
_TRY_S = 30.0
_UNIT = "upnpserver.service"
_SHUT_IN_TRY = "upnpserver.media.shut_in_try"


class Finding(NamedTuple):
    """One layer. holds: None where it can't be tried here."""

    layer: str
    holds: bool | None
    detail: str


def findings() -> list[Finding]:
    """Try all layers."""
    return [
        _stopped("connections beyond the house", _connect),
        _stopped("datagrams beyond the house", _send),
        _stopped("look-ups of names", _look_up),
        _stopped("event messages to others than who asked", _call_a_stranger),
        _stopped("documents that refer to others (XML)", _declare_an_entity),
        *_shut_in(),
        _packet_filter(),
    ]


def report(found: Iterable[Finding], refused: Mapping[str, int] | None) -> str:
    """Return the report as text. refused: by the running server, None if none runs."""
    marks = {True: "holds", False: "DOES NOT HOLD", None: "not tried"}
    lines = [f"{marks[one.holds]:13}  {one.layer}: {one.detail}" for one in found]
    if refused is None:
        lines.append("No server runs here: nothing was counted.")
    elif not refused:
        lines.append("The running server has stopped nothing: nothing was tried.")
    else:
        counts = ", ".join(f"{what} {count}" for what, count in sorted(refused.items()))
        lines.append(f"Stopped in the running server: {counts}.")
    return "\n".join(lines)


def report_json(found: Iterable[Finding], refused: Mapping[str, int] | None) -> str:
    """Return the report for programs."""
    layers = [one._asdict() for one in found]
    return json.dumps({"layers": layers, "refused": refused}, indent=2)


def _stopped(layer: str, act: Callable[[], object]) -> Finding:
    """Return whether an act ends in one of our own errors."""
    try:
        act()
    except UpnpServerError as error:
        return Finding(layer, holds=True, detail=f"stopped ({_told(error)})")
    except OSError as error:
        return Finding(layer, holds=False, detail=f"it went as far as: {_told(error)}")
    return Finding(layer, holds=False, detail="nothing stopped it")


def _told(error: Exception) -> str:
    if isinstance(error, BeyondLocalNetwork):
        return error.strerror or str(error)
    return str(error) or type(error).__name__


def _connect() -> None:
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.connect(_BEYOND)


def _send() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", _BEYOND)


def _look_up() -> None:
    socket.getaddrinfo(_NAME, 9)


def _call_a_stranger() -> None:
    headers = {"callback": "<http://192.0.2.1:9/>", "nt": "upnp:event"}
    parse_subscribe(headers, ip_address("192.0.2.2"), "http://192.0.2.3")


def _declare_an_entity() -> None:
    document = b'<!DOCTYPE a [<!ENTITY b SYSTEM "http://192.0.2.1/">]><a>&b;</a>'
    parse_call('"urn:schemas-upnp-org:service:ContentDirectory:1#Browse"', document)


def _shut_in() -> list[Finding]:
    """Return what a process that reads media files can't do."""
    where = "processes that read media files"
    command = [sys.executable, "-m", _SHUT_IN_TRY]
    try:
        tried = subprocess.run(  # noqa: S603  ourselves
            command, capture_output=True, timeout=_TRY_S, check=True, env=_environment()
        )
        told = json.loads(tried.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return [Finding(where, holds=False, detail=f"can't be tried: {error}")]
    layers = [
        Finding(f"{where}: {name}", holds=bool(holds), detail=detail)
        for name, holds, detail in told["layers"]
    ]
    return layers + [
        Finding(
            f"{where} can't have {what}",
            holds=bool(how),
            detail=f"stopped ({how})" if how else "nothing stopped it",
        )
        for what, how in told["stopped"].items()
    ]


def _environment() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _packet_filter() -> Finding:
    """Return whether the kernel filters the service's packets."""
    layer = "the kernel's packet filter of the service"
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        return Finding(layer, holds=None, detail="this system has no systemd")
    shown = subprocess.run(  # noqa: S603  the system's own
        [systemctl, "show", _UNIT, "-p", "IPAddressDeny", "-p", "LoadState"],
        capture_output=True,
        text=True,
        timeout=_TRY_S,
        check=False,
    )
    if "LoadState=loaded" not in shown.stdout:
        return Finding(layer, holds=None, detail=f"{_UNIT} is not installed here")
    denies = "IPAddressDeny=::/0 0.0.0.0/0" in shown.stdout
    return Finding(
        layer,
        holds=denies,
        detail="all but local addresses are denied" if denies else "it denies nothing",
    )
