"""Age ratings as they stand in NFO files, in years."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.rules.ratings import age_of

AGES = {
    0: ("G", "U", "TV-Y", "FSK 0", "FSK o.A.", "DE:0", "Rated G", "TP", "AL", "All"),
    6: ("FSK 6", "DE:6", "ab 6", "6", "VM6", "nl:6", "FSK6", "ab 6 Jahren", "6+"),
    7: ("TV-Y7", "US:TV-Y7", "PEGI 7"),
    8: ("PG", "UK:PG", "Rated PG"),
    12: ("FSK 12", "12A", "UK:12A", "FR:-12", "DE:FSK 12", "12+", "DE-12", "12 ans"),
    13: ("PG-13", "US:PG-13", "Rated PG-13", "USA:PG-13"),
    14: ("TV-14", "IT:VM14", "US:TV-14"),
    15: ("UK:15", "BBFC 15", "AU:MA15+"),
    16: ("FSK 16", "FR:16", "CSA -16", "16", "ab 16"),
    17: ("R", "TV-MA", "Rated R", "us:r"),
    18: ("NC-17", "18", "FSK 18", "R18", "X", "UK:18", "PEGI 18", "18+"),
}


@pytest.mark.parametrize(
    ("age", "rating"), [(age, text) for age, texts in AGES.items() for text in texts]
)
def test_a_rating_is_an_age(age, rating):
    assert age_of(rating) == age
    assert age_of(f"  {rating.lower()} ") == age


@pytest.mark.parametrize(
    "rating", ["", "NR", "Not Rated", "Unrated", "US:NR", "great", "12345", "🎬"]
)
def test_what_is_no_rating_counts_as_none(rating):
    assert age_of(rating) is None


@given(st.text(max_size=40))
def test_any_text_is_answered(rating):
    age = age_of(rating)
    assert age is None or 0 <= age <= 21
