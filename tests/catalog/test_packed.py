"""What a block tells of one property, and which of its objects are meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.catalog.packed import (
    BLOCK,
    both,
    either,
    is_in,
    masks_of,
    pack,
    rows_in,
    unpack,
    without,
)

texts = st.text(st.characters(exclude_characters="\x1e", exclude_categories=["Cs"]))
blocks = st.lists(st.none() | texts | st.integers(), max_size=BLOCK)
rows = st.sets(st.integers(0, 5 * BLOCK))


@given(values=blocks, part=texts)
def test_finds_in_a_block_what_fits(values, part):
    packed = pack(values)
    if not packed:
        assert all(value is None for value in values)
        return
    fits = unpack(packed).where(lambda value: part in value)
    told = unpack(packed).anywhere()
    for place, value in enumerate(values):
        assert is_in({0: told}, place) == (value is not None)
        assert is_in({0: fits}, place) == (value is not None and part in str(value))


def test_a_whole_block_of_different_values():
    packed = unpack(pack(list(range(BLOCK))))
    assert [
        place
        for place in range(BLOCK)
        if is_in({0: packed.where(str(place).__eq__)}, place)
    ] == list(range(BLOCK))


@given(some=rows, others=rows)
def test_masks_are_sets_of_rows(some, others):
    left, right = masks_of(some), masks_of(others)
    assert list(rows_in(left)) == sorted(some)
    assert set(rows_in(both(left, right))) == some & others
    assert set(rows_in(either(left, right))) == some | others
    assert set(rows_in(without(left, right))) == some - others


@pytest.mark.parametrize("row", [0, BLOCK - 1, BLOCK, 2 * BLOCK])
def test_a_row_is_found_in_its_block(row):
    assert list(rows_in(masks_of([row]))) == [row]
    assert not is_in(masks_of([row]), row + 1)
