import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import BadSearchCriteria
from upnpserver.upnp.criteria import (
    MAX_DEPTH,
    MAX_TERMS,
    AllOf,
    AnyOf,
    Everything,
    Exists,
    Relation,
    matches,
    parse_criteria,
)

A, B, C = (Relation(name, "=", "1") for name in "abc")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("*", Everything()),
        (" * ", Everything()),
        ("", Everything()),
        ('a = "1"', A),
        ('a="1"', A),
        ('a\t=\n"1"', A),
        ('a = "1" and b = "1" or c = "1"', AnyOf((AllOf((A, B)), C))),
        ('a = "1" or b = "1" and c = "1"', AnyOf((A, AllOf((B, C))))),
        ('(a = "1" or b = "1") and c = "1"', AllOf((AnyOf((A, B)), C))),
        ('(a = "1")AND(b = "1")', AllOf((A, B))),
        ("@refID exists false", Exists("@refID", False)),
        ("@refID EXISTS True", Exists("@refID", True)),
        (
            r'dc:title contains "a \"b\" \\ \c"',
            Relation("dc:title", "contains", r'a "b" \ \c'),
        ),
        (
            'upnp:class derivedFrom "object.item"',
            Relation("upnp:class", "derivedfrom", "object.item"),
        ),
        ('dc:title doesnotcontain ""', Relation("dc:title", "doesNotContain", "")),
        ("a = &quot;1&quot;", A),
    ],
)
def test_reads(text, tree):
    assert parse_criteria(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        "a",
        'a "1"',
        "a = 1",
        'a = "1',
        'a ~ "1"',
        '= "1"',
        '"1" = a',
        "a exists maybe",
        '(a = "1"',
        'a = "1")',
        'a = "1" b = "1"',
        'a = "1" and',
        "and",
        'not a = "1"',
        '""',
        "* and *",
        "()",
        "\\",
        "(" * (MAX_DEPTH + 1) + 'a = "1"' + ")" * (MAX_DEPTH + 1),
        " or ".join(['a = "1"'] * (MAX_TERMS + 1)),
        'a = "' + "x" * 5000 + '"',
    ],
)
def test_refuses(text):
    with pytest.raises(BadSearchCriteria):
        parse_criteria(text)


def test_as_deep_and_as_many_as_allowed():
    parse_criteria("(" * MAX_DEPTH + 'a = "1"' + ")" * MAX_DEPTH)
    parse_criteria(" or ".join(['a = "1"'] * MAX_TERMS))


@given(st.text() | st.text(alphabet='()"\\ab=!<> andor*'))
def test_any_text_gives_a_tree_or_is_refused(text):
    try:
        tree = parse_criteria(text)
    except BadSearchCriteria:
        return
    assert matches(tree, {}) in (True, False)


TRACK = {
    "dc:title": ("Für Élise",),
    "upnp:class": ("object.item.audioItem.musicTrack",),
    "upnp:artist": ("Ludwig", "Alfred"),
    "dc:date": ("1810-04-27",),
    "upnp:originalTrackNumber": ("9",),
    "res@duration": ("0:02:55.000",),
    "@id": ("i$abc",),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('dc:title contains "fur el"', True),
        ('dc:title = "FÜR ÉLISE"', True),
        ('dc:title startsWith "elise"', False),
        ('upnp:artist = "alfred"', True),
        ('upnp:artist != "alfred"', False),
        ('upnp:artist doesNotContain "x"', True),
        ('upnp:album != "x"', False),
        ('upnp:album doesNotContain "x"', False),
        ("upnp:album exists false", True),
        ("nobody:knows exists false", True),
        ('nobody:knows = "x"', False),
        ('upnp:class derivedfrom "object.item.audioItem"', True),
        ('upnp:class derivedfrom "object.item.audioItem.*"', True),
        ('upnp:class derivedfrom "object.item.audio"', False),
        ('upnp:class = "object.item.audioItem"', False),
        ('dc:title derivedfrom "für élise"', False),
        ('upnp:originalTrackNumber > "10"', False),
        ('upnp:originalTrackNumber < "10"', True),
        ('upnp:originalTrackNumber < "ten"', False),
        ('res@duration >= "0:02:55"', True),
        ('res@duration < "0:3:00"', True),
        ('dc:date >= "1810"', True),
        ('dc:date < "1810-04-27"', False),
        ('@id = "I$ABC"', False),
    ],
)
def test_meaning(text, expected):
    assert matches(parse_criteria(text), TRACK) is expected
