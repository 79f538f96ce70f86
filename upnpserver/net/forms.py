"""GET and HEAD of what is made on demand: pictures in other forms, SRT subtitles.

    /picture/<id>/<form>.<suffix>   see dlna/scaled.py
    /subtitle/<id>/text.en.srt      of a subtitle file in any text form

What was made once is kept on disk: no media disk is touched for it again, and
none is asked whether the file has changed: the catalog knows. The small pictures of
the lists that were shown last are kept in memory too. Source: reference
dlna-media.md section 4; RFC 9110 section 13.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.dlna.headers import dlna_headers
from upnpserver.dlna.protocolinfo import made_features
from upnpserver.dlna.ranges import is_among
from upnpserver.dlna.scaled import FORMS
from upnpserver.dlna.told import sent_mime, told_features
from upnpserver.errors import (
    ProbeError,
    ProbesUnavailable,
    RefusedRequest,
)
from upnpserver.facts import facts_from_json
from upnpserver.kept_forms import KeptForms
from upnpserver.media.embedded_texts import number_in, texts_in
from upnpserver.media.ffmpeg import still_arguments, text_arguments
from upnpserver.media.subtitle_names import SRT, SRT_MIME, form_of
from upnpserver.model import Kind, Resource
from upnpserver.net.convert import coded_in
from upnpserver.net.disks import Disks
from upnpserver.net.ffmpeg_maker import FfmpegMaker
from upnpserver.net.form_maker import FormMaker
from upnpserver.net.lookup import Find, looked_up, not_found
from upnpserver.net.recent import Recent
from upnpserver.net.request import ServerRequest
from upnpserver.net.source import Source

MOST_WAITING = 256
_STILL_WITHIN_S = 30.0  # a disk that sleeps, a Pi, a film in 4K
_TEXT_WITHIN_S = 900.0  # they lie between the pictures: all of a film is read
_PATH = re.compile(
    rb"(/picture|/subtitle)/([a-z2-7]{16})/([a-z]{2,4}(?:\.[a-z0-9-]{2,12}){0,3}\.[a-z]{3})"
)
_MOST_RECENT_BYTES = 768 * 1024  # a grid of 100 thumbnails
_LARGEST_RECENT_BYTES = 32 * 1024
_KEEPER = b""  # the disk of what is kept, to Disks
_REMEMBERED_FAILURES = 1024
_PICTURES = {f"{name}.{form.suffix}": name for name, form in FORMS.items()}
_SUBTITLE = ("text", "srt")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A form of what can be sent, and how to ask for it: see media/forms_child.py."""

    of: Resource
    asked: str
    mime: str
    features: str
    by_ffmpeg: Sequence[str] = ()  # the arguments, where it has to do it
    within_s: float = 0.0  # how long that may take

    @property
    def key(self) -> str:
        """The name under which it is kept: another one when the file has changed."""
        of, name = self.of, self.asked.replace(" ", "-")
        return f"{of.item_id}-{of.size_bytes:x}-{of.mtime_ns:x}-{name}"

    @property
    def etag(self) -> str:
        return f'"{self.key}"'

    def headers(self, request: ServerRequest) -> list[tuple[str, str]]:
        """Return the headers of an answer. Raises RefusedRequest (400, 406)."""
        needs = request.policy.needs
        features = told_features(self.features, needs)[0]
        dlna = dlna_headers(request.header, Kind.IMAGE, features)
        mime = sent_mime(self.mime, needs)
        return [("Content-Type", mime), ("ETag", self.etag), *dlna]


class Makers(NamedTuple):
    """What makes forms: of pictures and texts, and of films."""

    forms: FormMaker
    ffmpeg: FfmpegMaker


class Forms:
    """Answers requests for what has to be made.

    find: id and policy -> what to make it from; raises NoSuchObject, CannotProcess.
    """

    log = Logger()

    def __init__(
        self,
        find: Find,
        reactor: IReactorFromThreads,
        makers: Makers,
        kept: KeptForms,
    ) -> None:
        self._find, self._kept = find, kept
        self._maker, self._ffmpeg = makers
        self._disks = Disks(reactor)
        self._asking: dict[str, list[ServerRequest]] = {}
        self._failed: dict[str, None] = {}  # names of what can't be made
        self._recent: Recent[bytes] = Recent(_MOST_RECENT_BYTES, len)

    def stop(self) -> None:
        """Let threads and children go."""
        self._maker.stop()
        self._ffmpeg.stop()
        self._disks.stop()

    def answer(self, request: ServerRequest) -> None:
        """Answer a GET or HEAD, now or when it is made."""
        try:
            wanted = self._wanted(request)
            key = wanted.key
            if is_among(wanted.etag, request.header(b"if-none-match")):
                request.respond(304, [("ETag", wanted.etag)])
                return
            wanted.headers(request)  # refuses what can't be done before all work
            if key in self._failed:
                raise _not_made()
            content = self._recent.get(key)
            if content is not None:
                request.respond(200, wanted.headers(request), content)
                return
        except RefusedRequest as refusal:
            request.refuse(refusal)
            return
        if key in self._asking:
            self._asking[key].append(request)
            return
        if len(self._maker) + len(self._ffmpeg) >= MOST_WAITING:
            request.refuse(RefusedRequest(503, "Too much is asked for."))
            return
        self._asking[key] = [request]
        found = self._disks.run(_KEEPER, partial(self._kept.get, key), first=True)
        found.addCallback(self._made_if_missing, wanted)
        found.addCallbacks(
            self._send, self._refuse, callbackArgs=(wanted,), errbackArgs=(key,)
        )

    def _wanted(self, request: ServerRequest) -> _Wanted:
        match = _PATH.fullmatch(request.path)
        if match is None:
            raise not_found()
        what, item_id, name = match.groups()
        source = looked_up(self._find, item_id, request.policy)
        make = _picture if what == b"/picture" else _subtitle
        wanted = make(source, name.decode("ascii"))
        if wanted.by_ffmpeg and not self._ffmpeg.is_there:
            raise not_found()
        return wanted

    def _made_if_missing(self, found: bytes | None, wanted: _Wanted) -> Deferred[bytes]:
        if found is not None:
            self._remember(wanted.key, found)
            return succeed(found)
        of, is_wanted = wanted.of, partial(self._is_wanted, wanted.key)
        opened = Source.open(self._disks, of, is_wanted)
        return opened.addCallback(self._make, wanted)

    def _is_wanted(self, key: str) -> bool:
        return any(not request.is_gone for request in self._asking[key])

    def _make(self, source: Source, wanted: _Wanted) -> Deferred[bytes]:
        file, of, asked = source.file, wanted.of, wanted.asked
        if of.span:
            asked = f"{asked} {of.span.offset} {of.span.length}"
        is_known = (file.size_bytes, file.mtime_ns) == (of.size_bytes, of.mtime_ns)
        if of.span and not is_known:
            source.release()  # what lies there now may be anything
            raise FileNotFoundError
        is_wanted = partial(self._is_wanted, wanted.key)
        if wanted.by_ffmpeg:
            how, within_s = wanted.by_ffmpeg, wanted.within_s
            made = self._ffmpeg.make(file.fd, how, within_s, is_wanted)
        else:
            made = self._maker.make(file.fd, asked.encode("ascii"), is_wanted)

        def over(result: bytes | Failure) -> bytes | Failure:
            source.release()
            if is_known and isinstance(result, bytes):
                self._remember(wanted.key, result)
                self._disks.run(_KEEPER, partial(self._kept.put, wanted.key, result))
            return result

        return made.addBoth(over)

    def _remember(self, key: str, content: bytes) -> None:
        if len(content) <= _LARGEST_RECENT_BYTES:
            self._recent.keep(key, content)

    def _send(self, content: bytes, wanted: _Wanted) -> None:
        for request in self._asking.pop(wanted.key):
            request.respond(200, wanted.headers(request), content)

    def _refuse(self, failure: Failure, key: str) -> None:
        waiting = self._asking.pop(key)
        refusal = not_found()
        if isinstance(failure.value, ProbeError):
            refusal = _not_made()
            self._note_failed(key)
        elif isinstance(failure.value, ProbesUnavailable):
            refusal = RefusedRequest(503, "It can't be made now.")
        elif not isinstance(failure.value, OSError):
            self.log.failure("making another form", failure)
            refusal = RefusedRequest(500, "It could not be made.")
        self.log.debug("not made: {error}", error=failure.value)
        for request in waiting:
            request.refuse(refusal)

    def _note_failed(self, key: str) -> None:
        """Remember what can't be made: TVs ask for it again and again."""
        self._failed[key] = None
        if len(self._failed) > _REMEMBERED_FAILURES:
            del self._failed[next(iter(self._failed))]


def _picture(source: Resource, name: str) -> _Wanted:
    if name not in _PICTURES:
        raise not_found()
    if source.kind is Kind.VIDEO:
        return _still(source, _PICTURES[name])
    if not source.mime.startswith("image/"):
        raise not_found()
    form = FORMS[_PICTURES[name]]
    return _Wanted(source, _PICTURES[name], form.mime, made_features(form.profile))


def _still(source: Resource, name: str) -> _Wanted:
    """Return a picture out of a film, in the form of a name."""
    coded, form = coded_in(source), FORMS[name]
    if coded is None:
        raise not_found()
    codec = "png" if form.mime == "image/png" else "mjpeg"
    how = still_arguments(coded, form.width, form.height, codec)
    features = made_features(form.profile)
    asked = f"still {name}"
    return _Wanted(source, asked, form.mime, features, how, _STILL_WITHIN_S)


def _subtitle(source: Resource, name: str) -> _Wanted:
    if source.kind is Kind.VIDEO:
        return _text_inside(source, name)
    form = form_of(source.relative_path)
    first, *_, last = name.split(".")  # between them what is told in it
    if (first, last) != _SUBTITLE or form is None:
        raise not_found()
    return _Wanted(source, f"{SRT} {form[0]}", SRT_MIME, made_features())


def _text_inside(source: Resource, name: str) -> _Wanted:
    """Return the subtitles of a film that the end of a path names."""
    coded, number = coded_in(source), number_in(name)
    if coded is None or number not in texts_in(facts_from_json(source.facts_json)):
        raise not_found()
    how = text_arguments(coded, number)
    features = made_features()
    return _Wanted(source, f"text {number}", SRT_MIME, features, how, _TEXT_WITHIN_S)


def _not_made() -> RefusedRequest:
    return RefusedRequest(404, "This can't be read.")
