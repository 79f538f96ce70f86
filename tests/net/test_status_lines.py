"""What the status folder says, from what the scanner says."""

from pathlib import Path

import pytest
from twisted.internet.defer import fail, succeed

from upnpserver.catalog.views.words import words_of
from upnpserver.config import LANGUAGES, Config
from upnpserver.errors import CannotProcess
from upnpserver.model import LibraryCounts
from upnpserver.net.status_lines import StatusLines, status_lines
from upnpserver.scan.messages import Away, Finished, Progress, Trouble
from upnpserver.services.status_folder import update_id

DONE = Finished(1, 0, 0, 1.0)


class Library:
    """Has what it is told to have."""

    def __init__(self):
        self.missing, self.problems = [], 0

    def away(self):
        return succeed(self.missing)

    def counts(self):
        return (LibraryCounts("Home", 1, 2, 3, self.problems),)


@pytest.fixture
def library():
    return Library()


@pytest.fixture
def events():
    return []


@pytest.fixture
def limits():
    return []


@pytest.fixture
def status(library, events, limits):
    return StatusLines(words_of("en"), library, lambda: limits, events.append)


def test_all_is_well_at_first_and_nobody_is_told(status, events):
    status.heard(DONE)
    status.heard(Trouble("x"))
    assert (status.title, status.lines(), events) == (
        *("Server status", ["All is well"]),
        [],
    )


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress(63, 100), "Reading files: 63 %"),
        (Progress(7, 5), "Reading files: 100 %"),
        (Progress(3, 0), "Looking for files"),
    ],
)
def test_how_far_a_scan_is(status, events, progress, line):
    status.heard(progress)
    assert (status.lines(), events) == ([line], [])
    status.heard(DONE)
    assert status.lines() == ["All is well"]


def test_what_is_wrong_is_told_once(status, library, limits, events):
    library.missing, library.problems = [Path("/media/Blue")], 3
    limits.append("no more watches")
    status.heard(Away((1,)))
    status.heard(DONE)
    assert status.lines() == [
        "Not there: Blue",
        "Files that can\N{RIGHT SINGLE QUOTATION MARK}t be read: 3",
        "Some folders can\N{RIGHT SINGLE QUOTATION MARK}t be watched",
    ]
    number = update_id(status.lines())
    assert events == [{"ContainerUpdateIDs": f"status$,{number}"}]


def test_no_catalog_leaves_it_as_it_is(status, library):
    library.away = lambda: fail(CannotProcess())
    status.heard(DONE)
    assert status.lines() == ["All is well"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_words(language, library):
    library.missing, library.problems = [Path("/media/Blue")], 3
    told = StatusLines(words_of(language), library, lambda: ["x"], lambda _: None)
    assert told.title
    told.heard(Progress(1, 2))
    assert "50" in told.lines()[0]
    told.heard(DONE)
    away, damaged, limit = told.lines()
    assert ("Blue" in away, "3" in damaged, bool(limit)) == (True, True, True)


def test_it_is_off_unless_wanted(library):
    assert status_lines(Config(), library, list, lambda _: None) is None
    config = Config(status_folder=True)
    assert status_lines(config, library, list, lambda _: None)
