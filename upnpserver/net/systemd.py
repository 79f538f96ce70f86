"""Telling systemd how we are: ready, alive, ending, and a line for "status".

Does nothing when not started by systemd. Source: sd_notify(3),
sd_watchdog_enabled(3).
"""

import os
import re
import socket
from collections.abc import MutableMapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


class Systemd:
    """The service manager, as far as this process talks to it.

    environment: its variables for us are taken out of it, so that no child
    speaks in our name.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        environment: MutableMapping[str, str] = os.environ,
    ) -> None:
        self._clock = clock
        self._address = _address(environment.pop("NOTIFY_SOCKET", ""))
        meant_for = environment.pop("WATCHDOG_PID", str(os.getpid()))
        timeout_us = environment.pop("WATCHDOG_USEC", "")
        is_ours = meant_for == str(os.getpid()) and _NUMBER.fullmatch(timeout_us)
        self._watchdog_s = int(timeout_us) / 1e6 if is_ours else 0.0
        self._alive = LoopingCall(self._send, "WATCHDOG=1")
        self._alive.clock = clock

    def ready(self, status: str) -> None:
        """Say that the server answers; from now on that its reactor turns."""
        self._send(f"READY=1\nSTATUS={_line(status)}")
        if self._address and self._watchdog_s and not self._alive.running:
            # Twice in each period, so that one late turn is no death.
            self._alive.start(self._watchdog_s / 2)

    def status(self, text: str) -> None:
        """Show a line in "systemctl status"."""
        self._send(f"STATUS={_line(text)}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        if self._alive.running:
            self._alive.stop()
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                # Not to wait: a manager that is busy must not stop the reactor.
                sock.setblocking(False)
                sock.sendto(message.encode(), self._address)
        except OSError as error:
            self.log.debug("systemd does not hear us: {error}", error=error)


def _address(variable: str) -> str:
    """Return the socket's address; "" for none, or a kind that is not AF_UNIX."""
    if variable.startswith("@"):
        return "\0" + variable[1:]
    return variable if variable.startswith("/") else ""


def _line(text: str) -> str:
    return " ".join(text.split())
