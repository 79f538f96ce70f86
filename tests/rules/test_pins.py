"""Tries at a PIN are counted, and locks close by themselves."""

from upnpserver.rules.pins import PinTries
from upnpserver.rules.profiles import Lock
from upnpserver.rules.tries import (
    HOUR_S,
    MOST_PLACES,
    PAUSE_S,
    TRIES,
    TRIES_OF_ALL,
)

LOCKS = (Lock("Late", "4721", minutes=10), Lock("Secret", "1234", minutes=5))


def wrong(tries, place="tv", count=TRIES, now_s=0.0):
    for number in range(count):
        assert tries.tried(place, f"{number:04}", LOCKS, now_s) is None


def test_the_right_pin_opens_its_lock_for_a_while_and_one_device():
    tries = PinTries()
    assert tries.tried("tv", "4721", LOCKS, 0.0) is LOCKS[0]
    assert tries.opened("tv", 599.0) == ("Late",)
    assert tries.opened("tv", 600.0) == ()
    assert tries.opened("radio", 0.0) == ()


def test_the_lock_opened_last_is_last():
    tries = PinTries()
    for pin in ("4721", "1234", "4721"):
        tries.tried("tv", pin, LOCKS, 0.0)
    assert tries.opened("tv", 1.0) == ("Secret", "Late")
    tries.close("tv")
    assert tries.opened("tv", 1.0) == ()


def test_wrong_pins_make_a_device_wait_each_time_longer():
    tries = PinTries()
    wrong(tries)
    assert tries.pause_s("tv", 0.0) == PAUSE_S
    assert tries.pause_s("tv", PAUSE_S) == 0
    assert tries.pause_s("radio", 0.0) == 0
    wrong(tries, now_s=PAUSE_S)
    assert tries.pause_s("tv", PAUSE_S) == 2 * PAUSE_S


def test_the_same_wrong_pin_is_one_try():
    tries = PinTries()
    for _ in range(20):
        tries.tried("tv", "0000", LOCKS, 0.0)
    assert tries.tries_left("tv") == TRIES - 1


def test_the_right_one_forgives():
    tries = PinTries()
    wrong(tries, count=TRIES - 1)
    tries.tried("tv", "4721", LOCKS, 0.0)
    assert tries.tries_left("tv") == TRIES


def test_many_devices_together_are_stopped_too():
    tries = PinTries()
    for number in range(TRIES_OF_ALL):
        wrong(tries, f"laptop {number}", count=1)
    assert tries.pause_s("another", 0.0) == HOUR_S
    assert tries.pause_s("another", HOUR_S) == 0


def test_what_is_open_outlives_a_crowd():
    tries = PinTries()
    tries.tried("tv", "4721", LOCKS, 0.0)
    for number in range(2 * MOST_PLACES):
        tries.tried(f"laptop {number}", "0000", LOCKS, 0.0)
    assert tries.opened("tv", 1.0) == ("Late",)
