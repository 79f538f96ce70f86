"""What was played, told with the items of a page."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from support.escaped import plain
from support.made_up_files import household_catalog

from upnpserver.catalog.identity import any_item_id_of
from upnpserver.model import Entry, Play, Plays, Window
from upnpserver.policy import EVERYONE, NO_NEEDS, Needs
from upnpserver.services.content_directory import Asker, call
from upnpserver.services.played import with_plays
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING

UPNP = {"u": "urn:schemas-upnp-org:metadata-1-0/upnp/"}
MOMENT = 1_700_000_000  # 2023-11-14T22:13:20Z
NAMES = ("playbackCount", "lastPlaybackPosition", "lastPlaybackTime")
FILM = didl.pack(
    'A duration="9:59:59" film',
    "object.item.videoItem",
    resources=[didl.Res("/media/x.mp4", "http-get:*:video/mp4:*", duration_ms=600_000)],
)
ITEM_ID = "a" * 16
ITEM = Entry(False, f"i${ITEM_ID}", "video$all", FILM)


def played(play, needs=NO_NEEDS, entry=ITEM):
    plays = Plays(1, MappingProxyType({ITEM_ID: play}))
    (told,) = with_plays((entry,), plays, needs)
    return told


def properties(entry):
    document = etree.fromstring(plain(didl.write((entry,), EVERYTHING, "http://x")))
    return tuple(document.findtext(f".//u:{name}", None, UPNP) for name in NAMES)


@pytest.mark.parametrize(
    ("play", "expected"),
    [
        (Play(3, MOMENT, 0), ("3", None, "2023-11-14T22:13:20Z")),
        (Play(0, MOMENT, 50), (None, "0:05:00.000", "2023-11-14T22:13:20Z")),
        (Play(0, MOMENT, 50, 123_456), (None, "0:02:03.000", "2023-11-14T22:13:20Z")),
        (Play(0, MOMENT, 50, 10**9), (None, "0:10:00.000", "2023-11-14T22:13:20Z")),
        (Play(1, 0, 95), ("1", "0:09:30.000", "1970-01-01T00:00:00Z")),
    ],
)
def test_how_often_when_and_where_to_go_on(play, expected):
    assert properties(played(play)) == expected
    reference = ITEM._replace(object_id=f"r${ITEM_ID}$video$all", ref_id=f"i${ITEM_ID}")
    assert properties(played(play, entry=reference)) == expected


def test_they_stand_before_the_res_and_the_rest_stays():
    told = plain(didl.written(played(Play(3, MOMENT, 50)), EVERYTHING))
    before = plain(didl.written(ITEM, EVERYTHING))
    start, end = told.index("<upnp:playbackCount>"), told.index("<res ")
    assert told[:start] + told[end:] == before
    assert told[end - 1] == ">"


@pytest.mark.parametrize(("unit", "place"), [("s", 290), ("ms", 290_000)])
def test_the_form_of_who_asks_for_bookmarks(unit, place):
    told = plain(didl.written(played(Play(0, 1, 50), Needs(bookmark=unit)), EVERYTHING))
    assert f"<sec:dcmInfo>CREATIONDATE=0,FOLDER=,BM={place}</sec:dcmInfo>" in told
    assert b"dcmInfo" not in played(Play(0, 1, 50)).segments
    assert b"dcmInfo" not in played(Play(2, 1, 0), Needs(bookmark=unit)).segments


def test_what_was_not_played_is_left_as_it_is():
    others = (
        ITEM._replace(object_id="i$" + "b" * 16),
        Entry(True, f"i${ITEM_ID}", "0", didl.pack("F", "object.container")),
    )
    plays = Plays(1, MappingProxyType({ITEM_ID: Play(1, 1, 1)}))
    told = with_plays(others, plays, NO_NEEDS)
    assert all(one is other for one, other in zip(told, others, strict=True))
    assert with_plays(others, Plays(1, MappingProxyType({})), NO_NEEDS) is others


def test_without_a_length_no_place_is_told():
    song = didl.pack(
        "S", "object.item.audioItem", (), [didl.Res("/media/x", "a:b:c:d")]
    )
    told = played(
        Play(0, MOMENT, 50), Needs(bookmark="s"), ITEM._replace(segments=song)
    )
    assert properties(told) == (None, None, "2023-11-14T22:13:20Z")
    assert b"dcmInfo" not in told.segments


@given(
    st.builds(Play, st.integers(0, 10**6), st.integers(-1, 2**63), st.integers(0, 100)),
    st.sampled_from(["", "s", "ms"]),
)
def test_any_play_is_told_in_a_whole_document(play, unit):
    count, _, when = properties(played(play, Needs(bookmark=unit)))
    assert int(count or 0) == play.times
    assert when


def test_a_page_tells_it_where_the_filter_wants_it(tmp_path):
    with household_catalog(tmp_path) as catalog:
        entry = catalog.children("music$all", Window(), (), EVERYONE).entries[0]
        play = {any_item_id_of(entry.object_id): Play(2, MOMENT, 0)}
        plays = Plays(1, MappingProxyType(play))
        asker = replace(Asker(EVERYONE, "http://192.0.2.1:8200"), plays=plays)
        asked = {
            "ObjectID": "music$all",
            "BrowseFlag": "BrowseDirectChildren",
            "StartingIndex": "0",
            "RequestedCount": "0",
            "SortCriteria": "",
        }
        for wanted, expected in (
            ("*", 1), ("upnp:playbackCount,res", 1), ("dc:date", 0), ("", 0),
        ):  # fmt: skip
            (_, result), *_ = call(
                "Browse", {**asked, "Filter": wanted}, catalog, asker
            )
            document = plain(result)
            assert document.count("<upnp:playbackCount>2</") == expected
            assert document.count("lastPlaybackTime>") == 2 * (wanted == "*")
