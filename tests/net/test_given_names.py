"""Names of devices: given, found, kept and forgotten."""

from ipaddress import ip_address

import pytest
from twisted.internet.defer import maybeDeferred

from upnpserver.catalog.household import HOUSEHOLD_FILE, Household
from upnpserver.errors import ConfigError
from upnpserver.net.given_names import MAX_NAME, MOST_NAMES, GivenNames

TV, RADIO = ip_address("192.0.2.20"), ip_address("192.0.2.30")
MAC = "00:11:22:33:44:55"


def names(folder):
    return GivenNames(
        Household(folder / HOUSEHOLD_FILE),
        maybeDeferred,
        lambda address: MAC if address == TV else str(address),
        lambda address: "Old radio" if address == RADIO else "",
        lambda: 5.0,
    )


def test_a_name_is_kept_by_the_place_and_goes_before_the_configuration(tmp_path):
    given = names(tmp_path)
    assert (given.name_of(TV), given.name_of(RADIO)) == ("", "Old radio")
    given.give(MAC, "  Living   room ")
    given.give(str(RADIO), "Kitchen")
    again = names(tmp_path)
    assert (again.name_of(TV), again.name_of(RADIO)) == ("Living room", "Kitchen")
    assert again.places_called("living ROOM") == [MAC]
    again.give(str(RADIO), "")
    assert names(tmp_path).name_of(RADIO) == "Old radio"


def test_what_is_forgotten_is_known_no_more(tmp_path):
    given = names(tmp_path)
    given.give(MAC, "One")
    given.give(str(RADIO), "Two")
    given.forget([MAC])
    assert (given.at(MAC), given.at(str(RADIO))) == ("", "Two")
    given.forget(None)
    assert given.at(str(RADIO)) == ""


@pytest.mark.parametrize("name", ["x" * (MAX_NAME + 1), "a\x07b"])
def test_what_is_no_name_is_refused(tmp_path, name):
    given = names(tmp_path)
    with pytest.raises(ConfigError):
        given.give(MAC, name)
    assert given.at(MAC) == ""


def test_nobody_gives_names_without_end(tmp_path):
    given = names(tmp_path)
    given._names = {str(number): "x" for number in range(MOST_NAMES)}
    with pytest.raises(ConfigError, match="more than"):
        given.give("one more", "x")
    given.give("7", "another")


def test_the_command_names_all_places_of_a_device(tmp_path):
    given = names(tmp_path)
    name = given.commands(lambda question: [MAC, "192.0.2.9"])["name"]
    assert name({"name": "TV"}) == {"places": [MAC, "192.0.2.9"]}
    assert given.places_called("TV") == [MAC, "192.0.2.9"]
