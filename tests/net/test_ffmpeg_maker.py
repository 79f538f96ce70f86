"""What ffmpeg makes is bounded, in size and time, and in how much at once."""

from types import SimpleNamespace

import pytest
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from upnpserver.errors import ProbeError, ProbesUnavailable
from upnpserver.net.ffmpeg import Tool
from upnpserver.net.ffmpeg_maker import MOST_BYTES, FfmpegMaker


class Processes:
    """Starts nothing: the test plays the processes."""

    def __init__(self):
        self.started, self.error = [], None

    def spawnProcess(self, protocol, executable, arguments, environment, childFDs):
        if self.error:
            raise self.error
        process = Process(protocol, arguments, childFDs)
        self.started.append(process)
        protocol.makeConnection(process)


class Process:
    def __init__(self, protocol, arguments, fds):
        self.protocol, self.arguments, self.fds = protocol, arguments, fds
        self.signals, self.is_gone = [], False

    def signalProcess(self, name):
        if self.is_gone:
            raise ProcessExitedAlready
        self.signals.append(name)

    def loseConnection(self):
        pass

    def ends(self, code=0):
        self.is_gone = True
        status = SimpleNamespace(exitCode=code)
        self.protocol.processEnded(Failure(Ended(status)))


class Ended(ProcessDone):
    def __init__(self, status):
        super().__init__(0)
        self.exitCode = status.exitCode


@pytest.fixture
def house():
    clock, processes = Clock(), Processes()
    tool = Tool("/usr/bin/ffmpeg", frozenset({"mjpeg"}))
    maker = FfmpegMaker(processes, clock, lambda: tool)
    return SimpleNamespace(clock=clock, processes=processes, maker=maker)


def made(house, *arguments, is_wanted=lambda: True):
    results = []
    done = house.maker.make(7, arguments or ("-i",), 30.0, is_wanted)
    done.addBoth(results.append)
    return results


def test_what_it_says_is_handed_over(house):
    results = made(house, "-i", "x")
    (process,) = house.processes.started
    assert process.arguments[-3:] == ["/usr/bin/ffmpeg", "-i", "x"]
    assert process.fds == {0: 7, 1: "r", 2: "r"}
    process.protocol.outReceived(b"pic")
    process.protocol.outReceived(b"ture")
    process.ends()
    assert results == [b"picture"]
    assert not house.clock.getDelayedCalls()


@pytest.mark.parametrize(
    "happens",
    [
        lambda house, process: process.ends(),
        lambda house, process: (process.protocol.outReceived(b"x"), process.ends(1)),
        lambda house, process: process.protocol.outReceived(bytes(MOST_BYTES + 1)),
        lambda house, process: house.clock.advance(30),
    ],
)
def test_what_can_not_be_made(house, happens):
    results = made(house)
    (process,) = house.processes.started
    happens(house, process)
    assert results[0].check(ProbeError)
    assert process.signals == ["KILL"] or process.is_gone
    assert not house.clock.getDelayedCalls()


def test_two_at_a_time_and_nothing_that_nobody_wants(house):
    first, second = made(house), made(house)
    unwanted, third = made(house, is_wanted=lambda: False), made(house)
    assert (len(house.processes.started), len(house.maker)) == (2, 2)
    house.processes.started[0].protocol.outReceived(b"1")
    house.processes.started[0].ends()
    assert first == [b"1"]
    assert unwanted[0].check(ProbesUnavailable)
    assert (len(house.processes.started), len(house.maker)) == (3, 0)
    house.maker.stop()
    assert second[0].check(ProbesUnavailable)
    assert third[0].check(ProbesUnavailable)
    assert [one.signals for one in house.processes.started[1:]] == [["KILL"]] * 2


def test_one_that_can_not_be_started(house):
    house.processes.error = OSError(2, "no such file")
    assert made(house)[0].check(ProbesUnavailable)
    assert len(house.maker) == 0
