"""The library as each one sees it: a catalog of its own for each visibility.

Whoever may see everything is answered from the whole catalog; for others there is
one in which only that is which they may see (scan/partial.py). One that isn't made
yet answers as the library does before the first scan: never with the whole one.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorFromThreads

from upnpserver.catalog.living import Moment
from upnpserver.config import Config
from upnpserver.errors import CannotProcess, CatalogUnusable, NoSuchObject
from upnpserver.model import LibraryCounts, Resource
from upnpserver.net.library import Library
from upnpserver.policy import ClientPolicy
from upnpserver.rules.profiles import HouseRules, visibilities
from upnpserver.scan.roots import CATALOG_FILE, catalog_file
from upnpserver.services import content_directory
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.content_directory import Asker, OutArguments
from upnpserver.services.notice import Notice

T = TypeVar("T")
WHOLE = ""  # the name of the visibility of those who see everything


class Libraries:
    """Answers everybody from the catalog that is for him.

    config: says where the catalogs are, and who sees what. The rest is as
    net.library.Library has it.
    """

    def __init__(
        self,
        config: Config,
        threads: IReactorFromThreads,
        damaged: Callable[[CatalogUnusable], None],
        moment: Moment | None = None,
    ) -> None:
        self._made = partial(Library, threads=threads, damaged=damaged, moment=moment)
        self._state_dir = config.state_dir
        self._whole = self._made(config.state_dir / CATALOG_FILE)
        self._libraries = {WHOLE: self._whole}
        self.use(config.rules)
        self._folders = [
            folder for library in config.libraries for folder in library.folders
        ]
        # Out of these links may lead.
        self._open_roots = frozenset(
            os.fsencode(folder)
            for library in config.libraries
            if library.follows_out
            for folder in library.folders
        )

    def use(self, rules: HouseRules) -> None:
        """Answer by other rules from now on; see open_partial() for what is new."""
        files = {one.name: catalog_file(one) for one in visibilities(rules)}
        for name in self._libraries.keys() - files.keys() - {WHOLE}:
            # In a thread: it may wait for a search that is under way.
            close = self._libraries.pop(name).close
            self._whole.read(partial(_close, close)).addErrback(partial(_close, close))
        for name in files.keys() - self._libraries.keys():
            self._libraries[name] = self._made(self._state_dir / files[name])

    @property
    def is_open(self) -> bool:
        """Whether there is a whole catalog to answer from."""
        return self._whole.is_open

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all visibilities that are answered from a catalog."""
        return tuple(name for name, one in self._libraries.items() if one.is_open)

    def open(self, name: str = WHOLE) -> None:
        """Open a catalog, or open it anew. Raises CatalogUnusable."""
        if name in self._libraries:
            self._libraries[name].open()

    def open_partial(self) -> None:
        """Open what was made before, of all but the whole one."""
        for name in self._libraries:
            if name != WHOLE:
                with suppress(CatalogUnusable):
                    self.open(name)

    def close(self) -> None:
        """Wait for the threads and close the files."""
        for library in self._libraries.values():
            library.close()

    def call(
        self, action: str, arguments: Mapping[str, str], asker: Asker
    ) -> OutArguments | Deferred[OutArguments]:
        """Answer one action of ContentDirectory. Raises ActionError."""
        policy = asker.policy
        if policy.notice:
            notice = Notice(policy.notice)
            return content_directory.call(action, arguments, notice, asker)
        return self._for(policy).call(action, arguments, asker)

    def read(self, asker: Asker, work: Callable[[Catalog], T]) -> Deferred[T]:
        """Do work with the catalog of a device, in a thread.

        Fails with CannotProcess while there is none, and with what work raises.
        """
        policy = asker.policy
        if policy.notice:
            return maybeDeferred(work, Notice(policy.notice))

        def as_seen(catalog: Catalog) -> T:
            return work(asker.sees(catalog))

        return maybeDeferred(lambda: self._for(policy).read(as_seen))

    def resource(self, item_id: str, policy: ClientPolicy) -> Resource:
        """Return the file of an item. Raises NoSuchObject, CannotProcess."""
        if policy.notice:
            raise NoSuchObject
        resource = self._for(policy).resource(item_id, policy)
        if resource.root not in self._open_roots:
            return resource
        return replace(resource, follows_out=True)

    def system_update_id(self, policy: ClientPolicy) -> int:
        """Return SystemUpdateID as a device sees it, 0 while there is no catalog."""
        if policy.notice:
            return Notice(policy.notice).system_update_id()
        with suppress(CannotProcess):
            return self._for(policy).system_update_id()
        return 0

    def served(self, name: str) -> Deferred[list[tuple[str, str]]]:
        """Return what the items are sent as: see Reader.served().

        Fails with CannotProcess if there is no such catalog.
        """
        library = self._libraries.get(name)
        return library.served() if library else fail(CannotProcess())

    def counts(self) -> tuple[LibraryCounts, ...]:
        """Return how much each library holds in all."""
        return self._whole.counts()

    def away(self) -> Deferred[list[Path]]:
        """Return the folders that are not there now: a disk is unplugged, or empty.

        Nothing while there is no catalog.
        """
        if not self.is_open:
            return succeed([])
        return self._whole.read(
            lambda reader: [
                folder
                for here in (reader.roots_here(),)
                for folder in self._folders
                if os.fsencode(folder) not in here
            ]
        )

    def problems(self, most: int) -> Deferred[list[tuple[str, bytes, str]]]:
        """Return what could not be read: see Reader.problems(); nothing without one."""
        if not self.is_open:
            return succeed([])
        return self._whole.read(lambda reader: list(islice(reader.problems(), most)))

    def in_thread(self, work: Callable[[], bytes]) -> Deferred[bytes]:
        """Do work in one of the threads."""
        return self._whole.in_thread(work)

    def _for(self, policy: ClientPolicy) -> Library:
        """Return the library of a device. Raises CannotProcess if there is none."""
        library = self._libraries.get(policy.visibility.name)
        if library is None:
            raise CannotProcess("the rules of the house have just changed")
        return library


def _close(close: Callable[[], None], _: object) -> None:
    close()
