"""Ids and actions that single makers' devices use without having been told."""

import re
from dataclasses import replace
from types import MappingProxyType

import pytest
from lxml import etree
from support.browse_call import browse_arguments
from support.escaped import plain
from support.made_up_files import household_catalog

from upnpserver.errors import InvalidArgs, NoSuchContainer, NoSuchObject
from upnpserver.model import Play, Plays, Window
from upnpserver.policy import EVERYONE, Needs
from upnpserver.services.content_directory import Asker, call
from upnpserver.services.well_known import meant

AVS = {"a": "urn:schemas-upnp-org:av:avs"}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    with household_catalog(tmp_path_factory.mktemp("known")) as catalog:
        yield catalog


def asker(plays=None, mark=None, **needs):
    policy = replace(EVERYONE, needs=Needs(**needs))
    return Asker(policy, "http://h", plays, mark or (lambda *_: None))


def browse(catalog, who, object_id, **changes):
    arguments = browse_arguments(object_id, **changes)
    return dict(call("Browse", arguments, catalog, who))


def search_arguments(container_id, criteria):
    arguments = browse_arguments(container_id, SearchCriteria=criteria)
    del arguments["ObjectID"]
    return arguments | {"ContainerID": container_id}


def ids(answer):
    return re.findall('<(?:item|container) id="([^"]+)"', plain(answer["Result"]))


def songs(catalog):
    return catalog.children("music$all", Window(), (), EVERYONE).entries


XBOX = {"aliases": "microsoft"}
SAMSUNG = {"aliases": "samsung"}


def test_what_is_meant():
    assert meant("7", Needs(**XBOX)) == "music$albums"
    assert meant("A", Needs(**XBOX)) == "video$actors"
    assert meant("A", Needs(**SAMSUNG)) == meant("A_T", Needs(**SAMSUNG)) == "music$"
    assert meant("7", Needs()) == "7"
    assert meant("music$all", Needs(**XBOX)) == "music$all"


def test_the_xbox_browses_by_its_own_ids(catalog):
    whole = browse(catalog, asker(), "music$all")
    told = browse(catalog, asker(**XBOX), "4")
    assert told["TotalMatches"] == whole["TotalMatches"]
    assert 'parentID="4"' in plain(told["Result"])
    assert "music$all" not in re.findall('parentID="([^"]+)"', plain(told["Result"]))
    (itself,) = ids(browse(catalog, asker(**XBOX), "4", BrowseFlag="BrowseMetadata"))
    assert itself == "4"
    with pytest.raises(NoSuchObject):
        browse(catalog, asker(), "4")


def test_a_view_that_is_empty_is_no_fault_to_who_knows_it_by_heart(catalog):
    empty = browse(catalog, asker(**XBOX), "E")
    assert (empty["NumberReturned"], empty["TotalMatches"]) == ("0", "0")
    search = search_arguments("E", "*")
    found = dict(call("Search", search, catalog, asker(**XBOX)))
    assert found["TotalMatches"] == "0"
    with pytest.raises(NoSuchContainer):
        call("Search", search, catalog, asker())


def test_the_xbox_searches_by_its_own_ids(catalog):
    criteria = 'upnp:class derivedfrom "object.item.audioItem"'
    search = search_arguments("4", criteria)
    found = dict(call("Search", search, catalog, asker(**XBOX)))
    assert found["TotalMatches"] == str(len(songs(catalog)))


def features(catalog, action):
    ((_, document),) = call(action, {}, catalog, asker())
    return etree.fromstring(document)


def test_the_feature_list_names_what_is_there(catalog):
    document = features(catalog, "GetFeatureList")
    found = document.findall(".//a:shortcut", AVS)
    assert found
    for shortcut in found:
        object_id = shortcut.findtext("a:objectID", None, AVS)
        assert browse(catalog, asker(), object_id)["TotalMatches"] != "0"
    names = [shortcut.findtext("a:name", None, AVS) for shortcut in found]
    assert "MUSIC_ALBUMS" in names
    assert "MUSIC_AUDIOBOOKS" not in names  # the household has none


def test_samsung_s_basic_view_can_be_browsed(catalog):
    document = features(catalog, "X_GetFeatureList")
    (feature,) = document
    assert feature.get("name") == "samsung.com_BASICVIEW"
    tops = {one.get("type"): one.get("id") for one in feature}
    assert tops["object.item.audioItem"] == "music$"
    for object_id in tops.values():
        assert browse(catalog, asker(), object_id)["TotalMatches"] != "0"


def test_an_index_and_back(catalog):
    for index, song in enumerate(songs(catalog)):
        arguments = {"CategoryType": "A", "Index": str(index), "RID": song.object_id}
        ((_, found),) = call("X_GetObjectIDfromIndex", arguments, catalog, asker())
        assert found == song.object_id
        ((_, at),) = call("X_GetIndexfromRID", arguments, catalog, asker())
        assert at == str(index)
    nowhere = {"CategoryType": "A", "Index": "9999", "RID": "nothing"}
    for action in ("X_GetObjectIDfromIndex", "X_GetIndexfromRID"):
        with pytest.raises(NoSuchObject):
            call(action, nowhere, catalog, asker())


def with_duration(catalog):
    return next(
        (entry, duration)
        for entry in catalog.children("video$all", Window(), (), EVERYONE).entries
        if (duration := catalog.resource(item_id(entry), EVERYONE).duration_ms)
    )


def item_id(entry):
    return (entry.ref_id or entry.object_id).removeprefix("i$")


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("", 1), ("ms", 1000)])
def test_a_bookmark_is_kept(catalog, unit, factor):
    entry, duration_ms = with_duration(catalog)
    marks = []
    who = asker(mark=lambda *mark: marks.append(mark), bookmark=unit)
    position_s = duration_ms // 2000
    for object_id in (entry.object_id, entry.ref_id or entry.object_id):
        arguments = {
            "CategoryType": "I",
            "RID": "1",
            "ObjectID": object_id,
            "PosSecond": str(position_s * factor),
        }
        assert call("X_SetBookmark", arguments, catalog, who) == []
    percent = position_s * 1000 * 100 // duration_ms
    assert marks == [(item_id(entry), percent, position_s * 1000)] * 2
    for nothing in ("0", str(29 * factor)):  # as TVs tell it when they begin
        call("X_SetBookmark", {**arguments, "PosSecond": nothing}, catalog, who)
    assert len(marks) == 2
    with pytest.raises(NoSuchObject):
        call("X_SetBookmark", {**arguments, "ObjectID": "music$"}, catalog, who)
    with pytest.raises(InvalidArgs):
        call("X_SetBookmark", {**arguments, "PosSecond": "-1"}, catalog, who)


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1000)])
def test_a_bookmark_is_told(catalog, unit, factor):
    entry, duration_ms = with_duration(catalog)
    plays = Plays(1, MappingProxyType({item_id(entry): Play(0, 1, 50)}))
    answer = browse(catalog, asker(plays, bookmark=unit), "video$all")
    place = (duration_ms // 1000 // 2 - 10) * factor
    document = plain(answer["Result"])
    assert f"<sec:dcmInfo>CREATIONDATE=0,FOLDER=,BM={place}</sec:dcmInfo>" in document
    etree.fromstring(document)
    assert document.count("dcmInfo>") == 2
    assert b"dcmInfo" not in browse(catalog, asker(plays), "video$all")["Result"]
