"""TLS for the owner's page, with Python's own ssl module.

Not Twisted's: that needs pyOpenSSL, whose callbacks need memory that can be written
and run, and the service's sandbox gives nobody any (MemoryDenyWriteExecute).

Source: RFC 8446; ssl.SSLObject and ssl.MemoryBIO of the Python library.
"""

import ssl
from pathlib import Path
from typing import Final, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.net.transport import Transport

_PIECE_BYTES: Final = 16 * 1024  # what one record holds


def server_context(pem: Path) -> ssl.SSLContext:
    """Return how we speak TLS. pem: key and certificate. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(pem)
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsFactory(ServerFactory):
    """Makes what another factory makes, behind TLS."""

    noisy = False

    def __init__(self, context: ssl.SSLContext, inner: ServerFactory) -> None:
        self._context, self._inner = context, inner

    def buildProtocol(self, addr: IAddress | None) -> "TlsWire | None":
        """Return one connection, None if the other factory wants none."""
        inner = self._inner.buildProtocol(addr)
        return TlsWire(self._context, cast("Protocol", inner)) if inner else None


class TlsWire(Protocol):
    """One connection: a protocol to TCP, and the transport of what is behind it."""

    log = Logger()

    def __init__(self, context: ssl.SSLContext, inner: Protocol) -> None:
        self._inner = inner
        self._from_wire, self._to_wire = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._from_wire, self._to_wire, server_side=True)
        self._is_open = False  # the handshake is over
        self._has_producer = False
        self._is_ending = False

    # What TCP tells

    def connectionMade(self) -> None:
        """Let the other begin: its deadlines hold for the handshake, too."""
        self._wire = cast("Transport", self.transport)
        self._inner.makeConnection(self)  # type: ignore[no-untyped-call]

    def dataReceived(self, data: bytes) -> None:
        """Take what arrived, and pass on what it holds."""
        self._from_wire.write(data)
        try:
            if not self._is_open:
                self._tls.do_handshake()
                self._is_open = True
            while not self._is_ending:
                plain = self._tls.read(_PIECE_BYTES)
                if not plain:  # it says goodbye
                    self.unregisterProducer()
                    self.loseConnection()
                    break
                self._inner.dataReceived(plain)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.log.debug("TLS: {error}", error=error.reason)
            self._flush()  # the alert that says why
            self._is_ending = True
            self.unregisterProducer()
            self._wire.loseConnection()
            return
        self._flush()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the other."""
        self._is_ending = True
        self._inner.connectionLost(reason)

    # What is a transport to the other: see net.transport

    def getHost(self) -> IPv4Address | IPv6Address:
        """Return our own end's address."""
        return self._wire.getHost()

    def write(self, data: bytes) -> None:
        """Send data when there is room."""
        if self._is_ending or not self._is_open:
            return
        self._tls.write(data)
        self._flush()

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """Ask producer to pause while more is unsent than fits."""
        self._has_producer = True
        self._wire.registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        """Forget the producer: with one, a connection would not close."""
        if self._has_producer:
            self._has_producer = False
            self._wire.unregisterProducer()

    def pauseProducing(self) -> None:
        """Read nothing."""
        self._wire.pauseProducing()

    def resumeProducing(self) -> None:
        """Read again."""
        self._wire.resumeProducing()

    def loseConnection(self) -> None:
        """Say goodbye, and close when all is sent."""
        if self._is_ending:
            return
        self._is_ending = True
        if self._is_open:
            try:
                self._tls.unwrap()
            except ssl.SSLError:  # the other end's goodbye isn't waited for
                self._flush()
        self._wire.loseConnection()

    def abortConnection(self) -> None:
        """Close at once."""
        self._is_ending = True
        self._wire.abortConnection()

    def _flush(self) -> None:
        if data := self._to_wire.read():
            self._wire.write(data)
