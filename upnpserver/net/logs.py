"""The log: one line an event on standard error.

For the journal without time stamps (it has its own) but with priorities; for
people and files with both in words. The log is private too: an exception's
text may quote a title or a path, so it shows at debug only; above, its type,
the system's reason or our own errors' text, and where it was raised.

Source: sd-daemon(3) (priority prefixes), systemd.exec(5) (JOURNAL_STREAM).
"""

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import TextIO

from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogBeginner
from twisted.python.failure import Failure
from zope.interface import implementer

from upnpserver.errors import UpnpServerError
from upnpserver.net.log_tail import LogTail

# Twisted's levels: syslog priority, and the word that people know.
_LEVELS = {
    "debug": (7, "debug"),
    "info": (6, "info"),
    "warn": (4, "warning"),
    "error": (3, "error"),
    "critical": (2, "critical"),
}
_PRIORITY_OF = {word: priority for priority, word in _LEVELS.values()}
_WARNING = _PRIORITY_OF["warning"]
_CLEAR_LINE = "\r\x1b[K"  # takes a progress line away; it is drawn again later
_OURS = "upnpserver."


@implementer(ILogObserver)
class LogLines:
    """Writes events of at least a level; of Twisted's own, warnings and worse.

    level: one of config.LOG_LEVELS; at "debug" everything is written. tail: gets the
    same lines.
    """

    def __init__(
        self,
        level: str,
        stream: TextIO,
        environment: Mapping[str, str] = os.environ,
        tail: LogTail | None = None,
    ) -> None:
        self._stream, self._tail = stream, tail
        self._least = _PRIORITY_OF[level]
        self._is_debug = level == "debug"
        self._is_journal = _is_journal(stream, environment)
        is_screen = stream.isatty() and environment.get("TERM", "dumb") != "dumb"
        self._before = _CLEAR_LINE if is_screen else ""

    def __call__(self, event: LogEvent) -> None:
        """Write the event, if it is one to write."""
        level = event.get("log_level")
        priority, word = _LEVELS.get(getattr(level, "name", ""), _LEVELS["info"])
        namespace = str(event.get("log_namespace", ""))
        if priority > self._least:
            return
        if not (self._is_debug or namespace.startswith(_OURS) or priority <= _WARNING):
            return
        moment = time.localtime(event.get("log_time", 0))
        stamp = f"{time.strftime('%Y-%m-%d %H:%M:%S', moment)} {word} "
        start = self._before + (f"<{priority}>" if self._is_journal else stamp)
        lines = list(self._lines(event))
        if self._tail is not None:
            self._tail.add(stamp + line for line in lines)
        self._write("".join(f"{start}{line}\n" for line in lines))

    def _lines(self, event: LogEvent) -> Iterator[str]:
        namespace = str(event.get("log_namespace", "")).removeprefix(_OURS)
        yield _one_line(f"{namespace}: {formatEvent(event)}")
        failure = event.get("log_failure")
        if isinstance(failure, Failure):
            yield f"  {self._reason(failure)}"
            yield from _places(failure)

    def _reason(self, failure: Failure) -> str:
        """Return type and text of an exception, as far as the level lets it show."""
        value = failure.value
        name = type(value).__name__
        if self._is_debug or isinstance(value, UpnpServerError):
            return f"{name}: {_one_line(str(value))}"
        if isinstance(value, OSError) and value.strerror:
            return f"{name}: {_one_line(value.strerror)}"
        return f"{name} (its text shows at log level debug)"

    def _write(self, text: str) -> None:
        # A log that can't be written is no reason to stop serving.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def start_logging(level: str, stream: TextIO | None = None) -> LogTail:
    """Begin to write the log, once in a process; Python's warnings go there too.

    Return what holds its last lines.
    """
    tail = LogTail()
    observer = LogLines(level, sys.stderr if stream is None else stream, tail=tail)
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
    return tail


def _places(failure: Failure) -> Iterator[str]:
    """Yield where it was raised, the outermost call first.

    Without the source lines of traceback's own format: those are read from
    disk and kept in memory.
    """
    raised = failure.getTracebackObject()  # type: ignore[no-untyped-call]
    for frame, line in traceback.walk_tb(raised):
        code = frame.f_code
        yield f"  at {code.co_filename}:{line} in {code.co_name}"


def _one_line(text: str) -> str:
    """Return text that can't forge another line or speak to the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether the stream itself, not just a parent's, goes to the journal."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
