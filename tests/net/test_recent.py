"""What was used last is kept, and no more than so much of it."""

from hypothesis import given
from hypothesis import strategies as st

from upnpserver.net.recent import Recent


def test_what_was_used_longest_ago_goes_first():
    recent = Recent(10, len)
    for key in "abc":
        assert recent.keep(key, b"1234") == b"1234"
        recent.get("a")
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (
        *(b"1234", None),
        b"1234",
    )


def test_what_is_larger_than_all_is_not_kept():
    recent = Recent(10, len)
    recent.keep("a", b"12")
    recent.keep("b", b"x" * 11)
    assert recent.get("b") is None


@given(st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=20))))
def test_never_more_than_is_allowed(steps):
    recent = Recent(30, len)
    for key, value in steps:
        recent.keep(key, value)
        kept = [recent.get(key) for key in range(10)]
        assert sum(len(value) for value in kept if value is not None) <= 30
