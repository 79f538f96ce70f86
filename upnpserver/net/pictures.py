"""GET and HEAD of a picture in another form: /picture/<id>/<form>.<suffix>.

What was drawn once is kept on disk: no media disk is touched for it again, and
none is asked whether the file has changed: the catalog knows. Source: reference
dlna-media.md section 4; RFC 9110 section 13.
"""

import re
from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.dlna.headers import dlna_headers
from upnpserver.dlna.protocolinfo import scaled_features
from upnpserver.dlna.scaled import FORMS, Form
from upnpserver.errors import (
    CannotProcess,
    NoSuchObject,
    ProbeError,
    ProbesUnavailable,
    RefusedRequest,
)
from upnpserver.kept_pictures import KeptPictures
from upnpserver.model import Kind, Picture
from upnpserver.net.disks import Disks
from upnpserver.net.renderer import Renderer
from upnpserver.net.request import ServerRequest
from upnpserver.net.source import Source
from upnpserver.policy import ClientPolicy

MOST_WAITING = 256
_PATH = re.compile(rb"/picture/([a-z2-7]{16})/([a-z]{2,3})\.([a-z]{3})")
_KEEPER = b""  # the disk of what is kept, to Disks
_REMEMBERED_FAILURES = 1024

Find = Callable[[str, ClientPolicy], Picture]


class Pictures:
    """Answers requests for pictures that have to be drawn.

    find: id and policy -> what to draw from; raises NoSuchObject, CannotProcess.
    """

    log = Logger()

    def __init__(
        self,
        find: Find,
        reactor: IReactorFromThreads,
        renderer: Renderer,
        kept: KeptPictures,
    ) -> None:
        self._find, self._renderer, self._kept = find, renderer, kept
        self._disks = Disks(reactor)
        self._asking: dict[str, list[ServerRequest]] = {}
        self._failed: dict[str, None] = {}  # names of what can't be drawn

    def stop(self) -> None:
        """Let threads and children go."""
        self._renderer.stop()
        self._disks.stop()

    def answer(self, request: ServerRequest) -> None:
        """Answer a GET or HEAD, now or when the picture is drawn."""
        try:
            picture, name = self._asked(request)
            key = _key(picture, name)
            if request.header(b"if-none-match") == _etag(key):
                request.respond(304, [("ETag", _etag(key))])
                return
            # Refuses what can't be done before anything is drawn.
            _headers(request, key, FORMS[name])
            if key in self._failed:
                raise _not_drawn()
        except RefusedRequest as refusal:
            request.refuse(refusal)
            return
        if key in self._asking:
            self._asking[key].append(request)
            return
        if len(self._renderer) >= MOST_WAITING:
            request.refuse(RefusedRequest(503, "Too many pictures are asked for."))
            return
        self._asking[key] = [request]
        found = self._disks.run(_KEEPER, partial(self._kept.get, key), first=True)
        found.addCallback(self._drawn_if_missing, picture, key, name)
        found.addCallbacks(
            self._send, self._refuse, callbackArgs=(key, name), errbackArgs=(key,)
        )

    def _asked(self, request: ServerRequest) -> tuple[Picture, str]:
        match = _PATH.fullmatch(request.path)
        name = match[2].decode("ascii") if match else ""
        if match is None or name not in FORMS:
            raise _nothing()
        if match[3].decode("ascii") != FORMS[name].suffix:
            raise _nothing()
        try:
            return self._find(match[1].decode("ascii"), request.policy), name
        except NoSuchObject:
            raise _nothing() from None
        except CannotProcess:
            raise RefusedRequest(503, "The library is being read again.") from None

    def _drawn_if_missing(
        self, found: bytes | None, picture: Picture, key: str, name: str
    ) -> Deferred[bytes]:
        if found is not None:
            return succeed(found)
        opened = Source.open(
            self._disks,
            picture.root,
            picture.relative_path,
            lambda: self._is_wanted(key),
        )
        return opened.addCallback(self._draw, picture, key, name)

    def _is_wanted(self, key: str) -> bool:
        return any(not request.is_gone for request in self._asking[key])

    def _draw(
        self, source: Source, picture: Picture, key: str, name: str
    ) -> Deferred[bytes]:
        asked = name
        if picture.length:
            asked = f"{name} {picture.offset} {picture.length}"
        file = source.file
        stamp = picture.size_bytes, picture.mtime_ns
        is_known = (file.size_bytes, file.mtime_ns) == stamp
        if picture.length and not is_known:
            source.release()  # what lies there now may be anything
            raise FileNotFoundError
        drawn = self._renderer.draw(
            file.fd, asked.encode("ascii"), lambda: self._is_wanted(key)
        )

        def over(result: bytes | Failure) -> bytes | Failure:
            source.release()
            if is_known and isinstance(result, bytes):
                self._disks.run(_KEEPER, partial(self._kept.put, key, result))
            return result

        return drawn.addBoth(over)

    def _send(self, content: bytes, key: str, name: str) -> None:
        for request in self._asking.pop(key):
            headers = _headers(request, key, FORMS[name])
            request.respond(200, headers, content)

    def _refuse(self, failure: Failure, key: str) -> None:
        waiting = self._asking.pop(key)
        refusal = _nothing()
        if isinstance(failure.value, ProbeError):
            refusal = _not_drawn()
            self._note_failed(key)
        elif isinstance(failure.value, ProbesUnavailable):
            refusal = RefusedRequest(503, "No picture can be drawn now.")
        elif not isinstance(failure.value, OSError):
            self.log.failure("drawing a picture", failure)
            refusal = RefusedRequest(500, "The picture could not be drawn.")
        self.log.debug("not drawn: {error}", error=failure.value)
        for request in waiting:
            request.refuse(refusal)

    def _note_failed(self, key: str) -> None:
        """Remember what can't be drawn: TVs ask for it again and again."""
        self._failed[key] = None
        if len(self._failed) > _REMEMBERED_FAILURES:
            del self._failed[next(iter(self._failed))]


def _key(picture: Picture, name: str) -> str:
    stamp = f"{picture.size_bytes:x}-{picture.mtime_ns:x}"
    return f"{picture.picture_id}-{stamp}-{name}"


def _etag(key: str) -> str:
    return f'"{key}"'


def _headers(request: ServerRequest, key: str, form: Form) -> list[tuple[str, str]]:
    """Return the headers of an answer. Raises RefusedRequest (400, 406)."""
    dlna = dlna_headers(request.header, Kind.IMAGE, scaled_features(form.profile))
    return [("Content-Type", form.mime), ("ETag", _etag(key)), *dlna]


def _nothing() -> RefusedRequest:
    return RefusedRequest(404, "There is nothing here.")


def _not_drawn() -> RefusedRequest:
    return RefusedRequest(404, "This picture can't be drawn.")
