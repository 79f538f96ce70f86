"""What was used last, up to so many bytes of it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Values by their keys; the one that was used longest ago goes first.

    most_bytes: what all may take. size_of: what one takes.
    """

    def __init__(self, most_bytes: int, size_of: Callable[[T], int]) -> None:
        self._most_bytes, self._size_of = most_bytes, size_of
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._held_bytes = 0

    def get(self, key: Hashable) -> T | None:
        """Return the value of a key, None if it is not kept."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: Hashable, value: T) -> T:
        """Keep a value, and return it."""
        if key not in self._values:
            self._values[key] = value
            self._held_bytes += self._size_of(value)
        while self._held_bytes > self._most_bytes:
            _, oldest = self._values.popitem(last=False)
            self._held_bytes -= self._size_of(oldest)
        return value
