"""GET of the JSON API: web.api answers, in a thread, as the asking device may see it.

Source: security.md requirements 2 and 16; RFC 9110 section 13 (ETag).
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver import __version__
from upnpserver.errors import CannotProcess, RefusedRequest
from upnpserver.net.libraries import Libraries
from upnpserver.net.refusal import API
from upnpserver.net.request import ServerRequest
from upnpserver.net.site import Handler
from upnpserver.services.content_directory import Asker
from upnpserver.web.watched import Moment

JSON: Final = "application/json"
RETRY_AFTER_S: Final = 5
# It is for programs and our own pages: no page of others may take it in.
_OWN: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class Api:
    """Answers programs.

    library: see net.libraries. asker: who asks. moment: the server as it is now.
    """

    log = Logger()

    def __init__(
        self,
        library: Libraries,
        asker: Callable[[ServerRequest], Asker],
        moment: Callable[[], Moment],
    ) -> None:
        self._library, self._asker, self._moment = library, asker, moment

    def prefixes(self) -> dict[bytes, dict[bytes, Handler]]:
        """Return the handlers of first segments."""
        return {API: dict.fromkeys((b"GET", b"HEAD"), self.answer)}

    def answer(self, request: ServerRequest) -> None:
        """Answer, now or when the catalog has answered."""
        try:
            answer = self._answer(request)
        except RefusedRequest as refusal:
            request.refuse(refusal)
            return
        if isinstance(answer, bytes):
            respond(request, JSON, answer)
            return
        answer.addCallbacks(
            partial(respond, request, JSON), partial(self._say_why, request)
        )
        answer.addErrback(partial(self._broken, request))

    def events(self, asker: Asker) -> Deferred[Mapping[str, bytes]]:
        """Return what moves, as somebody may see it: see web.api.events()."""
        from upnpserver.web import api  # noqa: PLC0415

        moment = self._moment()
        read = self._library.read(
            asker, lambda catalog: api.events(asker, catalog, moment)
        )

        def without(failure: Failure) -> Mapping[str, bytes]:
            failure.trap(CannotProcess)  # type: ignore[no-untyped-call]
            return api.events(asker, None, moment)

        return read.addErrback(without)

    def _answer(self, request: ServerRequest) -> bytes | Deferred[bytes]:
        # Most servers are never asked: loaded with the first request.
        from upnpserver.web import api, openapi  # noqa: PLC0415

        moment, path = self._moment(), request.path.decode("latin-1")
        if path == openapi.OPENAPI_PATH:
            return api.written(openapi.document(moment.name, __version__))
        route, values = api.asked(path, request.query.decode("latin-1"))
        asker = self._asker(request)
        answered = partial(api.answered, route, values, asker)
        read = self._library.read(asker, lambda catalog: answered(catalog, moment))

        def without(failure: Failure) -> bytes:
            failure.trap(CannotProcess)  # type: ignore[no-untyped-call]
            return answered(None, moment)

        return read if route.needs_catalog else read.addErrback(without)

    def _say_why(self, request: ServerRequest, failure: Failure) -> None:
        failure.trap(RefusedRequest, CannotProcess)  # type: ignore[no-untyped-call]
        if isinstance(failure.value, RefusedRequest):
            request.refuse(failure.value)
            return
        refusal = RefusedRequest(503, "The library can't be read now.")
        request.refuse(refusal, ("Retry-After", str(RETRY_AFTER_S)))

    def _broken(self, request: ServerRequest, failure: Failure) -> None:
        self.log.failure("answering the API", failure)
        request.fail()


def respond(request: ServerRequest, mime: str, content: bytes) -> None:
    """Answer with content, or that it is still what the client has."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    # What is told depends on who asks: for nobody else's cache.
    headers = [("ETag", etag), ("Cache-Control", "private, no-cache"), *_OWN]
    known = request.header(b"if-none-match").split(",")
    if etag in map(str.strip, known):
        request.respond(304, headers)
    else:
        request.respond(200, [("Content-Type", mime), *headers], content)
