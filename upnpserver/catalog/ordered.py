"""A bounded memory of ordered results, so that paging sorts once."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from threading import Lock


class OrderedResults:
    """The rows of recent sorted or searched lists, least recently used out first.

    For several threads.

    max_rows bounds all lists together at 8 bytes a row; a longer list is
    returned but not kept. The key must hold the update id: old keys are never
    asked for again and fall out.
    """

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._lists: OrderedDict[Hashable, array[int]] = OrderedDict()
        self._rows = 0
        self._lock = Lock()

    @property
    def rows(self) -> int:
        """How many rows all lists have together."""
        return self._rows

    def get(self, key: Hashable, query: Callable[[], Iterable[int]]) -> Sequence[int]:
        """Return the list of key, from query() if it isn't remembered."""
        with self._lock:
            kept = self._lists.get(key)
            if kept is not None:
                self._lists.move_to_end(key)
                return kept
        rows = array("q", query())  # not under the lock: it may take a second
        with self._lock:
            self._rows += len(rows) - len(self._lists.get(key, ()))
            self._lists[key] = rows
            while self._rows > self._max_rows:
                _, dropped = self._lists.popitem(last=False)
                self._rows -= len(dropped)
        return rows


def numbers(found: Iterable[tuple[int]]) -> Iterator[int]:
    """Yield the only column of rows."""
    return (number for (number,) in found)
