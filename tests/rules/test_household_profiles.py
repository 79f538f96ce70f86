"""Who is who, and what each sees."""

from ipaddress import ip_address, ip_network

import pytest

from upnpserver.rules.profiles import (
    ALLOWED,
    BLOCKED,
    OPEN_HOUSE,
    WITHOUT_PROFILE,
    HouseRules,
    Lock,
    Profile,
    Visitor,
    Who,
    locks_for,
    openings,
    seen_with,
    standing_of,
    visibilities,
)
from upnpserver.rules.visibility import EVERYTHING, Visibility

TV, MAC = ip_address("192.0.2.20"), "00:00:5e:00:53:01"
AT_TV = Who(networks=(ip_network("192.0.2.20"),))
KIDS = Profile("Children", AT_TV, Visibility(age=6))
GUESTS = Profile("Guests", visibility=Visibility(libraries=("Music",)))
LATE = Lock("Late", "4721", age=16)
SECRET = Lock("Secret", "1234", folders=(b"/films/secret",))


def visitor(address="192.0.2.20", **more):
    return Visitor(ip_address(address), **more)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (AT_TV, True),
        (Who(networks=(ip_network("192.0.2.0/24"),)), True),
        (Who(networks=(ip_network("192.0.2.0/28"),)), False),
        (Who(networks=(ip_network("2001:db8::/32"),)), False),
        (Who(macs=frozenset({MAC})), True),
        (Who(families=frozenset({"kodi"})), True),
        (Who(families=frozenset({"vlc"})), False),
        (Who(headers=((b"user-agent", "*kodi*"),)), True),
        (Who(headers=((b"user-agent", "kodi"),)), False),
        (Who(headers=((b"x-room", "*"),)), False),
        (Who(), False),
    ],
)
def test_a_device_is_told_by_any_of_four_things(who, expected):
    headers = {b"user-agent": b"UPnP/1.0 Kodi"}
    assert who.includes(visitor(mac=MAC, family="kodi", headers=headers)) is expected


RULES = HouseRules(profiles=(KIDS, GUESTS), new_devices="ask")
STANDINGS = [
    (OPEN_HOUSE, "", "", WITHOUT_PROFILE),
    (RULES, "", "", KIDS),
    (RULES, "Guests", "", GUESTS),
    (RULES, ALLOWED, "", WITHOUT_PROFILE),
    (RULES, BLOCKED, "", "blocked"),
    (RULES, "", "Guests", GUESTS),
    (RULES, "a profile that is no more", "", KIDS),
    (HouseRules(blocked=AT_TV), "", "", "blocked"),
    (HouseRules(blocked=AT_TV), ALLOWED, "", "blocked"),
    (HouseRules(profiles=(GUESTS,), new_devices="ask"), "", "", "ask"),
    (HouseRules(profiles=(GUESTS,), new_devices="Guests"), "", "", GUESTS),
    (HouseRules(only=AT_TV), "", "", WITHOUT_PROFILE),
    (HouseRules(only=Who()), "", "", "blocked"),
    (HouseRules(only=Who()), ALLOWED, "", WITHOUT_PROFILE),
]


@pytest.mark.parametrize(("rules", "decided", "named", "expected"), STANDINGS)
def test_what_holds_for_a_device(rules, decided, named, expected):
    assert standing_of(rules, visitor(), decided, named) == expected


def test_locks_hide_until_they_are_open():
    rules = HouseRules(profiles=(KIDS,), locks=(LATE, SECRET))
    closed = seen_with(rules, WITHOUT_PROFILE)
    assert (closed.age, closed.hidden) == (15, (b"/films/secret",))
    assert seen_with(rules, WITHOUT_PROFILE, ["Secret"]) == Visibility(age=15)
    assert seen_with(rules, WITHOUT_PROFILE, ["Late", "Secret"]) == EVERYTHING


def test_only_locks_that_hide_something_ask_for_a_pin():
    rules = HouseRules(profiles=(KIDS,), locks=(LATE,))
    assert locks_for(rules, KIDS) == ()
    assert seen_with(rules, KIDS, ["Late"]).age == 6
    assert locks_for(rules, Profile("x", may_unlock=False)) == ()
    assert openings(rules, KIDS) == [frozenset()]


def test_every_choice_of_files_has_one_catalog():
    rules = HouseRules(profiles=(KIDS, GUESTS), locks=(LATE,))
    assert [(one.libraries, one.age) for one in visibilities(rules)] == [
        (None, 15),
        (None, 6),
        (("Music",), 15),
        (("Music",), None),
    ]
    assert visibilities(OPEN_HOUSE) == []


def test_the_pin_is_not_told_by_accident():
    assert "4721" not in repr(LATE)
