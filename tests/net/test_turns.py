"""Who may send when many streams have room at once."""

from http_wire import TurningClock

from upnpserver.net.turns import (
    BYTES_PER_TURN,
    FEW_STREAMS,
    SHARED_BYTES_PER_TURN,
    SHARED_S,
    SHARED_WINDOW_BYTES,
    WINDOW_BYTES,
    Turns,
)

HALF = BYTES_PER_TURN // 2


class Stream:
    """One that always wants to send; log: who was granted a turn."""

    def __init__(self, turns, name, log):
        self.turns, self.name, self.log = turns, name, log
        self.is_wanted = True
        turns.join()

    def take(self, size_bytes=HALF):
        return self.turns.take(size_bytes, self.granted)

    def granted(self):
        if self.is_wanted:
            self.log.append(self.name)
        return self.is_wanted


def some(count):
    clock, log = TurningClock(), []
    turns = Turns(clock)
    return clock, log, [Stream(turns, name, log) for name in range(count)]


def test_few_streams_need_not_be_counted():
    clock, _, streams = some(FEW_STREAMS)
    assert all(stream.take() for stream in streams * 10)
    assert clock.calls == []


def test_each_turn_has_its_share_and_the_others_wait_in_order():
    clock, log, streams = some(5)
    assert [stream.take() for stream in streams] == [True, True, False, False, False]
    assert log == []
    clock.advance(0)
    assert log == [2, 3]
    clock.advance(0)
    assert log == [2, 3, 4]


def test_who_waited_goes_before_who_has_just_sent():
    clock, log, streams = some(4)
    turn = []
    for _ in range(10):
        turn += [stream.name for stream in streams if stream.take()]
        clock.advance(0)
    # Whoever sends in a turn asks again; still each has about as many.
    shares = [(turn + log).count(name) for name in range(4)]
    assert max(shares) - min(shares) <= 1
    assert sum(shares) >= 20


def test_small_windows_fill_a_turn_too():
    _, _, streams = some(3)
    taken = [streams[0].take(BYTES_PER_TURN // 8) for _ in range(9)]
    assert taken == [True] * 8 + [False]


def test_who_left_does_not_use_up_a_turn():
    clock, log, streams = some(6)
    for stream in streams:
        stream.take()
    streams[2].is_wanted = streams[3].is_wanted = False
    clock.advance(0)
    assert log == [4, 5]


def test_a_turn_in_which_nobody_sent_is_not_counted():
    clock, _, streams = some(3)
    streams[0].take()
    clock.advance(0)
    assert clock.calls == []


def test_streams_that_left_are_counted_one_by_one():
    clock, _, streams = some(FEW_STREAMS + 2)
    streams[0].turns.leave()
    streams[1].take()
    assert len(clock.calls) == 1


def test_when_others_leave_the_rest_is_not_counted_any_more():
    clock, _, streams = some(3)
    for stream in streams:
        stream.take()
    streams[0].turns.leave()
    assert streams[1].take()
    clock.advance(0)
    clock.advance(0)
    assert clock.calls == []


def test_while_somebody_else_asks_streams_send_less_at_once():
    clock, log, streams = some(5)
    turns = streams[0].turns
    assert turns.window_bytes == WINDOW_BYTES
    turns.asked("browser")
    assert turns.window_bytes == SHARED_WINDOW_BYTES < WINDOW_BYTES
    for stream in streams:
        stream.take(SHARED_WINDOW_BYTES)
    clock.advance(0)
    before = len(log)
    clock.advance(0)
    assert (len(log) - before) * SHARED_WINDOW_BYTES <= SHARED_BYTES_PER_TURN
    clock.advance(SHARED_S + 0.1)
    assert turns.window_bytes == WINDOW_BYTES


def test_who_asked_for_a_stream_shares_nothing():
    _, _, streams = some(3)
    turns = streams[0].turns
    turns.asked("browser")
    turns.asked("tv")
    turns.forget("tv")
    turns.forget("unknown")
    assert turns.is_shared
    turns.forget("browser")
    assert not turns.is_shared


def test_a_flood_of_askers_is_not_remembered():
    _, _, streams = some(3)
    for number in range(10_000):
        streams[0].turns.asked(number)
    assert streams[0].turns.is_shared
    assert len(streams[0].turns._askers) <= 64
