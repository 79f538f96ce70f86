"""Forgetting while the server runs: in its memory first, then in the file."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from twisted.internet.defer import Deferred

from upnpserver.net.doorkeeper import Doorkeeper
from upnpserver.net.owner import Command, Question
from upnpserver.net.plays import PlayLog
from upnpserver.net.seen import SeenLog
from upnpserver.net.visitors import Visitors
from upnpserver.offline import guard

ALL = "all"

Forget = Callable[[Collection[str] | None], None]
PlacesOf = Callable[[Question], Collection[str]]


class PrivacyCommands:
    """Commands of net.owner about what is kept.

    others: forget what they know of places, None: of all. forget: of
    catalog.household.Household. in_thread: runs work that waits for a
    disk, one after the other.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that remembers
        self,
        logs: tuple[PlayLog | None, SeenLog | None],
        doorkeeper: Doorkeeper,
        visitors: Visitors,
        others: Sequence[Callable[[Collection[str] | None], None]],
        forget: Forget,
        in_thread: Callable[[Callable[[], None]], Deferred[None]],
    ) -> None:
        self._plays, self._seen = logs
        self._doorkeeper, self._visitors = doorkeeper, visitors
        self._others = others
        self._forget_in_file, self._in_thread = forget, in_thread

    def commands(self, places_of: PlacesOf) -> dict[str, Command]:
        """Return the commands by their names; places_of: of a question's device."""
        return {
            "privacy-forget": partial(self._forget, places_of),
            "refused": lambda question: {"refused": dict(guard.refused())},
        }

    def _forget(
        self, places_of: PlacesOf, question: Question
    ) -> Deferred[Mapping[str, object]]:
        everything = question.get("device") == ALL
        places = None if everything else places_of(question)
        if everything and self._plays:
            self._plays.forget()
        if self._seen:
            self._seen.forget(places)
        self._doorkeeper.forget(places)
        self._visitors.forget(places)
        for other in self._others:
            other(places)
        done = self._in_thread(partial(self._forget_in_file, places))
        return done.addCallback(lambda _: {"places": sorted(places or [ALL])})
