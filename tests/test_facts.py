"""MediaFacts as JSON: there and back, and nothing else comes in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.facts import facts_from_json, facts_to_json
from upnpserver.model import Chapter, Kind, MediaFacts, Track

LEAST = {"kind": "audio", "mime": "audio/flac", "content_id": "a" * 16}
some_facts = st.builds(
    MediaFacts,
    # from_type() would try every str of Kind's base.
    kind=st.sampled_from(Kind),
    artists=st.lists(st.text()).map(tuple),
    tracks=st.lists(st.from_type(Track)).map(tuple),
    chapters=st.lists(st.from_type(Chapter)).map(tuple),
    season=st.none() | st.integers(),
    compilation=st.booleans(),
)


@given(some_facts)
def test_there_and_back(facts):
    assert facts_from_json(facts_to_json(facts)) == facts


def test_what_is_not_told_is_not_written():
    facts = MediaFacts(Kind.VIDEO, "video/mp4", "b" * 16, tracks=(Track("audio"),))
    assert json.loads(facts_to_json(facts)) == {
        "kind": "video",
        "mime": "video/mp4",
        "content_id": "b" * 16,
        "tracks": [{"kind": "audio"}],
    }


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "book"},
        {"mime": None},
        {"artists": "Nina"},
        {"artists": [1]},
        {"season": "1"},
        {"season": True},
        {"compilation": 1},
        {"tracks": [{"kind": "audio", "more": 1}]},
        {"tracks": [["audio"]]},
        {"chapters": [{"title": "no start"}]},
        {"unknown": 1},
    ],
)
def test_anything_else_is_refused(odd):
    with pytest.raises(ProbeError):
        facts_from_json(json.dumps(LEAST | odd))


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists) | st.text())
def test_any_text_is_facts_or_an_error(value):
    text = value if isinstance(value, str) else json.dumps(value)
    with pytest.raises(ProbeError):
        facts_from_json(text)
