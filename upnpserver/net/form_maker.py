"""The children that make other forms of files, as the reactor uses them.

They come when there is something to make and go when there has been nothing for
some time, so that an idle server is one process. Source: media/forms_child.py.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IReactorFDSet,
    IReactorTime,
    IReadDescriptor,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.errors import ProbeError, ProbesUnavailable, UpnpServerError
from upnpserver.media.packets import LEAVING
from upnpserver.scan.children import Child

COMMAND: Final = (sys.executable, "-P", "-m", "upnpserver.media.forms_child")
MAX_FORM_BYTES: Final = 16 << 20
_LONGEST_S: Final = 20.0  # for one form
_START_S: Final = 60.0  # a Pi with a slow card
_IDLE_S: Final = 10.0
_MOST_CHILDREN: Final = 2
_LEFT: Final = ProbesUnavailable("the child left")


@dataclass(slots=True, eq=False)
class _Job:
    fd: int
    asked: bytes
    is_wanted: Callable[[], bool]
    done: Deferred[bytes] = field(default_factory=Deferred)


class FormMaker:
    """Has forms made, one at a time by each child."""

    log = Logger()

    def __init__(
        self,
        descriptors: IReactorFDSet,
        clock: IReactorTime,
        in_thread: Callable[[Callable[[], None]], object],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._descriptors, self._clock = descriptors, clock
        self._in_thread, self._command = in_thread, command
        self._most = min(len(os.sched_getaffinity(0)), _MOST_CHILDREN)
        self._hands: list[_Hand] = []
        self._waiting: deque[_Job] = deque()

    def __len__(self) -> int:
        """Return how many forms wait for their turn."""
        return len(self._waiting)

    def make(
        self, fd: int, asked: bytes, is_wanted: Callable[[], bool]
    ) -> Deferred[bytes]:
        """Have a form made; fires with its bytes.

        fd stays open until it fires. asked: see media/forms_child.py.
        is_wanted: asked when its turn has come. Fails with ProbeError and the
        reason if it can't be made, with ProbesUnavailable if nobody tried.
        """
        job = _Job(fd, asked, is_wanted)
        self._waiting.append(job)
        free = next((hand for hand in self._hands if hand.job is None), None)
        if free is not None:
            free.take_next()
        elif len(self._hands) < self._most:
            self._start()
        return job.done

    def stop(self) -> None:
        """End the children; what is asked for is not made."""
        waiting, self._waiting = self._waiting, deque()
        for job in waiting:
            job.done.errback(ProbesUnavailable("the server ends"))
        for hand in self._hands.copy():
            hand.end()

    def next_job(self) -> _Job | None:
        """Return what is to be made next; what nobody wants is dropped."""
        while self._waiting:
            job = self._waiting.popleft()
            if job.is_wanted():
                return job
            job.done.errback(ProbesUnavailable("nobody wants it any more"))
        return None

    def take_back(self, job: _Job) -> None:
        """Let another child make this one, before all others."""
        self._waiting.appendleft(job)

    def _start(self) -> None:
        try:
            child: Child[Any] = Child(self._command, MAX_FORM_BYTES)
        except OSError as error:
            self.log.warn("no forms can be made: {error}", error=error.strerror)
            job = self._waiting.pop()
            job.done.errback(ProbesUnavailable("no child can run"))
            return
        self._hands.append(_Hand(child, self, self._descriptors, self._clock))

    def ended(self, hand: "_Hand", child: Child[Any]) -> None:
        """Forget a child; others do what is left."""
        self._hands.remove(hand)
        # In a thread: one that waits for a disk can't be ended before that answers.
        self._in_thread(child.kill)
        if not child.ready and self._waiting:
            self._waiting.popleft().done.errback(ProbesUnavailable("no child can run"))
        if self._waiting and len(self._hands) < self._most:
            self._start()


@implementer(IReadDescriptor)
class _Hand:
    """One child on the reactor, with what it makes at the moment."""

    def __init__(
        self,
        child: Child[Any],
        maker: FormMaker,
        descriptors: IReactorFDSet,
        clock: IReactorTime,
    ) -> None:
        self.job: _Job | None = None
        self._is_over = False
        self._child, self._maker = child, maker
        self._descriptors, self._clock = descriptors, clock
        self._limit: IDelayedCall = clock.callLater(_START_S, self.end)
        descriptors.addReader(self)

    def fileno(self) -> int:
        return self._child.fileno()

    def logPrefix(self) -> str:
        return "making forms"

    def connectionLost(self, reason: Failure) -> None:
        """Nothing to do: the reactor ends, and stop() was called before."""

    def doRead(self) -> None:
        """Take what the child has said."""
        while not self._is_over and (message := self._child.receive()) is not None:
            if message == LEAVING:
                self._leave()
            elif not message:
                self.end(ProbeError("the child ended over it"))
            elif not self._child.ready:
                self._child.ready = True
                self.take_next()
            elif self.job is None or len(message) > MAX_FORM_BYTES:
                self.end(ProbeError("the child gave no sensible answer"))
            else:
                self._answered(message, self.job)

    def take_next(self) -> None:
        """Begin with the next form, or wait for one."""
        if not self._child.ready:
            return
        self.job = self._maker.next_job()
        if self.job is None:
            self._limit_to(_IDLE_S, _LEFT)
            return
        self._limit_to(_LONGEST_S, ProbeError("took too long"))
        self._child.send(self.job.asked, self.job.fd)

    def _answered(self, message: bytes, job: _Job) -> None:
        self.take_next()
        if message[:1] == b"F":
            job.done.callback(message[1:])
        else:
            reason = message[1:].decode("utf-8", "replace")
            job.done.errback(ProbeError(reason))

    def _leave(self) -> None:
        """End the child, which has not looked at what it was given since."""
        job, self.job = self.job, None
        if job is not None:
            self._maker.take_back(job)
        self.end()

    def end(self, error: UpnpServerError = _LEFT) -> None:
        """End the child; error: what becomes of the form that it makes."""
        if self._is_over:
            return
        self._is_over = True
        if self._limit.active():
            self._limit.cancel()
        self._descriptors.removeReader(self)
        job, self.job = self.job, None
        self._maker.ended(self, self._child)
        if job is not None:
            job.done.errback(error)

    def _limit_to(self, seconds: float, error: UpnpServerError) -> None:
        self._limit.cancel()
        self._limit = self._clock.callLater(seconds, self.end, error)
