"""The household's rules at work, with a clock of their own."""

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from twisted.internet.defer import succeed

from upnpserver.catalog.household import Household
from upnpserver.catalog.views.words import words_of
from upnpserver.errors import NoSuchCode
from upnpserver.net.doorkeeper import MOST_CODES, Clocks, Doorkeeper
from upnpserver.policy import EVERYONE
from upnpserver.rules.hours import Hours
from upnpserver.rules.profiles import (
    ALLOWED,
    BLOCKED,
    HouseRules,
    Lock,
    Profile,
    Visitor,
    Who,
)
from upnpserver.rules.visibility import EVERYTHING, NOTHING, Visibility

TV, MAC = ip_address("192.0.2.20"), "00:00:5e:00:53:01"
KIDS = Visibility(age=6)
WHO = Who(networks=(ip_network("192.0.2.0/28"),))
LATE = Lock("Late", "4721", age=16, minutes=10)
SECRET = Lock("Secret", "1234", folders=(b"/s",))
THIRD = Lock("Third", "5678", folders=(b"/t",))


class House:
    """A doorkeeper whose clock a test turns; changes are counted."""

    def __init__(self, path, rules):
        self.path, self.rules = path, rules
        self.now_s, self.begin = 0.0, datetime(2026, 11, 23, 14, 0)
        self.changes = 0
        self.start()

    def start(self):
        self.keeper = Doorkeeper(
            self.rules,
            words_of("en"),
            Clocks(lambda: self.now_s, self.wall),
            Household(self.path),
            lambda work: succeed(work()),
        )
        self.keeper.changed = self.changed

    def wall(self):
        return self.begin + timedelta(seconds=self.now_s)

    def changed(self):
        self.changes += 1

    def policy(self, address="192.0.2.20", mac="", named=""):
        visitor = Visitor(ip_address(address), mac)
        return self.keeper.policy(EVERYONE, visitor, named)

    def door(self, *address):
        return self.keeper.pin_door(self.policy(*address))


@pytest.fixture
def house(tmp_path):
    return lambda **rules: House(tmp_path / "household.sqlite", HouseRules(**rules))


def test_without_rules_there_is_nothing_to_say(house):
    open_house = house()
    assert open_house.keeper.has_nothing_to_say
    assert open_house.policy().visibility is EVERYTHING
    assert open_house.door() is None


def test_a_profile_says_what_is_seen(house):
    with_kids = house(profiles=(Profile("Kids", WHO, KIDS),))
    assert with_kids.policy("192.0.2.3").visibility == KIDS
    assert with_kids.policy("192.0.2.20").visibility == EVERYTHING
    assert with_kids.policy(named="Kids").visibility == KIDS


def test_who_has_to_ask_keeps_a_code_until_it_is_let_in(house):
    asking = house(new_devices="ask", profiles=(Profile("Kids", visibility=KIDS),))
    policy = asking.policy()
    code = policy.notice.rpartition(" ")[2]
    assert asking.policy().notice == policy.notice
    assert policy.visibility == NOTHING
    assert asking.policy("192.0.2.21").notice != policy.notice
    with pytest.raises(NoSuchCode):
        asking.keeper.allow("x")
    assert asking.keeper.allow(code) == "192.0.2.20"
    assert asking.policy().visibility == EVERYTHING
    with pytest.raises(NoSuchCode):
        asking.keeper.allow(code)
    other = asking.policy("192.0.2.21").notice.rpartition(" ")[2]
    asking.keeper.allow(other, "Kids")
    assert asking.policy("192.0.2.21").visibility == KIDS
    assert asking.changes == 2


def test_decisions_outlive_the_process_and_can_be_taken_back(house):
    asking = house(new_devices="ask")
    asking.keeper.decide("192.0.2.20", ALLOWED)
    asking.keeper.decide("192.0.2.21", BLOCKED)
    asking.start()
    assert asking.policy().notice == ""
    assert asking.policy("192.0.2.21").is_blocked
    asking.keeper.decide("192.0.2.20", "")
    asking.start()
    assert asking.policy().notice
    assert list(asking.keeper.decisions()) == ["192.0.2.21"]


def test_a_decision_holds_for_a_mac_address_wherever_it_goes(house):
    asking = house(new_devices="ask")
    asking.keeper.decide(MAC, ALLOWED)
    assert asking.policy("192.0.2.99", MAC).notice == ""
    assert asking.policy("192.0.2.99").notice
    asking.keeper.decide("192.0.2.20", ALLOWED)
    assert asking.policy("192.0.2.20", "00:00:5e:00:53:02").notice == ""


def test_many_who_ask_don_t_fill_the_memory(house):
    asking = house(new_devices="ask")
    for number in range(2 * MOST_CODES):
        asking.policy(f"198.51.100.{number}")
    assert len(asking.keeper.waiting()) == MOST_CODES
    codes = list(asking.keeper.waiting().values())
    assert len(set(codes)) == len(codes)


def test_hours_begin_and_end(house):
    hours = (Hours(frozenset(range(5)), 15 * 60, 19 * 60),)
    after_school = house(profiles=(Profile("Kids", WHO, KIDS, hours),))
    at = "192.0.2.3"
    assert after_school.policy(at).notice == "Closed until 15:00"
    after_school.now_s = 3600
    assert after_school.policy(at).notice == ""
    after_school.now_s = 5 * 3600
    assert after_school.policy(at).notice == "Closed until 15:00"
    assert after_school.keeper.may_change_by_itself


def test_a_pin_opens_for_a_while(house):
    locked = house(locks=(LATE,))
    assert locked.policy().visibility == Visibility(age=15)
    door = locked.door()
    assert (door.title, door.length, door.refusal()) == ("Enter the PIN", 4, "")
    assert door.tried("0000") == "Wrong PIN; tries left: 4"
    assert door.tried("4721") == "Late is open for 10 minutes"
    assert locked.policy().visibility == EVERYTHING
    assert locked.policy("192.0.2.21").visibility == Visibility(age=15)
    assert locked.door() is None  # nothing is left to open
    locked.now_s = 600
    assert locked.policy().visibility == Visibility(age=15)
    assert locked.changes == 1


def test_too_many_wrong_pins(house):
    locked = house(locks=(LATE,))
    door = locked.door()
    told = [door.tried(f"000{number}") for number in range(5)]
    assert told[-1] == door.refusal() == "Too many wrong PINs: wait 16 minutes"
    assert locked.door("192.0.2.21").refusal() == ""


def test_of_many_locks_one_is_open_or_all_are(house):
    locked = house(locks=(LATE, SECRET, THIRD))
    locked.door().tried("4721")
    assert locked.policy().visibility == Visibility(hidden=(b"/s", b"/t"))
    locked.door().tried("1234")
    assert locked.policy().visibility == Visibility(age=15, hidden=(b"/t",))
    locked.door().tried("5678")
    assert locked.policy().visibility == EVERYTHING


def test_who_is_blocked_before_a_request_came(house):
    by_family = Who(families=frozenset({"kodi"}))
    guarded = house(blocked=WHO, only=by_family)
    keeper = guarded.keeper
    assert keeper.is_blocked(Visitor(ip_address("192.0.2.3")))
    unknown = Visitor(TV)
    assert not keeper.is_blocked(unknown)  # let in to tell who it is
    told = replace(unknown, headers={b"user-agent": b"x"})
    assert keeper.is_blocked(told)
    assert not keeper.is_blocked(replace(told, family="kodi"))


def test_a_household_that_can_t_be_read_is_left_as_it_is(tmp_path, house):
    path = tmp_path / "household.sqlite"
    path.write_bytes(b"not a database, but precious" * 100)
    asking = house(new_devices="ask")
    asking.keeper.decide("192.0.2.20", ALLOWED)
    assert asking.policy().notice == ""
    asking.keeper.stop()
    assert path.read_bytes().startswith(b"not a database")
