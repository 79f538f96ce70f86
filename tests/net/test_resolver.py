"""No name reaches a resolver, by whatever way Twisted is asked."""

import subprocess
import sys
import textwrap

from twisted.internet.interfaces import IHostnameResolver, IResolverSimple
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from upnpserver.errors import BeyondLocalNetwork
from upnpserver.net.resolver import NoResolver


class NoResolverTests(SynchronousTestCase):
    def test_is_what_the_reactor_asks_for(self):
        verifyObject(IResolverSimple, NoResolver())
        verifyObject(IHostnameResolver, NoResolver())

    def test_fails_for_a_connection(self):
        self.failureResultOf(
            NoResolver().getHostByName("name.example", (1,)), BeyondLocalNetwork
        )

    def test_raises_for_an_endpoint(self):
        with self.assertRaises(BeyondLocalNetwork):
            NoResolver().resolveHostName(object(), "name.example", portNumber=80)


def test_the_real_reactor_behind_the_guard():
    """A name fails, an address beyond fails, both loopbacks are served."""
    code = textwrap.dedent("""
        from upnpserver.offline import guard
        guard.install()
        import threading
        from twisted.internet import reactor
        from twisted.internet.protocol import ClientFactory, Factory, Protocol
        from upnpserver.net.resolver import refuse_names
        refuse_names(reactor)
        results = {}

        class Server(Protocol):
            def connectionMade(self):
                self.transport.write(self.transport.getPeer().host.encode())
                self.transport.loseConnection()

        class Client(Protocol):
            data = b""
            def dataReceived(self, data):
                self.data += data
            def connectionLost(self, reason):
                done(self.factory.target, self.data)

        class Attempt(ClientFactory):
            protocol = Client
            noisy = False
            def __init__(self, target):
                self.target = target
            def clientConnectionFailed(self, connector, reason):
                done(self.target, reason.type.__name__)

        def done(target, result):
            results[target] = result
            if len(results) == 4:
                reactor.stop()

        serve = Factory.forProtocol(Server)
        ports = {host: reactor.listenTCP(0, serve, interface=host).getHost().port
                 for host in ("127.0.0.1", "::1")}
        for target in ("127.0.0.1", "::1", "name.example", "192.0.2.1"):
            reactor.connectTCP(target, ports.get(target, 9), Attempt(target))
        reactor.callLater(20, reactor.stop)
        reactor.run()
        assert results == {
            "127.0.0.1": b"127.0.0.1",
            "::1": b"::1",
            "name.example": "BeyondLocalNetwork",
            "192.0.2.1": "ConnectError",
        }, results
        assert threading.active_count() == 1
        assert guard.refused()["connect"] == 1
        print("through")
    """)
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "through\n", done.stdout + done.stderr
