"""How the server is, for the folder that tells it: services.status_folder.Status.

Kept from what the scanner says: to look at the folder reads nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from upnpserver.catalog.views.words import Words, words_of
from upnpserver.config import Config
from upnpserver.errors import CannotProcess, CatalogUnusable
from upnpserver.net.libraries import Libraries
from upnpserver.scan.messages import Away, Committed, Finished, Message, Progress, Ready
from upnpserver.services.status_folder import STATUS, update_id

_MOST_AWAY = 20
_Publish = Callable[[Mapping[str, str]], None]


def status_lines(
    config: Config,
    library: Libraries,
    limits: Callable[[], Sequence[str]],
    publish: _Publish,
) -> "StatusLines | None":
    """Return what the folder tells, None if nobody wants it: see StatusLines."""
    if not config.status_folder:
        return None
    return StatusLines(words_of(config.language), library, limits, publish)


class StatusLines:
    """Hears every message of the scanner.

    limits: what was told about folders that can't be watched. publish: tells those
    who see everything that evented variables have new values.
    """

    def __init__(
        self,
        words: Words,
        library: Libraries,
        limits: Callable[[], Sequence[str]],
        publish: _Publish,
    ) -> None:
        self._words, self._library = words, library
        self._limits, self._publish = limits, publish
        self._reading = ""  # how far the scanner is
        self._away: list[str] = []
        self._damaged = 0
        self._told = update_id(self.lines())

    @property
    def title(self) -> str:
        """What the folder is called."""
        return self._words["status"]

    def lines(self) -> list[str]:
        """Return what there is to tell, at least one line."""
        lines = [self._reading] if self._reading else []
        lines += [
            self._words.filled("status_away", title=title) for title in self._away
        ]
        if self._damaged:
            lines.append(self._words.filled("status_damaged", number=self._damaged))
        if self._limits():
            lines.append(self._words["status_limit"])
        return lines or [self._words["status_well"]]

    def heard(self, message: Message) -> None:
        """Take note of a message."""
        match message:
            case Progress(done, total):
                self._reading = self._words["status_looking"]
                if total:
                    percent = min(100, 100 * done // total)
                    self._reading = self._words.filled(
                        "status_reading", percent=percent
                    )
                return  # each percent as an event would have TVs ask all the time
            case Finished():
                self._reading = ""
            case Ready() | Committed() | Away():
                pass
            case _:
                return
        self._look()

    def _look(self) -> None:
        looked: Deferred[None] = self._library.away().addCallback(self._seen)
        looked.addErrback(_without_a_catalog)

    def _seen(self, away: Sequence[Path]) -> None:
        self._away = [folder.name for folder in away[:_MOST_AWAY]]
        self._damaged = sum(one.problems for one in self._library.counts())
        now = update_id(self.lines())
        if now != self._told:
            self._told = now
            self._publish({"ContainerUpdateIDs": f"{STATUS},{now}"})


def _without_a_catalog(failure: Failure) -> None:
    """Leave things as they were told last; the scanner speaks again."""
    failure.trap(CannotProcess, CatalogUnusable)  # type: ignore[no-untyped-call]
