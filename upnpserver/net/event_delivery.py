"""One event message on its way: connect, send, hear the status, close."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IReactorTCP,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import ClientFactory, Protocol, connectionDone
from twisted.python.failure import Failure

from upnpserver.errors import MalformedRequest
from upnpserver.upnp.gena import Address, Callback, parse_status

CONNECT_S = 5.0
ANSWER_S = 5.0


class Undelivered(Exception):
    """No answer came, or none that makes sense."""


def deliver(
    tcp: IReactorTCP,
    clock: IReactorTime,
    is_allowed: Callable[[Address], bool],
    callback: Callback,
    message: bytes,
) -> Deferred[int]:
    """Send a message; fires with the HTTP status, or fails with Undelivered.

    is_allowed: asked again now, as we may have moved to another network since
    the subscriber came. The callback's address is a literal by its type:
    nothing is looked up. Our own end is left to the kernel: the service's
    sandbox forbids to bind it. Cancelling ends the connection at once.
    """
    delivery = _Delivery(clock, message)
    if not is_allowed(callback.address):
        delivery.finish(None)
        return delivery.done
    try:
        connector = tcp.connectTCP(
            str(callback.address), callback.port, delivery, CONNECT_S
        )
    except OSError:  # a link-local address whose link has gone
        delivery.finish(None)
    else:
        delivery.connector = connector
    return delivery.done


class _Delivery(ClientFactory):
    """The one connection of one message."""

    noisy = False
    connector: IConnector | None = None
    conversation: "_Conversation | None" = None

    def __init__(self, clock: IReactorTime, message: bytes) -> None:
        self.clock, self.message = clock, message
        self.done: Deferred[int] = Deferred(self._cancelled)

    def buildProtocol(self, addr: IAddress | None) -> "_Conversation":
        self.conversation = _Conversation(self)
        return self.conversation

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        self.finish(None)

    def finish(self, status: int | None) -> None:
        """Tell the outcome, once."""
        if self.done.called:
            return
        if status is None:
            self.done.errback(Undelivered())
        else:
            self.done.callback(status)

    def _cancelled(self, _: Deferred[int]) -> None:
        self.finish(None)
        if self.conversation is not None:
            self.conversation.transport.abortConnection()
        elif self.connector is not None:
            self.connector.stopConnecting()


class _Conversation(Protocol):
    transport: ITCPTransport

    def __init__(self, delivery: _Delivery) -> None:
        self._delivery = delivery
        self._heard = b""

    def connectionMade(self) -> None:
        self._limit = self._delivery.clock.callLater(ANSWER_S, self._give_up)
        self.transport.write(self._delivery.message)

    def dataReceived(self, data: bytes) -> None:
        self._heard += data
        try:
            status = parse_status(self._heard[:128])
        except MalformedRequest:
            self._give_up()
            return
        if status is not None:
            self._delivery.finish(status)
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._limit.active():
            self._limit.cancel()
        self._delivery.finish(None)

    def _give_up(self) -> None:
        self.transport.abortConnection()
