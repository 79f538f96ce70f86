"""Bytes of files to sockets, by sendfile(2), without ever waiting for a disk.

Each time the socket has room, one window is sent, if the page cache holds it.
If not, a thread reads ahead, and the stream goes on when it is done. On network
file systems, where nothing is sure, the thread reads the bytes themselves.

A paused TV costs a socket and a descriptor; so does one whose disk sleeps.

Source: security.md requirements 22 and 23; sendfile(2).
"""

import os
from collections.abc import Callable
from functools import partial
from typing import cast

from twisted.internet import main
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocolFactory, IPushProducer, IReactorTime
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.errors import FileChanged
from upnpserver.net.accept import PatientPort
from upnpserver.net.deadline import Deadline
from upnpserver.net.openfile import Way
from upnpserver.net.prompt import PromptServer
from upnpserver.net.source import Source
from upnpserver.net.transport import Transport
from upnpserver.net.turns import WINDOW_BYTES, Turns

FIRST_WINDOW_BYTES = 256 * 1024
# Up to here a copy, sent together with the head, costs less than sendfile.
SMALL_BYTES = 64 * 1024
# What a thread reads ahead: little at first, so that a film starts soon.
FIRST_AHEAD_BYTES = 128 * 1024
AHEAD_BYTES = 1024 * 1024
# What one stream holds in memory where sendfile can't be used.
KEPT_BYTES = 128 * 1024


def send_file(
    wire: Transport, source: Source, start: int, end: int, stall_s: float
) -> Deferred[None]:
    """Send the bytes from start to end; fires when the transport has the last.

    Takes source over, and releases it. stall_s: after so long without progress
    the connection is cut; only a FileServer can. Fails with the reason why the
    connection was lost; or with FileChanged or OSError if the file doesn't hold
    what was promised: then the caller has to cut it.
    """
    source.file.promised_bytes, source.sent_until = end, start
    if isinstance(wire, FileServer):
        return wire.send_file(source, start, end, stall_s)
    return _Copying(wire, source, start, end).send()


class _Sending:
    """A span of a file on its way to a socket."""

    def __init__(
        self,
        source: Source,
        span: tuple[int, int],
        turns: Turns,
        stalled: Deadline,
        stall_s: float,
    ) -> None:
        self.source, self.file = source, source.file
        self.at, self.end = span
        self.done: Deferred[None] = Deferred()
        self.is_over = False
        self.is_reading = False  # a thread is at it
        self._has_turn = False
        self._turns, self._stalled, self._stall_s = turns, stalled, stall_s
        self._was_read_ahead = False
        self._ahead_bytes = FIRST_AHEAD_BYTES
        self._window_bytes = FIRST_WINDOW_BYTES
        turns.join()
        self.progress()

    def progress(self) -> None:
        self._stalled.set(self._stall_s)

    def take_turn(self, size_bytes: int, granted: Callable[[], None]) -> bool:
        """Tell whether it is our turn to send; if not, granted is called when it is."""
        if self._has_turn:
            self._has_turn = False
            return True
        return self._turns.take(size_bytes, partial(self._granted, granted))

    def _granted(self, granted: Callable[[], None]) -> bool:
        if not self.is_over:
            self._has_turn = True
            granted()
        return not self.is_over

    def ready_until(self) -> int:
        """Return up to where the file can be sent without waiting.

        Not looked further than twice what the socket took the last time.
        """
        window_bytes = min(self._window_bytes, self._turns.window_bytes)
        end = min(self.end, self.at + window_bytes)
        return self.file.cached_until(self.at, end)

    def sent(self, count: int) -> None:
        self._window_bytes = min(max(2 * count, FIRST_WINDOW_BYTES), WINDOW_BYTES)
        self.advance(count)

    def advance(self, count: int) -> None:
        self.at += count
        self.source.sent_until = self.at
        self._was_read_ahead = False
        self.progress()

    def finish(self) -> None:
        self.is_over = True
        self._turns.leave()
        self._stalled.stop()
        self.source.release()

    def fetch(self) -> Deferred[bytes | None]:
        """Let a thread read what comes next: into the page cache (None), or for us.

        The latter where the page cache can't be asked, and where it forgot at
        once what was just read.
        """
        self.is_reading = True
        if self._was_read_ahead or self.file.way is Way.COPY:
            end = min(self.end, self.at + KEPT_BYTES)
            return self.source.run(partial(self.file.read, self.at, end))
        self._was_read_ahead = True
        end = min(self.end, self.at + self._ahead_bytes)
        self._ahead_bytes = min(self._ahead_bytes * 2, AHEAD_BYTES)
        return self.source.run(
            partial(self.file.read_ahead, self.at, end, self._is_wanted)
        )

    def _is_wanted(self) -> bool:
        return not self.is_over


class FileServer(PromptServer):
    """A connection that can send spans of files, one after the other."""

    _sending: _Sending | None = None

    def doRead(self) -> ConnectionLost | ConnectionDone | None:  # type: ignore[override]
        """Read what is asked for; it may be something else than a stream."""
        if self._sending is None:
            cast("FilePort", self.server).turns.asked(self.fileno())
        return super().doRead()

    def send_file(
        self, source: Source, start: int, end: int, stall_s: float
    ) -> Deferred[None]:
        """Do what the function of this name says."""
        if not self.connected or self.disconnecting:
            source.release()
            return fail(ConnectionLost())
        if end - start <= SMALL_BYTES:
            content = source.file.cached(start, end)
            if content is not None:
                source.sent_until = end
                source.release()
                self.write(content)  # type: ignore[no-untyped-call]
                # At once, as there mostly is room; what is lost is seen to in its turn.
                self._write_buffered()
                return succeed(None)
        turns = cast("FilePort", self.server).turns
        turns.forget(self.fileno())
        stalled = Deadline(cast("IReactorTime", self.reactor), self.abortConnection)
        self._sending = _Sending(source, (start, end), turns, stalled, stall_s)
        self.startWriting()  # type: ignore[no-untyped-call]
        return self._sending.done

    def doWrite(self) -> Exception | int | None:  # type: ignore[override]
        """Send what is buffered, then one window of the file."""
        sending = self._sending
        if sending is None:
            return self._write_buffered()
        if self._has_unsent():
            result = self._write_buffered()
            if result is not None:
                return result
            sending.progress()
            if self._has_unsent():
                return None
        if sending.at == sending.end:
            self._finish(sending)
            return None
        return self._send_window(sending)

    def connectionLost(self, reason: Failure) -> None:
        """Free everything, and tell whoever waits for the end of a file."""
        sending, self._sending = self._sending, None
        super().connectionLost(reason)
        if sending is not None:
            sending.finish()
            sending.done.errback(reason)

    def _has_unsent(self) -> bool:
        return bool(self.dataBuffer) or self._tempDataLen > 0

    def _write_buffered(self) -> Exception | int | None:
        result: Exception | int | None = super().doWrite()  # type: ignore[no-untyped-call]
        return result

    def _send_window(self, sending: _Sending) -> Exception | None:
        file, at, until = sending.file, sending.at, sending.ready_until()
        if until == at:
            self._fetch(sending)
            return None
        if not sending.take_turn(until - at, self._granted):
            self.stopWriting()  # type: ignore[no-untyped-call]
            return None
        try:
            count = os.sendfile(self.fileno(), file.fd, at, until - at)
        except BlockingIOError:
            self.startWriting()  # type: ignore[no-untyped-call]
            return None
        except OSError:
            return main.CONNECTION_LOST
        if not count:
            self._failed(FileChanged("shorter than promised"), sending)
            return None
        sending.sent(count)
        if sending.at == sending.end:
            self._finish(sending)
        else:
            self.startWriting()  # type: ignore[no-untyped-call]
        return None

    def _granted(self) -> None:
        self.startWriting()  # type: ignore[no-untyped-call]

    def _fetch(self, sending: _Sending) -> None:
        self.stopWriting()  # type: ignore[no-untyped-call]
        if sending.is_reading:
            return
        fetched = sending.fetch()
        fetched.addCallback(self._fetched, sending)
        fetched.addErrback(self._failed, sending)

    def _fetched(self, content: bytes | None, sending: _Sending) -> None:
        sending.is_reading = False
        if sending.is_over:
            return
        if content is not None:
            self.write(content)  # type: ignore[no-untyped-call]
            sending.advance(len(content))
        self.startWriting()  # type: ignore[no-untyped-call]

    def _finish(self, sending: _Sending) -> None:
        self._sending = None
        sending.finish()
        self.stopWriting()  # type: ignore[no-untyped-call]
        if self.disconnecting:
            self.startWriting()  # type: ignore[no-untyped-call]
        sending.done.callback(None)

    def _failed(self, failure: Failure | FileChanged, sending: _Sending) -> None:
        if sending.is_over:
            return
        self._sending = None
        sending.finish()
        sending.done.errback(failure)


class FilePort(PatientPort):
    """A listening port whose connections can send spans of files."""

    transport = FileServer

    def __init__(
        self,
        port: int,
        factory: IProtocolFactory,
        backlog: int = 50,
        interface: str = "",
        reactor: IReactorTime | None = None,
    ) -> None:
        super().__init__(port, factory, backlog, interface, reactor)
        self.turns = Turns(cast("IReactorTime", self.reactor))


@implementer(IPushProducer)
class _Copying:
    """A span of a file on its way to a transport that can't send files."""

    def __init__(self, wire: Transport, source: Source, start: int, end: int) -> None:
        self._wire, self._source = wire, source
        self._at, self._end = start, end
        self._done: Deferred[None] = Deferred()
        self._is_paused = self._is_reading = self._is_over = False

    def send(self) -> Deferred[None]:
        self._wire.registerProducer(self, True)
        self._read()
        return self._done

    def pauseProducing(self) -> None:
        self._is_paused = True

    def resumeProducing(self) -> None:
        self._is_paused = False
        self._read()

    def stopProducing(self) -> None:
        self._finish()
        self._done.errback(ConnectionLost())

    def _read(self) -> None:
        if self._is_paused or self._is_reading or self._is_over:
            return
        self._is_reading = True
        end = min(self._end, self._at + KEPT_BYTES)
        read = self._source.run(partial(self._source.file.read, self._at, end))
        read.addCallbacks(self._write, self._failed)

    def _write(self, content: bytes) -> None:
        self._is_reading = False
        if self._is_over:
            return
        self._at += len(content)
        self._source.sent_until = self._at
        self._wire.write(content)
        if self._at < self._end:
            self._read()
            return
        self._wire.unregisterProducer()
        self._finish()
        self._done.callback(None)

    def _failed(self, failure: Failure) -> None:
        if self._is_over:
            return
        self._wire.unregisterProducer()
        self._finish()
        self._done.errback(failure)

    def _finish(self) -> None:
        self._is_over = True
        self._source.release()
