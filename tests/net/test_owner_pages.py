"""The owner's pages behind their door in memory: who gets in, and what is done then."""

import re
from html import unescape
from urllib.parse import urlencode

from http_wire import Door
from lxml import html
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.catalog.views.words import words_of
from upnpserver.config import LANGUAGES
from upnpserver.errors import ConfigError
from upnpserver.net.owner_pages import MOST_CHECKS, OwnerPages
from upnpserver.owner.password import hashed
from upnpserver.rules.tries import TRIES
from upnpserver.web.owner_pages import Frame

PASSWORD = "three plain words"
KEPT = hashed(PASSWORD).replace("$15$", "$15$")
DEVICE = {
    "place": "00:11:22:33:44:55",
    "address": "192.0.2.20",
    "name": "",
    "kinds": ["A <b>bold</b> TV"],
    "first_s": 1_700_000_000,
    "last_s": 1_700_000_000,
    "standing": "in",
    "profile": "",
    "is_decided": False,
}
HOUSE = {
    "devices": [DEVICE],
    "waiting": {"192.0.2.66": "4721"},
    "profiles": ["Kids"],
    "libraries": [
        {"name": "Home", "audio": 3, "video": 0, "image": 1, "problems": 1},
    ],
    "refused": {},
}
ANSWERS = {
    "house": HOUSE,
    "problems": {"problems": [["Home", "Broken<.mp3", "no frames"]]},
    "kept": {"kept": {"device": [{"place": "x", "last_s": 1_700_000_000}], "play": []}},
    "refused": {"refused": {"connect": 2}},
    "log": {
        "lines": [
            "2026-01-02 03:04:05 info net.x: <first>",
            "2026-01-02 03:04:06 warning net.x: second",
        ]
    },
}
HERE = {"peer": "127.0.0.1", "own": "127.0.0.1"}


class OwnerPagesTests(SynchronousTestCase):
    kept = KEPT
    language = "en"
    is_secure = False

    def setUp(self):
        self.asked = []
        self.waiting = []  # work of threads that are held up
        self.is_held_up = False
        self.door = Door(scheme="http")
        frame = Frame("Tower", self.language, words_of(self.language))
        self.pages = OwnerPages(
            frame,
            self.ask_server,
            lambda: self.kept,
            self.in_thread,
            self.door.clock.seconds,
            is_secure=self.is_secure,
        )
        self.door = Door(self.pages.routes(), scheme="http")
        self.pages._now_s = self.door.clock.seconds
        self.cookie = ""

    def ask_server(self, question):
        self.asked.append(question)
        if question["do"] == "block":
            raise ConfigError("no such device")
        return ANSWERS.get(question["do"], {})

    def in_thread(self, work):
        if not self.is_held_up:
            return maybeDeferred(work)
        done = Deferred()
        self.waiting.append(lambda: done.callback(work()))
        return done

    def request(self, method, path, *fields, form=None, **ends):
        own = ends.get("own", "192.0.2.1")
        body = urlencode(form or {}).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {own}:8200", *fields]
        if self.cookie:
            lines.append(f"Cookie: {self.cookie}")
        if form is not None:
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {len(body)}")
        data = "\r\n".join([*lines, "", ""]).encode() + body
        answers, self.wire = self.door.ask(data, **ends)
        if not answers:
            return None
        (answer,) = answers
        if cookie := answer.headers.get("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        return answer

    def get(self, path="/", **ends):
        return self.request("GET", path, **ends)

    def post(self, path, form, *fields, **ends):
        return self.request("POST", path, *fields, form=form, **ends)

    def enter(self, password=PASSWORD, **ends):
        return self.post("/login", {"password": password}, **ends)

    def token(self):
        found = re.search(rb'name="form" value="([^"]+)"', self.get().body)
        return found[1].decode()


class WithPasswordTests(OwnerPagesTests):
    def test_nothing_is_shown_or_asked_for_without_it(self):
        for path in (
            "/",
            "/libraries",
            "/privacy",
            "/privacy.json",
            "/offline",
            "/log",
        ):
            answer = self.get(path)
            assert answer.status == 403
            assert b'type="password"' in answer.body
            assert b"TV" not in answer.body
        assert self.asked == []

    def test_nothing_is_done_without_it(self):
        for path in ("/devices", "/scan", "/forget"):
            assert self.post(path, {"form": "", "device": "all"}).status == 403
            assert self.post(path, {}).status == 403
        assert self.asked == []

    def test_this_machine_needs_it_too(self):
        assert self.get(**HERE).status == 403

    def test_it_opens_the_pages_for_one_browser(self):
        entered = self.enter()
        assert (entered.status, entered.headers["Location"]) == (303, "/")
        page = self.get()
        assert page.status == 200
        assert b"waits, and shows the code 4721" in page.body
        self.cookie = ""
        assert self.get().status == 403

    def test_its_cookie_is_for_nobody_else(self):
        cookie = self.enter().headers["Set-Cookie"]
        assert cookie.startswith("owner=")
        assert "; HttpOnly; SameSite=Strict" in cookie

    def test_what_others_wrote_is_text(self):
        self.enter()
        assert b"A &lt;b&gt;bold&lt;/b&gt; TV" in self.get().body
        assert b"Broken&lt;.mp3" in self.get("/libraries").body

    def test_a_form_of_another_page_does_nothing(self):
        self.enter()
        self.get()
        self.asked.clear()
        for form in ({}, {"form": ""}, {"form": "x" * 43}):
            assert self.post("/devices", form | {"device": "x"}).status == 403
        assert self.asked == []

    def test_another_pages_origin_is_refused(self):
        self.enter()
        token = self.token()
        self.asked.clear()
        for origin in ("http://evil.example", "null", "https://192.0.2.1:8200"):
            form = {"form": token, "do": "allow", "device": "x"}
            answer = self.post("/devices", form, f"Origin: {origin}")
            assert answer.status == 403
        assert self.post("/scan", {"form": token}, "Origin: http://192.0.2.1:8200")
        assert self.asked == [{"do": "scan"}]

    def test_a_device_is_let_in_as_what_was_chosen(self):
        self.enter()
        form = {"form": self.token(), "device": "192.0.2.66", "do": "allow"}
        done = self.post("/devices", form | {"profile": "Kids"})
        assert (done.status, done.headers["Location"]) == (303, "/")
        wanted = {"do": "allow", "device": "192.0.2.66", "profile": "Kids"}
        assert self.asked[-1] == wanted
        assert b"Done." in self.get().body
        assert b"Done." not in self.get().body  # told once

    def test_no_other_command_can_be_given(self):
        self.enter()
        form = {"form": self.token(), "device": "all", "do": "privacy-forget"}
        self.post("/devices", form)
        assert self.asked[-1]["do"] == "allow"

    def test_what_the_server_refuses_is_told(self):
        self.enter()
        form = {"form": self.token(), "device": "x", "do": "block"}
        assert self.post("/devices", form).status == 303
        assert b"That did not work: no such device" in self.get().body

    def test_all_is_forgotten_when_asked(self):
        self.enter()
        self.post("/forget", {"form": self.token(), "device": "all"})
        assert self.asked[-1] == {"do": "privacy-forget", "device": "all"}

    def test_who_leaves_has_left(self):
        self.enter()
        self.post("/logout", {"form": "not mine"})
        kept, self.cookie = self.cookie, self.cookie
        self.enter()
        token, entered = self.token(), self.cookie
        self.post("/logout", {"form": token})
        assert self.cookie == "owner="
        self.cookie = entered
        assert self.get().status == 403
        assert kept != entered

    def test_wrong_ones_are_counted_and_then_nobody_from_there_may_try(self):
        for number in range(TRIES):
            answer = self.enter(f"wrong number {number}")
            assert answer.status == 403
            assert b"That is not the password" in answer.body
        waiting = self.enter()
        assert waiting.status == 429
        assert waiting.headers["Retry-After"] == "900"
        assert self.enter(peer="192.0.2.8").status == 303
        self.door.clock.advance(901)
        assert self.enter().status == 303

    def test_few_are_looked_at_at_a_time(self):
        self.is_held_up = True
        for _ in range(MOST_CHECKS):
            assert self.enter() is None
        assert self.enter().status == 503
        for work in self.waiting:
            work()
        self.is_held_up = False
        assert self.enter().status == 303

    def test_nothing_may_be_kept_shown_elsewhere_or_loaded(self):
        self.enter()
        for path in ("/", "/privacy.json", "/web/owner.css"):
            headers = self.get(path).headers
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
        assert self.get("/").headers["Cache-Control"] == "no-store"
        assert b"<script" not in self.get("/").body

    def test_the_end_of_the_log_is_told_the_last_line_first(self):
        self.enter()
        told = html.document_fromstring(self.get("/log").body)
        first, second = told.xpath("//ol[@class='log']/li")
        self.assertEqual(first.text, "2026-01-02 03:04:06 warning net.x: second")
        self.assertEqual(first.get("class"), "grave")
        self.assertTrue(second.text.endswith("<first>"))

    def test_privacy_and_offline_are_told(self):
        self.enter()
        assert b'"last_s": 1700000000' in self.get("/privacy.json").body
        assert b"2023-11-14" in self.get("/privacy").body
        offline = self.get("/offline").body
        assert b"look-ups of names" in offline
        assert b"connect 2" in offline

    def test_odd_forms_are_no_forms(self):
        form = "application/x-www-form-urlencoded"
        for body, kind in (
            ("password=" + PASSWORD, "text/plain"),
            ("&".join(f"p{n}=1" for n in range(99)), form),
            ("password=%ff%fe", form),
            ("\xff", form),
        ):
            data = (
                "POST /login HTTP/1.1\r\nHost: 192.0.2.1:8200\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            ).encode("latin-1")
            (answer,), _ = self.door.ask(data, peer="192.0.2.9")
            assert answer.status == 403


class SecureTests(OwnerPagesTests):
    is_secure = True

    def test_the_cookie_goes_over_tls_only(self):
        cookie = self.enter().headers["Set-Cookie"]
        assert cookie.startswith("__Host-owner=")
        assert "; Secure" in cookie
        assert "; Path=/;" in cookie

    def test_nobody_is_told_that_it_is_not_encrypted(self):
        assert b"not encrypted" not in self.get().body


class PlainTests(OwnerPagesTests):
    def test_who_is_elsewhere_is_told_that_it_is_not_encrypted(self):
        assert b"not encrypted" in self.get().body
        assert b"not encrypted" not in self.get(**HERE).body


class WithoutPasswordTests(OwnerPagesTests):
    kept = ""

    def test_this_machine_is_the_owners(self):
        page = self.get(**HERE)
        assert page.status == 200
        assert b"A &lt;b&gt;bold" in page.body
        assert self.get(**HERE).status == 200

    def test_its_forms_are_still_its_own(self):
        self.get(**HERE)
        self.asked.clear()
        form = {"form": "x", "device": "y", "do": "allow"}
        assert self.post("/devices", form, **HERE).status == 403
        assert self.asked == []

    def test_others_are_told_what_to_do(self):
        answer = self.get()
        assert answer.status == 403
        assert "“upnpserver password”" in unescape(answer.body.decode())
        assert self.asked == []

    def test_no_password_lets_in(self):
        for password in ("", PASSWORD):
            assert self.enter(password).status == 403


class LanguageTests(OwnerPagesTests):
    def test_every_language_has_every_text(self):
        english = {key for key in words_of("en").texts if key.startswith("owner_")}
        for language in LANGUAGES:
            texts = words_of(language).texts
            assert {key for key in texts if key.startswith("owner_")} == english


class GermanTests(OwnerPagesTests):
    language = "de"

    def test_the_page_speaks_it(self):
        self.enter()
        body = self.get().body.decode()
        assert "wartet und zeigt den Code 4721" in body
        assert 'lang="de"' in body
