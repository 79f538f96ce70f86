"""GET and HEAD of an item's file, or a part of it: /media/<id>/<any name>.

The file is asked, not the catalog, how large it is: a recording that grows
plays on, and what is said of it is true at that moment.

Source: RFC 9110; reference dlna-media.md section 2; security.md requirements
7, 13, 18 and 22.
"""

import re

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.dlna.headers import caption_headers, dlna_headers
from upnpserver.dlna.ranges import Entity, Selection, select
from upnpserver.dlna.told import sent_mime, told_features
from upnpserver.errors import (
    FileChanged,
    RefusedRequest,
    UnsafePath,
)
from upnpserver.facts import facts_from_json
from upnpserver.media.embedded_texts import inside_told, text_paths
from upnpserver.model import Resource
from upnpserver.net.answer import format_http_date
from upnpserver.net.disks import Disks
from upnpserver.net.lookup import Find, looked_up, not_found
from upnpserver.net.openfile import OpenFile
from upnpserver.net.request import ServerRequest
from upnpserver.net.running import Begun, Course, not_noted
from upnpserver.net.sendfile import send_file
from upnpserver.net.source import Source

# A paused TV stops reading, and is waited for.
STALL_S = 300.0

_PATH = re.compile(rb"/media/([a-z2-7]{16})/[^/]*")
_LAST_SECOND = 253402300799  # of the year 9999: HTTP dates go no further
_MISSING = (FileNotFoundError, NotADirectoryError, PermissionError, UnsafePath)

Headers = list[tuple[str, str]]


class Streams:
    """Answers requests for the files of the catalog.

    resource: item id and policy -> its file; raises NoSuchObject,
        CannotProcess.
    begun: told of each stream: see net.running.
    stall_s: how long a client may read nothing.
    """

    log = Logger()

    def __init__(
        self,
        resource: Find,
        reactor: IReactorFromThreads,
        begun: Begun = not_noted,
        stall_s: float = STALL_S,
    ) -> None:
        self._resource, self._stall_s = resource, stall_s
        self._begun = begun
        self._disks = Disks(reactor)

    def stop(self) -> None:
        """Let the threads go."""
        self._disks.stop()

    def answer(self, request: ServerRequest) -> None:
        """Answer a GET or HEAD, now or when the disk has answered."""
        try:
            resource = self._find(request)
            needs = request.policy.needs
            headers = dlna_headers(
                request.header,
                resource.kind,
                told_features(resource.content_features, needs)[0],
                resource.duration_ms,
                any_mode=needs.any_transfer_mode,
            )
            if "caption-header" in needs.subtitles:
                path = _caption_path(request, resource)
                url = request.base_url + path if path else ""
                headers += caption_headers(request.header, url)
        except RefusedRequest as refusal:
            request.refuse(refusal)
            return
        opened = Source.open(self._disks, resource, lambda: not request.is_gone)
        opened.addCallbacks(
            self._opened,
            self._not_opened,
            callbackArgs=(request, resource, headers),
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
        self,
        source: Source,
        request: ServerRequest,
        resource: Resource,
        headers: Headers,
    ) -> Deferred[None] | None:
        """Send the head, and begin to send the file if that is wanted."""
        is_sending = False
        try:
            if request.is_gone:
                return None
            first, entity = _entity(source.file, resource)
            selection = select(request.header, entity)
            if not _is_content(request, selection, entity):
                return None
            mime = sent_mime(resource.mime, request.policy.needs)
            fields = _fields(mime, entity, selection) + headers
            length = selection.end - selection.start
            request.begin(selection.status, fields, length)
            if request.method == b"HEAD" or not length:
                request.finish_stream()
                return None
            is_sending = True
        except RefusedRequest as refusal:
            request.refuse(refusal)
            return None
        finally:
            if not is_sending:
                source.release()
        start, end = first + selection.start, first + selection.end
        wire = request.transport
        sent = send_file(wire, source, start, end, self._stall_s)
        course = Course(
            lambda: source.sent_until - first, lambda: source.sent_until - start
        )
        ended = self._begun(request, resource, entity.size_bytes, course)

        def over(result: Failure | None) -> Failure | None:
            ended(selection.start, course.at())
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


def _is_content(request: ServerRequest, selection: Selection, entity: Entity) -> bool:
    """Tell whether bytes are to be sent; if not, say why not."""
    if selection.status == 304:
        request.respond(304, _validators(entity))
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
    if selection.status == 206:
        span = f"{selection.start}-{selection.end - 1}"
        fields.append(("Content-Range", f"bytes {span}/{entity.size_bytes}"))
    return fields + _validators(entity)


def _validators(entity: Entity) -> Headers:
    return [("Last-Modified", entity.last_modified), ("ETag", entity.etag)]
