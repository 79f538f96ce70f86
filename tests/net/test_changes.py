"""From events to looks: tables of what people do, and any order of events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.net import changes as module
from upnpserver.net.changes import Changes, Due, Event
from upnpserver.scan.messages import InRoot

MODIFY, ATTRIB, CLOSED = 0x2, 0x4, 0x8
FROM, TO, MADE, DELETED = 0x40, 0x80, 0x100, 0x200
MOVED_SELF, UNMOUNTED, OVERFLOW, IGNORED = 0x800, 0x2000, 0x4000, 0x8000
FOLDER = 0x40000000
TOP, ALBUM, OTHER = 1, 2, 3
WATCHED = ((TOP, b""), (ALBUM, b"album"), (OTHER, b"other"))


class Told:
    """Changes with a clock and what was unwatched."""

    def __init__(self, watched=WATCHED):
        self.unwatched, self.now = [], 100.0
        self.changes = Changes(lambda n: n.endswith(b".mp3"), self.unwatched.append)
        self.changes.watching(0, watched, self.now)

    def hear(self, *events):
        for watch, mask, name, *cookie in events:
            self.changes.heard(Event(watch, mask, *cookie or (0,), name), self.now)
        return self

    def after(self, seconds):
        self.now += seconds
        return self.changes.due(self.now)


def at(*paths):
    return [InRoot(0, path) for path in paths]


def look(folders=(), trees=(), closed=()):
    return Due(folders=at(*folders), trees=at(*trees), closed=at(*closed))


COPIED = [
    (ALBUM, MADE, b"1.mp3"),
    (ALBUM, MODIFY, b"1.mp3"),
    (ALBUM, CLOSED, b"1.mp3"),
]
ALBUM_1 = look([b"album"], closed=[b"album/1.mp3"])


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (COPIED, ALBUM_1),
        ([(TOP, CLOSED, b"1.mp3")], look([b""], closed=[b"1.mp3"])),
        ([(ALBUM, TO, b"1.mp3", 7)], ALBUM_1),
        ([(ALBUM, ATTRIB, b"1.mp3")], ALBUM_1),
        ([(ALBUM, DELETED, b"1.mp3")], look([b"album"])),
        ([*COPIED, (ALBUM, DELETED, b"1.mp3")], look([b"album"])),
        (
            [(ALBUM, FROM, b"1.mp3", 7), (OTHER, TO, b"1.mp3", 7)],
            look([b"album", b"other"], closed=[b"other/1.mp3"]),
        ),
        ([(ALBUM, CLOSED, b"1.mp3.part"), (ALBUM, MADE, b"note.txt")], None),
        (
            [(ALBUM, FROM, b"1.mp3.part", 7), (ALBUM, TO, b"1.mp3", 7)],
            ALBUM_1,
        ),
        ([(TOP, MADE | FOLDER, b"new")], look(trees=[b"new"])),
        ([(TOP, MADE | FOLDER, b".Trash-1000")], None),
        ([(TOP, DELETED | FOLDER, b"album")], look(trees=[b"album"])),
        (
            [(TOP, FROM | FOLDER, b"album", 7), (OTHER, TO | FOLDER, b"in", 7)],
            look(trees=[b"album", b"other/in"]),
        ),
        ([(TOP, ATTRIB | FOLDER, b"locked")], look(trees=[b"locked"])),
        ([(ALBUM, ATTRIB, b"")], look([b"album"])),
        (
            [(ALBUM, ATTRIB, b""), (TOP, DELETED | FOLDER, b"album")],
            look(trees=[b"album"]),
        ),
        ([(ALBUM, IGNORED, b"")], look(trees=[b"album"])),
        ([(TOP, MOVED_SELF, b"")], look(trees=[b""])),
        ([(ALBUM, MOVED_SELF, b"")], None),
        ([(TOP, UNMOUNTED, b""), (ALBUM, IGNORED, b"")], look(trees=[b""])),
        ([(-1, OVERFLOW, b"")], Due(everything=True)),
        ([(99, CLOSED, b"1.mp3")], None),
    ],
)  # fmt: skip
def test_what_is_looked_at(events, expected):
    told = Told().hear(*events)
    assert told.after(0) is None
    assert told.after(module.SETTLE_S) == expected
    assert told.after(module.QUIET_S) is None
    assert told.changes.next_due() is None


def test_a_burst_is_one_look_that_is_not_put_off():
    told = Told()
    for number in range(5):
        assert told.hear((ALBUM, CLOSED, b"%d.mp3" % number)).after(0.009) is None
    assert told.after(0.009).closed == at(*(b"album/%d.mp3" % n for n in range(5)))


@pytest.mark.parametrize(
    ("mask", "quiet_s"), [(MADE, module.UNTOUCHED_S), (MODIFY, module.QUIET_S)]
)
def test_an_open_file_is_busy_until_it_is_quiet(mask, quiet_s):
    told = Told().hear((ALBUM, mask, b"1.mp3"))
    assert told.changes.busy() == tuple(at(b"album/1.mp3"))
    assert told.after(quiet_s - 0.1) is None
    told.hear((ALBUM, mask, b"1.mp3"))
    assert told.after(quiet_s - 0.1) is None
    assert told.changes.next_due() == pytest.approx(told.now + 0.1)
    assert told.after(0.2) is None  # then it is like closed
    assert told.changes.busy() == ()
    assert told.after(module.SETTLE_S) == ALBUM_1


def test_times_of_an_open_file_are_not_its_end():
    told = Told().hear((ALBUM, MODIFY, b"1.mp3"), (ALBUM, ATTRIB, b"1.mp3"))
    assert told.after(1) is None


def test_an_open_file_stays_open_when_it_is_renamed():
    told = Told().hear(
        (ALBUM, MODIFY, b"1.part"),
        (ALBUM, FROM, b"1.part", 7),
        (OTHER, TO, b"1.mp3", 7),
    )
    assert told.changes.busy() == tuple(at(b"other/1.mp3"))
    told.hear((OTHER, CLOSED, b"1.mp3"))
    assert told.after(0.1) == look([b"other"], closed=[b"other/1.mp3"])


def test_events_before_it_is_told_which_folder_is_watched():
    told = Told().hear((9, CLOSED, b"1.mp3"))
    told.changes.watching(0, [(9, b"late")], told.now)
    assert told.after(0.1) == look([b"late"], closed=[b"late/1.mp3"])


def test_a_watch_that_ended_before_it_was_told():
    told = Told().hear((9, IGNORED, b""))
    told.changes.watching(0, [(9, b"late")], told.now)
    assert told.after(0.1) == look(trees=[b"late"])


def test_too_many_events_of_unknown_folders_are_a_whole_scan():
    told = Told().hear(*[(9, CLOSED, b"1.mp3")] * 1000)
    assert told.after(1) is None
    assert told.hear((9, CLOSED, b"1.mp3")).after(1) == Due(everything=True)


def test_a_folder_that_moves_out_is_watched_no_more():
    told = Told((*WATCHED, (5, b"album/cd1"), (6, b"album2")))
    told.hear((5, MODIFY, b"1.mp3"), (TOP, FROM | FOLDER, b"album", 7))
    assert sorted(told.unwatched) == [ALBUM, 5]
    assert told.changes.busy() == ()
    assert told.hear((5, CLOSED, b"1.mp3")).after(0.1) == look(trees=[b"album"])


def test_one_folder_in_two_roots_is_looked_at_in_both():
    told = Told()
    told.changes.watching(1, [(ALBUM, b"")], told.now)
    told.changes.watching(1, [(ALBUM, b"")], told.now)
    told.hear((ALBUM, CLOSED, b"1.mp3"))
    due = told.after(0.1)
    assert due.folders == [InRoot(0, b"album"), InRoot(1, b"")]
    assert due.closed == [InRoot(0, b"album/1.mp3"), InRoot(1, b"1.mp3")]
    told.hear((TOP, FROM | FOLDER, b"album", 7)).after(0.1)
    assert told.unwatched == []
    told.hear((ALBUM, CLOSED, b"1.mp3"))
    assert told.after(0.1).folders == [InRoot(1, b"")]
    told.hear((ALBUM, IGNORED, b""))
    assert told.after(0.1).trees == [InRoot(1, b"")]


def test_a_link_to_a_folder_that_leaves_takes_its_files_along():
    told = Told()
    told.changes.watching(0, [(ALBUM, b"other/link")], told.now)
    told.hear((OTHER, DELETED, b"link"))
    assert told.after(0.1).trees == at(b"other/link")
    assert told.hear((ALBUM, CLOSED, b"1.mp3")).after(0.1) == ALBUM_1
    assert told.unwatched == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ((ALBUM, MADE, b"1.mp3"), True),
        ((ALBUM, MADE, b"1.txt"), False),
        ((TOP, MADE | FOLDER, b"new"), True),
        ((-1, OVERFLOW, b""), True),
    ],
)
def test_what_will_need_the_scanner_is_known_early(event, expected):
    told = Told()
    assert not told.changes.is_coming()
    assert told.hear(event).changes.is_coming() is expected


def test_trees_hold_what_lies_in_them():
    told = Told()
    for path in (b"a", b"a b", b"a/b", b"a/b/c"):
        told.changes.look_below(InRoot(0, path), told.now)
    told.changes.look_below(InRoot(1, b"a/b"), told.now)
    told.changes.look_again(at(b"a/x", b"c"), told.now - 1)
    due = told.after(1)
    assert due.trees == [*at(b"a", b"a b"), InRoot(1, b"a/b")]
    assert due.folders == at(b"c")


def test_too_many_places_are_a_whole_scan():
    told = Told()
    told.changes.look_again(at(*(b"%d" % n for n in range(501))), told.now)
    assert told.after(2) == Due(everything=True)
    assert told.after(9) is None


def test_what_may_be_incomplete_is_looked_at_a_second_later():
    told = Told()
    told.changes.look_again(at(b"album"), told.now)
    assert told.after(1) is None
    assert told.after(0.1) == look([b"album"])


watches = st.sampled_from([TOP, ALBUM, OTHER, 9, -1])
masks = st.sampled_from(
    [MODIFY, ATTRIB, CLOSED, FROM, TO, MADE, DELETED, MOVED_SELF, UNMOUNTED, IGNORED]
    + [mask | FOLDER for mask in (FROM, TO, MADE, DELETED, ATTRIB)]
)
names = st.sampled_from([b"", b"1.mp3", b"2.mp3", b"x.part", b"album", b".hidden"])
events = st.tuples(watches, masks, names, st.integers(0, 2))


@given(st.lists(st.tuples(st.floats(0, 2), events), max_size=30))
def test_whatever_happens_is_looked_at_once_and_then_it_is_quiet(steps):
    told = Told()
    for pause_s, event in steps:
        told.hear(event).after(pause_s)
    for _ in range(3):
        told.after(module.QUIET_S)
    assert told.changes.next_due() is None
    assert told.changes.busy() == ()


@given(st.lists(events, max_size=20))
def test_a_closed_file_is_never_forgotten(before):
    """Unless its folder is no longer watched, and so looked at as a whole."""
    told = Told().hear(*before, (ALBUM, CLOSED, b"1.mp3"))
    due = told.after(module.SETTLE_S)
    seen = [*due.folders, *due.trees] if due else []
    ended = any(mask & (IGNORED | FROM) for _, mask, *_ in before)
    assert ended or (InRoot(0, b"album") in seen) or InRoot(0, b"") in seen
