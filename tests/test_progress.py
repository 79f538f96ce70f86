"""The progress line: on a terminal only, one line, ten times a second at most."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.progress import ProgressLine

TERMINAL = {"TERM": "xterm"}


class Screen(io.StringIO):
    def isatty(self):
        return True


class Clock:
    moment = 100.0

    def __call__(self):
        self.moment += 1.0
        return self.moment


def drawn(*updates, environment=TERMINAL, screen=None):
    """Return what each update wrote, without colours and clearing."""
    screen = screen or Screen()
    line = ProgressLine(screen, environment, Clock())
    for update in updates:
        line.update(*update)
    plain = re.sub(r"\x1b\[(32|0)m", "", screen.getvalue())
    return plain.split("\r\x1b[K")[1:]


def test_a_counted_scan_has_a_bar():
    assert drawn((0, 200, "Music"), (100, 200, "Music"), (200, 200, "Music")) == [
        "Music [..............................] 0 of 200 files",
        "Music [###############...............] 100 of 200 files",
        "Music [##############################] 200 of 200 files",
    ]


def test_more_than_was_counted_is_all():
    assert drawn((7, 5, "")) == ["[##############################] 5 of 5 files"]


@pytest.mark.parametrize("total", [None, 0])
def test_an_uncounted_scan_says_how_many(total):
    assert drawn((12, total, "Films")) == ["Films 12 files read"]


@pytest.mark.parametrize(
    ("stream", "environment"),
    [
        (io.StringIO, TERMINAL),
        (Screen, {"TERM": "dumb"}),
        (Screen, {}),
    ],
)
def test_nothing_is_written_where_no_line_can_be_redrawn(stream, environment):
    screen = stream()
    line = ProgressLine(screen, environment, Clock())
    line.update(1, 2, "Music")
    line.clear()
    line.finish()
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)],
)
def test_colours_can_be_switched_off(environment, coloured):
    screen = Screen()
    ProgressLine(screen, TERMINAL | environment, Clock()).update(1, 2, "Music")
    assert ("\x1b[32m" in screen.getvalue()) is coloured


def test_it_is_drawn_ten_times_a_second_at_most():
    screen, moment = Screen(), 5.0
    line = ProgressLine(screen, TERMINAL, lambda: moment)
    for done in range(1000):
        moment += 0.01
        line.update(done, 1000, "Music")
    assert 90 <= screen.getvalue().count("\r") <= 101


def test_it_goes_away_and_stays_away():
    screen = Screen()
    line = ProgressLine(screen, TERMINAL, Clock())
    line.clear()
    assert screen.getvalue() == ""
    line.update(1, 2, "Music")
    line.finish()
    end = screen.getvalue()
    assert end.endswith("\r\x1b[K")
    line.update(2, 2, "Music")
    line.finish()
    assert screen.getvalue() == end


def test_a_terminal_that_is_gone_is_no_error():
    class Gone(Screen):
        def write(self, text):
            raise OSError(5, "Input/output error")

    line = ProgressLine(Gone(), TERMINAL, Clock())
    line.update(1, 2, "Music")
    line.finish()


@given(
    st.integers(0),
    st.none() | st.integers(0),
    st.text() | st.text("漢字"),
    st.integers(1, 200),
)
def test_whatever_happens_it_is_one_line_that_fits(done, total, library, columns):
    screen = Screen()
    line = ProgressLine(screen, TERMINAL, Clock())
    line._columns = lambda: columns
    line.update(done, total, library)
    (text,) = re.sub(r"\x1b\[(32|0)m", "", screen.getvalue()).split("\r\x1b[K")[1:]
    assert text.isprintable() or not text
    assert sum(2 if c >= "\u1100" else 1 for c in text) <= columns
