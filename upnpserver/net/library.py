"""The catalog as the reactor uses it: cheap questions at once, dear ones in threads."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from upnpserver.catalog.living import Moment
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.remembered import Remembered
from upnpserver.errors import CannotProcess, CatalogUnusable, NoSuchObject
from upnpserver.model import LibraryCounts, Resource
from upnpserver.policy import ClientPolicy
from upnpserver.services import content_directory
from upnpserver.services.content_directory import Asker, OutArguments
from upnpserver.services.kept_answers import KeptAnswers, key_of

_THREADS = 2
_KEPT_BYTES = 3 * 1024 * 1024  # some 60 pages of 30 tracks
T = TypeVar("T")


class Library:
    """Answers from the catalog, once there is one.

    A search, a sorted or a very long list may cost a second: it runs in one of
    two threads, each with a connection of its own, and waits for its turn.

    moment: for views that change with it; there are none without.
    damaged: called when the catalog turns out to be damaged. It is closed then,
    and questions are answered as before the first scan, until open().
    """

    def __init__(
        self,
        path: Path,
        threads: IReactorFromThreads,
        damaged: Callable[[CatalogUnusable], None],
        moment: Moment | None = None,
    ) -> None:
        self._path, self._threads, self._damaged = path, threads, damaged
        self._moment = moment
        self._reader: Reader | None = None
        self._idle: list[Reader] = []
        self._kept = KeptAnswers(_KEPT_BYTES)
        self._remembered = Remembered()
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
        self._remembered = Remembered()
        self._reader = self._new_reader()
        self._idle = [self._new_reader() for _ in range(_THREADS)]
        if not self._pool.started:
            self._pool.start()

    def close(self) -> None:
        """Wait for the threads and close the file."""
        if self._pool.started:
            self._pool.stop()
        self._close_readers()

    def _new_reader(self) -> Reader:
        return Reader(self._path, self._moment, self._remembered)

    def _close_readers(self) -> None:
        readers = [*self._idle, *([self._reader] if self._reader else [])]
        self._reader, self._idle = None, []
        self._kept.clear()
        for reader in readers:
            reader.close()

    def call(
        self, action: str, arguments: Mapping[str, str], asker: Asker
    ) -> OutArguments | Deferred[OutArguments]:
        """Answer one action of ContentDirectory. Raises ActionError."""
        reader = self._open_reader()
        key = key_of(action, arguments, asker)
        if key is None:
            return self._call(reader, action, arguments, asker)
        with self._damage_noticed(reader):
            state = (reader, reader.revision())
            kept = self._kept.get(key, state)
        if kept is not None:
            return kept
        answer = self._call(reader, action, arguments, asker)
        if isinstance(answer, Deferred):
            return answer.addCallback(self._keep, key, state)
        return self._keep(answer, key, state)

    def _keep(
        self, answer: OutArguments, key: Hashable, state: Hashable
    ) -> OutArguments:
        self._kept.keep(key, state, answer)
        return answer

    def _call(
        self,
        reader: Reader,
        action: str,
        arguments: Mapping[str, str],
        asker: Asker,
    ) -> OutArguments | Deferred[OutArguments]:
        with self._damage_noticed(reader):
            if content_directory.is_light(
                action, arguments, reader, asker.policy.needs
            ):
                return content_directory.call(action, arguments, reader, asker)
        return self._turns.run(
            self._read_in_thread,
            lambda reader: content_directory.call(action, arguments, reader, asker),
        )

    def read(self, work: Callable[[Reader], T]) -> Deferred[T]:
        """Do work with the catalog in a thread.

        Fails with CannotProcess if there is no catalog.
        """
        return self._turns.run(self._read_in_thread, work)

    def served(self) -> Deferred[list[tuple[str, str]]]:
        """Return what the items of the catalog are sent as: see Reader.served().

        Fails with CannotProcess if there is no catalog.
        """
        return self.read(Reader.served)

    def _read_in_thread(self, work: Callable[[Reader], T]) -> Deferred[T]:
        current = self._open_reader()
        with self._damage_noticed(current):
            reader = self._idle.pop() if self._idle else self._new_reader()

        def put_back(result: T | Failure) -> T | Failure:
            # A reader taken before the catalog was swapped is closed.
            if self._reader is current and len(self._idle) < _THREADS:
                self._idle.append(reader)
            else:
                reader.close()
            return result

        def noticed(failure: Failure) -> Failure:
            if isinstance(failure.value, CatalogUnusable):
                return Failure(self._given_up(current, failure.value))  # type: ignore[no-untyped-call]
            return failure

        answer = deferToThreadPool(self._threads, self._pool, work, reader)
        return answer.addBoth(put_back).addErrback(noticed)

    @contextmanager
    def _damage_noticed(self, reader: Reader) -> Iterator[None]:
        """Close the catalog if it turns out to be damaged. Raises CannotProcess."""
        try:
            yield
        except CatalogUnusable as error:
            raise self._given_up(reader, error) from error

    def _given_up(self, reader: Reader, error: CatalogUnusable) -> CannotProcess:
        """Close what reader belongs to, once; return what to tell who asked."""
        if self._reader is reader:
            self._close_readers()
            self._damaged(error)
        return CannotProcess("the library is being read again")

    def in_thread(self, work: Callable[[], bytes]) -> Deferred[bytes]:
        """Do work in one of the threads."""
        return deferToThreadPool(self._threads, self._pool, work)

    def resource(self, item_id: str, policy: ClientPolicy) -> Resource:
        """Return the file of an item. Raises NoSuchObject, CannotProcess."""
        if self._reader is None:
            raise NoSuchObject
        with self._damage_noticed(self._reader):
            return self._reader.resource(item_id, policy)

    def system_update_id(self) -> int:
        """Return SystemUpdateID, 0 while there is no catalog."""
        if self._reader is not None:
            with suppress(CannotProcess), self._damage_noticed(self._reader):
                return self._reader.system_update_id()
        return 0

    def counts(self) -> tuple[LibraryCounts, ...]:
        """Return how much each library holds, nothing while there is no catalog."""
        if self._reader is not None:
            with suppress(CannotProcess), self._damage_noticed(self._reader):
                return self._reader.library_counts()
        return ()

    def _open_reader(self) -> Reader:
        if self._reader is None:
            raise CannotProcess("the library is being read for the first time")
        return self._reader
