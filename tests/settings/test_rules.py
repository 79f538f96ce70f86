"""The household's rules as people write them, and each mistake in one line."""

from ipaddress import ip_network

import pytest

from upnpserver.errors import ConfigError
from upnpserver.rules.hours import Hours
from upnpserver.rules.profiles import OPEN_HOUSE, visibilities
from upnpserver.settings.load import Options, load
from upnpserver.settings.rules import read_hours

WEEKDAYS = frozenset(range(5))


@pytest.fixture
def house(tmp_path):
    """Return what loads a configuration with two libraries and more lines."""
    for name in ("films/kids", "music"):
        (tmp_path / name).mkdir(parents=True)

    def read(text):
        file = tmp_path / "upnpserver.toml"
        libraries = "".join(
            f'[[library]]\nname = "{name}"\nfolders = ["{name.lower()}"]\n'
            for name in ("Films", "Music")
        )
        top, bracket, tables = text.partition("[[")
        file.write_text(f"{top}\n{libraries}{bracket}{tables}")
        return load(file, Options())

    return read


def test_without_rules_the_house_is_open(house):
    assert house("").rules == OPEN_HOUSE


def test_a_profile_says_who_sees_what_and_when(house, tmp_path):
    rules = house("""
        [[device]]
        name = "Kids TV"
        mac = "00-00-5E-00-53-01"
        [[profile]]
        name = "Children"
        devices = ["kids tv", "192.0.2.20", "192.0.2.64/26", "kodi"]
        headers = { "X-Room" = "*Attic*" }
        libraries = ["Music"]
        only = ["films/kids"]
        hidden = ["music/Rude"]
        kinds = ["audio", "video"]
        age = 12
        unrated = 6
        hours = ["mon-fri 15:00-19:30", "sat,sun 8:00-20:00"]
    """).rules
    (profile,) = rules.profiles
    assert profile.who.networks == (
        ip_network("192.0.2.20/32"),
        ip_network("192.0.2.64/26"),
    )
    assert profile.who.macs == {"00:00:5e:00:53:01"}
    assert profile.who.families == {"kodi"}
    assert profile.who.headers == ((b"x-room", "*attic*"),)
    seen = profile.visibility
    assert seen.libraries == ("Music",)
    assert seen.only == (bytes(tmp_path / "films/kids"),)
    assert seen.hidden == (bytes(tmp_path / "music/Rude"),)
    assert (seen.kinds, seen.age, seen.unrated) == (("audio", "video"), 12, 6)
    assert profile.hours[0] == Hours(WEEKDAYS, 15 * 60, 19 * 60 + 30)
    assert len(visibilities(rules)) == 1


def test_locks_blocks_and_new_devices(house, tmp_path):
    rules = house("""
        blocked = ["192.0.2.66", "00:00:5e:00:53:66"]
        only = ["192.0.2.0/24"]
        new_devices = "ask"
        [[lock]]
        name = "Secret"
        pin = "4721"
        folders = ["films"]
        minutes = 30
        [[lock]]
        name = "Late"
        pin = "1234"
        age = 16
    """).rules
    assert rules.blocked.macs == {"00:00:5e:00:53:66"}
    assert rules.only is not None
    assert rules.new_devices == "ask"
    secret, late = rules.locks
    assert (secret.folders, secret.minutes) == ((bytes(tmp_path / "films"),), 30)
    assert (late.age, late.minutes) == (16, 120)


MISTAKES = [
    ("[[profile]]\nage = 6", "name: give it one"),
    ('[[profile]]\nname = "ask"', "means something else"),
    ('[[profile]]\nname = "A"\n[[profile]]\nname = "A"', "taken by another"),
    ('[[profile]]\nname = "A"\nlibrary = ["Music"]', "did you mean libraries?"),
    ('[[profile]]\nname = "A"\nlibraries = ["Musik"]', "did you mean Music?"),
    ('[[profile]]\nname = "A"\nonly = ["/elsewhere"]', "in no folder of a library"),
    ('[[profile]]\nname = "A"\nhidden = ["flims"]', "in no folder of a library"),
    ('[[profile]]\nname = "A"\nage = 99', "from 0 to 21"),
    ('[[profile]]\nname = "A"\nage = true', "from 0 to 21"),
    ('[[profile]]\nname = "A"\nunrated = 6', "nothing without age"),
    ('[[profile]]\nname = "A"\nhours = ["25:00-26:00"]', "must be hours"),
    ('[[profile]]\nname = "A"\nhours = ["8-20"]', "must be hours"),
    ('[[profile]]\nname = "A"\ndevices = ["kodii"]', "did you mean kodi?"),
    ('[[profile]]\nname = "A"\ndevices = ["192.0.2.300"]', "no address"),
    ('[[profile]]\nname = "A"\nheaders = { "a b" = "x" }', "no name of a header"),
    ('[[lock]]\nfolders = ["films"]', "4 to 8 digits"),
    ('[[lock]]\npin = 4721\nfolders = ["films"]', "4 to 8 digits in quotes"),
    ('[[lock]]\npin = "4721"', "name folders or an age"),
    ('[[lock]]\npin = "4721"\nage = 16\nminutes = 0', "at least 1"),
    (
        '[[lock]]\npin = "4721"\nage = 16\n'
        '[[lock]]\nname = "B"\npin = "47210"\nage = 18',
        "same number of digits",
    ),
    (
        '[[lock]]\npin = "4721"\nage = 16\n'
        '[[lock]]\nname = "B"\npin = "4721"\nage = 18',
        "the same PIN",
    ),
    ('new_devices = "some"', "must be one of all, ask"),
    ('blocked = "192.0.2.1"', "must be a list"),
    (
        '[[device]]\naddress = "192.0.2.1"\nprofile = "Kids"\n'
        '[[profile]]\nname = "Kids."',
        "did you mean Kids.?",
    ),
    (
        "".join(f'[[profile]]\nname = "{n}"\nage = {n}\n' for n in range(17)),
        "at most 16",
    ),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES)
def test_a_mistake_is_told_in_one_line(house, text, told):
    with pytest.raises(ConfigError) as caught:
        house(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:00-24:00", (range(7), 0, 1440)),
        ("22:00-02:00", (range(7), 1320, 120)),
        ("sat-mon 10:00-12:00", ((5, 6, 0), 600, 720)),
        ("mon,wed 10:00 - 12:00", ((0, 2), 600, 720)),
        ("FRI 10:00-12:00", ((4,), 600, 720)),
    ],
)
def test_hours(text, expected):
    days, start, until = expected
    assert read_hours("", text) == Hours(frozenset(days), start, until)
