"""Browse, Search and the capabilities on a real catalog."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from support.browse_call import browse_arguments
from support.escaped import plain
from support.made_up_files import household_catalog

from upnpserver.errors import (
    ActionError,
    BadSearchCriteria,
    BadSortCriteria,
    InvalidAction,
    InvalidArgs,
    NoSuchContainer,
    NoSuchObject,
)
from upnpserver.model import Kind, Window
from upnpserver.policy import EVERYONE, Needs
from upnpserver.services.content_directory import (
    LIGHT_OBJECTS,
    Asker,
    call,
    is_light,
)
from upnpserver.upnp.description import CONTENT_DIRECTORY, scpd

ASKER = Asker(EVERYONE, "http://192.0.2.1:8200")
BROWSE = browse_arguments("music$all")
SEARCH = {
    "ContainerID": "0",
    "SearchCriteria": 'upnp:class derivedfrom "object.item"',
    "Filter": "*",
    "StartingIndex": "0",
    "RequestedCount": "0",
    "SortCriteria": "",
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    with household_catalog(tmp_path_factory.mktemp("cds")) as catalog:
        yield catalog


def browse(catalog, **changes):
    return dict(call("Browse", {**BROWSE, **changes}, catalog, ASKER))


def search(catalog, **changes):
    return dict(call("Search", {**SEARCH, **changes}, catalog, ASKER))


def count(answer):
    return len(etree.fromstring(plain(answer["Result"])))


def test_children(catalog):
    answer = browse(catalog)
    assert count(answer) == 6
    assert (answer["NumberReturned"], answer["TotalMatches"]) == ("6", "6")
    assert "http://192.0.2.1:8200/media/" in plain(answer["Result"])
    assert int(answer["UpdateID"]) > 0


def test_a_page_and_what_lies_behind_the_end(catalog):
    page = browse(catalog, StartingIndex="4", RequestedCount="5")
    assert (page["NumberReturned"], page["TotalMatches"]) == ("2", "6")
    behind = browse(catalog, StartingIndex="600", RequestedCount="5")
    assert (behind["NumberReturned"], behind["TotalMatches"]) == ("0", "6")


def test_the_largest_counts(catalog):
    """Source: security.md requirement 16."""
    page = browse(catalog, RequestedCount="2147483647")
    assert (page["NumberReturned"], page["TotalMatches"]) == ("6", "6")
    behind = browse(catalog, StartingIndex="2147483647")
    assert (behind["NumberReturned"], behind["TotalMatches"]) == ("0", "6")


def asked_by(catalog, needs, **changes):
    asker = Asker(replace(EVERYONE, needs=needs), ASKER.base_url)
    answer = dict(call("Browse", {**BROWSE, **changes}, catalog, asker))
    ids = re.findall('<(?:item|container) id="([^"]+)"', plain(answer["Result"]))
    return ids, answer["TotalMatches"]


def test_a_device_that_shows_music_only_sees_no_other_top(catalog):
    music = Needs(kinds=frozenset({Kind.AUDIO}))
    everything, _ = asked_by(catalog, Needs(), ObjectID="0")
    ids, total = asked_by(catalog, music, ObjectID="0")
    assert ids == [one for one in everything if one not in {"video$", "picture$"}]
    assert total == str(len(ids))
    assert asked_by(catalog, music, ObjectID="0", StartingIndex="1") == (ids[1:], total)
    asker = Asker(replace(EVERYONE, needs=music), ASKER.base_url)
    metadata = {**BROWSE, "ObjectID": "0", "BrowseFlag": "BrowseMetadata"}
    answer = dict(call("Browse", metadata, catalog, asker))
    assert f'childCount="{total}"' in plain(answer["Result"])


def test_a_device_may_have_another_root_a_page_limit_and_an_order(catalog):
    whole, total = asked_by(catalog, Needs())
    assert asked_by(catalog, Needs(root="music$all"), ObjectID="0") == (whole, total)
    assert asked_by(catalog, Needs(max_page=2)) == (whole[:2], total)
    backwards, _ = asked_by(catalog, Needs(), SortCriteria="-dc:title")
    assert backwards != whole
    assert asked_by(catalog, Needs(sort="-dc:title"))[0] == backwards


@pytest.mark.parametrize("object_id", ["0", ""])
def test_metadata_of_the_root(catalog, object_id):
    answer = browse(catalog, ObjectID=object_id, BrowseFlag="BrowseMetadata")
    assert (answer["NumberReturned"], answer["TotalMatches"]) == ("1", "1")
    assert 'id="0" parentID="-1"' in plain(answer["Result"])
    assert "upnp:searchClass" in plain(answer["Result"])


def test_the_names_that_the_xbox_uses(catalog):
    arguments = {**BROWSE, "ContainerID": "music$all"}
    del arguments["ObjectID"]
    assert dict(call("Browse", arguments, catalog, ASKER))["TotalMatches"] == "6"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ObjectID": "nothing"}, NoSuchObject),
        ({"ObjectID": " "}, NoSuchObject),
        ({"BrowseFlag": "BrowseEverything"}, InvalidArgs),
        ({"BrowseFlag": ""}, InvalidArgs),
        ({"StartingIndex": "-1"}, InvalidArgs),
        ({"RequestedCount": "-1"}, InvalidArgs),
        ({"RequestedCount": "ten"}, InvalidArgs),
        ({"RequestedCount": "1.5"}, InvalidArgs),
        ({"RequestedCount": "2147483648"}, InvalidArgs),
        ({"StartingIndex": "2147483648"}, InvalidArgs),
        ({"RequestedCount": "4294967296"}, InvalidArgs),
        ({"RequestedCount": ""}, InvalidArgs),
        ({"StartingIndex": "٣"}, InvalidArgs),
        ({"SortCriteria": "dc:title"}, BadSortCriteria),
        ({"SortCriteria": "+foo:bar"}, BadSortCriteria),
    ],
)
def test_browse_refuses(catalog, changes, error):
    with pytest.raises(error):
        browse(catalog, **changes)


@pytest.mark.parametrize("name", BROWSE)
def test_every_argument_of_browse_is_needed(catalog, name):
    arguments = {key: value for key, value in BROWSE.items() if key != name}
    with pytest.raises(InvalidArgs):
        call("Browse", arguments, catalog, ASKER)


@pytest.mark.parametrize("name", SEARCH)
def test_every_argument_of_search_is_needed(catalog, name):
    arguments = {key: value for key, value in SEARCH.items() if key != name}
    with pytest.raises(InvalidArgs):
        call("Search", arguments, catalog, ASKER)


def test_search(catalog):
    assert count(search(catalog)) == 9
    page = search(catalog, StartingIndex="1", RequestedCount="3")
    assert (page["NumberReturned"], page["TotalMatches"]) == ("3", "9")
    nothing = search(catalog, SearchCriteria='dc:title = "no such"')
    assert (count(nothing), nothing["TotalMatches"]) == (0, "0")
    assert search(catalog, SearchCriteria="*")["TotalMatches"] != "0"


def test_search_refuses(catalog):
    with pytest.raises(BadSearchCriteria):
        search(catalog, SearchCriteria="dc:title")
    with pytest.raises(NoSuchContainer):
        search(catalog, ContainerID="nothing")


def test_unknown_actions(catalog):
    for action in ("DestroyObject", "", "browse"):
        with pytest.raises(InvalidAction):
            call(action, BROWSE, catalog, ASKER)


def test_out_arguments_are_those_of_the_scpd_in_order(catalog):
    space = {"s": "urn:schemas-upnp-org:service-1-0"}
    for action in etree.fromstring(scpd(CONTENT_DIRECTORY)).iterfind(
        ".//s:action", space
    ):
        name = action.findtext("s:name", None, space)
        promised = [
            argument.findtext("s:name", None, space)
            for argument in action.iterfind(".//s:argument", space)
            if argument.findtext("s:direction", None, space) == "out"
        ]
        song = catalog.children("music$all", Window(0, 1), (), EVERYONE).entries[0]
        arguments = {
            **BROWSE,
            **SEARCH,
            "CategoryType": "A",
            "RID": song.object_id,
            "Index": "0",
            "PosSecond": "60",
        }
        if name == "X_SetBookmark":
            arguments["ObjectID"] = song.object_id
        answer = call(name, arguments, catalog, ASKER)
        assert [out for out, _ in answer] == promised


def test_capabilities_name_what_works(catalog):
    ((_, sorts),) = call("GetSortCapabilities", {}, catalog, ASKER)
    for name in sorts.split(","):
        assert browse(catalog, SortCriteria=f"-{name}")["TotalMatches"] == "6"
    ((_, searches),) = call("GetSearchCapabilities", {}, catalog, ASKER)
    for name in searches.split(","):
        search(catalog, SearchCriteria=f"{name} exists true")


class Crowd:
    """A catalog with one folder of many children."""

    def child_count(self, object_id):
        return 10 * LIGHT_OBJECTS if object_id == "crowd" else 1


@pytest.mark.parametrize(
    ("action", "arguments", "light"),
    [
        ("GetSystemUpdateID", {}, True),
        ("Search", SEARCH, False),
        ("Browse", {**BROWSE, "ObjectID": "crowd"}, False),
        ("Browse", {**BROWSE, "ObjectID": "crowd", "RequestedCount": "30"}, True),
        ("Browse", {**BROWSE, "ObjectID": "crowd", "RequestedCount": "5000"}, False),
        ("Browse", {**BROWSE, "ObjectID": "crowd", "SortCriteria": "+dc:title"}, False),
        ("Browse", {**BROWSE, "ObjectID": "few", "SortCriteria": "+dc:title"}, True),
        ("Browse", {**BROWSE, "ObjectID": "few"}, True),
        ("Browse", {**BROWSE, "ObjectID": "crowd", "RequestedCount": "x"}, True),
        ("Browse", {"ObjectID": "crowd", "BrowseFlag": "BrowseMetadata"}, True),
    ],
)
def test_what_is_answered_in_the_reactor(action, arguments, light):
    assert is_light(action, arguments, Crowd()) is light


def test_an_order_that_a_device_always_gets_is_no_light_work():
    page = {**BROWSE, "ObjectID": "crowd", "RequestedCount": "30"}
    assert is_light("Browse", page, Crowd())
    assert not is_light("Browse", page, Crowd(), Needs(sort="+dc:title"))


texts = st.text(max_size=30) | st.sampled_from(["0", "music$", "*", "", "1"])


@given(
    st.sampled_from(["Browse", "Search", "GetSortCapabilities"]),
    st.dictionaries(st.sampled_from([*BROWSE, *SEARCH]), texts),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_arguments_are_answered_or_refused(catalog, action, arguments):
    try:
        light = is_light(action, arguments, catalog)
        answer = call(action, arguments, catalog, ASKER)
    except ActionError:
        return
    assert light in (True, False)
    assert answer
