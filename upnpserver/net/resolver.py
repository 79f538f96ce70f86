"""A resolver that resolves nothing: this server never asks for a name."""

import errno
from collections.abc import Sequence
from typing import NoReturn

from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IHostnameResolver, IResolverSimple
from zope.interface import implementer

from upnpserver.errors import BeyondLocalNetwork


@implementer(IHostnameResolver, IResolverSimple)
class NoResolver:
    """Refuse each name; addresses never come here, Twisted takes them as they are."""

    def getHostByName(
        self, name: str, timeout: Sequence[int] | None = None
    ) -> Deferred[str]:
        """Fail, so that connectTCP reports a failed connection to its factory."""
        return fail(_refusal())

    def resolveHostName(self, *arguments: object, **options: object) -> NoReturn:
        """Raise: whoever made an endpoint with a name must hear of it."""
        raise _refusal()


def refuse_names(reactor: ReactorBase) -> None:
    """Take the reactor's own resolver (threads and getaddrinfo) away."""
    resolver = NoResolver()
    reactor.installNameResolver(resolver)
    reactor.installResolver(resolver)


def _refusal() -> BeyondLocalNetwork:
    return BeyondLocalNetwork(errno.EPERM, "this server looks up no names")
