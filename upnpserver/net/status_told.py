"""How the server is, for "upnpserver status": a command of net.owner."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred

from upnpserver.net.libraries import Libraries
from upnpserver.net.owner import Command, Question
from upnpserver.web.watched import Moment

_MEMORY: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = 4096


class StatusTold:
    """Tells it.

    moment: what goes on. urls: where the server is found. limits: what was told about
    folders that can't be watched.
    """

    def __init__(
        self,
        moment: Callable[[], Moment],
        library: Libraries,
        urls: Callable[[], Sequence[str]],
        limits: Callable[[], Sequence[str]],
    ) -> None:
        self._moment, self._library = moment, library
        self._urls, self._limits = urls, limits

    def commands(self) -> dict[str, Command]:
        """Return the command by its name."""
        return {"status": self._status}

    def _status(self, question: Question) -> Deferred[Mapping[str, object]]:
        return self._library.away().addCallback(self._told)

    def _told(self, away: Sequence[Path]) -> Mapping[str, object]:
        moment = self._moment()
        return {
            "name": moment.name,
            "version": moment.version,
            "addresses": list(self._urls()),
            "uptime_s": moment.uptime_s,
            "memory_bytes": _memory_bytes(),
            "scan": moment.scan._asdict(),
            "playing": [_playing(*one) for one in moment.playing],
            "libraries": list(map(asdict, self._library.counts())),
            "away": list(map(str, away)),
            "limits": list(self._limits()),
        }


def _playing(playing: Any, name: str) -> Mapping[str, object]:
    """Return what a device gets; no title: the command line may show it to anybody."""
    return {
        "address": str(playing.address),
        "name": name,
        "kind": playing.kind.value,
        "since_s": int(playing.since_s),
        "percent": playing.percent,
        "bytes_per_s": playing.rate,
    }


def _memory_bytes() -> int:
    """Return what this process has in memory. Source: proc(5)."""
    return int(_MEMORY.read_text("ascii").split()[1]) * _PAGE_BYTES
