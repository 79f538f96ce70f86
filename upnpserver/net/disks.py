"""Threads that wait for disks, so that the reactor never does.

A few for each disk: one that sleeps, or hangs, keeps nobody waiting but those
who want something from it. They touch files only, never a socket, and are not
waited for at the end.

Source: security.md requirements 22 and 23.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads

THREADS_PER_DISK = 4
IDLE_S = 10.0
LOCAL_S = 5.0

T = TypeVar("T")
Job = Callable[[], None]
# Runs what may have to wait for one disk, and fires with what that returns.
InThread = Callable[[Callable[[], Any]], Deferred[Any]]


class Disks:
    """Runs what may have to wait for a disk.

    reactor: hears of results. idle_s: how long a thread waits for more to do.
    """

    def __init__(self, reactor: IReactorFromThreads, idle_s: float = IDLE_S) -> None:
        self._reactor, self._idle_s = reactor, idle_s
        self._crews: dict[bytes, _Crew] = {}
        self._local_until: dict[bytes, float] = {}

    def note_local(self, disk: bytes, is_local: bool) -> None:
        """Take note from a thread that a disk needs nobody else to open a file."""
        if is_local:
            self._local_until[disk] = time.monotonic() + LOCAL_S
        else:
            self._local_until.pop(disk, None)

    def is_local(self, disk: bytes) -> bool:
        """Tell whether that was noted lately: another may be mounted there since."""
        until = self._local_until.get(disk)
        return until is not None and time.monotonic() < until

    def run(
        self, disk: bytes, work: Callable[[], T], *, first: bool = False
    ) -> Deferred[T]:
        """Do work in a thread; fires with what it returns or raises.

        disk: what stands or falls together, as the path of a library's folder.
        first: before everything that is not, because it is short.
        """
        done: Deferred[T] = Deferred()

        def job() -> None:
            try:
                result = work()
            except Exception as error:  # handed over, as it is, to who asked
                self._reactor.callFromThread(done.errback, error)
            else:
                self._reactor.callFromThread(done.callback, result)

        crew = self._crews.get(disk)
        if crew is None:
            crew = self._crews[disk] = _Crew(self._idle_s)
        crew.add(job, first)
        return done

    def stop(self) -> None:
        """Begin nothing any more; threads end with what they are doing."""
        for crew in self._crews.values():
            crew.dismiss()


class _Crew:
    """The threads of one disk. They come when there is work, and go without it."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._changed = threading.Condition()
        self._short: deque[Job] = deque()
        self._long: deque[Job] = deque()
        self._threads = self._idle = 0
        self._is_dismissed = False

    def add(self, job: Job, first: bool) -> None:
        with self._changed:
            if self._is_dismissed:
                return
            (self._short if first else self._long).append(job)
            waiting = len(self._short) + len(self._long)
            if waiting <= self._idle:
                self._changed.notify()
                return
            if self._threads == THREADS_PER_DISK:
                return
            self._threads += 1
        threading.Thread(target=self._serve, name="disk", daemon=True).start()

    def dismiss(self) -> None:
        with self._changed:
            self._is_dismissed = True
            self._short.clear()
            self._long.clear()
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            job = self._next()
            if job is None:
                return
            job()
            del job  # what it holds must not live as long as the thread idles

    def _next(self) -> Job | None:
        """Return what to do, None if the thread is not needed any more."""
        with self._changed:
            if not self._short and not self._long and not self._is_dismissed:
                self._idle += 1
                self._changed.wait(self._idle_s)
                self._idle -= 1
            for jobs in (self._short, self._long):
                if jobs:
                    return jobs.popleft()
            self._threads -= 1
            return None
