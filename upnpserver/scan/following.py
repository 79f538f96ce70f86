"""All partial catalogs of one scanner: opened, kept in step, removed when unwanted."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.writer import Commit, Writer
from upnpserver.model import Kind
from upnpserver.scan.messages import (
    Committed,
    Message,
    Order,
    Partial,
    Ready,
    Scan,
    ScanRoot,
)
from upnpserver.scan.partial import PartialCatalog, Place, remove_catalog

PARTIAL_FILES = "catalog-*.sqlite"


def root_of(root: ScanRoot) -> Root:
    """Return a root as the catalog wants it; its disk is not known yet."""
    kinds = frozenset(Kind(kind) for kind in root.kinds)
    return Root(root.library, root.shown, root.path, kinds)


class Partials:
    """Kept from one order to the next. tell: gets messages for the server."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._catalogs: dict[bytes, PartialCatalog] = {}
        self._in_step: set[bytes] = set()
        self._told: set[bytes] = set()

    def close(self) -> None:
        """Close the files."""
        for catalog in self._catalogs.values():
            catalog.close()
        self._catalogs.clear()
        self._told.clear()

    def begin(self, order: Order, whole: Writer) -> None:
        """Open what an order names, before it changes anything.

        Raises StateFolderError.
        """
        wanted = {partial.catalog for partial in order.partials}
        for path in self._catalogs.keys() - wanted:
            self._catalogs.pop(path).close()
        check = isinstance(order, Scan) and order.check
        if isinstance(order, Scan):
            _remove_others(order.catalog, wanted)
        self._in_step.clear()
        for partial in order.partials:
            path = partial.catalog
            catalog = self._catalogs.get(path)
            if catalog is None:
                catalog = self._catalogs[path] = PartialCatalog(
                    Path(os.fsdecode(path)), partial.visibility, order.language
                )
            catalog.open(check=check)
            if catalog.is_in_step(whole):
                self._in_step.add(path)

    def follow(
        self,
        order: Order,
        whole: Writer,
        here: Iterable[Root],
        places: Iterable[Place],
        stopping: Callable[[], bool],
    ) -> None:
        """Bring all of them up to date after an order.

        here: the roots that are. places: folders in which the order changed
        something.
        """
        roots = {(root.library, root.path): root for root in here}
        changed = list(places)
        for partial in order.partials:
            if stopping():
                return
            self._follow(partial, whole, roots, changed, stopping)

    def _follow(
        self,
        partial: Partial,
        whole: Writer,
        here: dict[tuple[str, bytes], Root],
        changed: list[Place],
        stopping: Callable[[], bool],
    ) -> None:
        catalog, name = self._catalogs[partial.catalog], partial.visibility.name
        own = [root_of(root) for root in partial.roots]
        roots = {
            there: replace(root, identity=there.identity)
            for root in own
            if (there := here.get((root.library, root.path)))
        }
        away = [root for root in own if (root.library, root.path) not in here]
        commits = [catalog.sync_roots(roots, away)]
        if not catalog.is_in_step(whole):
            places = changed if partial.catalog in self._in_step else None
            commits += catalog.follow(whole, roots, places, stopping)
        if not catalog.is_in_step(whole):
            return
        if partial.catalog not in self._told:
            self._told.add(partial.catalog)
            self._tell(Ready(name))
        self._tell_commits(commits, name)

    def _tell_commits(self, commits: Iterable[Commit], name: str) -> None:
        for commit in commits:
            if commit.containers:
                told = Committed(commit.system_update_id, commit.containers, name)
                self._tell(told)


def _remove_others(catalog: bytes, wanted: set[bytes]) -> None:
    """Remove the catalogs of rules that are no more: what they show is nobody's."""
    for path in Path(os.fsdecode(catalog)).parent.glob(PARTIAL_FILES):
        if os.fsencode(path) not in wanted:
            remove_catalog(path)
