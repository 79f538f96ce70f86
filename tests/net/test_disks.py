"""Threads for disks: in order, few for each, gone when there is nothing to do."""

import queue
import threading
import weakref

import pytest

from upnpserver.net.disks import THREADS_PER_DISK, Disks

LIMIT_S = 30  # far beyond what any machine needs: a test fails instead of hanging


class Reactor:
    """What threads talk to; turn() takes one call from them."""

    def __init__(self):
        self.calls = queue.Queue()

    def callFromThread(self, function, *arguments):
        self.calls.put((function, arguments))

    def turn(self):
        function, arguments = self.calls.get(timeout=LIMIT_S)
        function(*arguments)


class Work:
    """Work that lasts until it is told to end."""

    def __init__(self, result=None):
        self.result = result
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self):
        self.has_begun.set()
        assert self.may_end.wait(LIMIT_S)
        return self.result


@pytest.fixture
def reactor():
    return Reactor()


@pytest.fixture
def disks(reactor):
    disks = Disks(reactor)
    yield disks
    disks.stop()
    wait_for_threads(set())


def disk_threads():
    return {thread for thread in threading.enumerate() if thread.name == "disk"}


def wait_for_threads(expected):
    for thread in disk_threads() - expected:
        thread.join(LIMIT_S)
    assert disk_threads() == expected


def results(deferred):
    found = []
    deferred.addBoth(found.append)
    return found


def test_the_reactor_hears_the_result(reactor, disks):
    found = results(disks.run(b"/a", lambda: 42))
    assert found == []
    reactor.turn()
    assert found == [42]


def test_the_reactor_hears_of_an_error(reactor, disks):
    def work():
        raise FileNotFoundError(2, "gone")

    found = results(disks.run(b"/a", work))
    reactor.turn()
    assert found[0].check(FileNotFoundError)


def test_a_thread_survives_an_error(reactor, disks):
    results(disks.run(b"/a", lambda: 1 / 0))
    reactor.turn()
    before = disk_threads()
    found = results(disks.run(b"/a", lambda: 42))
    reactor.turn()
    assert found == [42]
    assert before <= disk_threads()


def test_a_disk_has_few_threads_and_they_work_in_order(reactor, disks):
    order = []
    busy = [Work() for _ in range(THREADS_PER_DISK)]
    for work in busy:
        results(disks.run(b"/a", work))
    assert all(work.has_begun.wait(LIMIT_S) for work in busy)
    for name in range(3):
        disks.run(b"/a", lambda: None).addCallback(
            lambda _, name=name: order.append(name)
        )
    assert len(disk_threads()) == THREADS_PER_DISK
    busy[0].may_end.set()
    for _ in range(4):
        reactor.turn()
    assert order == [0, 1, 2]
    for work in busy:
        work.may_end.set()


def test_a_disk_that_hangs_delays_no_other(reactor, disks):
    hanging = [Work() for _ in range(THREADS_PER_DISK)]
    for work in hanging:
        results(disks.run(b"/asleep", work))
    waiting = results(disks.run(b"/asleep", lambda: "late"))
    found = results(disks.run(b"/awake", lambda: "here"))
    reactor.turn()
    assert found == ["here"]
    assert waiting == []
    for work in hanging:
        work.may_end.set()


def test_short_work_goes_first_and_in_order(reactor, disks):
    order = []
    busy = [Work() for _ in range(THREADS_PER_DISK)]
    for work in busy:
        results(disks.run(b"/a", work))
    for name, first in [("long", False), ("open", True), ("close", True)]:
        done = disks.run(b"/a", lambda: None, first=first)
        done.addCallback(lambda _, name=name: order.append(name))
    busy[0].may_end.set()
    for _ in range(4):
        reactor.turn()
    assert order == ["open", "close", "long"]
    for work in busy:
        work.may_end.set()


def test_an_idle_thread_is_used_again(reactor, disks):
    for _ in range(50):
        results(disks.run(b"/a", lambda: None))
        reactor.turn()
    assert len(disk_threads()) <= 2


def test_threads_go_when_there_is_nothing_to_do(reactor):
    disks = Disks(reactor, idle_s=0.01)
    results(disks.run(b"/a", lambda: None))
    reactor.turn()
    wait_for_threads(set())
    found = results(disks.run(b"/a", lambda: "again"))
    reactor.turn()
    assert found == ["again"]
    wait_for_threads(set())


def test_stopping_ends_with_what_is_under_way(reactor):
    disks = Disks(reactor)
    busy = [Work("done") for _ in range(THREADS_PER_DISK)]
    found = [results(disks.run(b"/a", work)) for work in busy]
    never = results(disks.run(b"/a", lambda: "never"))
    assert all(work.has_begun.wait(LIMIT_S) for work in busy)
    disks.stop()
    for work in busy:
        work.may_end.set()
    for _ in busy:
        reactor.turn()
    assert found == [["done"]] * THREADS_PER_DISK
    wait_for_threads(set())
    assert never == []
    results(disks.run(b"/a", lambda: "never"))
    assert disk_threads() == set()


def test_an_idle_thread_holds_nothing(reactor, disks):
    class Large:
        pass

    large = Large()
    gone = threading.Event()

    weakref.finalize(large, gone.set)
    results(disks.run(b"/a", lambda large=large: None))
    reactor.turn()
    del large
    assert gone.wait(LIMIT_S)
