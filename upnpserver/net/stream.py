"""GET and HEAD of an item's file, or a part of it: /media/<id>/<any name>.

The file is asked, not the catalog, how large it is: a recording that grows
plays on, and what is said of it is true at that moment.

Source: RFC 9110; reference dlna-media.md section 2; security.md requirements
7, 13, 18 and 22.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.dlna.headers import caption_headers, dlna_headers
from upnpserver.dlna.multipart import Multipart, Piece, multipart
from upnpserver.dlna.npt import TimeSeek
from upnpserver.dlna.protocolinfo import is_sought_by_time
from upnpserver.dlna.ranges import MOST_PARTS, Entity, Selection, select
from upnpserver.dlna.time_part import (
    VARIES,
    asked_time,
    but_time,
    offered_headers,
    sought_headers,
)
from upnpserver.dlna.told import sent_mime, told_features
from upnpserver.errors import (
    FileChanged,
    RefusedRequest,
    UnsafePath,
)
from upnpserver.facts import facts_from_json
from upnpserver.media.embedded_texts import inside_told, text_paths
from upnpserver.media.places import Span
from upnpserver.model import Resource
from upnpserver.net.answer import format_http_date
from upnpserver.net.disks import Disks
from upnpserver.net.lookup import Find, looked_up, not_found
from upnpserver.net.openfile import OpenFile
from upnpserver.net.parts import Parts
from upnpserver.net.request import ServerRequest
from upnpserver.net.running import Begun, Course, not_noted
from upnpserver.net.sendfile import send_file
from upnpserver.net.source import Source
from upnpserver.net.time_seek import TimeSeeks
from upnpserver.net.transport import Transport

# A paused TV stops reading, and is waited for.
STALL_S = 300.0
_BOUNDARY_BYTES = 16  # by chance in no file

_PATH = re.compile(rb"/media/([a-z2-7]{16})/[^/]*")
_LAST_SECOND = 253402300799  # of the year 9999: HTTP dates go no further
_MISSING = (FileNotFoundError, NotADirectoryError, PermissionError, UnsafePath)

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for. headers: of the answer. seek: None for all or for bytes."""

    of: Resource
    headers: Headers
    seek: TimeSeek | None
    is_sought_by_time: bool

    @property
    def duration_ms(self) -> int:
        return self.of.duration_ms or 0


class _Part(NamedTuple):
    """What of a file is sent; first: where in it what the item is begins."""

    source: Source
    first: int
    entity: Entity
    selection: Selection

    def several(self, mime: str) -> Multipart:
        """Return the body of an answer of several parts."""
        boundary = os.urandom(_BOUNDARY_BYTES).hex()
        size_bytes = self.entity.size_bytes
        return multipart(self.selection.parts, mime, size_bytes, boundary)

    def sent_on(
        self, wire: Transport, stall_s: float, several: Multipart | None
    ) -> tuple[Deferred[None], Course]:
        """Begin to send; return what fires at the end, and how far it is."""
        source, first = self.source, self.first
        if several is None:
            start, end = first + self.selection.start, first + self.selection.end
            sent = send_file(wire, source, start, end, stall_s)
            return sent, Course(
                lambda: source.sent_until - first, lambda: source.sent_until - start
            )
        pieces = [
            Piece(head, first + start, first + end)
            for head, start, end in several.pieces
        ]
        parts = Parts(pieces, several.tail)
        sent = parts.send(wire, source, stall_s)
        return sent, Course(lambda: parts.at() - first, parts.sent)


class Streams:
    """Answers requests for the files of the catalog.

    resource: item id and policy -> its file; raises NoSuchObject,
        CannotProcess.
    begun: told of each stream: see net.running.
    times: finds the bytes of times; without it nothing is sought by time.
    stall_s: how long a client may read nothing.
    """

    log = Logger()

    def __init__(
        self,
        resource: Find,
        reactor: IReactorFromThreads,
        begun: Begun = not_noted,
        times: TimeSeeks | None = None,
        *,
        stall_s: float = STALL_S,
    ) -> None:
        self._resource, self._stall_s = resource, stall_s
        self._begun, self._times = begun, times
        self._disks = Disks(reactor)

    def stop(self) -> None:
        """Let the threads go."""
        self._disks.stop()
        if self._times is not None:
            self._times.stop()

    def answer(self, request: ServerRequest) -> None:
        """Answer a GET or HEAD, now or when the disk has answered."""
        try:
            asked = _asked(request, self._find(request), self._times is not None)
        except RefusedRequest as refusal:
            request.refuse(refusal)
            return
        opened = Source.open(self._disks, asked.of, lambda: not request.is_gone)
        opened.addCallbacks(
            self._opened,
            self._not_opened,
            callbackArgs=(request, asked),
            errbackArgs=(request,),
        )
        opened.addErrback(self._broken, request)

    def _find(self, request: ServerRequest) -> Resource:
        match = _PATH.fullmatch(request.path)
        if match is None:
            raise not_found()
        return looked_up(self._resource, match[1], request.policy)

    def _not_opened(self, failure: Failure, request: ServerRequest) -> None:
        failure.trap(OSError)  # type: ignore[no-untyped-call]
        if request.is_gone:
            return
        self.log.debug("can't open: {error}", error=failure.value)
        if isinstance(failure.value, _MISSING):
            request.refuse(not_found())
        else:
            request.refuse(RefusedRequest(503, "The disk does not answer."))

    def _opened(
        self, source: Source, request: ServerRequest, asked: _Asked
    ) -> Deferred[None] | None:
        return _handed_over(
            source, request, lambda: self._answer_from(source, request, asked)
        )

    def _answer_from(
        self, source: Source, request: ServerRequest, asked: _Asked
    ) -> Deferred[None] | None:
        """Answer from an open file; None: nothing of it is sent."""
        first, entity = _entity(source.file, asked.of)
        selection = select(request.header, entity, MOST_PARTS)
        if not _is_content(request, selection, entity, asked):
            return None
        part = _Part(source, first, entity, selection)
        if asked.seek is None or self._times is None or not entity.size_bytes:
            return self._send(part, request, asked)
        found = self._times.span(source, asked.of, asked.seek)
        return found.addCallbacks(
            self._found,
            self._not_found,
            callbackArgs=(part, request, asked),
            errbackArgs=(source, request),
        )

    def _found(
        self, span: Span, part: _Part, request: ServerRequest, asked: _Asked
    ) -> Deferred[None] | None:
        """Send what lies at the time that was asked for."""
        assert asked.seek is not None
        size_bytes = part.entity.size_bytes
        told = sought_headers(asked.seek, asked.duration_ms, span, size_bytes)
        if request.head.is_http_1_0:
            told.append(("Pragma", "no-cache"))
        asked.headers.extend(told)
        part = part._replace(selection=Selection(200, *span))
        return _handed_over(
            part.source, request, lambda: self._send(part, request, asked)
        )

    def _not_found(
        self, failure: Failure, source: Source, request: ServerRequest
    ) -> None:
        source.release()
        failure.trap(RefusedRequest)  # type: ignore[no-untyped-call]
        if not request.is_gone:
            request.refuse(failure.value)  # type: ignore[arg-type]

    def _send(
        self, part: _Part, request: ServerRequest, asked: _Asked
    ) -> Deferred[None] | None:
        """Send the head, and begin to send the file if that is wanted."""
        entity, selection = part.entity, part.selection
        length = selection.end - selection.start
        mime, several = sent_mime(asked.of.mime, request.policy.needs), None
        if selection.parts:
            several = part.several(mime)
            mime, length = several.content_type, several.length
            if length > entity.size_bytes:  # more than the whole: security.md 18
                whole = Selection(200, 0, entity.size_bytes)
                return self._send(part._replace(selection=whole), request, asked)
        fields = _fields(mime, entity, selection) + asked.headers
        if asked.is_sought_by_time:
            size_bytes = entity.size_bytes
            fields += offered_headers(request.header, asked.duration_ms, size_bytes)
        request.begin(selection.status, fields, length)
        if request.method == b"HEAD" or not length:
            request.finish_stream()
            return None
        sent, course = part.sent_on(request.transport, self._stall_s, several)
        ended = self._begun(request, asked.of, entity.size_bytes, course)

        def over(result: Failure | None) -> Failure | None:
            until = course.at()
            ended(until if several else selection.start, until)
            return result

        return sent.addBoth(over).addCallbacks(
            lambda _: request.finish_stream(), self._cut, errbackArgs=(request,)
        )

    def _cut(self, failure: Failure, request: ServerRequest) -> None:
        """End a stream whose client left, or whose file is not what it was."""
        error = failure.value
        if isinstance(error, (FileChanged, OSError)):
            self.log.debug("stream cut: {error}", error=error)
        elif not isinstance(error, ConnectionClosed):
            self.log.failure("sending a stream", failure)
        request.abort()

    def _broken(self, failure: Failure, request: ServerRequest) -> None:
        self.log.failure("answering a stream", failure)
        request.fail()


def _handed_over(
    source: Source,
    request: ServerRequest,
    answer: Callable[[], Deferred[None] | None],
) -> Deferred[None] | None:
    """Answer with a source, which is released if that doesn't take it over."""
    sending = None
    try:
        sending = None if request.is_gone else answer()
    except RefusedRequest as refusal:
        request.refuse(refusal)
    finally:
        if sending is None:
            source.release()
    return sending


def _asked(request: ServerRequest, of: Resource, can_seek: bool) -> _Asked:
    """Return what is asked for. Raises RefusedRequest (400, 406, 416)."""
    needs, header = request.policy.needs, request.header
    features = told_features(of.content_features, needs)[0]
    is_by_time = can_seek and bool(of.duration_ms) and is_sought_by_time(features)
    seek = asked_time(header, of.duration_ms if is_by_time else None)
    headers = dlna_headers(
        but_time(header),
        of.kind,
        features,
        of.duration_ms,
        any_mode=needs.any_transfer_mode,
    )
    if "caption-header" in needs.subtitles:
        path = _caption_path(request, of)
        url = request.base_url + path if path else ""
        headers += caption_headers(header, url)
    return _Asked(of, headers, seek, is_by_time)


def _caption_path(request: ServerRequest, resource: Resource) -> str:
    """Return the URL path of a film's best subtitle, "" if nobody asks or it has none.

    Those inside it count where they can be taken out.
    """
    is_asked = request.header(b"getcaptioninfo.sec")
    if resource.caption_path or not is_asked or not request.policy.takes_out:
        return resource.caption_path
    if not resource.facts_json:
        return ""
    told = inside_told(facts_from_json(resource.facts_json))
    return next(text_paths(resource.item_id, told), "")


def _entity(file: OpenFile, resource: Resource) -> tuple[int, Entity]:
    """Return where in the file its bytes begin, and what is sent of it.

    Raises RefusedRequest (404) if only a part is meant, and the file is no
    longer the one in which that was found.
    """
    first, size_bytes = 0, file.size_bytes
    if span := resource.span:
        is_same = (file.size_bytes, file.mtime_ns) == (span.size_bytes, span.mtime_ns)
        if not is_same or span.offset + span.length > file.size_bytes:
            raise not_found()
        first, size_bytes = span.offset, span.length
    etag = f'"{resource.item_id}-{file.size_bytes:x}-{file.mtime_ns:x}"'
    mtime_s = min(max(file.mtime_ns // 10**9, 0), _LAST_SECOND)
    return first, Entity(size_bytes, etag, mtime_s, format_http_date(mtime_s))


def _is_content(
    request: ServerRequest, selection: Selection, entity: Entity, asked: _Asked
) -> bool:
    """Tell whether bytes are to be sent; if not, say why not."""
    if selection.status == 304:
        varies = [VARIES] if asked.is_sought_by_time else []
        request.respond(304, _validators(entity) + varies)
    elif selection.status == 412:
        request.refuse(RefusedRequest(412, "The file is not as you expect."))
    elif selection.status == 416:
        request.refuse(
            RefusedRequest(416, "The file has no such bytes."),
            ("Content-Range", f"bytes */{entity.size_bytes}"),
        )
    else:
        return True
    return False


def _fields(mime: str, entity: Entity, selection: Selection) -> Headers:
    fields = [("Content-Type", mime), ("Accept-Ranges", "bytes")]
    if selection.status == 206 and not selection.parts:
        span = f"{selection.start}-{selection.end - 1}"
        fields.append(("Content-Range", f"bytes {span}/{entity.size_bytes}"))
    return fields + _validators(entity)


def _validators(entity: Entity) -> Headers:
    return [("Last-Modified", entity.last_modified), ("ETag", entity.etag)]
