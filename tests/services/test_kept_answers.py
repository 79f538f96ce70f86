"""Answers that are kept: told apart by all that matters, bounded, and dropped."""

from dataclasses import fields, replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from upnpserver.model import Plays
from upnpserver.policy import EVERYONE, ClientPolicy, Needs
from upnpserver.rules.visibility import Visibility
from upnpserver.services.content_directory import Asker
from upnpserver.services.kept_answers import KeptAnswers, key_of

ASKER = Asker(EVERYONE, "http://192.0.2.1:8200", Plays(1, {}))
BROWSE = {"ObjectID": "0", "Filter": "*"}
OTHER = {
    "device": "tv",
    "needs": Needs(),
    "letters_from": 3,
    "takes_out": True,
    "place": "192.0.2.9",
    "profile": "children",
    "secret": "a5Hk",
    "visibility": Visibility(age=6),
    "notice": "not now",
    "is_blocked": True,
}


class NoDoor:
    title, length = "PIN", 4

    def refusal(self):
        return ""

    def tried(self, pin):
        return datetime.now(UTC).isoformat()


def answer(size=10, name="a"):
    return [("Result", name.encode() * size), ("NumberReturned", "1")]


def test_every_part_of_a_policy_tells_answers_apart():
    assert set(OTHER) == {field.name for field in fields(ClientPolicy)}
    keys = {
        key_of("Browse", BROWSE, replace(ASKER, policy=replace(EVERYONE, **{n: v})))
        for n, v in OTHER.items()
    }
    assert len(keys | {key_of("Browse", BROWSE, ASKER)}) == len(OTHER) + 1


def test_every_argument_and_the_address_tell_answers_apart():
    askers = (ASKER, replace(ASKER, base_url="http://198.51.100.1:8200"))
    asked = (BROWSE, {**BROWSE, "Filter": ""}, {"ObjectID": "0"})
    keys = {key_of("Browse", one, asker) for one in asked for asker in askers}
    assert len(keys) == len(asked) * len(askers)
    assert key_of("Browse", BROWSE, ASKER) == key_of("Browse", dict(BROWSE), ASKER)


def test_what_changes_something_or_depends_on_the_time_is_not_kept():
    assert key_of("X_SetBookmark", BROWSE, ASKER) is None
    assert key_of("Browse", BROWSE, replace(ASKER, pin_door=NoDoor())) is None


def test_kept_until_anything_changes():
    kept = KeptAnswers(100_000)
    assert kept.get("page", 1) is None
    kept.keep("page", 1, answer())
    assert kept.get("page", 1) == answer()
    assert kept.get("page", 2) is None
    assert kept.get("page", 1) is None


def test_an_answer_begun_before_a_change_is_not_kept():
    kept = KeptAnswers(100_000)
    kept.get("page", 1)
    kept.get("page", 2)
    kept.keep("page", 1, answer())
    assert kept.get("page", 2) is None
    assert kept.get("page", 1) is None


def test_what_was_not_asked_for_longest_goes_first():
    kept = KeptAnswers(50_000)
    kept.get("", 1)
    for name in "abcd":
        kept.keep(name, 1, answer(10_000, name))
    assert kept.get("a", 1) == answer(10_000, "a")
    kept.keep("e", 1, answer(10_000, "e"))
    having = [name for name in "abcde" if kept.get(name, 1)]
    assert having == ["a", "c", "d", "e"]
    kept.clear()
    assert not any(kept.get(name, 1) for name in "abcde")


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30_000))))
def test_never_more_than_it_may_hold(asked):
    kept = KeptAnswers(60_000)
    kept.get(0, 1)
    for key, size in asked:
        kept.keep(key, 1, answer(size))
    held = [kept.get(key, 1) for key in range(21)]
    assert sum(len(one[0][1]) for one in held if one) <= 60_000
    assert all(len(one[0][1]) <= 15_000 for one in held if one)
