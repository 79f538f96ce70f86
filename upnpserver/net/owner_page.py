"""The process of the owner's page: it ends when nobody needs it any more.

It inherits listening sockets from the server (owner_port.py) and asks the server
for everything else over the owner's socket: it reads no catalog and no library, and
has no other way to change anything.
"""

import os
import resource
import socket
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.main import installReactor
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from upnpserver.catalog.views.words import words_of
from upnpserver.media.sandbox import die_with_parent
from upnpserver.net.interface_watch import InterfaceWatch
from upnpserver.net.interfaces import usable_interfaces
from upnpserver.net.limits import Limits
from upnpserver.net.logs import start_logging
from upnpserver.net.neighbourhood import Neighbourhood
from upnpserver.net.owner_pages import OwnerPages
from upnpserver.net.owner_port import FIRST_FD
from upnpserver.net.resolver import refuse_names
from upnpserver.net.site import HostRule, Routes, Site
from upnpserver.net.steady import SteadyReactor
from upnpserver.net.tls import TlsFactory, server_context
from upnpserver.owner import certificate
from upnpserver.owner_call import ask
from upnpserver.policy import EVERYONE
from upnpserver.state import kept_password
from upnpserver.upnp.description import SERVER
from upnpserver.web.owner_pages import Frame

LEAVES_AFTER_S: Final = 60.0  # without a session or a connection
LOOK_EVERY_S: Final = 5.0
MEMORY_BYTES: Final = 1 << 30  # of addresses: it uses a tenth of that
LIMITS: Final = Limits(connections=48, connections_per_peer=16)
GRACE_S: Final = 1.0


def run(state_dir: Path, sockets: int) -> int:
    """Serve until nobody needs it; return the exit code."""
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    told = ask(state_dir, {"do": "page"})
    start_logging(told["log_level"])
    reactor = SteadyReactor()
    installReactor(reactor)  # type: ignore[no-untyped-call]
    refuse_names(reactor)
    OwnerPage(reactor, state_dir, told).start(range(FIRST_FD, FIRST_FD + sockets))
    reactor.suggestThreadPoolSize(4)
    reactor.run()
    return 0


class OwnerPage:
    """The site and its end. told: what net.house_told answers to "page"."""

    log = Logger()

    def __init__(
        self, reactor: SteadyReactor, state_dir: Path, told: dict[str, Any]
    ) -> None:
        self._reactor, self._state_dir = reactor, state_dir
        networks = tuple(map(ip_network, told["networks"]))
        self._neighbourhood = Neighbourhood(networks)
        self._interfaces = InterfaceWatch(
            reactor,
            reactor,
            partial(usable_interfaces, told["interfaces"]),
            self._neighbourhood.follow,
        )
        self._is_secure = certificate.is_possible()
        language = told["language"]
        self._pages = OwnerPages(
            Frame(told["name"], language, words_of(language)),
            partial(ask, state_dir),
            partial(kept_password, state_dir),
            self._in_thread,
            reactor.seconds,
            is_secure=self._is_secure,
        )
        self._site = Site(
            Routes(self._pages.routes()),
            HostRule(lambda: self._neighbourhood.own_addresses, told["names"]),
            self._neighbourhood.is_neighbour,
            lambda request: EVERYONE,
            LIMITS,
            reactor,
            server=SERVER,
            scheme="https" if self._is_secure else "http",
        )
        self._looks = LoopingCall(self._look)
        self._looks.clock = reactor

    def start(self, descriptors: range) -> None:
        """Accept who waits at the sockets."""
        self._interfaces.start()
        factory = self._encrypted() if self._is_secure else self._site
        for descriptor in descriptors:
            with socket.socket(fileno=os.dup(descriptor)) as listening:
                family = listening.family
            self._reactor.adoptStreamPort(  # type: ignore[no-untyped-call]
                descriptor, family, factory
            )
            os.close(descriptor)  # the port has one of its own
        self._looks.start(LOOK_EVERY_S, now=False)
        self._reactor.addSystemEventTrigger(
            "before", "shutdown", self._site.stop, GRACE_S
        )

    def _encrypted(self) -> TlsFactory:
        """Return the site behind TLS."""
        certificate.kept_or_made(
            self._state_dir, os.uname().nodename, self._neighbourhood.own_addresses
        )
        context = server_context(self._state_dir / certificate.CERTIFICATE_FILE)
        return TlsFactory(context, self._site)

    def _in_thread(self, work: Callable[[], Any]) -> Deferred[Any]:
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work)

    def _look(self) -> None:
        """End, if nobody is here and nobody has entered."""
        now_s = self._reactor.seconds()
        self._pages.sessions.close_old(now_s)
        is_used = len(self._site.connections) or self._pages.sessions.are_open
        if not is_used and now_s - self._pages.used_s > LEAVES_AFTER_S:
            self._reactor.stop()
