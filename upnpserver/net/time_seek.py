"""Which bytes of a file lie between two times, as the reactor asks for it.

A child finds it in the file itself (media/seek_child.py). Tables of places are kept
for the files that were sought in last, so that the next seek asks nobody.
"""

import sys
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.dlna.npt import TimeSeek
from upnpserver.errors import ProbeError, ProbesUnavailable, RefusedRequest
from upnpserver.facts import facts_from_json
from upnpserver.media.places import WITH_TABLE, Span, Table
from upnpserver.model import Resource
from upnpserver.net.form_maker import FormMaker
from upnpserver.net.recent import Recent
from upnpserver.net.source import Source

COMMAND: Final = (sys.executable, "-P", "-m", "upnpserver.media.seek_child")
MOST_KEPT_BYTES: Final = 1 << 20  # a film's table has some 80 KB, a song's 10
_MOST_WAITING: Final = 64

_Key = tuple[str, int, int]  # item, its file's size and time


class TimeSeeks:
    """Finds the bytes of times. maker: has them found, see COMMAND."""

    log = Logger()

    def __init__(
        self, maker: FormMaker, most_kept_bytes: int = MOST_KEPT_BYTES
    ) -> None:
        self._maker = maker
        self._tables: Recent[Table] = Recent(
            most_kept_bytes, lambda table: table.held_bytes
        )

    def stop(self) -> None:
        """Let the children go."""
        self._maker.stop()

    def span(self, source: Source, of: Resource, seek: TimeSeek) -> Deferred[Span]:
        """Return the bytes of a time.

        source stays open until it fires. Fails with RefusedRequest: 406 if that can't
        be told, as of a file that was changed since it was read for the catalog; 503.
        """
        file = source.file
        if (file.size_bytes, file.mtime_ns) != (of.size_bytes, of.mtime_ns):
            raise _unknown()
        key = of.item_id, file.size_bytes, file.mtime_ns
        container = facts_from_json(of.facts_json).container
        if container in WITH_TABLE:
            found = self._table(key, source, container).addCallback(
                lambda table: table.span(seek.start_ms, seek.end_ms, file.size_bytes)
            )
        else:
            end = "-" if seek.end_ms is None else seek.end_ms
            times = f"{of.duration_ms} {seek.start_ms} {end}"
            answer = self._ask(source, f"span {container} {times}")
            found = answer.addCallback(_span_in, file.size_bytes)
        return found.addErrback(self._refused)

    def _table(self, key: _Key, source: Source, container: str) -> Deferred[Table]:
        table = self._tables.get(key)
        if table is not None:
            return succeed(table)
        answer = self._ask(source, f"table {container}")
        return answer.addCallback(
            lambda packed: self._tables.keep(key, Table.unpack(packed))
        )

    def _ask(self, source: Source, what: str) -> Deferred[bytes]:
        if len(self._maker) >= _MOST_WAITING:
            raise RefusedRequest(503, "Too much is asked for.")
        return self._maker.make(source.file.fd, what.encode("ascii"), lambda: True)

    def _refused(self, failure: Failure) -> Failure:
        """Raise, or return, what is answered to a failure."""
        self.log.debug("not sought: {error}", error=failure.value)
        if isinstance(failure.value, ProbesUnavailable):
            raise RefusedRequest(503, "It can't be sought now.")
        if isinstance(failure.value, ProbeError):
            raise _unknown()
        return failure


def _span_in(answer: bytes, size_bytes: int) -> Span:
    """Return the span that a child told. Raises ProbeError for anything else."""
    try:
        span = Span(*map(int, answer.split()))
    except (TypeError, ValueError):
        raise ProbeError("that is no span") from None
    if not 0 <= span.start < span.end <= size_bytes:
        raise ProbeError("that span is not in the file")
    return span


def _unknown() -> RefusedRequest:
    return RefusedRequest(406, "This can't be sought by time.")
