"""One event message over real sockets on loopback."""

from ipaddress import ip_address

from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from upnpserver.net.event_delivery import ANSWER_S, CONNECT_S, Undelivered, deliver
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

    def deliver(self, answer, address="127.0.0.1", clock=reactor):
        self.factory.answer = answer
        self.callback = Callback(ip_address(address), self.number, "/e")
        self.message = notify(self.callback, "uuid:1", 0, b"<x/>")
        return deliver(
            reactor, clock, lambda address: True, self.callback, self.message
        )

    async def heard(self):
        while not self.factory.heard:
            await deferLater(reactor, 0.01, lambda: None)

    async def test_the_message_arrives_and_its_status_comes_back(self):
        for status in (200, 412):
            self.factory.heard = b""
            answer = f"HTTP/1.1 {status} X\r\n\r\n".encode()
            self.assertEqual(await self.deliver(answer), status)
            self.assertEqual(self.factory.heard, self.message)

    async def test_the_status_may_come_in_pieces(self):
        done = self.deliver(b"HTTP/1.1 2")
        await self.heard()
        self.assertNoResult(done)
        self.factory.lives[0].transport.write(b"00 OK\r\n")
        self.assertEqual(await done, 200)

    async def test_nonsense_for_an_answer(self):
        for answer in (b"220 mail.example ESMTP\r\n", b"x" * 500_000):
            with self.assertRaises(Undelivered):
                await self.deliver(answer)

    async def test_nobody_listens(self):
        await self.port.stopListening()
        with self.assertRaises(Undelivered):
            await self.deliver(b"")

    async def test_an_end_for_an_answer(self):
        done = self.deliver(None)
        await self.heard()
        self.factory.lives[0].transport.loseConnection()
        with self.assertRaises(Undelivered):
            await done

    async def test_no_answer_in_time(self):
        clock = Clock()
        done = self.deliver(None, clock=clock)
        await self.heard()
        clock.advance(ANSWER_S - 0.1)
        self.assertNoResult(done)
        clock.advance(0.1)
        with self.assertRaises(Undelivered):
            await done
        self.assertEqual(clock.getDelayedCalls(), [])

    async def test_cancelled_while_connecting_and_while_waiting(self):
        connecting = self.deliver(None)
        connecting.cancel()
        with self.assertRaises(Undelivered):
            await connecting
        waiting = self.deliver(None)
        await self.heard()
        waiting.cancel()
        with self.assertRaises(Undelivered):
            await waiting

    async def test_an_address_that_is_allowed_no_more(self):
        callback = Callback(ip_address("127.0.0.1"), self.number, "/e")
        with self.assertRaises(Undelivered):
            await deliver(reactor, reactor, lambda address: False, callback, b"x")
        self.assertEqual((self.factory.heard, self.factory.lives), (b"", []))

    async def test_a_link_that_has_gone(self):
        with self.assertRaises(Undelivered):
            await self.deliver(b"", "fe80::1%nosuchlink")


class ConnectionTests(SynchronousTestCase):
    def test_the_address_is_asked_for_and_connected_to_as_it_is(self):
        tcp, asked = MemoryReactorClock(), []
        callback = Callback(ip_address("fe80::9%3"), 4711, "/e")
        done = deliver(tcp, tcp, lambda ip: asked.append(ip) or True, callback, b"x")
        ((host, port, factory, timeout, bound),) = tcp.tcpClients
        self.assertEqual((host, port), ("fe80::9%3", 4711))
        self.assertEqual((timeout, bound), (CONNECT_S, None))
        self.assertEqual(asked, [callback.address])
        factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
        self.failureResultOf(done, Undelivered)
