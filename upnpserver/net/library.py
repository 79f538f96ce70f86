"""The catalog as the reactor uses it: cheap questions at once, dear ones in threads."""

from collections.abc import Callable, Mapping
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from upnpserver.catalog.reader import Reader
from upnpserver.errors import CannotProcess, NoSuchObject
from upnpserver.model import LibraryCounts, Resource
from upnpserver.policy import ClientPolicy
from upnpserver.services import content_directory
from upnpserver.services.content_directory import Asker, OutArguments

_THREADS = 2


class Library:
    """Answers from the catalog, once there is one.

    A search, a sorted or a very long list may cost a second: it runs in one of
    two threads, each with a connection of its own, and waits for its turn.
    """

    def __init__(self, path: Path, threads: IReactorFromThreads) -> None:
        self._path, self._threads = path, threads
        self._reader: Reader | None = None
        self._idle: list[Reader] = []
        self._turns = DeferredSemaphore(_THREADS)
        self._pool = ThreadPool(0, _THREADS, "catalog")

    @property
    def is_open(self) -> bool:
        """Whether there is a catalog to answer from."""
        return self._reader is not None

    def open(self) -> None:
        """Open the catalog, or open it anew after it was built again.

        Raises CatalogUnusable.
        """
        self._close_readers()
        self._reader = Reader(self._path)
        self._idle = [Reader(self._path) for _ in range(_THREADS)]
        if not self._pool.started:
            self._pool.start()

    def close(self) -> None:
        """Wait for the threads and close the file."""
        if self._pool.started:
            self._pool.stop()
        self._close_readers()

    def _close_readers(self) -> None:
        readers = [*self._idle, *([self._reader] if self._reader else [])]
        self._reader, self._idle = None, []
        for reader in readers:
            reader.close()

    def call(
        self, action: str, arguments: Mapping[str, str], asker: Asker
    ) -> OutArguments | Deferred[OutArguments]:
        """Answer one action of ContentDirectory. Raises ActionError."""
        reader = self._open_reader()
        if content_directory.is_light(action, arguments, reader):
            return content_directory.call(action, arguments, reader, asker)
        return self._turns.run(self._in_thread, action, arguments, asker)

    def _in_thread(
        self, action: str, arguments: Mapping[str, str], asker: Asker
    ) -> Deferred[OutArguments]:
        # A reader taken while the catalog was swapped is closed, not put back.
        reader = self._idle.pop() if self._idle else Reader(self._path)
        current = self._reader

        def put_back(result: OutArguments) -> OutArguments:
            if self._reader is current and len(self._idle) < _THREADS:
                self._idle.append(reader)
            else:
                reader.close()
            return result

        return deferToThreadPool(
            self._threads,
            self._pool,
            content_directory.call,
            action,
            arguments,
            reader,
            asker,
        ).addBoth(put_back)

    def in_thread(self, work: Callable[[], bytes]) -> Deferred[bytes]:
        """Do work in one of the threads."""
        return deferToThreadPool(self._threads, self._pool, work)

    def resource(self, item_id: str, policy: ClientPolicy) -> Resource:
        """Return the file of an item. Raises NoSuchObject."""
        if self._reader is None:
            raise NoSuchObject
        return self._reader.resource(item_id, policy)

    def system_update_id(self) -> int:
        """Return SystemUpdateID, 0 while there is no catalog."""
        return self._reader.system_update_id() if self._reader else 0

    def counts(self) -> tuple[LibraryCounts, ...]:
        """Return how much each library holds."""
        return self._reader.library_counts() if self._reader else ()

    def _open_reader(self) -> Reader:
        if self._reader is None:
            raise CannotProcess("the library is being read for the first time")
        return self._reader
