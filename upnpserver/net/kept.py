"""Writing to household.sqlite later, in a thread, until it succeeded.

One write at a time; what changes meanwhile comes with the next. What a full disk
refused is tried again then: it may have room by that time.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from upnpserver.errors import HouseholdUnusable

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class Kept(Generic[K, V]):
    """What is to be written, by its key.

    what: as a message names it. write: raises HouseholdUnusable. in_thread: runs
    work that waits for a disk.
    """

    log = Logger()

    def __init__(
        self,
        what: str,
        write: Callable[[Mapping[K, V]], None],
        in_thread: Callable[[Callable[[], None]], Deferred[None]],
    ) -> None:
        self._what, self._save, self._in_thread = what, write, in_thread
        self._unwritten: dict[K, V] = {}
        self._under_way: dict[K, V] = {}  # in a thread that nobody waits for
        self._is_told = False

    def opened(self, read: Callable[[], T]) -> T | None:
        """Return what was kept until now; None if it can't be read, with a warning.

        Nothing is to be added then.
        """
        try:
            return read()
        except HouseholdUnusable as error:
            self.log.warn(
                "household.sqlite can't be used ({error}): {what} is not noted;"
                " restore it, or move it away to begin anew",
                error=error,
                what=self._what,
            )
            return None

    def add(self, key: K, value: V) -> None:
        """Have it written with the next write()."""
        self._unwritten[key] = value

    def write(self) -> None:
        """Write what isn't; if a write is under way, after it."""
        if self._under_way or not self._unwritten:
            return
        entries, self._unwritten = self._unwritten, {}
        self._under_way = entries
        written = self._in_thread(lambda: self._save(entries))
        written.addCallbacks(self._written, self._not_written)

    def drop(self, is_gone: Callable[[K], bool]) -> None:
        """Write some entries no more; what is being written is, before all else."""
        self._unwritten = {
            key: value for key, value in self._unwritten.items() if not is_gone(key)
        }

    def finish(self) -> None:
        """Write what may not be written yet, waiting for the disk."""
        if entries := self._under_way | self._unwritten:
            try:
                self._save(entries)
            except HouseholdUnusable as error:
                self._tell(error)

    def _written(self, _: None) -> None:
        self._under_way = {}
        self.write()

    def _not_written(self, failure: Failure) -> None:
        self._unwritten = self._under_way | self._unwritten
        self._under_way = {}
        if isinstance(failure.value, HouseholdUnusable):
            self._tell(failure.value)
        else:
            self.log.failure("writing {what}", failure, what=self._what)

    def _tell(self, error: HouseholdUnusable) -> None:
        if not self._is_told:  # once: a full disk would fill the log as well
            self.log.warn(
                "{what} can't be written to household.sqlite: {error}",
                what=self._what,
                error=error,
            )
        self._is_told = True
