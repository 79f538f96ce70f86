"""A profile or lock as a table makes the same one again."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.config import ALL_KINDS, Library
from upnpserver.errors import ConfigError
from upnpserver.model import MadeRule
from upnpserver.rules.hours import DAY_MINUTES, Hours
from upnpserver.rules.profiles import HouseRules, Lock, Profile, Who
from upnpserver.rules.visibility import Visibility
from upnpserver.settings.rule_tables import lock_table, profile_table
from upnpserver.settings.rules import Known, read_rules, with_made

FOLDER = "/srv/media"


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    from pathlib import Path

    libraries = [Library("Home", (Path(FOLDER),)), Library("Films", (Path("/srv/f"),))]
    return Known(libraries, (), ["lg-webos", "kodi"], Path("/"))


minutes = st.integers(0, DAY_MINUTES - 1)
hours = st.builds(
    Hours, st.frozensets(st.integers(0, 6), min_size=1), minutes, minutes
).filter(lambda one: one.start != one.until)
paths = st.lists(
    st.sampled_from([b"/srv/media/a", b"/srv/media/\xc3\xa4", b"/srv/f/x.mp4"]),
    unique=True,
).map(lambda found: tuple(sorted(found)))
ages = st.none() | st.integers(0, 21)


def visibility(libraries, only, hidden, kinds, rated):
    age, unrated = rated
    kept = tuple(sorted(kind.value for kind in kinds))
    more = {} if age is None else {"age": age, "unrated": unrated}
    names = None if libraries is None else tuple(sorted(libraries))
    return Visibility(names, only, hidden, kept, **more)


visibilities = st.builds(
    visibility,
    st.none() | st.sets(st.sampled_from(["Home", "Films"]), min_size=1),
    paths,
    paths,
    st.sets(st.sampled_from(sorted(ALL_KINDS)), min_size=1),
    st.tuples(ages, st.integers(0, 21)),
)
devices = st.builds(
    Who,
    st.lists(
        st.sampled_from(["192.0.2.7/32", "192.0.2.0/24", "2001:db8::/64"]), unique=True
    ).map(lambda found: tuple(map(ip_network, found))),
    st.frozensets(st.just("00:11:22:33:44:55")),
    st.frozensets(st.sampled_from(["lg-webos", "kodi"])),
    st.sampled_from([(), ((b"user-agent", "*tv*"),)]),
)
profiles = st.builds(
    Profile,
    st.just("Kids"),
    devices,
    visibilities,
    st.lists(hours, max_size=2, unique=True).map(tuple),
    st.booleans(),
    st.booleans(),
)


@given(profile=profiles)
def test_a_profile_comes_back(known, profile):
    rules = read_rules("x", {"profile": [profile_table(profile)]}, known)
    assert rules.profiles == (profile,)


@given(
    lock=st.builds(
        Lock, st.just("Late"), st.just("4721"), paths, ages, st.integers(1, 600)
    )
)
def test_a_lock_comes_back(known, lock):
    if not lock.folders and not lock.age:
        return
    rules = read_rules("x", {"lock": [lock_table(lock)]}, known)
    assert rules.locks == (lock,)


def made(kind, name, told):
    return MadeRule(kind, name, told)


def test_what_was_made_replaces_what_is_written(known):
    file = HouseRules((Profile("Kids", may_unlock=False), Profile("Guests")))
    rules = with_made(
        file,
        [
            made("profile", "Kids", '{"age": 6}'),
            made("profile", "Granny", "{}"),
            made("lock", "Late", '{"pin": "4721", "age": 16}'),
            made("new_devices", "", "Guests"),
        ],
        known,
    )
    assert [one.name for one in rules.profiles] == ["Kids", "Guests", "Granny"]
    assert rules.profile("Kids").visibility.age == 6
    assert rules.profile("Kids").may_unlock
    assert [one.name for one in rules.locks] == ["Late"]
    assert rules.new_devices == "Guests"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (made("profile", "Kids", '{"libraries": ["Gone"]}'), "profile 'Kids'.*Gone"),
        (made("profile", "Kids", '{"hidden": ["/etc"]}'), "lies in no folder"),
        (made("profile", "Kids", '{"colour": "red"}'), "colour"),
        (made("profile", "Kids", "[]"), "profile 'Kids': can't be read"),
        (made("profile", "Kids", "{"), "can't be read"),
        (made("profile", "ask", "{}"), "means something else"),
        (made("lock", "Late", '{"pin": "12", "age": 16}'), "4 to 8 digits"),
        (made("lock", "Late", '{"pin": "1234"}'), "name folders or an age"),
        (made("new_devices", "", "Nobody"), "must be one of"),
    ],
)
def test_one_that_does_not_fit_is_named(known, rule, words):
    with pytest.raises(ConfigError, match=words):
        with_made(HouseRules(), [rule], known)
