"""The last lines of the log, in memory: for the owner, where no journal is at hand."""

from collections import deque
from collections.abc import Iterable
from typing import Final

MOST_LINES: Final = 300
MAX_CHARACTERS: Final = 500  # of a line


class LogTail:
    """Holds what was logged last, as it was written."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=MOST_LINES)

    def add(self, lines: Iterable[str]) -> None:
        """Take lines, and forget the oldest where they are too many."""
        self._lines.extend(line[:MAX_CHARACTERS] for line in lines)

    def lines(self) -> list[str]:
        """Return the lines, the oldest first."""
        return list(self._lines)
