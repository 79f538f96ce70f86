"""Many files -> facts, read by a few probe children side by side.

The scanner itself opens files but never reads them. A child may crash, hang or
eat memory: it is ended, its file gets one more try in a fresh child, and then
a problem. Nothing runs until the first file is to be read.
"""

import contextlib
import json
import os
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from upnpserver.beneath import open_beneath
from upnpserver.errors import ProbeError, ProbesUnavailable
from upnpserver.media.answers import (
    LEAVING,
    MAX_ANSWER_BYTES,
    OUT_OF_MEMORY,
    SHUT_IN,
    parse_answer,
)
from upnpserver.model import MediaFacts
from upnpserver.scan.nursery import COMMAND, Child, Ended, Nursery, NurseryEnded

MAX_SECONDS: Final = 20.0  # for one file, by the wall clock
_START_SECONDS: Final = 60.0  # for a child to be ready: a Pi with a slow card
_MAX_WORKERS: Final = 4
# Given to a child beforehand, so that it never waits for the scanner.
_QUEUE: Final = 4
_MAX_TRIES: Final = 2
_MAX_NURSERIES: Final = 3  # lost one after the other, with no file read between
_MAX_NAME_BYTES: Final = 255
# A child that died and had more than this was most likely stopped for it.
_MUCH_MEMORY_KIB: Final = 160 * 1024


@dataclass(frozen=True, slots=True)
class ProbeJob:
    """One file to read; size and time are the walk's, for the catalog."""

    root: bytes
    relative_path: bytes
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What became of a job: facts, or the reason why there are none."""

    job: ProbeJob
    facts: MediaFacts | None
    problem: str = ""


@dataclass(slots=True)
class _Try:
    """A job on its way; tries: how often a child died or hung over it."""

    job: ProbeJob
    tries: int = 0


class ProbePool:
    """A bounded number of probe children; not for use by two threads.

    workers: 0 means one for each processor, up to four.
    """

    def __init__(
        self,
        workers: int = 0,
        command: Sequence[str] = COMMAND,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        available = len(os.sched_getaffinity(0))
        self._workers = workers or min(available, _MAX_WORKERS)
        self._command, self._max_seconds = command, max_seconds
        self._nursery: Nursery | None = None
        self._children: list[Child] = []
        self._again: deque[_Try] = deque()  # taken back from children that ended
        self._nurseries_lost = 0
        self._layers: dict[str, tuple[bool, str]] = {}

    @property
    def layers(self) -> dict[str, tuple[bool, str]]:
        """The sandbox's layers: name -> (holds, detail); empty before a file."""
        return dict(self._layers)

    def probe(self, jobs: Iterable[ProbeJob]) -> Iterator[ProbeResult]:
        """Yield a result for each job, in the order in which they are done.

        Jobs are taken only when a child has room for one. Raises
        ProbesUnavailable if no child can run at all.
        """
        coming = iter(jobs)
        try:
            while True:
                try:
                    yield from self._hand_out(coming)
                    if not self._busy():
                        return
                    yield from self._collect()
                except NurseryEnded:
                    self._lose_nursery()
        finally:
            with contextlib.suppress(NurseryEnded):
                for child in [child for child in self._children if child.jobs]:
                    self._end(child)
            self._again.clear()

    def close(self) -> None:
        """End all children and wait for it; the pool can be used again."""
        self._children.clear()
        self._again.clear()
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None

    def _hand_out(self, coming: Iterator[ProbeJob]) -> Iterator[ProbeResult]:
        """Give each child what it has room for, with what was taken back first."""
        while self._has_room():
            if not self._again:
                try:
                    self._again.append(_Try(next(coming)))
                except StopIteration:
                    return
            child = self._child_for(self._again[0])
            one = self._again.popleft()
            try:
                self._give(child, one)
            except OSError as error:
                yield ProbeResult(one.job, None, _open_problem(error))

    def _has_room(self) -> bool:
        # One that ended while it had nothing to do is no loss.
        self._children = [c for c in self._children if c.listens or c.jobs]
        if len(self._children) < self._workers:
            return True
        freest = self._freest()
        second_try = self._again and self._again[0].tries
        return bool(freest and not second_try and len(freest.jobs) < _QUEUE)

    def _child_for(self, one: _Try) -> Child:
        """Return the child for the next job: a fresh one for a second try."""
        freest = self._freest()
        may_fork = len(self._children) < self._workers
        if freest is None or (may_fork and (one.tries or freest.jobs)):
            return self._fork()
        return freest

    def _freest(self) -> Child | None:
        listening = (child for child in self._children if child.listens)
        return min(listening, key=lambda child: len(child.jobs), default=None)

    def _fork(self) -> Child:
        if self._nursery is None:
            self._nursery = Nursery(self._command)
        child = self._nursery.fork()
        child.since = time.monotonic()
        self._children.append(child)
        return child

    def _give(self, child: Child, one: _Try) -> None:
        """Open the file and send it. Raises OSError if it can't be opened."""
        fd = open_beneath(one.job.root, one.job.relative_path)
        try:
            name = one.job.relative_path.rpartition(b"/")[2][-_MAX_NAME_BYTES:]
            self._running().send(child, name, fd)
        finally:
            os.close(fd)
        if not child.jobs and child.ready:
            child.since = time.monotonic()
        child.jobs.append(one)

    def _collect(self) -> Iterator[ProbeResult]:
        """Wait for what comes first: an answer, an end, or the end of patience."""
        now = time.monotonic()
        patience = [self._deadline(child) - now for child in self._children]
        for event in self._running().wait(max(0.0, min(patience, default=0.0))):
            if isinstance(event, Ended):
                if event.child in self._children:
                    yield from self._blame(event.child, _reason(event))
            else:
                yield from self._heard(*event)
        now = time.monotonic()
        for child in self._children.copy():
            if now >= self._deadline(child):
                if not child.ready:
                    raise NurseryEnded  # it forks, but what it forks never starts
                yield from self._blame(
                    child, f"took longer than {self._max_seconds:g} s"
                )

    def _deadline(self, child: Child) -> float:
        if not child.jobs:
            return float("inf")
        return child.since + (self._max_seconds if child.ready else _START_SECONDS)

    def _heard(self, child: Child, message: bytes) -> Iterator[ProbeResult]:
        child.since = time.monotonic()
        if not child.ready:
            child.ready = True
            self._note_layers(message)
        elif child not in self._children:
            return  # given up, its jobs are with others
        elif message == LEAVING:
            self._end(child)
        elif not child.jobs or len(message) > MAX_ANSWER_BYTES:
            yield from self._blame(child, "the probe gave no sensible answer")
        else:
            self._nurseries_lost = 0
            yield _result(child.jobs.popleft().job, message)

    def _blame(self, child: Child, reason: str) -> Iterator[ProbeResult]:
        """End a child; the file that it was reading is to blame."""
        if child.jobs:
            child.jobs[0].tries += 1
            if child.jobs[0].tries == _MAX_TRIES:
                yield ProbeResult(child.jobs.popleft().job, None, reason)
        self._end(child)

    def _end(self, child: Child) -> None:
        """Take back the child's jobs and end it."""
        self._children.remove(child)
        self._again.extendleft(reversed(child.jobs))
        child.jobs.clear()
        self._running().kill(child)

    def _lose_nursery(self) -> None:
        """Begin anew; raise ProbesUnavailable when that has not helped."""
        self._nurseries_lost += 1
        taken_back = [one for child in self._children for one in child.jobs]
        self._again.extendleft(reversed(taken_back))
        waiting = self._again.copy()
        self.close()
        self._again = waiting
        if self._nurseries_lost == _MAX_NURSERIES:
            raise ProbesUnavailable("no probe can run: see the lines above")

    def _busy(self) -> bool:
        return any(child.jobs for child in self._children)

    def _running(self) -> Nursery:
        if self._nursery is None:
            raise NurseryEnded
        return self._nursery

    def _note_layers(self, hello: bytes) -> None:
        told = json.loads(hello.removeprefix(SHUT_IN))
        for name, holds, detail in (*self._running().layers, *told):
            self._layers[name] = holds, detail


def _result(job: ProbeJob, answer: bytes) -> ProbeResult:
    try:
        return ProbeResult(job, parse_answer(answer))
    except ProbeError as error:
        return ProbeResult(job, None, str(error))


def _open_problem(error: OSError) -> str:
    return f"it cannot be opened: {error.strerror or type(error).__name__}"


def _reason(ended: Ended) -> str:
    """Return why a child died that nobody had asked to."""
    # SIGKILL comes from the kernel when the machine has no memory left.
    if (
        ended.code == OUT_OF_MEMORY
        or ended.signal == signal.SIGKILL
        or ended.memory_kib > _MUCH_MEMORY_KIB
    ):
        return "needed too much memory"
    if ended.signal == signal.SIGXCPU:
        return "took too much processor time"
    return "the probe crashed"
