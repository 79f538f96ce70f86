"""A bounded memory of ordered results, so that paging sorts once."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence


class OrderedResults:
    """The rows of recent sorted or searched lists, least recently used out first.

    max_rows bounds all lists together at 8 bytes a row; a longer list is
    returned but not kept. The key must hold the update id: old keys are never
    asked for again and fall out.
    """

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._lists: OrderedDict[Hashable, array[int]] = OrderedDict()
        self._rows = 0

    def get(self, key: Hashable, query: Callable[[], Iterable[int]]) -> Sequence[int]:
        """Return the list of key, from query() if it isn't remembered."""
        kept = self._lists.get(key)
        if kept is not None:
            self._lists.move_to_end(key)
            return kept
        rows = array("q", query())
        self._lists[key] = rows
        self._rows += len(rows)
        while self._rows > self._max_rows:
            _, dropped = self._lists.popitem(last=False)
            self._rows -= len(dropped)
        return rows


def numbers(found: Iterable[tuple[int]]) -> Iterator[int]:
    """Yield the only column of rows."""
    return (number for (number,) in found)
