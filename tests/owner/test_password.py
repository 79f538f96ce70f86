"""The owner's password: how it is kept, and that only the right one is right."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from upnpserver.errors import ConfigError
from upnpserver.owner.password import (
    LEAST_LETTERS,
    MOST_BYTES,
    check_new,
    hashed,
    is_kept_form,
    is_right,
)

PASSWORD = "three plain words"
KEPT = hashed(PASSWORD)


def test_only_the_right_one_is_right():
    assert is_right(PASSWORD, KEPT)
    for wrong in ("", "three plain word", PASSWORD.upper(), PASSWORD + "\n"):
        assert not is_right(wrong, KEPT)


def test_the_same_letters_are_the_same_from_every_keyboard():
    assert is_right("Schlu\u0308ssel", hashed("Schlüssel"))


def test_nothing_of_it_is_kept_and_two_are_kept_differently():
    assert PASSWORD not in KEPT
    assert hashed(PASSWORD) != KEPT
    assert is_kept_form(KEPT)


@pytest.mark.parametrize("text", ["", "short", "x" * (LEAST_LETTERS - 1)])
def test_what_is_guessed_easily_is_refused(text):
    with pytest.raises(ConfigError, match="at least 8"):
        check_new(text)


def test_what_is_too_long_is_refused():
    check_new("ä" * (MOST_BYTES // 2))
    with pytest.raises(ConfigError, match="longer than 512"):
        check_new("ä" * (MOST_BYTES // 2 + 1))


_DAMAGED = [
    "",
    "scrypt",
    KEPT[:-1],
    KEPT + "A",
    KEPT.replace("scrypt", "crypt"),
    KEPT.replace("$15$8$1$", "$17$99$4$"),  # more memory than we would give
    KEPT.replace("$15$8$1$", "$99$8$1$"),
]


@pytest.mark.parametrize("kept", _DAMAGED)
def test_a_damaged_line_lets_nobody_in_and_costs_nothing(kept):
    begun = time.process_time()
    assert not is_right(PASSWORD, kept)
    assert time.process_time() - begun < 0.05


@settings(max_examples=50, deadline=None)
@given(st.text())
@example("\ud800")
def test_any_text_may_be_tried(text):
    assert not is_right(text, "scrypt$10$8$1$" + KEPT.split("$", 4)[4])
