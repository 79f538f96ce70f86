"""Tell when interfaces come, go or change their addresses.

The kernel says so at once over rtnetlink; where that is forbidden or a message
is lost, a look every few seconds finds it as well. Source: rtnetlink(7),
clock_gettime(2).
"""

import os
import socket
import time
from collections.abc import Callable

from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorFDSet,
    IReactorTime,
    IReadDescriptor,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.net.interfaces import Found, Interface, LeftOut, left_out_line

LOOK_EVERY_S = 10.0
SETTLE_S = 0.3  # a new lease is several messages
SLEPT_S = 1.0

_RTMGRP_LINK, _RTMGRP_IPV4_IFADDR, _RTMGRP_IPV6_IFADDR = 0x1, 0x10, 0x100
_GROUPS = _RTMGRP_LINK | _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR


def seconds_asleep() -> float:
    """Return how long this machine has slept since it started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


class InterfaceWatch:
    """Calls changed(interfaces) when look() finds other usable ones.

    A machine that slept was off the network, even if it looks the same: then
    changed(()) is called before. What is left out goes to the log, each time
    that it is something else. look: what there is now, or raises OSError.
    asleep: as seconds_asleep.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        descriptors: IReactorFDSet,
        look: Callable[[], Found],
        changed: Callable[[tuple[Interface, ...]], None],
        asleep: Callable[[], float] = seconds_asleep,
    ) -> None:
        self._clock, self._descriptors = clock, descriptors
        self._look, self._changed, self._asleep = look, changed, asleep
        self._slept_s = asleep()
        self._last: tuple[Interface, ...] = ()
        self._left_out: tuple[LeftOut, ...] = ()
        self._next: IDelayedCall | None = None
        self._netlink: _Netlink | None = None
        self._has_complained = False

    def start(self) -> None:
        """Look now, and from now on."""
        try:
            self._netlink = _Netlink(self._something_changed)
            self._descriptors.addReader(self._netlink)
        except OSError as error:
            self.log.info("no news from the kernel about interfaces: {e}", e=error)
        self._look_again()

    def stop(self) -> None:
        """Look no more."""
        if self._netlink is not None:
            self._descriptors.removeReader(self._netlink)
            self._netlink.close()
            self._netlink = None
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _something_changed(self) -> None:
        if self._next is not None and self._next.getTime() > (
            self._clock.seconds() + SETTLE_S
        ):
            self._next.reset(SETTLE_S)

    def _look_again(self) -> None:
        self._next = self._clock.callLater(LOOK_EVERY_S, self._look_again)
        if self._has_slept():
            self._now_is(())
        try:
            now = self._look()
        except OSError as error:
            self._complain(error)
        else:
            self._tell_left_out(now)
            self._now_is(now.usable)

    def _has_slept(self) -> bool:
        before, self._slept_s = self._slept_s, self._asleep()
        return self._slept_s - before > SLEPT_S

    def _now_is(self, interfaces: tuple[Interface, ...]) -> None:
        if interfaces != self._last:
            self._last = interfaces
            self._changed(interfaces)

    def _tell_left_out(self, found: Found) -> None:
        if found.left_out != self._left_out:
            self._left_out = found.left_out
            if found.left_out:
                self.log.info("{line}", line=left_out_line(found))

    def _complain(self, error: OSError) -> None:
        if not self._has_complained:
            self._has_complained = True
            self.log.warn(
                "cannot look at the network interfaces: {error}; trying again",
                error=error,
            )


@implementer(IReadDescriptor)
class _Netlink:
    """A socket on which the kernel tells of links and addresses."""

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told
        flags = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, flags, socket.NETLINK_ROUTE)
        try:
            self._socket.bind((0, _GROUPS))
        except OSError:
            self._socket.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def logPrefix(self) -> str:
        return "rtnetlink"

    def doRead(self) -> None:
        """Empty the socket: what it says exactly is found by looking."""
        try:
            while os.read(self._socket.fileno(), 65536):
                pass
        except OSError:  # empty, or ENOBUFS: messages were lost, so look as well
            pass
        self._told()

    def connectionLost(self, reason: Failure) -> None:
        """Nothing to do: a netlink socket has no other end."""
