"""GET of the pages that people see in a browser, and of what belongs to them.

    /                     what was added last
    /browse/<object id>   what is in a folder; ?page=2
    /item/<object id>     one film, piece of music or photo
    /search?q=            what a search finds
    /now                  what is played
    /web/<file>           style sheet and script

A page is read and written in a thread. Nothing in it comes from elsewhere, and the
browser is told to load nothing from elsewhere. Source: security.md requirement 2;
CSP level 3.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote

from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.catalog.views.words import Words
from upnpserver.errors import CannotProcess, NoSuchContainer, NoSuchObject
from upnpserver.net.libraries import Libraries
from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.content_directory import Asker
from upnpserver.web.watched import Moment

if TYPE_CHECKING:
    from upnpserver.web.library import Site

HTML: Final = "text/html; charset=utf-8"
SECURITY: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self';"
        " script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
MAX_QUERY: Final = 200
_STATIC: Final = Path(__file__).parents[1] / "web" / "static"
_TYPES: Final = {
    "style.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
}
_MAX_DIGITS: Final = 6

Work = Callable[[Asker, Catalog], bytes]


class Pages:
    """Answers browsers.

    name: of the server. library: see net.libraries. asker: who asks. owner_url: see
    web.library.Site. moment: the server as it is now.
    """

    log = Logger()

    def __init__(  # noqa: PLR0913, PLR0917 - what pages are made of
        self,
        name: str,
        words: Words,
        language: str,
        library: Libraries,
        asker: Callable[[ServerRequest], Asker],
        owner_url: Callable[[str], str],
        moment: Callable[[], Moment],
    ) -> None:
        self._name, self._words, self._language = name, words, language
        self._library, self._asker, self._owner_url = library, asker, owner_url
        self._moment = moment
        self._made: Site | None = None
        self._static = {name: (_STATIC / name).read_bytes() for name in _TYPES}

    def exact(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of whole paths."""
        routes: dict[bytes, Handler] = {
            b"/": self._start,
            b"/search": self._search,
            b"/now": self._now,
        }
        for name in _TYPES:
            routes[f"/web/{name}".encode()] = partial(self._send_static, name)
        return {path: _for_reading(handler) for path, handler in routes.items()}

    def prefixes(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of first segments."""
        return {
            b"/browse/": _for_reading(self._folder),
            b"/item/": _for_reading(self._item),
        }

    def _site(self) -> "Site":
        """Return what writes pages: loaded with the first one, in its thread.

        Most servers never load it.
        """
        if self._made is None:
            from upnpserver.web.library import Site  # noqa: PLC0415

            self._made = Site(self._name, self._language, self._words, self._owner_url)
        return self._made

    def _start(self, request: ServerRequest) -> None:
        self._write(request, lambda asker, catalog: self._site().start(asker, catalog))

    def _search(self, request: ServerRequest) -> None:
        query = _argument(request, "q")[:MAX_QUERY]
        self._write(
            request, lambda asker, catalog: self._site().search(asker, query, catalog)
        )

    def _folder(self, request: ServerRequest) -> None:
        page, object_id = _argument(request, "page"), _object_id(request)
        is_number = page.isascii() and page.isdigit() and len(page) <= _MAX_DIGITS
        number = max(1, int(page) if is_number else 1)
        self._write(
            request,
            lambda asker, catalog: self._site().folder(
                asker, object_id, number, catalog
            ),
        )

    def _item(self, request: ServerRequest) -> None:
        object_id = _object_id(request)
        self._write(
            request, lambda asker, catalog: self._site().item(asker, object_id, catalog)
        )

    def _now(self, request: ServerRequest) -> None:
        moment = self._moment()
        self._write(
            request, lambda asker, catalog: self._site().now(asker, moment, catalog)
        )

    def _write(self, request: ServerRequest, work: Work) -> None:
        asker = self._asker(request)
        written = self._library.read(asker, partial(work, asker))
        written.addCallbacks(
            partial(self._respond, request, 200),
            partial(self._say_why, request),
        )
        written.addErrback(partial(self._broken, request))

    def _respond(self, request: ServerRequest, status: int, page: bytes) -> None:
        headers = [("Content-Type", HTML), ("Cache-Control", "no-cache"), *SECURITY]
        request.respond(status, headers, page)

    def _say_why(self, request: ServerRequest, failure: Failure) -> None:
        failure.trap(NoSuchObject, NoSuchContainer, CannotProcess)  # type: ignore[no-untyped-call]
        is_missing = not isinstance(failure.value, CannotProcess)
        status, key = (404, "page_missing") if is_missing else (503, "page_not_yet")
        self._respond(request, status, self._site().message(self._words[key]))

    def _broken(self, request: ServerRequest, failure: Failure) -> None:
        self.log.failure("writing a page", failure)
        request.fail()

    def _send_static(self, name: str, request: ServerRequest) -> None:
        content = self._static[name]
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = [("ETag", etag), ("Cache-Control", "no-cache"), *SECURITY]
        if request.header(b"if-none-match") == etag:
            request.respond(304, headers)
            return
        request.respond(200, [("Content-Type", _TYPES[name]), *headers], content)


def _for_reading(handler: Handler) -> dict[bytes, Handler]:
    return {b"GET": handler, b"HEAD": handler}


def _object_id(request: ServerRequest) -> str:
    return unquote(request.path.split(b"/", 2)[2].decode("latin-1"))


def _argument(request: ServerRequest, name: str) -> str:
    try:
        found = parse_qs(request.query.decode("latin-1"), max_num_fields=8)
    except ValueError:  # more of them than any page asks for
        return ""
    return found.get(name, [""])[0]
