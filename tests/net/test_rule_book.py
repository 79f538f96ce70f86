"""Rules that are made while the server runs: checked as a whole, then kept."""

import json
from pathlib import Path

import pytest
from twisted.internet.defer import maybeDeferred

from upnpserver.catalog.household import HOUSEHOLD_FILE, Household
from upnpserver.config import Config, Library
from upnpserver.errors import ConfigError
from upnpserver.net.reload import changed_otherwise
from upnpserver.net.rule_book import MOST_RULES, RuleBook
from upnpserver.rules.profiles import HouseRules, Lock, Profile

FILE = HouseRules((Profile("Guests"),), locks=(Lock("Late", "4721", age=16),))


class Book:
    """A rule book on a real household.sqlite."""

    def __init__(self, folder: Path, config: Config | None = None):
        self.config = config or Config(
            libraries=(Library("Home", (folder,)), Library("Films", (folder / "f",))),
            rules=FILE,
            state_dir=folder,
        )
        self.household = Household(folder / HOUSEHOLD_FILE)
        self.used = []
        self.book = RuleBook(
            self.config, self.household, maybeDeferred, self.used.append, lambda: 5.0
        )
        self.rules = self.book.opened()

    def do(self, command, **question):
        answers = []
        asked = maybeDeferred(self.book.commands()[command], question)
        asked.addCallback(answers.append).addErrback(
            lambda failure: answers.append(failure.value)
        )
        (answer,) = answers
        if isinstance(answer, Exception):
            raise answer
        return answer

    def make(self, kind, name, table):
        self.do("rule", kind=kind, name=name, table=table)
        return self.used[-1]


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_what_is_made_holds_at_once_and_after_a_restart(book, tmp_path):
    rules = book.make("profile", "Kids", {"age": 6})
    assert rules.profile("Kids").visibility.age == 6
    assert Book(tmp_path).rules == rules
    assert book.household.rules()[0].changed_s == 5


def test_a_change_that_cannot_hold_changes_nothing(book, tmp_path):
    for kind, table in (
        ("profile", {"libraries": ["Gone"]}),
        ("profile", {"hidden": ["/etc"]}),
        ("lock", {"pin": "12345", "age": 12}),  # another length than the other's
        ("lock", {"age": 12}),
        ("new_devices", "Nobody"),
        ("password", {"age": 12}),
    ):
        with pytest.raises(ConfigError):
            book.make(kind, "New", table)
    assert book.used == []
    assert not (tmp_path / HOUSEHOLD_FILE).exists()


def test_one_of_the_configuration_is_changed_and_comes_back(book):
    book.make("profile", "Guests", {"age": 12})
    assert book.used[-1].profile("Guests").visibility.age == 12
    book.do("rule", kind="profile", name="Guests")
    assert book.used[-1] == FILE
    with pytest.raises(ConfigError, match="was made on the owner's page"):
        book.do("rule", kind="profile", name="Guests")


def test_a_lock_keeps_its_pin_and_never_tells_it(book):
    rules = book.make("lock", "Late", {"pin": "", "age": 12})
    assert rules.locks[0] == Lock("Late", "4721", age=12)
    assert "4721" not in json.dumps(book.do("rule-tables"))


def test_all_libraries_are_those_to_come_too(book):
    rules = book.make("profile", "Kids", {"libraries": ["Films", "Home"]})
    assert rules.profile("Kids").visibility.libraries is None


def test_the_tables_tell_what_can_be_removed(book):
    book.make("profile", "Kids", {"age": 6})
    told = book.do("rule-tables")
    assert [one["name"] for one in told["profiles"]] == ["Guests", "Kids"]
    assert list(map(tuple, told["made"])) == [("profile", "Kids")]
    assert told["libraries"] == ["Home", "Films"]


def test_nobody_makes_rules_without_end(book, tmp_path):
    for number in range(MOST_RULES):
        book.make("profile", f"P{number}", {})
    with pytest.raises(ConfigError, match="more than 100"):
        book.make("profile", "One more", {})


def test_one_that_no_longer_fits_stops_the_start_and_is_named(book, tmp_path):
    book.make("profile", "Kids", {"libraries": ["Films"]})
    renamed = Config(
        libraries=(Library("Home", (tmp_path,)),), rules=FILE, state_dir=tmp_path
    )
    with pytest.raises(ConfigError, match=r"profile 'Kids': .*Films"):
        Book(tmp_path, renamed)
    with pytest.raises(ConfigError, match="Films"):
        book.book.follow(renamed)
    assert book.used[-1].profile("Kids").visibility.libraries == ("Films",)
    book.make("profile", "More", {})  # the old configuration still holds


def test_a_configuration_that_was_read_again_holds_with_what_was_made(book, tmp_path):
    book.make("profile", "Kids", {"age": 6})
    rules = HouseRules((Profile("Granny"),))
    book.book.follow(
        Config(libraries=book.config.libraries, rules=rules, state_dir=tmp_path)
    )
    assert [one.name for one in book.used[-1].profiles] == ["Granny", "Kids"]
    assert book.used[-1].locks == ()


def test_what_needs_a_restart_is_told(tmp_path):
    before = Config(state_dir=tmp_path)
    after = Config(state_dir=tmp_path, rules=FILE, port=9000, letters_from=50)
    assert changed_otherwise(before, after) == ["port"]
