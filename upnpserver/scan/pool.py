"""Many files -> facts, read by a few probe children side by side.

The scanner itself opens files but never reads them. A child may crash, hang or
eat memory: it is ended, its file gets one more try in a fresh child, and then
a problem. Nothing runs until the first file is to be read.
"""

import json
import os
import selectors
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from upnpserver.beneath import open_beneath
from upnpserver.errors import ProbeError, ProbesUnavailable
from upnpserver.media.answers import parse_answer
from upnpserver.media.packets import LEAVING, MAX_ANSWER_BYTES, MAX_PATH_BYTES, SHUT_IN
from upnpserver.media.sidecars import role_of
from upnpserver.model import MediaFacts, Role
from upnpserver.scan.children import COMMAND, Child

MAX_SECONDS: Final = 20.0  # for one file, by the wall clock
_START_SECONDS: Final = 60.0  # for a child to be ready: a Pi with a slow card
# Two keep the scanner busy, which writes the catalog; a third one would only
# cost its 30 MiB.
_MAX_WORKERS: Final = 2
# Given to a child beforehand, so that it never waits for the scanner.
_QUEUE: Final = 12
# Drawn beforehand, a few at a time: what go_on() has to hand out.
_AHEAD: Final = 1024
_DRAWN_AT_ONCE: Final = 32
_MAX_TRIES: Final = 2
_MAX_FALSE_STARTS: Final = 3  # with no file read between
# Of a file's path: names of films and series stand in its last folders.
_TOLD_PARTS: Final = 6
_NO_MEDIA: Final = (Role.NFO, Role.CUE, Role.PLAYLIST)
_NOT_SENSIBLE: Final = "the probe gave no sensible answer"


@dataclass(frozen=True, slots=True)
class ProbeJob:
    """One file to read; size and time are the walk's, for the catalog.

    follows_out: see beneath.py.
    """

    root: bytes
    relative_path: bytes
    size_bytes: int
    mtime_ns: int
    follows_out: bool = False


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What became of a job: facts, or the reason why there are none.

    told: the facts as JSON, as the child said them.
    """

    job: ProbeJob
    facts: MediaFacts | None
    problem: str = ""
    told: str = ""


@dataclass(slots=True)
class _Try:
    """A job on its way; tries: how often a child died or hung over it."""

    job: ProbeJob
    tries: int = 0


class ProbePool:
    """A few probe children; not for use by two threads.

    workers: at most so many children; 0 means one for each processor, up to two.
    """

    def __init__(
        self,
        workers: int = 0,
        command: Sequence[str] = COMMAND,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._workers = workers or min(len(os.sched_getaffinity(0)), _MAX_WORKERS)
        self._command, self._max_seconds = command, max_seconds
        self._too_long = f"took longer than {max_seconds:g} s"
        self._children: list[Child[_Try]] = []
        self._selector = selectors.PollSelector()  # of the children
        self._waiting: deque[_Try] = deque()  # first what was taken back
        self._done: deque[ProbeResult] = deque()
        self._false_starts = 0
        self._layers: dict[str, tuple[bool, str]] = {}

    @property
    def layers(self) -> dict[str, tuple[bool, str]]:
        """The sandbox's layers: name -> (holds, detail); empty before a file."""
        return dict(self._layers)

    def probe(self, jobs: Iterable[ProbeJob]) -> Iterator[ProbeResult]:
        """Yield a result for each job, in the order in which they are done.

        Jobs are drawn a little ahead. Raises ProbesUnavailable if no child can
        run at all.
        """
        coming = iter(jobs)
        is_more = True
        try:
            while is_more or self._waiting or self._is_busy():
                is_more = is_more and self._draw(coming)
                self._hand_out()
                while self._done:
                    yield self._done.popleft()
                if self._is_busy():
                    self._collect(wait=True)
            yield from self._done
        finally:
            for child in [child for child in self._children if child.jobs]:
                self._give_up(child)
            self._waiting.clear()
            self._done.clear()

    def adopt(self, child: Child[_Try]) -> None:
        """Take in a child that was just started."""
        self._children.append(child)
        self._selector.register(child, selectors.EVENT_READ, child)

    def go_on(self) -> None:
        """Keep the children busy, without waiting for them.

        To be called now and then by whoever works on results for long.
        """
        self._collect(wait=False)
        self._hand_out()

    def close(self) -> None:
        """End all children and wait for it; the pool can be used again."""
        while self._children:
            self._give_up(self._children[-1])
        self._waiting.clear()

    def _is_busy(self) -> bool:
        return any(child.jobs for child in self._children)

    def _draw(self, coming: Iterator[ProbeJob]) -> bool:
        """Draw some jobs; return whether there may be more."""
        count = min(_DRAWN_AT_ONCE, _AHEAD - len(self._waiting))
        drawn = [_Try(job) for job in islice(coming, max(0, count))]
        self._waiting.extend(drawn)
        return len(drawn) == count

    def _hand_out(self) -> None:
        """Give each child what it has room for."""
        while self._waiting and self._has_room():
            child = self._child_for(self._waiting[0])
            one = self._waiting.popleft()
            try:
                _give(child, one)
            except OSError as error:
                self._done.append(ProbeResult(one.job, None, _open_problem(error)))

    def _has_room(self) -> bool:
        if len(self._children) < self._workers:
            return True
        is_second_try = self._waiting[0].tries
        return not is_second_try and len(self._freest().jobs) < _QUEUE

    def _child_for(self, one: _Try) -> Child[_Try]:
        """Return the child for the next job: a fresh one for a second try.

        Another child is started only when those that run have enough to do:
        a start costs as much as some hundred files.
        """
        if self._children and not one.tries:
            freest = self._freest()
            if len(freest.jobs) < _QUEUE:
                return freest
        return self._start()

    def _freest(self) -> Child[_Try]:
        return min(self._children, key=lambda child: len(child.jobs))

    def _start(self) -> Child[_Try]:
        try:
            child: Child[_Try] = Child(self._command)
        except OSError as error:
            raise ProbesUnavailable(f"no probe can start: {error.strerror}") from error
        self.adopt(child)
        return child

    def _collect(self, *, wait: bool) -> None:
        """Take answers and ends; wait: for one of them, or the end of patience."""
        patience_s = 0.0
        if wait:
            deadline = min(map(self._deadline, self._children))
            patience_s = max(0.0, deadline - time.monotonic())
        for key, _ in self._selector.select(patience_s):
            self._listen(key.data)
        now = time.monotonic()
        for child in self._children.copy():
            if now >= self._deadline(child):
                self._lost(child, self._too_long)

    def _deadline(self, child: Child[_Try]) -> float:
        if not child.ready:
            return child.since + _START_SECONDS
        return child.since + self._max_seconds if child.jobs else float("inf")

    def _listen(self, child: Child[_Try]) -> None:
        """Take all that a child has said, and its end if that came."""
        while (message := child.receive()) is not None:
            child.since = time.monotonic()
            if not message:
                self._lost(child)
                return
            if not child.ready:
                child.ready = True
                self._note_layers(message)
            elif message == LEAVING:
                self._give_up(child)
                return
            elif not child.jobs or len(message) > MAX_ANSWER_BYTES:
                self._lost(child, _NOT_SENSIBLE)
                return
            else:
                self._false_starts = 0
                self._done.append(_result(child.jobs.popleft().job, message))

    def _lost(self, child: Child[_Try], reason: str = "") -> None:
        """Take back the jobs of a child that failed over the first of them.

        reason: why; "" if it has ended by itself and tells by that. Raises
        ProbesUnavailable when child after child ends before it began.
        """
        self._let_go_of(child)
        if reason:
            child.kill()
        else:
            reason = child.autopsy()
        if not child.ready:
            self._false_starts += 1
        elif child.jobs:
            child.jobs[0].tries += 1
            if child.jobs[0].tries == _MAX_TRIES:
                job = child.jobs.popleft().job
                self._done.append(ProbeResult(job, None, reason))
        self._waiting.extendleft(reversed(child.jobs))
        if self._false_starts == _MAX_FALSE_STARTS:
            raise ProbesUnavailable("no probe can run: see the lines above")

    def _give_up(self, child: Child[_Try]) -> None:
        """End a child and let others have its jobs."""
        self._let_go_of(child)
        child.kill()
        self._waiting.extendleft(reversed(child.jobs))

    def _let_go_of(self, child: Child[_Try]) -> None:
        self._children.remove(child)
        self._selector.unregister(child)

    def _note_layers(self, hello: bytes) -> None:
        for name, holds, detail in json.loads(hello.removeprefix(SHUT_IN)):
            self._layers[name] = holds, detail


def _give(child: Child[_Try], one: _Try) -> None:
    """Open the file and send it. Raises OSError if it can't be opened."""
    job = one.job
    fd = open_beneath(job.root, job.relative_path, follows_out=job.follows_out)
    try:
        child.send(_told(job.relative_path), fd)
    finally:
        os.close(fd)
    if not child.jobs and child.ready:
        child.since = time.monotonic()
    child.jobs.append(one)


def _told(relative_path: bytes) -> bytes:
    """Return the last parts of a path, as many as a child is told."""
    return b"/".join(relative_path.split(b"/")[-_TOLD_PARTS:])[-MAX_PATH_BYTES:]


def _result(job: ProbeJob, answer: bytes) -> ProbeResult:
    beside = role_of(job.relative_path.rpartition(b"/")[2]) in _NO_MEDIA
    try:
        facts = parse_answer(answer, beside=beside)
    except ProbeError as error:
        return ProbeResult(job, None, str(error))
    return ProbeResult(job, facts, told=answer[1:].decode("utf-8", "replace"))


def _open_problem(error: OSError) -> str:
    return f"it cannot be opened: {error.strerror or type(error).__name__}"
