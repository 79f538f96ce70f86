import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import BadSortCriteria
from upnpserver.model import SortKey
from upnpserver.upnp.props import SORTABLE, fold, parse_filter, parse_sort


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("*", ["dc:date", "res@size", "@childCount", "anything"], []),
        ("dc:date,*", ["res"], []),
        ("", [""], ["dc:date", "res", "@childCount", "@searchable"]),
        ("dc:date, res@size ", ["dc:date", "res", "res@size"], ["res@duration"]),
        ("@childCount", ["@childCount"], ["@searchable"]),
        ("container@childCount", ["@childCount"], ["@searchable"]),
        ("childCount,searchable", ["@childCount", "@searchable"], ["res"]),
        (
            "upnp:albumArtURI@dlna:profileID",
            ["upnp:albumArtURI", "upnp:albumArtURI@dlna:profileID"],
            ["res"],
        ),
        ("foo:bar,,@", [""], ["dc:date"]),
    ],
)
def test_filter(text, wanted, unwanted):
    chosen = parse_filter(text)
    assert [name for name in wanted if not chosen.wants(name)] == []
    assert [name for name in unwanted if chosen.wants(name)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("  ", ()),
        ("+dc:title", (SortKey("dc:title", False),)),
        ("-dc:date,+dc:title", (SortKey("dc:date", True), SortKey("dc:title", False))),
        (
            " +res@size , -dc:title",
            (SortKey("res@size", False), SortKey("dc:title", True)),
        ),
        # What the Xbox 360 adds is dropped; the rest still sorts.
        ("+dc:title,+microsoft:sourceURL", (SortKey("dc:title", False),)),
        ("+dc:title,+dc:title", (SortKey("dc:title", False),)),
    ],
)
def test_sort(text, expected):
    assert parse_sort(text) == expected


@pytest.mark.parametrize(
    "text",
    ["dc:title", "+", "+dc:title,", ",", "++dc:title", "+foo:bar", "*dc:title", "+a b"],
)
def test_malformed_or_wholly_unknown_sort(text):
    with pytest.raises(BadSortCriteria):
        parse_sort(text)


@given(st.text())
def test_any_text_sorts_by_known_keys_or_is_refused(text):
    try:
        keys = parse_sort(text)
    except BadSortCriteria:
        return
    assert all(key.name in SORTABLE for key in keys)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Édith PIAF", "edith piaf"), ("Straße", "strasse"), ("ﬁn", "fin")],
)
def test_fold(text, expected):
    assert fold(text) == expected
