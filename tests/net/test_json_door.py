"""The JSON API at the door: answers, refusals and headers, on a wire in memory."""

import json

import pytest
from http_wire import Door
from support.made_up_files import household_catalog
from twisted.internet.defer import maybeDeferred

from upnpserver.errors import CannotProcess, CatalogUnusable
from upnpserver.net.api import Api
from upnpserver.policy import EVERYONE
from upnpserver.services.content_directory import Asker
from upnpserver.web.watched import Moment, Scan

MOMENT = Moment("Attic", "1.0", 60, Scan(), ())
HOST = ("Host", "192.0.2.1:8200")


class House:
    """An API that is answered from a catalog, or isn't."""

    def __init__(self, catalog):
        self.catalog = catalog
        api = Api(self, lambda request: Asker(EVERYONE, ""), lambda: MOMENT)
        self.door = Door({b"/x": {b"POST": api.answer}}, api.prefixes())

    def read(self, asker, work):
        assert asker.policy is EVERYONE
        if isinstance(self.catalog, Exception):
            return maybeDeferred(self._fail)
        return maybeDeferred(work, self.catalog)

    def _fail(self):
        raise self.catalog

    def ask(self, path, *fields, method="GET"):
        lines = [f"{name}: {value}" for name, value in ((HOST, *fields))]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""])
        (answer,), _ = self.door.ask(head.encode())
        return answer


@pytest.fixture
def house(tmp_path):
    with household_catalog(tmp_path) as reader:
        yield House(reader)


def test_answers_are_json_that_may_be_kept_by_who_asked(house):
    first = house.ask("/api/status")
    assert first.status == 200
    assert json.loads(first.body)["name"] == "Attic"
    headers = {name.lower(): value for name, value in first.headers.items()}
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control")]
    again = house.ask("/api/status", ("If-None-Match", f'"x", {headers["etag"]}'))
    assert (again.status, again.body) == (304, b"")
    head = house.ask("/api/status", method="HEAD")
    assert (head.status, head.headers["ETag"]) == (200, headers["etag"])


def test_the_document_is_served(house):
    document = json.loads(house.ask("/api/openapi.json").body)
    assert document["openapi"].startswith("3.1")
    assert "/api/objects/{id}" in document["paths"]


@pytest.mark.parametrize(
    ("path", "method", "fields", "status"),
    [
        ("/api/nothing", "GET", (), 404),
        ("/api/objects/nothing", "GET", (), 404),
        ("/api/search", "GET", (), 400),
        ("/api/status", "POST", (), 405),
        ("/api/status", "BREW", (), 501),
        ("/api/status", "GET", (("Origin", "http://elsewhere.example"),), 403),
    ],
)
def test_refusals_are_problems(house, path, method, fields, status):
    answer = house.ask(path, *fields, method=method)
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert (answer.status, problem["status"]) == (status, status)
    assert problem.keys() == {"type", "title", "status", "detail"}


def test_what_is_refused_elsewhere_stays_plain_text(house):
    answer = house.ask("/nothing")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_without_a_catalog_there_is_a_status_and_nothing_else(house):
    house.catalog = CannotProcess()
    assert json.loads(house.ask("/api/status").body)["is_ready"] is False
    answer = house.ask("/api/objects/0")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert json.loads(answer.body)["status"] == 503


def test_a_bug_is_a_500_that_says_nothing(house):
    house.catalog = CatalogUnusable("/secret/path")
    answer = house.ask("/api/objects/0")
    assert (answer.status, b"secret" in answer.body) == (500, False)
