"""What the door needs of a TCP connection, in types that Twisted leaves out."""

from typing import Protocol

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IPushProducer


class Transport(Protocol):
    """twisted.internet.tcp.Server, or a transport in memory that acts like it."""

    def getHost(self) -> IPv4Address | IPv6Address:
        """Return our own end's address."""

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Send small answers at once."""

    def write(self, data: bytes) -> None:
        """Send data when there is room."""

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """Ask producer to pause while more is unsent than fits."""

    def unregisterProducer(self) -> None:
        """Forget the producer."""

    def pauseProducing(self) -> None:
        """Read nothing."""

    def resumeProducing(self) -> None:
        """Read again."""

    def loseConnection(self) -> None:
        """Close when all is sent."""

    def loseWriteConnection(self) -> None:
        """Close our side when all is sent, and go on reading."""

    def abortConnection(self) -> None:
        """Close at once."""
