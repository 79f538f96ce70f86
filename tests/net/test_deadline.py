"""The one timer of a connection."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net.deadline import Deadline


class DeadlineTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.times = Clock(), []
        self.deadline = Deadline(
            self.clock, lambda: self.times.append(self.clock.seconds())
        )

    def test_expires_once(self):
        self.deadline.set(10)
        self.clock.pump([9.9, 0.1, 10])
        assert self.times == [10]

    def test_moves_later_without_a_new_call(self):
        self.deadline.set(10)
        (call,) = self.clock.getDelayedCalls()
        for _ in range(9):
            self.clock.advance(1)
            self.deadline.set(10)
            assert self.clock.getDelayedCalls() == [call]
        self.clock.pump([0.9, 0.2, 8.8])
        assert self.times == []
        self.clock.advance(0.2)
        assert len(self.times) == 1

    def test_moves_earlier(self):
        self.deadline.set(30)
        self.clock.advance(1)
        self.deadline.set(2)
        self.clock.advance(2)
        assert self.times == [3]
        assert self.clock.getDelayedCalls() == []

    def test_cleared_never_expires_and_can_be_set_again(self):
        self.deadline.set(10)
        self.deadline.clear()
        self.clock.advance(5)
        self.deadline.set(10)
        self.clock.advance(9)
        assert self.times == []
        self.clock.advance(1)
        assert self.times == [15]
        self.deadline.set(1)
        self.deadline.clear()
        self.clock.advance(60)
        assert self.times == [15]

    def test_stopped_leaves_nothing_behind(self):
        self.deadline.set(10)
        self.deadline.stop()
        self.deadline.stop()
        self.deadline.set(10)
        assert self.clock.getDelayedCalls() == []
