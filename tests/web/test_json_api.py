"""The JSON API: what it answers is what its OpenAPI document says, of every object."""

import json
from ipaddress import ip_address
from urllib.parse import quote, urlencode

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_up_files import HOUSEHOLD, household_catalog

from upnpserver.errors import RefusedRequest
from upnpserver.model import Kind, Play, Playing, Plays
from upnpserver.policy import EVERYONE, ClientPolicy
from upnpserver.rules.visibility import Visibility
from upnpserver.services.content_directory import Asker
from upnpserver.services.notice import Notice
from upnpserver.web.api import MOST_OBJECTS, ROUTES, answered, asked, events
from upnpserver.web.openapi import document
from upnpserver.web.watched import Moment, Scan

ASKER = Asker(EVERYONE, "http://h")
CHILD = Asker(ClientPolicy(visibility=Visibility(age=6)), "http://h")
MOMENT = Moment("Attic", "1.0", 60, Scan(True, 3, 7), ())
DOCUMENT = json.loads(json.dumps(document("Attic", "1.0")))
TV = ip_address("192.0.2.7")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    with household_catalog(tmp_path_factory.mktemp("api")) as reader:
        yield reader


def is_as_told(name, value):
    """Tell whether a value is as a schema of the document says."""
    schema = {**DOCUMENT, "$ref": f"#/components/schemas/{name}"}
    return jsonschema_rs.is_valid(schema, value)


def get(path, catalog, asker=ASKER, moment=MOMENT, **query):
    route, values = asked(path, urlencode(query))
    told = json.loads(answered(route, values, asker, catalog, moment))
    assert is_as_told(route.answer, told)
    return told


def path_to(object_id, rest=""):
    return f"/api/objects/{quote(object_id, safe='')}{rest}"


def refusal(path, catalog, **query):
    with pytest.raises(RefusedRequest) as raised:
        get(path, catalog, **query)
    return raised.value.status


def test_every_object_can_be_reached_and_is_as_the_document_says(catalog):
    met, waiting = {}, ["0"]
    while waiting:
        object_id = waiting.pop()
        if object_id in met:
            continue
        met[object_id] = one = get(path_to(object_id), catalog)
        assert one["id"] == object_id
        if one["kind"] == "container":
            found = get(path_to(object_id, "/children"), catalog, count=MOST_OBJECTS)
            assert len(found["objects"]) == found["total"] == one["child_count"]
            waiting += [child["id"] for child in found["objects"]]
    titles = {one["title"] for one in met.values() if one["resources"]}
    assert len(titles) == len([file for file in HOUSEHOLD if not file.problem])
    (film,) = [one for one in met.values() if one["title"] == "Café"][:1]
    assert (film["kind"], film["duration_s"]) == ("video", 60)
    assert film["resources"][0]["resolution"] == "1280x720"


def test_children_come_page_by_page_and_sorted(catalog):
    path = path_to("music$all", "/children")
    whole = get(path, catalog)
    pages = [get(path, catalog, start=n, count=2) for n in range(0, whole["total"], 2)]
    assert [one for page in pages for one in page["objects"]] == whole["objects"]
    titles = [one["title"] for one in get(path, catalog, sort="-dc:title")["objects"]]
    assert (titles[0], titles[-1]) == ("Two", "Élan")
    assert get(path, catalog, start=1000)["objects"] == []


def test_search_finds_in_groups_or_in_one(catalog):
    groups = get("/api/search", catalog, q="ELAN")["groups"]
    assert {one["kind"]: one["total"] for one in groups}["audio"] == 1
    (group,) = get("/api/search", catalog, q="ann first", kind="audio", count=2)[
        "groups"
    ]
    assert (group["total"], len(group["objects"])) == (3, 2)
    assert get("/api/search", catalog, q="  ")["groups"] == []
    assert get("/api/search", Notice("closed"), q="one")["groups"] == [
        {"kind": kind, "total": 0, "start": 0, "objects": []}
        for kind in ("video", "audio", "image")
    ]


def test_status_tells_of_libraries_and_of_scans_to_who_sees_all(catalog):
    status = get("/api/status", catalog)
    counted = {"name": "Home", "audio": 6, "video": 1, "image": 2, "problems": 1}
    assert status["libraries"] == [counted]
    assert status["scan"] == {"is_running": True, "done": 3, "total": 7}
    assert (status["is_ready"], status["update_id"] > 0) == (True, True)
    assert get("/api/status", catalog, CHILD)["scan"] is None
    assert get("/api/status", None)["is_ready"] is False


def film_playing(catalog, item_id=None):
    (film,) = get(path_to("video$all", "/children"), catalog)["objects"]
    known = film["resources"][0]["path"].split("/")[2]
    return Playing(
        TV, "samsung-q", item_id or known, Kind.VIDEO, 5.5, 40, 1_000_000, False
    )


def test_now_playing_tells_who_gets_what(catalog):
    playing = ((film_playing(catalog), "Kitchen"), (film_playing(catalog), ""))
    told = get("/api/now", catalog, moment=MOMENT._replace(playing=playing))
    first, second = told["playing"]
    assert first.pop("item")["title"] == "Café"
    assert first == {
        "address": "192.0.2.7",
        "device": "Kitchen",
        "rule": "samsung-q",
        "since_s": 5,
        "percent": 40,
        "bytes_a_second": 1_000_000,
        "is_sent": False,
    }
    assert second["device"] is None


def test_events_are_as_the_document_says_each_in_one_line(catalog):
    moment = MOMENT._replace(playing=((film_playing(catalog), "Kitchen\n"),))
    for asker, seen_by, names in (
        (ASKER, catalog, {"now", "catalog", "scan"}),
        (CHILD, catalog, {"now", "catalog"}),
        (ASKER, None, {"now", "catalog", "scan"}),
    ):
        told = events(asker, seen_by, moment)
        assert set(told) == names
        for name, data in told.items():
            assert b"\n" not in data
            assert is_as_told(name.capitalize(), json.loads(data))


def test_what_is_hidden_plays_nowhere(catalog):
    unknown = MOMENT._replace(playing=((film_playing(catalog, "z" * 16), ""),))
    hidden = MOMENT._replace(playing=((film_playing(catalog), ""),))
    for seen_by, moment in (
        (catalog, unknown),
        (Notice("closed"), hidden),
        (None, hidden),
        (catalog, MOMENT),
    ):
        assert get("/api/now", seen_by, moment=moment) == {"playing": []}


def test_where_somebody_stopped_is_told_to_who_did(catalog):
    (film,) = get(path_to("video$all", "/children"), catalog)["objects"]
    assert film["begun_s"] is None
    item_id = film["resources"][0]["path"].split("/")[2]
    plays = Plays(1, {item_id: Play(0, 5, 50)})
    asker = Asker(EVERYONE, "http://h", plays)
    assert get(path_to(film["id"]), catalog, asker)["begun_s"] == 30


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api", {}, 404),
        ("/api/", {}, 404),
        ("/api/objects", {}, 404),
        ("/api/objects/0/", {}, 404),
        ("/api/objects/0/parents", {}, 404),
        ("/api/status/", {}, 404),
        ("/api/objects/nothing", {}, 404),
        ("/api/objects/%00%ff", {}, 404),
        ("/api/objects/", {}, 400),
        ("/api/objects/" + "x" * 1001, {}, 400),
        ("/api/objects/0", {"id": "music$"}, 400),
        ("/api/objects/0/children", {"count": 0}, 400),
        ("/api/objects/0/children", {"count": MOST_OBJECTS + 1}, 400),
        ("/api/objects/0/children", {"count": "²"}, 400),
        ("/api/objects/0/children", {"start": 2**31}, 400),
        ("/api/objects/0/children", {"start": -1}, 400),
        ("/api/objects/0/children", {"sort": "dc:title"}, 400),
        ("/api/objects/0/children", {"sort": "+nothing"}, 400),
        ("/api/search", {}, 400),
        ("/api/search", {"q": "x" * 201}, 400),
        ("/api/search", {"q": "x", "kind": "film"}, 400),
        ("/api/search", {"q": "x", "other": ""}, 400),
        ("/api/search", {f"p{n}": "" for n in range(40)}, 400),
        ("/api/status", {"q": ""}, 400),
    ],
)
def test_what_is_asked_wrongly_is_refused(catalog, path, query, status):
    assert refusal(path, catalog, **query) == status


def test_a_parameter_that_is_there_twice_is_refused():
    with pytest.raises(RefusedRequest):
        asked("/api/search", "q=a&q=b")


PATHS = st.sampled_from([route.path for route in ROUTES]) | st.text(max_size=30)


@given(PATHS.map(quote), st.text(max_size=60) | st.from_regex("(q|count|start)=.*"))
def test_any_request_is_read_or_refused(path, query):
    try:
        route, values = asked(path, query)
    except RefusedRequest:
        return
    assert values.keys() == {one.name for one in route.parameters}


def test_the_document_is_whole():
    names = set(DOCUMENT["components"]["schemas"])
    text = json.dumps(DOCUMENT)
    for name in names:
        assert f"schemas/{name}" in text or name == "Catalog"
    assert {route.answer for route in ROUTES} <= names
