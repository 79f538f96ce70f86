"""How far a scan is, as one line that redraws itself on a terminal.

Anywhere else (a file, a pipe, the journal) it writes nothing.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import TextIO

_EVERY_S = 0.1
_MAX_BAR = 30
_MAX_LABEL = 24
_FIRST_WIDE = "\u1100"  # from here on characters may take two columns
_CLEAR = "\r\x1b[K"
_GREEN, _PLAIN = "\x1b[32m", "\x1b[0m"


class ProgressLine:
    """The bottom line of a terminal while a scan runs.

    now: seconds that only grow. NO_COLOR (set and not empty) leaves colours
    out: no-color.org.
    """

    def __init__(
        self,
        stream: TextIO,
        environment: Mapping[str, str] = os.environ,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream, self._now = stream, now
        dumb = environment.get("TERM", "dumb") == "dumb"
        self._shown = stream.isatty() and not dumb
        self._coloured = not environment.get("NO_COLOR")
        self._drawn_at = float("-inf")
        self._drawn = False

    def update(self, done: int, total: int | None, library: str = "") -> None:
        """Show that done of total files are read; total None or 0: not counted."""
        moment = self._now()
        if not self._shown or moment - self._drawn_at < _EVERY_S:
            return
        self._drawn_at = moment
        self._drawn = True
        label = _label(library)
        columns = self._columns() - sum(c >= _FIRST_WIDE for c in label)
        self._write(_CLEAR + self._line(done, total, label, max(columns, 0)))

    def clear(self) -> None:
        """Make room for other text; the next update draws the line again."""
        if self._drawn:
            self._drawn = False
            self._write(_CLEAR)

    def finish(self) -> None:
        """Take the line away for good."""
        self.clear()
        self._shown = False

    def _line(self, done: int, total: int | None, label: str, columns: int) -> str:
        if not total:
            return f"{label}{done} files read"[:columns]
        done = min(done, total)
        counts = f" {done} of {total} files"
        width = min(_MAX_BAR, columns - len(label) - len(counts) - 2)
        if width < 3:
            return f"{label}{counts.lstrip()}"[:columns]
        full = done * width // total
        bar = "#" * full
        if self._coloured:
            bar = f"{_GREEN}{bar}{_PLAIN}"
        return f"{label}[{bar}{'.' * (width - full)}]{counts}"

    def _columns(self) -> int:
        """Return the columns to use: one less than there are, so nothing wraps."""
        try:
            return max(os.get_terminal_size(self._stream.fileno()).columns - 1, 10)
        except (OSError, ValueError):
            return 79

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # the terminal was closed
            self._shown = False


def _label(library: str) -> str:
    """Return the library's name and a space, or nothing."""
    if not library:
        return ""
    name = "".join(c if c.isprintable() else "?" for c in library)
    return (name if len(name) <= _MAX_LABEL else name[: _MAX_LABEL - 3] + "...") + " "
