"""Which part of a converted item a GET asks for, by bytes or by time. Pure.

What is PCM has a size that is known before it is made: any byte of it is found by
arithmetic. All else can be begun at a time only, and its end is told by the end of
the connection; a Range is then ignored, as RFC 9110 section 14.2 allows.

Source: reference dlna-media.md sections 1 and 3.
"""

from typing import NamedTuple

from upnpserver.dlna import npt
from upnpserver.dlna.converted import (
    WAV_HEAD_BYTES,
    Coded,
    Form,
    pcm_frame_bytes,
    pcm_shape,
    pcm_size,
    wav_head,
)
from upnpserver.dlna.ranges import Entity, select
from upnpserver.dlna.time_part import Header, asked_time


class Part(NamedTuple):
    """What to send. status: as of ranges.Selection, with what belongs to it.

    start_us: from where on it is to be converted. skipped: bytes of that which are
    left out. head: what goes before it. length: of all; None: nobody knows.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    start_us: int = 0
    skipped: int = 0
    head: bytes = b""
    length: int | None = None


def part_of(header: Header, coded: Coded, form: Form, version: str) -> Part:
    """Return what a GET or HEAD with these request headers gets.

    header: name in lower case -> value, "" if it was not sent. version: of the item's
    content, for the ETag. Raises RefusedRequest (400, 406, 416).
    """
    etag = f'"{version}-{form.name}"'
    size_bytes = pcm_size(coded, form)
    seek = asked_time(header, coded.duration_ms)
    if size_bytes is None:
        headers = [("Accept-Ranges", "none"), ("ETag", etag)]
        if seek is not None:
            all_of_it = npt.TimeSeek(seek.start_ms)  # the end asked for is not kept to
            told = npt.time_seek_answer(all_of_it, coded.duration_ms)
            headers.append((npt.HEADER, told))
        start_us = seek.start_ms * 1000 if seek else 0
        return Part(200, tuple(headers), start_us)
    if seek is not None:
        return _sought(seek, coded, form, size_bytes, etag)
    selection = select(header, Entity(size_bytes, etag))
    headers = [("Accept-Ranges", "bytes"), ("ETag", etag)]
    if selection.status == 416:
        headers.append(("Content-Range", f"bytes */{size_bytes}"))
    elif selection.status == 206:
        sent = f"{selection.start}-{selection.end - 1}"
        headers.append(("Content-Range", f"bytes {sent}/{size_bytes}"))
    if selection.status not in {200, 206}:
        return Part(selection.status, tuple(headers))
    span = selection.start, selection.end
    return _cut(selection.status, headers, span, coded, form)


def offset_of(coded: Coded, form: Form, part: Part) -> int:
    """Return where in all of a form with a size lies what is converted of it."""
    frame = round(part.start_us * pcm_shape(coded)[1] / 10**6)
    head = WAV_HEAD_BYTES if form.container == "wav" else 0
    return head + frame * pcm_frame_bytes(coded) + part.skipped


def _sought(
    seek: npt.TimeSeek, coded: Coded, form: Form, size_bytes: int, etag: str
) -> Part:
    """Return what of PCM lies at a time."""
    head = WAV_HEAD_BYTES if form.container == "wav" else 0

    def at(time_ms: int) -> int:
        frame = time_ms * pcm_shape(coded)[1] // 1000
        return min(head + frame * pcm_frame_bytes(coded), size_bytes)

    # A frame at least: what was asked for may lie between two of them.
    start = min(at(seek.start_ms), size_bytes - pcm_frame_bytes(coded))
    end = size_bytes if seek.end_ms is None else at(seek.end_ms)
    end = max(end, start + pcm_frame_bytes(coded))
    told = npt.time_seek_answer(
        seek, coded.duration_ms, f"bytes={start}-{end - 1}/{size_bytes}"
    )
    headers = [("Accept-Ranges", "bytes"), ("ETag", etag), (npt.HEADER, told)]
    return _cut(200, headers, (start, end), coded, form)


def _cut(
    status: int,
    headers: list[tuple[str, str]],
    span: tuple[int, int],
    coded: Coded,
    form: Form,
) -> Part:
    """Return the part from one byte to another: whole samples are converted."""
    start, end = span
    before = wav_head(coded) if form.container == "wav" else b""
    offset = max(0, start - len(before))
    frame, skipped = divmod(offset, pcm_frame_bytes(coded))
    start_us = frame * 10**6 // pcm_shape(coded)[1]
    head = before[start:end]
    return Part(status, tuple(headers), start_us, skipped, head, end - start)
