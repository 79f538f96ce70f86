"""The reactor's clock, and who is served first in each of its turns."""

import select
import socket
import time

from upnpserver.net.steady import ReadersFirst, SteadyReactor


class Poller:
    """Has something to tell of four descriptors."""

    closed = False

    def poll(self, _timeout, _maxevents):
        return [
            (4, select.EPOLLOUT),
            (5, select.EPOLLIN),
            (6, select.EPOLLOUT | select.EPOLLIN),
            (7, select.EPOLLOUT),
            (8, select.EPOLLHUP),
        ]


def test_who_asks_goes_before_who_only_takes():
    poller = ReadersFirst(Poller())
    assert [fd for fd, _ in poller.poll(0, 9)] == [5, 6, 8, 4, 7]
    assert poller.closed is False


def test_a_reactor_serves_readers_first():
    reactor = SteadyReactor()
    ours, theirs = socket.socketpair()
    seen = []

    class Both:
        def __init__(self, end, name):
            self.end, self.name = end, name

        def fileno(self):
            return self.end.fileno()

        def logPrefix(self):
            return self.name

        def doRead(self):
            seen.append(("read", self.name))
            reactor.removeReader(self)

        def doWrite(self):
            seen.append(("write", self.name))
            reactor.removeWriter(self)

        def connectionLost(self, _reason):
            """Nothing is left."""

    writer, reader = Both(ours, "writer"), Both(theirs, "reader")
    ours.send(b"x")
    reactor.addWriter(writer)
    reactor.addReader(reader)
    reactor.iterate(1)
    assert seen == [("read", "reader"), ("write", "writer")]
    ours.close()
    theirs.close()


def test_its_clock_does_not_follow_the_wall():
    assert abs(SteadyReactor().seconds() - time.monotonic()) < 1
