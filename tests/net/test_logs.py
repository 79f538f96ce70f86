"""What reaches the log, in which form, and what never does."""

import io
import os
import re
import subprocess
import sys
import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import ILogObserver, Logger, LogLevel, LogPublisher
from zope.interface.verify import verifyObject

from upnpserver.config import LOG_LEVELS
from upnpserver.errors import ProbeError
from upnpserver.net.log_tail import MAX_CHARACTERS, MOST_LINES, LogTail
from upnpserver.net.logs import LogLines


class Screen(io.StringIO):
    def isatty(self):
        return True


def logged(act, level="info", namespace="upnpserver.net.site", stream=None, **more):
    """Return what is written while act(logger) logs."""
    stream = stream or io.StringIO()
    observer = LogLines(level, stream, more)
    verifyObject(ILogObserver, observer)
    act(Logger(namespace, observer=LogPublisher(observer)))
    return stream.getvalue()


def test_the_last_lines_are_kept_with_their_times_and_none_too_long():
    tail = LogTail()
    observer = LogLines("info", io.StringIO(), {"JOURNAL_STREAM": "0:0"}, tail)
    logger = Logger("upnpserver.net.site", observer=LogPublisher(observer))
    for n in range(MOST_LINES + 5):
        logger.info("line {n}", n=n)
        logger.debug("never {n}", n=n)
    logger.warn("{long}\nline", long="x" * 2 * MAX_CHARACTERS)
    lines = tail.lines()
    assert len(lines) == MOST_LINES
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \S+ info net.site: line 6", lines[0])
    assert len(lines[-1]) == MAX_CHARACTERS
    assert "warning net.site: xxx" in lines[-1]


def raising(error):
    """Log an exception that was really raised."""

    def act(logger):
        try:
            raise error
        except Exception:
            logger.failure("it failed")

    return act


def each_level(logger):
    for level in LogLevel.iterconstants():
        logger.emit(level, "said")


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("debug", ["debug", "info", "warning", "error", "critical"]),
        ("info", ["info", "warning", "error", "critical"]),
        ("warning", ["warning", "error", "critical"]),
        ("error", ["error", "critical"]),
    ],
)
def test_writes_the_wanted_level_and_above(level, words):
    assert level in LOG_LEVELS
    lines = logged(each_level, level).splitlines()
    assert [line.split()[2] for line in lines] == words


@pytest.mark.parametrize(
    ("level", "count"), [("debug", 5), ("info", 3), ("warning", 3), ("error", 2)]
)
def test_twisted_speaks_up_only_when_something_is_wrong(level, count):
    lines = logged(each_level, level, "twisted.internet.tcp").splitlines()
    assert len(lines) == count


def test_a_line_for_people(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        line = logged(
            lambda log: log.observer(
                {
                    "log_level": LogLevel.warn,
                    "log_namespace": log.namespace,
                    "log_time": 86400.0,
                    "log_format": "took {what}",
                    "what": "5 s",
                }
            )
        )
    finally:
        monkeypatch.undo()
        time.tzset()
    assert line == "1970-01-02 00:00:00 warning net.site: took 5 s\n"


def journal(act, same=True):
    """Return what is written to a file that the environment calls the journal."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as stream, os.fdopen(read_end) as reader:
        status = os.fstat(write_end)
        inode = status.st_ino if same else status.st_ino + 1
        observer = LogLines(
            "info", stream, {"JOURNAL_STREAM": f"{status.st_dev}:{inode}"}
        )
        act(Logger("upnpserver.net.site", observer=LogPublisher(observer)))
        stream.close()
        return reader.read()


def test_the_journal_gets_priorities_and_no_time():
    assert journal(each_level) == (
        "<6>net.site: said\n<4>net.site: said\n<3>net.site: said\n<2>net.site: said\n"
    )
    lines = journal(raising(ValueError("x"))).splitlines()
    assert len(lines) > 2
    assert all(line.startswith("<2>") for line in lines)


def test_the_journal_of_a_parent_is_not_ours():
    assert not journal(each_level, same=False).startswith("<")


@pytest.mark.parametrize(
    ("error", "shown", "hidden"),
    [
        (ValueError("My Holiday"), "ValueError (its text", "Holiday"),
        (KeyError("My Holiday"), "KeyError (its text", "Holiday"),
        (OSError(5, "Input/output error", "/m/My Holiday"), "Input/output", "Holiday"),
        (OSError("My Holiday"), "OSError (its text", "Holiday"),
        (ProbeError("no sound in it"), "ProbeError: no sound in it", "text shows"),
    ],
)
def test_titles_and_paths_show_at_debug_only(error, shown, hidden):
    text = logged(raising(error))
    assert shown in text
    assert hidden not in text
    assert "test_logs.py" in text
    assert "in act" in text
    assert str(error) in logged(raising(error), "debug")


def test_nobody_forges_a_line_or_speaks_to_the_terminal():
    evil = "a\n<0>forged\x1b[2J\r\u2028b"
    text = logged(lambda log: log.info("got {evil}", evil=evil))
    assert text.endswith("net.site: got a\\x0a<0>forged\\x1b[2J\\x0d\\x2028b\n")
    assert text.count("\n") == 1
    failure = logged(raising(ProbeError(evil)))
    assert "\x1b" not in failure
    assert not any(line.startswith("<0>") for line in failure.splitlines())


def test_a_progress_line_makes_room():
    def act(logger):
        logger.info("said")

    assert logged(act, stream=Screen(), TERM="xterm").startswith("\r\x1b[K")
    assert not logged(act, stream=Screen(), TERM="dumb").startswith("\r")
    assert not logged(act, TERM="xterm").startswith("\r")


def test_a_log_that_is_gone_stops_nobody():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    logged(each_level, stream=Full())
    closed = io.StringIO()
    observer = LogLines("info", closed, {})
    closed.close()
    each_level(Logger("upnpserver.x", observer=LogPublisher(observer)))


@given(
    st.dictionaries(
        st.sampled_from(["log_level", "log_namespace", "log_format", "log_failure"])
        | st.text(max_size=5),
        st.none() | st.text() | st.integers() | st.sampled_from([LogLevel.error]),
    )
)
def test_any_event_is_whole_lines(event):
    stream = io.StringIO()
    LogLines("debug", stream, {})(event)
    text = stream.getvalue()
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1


def test_started_in_a_process_it_catches_everything():
    code = textwrap.dedent("""
        import warnings
        from twisted.internet import defer
        from twisted.logger import Logger
        from twisted.python import log as old
        early = Logger("upnpserver.early")
        early.info("before the start")
        from upnpserver.net.logs import start_logging
        start_logging("info")
        print("to standard output")
        warnings.warn("a Python warning", RuntimeWarning)
        old.msg("chatter of Twisted")
        defer.fail(ValueError("My Holiday"))
        Logger("upnpserver.late").info("after")
    """)
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "to standard output\n"
    assert "early: before the start" in done.stderr
    assert "a Python warning" in done.stderr
    assert "late: after" in done.stderr
    assert "Unhandled error in Deferred" in done.stderr
    assert "chatter" not in done.stderr
    assert "Holiday" not in done.stderr
