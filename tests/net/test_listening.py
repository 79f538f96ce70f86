"""The port: wanted, remembered, taken; both families at one number."""

import socket
import tempfile
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.trial.unittest import TestCase

from upnpserver.errors import ConfigError
from upnpserver.net import listening as module
from upnpserver.net.listening import Listening
from upnpserver.state import State


class ListeningTests(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = State.open(Path(folder.name))
        self.addCleanup(self.state.close)
        self.taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.taken.close)
        self.number = self.taken.getsockname()[1]

    def listen(self, wanted=None):
        factory = ServerFactory.forProtocol(Protocol)
        listening = Listening(reactor, factory, wanted, self.state)
        listening.start()
        self.addCleanup(listening.stop)
        return listening

    def test_a_wanted_port_that_is_taken_is_told(self):
        with self.assertRaises(ConfigError) as told:
            self.listen(self.number)
        self.assertIn(f"port {self.number}", str(told.exception))
        self.assertIn("--port", str(told.exception))

    def test_without_a_wish_the_next_free_one_is_taken_and_remembered(self):
        self.patch(module, "USUAL_PORT", self.number)
        self.patch(module, "SPARE_PORTS", [])
        chosen = self.listen().port
        self.assertNotEqual(chosen, self.number)
        self.assertEqual(self.state.port(), chosen)

    async def test_the_port_of_the_last_start_comes_first(self):
        self.patch(module, "USUAL_PORT", 0)
        first = self.listen()
        await first.stop()
        self.assertEqual(self.listen().port, first.port)

    def test_a_wanted_port_is_not_remembered(self):
        self.taken.close()
        self.listen(self.number)
        self.assertIsNone(self.state.port())

    def test_both_families_at_one_number(self):
        self.patch(module, "USUAL_PORT", 0)
        number = self.listen().port
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, number), 5).close()
