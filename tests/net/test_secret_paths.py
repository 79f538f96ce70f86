"""Addresses that nobody can guess: right ones work, all others never were."""

from dataclasses import replace

from http_wire import Door
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net.secret_paths import secret_of
from upnpserver.net.site import Routes
from upnpserver.policy import EVERYONE

KIDS = secret_of(b"key", "Kids")
PARENTS = secret_of(b"key", "Parents")


def test_each_profile_has_one_that_stays_and_can_stand_in_an_address():
    assert secret_of(b"key", "Kids") == KIDS
    assert len({KIDS, PARENTS, secret_of(b"other", "Kids"), secret_of(b"key", "")}) == 4
    assert len(KIDS) == 20
    assert "/" not in KIDS


@given(st.text())
def test_any_name_has_one(profile):
    assert len(secret_of(b"key", profile)) == 20


def told(request):
    body = f"{request.path.decode()} {request.base_url}".encode()
    request.respond(200, [("Content-Type", "text/x")], body)


class SecretPathTests(SynchronousTestCase):
    def setUp(self):
        self.policy = replace(EVERYONE, secret=KIDS)
        methods = {b"GET": told}
        self.door = Door(
            {b"/description.xml": methods},
            {b"/media/": methods, b"/browse/": methods},
            policy_for=lambda request: self.policy,
        )
        old = self.door.site._routes
        guarded = frozenset({b"/media/"})
        self.door.site._routes = Routes(old.exact, old.prefixes, guarded)

    def get(self, path):
        data = f"GET {path} HTTP/1.1\r\nHost: 192.0.2.1:8200\r\n\r\n".encode()
        (answer,), _ = self.door.ask(data)
        return answer.status, answer.body.decode()

    def test_the_one_that_was_told_works_and_stays_in_what_is_told_next(self):
        assert self.get(f"/s/{KIDS}/media/7.mp3") == (
            200,
            f"/media/7.mp3 http://192.0.2.1:8200/s/{KIDS}",
        )

    def test_all_others_are_as_what_never_was(self):
        missing = self.get("/nowhere")
        for path in (
            "/media/7.mp3",
            f"/s/{PARENTS}/media/7.mp3",
            f"/s/{KIDS[:-1]}/media/7.mp3",
            f"/s/{KIDS}x/media/7.mp3",
            f"/s/{KIDS}",
            f"/s/{KIDS}/",
            f"/s/{KIDS}/nowhere/7",
            f"/s/{KIDS}/s/{KIDS}/media/7.mp3",
            "/s//media/7.mp3",
        ):
            assert self.get(path) == missing
        assert missing[0] == 404

    def test_what_is_no_file_needs_none_and_has_none(self):
        assert self.get("/description.xml")[0] == 200
        assert self.get("/browse/0")[0] == 200
        assert self.get(f"/s/{KIDS}/browse/0")[0] == 404

    def test_who_has_none_knows_none(self):
        self.policy = EVERYONE
        assert self.get("/media/7.mp3")[0] == 200
        assert self.get(f"/s/{KIDS}/media/7.mp3")[0] == 404
        assert self.get("/s//media/7.mp3")[0] == 404
