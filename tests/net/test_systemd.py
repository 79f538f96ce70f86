"""What systemd hears, over its own kind of socket."""

import os
import socket
import tempfile
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net.systemd import Systemd


class SystemdTests(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "notify")
        self.manager = self.listen(str(self.path))

    def listen(self, address):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.setblocking(False)
        manager.bind(address)
        return manager

    def started(self, **environment):
        variables = {"NOTIFY_SOCKET": str(self.path)} | environment
        self.environment = {"OTHER": "1"} | variables
        return Systemd(self.clock, self.environment)

    def heard(self):
        messages = []
        while True:
            try:
                messages.append(self.manager.recv(4096).decode())
            except BlockingIOError:
                return messages

    def test_ready_with_a_status(self):
        self.started().ready("serving 3 libraries")
        self.assertEqual(self.heard(), ["READY=1\nSTATUS=serving 3 libraries"])

    def test_a_status_is_one_line(self):
        self.started().status("63 %\nREADY=1\n of all")
        self.assertEqual(self.heard(), ["STATUS=63 % READY=1 of all"])

    def test_an_abstract_socket(self):
        name = f"upnpserver-test-{os.getpid()}"
        self.manager = self.listen(f"\0{name}")
        self.started(NOTIFY_SOCKET=f"@{name}").stopping()
        self.assertEqual(self.heard(), ["STOPPING=1"])

    def test_alive_twice_in_each_period_from_ready_to_stopping(self):
        systemd = self.started(WATCHDOG_USEC="60000000")
        self.clock.advance(120)
        self.assertEqual(self.heard(), [])
        systemd.ready("")
        self.assertEqual(self.heard(), ["READY=1\nSTATUS=", "WATCHDOG=1"])
        self.clock.advance(29.9)
        self.assertEqual(self.heard(), [])
        self.clock.advance(0.1)
        self.assertEqual(self.heard(), ["WATCHDOG=1"])
        self.clock.pump([30, 30])
        self.assertEqual(self.heard(), ["WATCHDOG=1"] * 2)
        systemd.stopping()
        self.assertEqual(self.heard(), ["STOPPING=1"])
        self.clock.advance(300)
        self.assertEqual(self.heard(), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_ready_again_keeps_one_watchdog(self):
        systemd = self.started(WATCHDOG_USEC="2000000")
        systemd.ready("one")
        systemd.ready("two")
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_the_watchdog_is_off_unless_it_is_meant_for_this_process(self):
        ours = str(os.getpid())
        for usec, pid, running in (
            ("60000000", ours, True),
            ("60000000", str(os.getppid()), False),
            ("", ours, False),
            ("0", ours, False),
            ("-5", ours, False),
            ("soon", ours, False),
            ("9" * 40, ours, False),
        ):
            self.clock = Clock()
            self.started(WATCHDOG_USEC=usec, WATCHDOG_PID=pid).ready("")
            self.assertEqual(bool(self.clock.getDelayedCalls()), running, (usec, pid))

    def test_children_do_not_inherit_it(self):
        self.started(WATCHDOG_USEC="60000000", WATCHDOG_PID=str(os.getpid()))
        self.assertEqual(self.environment, {"OTHER": "1"})

    def test_without_systemd_nothing_happens(self):
        for environment in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}):
            systemd = Systemd(self.clock, {"WATCHDOG_USEC": "60000000"} | environment)
            systemd.ready("x")
            systemd.status("x")
            systemd.stopping()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.heard(), [])

    def test_a_manager_that_is_gone_or_busy_stops_nobody(self):
        systemd = self.started(WATCHDOG_USEC="2000000")
        for _ in range(1000):  # more than its queue holds
            systemd.status("x" * 100)
        self.manager.close()
        self.path.unlink()
        systemd.ready("")
        systemd.stopping()
        Systemd(self.clock, {"NOTIFY_SOCKET": "/" + "x" * 300}).ready("")
