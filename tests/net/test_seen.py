"""Which devices are noted, and how seldom that is written."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from upnpserver.errors import HouseholdUnusable
from upnpserver.model import MOST_DEVICES, SeenDevice
from upnpserver.net.seen import DAY_S, GATHERED_S, LONGEST_PAUSE_S, SeenLog

START_S = 1_700_000_000
MAC = "00:00:5e:00:53:01"
TV = SeenDevice("192.0.2.20", MAC, "lg-netcast", "ua", "LG")
PC = SeenDevice("192.0.2.21", "", "kodi", "ua", "Kodi")


class House:
    """A household in memory, whose threads are done at once unless held."""

    def __init__(self, *devices, error=None):
        self.clock, self.kept, self.error = Clock(), {}, error
        for device in devices:
            self.kept[device.mac or device.address, device.family] = device
        self.writes, self.held = 0, None
        self.log = SeenLog(
            self.clock, self, self.in_thread, lambda: START_S + self.clock.seconds()
        )

    def devices(self):
        if self.error:
            raise self.error
        return list(self.kept.values())

    def write_devices(self, devices):
        if self.error:
            raise self.error
        self.writes += 1
        self.kept.update(devices)

    def in_thread(self, work):
        done = Deferred()
        try:
            done.callback(work())
        except HouseholdUnusable as error:
            done.errback(error)
        return done

    def see(self, *devices):
        for device in devices:
            self.log.note(device.mac or device.address, device)

    def wait(self, seconds):
        self.clock.advance(seconds)


@pytest.fixture
def house():
    return House()


def test_new_devices_are_written_together(house):
    house.see(TV, PC, TV, TV)
    assert house.writes == 0
    house.wait(GATHERED_S)
    assert house.writes == 1
    assert house.kept == {
        (MAC, "lg-netcast"): TV._replace(first_s=START_S, last_s=START_S),
        (PC.address, "kodi"): PC._replace(first_s=START_S, last_s=START_S),
    }
    assert house.clock.getDelayedCalls() == []


def test_a_known_one_is_written_once_a_day(house):
    for _ in range(3 * 24):
        house.see(TV)
        house.wait(3600)
    assert house.writes == 3
    (device,) = house.kept.values()
    assert (device.first_s, device.last_s - START_S) == (START_S, 2 * DAY_S)


def test_another_address_of_it_is_news(house):
    house.see(TV)
    house.wait(60)
    house.see(TV._replace(address="192.0.2.30"))
    house.wait(60)
    (device,) = house.kept.values()
    assert (device.address, device.first_s) == ("192.0.2.30", START_S)


def test_what_was_seen_in_an_earlier_life_is_known(house):
    later = House(TV._replace(first_s=5, last_s=START_S - 60))
    later.see(TV)
    later.wait(60)
    assert later.writes == 0
    later.wait(DAY_S)
    later.see(TV)
    later.wait(60)
    assert next(iter(later.kept.values())).first_s == 5


def test_a_clock_that_went_back_is_no_obstacle():
    house = House(TV._replace(first_s=START_S, last_s=START_S + 9 * DAY_S))
    house.see(TV)
    house.wait(60)
    assert next(iter(house.kept.values())).last_s == START_S


def test_a_flood_of_devices_is_written_ever_more_rarely(house):
    for n in range(24 * 60):
        house.see(PC._replace(address=f"2001:db8::{n:x}"))
        house.wait(60)
    assert house.writes < 24 + 15
    assert len(house.log._seen) == MOST_DEVICES
    house.wait(LONGEST_PAUSE_S)
    house.wait(DAY_S)
    writes = house.writes
    house.see(TV)
    house.wait(GATHERED_S)
    assert house.writes == writes + 1
    assert house.clock.getDelayedCalls() == []


def test_the_pause_has_an_end(house):
    for n in range(100):
        house.see(PC._replace(address=f"2001:db8::{n:x}"))
        house.wait(LONGEST_PAUSE_S)
    assert house.writes == 100


def test_the_end_of_the_server_writes_the_rest(house):
    house.see(TV)
    house.log.stop()
    assert len(house.kept) == 1
    assert house.clock.getDelayedCalls() == []


def test_a_household_that_cannot_be_read_is_left_alone():
    house = House(error=HouseholdUnusable("newer"))
    house.see(TV)
    house.error = None
    house.wait(60)
    house.log.stop()
    assert house.writes == 0


def test_what_a_full_disk_refused_is_written_with_the_next(house):
    house.error = HouseholdUnusable("disk full")
    house.see(TV)
    house.wait(60)
    house.error = None
    house.see(PC)
    house.wait(60)
    assert len(house.kept) == 2
