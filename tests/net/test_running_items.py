"""What is being sent now, told of made-up streams on a clock."""

from ipaddress import ip_address
from types import SimpleNamespace

import pytest

from upnpserver.model import Kind, Resource
from upnpserver.net.running import LINGERS_S, MOST, Course, Running
from upnpserver.policy import ClientPolicy

TV, RADIO = "192.0.2.7", "192.0.2.8"


def request(address=TV, rule="samsung-q", profile=""):
    policy = ClientPolicy(rule, profile=profile)
    return SimpleNamespace(peer=ip_address(address), policy=policy)


def film(item_id="f" * 16, kind=Kind.VIDEO):
    return Resource(item_id, kind, b"/", b"f", "video/mp4", "*", 60_000)


class Stream:
    """A stream of which so many bytes were sent, from a place on."""

    def __init__(self, running, start=0, size=1000, of=None, **who):
        self.start, self.sent = start, 0
        course = Course(lambda: self.start + self.sent, lambda: self.sent)
        self._ended = running.begun(request(**who), of or film(), size, course)

    def end(self):
        self._ended(self.start, self.start + self.sent)


class House:
    def __init__(self):
        self.time_s, self.noted, self.changes = 0.0, [], 0
        self.running = Running(lambda: self.time_s, self.note)
        self.running.changed = self.has_changed

    def note(self, *told):
        return lambda *span: self.noted.append((*told, span))

    def has_changed(self):
        self.changes += 1


@pytest.fixture
def house():
    return House()


def test_tells_who_gets_what_how_far_and_how_fast(house):
    stream = Stream(house.running, start=250)
    house.time_s, stream.sent = 4.0, 400
    (playing,) = house.running.now()
    assert (str(playing.address), playing.rule) == (TV, "samsung-q")
    assert (playing.item_id, playing.kind) == ("f" * 16, Kind.VIDEO)
    assert (playing.since_s, playing.percent, playing.rate) == (4.0, 65, 100)
    assert not playing.is_sent
    assert house.changes == 1
    # From then on the rate is that since somebody asked, a second later or more.
    house.time_s, stream.sent = 4.5, 500
    assert house.running.now()[0].rate == 100
    house.time_s = 6.0
    assert house.running.now()[0].rate == 50
    house.time_s = 16.0
    assert house.running.now()[0].rate == 0


def test_many_requests_of_a_device_for_a_file_are_one(house):
    first = Stream(house.running)
    first.sent = 100
    second = Stream(house.running, start=900)
    second.sent = 50
    assert [playing.percent for playing in house.running.now()] == [95]
    second.end()
    assert [playing.percent for playing in house.running.now()] == [10]
    first.sent = 300
    first.end()
    (playing,) = house.running.now()
    assert (playing.is_sent, playing.percent) == (True, 30)
    house.time_s = LINGERS_S / 2
    third = Stream(house.running, start=300)
    house.time_s = LINGERS_S * 2
    third.sent = 10
    (playing,) = house.running.now()
    assert (playing.since_s, playing.is_sent) == (LINGERS_S * 2, False)
    third.end()
    house.time_s = LINGERS_S * 3
    assert house.running.now() == []


def test_others_and_other_files_are_others_the_last_first(house):
    streams = [
        Stream(house.running),
        Stream(house.running, address=RADIO),
        Stream(house.running, of=film("g" * 16, Kind.AUDIO)),
    ]
    told = [(str(one.address), one.item_id[0]) for one in house.running.now()]
    assert told == [(TV, "g"), (RADIO, "f"), (TV, "f")]
    assert house.running.streams == 3
    for stream in streams:
        stream.end()
    assert house.running.streams == 0


def test_counts_what_was_sent_and_never_less(house):
    counts = []
    # The same file in another size: it has changed meanwhile.
    streams = [Stream(house.running, size=1000 + n) for n in range(3)]
    for n, stream in enumerate(streams):
        stream.sent = 100 * (n + 1)
        counts.append(house.running.sent_in_all)
    for stream in streams:
        stream.end()
        counts.append(house.running.sent_in_all)
    assert counts == [100, 300, 600, 600, 600, 600]
    assert house.running.begun_in_all == 3


def test_what_is_played_is_noted_if_its_length_is_known(house):
    Stream(house.running, profile="Children").end()
    Stream(house.running, size=0).end()
    assert house.noted == [(TV, film(), 1000, "Children", (0, 0))]
    assert house.running.now()[0].percent is None


def test_so_many_and_no_more(house):
    for n in range(MOST + 5):
        Stream(house.running, of=film(f"{n:016}")).end()
    told = house.running.now()
    assert len(told) == MOST
    assert told[0].item_id == f"{MOST + 4:016}"
