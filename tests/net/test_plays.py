"""What counts as a play, and when it is written."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from upnpserver.errors import HouseholdUnusable
from upnpserver.model import Kind, Play, Resource
from upnpserver.net.plays import (
    MAX_RUNS,
    RUN_ENDS_AFTER_S,
    PlayLog,
    play_after,
    united,
)

NOW_S = 1_700_000_000
NEVER = Play(0, 0, 0)
SPANS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=80)


@pytest.mark.parametrize(
    ("before", "spans", "after"),
    [
        (NEVER, [(0, 1000)], Play(1, NOW_S, 0)),
        (NEVER, [(0, 800)], Play(1, NOW_S, 0)),
        (NEVER, [(0, 799)], Play(0, NOW_S, 79)),
        (Play(4, 5, 0), [(0, 400), (500, 950)], Play(5, NOW_S, 0)),
        (NEVER, [], None),
        (NEVER, [(0, 1)], None),  # a probe
        (NEVER, [(0, 5), (995, 1000)], None),  # looks for the index
        (NEVER, [(0, 40)], None),  # hardly begun
        (NEVER, [(0, 300), (995, 1000)], Play(0, NOW_S, 30)),
        (NEVER, [(940, 990)], Play(0, NOW_S, 0)),  # the end is nothing to continue
        (Play(0, 5, 50), [(500, 1000)], Play(1, NOW_S, 0)),  # the rest, next day
        (Play(0, 5, 50), [(0, 2), (500, 700)], Play(0, NOW_S, 70)),
        (Play(1, 5, 50), [(0, 200)], Play(1, NOW_S, 20)),  # begun again
        (Play(10**6, 5, 0), [(0, 1000)], Play(10**6, NOW_S, 0)),
    ],
)
def test_what_is_kept_after_a_run(before, spans, after):
    assert play_after(before, spans, 1000, NOW_S) == after


@given(SPANS)
def test_spans_are_united(spans):
    found = []
    for start, end in spans:
        found = united(found, (min(start, end), max(start, end)))
    assert found == sorted(found)
    assert all(a[1] < b[0] for a, b in pairwise(found))
    assert len(found) <= 64
    wanted = {n for span in spans for n in range(min(span), max(span))}
    covered = {n for span in found for n in range(*span)}
    assert covered <= wanted
    if len(spans) <= 64:
        assert covered == wanted


class Kept:
    """A household in memory, and threads that do what they should when told."""

    def __init__(self, plays=(), error=None):
        self.kept, self.error = dict(plays), error
        self.written = []
        self.waiting = []

    def plays(self):
        if self.error:
            raise self.error
        return dict(self.kept)

    def write(self, plays):
        if self.error:
            raise self.error
        self.written.append(dict(plays))
        self.kept.update(plays)

    def in_thread(self, work):
        done = Deferred()
        self.waiting.append((work, done))
        return done

    def work(self):
        work, done = self.waiting.pop(0)
        try:
            done.callback(work())
        except HouseholdUnusable as error:
            done.errback(error)


class House:
    def __init__(self, **kept):
        self.clock = Clock()
        self.keeper = Kept(**kept)
        self.log = PlayLog(
            self.clock, self.keeper, self.keeper.in_thread, lambda: NOW_S + 0.5
        )

    def begin(self, item="song", device="192.0.2.7", kind=Kind.AUDIO):
        resource = Resource(item, kind, b"/", b"x", "audio/mpeg", "")
        return self.log.begun(device, resource, 1000)

    def play(self, *span, **more):
        self.begin(**more)(*(span or (0, 1000)))

    def settle(self):
        self.clock.advance(RUN_ENDS_AFTER_S)
        while self.keeper.waiting:
            self.keeper.work()

    def times(self, item="song"):
        play = self.log.plays().of.get(item)
        return play.times if play else 0


@pytest.fixture
def house():
    return House()


def test_a_play_is_written_once_when_its_run_is_over(house):
    house.play()
    assert house.keeper.written == []
    house.settle()
    assert house.keeper.written == [{"song": Play(1, NOW_S, 0)}]
    house.clock.advance(3600)
    assert len(house.keeper.written) == 1
    assert house.clock.getDelayedCalls() == []


def test_many_requests_of_one_device_are_one_play(house):
    for start in range(0, 1000, 100):
        house.play(start, start + 100)
        house.clock.advance(RUN_ENDS_AFTER_S - 1)
    house.play(0, 1000)
    house.settle()
    assert house.times() == 1


def test_parallel_ranges_are_one_play_and_what_is_sent_twice_counts_once(house):
    first, second = house.begin(), house.begin()
    first(0, 500)
    house.clock.advance(3600)
    assert house.times() == 0  # the other one is still being sent
    second(0, 500)
    house.settle()
    assert house.times() == 0
    assert house.log.plays().of["song"].position_percent == 50


def test_each_device_and_each_evening_counts(house):
    house.play(device="192.0.2.7")
    house.play(device="192.0.2.8")
    house.settle()
    house.play()
    house.settle()
    assert house.times() == 3


def test_pictures_and_probes_leave_no_trace(house):
    house.play(kind=Kind.IMAGE)
    house.play(0, 1)
    house.settle()
    assert house.log.plays().of == {}
    assert house.keeper.written == []


def test_too_many_at_once_are_not_noted(house):
    for number in range(MAX_RUNS + 10):
        house.play(item=f"song{number}")
    house.settle()
    assert len(house.log.plays().of) == MAX_RUNS
    assert sum(map(len, house.keeper.written)) == MAX_RUNS


def test_each_change_is_another_version(house):
    before = house.log.plays()
    house.play()
    house.settle()
    assert house.log.plays().version != before.version
    assert before.of == {}


def test_the_end_of_the_server_ends_all_runs(house):
    house.play(item="over")
    house.clock.advance(RUN_ENDS_AFTER_S)  # in a thread that is not done
    house.play(item="just played")
    house.begin(item="still sent")
    house.log.stop()
    assert house.keeper.kept.keys() == {"over", "just played"}
    assert house.clock.getDelayedCalls() == []


def test_a_household_that_cannot_be_read_is_left_alone():
    house = House(error=HouseholdUnusable("newer"))
    assert house.log.plays() is None
    house.play()
    house.settle()
    house.log.stop()
    assert house.keeper.written == []


def test_what_a_full_disk_refused_is_written_with_the_next(house):
    house.keeper.error = HouseholdUnusable("disk full")
    house.play()
    house.settle()
    assert house.times() == 1
    house.keeper.error = None
    house.play(item="other")
    house.settle()
    assert house.keeper.kept.keys() == {"song", "other"}


@pytest.mark.parametrize(("percent", "kept"), [(50, 50), (3, 0), (97, 0)])
def test_a_place_that_a_device_tells_is_kept(percent, kept):
    house = House(plays={"film": Play(2, 5, 10)})
    house.log.mark("film", percent)
    assert house.log.plays().of["film"] == Play(2, NOW_S, kept)
    house.settle()
    assert house.keeper.written == [{"film": Play(2, NOW_S, kept)}]


def test_no_place_is_kept_where_nothing_is(house):
    house = House(error=HouseholdUnusable("it is another program's"))
    house.log.mark("film", 50)
    assert house.log.plays() is None
    assert house.keeper.waiting == []


def test_the_place_is_a_time_where_the_length_is_known(house):
    film = Resource("film", Kind.VIDEO, b"/", b"x", "video/mp4", "", 7_200_000)
    house.log.begun("192.0.2.7", film, 1_000_000)(0, 345_678)
    house.settle()
    (play,) = house.log.plays().of.values()
    assert play == Play(0, NOW_S, 34, 2_488_881)
    house.log.begun("192.0.2.7", film, 1_000_000)(345_678, 990_000)
    house.settle()
    assert house.log.plays().of["film"] == Play(1, NOW_S, 0, 0)


def test_each_group_of_devices_has_its_own_plays(house):
    film = Resource("film", Kind.VIDEO, b"/", b"x", "video/mp4", "", 7_200_000)
    house.log.begun("192.0.2.7", film, 1000, "Children")(0, 500)
    house.log.begun("192.0.2.7", film, 1000)(0, 250)
    house.settle()
    assert house.log.plays("Children").of["film"].position_ms == 3_600_000
    assert house.log.plays().of["film"].position_ms == 1_800_000
    assert house.log.plays("Parents").of == {}
    house.log.mark("film", 75, 5_400_000, "Children")
    assert house.log.plays("Children").of["film"].position_ms == 5_400_000
    assert house.log.plays().of["film"].position_ms == 1_800_000
    assert sorted(house.keeper.kept) == ["film", "film/Children"]
    versions = {house.log.plays(who).version for who in ("", "Children")}
    assert len(versions) == 2


def test_what_groups_played_is_there_after_a_restart():
    kept = {"film": Play(2, 5, 10), "film/A/B": Play(0, 6, 50, 9_000)}
    house = House(plays=kept)
    assert house.log.plays().of == {"film": Play(2, 5, 10)}
    assert house.log.plays("A/B").of == {"film": Play(0, 6, 50, 9_000)}


def test_what_is_forgotten_is_gone_from_every_list(house):
    house.log.mark("song", 50)
    house.log.mark("film", 50, who="Kids")
    versions = {house.log.plays(who).version for who in ("", "Kids")}
    ended = house.begin("other")
    house.log.forget()
    ended(0, 900)
    house.settle()
    for who in ("", "Kids"):
        assert dict(house.log.plays(who).of) == {}
        assert house.log.plays(who).version not in versions
