"""Landmarks in long containers: right whatever came and went, and never far."""

from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.catalog import landmarks
from upnpserver.catalog.landmarks import Landmarks
from upnpserver.catalog.schema import LANDMARK_EVERY, connect_for_writing

PARENT = 7
EVERY = 4


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    rows = connect_for_writing(tmp_path_factory.mktemp("marks") / "catalog.sqlite")
    yield rows
    rows.close()


@contextmanager
def undone(rows, every=EVERY):
    """Have the body's changes rolled back; every: children between landmarks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landmarks, "LANDMARK_EVERY", every)
        patch.setattr(landmarks, "_MOST", 2 * every)
        rows.execute("begin")
        try:
            yield Landmarks(rows)
        finally:
            rows.execute("rollback")


def add(rows, marks, key):
    rows.execute("insert into child values (?, ?, ?)", (PARENT, *key))
    marks.note_added(PARENT, *key)


def take(rows, marks, key):
    rows.execute(
        "delete from child where parent = ? and sort_key = ? and object = ?",
        (PARENT, *key),
    )
    marks.note_removed(PARENT, *key)


def check(rows, children, count):
    """See that count and landmarks are right, and that none is far from the next."""
    assert count == len(children)
    listed = sorted(children)
    marks = rows.execute(
        "select position, sort_key, object from landmark where parent = ?"
        " order by position",
        (PARENT,),
    ).fetchall()
    for position, *key in marks:
        assert position == sum(child < tuple(key) for child in listed)
    places = [0, *(position for position, *_ in marks), len(listed)]
    if len(listed) > 2 * EVERY:
        assert max(after - before for before, after in pairwise(places)) <= 2 * EVERY


letters = st.sampled_from(["a", "b", "é", "z", "\U0001f3b5"])
keys = st.tuples(letters, st.integers(1, 30))


@given(st.lists(st.sets(keys, max_size=40), max_size=8))
def test_right_after_any_changes(rows, steps):
    with undone(rows) as marks:
        having = set()
        for wanted in steps:
            for key in having - wanted:
                take(rows, marks, key)
            for key in wanted - having:
                add(rows, marks, key)
            having = wanted
            check(rows, having, marks.settle(PARENT))


def test_changes_that_nobody_counted(rows):
    with undone(rows) as marks:
        children = {("a", number) for number in range(1, 50)}
        for key in children:
            add(rows, marks, key)
        check(rows, children, marks.settle(PARENT))
        rows.execute("delete from child where object % 3 = 0")
        marks.note_lost(PARENT)
        left = {key for key in children if key[1] % 3}
        check(rows, left, marks.settle(PARENT))


def test_one_change_in_a_long_container_costs_little(rows):
    with undone(rows, LANDMARK_EVERY) as marks:
        for number in range(20_000):
            add(rows, marks, (f"{number:05}", number))
        assert marks.settle(PARENT) == 20_000
        steps = []
        add(rows, marks, ("10000x", 1))
        rows.set_progress_handler(lambda: steps.append(1), 100)
        assert marks.settle(PARENT) == 20_001
        rows.set_progress_handler(None, 0)
    assert len(steps) * 100 < 20_000  # of SQLite's machine: fewer than children


def test_what_was_rolled_back_is_forgotten(rows):
    marks = Landmarks(rows)
    marks.note_added(PARENT, "a", 1)
    marks.forget()
    assert marks.settle(PARENT) == 0
