import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import MalformedRequest
from upnpserver.rules.visibility import Visibility
from upnpserver.scan.messages import (
    Away,
    Committed,
    Finished,
    InRoot,
    Look,
    Partial,
    Progress,
    Ready,
    Scan,
    ScanRoot,
    Trouble,
    Unsettled,
    Unwatched,
    Watched,
    from_line,
    to_line,
)

texts = st.text(max_size=20)
paths = st.binary(max_size=20)
kinds = st.sampled_from(["audio", "video", "image"])
roots = st.builds(
    ScanRoot,
    texts,
    st.lists(texts, max_size=2).map(tuple),
    paths,
    st.lists(kinds, max_size=3).map(tuple),
)
numbers = st.integers(0, 9)
all_roots = st.lists(roots, max_size=3).map(tuple)
places = st.lists(st.builds(InRoot, numbers, paths), max_size=3).map(tuple)
watches = st.lists(st.tuples(numbers, paths), max_size=3).map(tuple)
stamps = st.tuples(numbers, numbers, numbers)
stamped = st.lists(st.tuples(stamps, paths), max_size=3).map(tuple)
some_paths = st.lists(paths, max_size=2).map(tuple)
visibilities = st.builds(
    Visibility,
    st.none() | st.lists(texts, max_size=2).map(tuple),
    some_paths,
    some_paths,
    st.lists(kinds, max_size=3).map(tuple),
    st.none() | numbers,
    numbers,
)
partials = st.lists(st.builds(Partial, paths, all_roots, visibilities), max_size=2).map(
    tuple
)
messages = st.one_of(
    st.builds(
        *(Scan, paths, all_roots, st.booleans(), st.booleans(), places),
        partials=partials,
    ),
    st.builds(
        *(Look, paths, all_roots, places, places, places, places), partials=partials
    ),
    st.builds(Watched, numbers, watches),
    st.builds(Away, st.lists(numbers, max_size=3).map(tuple)),
    st.builds(Unwatched, numbers, stamped, texts),
    st.builds(Unsettled, places),
    st.builds(Ready, texts),
    st.builds(Progress, st.integers(0), st.integers(0)),
    st.builds(Committed, st.integers(0), st.lists(texts).map(tuple), texts),
    st.builds(Trouble, texts),
    st.builds(
        Finished, st.integers(0), st.integers(0), st.integers(0), st.floats(0, 9)
    ),
)


@given(messages)
def test_a_message_comes_back_from_its_line(message):
    line = to_line(message)
    assert line.endswith(b"\n")
    assert b"\n" not in line[:-1]
    assert from_line(line) == message


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b'{"type": "Nothing"}',
        b'{"type": "Ready", "more": 1}', b'{"type": "Scan"}', b'{"type": []}',
    ],
)  # fmt: skip
def test_other_lines_are_refused(line):
    with pytest.raises(MalformedRequest):
        from_line(line)


@given(st.binary())
def test_any_bytes_are_a_message_or_refused(line):
    with pytest.raises(MalformedRequest):
        from_line(line)
