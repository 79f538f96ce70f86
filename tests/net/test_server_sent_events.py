"""Server-sent events at a door in memory, on a clock."""

from dataclasses import replace

import pytest
from http_wire import Door
from twisted.internet.defer import Deferred, succeed

from upnpserver.net.events import (
    HEARTBEAT_S,
    MOST,
    MOST_PER_PEER,
    STEP_S,
    Events,
)
from upnpserver.policy import EVERYONE
from upnpserver.rules.visibility import NOTHING
from upnpserver.services.content_directory import Asker

GET = b"GET /events HTTP/1.1\r\nHost: 192.0.2.1:8200\r\n\r\n"


class House:
    """A door, and what there is to tell to everybody."""

    def __init__(self):
        self.policies = {}
        self.now, self.is_moving, self.asked = b"{}", False, []
        self.answers = None  # later ones, where a test wants to give them
        self.door = Door({b"/events": {b"GET": self.listened}})
        self.events = Events(
            self.door.clock,
            lambda request: Asker(request.policy, ""),
            lambda request: lambda: self.policies.get(str(request.peer), EVERYONE),
            self.told,
            lambda: self.is_moving,
        )

    def listened(self, request):
        self.events.listen(request)

    def told(self, asker):
        self.asked.append(asker.policy.audience)
        if self.answers is not None:
            self.answers.append(Deferred())
            return self.answers[-1]
        if asker.policy.visibility == NOTHING:
            return succeed({"now": b"nothing"})
        return succeed({"now": self.now, "catalog": b"1"})

    def listen(self, peer="192.0.2.7"):
        wire = self.door.connect(peer=peer).send(GET)
        self.door.settle()
        return wire

    def pass_s(self, seconds):
        for _ in range(round(seconds * 10)):
            self.door.clock.advance(0.1)
        self.door.settle()


@pytest.fixture
def house():
    return House()


def test_a_listener_is_told_what_there_is_and_what_changes(house):
    wire = house.listen()
    head, _, body = wire.take().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream")
    assert b"Content-Length" not in head
    assert b"Access-Control" not in head
    told = b"event: now\ndata: {}\n\nevent: catalog\ndata: 1\n\n"
    assert body == b"retry: 3000\n\n" + told
    house.pass_s(HEARTBEAT_S / 2)
    assert wire.take() == b""
    house.now = b"[1]"
    house.events.changed()
    house.pass_s(STEP_S)
    assert wire.take() == b"event: now\ndata: [1]\n\n"


def test_while_something_moves_it_is_looked_at_now_and_then(house):
    wire = house.listen()
    house.is_moving = True
    house.events.changed()
    before = len(house.asked)
    house.pass_s(10 * STEP_S)
    assert 9 <= len(house.asked) - before <= 12
    house.is_moving = False
    house.pass_s(2 * STEP_S)
    before = len(house.asked)
    for _ in range(20):  # news without end are no more work
        house.events.changed()
        house.pass_s(0.2)
    assert len(house.asked) - before <= 3
    assert wire.is_reading


def test_nothing_is_asked_and_no_timer_runs_while_nobody_listens(house):
    house.is_moving = True
    house.events.changed()
    house.pass_s(HEARTBEAT_S)
    assert house.asked == []
    wire = house.listen()
    wire.vanish()
    house.door.settle()
    assert len(house.events) == 0
    assert house.door.clock.getDelayedCalls() == []


def test_a_sign_of_life_keeps_the_connection(house):
    wire = house.listen()
    wire.take()
    house.pass_s(2 * HEARTBEAT_S + 1)
    assert wire.take() == b":\n\n:\n\n"


def test_who_reads_nothing_holds_little_and_is_given_up(house):
    wire = house.listen()
    wire.client_reads = False
    house.now = b"x" * 100_000
    house.events.changed()
    house.pass_s(STEP_S)
    for n in range(5):
        house.now = b"%d" % n * 10_000
        house.events.changed()
        house.pass_s(STEP_S)
    assert len(wire.unsent) < 110_000
    wire.client_reads = True
    wire.read_on()
    house.pass_s(2 * STEP_S)
    assert wire.take().count(b"event: now") == 3  # the first, a large one, the last
    wire.client_reads = False
    house.now = b"x" * 100_000
    house.events.changed()
    house.pass_s(3 * HEARTBEAT_S)
    assert wire.was_reset
    assert len(house.events) == 0


def test_so_many_listeners_of_one_peer_and_of_all(house):
    for _ in range(MOST_PER_PEER):
        house.listen()
    assert house.listen().take().startswith(b"HTTP/1.1 503 ")
    for n in range(MOST):
        house.listen(f"192.0.3.{n}")
    assert len(house.events) == MOST
    assert house.listen("192.0.2.9").take().startswith(b"HTTP/1.1 503 ")


def test_who_sees_the_same_is_asked_for_once_and_rights_are_looked_at_each_time(house):
    child = replace(EVERYONE, visibility=NOTHING)
    house.policies["192.0.2.8"] = child
    wires = [house.listen(f"192.0.2.{n}") for n in (7, 8, 9)]
    house.asked.clear()
    house.events.changed()
    house.pass_s(STEP_S)
    assert sorted(house.asked) == sorted(["", child.audience])
    assert [b"nothing" in wire.take() for wire in wires] == [False, True, False]
    house.policies["192.0.2.9"] = child
    house.policies["192.0.2.7"] = replace(EVERYONE, is_blocked=True)
    house.pass_s(HEARTBEAT_S + 1)
    assert b"nothing" in wires[2].take()
    assert wires[0].was_reset


def test_nobody_is_told_addresses_that_are_secret_for_another(house):
    for n, secret in ((7, ""), (8, "a"), (9, "b")):
        house.policies[f"192.0.2.{n}"] = replace(EVERYONE, secret=secret)
        house.listen(f"192.0.2.{n}")
    house.asked.clear()
    house.events.changed()
    house.pass_s(2 * STEP_S)
    assert house.asked == ["", "", ""]


def test_what_happens_while_it_looks_is_looked_at_again(house):
    house.answers = []
    wire = house.listen()
    house.events.changed()
    house.pass_s(3 * STEP_S)
    (first,) = house.answers
    first.callback({"now": b"1"})
    house.pass_s(2 * STEP_S)
    house.answers.pop().callback({"now": b"2"})
    house.door.settle()
    assert wire.take().endswith(b"data: 1\n\nevent: now\ndata: 2\n\n")


def test_an_error_ends_nothing(house):
    house.answers = []
    wire = house.listen()
    house.answers.pop().errback(ValueError("a bug"))
    house.events.changed()
    house.pass_s(2 * STEP_S)
    house.answers.pop().callback({"now": b"2"})
    house.door.settle()
    assert wire.take().endswith(b"data: 2\n\n")


def test_at_the_end_all_are_let_go(house):
    wires = [house.listen(), house.listen("192.0.2.8")]
    house.events.stop()
    house.door.settle()
    assert all(wire.is_closed for wire in wires)
    assert house.door.clock.getDelayedCalls() == []
