"""What the readers of one catalog have found out, shared by their threads.

A list that one of them has sorted need not be sorted by the others.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock

from upnpserver.catalog.ordered import OrderedResults
from upnpserver.catalog.scope import Scope

_ROWS = 400_000  # at 8 bytes
_SCOPES = 4  # at a byte for each object


class Scopes:
    """What lies below some containers, the oldest out first."""

    def __init__(self) -> None:
        self._scopes: dict[Hashable, Scope] = {}
        self._lock = Lock()

    def get(self, place: Hashable, make: Callable[[], Scope]) -> Scope:
        """Return the scope of a place, made if it isn't remembered.

        The place must hold the update id.
        """
        with self._lock:
            scope = self._scopes.get(place)
        if scope is None:
            scope = make()  # not under the lock: it takes a while
            with self._lock:
                self._scopes[place] = scope
                if len(self._scopes) > _SCOPES:
                    del self._scopes[next(iter(self._scopes))]
        return scope


@dataclass(frozen=True, slots=True)
class Remembered:
    """Sorted lists, and what lies below containers."""

    ordered: OrderedResults = field(default_factory=lambda: OrderedResults(_ROWS))
    scopes: Scopes = field(default_factory=Scopes)
