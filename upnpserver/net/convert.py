"""GET and HEAD of what is converted while it is sent: /convert/<id>/<form>.

The form stands in the URL, so that it is the same whoever fetches it: many devices
browse with one program and play with another. What may be converted to what is in
dlna/converted.py; which device is offered it, in its rules.

Source: reference dlna-media.md sections 1 to 3; security.md requirements 13, 18, 19.
"""

import re
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import (
    IReactorFromThreads,
    IReactorProcess,
    IReactorTime,
)
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.dlna.converted import (
    Coded,
    Form,
    coded_of,
    form_named,
    is_able,
    offer,
    pcm_size,
)
from upnpserver.dlna.converted_part import Part, offset_of, part_of
from upnpserver.dlna.headers import dlna_headers
from upnpserver.dlna.time_part import but_time
from upnpserver.dlna.told import sent_mime, told_features
from upnpserver.errors import ProbeError, RefusedRequest
from upnpserver.facts import facts_from_json
from upnpserver.media.embedded_texts import pictures_in
from upnpserver.media.ffmpeg import arguments, is_readable
from upnpserver.model import MediaFacts, Resource
from upnpserver.net.disks import Disks
from upnpserver.net.ffmpeg import Conversion, Limits, Tool, Wanted, look_for
from upnpserver.net.lookup import Find, looked_up, not_found
from upnpserver.net.request import ServerRequest
from upnpserver.net.running import Begun, Course, not_noted
from upnpserver.net.source import Source
from upnpserver.net.stream import STALL_S
from upnpserver.net.transport import Transport

RETRY_AFTER_S = 5
_PATH = re.compile(
    rb"/convert/([a-z2-7]{16})/(?:from(\d{1,6})-)?([a-z0-9-]{2,40}\.[a-z0-9]{2,4})"
)
# Of addresses; half of it is libraries. Measured: sound and copies need 350, a film
# in 1080p 700; one in 4K is decoded to pictures of 12 MB each.
_SOUND_MIB, _PICTURE_MIB = 768, 3072
# Processor time: what is decoded as it is played, several times over.
_LEAST_CPU_S, _CPU_S_A_SECOND, _PICTURE_CPU_S_A_SECOND = 120, 1, 10
_UNKNOWN_LENGTH_S = 6 * 3600

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be converted, and how it is answered.

    start_us: what stands for its beginning.
    """

    of: Resource
    start_us: int
    coded: Coded
    form: Form
    part: Part
    headers: Headers

    @property
    def limits(self) -> Limits:
        """What it may take."""
        is_picture = "h264" in self.form.made
        duration_s = self.coded.duration_ms // 1000 or _UNKNOWN_LENGTH_S
        cost = _PICTURE_CPU_S_A_SECOND if is_picture else _CPU_S_A_SECOND
        return Limits(
            _PICTURE_MIB if is_picture else _SOUND_MIB,
            _LEAST_CPU_S + duration_s * cost,
            STALL_S,
        )


class Conversions:
    """Answers requests for what has to be converted.

    find: id and policy -> what to convert; raises NoSuchObject, CannotProcess.
    most: how many may be at work at once. begun: see net.stream.Streams.
    tool: the ffmpeg that does it; without one there is nothing to be had.
    """

    log = Logger()

    def __init__(
        self,
        find: Find,
        reactor: IReactorFromThreads,
        processes: IReactorProcess,
        most: int,
        begun: Begun = not_noted,
    ) -> None:
        self._find, self._most, self._begun = find, most, begun
        self._reactor, self._processes = reactor, processes
        self._disks = Disks(reactor)
        self._at_work: dict[Conversion, tuple[str, str]] = {}
        self.tool = Tool()

    def __len__(self) -> int:
        """Return how many are at work."""
        return len(self._at_work)

    def start(self, use_encoders: Callable[[Collection[str]], None]) -> None:
        """Look which ffmpeg there is; use_encoders is told what it can code."""
        path = shutil.which("ffmpeg") if self._most else None
        if path is None:
            return

        def found(tool: Tool) -> None:
            self.tool = tool
            use_encoders(tool.encoders)

        clock: IReactorTime = self._reactor  # type: ignore[assignment]
        look_for(path, self._processes, clock).addCallback(found)

    def stop(self) -> None:
        """End all of them."""
        for conversion in tuple(self._at_work):
            conversion.stop()
        self._disks.stop()

    def answer(self, request: ServerRequest) -> None:
        """Answer a GET or HEAD, now or when the first bytes are there."""
        try:
            asked = self._asked(request)
            if asked.part.status not in {200, 206}:
                request.respond(asked.part.status, asked.part.headers)
                return
            if request.method == b"HEAD" or asked.part.length == len(asked.part.head):
                self._send_no_more(request, asked)
                return
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

    def _asked(self, request: ServerRequest) -> _Asked:
        match = _PATH.fullmatch(request.path)
        if match is None:
            raise not_found()
        needs = request.policy.needs
        of = looked_up(self._find, match[1], request.policy)
        coded, start_ms = coded_in(of), int(match[2] or 0) * 1000
        form = form_named(match[3].decode("ascii"), coded) if coded else None
        if coded is None or form is None or not is_able(form, self.tool.encoders):
            raise not_found()
        if form.burnt and int(form.burnt[1:]) not in pictures_in(_facts_in(of)):
            raise not_found()
        if start_ms:
            if form.is_music or start_ms >= coded.duration_ms:
                raise not_found()
            coded = coded._replace(duration_ms=coded.duration_ms - start_ms)
        told = offer(coded, form, needs.seek)
        headers = dlna_headers(
            but_time(request.header),
            of.kind,
            told_features(told.features, needs)[0],
            coded.duration_ms or None,
            any_mode=needs.any_transfer_mode,
        )
        version = f"{of.item_id}-{of.size_bytes:x}-{of.mtime_ns:x}-{start_ms}"
        part = part_of(request.header, coded, form, version)
        mime = sent_mime(told.mime, needs)
        fields = [("Content-Type", mime), *part.headers, *headers]
        return _Asked(of, start_ms * 1000, coded, form, part, fields)

    def _has_room(self, who: tuple[str, str]) -> bool:
        """Tell whether one more may begin; who: the client, and the item.

        A device that begins anew somewhere else often leaves the last one open.
        """
        if len(self._at_work) < self._most:
            return True
        own = [one for one, other in self._at_work.items() if other == who]
        if own:
            own[0].stop()
        return bool(own)

    def _send_no_more(self, request: ServerRequest, asked: _Asked) -> None:
        request.begin(asked.part.status, asked.headers, asked.part.length)
        if request.method != b"HEAD" and asked.part.head:
            request.transport.write(asked.part.head)
        request.finish_stream()

    def _not_opened(self, failure: Failure, request: ServerRequest) -> None:
        failure.trap(OSError)  # type: ignore[no-untyped-call]
        self.log.debug("can't open: {error}", error=failure.value)
        if not request.is_gone:
            request.refuse(not_found())

    def _opened(
        self, source: Source, request: ServerRequest, asked: _Asked
    ) -> Deferred[None] | None:
        who = str(request.peer), asked.of.item_id
        if request.is_gone or not self._has_room(who):
            source.release()
            if not request.is_gone:
                _refuse_for_now(request)
            return None
        part = asked.part

        def begin() -> Transport | None:
            if request.is_gone:
                return None
            request.begin(part.status, asked.headers, part.length)
            request.when_gone = None  # the transport tells from now on
            request.transport.write(part.head)
            return request.transport

        left = None if part.length is None else part.length - len(part.head)
        conversion = Conversion(
            Wanted(part.skipped, left, begin),
            asked.limits,
            self._reactor,  # type: ignore[arg-type]
            lambda: self._over(conversion, ended),
        )
        ended = self._told(request, asked, conversion)
        self._at_work[conversion] = who
        request.when_gone = conversion.stop
        start_us = asked.start_us + part.start_us
        how = arguments(asked.coded, asked.form, self.tool.encoders, start_us)
        try:
            conversion.start(self._processes, self.tool.path, how, source.file.fd)
        except OSError as error:
            self.log.warn("can't convert: {error}", error=error.strerror)
            conversion.stop()
        finally:
            source.release()
        return conversion.done.addCallbacks(
            lambda _: request.finish_stream(), self._cut, errbackArgs=(request,)
        )

    def _over(self, conversion: Conversion, ended: Callable[[], None]) -> None:
        del self._at_work[conversion]
        ended()

    def _told(
        self, request: ServerRequest, asked: _Asked, done: Conversion
    ) -> Callable[[], None]:
        """Tell that a conversion begins; return what tells that it is over."""
        of, part = asked.of, asked.part
        size = pcm_size(asked.coded, asked.form)
        if size is not None:
            start = offset_of(asked.coded, asked.form, part)
            course = Course(lambda: start + done.sent_bytes, lambda: done.sent_bytes)
        else:  # told by its time, as far as that is known
            size = of.duration_ms or 0
            start = (asked.start_us + part.start_us) // 1000
            course = Course(
                lambda: start + done.made_us // 1000, lambda: done.sent_bytes
            )
        ended = self._begun(request, of, size, course)
        return lambda: ended(start, course.at())

    def _cut(self, failure: Failure, request: ServerRequest) -> None:
        """End an answer that can't be completed; say why, if nothing was sent yet."""
        error = failure.value
        if not isinstance(error, (ProbeError, ConnectionClosed)):
            self.log.failure("converting", failure)
        self.log.debug("conversion cut: {error}", error=error)
        if request.is_gone:
            return
        if request.is_answered:
            request.abort()
        elif isinstance(error, ProbeError):
            request.refuse(RefusedRequest(404, "This can't be converted."))
        else:
            _refuse_for_now(request)

    def _broken(self, failure: Failure, request: ServerRequest) -> None:
        self.log.failure("answering with a conversion", failure)
        request.fail()


def _refuse_for_now(request: ServerRequest) -> None:
    refusal = RefusedRequest(503, "Too much is being converted.")
    request.refuse(refusal, ("Retry-After", str(RETRY_AFTER_S)))


def coded_in(of: Resource) -> Coded | None:
    """Return how an item is coded, None of what ffmpeg can't be told to read."""
    if not of.facts_json:
        return None
    coded = coded_of(_facts_in(of))
    return coded if coded and is_readable(coded) else None


def _facts_in(of: Resource) -> MediaFacts:
    return facts_from_json(of.facts_json)
