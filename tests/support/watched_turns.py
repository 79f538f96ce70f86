"""Run upnpserver, and write down each turn of its reactor that took long.

    python watched_turns.py FILE python -m upnpserver serve ...

FILE gets a line for each turn that took more than MILLISECONDS: how long it
took, and how much of that was computing. Time in which the turn could go on,
but other processes had the processor, does not count.
"""

import os
import runpy
import sys
import time

from twisted.internet import epollreactor

MILLISECONDS = 1.0
FILE, SERVER = sys.argv[1], sys.argv[2:]


class WatchedPoller:
    """A poller that knows how long its reactor was away from it."""

    def __init__(self, poller):
        self._poller, self._back = poller, None
        self._schedule = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        self._log = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def _now(self):
        computing, waiting, _ = os.pread(self._schedule, 100, 0).split()
        return time.perf_counter_ns() - int(waiting), int(computing)

    def poll(self, *arguments):
        if self._back is not None:
            took, computed = (
                (now - then) / 1e6
                for now, then in zip(self._now(), self._back, strict=True)
            )
            if took > MILLISECONDS:
                os.write(self._log, f"{took:.1f} {computed:.1f}\n".encode())
        found = self._poller.poll(*arguments)
        self._back = self._now()
        return found

    def __getattr__(self, name):
        return getattr(self._poller, name)


real_epoll = epollreactor.epoll
epollreactor.epoll = lambda *arguments: WatchedPoller(real_epoll(*arguments))
sys.argv[:] = SERVER[2:]
runpy.run_module("upnpserver", run_name="__main__", alter_sys=True)
