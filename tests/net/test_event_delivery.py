"""One event message over real sockets on loopback."""

from ipaddress import ip_address

from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from upnpserver.net.event_delivery import Undelivered, deliver
from upnpserver.upnp.gena import Callback, notify


class Listener(Protocol):
    """A control point that keeps what it hears and gives a made-up answer."""

    def connectionMade(self):
        self.factory.lives.append(self)

    def dataReceived(self, data):
        self.factory.heard += data
        if self.factory.answer is not None:
            self.transport.write(self.factory.answer)

    def connectionLost(self, reason):
        self.factory.lives.remove(self)


class DeliveryTests(TestCase):
    def setUp(self):
        self.factory = Factory.forProtocol(Listener)
        self.factory.heard, self.factory.lives = b"", []
        self.port = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.number = self.port.getHost().port

    async def tearDown(self):
        await maybeDeferred(self.port.stopListening)
        for life in self.factory.lives:
            life.transport.abortConnection()

    def deliver(self, answer):
        self.factory.answer = answer
        self.callback = Callback(ip_address("127.0.0.1"), self.number, "/e")
        self.message = notify(self.callback, "uuid:1", 0, b"<x/>")
        return deliver(reactor, reactor, self.callback, self.message)

    async def test_the_message_arrives_and_its_status_comes_back(self):
        for status in (200, 412):
            self.factory.heard = b""
            answer = f"HTTP/1.1 {status} X\r\n\r\n".encode()
            self.assertEqual(await self.deliver(answer), status)
            self.assertEqual(self.factory.heard, self.message)

    async def test_nonsense_for_an_answer(self):
        with self.assertRaises(Undelivered):
            await self.deliver(b"220 mail.example ESMTP\r\n")

    async def test_nobody_listens(self):
        await self.port.stopListening()
        with self.assertRaises(Undelivered):
            await self.deliver(b"")
