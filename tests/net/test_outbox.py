"""Turns of event messages: few at a time, fair to all, and nothing left over."""

from collections import Counter

from http_wire import TurningClock
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net.accept import OWN_DESCRIPTORS
from upnpserver.net.outbox import (
    STARTS_PER_TURN,
    UNDER_WAY,
    UNDER_WAY_TO_PEER,
    Outbox,
)


class Messages:
    """What was started, and what is still under way."""

    def __init__(self):
        self.started, self.under_way = [], []

    def to(self, peer):
        def start():
            message = Deferred()
            self.started.append(peer)
            self.under_way.append((peer, message))
            return message

        return start

    def finish(self, index=0):
        self.under_way.pop(index)[1].callback(None)


class OutboxTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.messages = Clock(), Messages()
        self.outbox = Outbox(self.clock)

    def ask(self, *peers):
        for peer in peers:
            self.outbox.ask(peer, self.messages.to(peer))

    def test_the_first_start_at_once(self):
        self.ask("a", "b")
        self.assertEqual(self.messages.started, ["a", "b"])

    def test_few_start_in_one_turn(self):
        clock = TurningClock()
        self.outbox = Outbox(clock)
        self.ask(*range(3 * STARTS_PER_TURN))
        for turn in (1, 2, 3):
            self.assertEqual(len(self.messages.started), turn * STARTS_PER_TURN)
            clock.advance(0)

    def test_there_are_descriptors_for_all(self):
        self.assertLessEqual(UNDER_WAY, OWN_DESCRIPTORS // 2)
        self.assertLessEqual(UNDER_WAY_TO_PEER, UNDER_WAY // 8)

    def test_a_peer_that_keeps_us_waiting_keeps_only_itself(self):
        self.ask(*["dead"] * 10)
        self.clock.advance(0)
        self.assertEqual(self.messages.started, ["dead"] * UNDER_WAY_TO_PEER)
        self.ask("alive")
        self.clock.advance(0)
        self.assertEqual(self.messages.started[-1], "alive")
        self.messages.finish()
        self.clock.advance(0)
        self.assertEqual(self.messages.started[-1], "dead")

    def test_so_many_of_all_peers(self):
        self.ask(*range(UNDER_WAY + 1))
        for _ in range(UNDER_WAY):
            self.clock.advance(0)
        self.assertEqual(len(self.messages.started), UNDER_WAY)
        self.messages.finish(7)
        self.clock.advance(0)
        self.assertEqual(self.messages.started[-1], UNDER_WAY)

    def test_peers_take_turns(self):
        self.ask(*range(UNDER_WAY))
        for _ in range(UNDER_WAY):
            self.clock.advance(0)
        self.ask("a", "a", "b", "c", "b")
        for _ in range(5):
            self.messages.finish()
            self.clock.advance(0)
        self.assertEqual(self.messages.started[UNDER_WAY:], ["a", "b", "c", "a", "b"])

    def test_nothing_to_send_any_more_frees_the_turn(self):
        asked = []
        for number in range(2 * UNDER_WAY):
            self.outbox.ask("a", lambda n=number: asked.append(n))
        for _ in range(2 * UNDER_WAY):
            self.clock.advance(0)
        self.assertEqual(asked, list(range(2 * UNDER_WAY)))

    def test_a_message_that_is_over_at_once(self):
        for _ in range(3 * UNDER_WAY_TO_PEER):
            self.outbox.ask("a", lambda: succeed(None))
        self.ask("a")
        for _ in range(3 * UNDER_WAY_TO_PEER):
            self.clock.advance(0)
        self.assertEqual(self.messages.started, ["a"])

    def test_an_error_of_ours_is_told_and_frees_the_turn(self):
        self.ask(*["a"] * (UNDER_WAY_TO_PEER + 1))
        self.messages.under_way.pop()[1].errback(ZeroDivisionError())
        self.clock.advance(0)
        self.assertEqual(len(self.messages.started), UNDER_WAY_TO_PEER + 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_stop(self):
        given_up = []
        for _ in range(2 * STARTS_PER_TURN):
            self.outbox.ask("a", lambda: Deferred(given_up.append))
        self.outbox.stop()
        self.assertEqual(len(given_up), UNDER_WAY_TO_PEER)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.flushLoggedErrors()

    def test_stop_while_nothing_waits(self):
        self.outbox.stop()
        self.ask("a")
        self.clock.advance(0)
        self.outbox.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.flushLoggedErrors()


@given(st.lists(st.integers(0, 9) | st.none(), max_size=200))
def test_limits_hold_and_each_is_started_once(steps):
    """A number is a peer that asks; None lets the oldest message end."""
    clock, messages = Clock(), Messages()
    outbox = Outbox(clock)
    for step in steps:
        if step is not None:
            outbox.ask(step, messages.to(step))
        elif messages.under_way:
            messages.finish()
        busy = Counter(peer for peer, _ in messages.under_way)
        assert len(messages.under_way) <= UNDER_WAY
        assert all(count <= UNDER_WAY_TO_PEER for count in busy.values())
    while messages.under_way or clock.getDelayedCalls():
        clock.advance(0)
        while messages.under_way:
            messages.finish()
    asked = [step for step in steps if step is not None]
    assert Counter(messages.started) == Counter(asked)
