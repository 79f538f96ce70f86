"""At which times something is open, and when it is next."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.rules.hours import DAY_MINUTES, Hours, is_open, next_opening

WEEK = frozenset(range(7))
MONDAY = datetime(2026, 11, 23)

some_hours = st.lists(
    st.builds(
        Hours,
        st.frozensets(st.integers(0, 6), min_size=1),
        st.integers(0, DAY_MINUTES - 1),
        st.integers(0, DAY_MINUTES),
    ).filter(lambda hours: hours.start != hours.until),
    max_size=3,
)
times = st.integers(0, 7 * DAY_MINUTES - 1).map(
    lambda minute: MONDAY + timedelta(minutes=minute)
)


@pytest.mark.parametrize(
    ("time", "expected"),
    [("14:59", False), ("15:00", True), ("18:59", True), ("19:00", False)],
)
def test_the_start_is_in_and_the_end_is_not(time, expected):
    now = datetime.fromisoformat(f"2026-11-23T{time}")
    assert is_open([Hours(WEEK, 15 * 60, 19 * 60)], now) is expected


def test_an_end_before_the_start_is_on_the_next_day():
    friday_night = [Hours(frozenset({4}), 20 * 60, 60)]
    assert is_open(friday_night, datetime(2026, 11, 27, 23, 0))
    assert is_open(friday_night, datetime(2026, 11, 28, 0, 59))
    assert not is_open(friday_night, datetime(2026, 11, 28, 1, 0))
    assert not is_open(friday_night, datetime(2026, 11, 27, 0, 30))


def test_without_hours_it_is_always_open():
    assert is_open([], MONDAY)
    assert next_opening([], MONDAY) is None


@given(some_hours, times)
def test_when_it_is_closed_the_next_opening_is_the_first_open_minute(hours, now):
    if is_open(hours, now):
        return
    minutes = (now + timedelta(minutes=ahead) for ahead in range(7 * DAY_MINUTES))
    first = next(minute for minute in minutes if is_open(hours, minute))
    assert next_opening(hours, now) == (
        first.weekday(),
        first.hour * 60 + first.minute,
    )
