"""One ffmpeg at work: what of its output is sent, and when it is ended."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionLost, ProcessDone, ProcessExitedAlready
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from upnpserver.errors import ProbeError
from upnpserver.net.ffmpeg import (
    Conversion,
    Limits,
    Tool,
    Wanted,
    environment,
    look_for,
)

STALL_S = 300.0


class Process:
    """A process that the test plays; it notes what is asked of it."""

    def __init__(self, protocol, command=(), fds=None):
        self.command, self.fds, self.told, self.is_gone = command, fds, [], False
        self.protocol = protocol

    def signalProcess(self, name):
        if self.is_gone:
            raise ProcessExitedAlready
        self.told.append(name)

    def loseConnection(self):
        self.told.append("closed")

    def pauseProducing(self):
        self.told.append("paused")

    def resumeProducing(self):
        self.told.append("resumed")

    def end(self, code=0):
        self.is_gone = True
        reason = ProcessDone(0)
        reason.exitCode = code
        self.protocol.processEnded(Failure(reason))


class Processes:
    def __init__(self, error=None):
        self.started, self.error = [], error

    def spawnProcess(self, protocol, executable, arguments, env, childFDs=None):
        if self.error:
            raise self.error
        process = Process(protocol, arguments, childFDs)
        self.started.append(process)
        protocol.makeConnection(process)


class Wire:
    def __init__(self):
        self.written, self.producer = b"", None

    def write(self, data):
        self.written += data

    def registerProducer(self, producer, streaming):
        assert streaming
        self.producer = producer

    def unregisterProducer(self):
        self.producer = None


def started(skipped=0, length=None, *, is_wanted=True):
    house = SimpleNamespace(clock=Clock(), wire=Wire(), begun=0, ended=0, results=[])

    def begin():
        house.begun += 1
        return house.wire if is_wanted else None

    def ended():
        house.ended += 1

    wanted, limits = Wanted(skipped, length, begin), Limits(512, 60, STALL_S)
    house.work = Conversion(wanted, limits, house.clock, ended)
    house.work.done.addBoth(house.results.append)
    processes = Processes()
    house.work.start(processes, "/usr/bin/ffmpeg", ["-i", "x"], 7)
    (house.process,) = processes.started
    return house


def failed(house, kind):
    (result,) = house.results
    return isinstance(result, Failure) and result.check(kind) is not None


def test_it_is_shut_in_and_reads_the_one_file():
    house = started()
    assert house.process.command[2:] == [
        *("-m", "upnpserver.media.ffmpeg_child"),
        *("512", "60", "/usr/bin/ffmpeg", "-i", "x"),
    ]
    assert house.process.fds == {0: 7, 1: "r", 2: "r"}


def test_the_answer_begins_with_the_first_byte_and_ends_with_the_process():
    house = started()
    assert house.begun == 0
    house.work.outReceived(b"one ")
    house.work.outReceived(b"two")
    assert (house.begun, house.wire.written) == (1, b"one two")
    assert house.wire.producer is house.work
    house.process.end()
    assert house.results == [None]
    assert (house.wire.producer, house.ended) == (None, 1)
    assert not house.clock.getDelayedCalls()


@given(st.binary(max_size=60), st.integers(0, 20), st.data())
def test_the_bytes_that_were_asked_for(made, skipped, data):
    length = data.draw(st.integers(1, max(1, len(made) - skipped)))
    house = started(skipped, length)
    while made:
        cut = data.draw(st.integers(1, len(made)))
        house.work.outReceived(made[:cut])
        skipped_now, made = made[:cut], made[cut:]
        assert skipped_now
    sent = house.wire.written
    assert len(sent) <= length
    if len(sent) == length:
        assert house.results == [None]
        assert "KILL" in house.process.told  # what is left is not made
    else:
        house.process.end()
        assert failed(house, ProbeError)
    assert house.ended == 1


@pytest.mark.parametrize(("made", "code"), [(b"", 0), (b"", 1), (b"some", 1)])
def test_a_file_that_can_not_be_converted(made, code):
    house = started()
    if made:
        house.work.outReceived(made)
    house.process.end(code)
    assert failed(house, ProbeError)
    assert house.begun == bool(made)


def test_who_reads_nothing_is_waited_for_and_not_for_ever():
    house = started()
    house.work.outReceived(b"x")
    house.wire.producer.pauseProducing()
    assert house.process.told == ["paused"]
    house.clock.advance(STALL_S - 1)
    house.wire.producer.resumeProducing()
    assert house.process.told == ["paused", "resumed"]
    house.clock.advance(STALL_S - 1)
    assert house.results == []
    house.clock.advance(1)
    assert failed(house, ProbeError)
    assert house.process.told[2:] == ["KILL", "closed"]


@pytest.mark.parametrize("begun", [False, True])
def test_who_leaves_ends_it_at_once(begun):
    house = started()
    if begun:
        house.work.outReceived(b"x")
        house.wire.producer.stopProducing()
    else:
        house.work.stop()
    assert failed(house, ConnectionLost)
    assert house.process.told == ["KILL", "closed"]
    house.work.outReceived(b"too late")
    house.process.end()
    assert house.wire.written == (b"x" if begun else b"")
    assert (house.ended, len(house.results)) == (1, 1)


def test_nothing_is_sent_to_who_left_before_the_first_byte():
    house = started(is_wanted=False)
    house.work.outReceived(b"x")
    assert failed(house, ConnectionLost)
    assert house.wire.written == b""


def test_how_far_it_is_is_told_in_pieces():
    house = started()
    for piece in (b"frame=1\nout_ti", b"me_us=12", b"34\nprogress=", b"x" * 5000):
        house.work.errReceived(piece)
    assert house.work.made_us == 1234
    assert len(house.work._said) <= 1024


# Which ffmpeg there is

LISTED = b" ------\n A....D ac3   AC-3\n V....D mjpeg  M\n"


def looked(*, error=None):
    clock, processes, found = Clock(), Processes(error), []
    look_for("/usr/bin/ffmpeg", processes, clock).addCallback(found.append)
    return clock, processes, found


def test_what_it_can_code():
    clock, processes, found = looked()
    (process,) = processes.started
    process.protocol.outReceived(LISTED[:20])
    process.protocol.outReceived(LISTED[20:])
    process.end()
    assert found == [Tool("/usr/bin/ffmpeg", frozenset({"ac3", "mjpeg"}))]
    assert not clock.getDelayedCalls()


def test_one_that_says_nothing_or_never_ends_is_none():
    clock, processes, found = looked()
    (process,) = processes.started
    clock.advance(30)
    assert process.told == ["KILL"]
    process.end(1)
    assert found == [Tool()]


def test_one_that_can_not_be_run_is_none():
    clock, _, found = looked(error=OSError(13, "Permission denied"))
    assert found == [Tool()]
    assert not clock.getDelayedCalls()


def test_no_secret_goes_along():
    own = {"PATH": "/usr/bin", "HOME": "/root", "SECRET": "x", "LD_LIBRARY_PATH": "/l"}
    assert environment(own) == {"PATH": "/usr/bin", "LD_LIBRARY_PATH": "/l"}
