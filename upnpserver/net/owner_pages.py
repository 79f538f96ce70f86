"""Answers to the owner's browser: who he is, what he is shown, what he changes.

    /, /rules, /libraries, /privacy,      pages
    /offline, /log
    /privacy.json                         the same to keep
    /login, /logout                       POST
    /devices, /rules, /scan, /forget      POST: what is done, and then back to the page

Nothing is shown or done without a session; a form is heard only from a page of the
same session. Source: security.md requirements 2 and 12; RFC 6265; CSP level 3.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.template import Tag

from upnpserver import kept_data, offline_report
from upnpserver.catalog.views.words import Words
from upnpserver.errors import UpnpServerError
from upnpserver.net.disks import InThread
from upnpserver.net.documents import document_routes, server_documents
from upnpserver.net.pages import HTML
from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.owner import forms
from upnpserver.owner.password import is_right
from upnpserver.owner.sessions import Session, Sessions
from upnpserver.rules.tries import Tries
from upnpserver.web import owner_pages
from upnpserver.web.owner_pages import FORM_FIELD, Frame
from upnpserver.web.owner_rules import rules_page
from upnpserver.web.pages import written

MOST_CHECKS: Final = 3  # passwords that are looked at at a time: 32 MiB each
SECURITY: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    # "no-referrer" would take the Origin away by which our own forms are known.
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
_STATIC: Final = Path(__file__).parents[1] / "web" / "static"
_STYLES: Final = ("style.css", "owner.css")
_MAX_FIELDS: Final = 64
_MAX_VALUE: Final = 2000

Ask = Callable[[Mapping[str, object]], Mapping[str, Any]]


class OwnerPages:
    """The handlers.

    ask: puts a question to the server, waiting for its answer; raises UpnpServerError.
    kept_password: returns the line that is kept of the password, "" if there is none.
    in_thread: runs what has to wait. now_s: seconds that never go back.
    """

    log = Logger()

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        frame: Frame,
        ask: Ask,
        kept_password: Callable[[], str],
        in_thread: InThread,
        now_s: Callable[[], float],
        *,
        is_secure: bool,
    ) -> None:
        self._frame, self._ask, self._kept_password = frame, ask, kept_password
        self._in_thread, self._now_s = in_thread, now_s
        self._is_secure = is_secure
        self._cookie = "__Host-owner" if is_secure else "owner"
        self.sessions, self._tries, self._checks = Sessions(), Tries(), 0
        self.used_s = now_s()

    def routes(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of all paths."""
        documents = {
            path: one for path, one in server_documents().items() if "icon" in path
        }
        routes: dict[bytes, dict[bytes, Handler]] = document_routes(documents)
        for name in _STYLES:
            style = (_STATIC / name).read_bytes()
            routes[f"/web/{name}".encode()] = {b"GET": partial(_send_style, style)}
        for path, show in {
            b"/": self._devices,
            b"/rules": self._rules,
            b"/libraries": self._libraries,
            b"/privacy": self._privacy,
            b"/offline": self._offline,
            b"/log": self._log,
        }.items():
            routes[path] = {b"GET": partial(self._show, show)}
        routes[b"/privacy.json"] = {b"GET": partial(self._show, self._export)}
        routes[b"/login"] = {b"GET": _to_start, b"POST": self._log_in}
        routes[b"/logout"] = {b"POST": self._log_out}
        for path, page, question in (
            (b"/devices", "/", forms.device_question),
            (b"/rules", "/rules", forms.rule_question),
            (b"/scan", "/libraries", lambda fields: {"do": "scan"}),
            (b"/forget", "/privacy", forms.forget_question),
        ):
            do = partial(self._do, page, question)
            routes[path] = {**routes.get(path, {}), b"POST": do}
        return routes

    @property
    def _words(self) -> Words:
        return self._frame.words

    # Who it is

    def _show(
        self, show: Callable[[Frame], Tag | bytes], request: ServerRequest
    ) -> None:
        """Answer with a page, if it is the owner who asks."""
        self.used_s = self._now_s()
        session = self._session(request)
        if session is not None:
            self._show_to(session, show, request)
            return
        read = self._in_thread(self._kept_password)
        read.addCallback(partial(self._greet, show, request))
        read.addErrback(partial(self._broken, request))

    def _greet(
        self,
        show: Callable[[Frame], Tag | bytes],
        request: ServerRequest,
        kept: str,
    ) -> None:
        """Ask for the password; without one, this machine is the owner's."""
        if kept:
            self._ask_password(request, 403, "")
        elif request.peer.is_loopback:
            token = self.sessions.begin(self._now_s(), has_entered=False)
            session = self.sessions.find(token, self._now_s())
            assert session is not None
            self._show_to(session, show, request, self._cookie_header(token))
        else:
            text = self._words["owner_only_here"]
            self._send(request, 403, owner_pages.message_page(self._frame, text))

    def _show_to(
        self,
        session: Session,
        show: Callable[[Frame], Tag | bytes],
        request: ServerRequest,
        *headers: tuple[str, str],
    ) -> None:
        frame = replace(
            self._frame,
            path=request.path.decode("ascii", "replace"),
            token=session.form_token,
            message=session.message,
            may_leave=session.has_entered,
        )
        session.message = ""
        shown = self._in_thread(partial(show, frame))
        shown.addCallback(lambda page: self._send(request, 200, page, *headers))
        shown.addErrback(partial(self._say_why, request, frame))
        shown.addErrback(partial(self._broken, request))

    def _session(self, request: ServerRequest) -> Session | None:
        return self.sessions.find(self._token(request), self._now_s())

    def _token(self, request: ServerRequest) -> str:
        for part in request.header(b"cookie").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._cookie:
                return value
        return ""

    def _cookie_header(self, token: str) -> tuple[str, str]:
        secure = "; Secure" if self._is_secure else ""
        end = "" if token else "; Max-Age=0"
        return (
            "Set-Cookie",
            f"{self._cookie}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{end}",
        )

    def _log_in(self, request: ServerRequest) -> None:
        self.used_s = now_s = self._now_s()
        place = str(request.peer)
        pause_s = self._tries.pause_s(place, now_s)
        if pause_s:
            text = self._words.filled("owner_wait", number=int(pause_s // 60) + 1)
            self._ask_password(request, 429, text, ("Retry-After", f"{pause_s:.0f}"))
            return
        if self._checks >= MOST_CHECKS:
            text = self._words.filled("owner_wait", number=1)
            self._ask_password(request, 503, text, ("Retry-After", "2"))
            return
        password = forms.one(_fields_of(request), "password")
        self._checks += 1
        checked = self._in_thread(lambda: is_right(password, self._kept_password()))
        checked.addCallback(partial(self._checked, request, place, password))
        checked.addErrback(partial(self._broken, request))

    def _checked(
        self, request: ServerRequest, place: str, password: str, is_owner: bool
    ) -> None:
        self._checks -= 1
        if is_owner:
            self._tries.was_right(place)
            token = self.sessions.begin(self._now_s(), has_entered=True)
            _go(request, "/", self._cookie_header(token))
            return
        digest = hashlib.sha256(password.encode("utf-8", "replace")).hexdigest()
        self._tries.was_wrong(place, digest, self._now_s())
        self.log.warn("a wrong password for the owner's page from {a}", a=place)
        left = self._tries.tries_left(place)
        self._ask_password(request, 403, self._words.filled("owner_wrong", number=left))

    def _ask_password(
        self,
        request: ServerRequest,
        status: int,
        problem: str,
        *headers: tuple[str, str],
    ) -> None:
        is_plain = not self._is_secure and not request.peer.is_loopback
        page = owner_pages.login_page(self._frame, problem, is_plain=is_plain)
        self._send(request, status, page, *headers)

    def _log_out(self, request: ServerRequest) -> None:
        session = self._session(request)
        if session and session.is_own_form(forms.one(_fields_of(request), FORM_FIELD)):
            self.sessions.end(self._token(request))
        _go(request, "/", self._cookie_header(""))

    # What he changes

    def _do(
        self,
        page: str,
        question: Callable[[forms.Fields], Mapping[str, object]],
        request: ServerRequest,
    ) -> None:
        """Have done what a form says, and show its page again."""
        self.used_s = self._now_s()
        session, fields = self._session(request), _fields_of(request)
        if session is None or not session.is_own_form(forms.one(fields, FORM_FIELD)):
            text = self._words["owner_old_form"]
            self._send(request, 403, owner_pages.message_page(self._frame, text))
            return
        asked = self._in_thread(lambda: self._ask(question(fields)))
        asked.addCallbacks(
            lambda _: self._words["owner_done"], partial(self._reason, request)
        )
        asked.addCallback(partial(self._done, session, page, request))
        asked.addErrback(partial(self._broken, request))

    def _done(
        self, session: Session, page: str, request: ServerRequest, message: str
    ) -> None:
        session.message = message
        _go(request, page)

    def _reason(self, request: ServerRequest, failure: Failure) -> str:
        failure.trap(UpnpServerError)  # type: ignore[no-untyped-call]
        return self._words.filled("owner_failed", reason=failure.value)

    # What he is shown; all of it in a thread

    def _devices(self, frame: Frame) -> Tag:
        return owner_pages.devices_page(frame, self._ask({"do": "house"}))

    def _rules(self, frame: Frame) -> Tag:
        return rules_page(frame, self._ask({"do": "rule-tables"}))

    def _libraries(self, frame: Frame) -> Tag:
        problems = self._ask({"do": "problems"})["problems"]
        return owner_pages.libraries_page(frame, self._ask({"do": "house"}), problems)

    def _privacy(self, frame: Frame) -> Tag:
        return owner_pages.privacy_page(frame, self._ask({"do": "kept"})["kept"])

    def _export(self, frame: Frame) -> bytes:
        return kept_data.exported(self._ask({"do": "kept"})["kept"]).encode()

    def _offline(self, frame: Frame) -> Tag:
        refused = self._ask({"do": "refused"})["refused"]
        return owner_pages.offline_page(frame, offline_report.findings(), refused)

    def _log(self, frame: Frame) -> Tag:
        return owner_pages.log_page(frame, self._ask({"do": "log"})["lines"])

    # Answers

    def _send(
        self,
        request: ServerRequest,
        status: int,
        page: Tag | bytes,
        *headers: tuple[str, str],
    ) -> None:
        is_page = isinstance(page, Tag)
        body = written(page) if isinstance(page, Tag) else page
        content_type = HTML if is_page else "application/json"
        request.respond(
            status, [("Content-Type", content_type), *SECURITY, *headers], body
        )

    def _say_why(self, request: ServerRequest, frame: Frame, failure: Failure) -> None:
        """Show why there is no page: the server is ending, or is busy."""
        text = self._reason(request, failure)
        self._send(request, 503, owner_pages.message_page(frame, text))

    def _broken(self, request: ServerRequest, failure: Failure) -> None:
        self.log.failure("answering the owner", failure)
        request.fail()


def _send_style(style: bytes, request: ServerRequest) -> None:
    headers = [("Content-Type", "text/css; charset=utf-8"), *SECURITY[:-1]]
    request.respond(200, [*headers, ("Cache-Control", "max-age=3600")], style)


def _to_start(request: ServerRequest) -> None:
    _go(request, "/")


def _go(request: ServerRequest, path: str, *headers: tuple[str, str]) -> None:
    """Send the browser to another page, with a GET. Source: RFC 9110 section 15.4.4."""
    request.respond(303, [("Location", path), *SECURITY, *headers])


def _fields_of(request: ServerRequest) -> forms.Fields:
    """Return the fields of a form; none if it is no form."""
    if not request.header(b"content-type").startswith(
        "application/x-www-form-urlencoded"
    ):
        return {}
    try:
        found = parse_qs(
            request.body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        return {}
    return {
        name: [value[:_MAX_VALUE] for value in values] for name, values in found.items()
    }
