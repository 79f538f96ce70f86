"""Searches find what matches() says, for random criteria on random objects."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from support.escaped import plain
from support.made_up_files import HOUSEHOLD, MUSIC, film, subtitle, track

from upnpserver.catalog.forms import names_ids
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.writer import Writer
from upnpserver.model import Track, Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp import didl
from upnpserver.upnp.criteria import (
    OPERATORS,
    AllOf,
    AnyOf,
    Exists,
    Relation,
    matches,
    parse_criteria,
)
from upnpserver.upnp.props import EVERYTHING, SEARCHABLE, SORTABLE, parse_sort

NAMES = {
    "d": "urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "upnp": "urn:schemas-upnp-org:metadata-1-0/upnp/",
}


# So that each property is told by some object, and several by one.
FILES = (
    *HOUSEHOLD,
    track(
        "C/Suite.flac",
        title='Suite 2: "Largo" & Fugue',
        artists=("Ann", "Jörg", "ANN"),
        composers=("Bach",),
        conductors=("Zoë",),
        comment="played\\live",
        bitrate_bps=1_411_200,
        sample_rate_hz=96_000,
        bits_per_sample=24,
        channels=2,
        duration_ms=3_661_001,
    ),
    film("Films/Rated.mp4", title="Rated", content_rating="PG-13"),
    track("C/Book.mp3", title="Book", artists=("Jörg",), audiobook=True, disc=2),
    track("C/Suite 10.flac", title="suite 10", sample_rate_hz=44_100, channels=6),
    film(
        "Series/Élan S01E02.mkv",
        series="Élan",
        season=1,
        episode=2,
        title="Two " + "ü" * 300,
        description="A plot that says more " + "and more " * 200,
        actors=("Ann", "Bob O'Hara"),
        directors=("Cléo",),
        content_rating="FSK 12",
        genres=("Drama", "Jazz"),
        color_depth=24,
        tracks=(Track("audio", language="de"), Track("audio", language="fr")),
    ),
    film("Films/Told.mp4", title="Told", directors=("Ann",), date="2001-05"),
    subtitle("Films/Told.de.srt"),
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    path = tmp_path_factory.mktemp("search") / "catalog.sqlite"
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    writer.apply(FILES, [])
    writer.close()
    reader = Reader(path)
    yield reader
    reader.close()


def search(reader, tree, sort=()):
    return reader.search("0", tree, Window(), sort, EVERYONE)


@pytest.fixture(scope="module")
def objects(reader):
    """Every object with its properties as its DIDL-Lite tells them."""
    page = search(reader, parse_criteria("*"))
    return {entry.object_id: told(entry) for entry in page.entries}


@pytest.fixture(scope="module")
def forms(reader):
    """Every object in each place where a person finds it."""
    found, waiting = {}, ["0"]
    while waiting:
        for entry in reader.children(waiting.pop(), Window(), (), EVERYONE).entries:
            found[entry.object_id] = told(entry)
            waiting += [entry.object_id] * entry.is_container
    return found


def told(entry):
    document = plain(didl.write((entry,), EVERYTHING, ""))
    (element,) = etree.fromstring(document)
    properties = {
        "@id": (entry.object_id,),
        "@parentID": (entry.parent_id,),
        "@refID": (entry.ref_id,) if entry.ref_id else (),
    }
    for name in SEARCHABLE:
        tag, _, attribute = name.partition("@")
        if not tag:
            continue
        path = f"d:{tag}" if ":" not in tag else tag
        found = element.findall(path, NAMES)
        values = [e.get(attribute) if attribute else e.text for e in found]
        properties[name] = tuple(value for value in values if value)
    return {name: values for name, values in properties.items() if values}


VALUES = [
    *("", "a", "Ann", "bob", "ÉLAN", "one", "First", "jazz", "unknown album", "e"),
    *("object.item", "object.item.audioItem", "object.container.*", "object.item."),
    *("1", "2", "10", "1000", "0:01:00", "0:00:59.999", "-1", "2020", "2001-01-01"),
    *("1280x720", "http-get:*:audio", "i$", "r$", "music$all", "%", "_", "'", "\\"),
]
names = st.sampled_from([*SEARCHABLE, "nobody:knows"])
relations = st.builds(
    Relation,
    names,
    st.sampled_from(sorted(OPERATORS.values())),
    st.sampled_from(VALUES),
)
terms = relations | st.builds(Exists, names, st.booleans())
trees = st.recursive(
    terms,
    lambda below: (
        st.lists(below, min_size=2, max_size=3)
        .map(tuple)
        .flatmap(lambda some: st.sampled_from([AllOf(some), AnyOf(some)]))
    ),
    max_leaves=6,
)


@given(tree=trees)
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_finds_what_the_meaning_says(reader, objects, forms, tree):
    found = [entry.object_id for entry in search(reader, tree).entries]
    universe = forms if names_ids(tree) else objects
    assert sorted(found) == sorted(
        object_id
        for object_id, properties in universe.items()
        if matches(tree, properties)
    )


def test_each_form_is_found_by_its_own_id(reader, forms):
    for object_id in forms:
        (found,) = search(reader, parse_criteria(f'@id = "{object_id}"')).entries
        assert found == reader.metadata(object_id, EVERYONE).entries[0]


def test_the_children_of_each_container_are_found_by_their_parent(reader):
    for container in ("music$all", "music$albums", "0", "folder$", "picture$all"):
        children = reader.children(container, Window(), (), EVERYONE).entries
        found = search(reader, parse_criteria(f'@parentID = "{container}"')).entries
        assert sorted(found, key=str) == sorted(children, key=str)


def test_below_a_view_its_references_are_found_once(reader):
    everything = parse_criteria('upnp:class derivedfrom "object.item"')
    page = reader.search("music$artists", everything, Window(), (), EVERYONE)
    assert len({entry.ref_id for entry in page.entries}) == page.total == 8
    assert all(entry.parent_id.startswith("music$artist$") for entry in page.entries)


@pytest.mark.parametrize("name", SORTABLE)
@pytest.mark.parametrize("sign", "+-")
def test_every_advertised_property_sorts(reader, objects, name, sign):
    everything = parse_criteria("*")
    ids = [
        entry.object_id
        for entry in search(reader, everything, parse_sort(sign + name)).entries
    ]
    assert sorted(ids) == sorted(objects)
    having = [bool(objects[object_id].get(name)) for object_id in ids]
    # Objects without the property are at one end, all together.
    assert having == sorted(having, reverse=sign == "-")


@pytest.mark.parametrize("name", SEARCHABLE)
def test_every_advertised_property_is_searched(reader, objects, forms, name):
    found = {e.object_id for e in search(reader, Exists(name, wanted=True)).entries}
    universe = forms if name == "@refID" else objects
    assert found == {i for i, properties in universe.items() if properties.get(name)}
    assert found
