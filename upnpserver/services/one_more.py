"""A catalog with one folder more at the end of the top."""

from upnpserver.errors import NoSuchContainer
from upnpserver.model import Entry, LibraryCounts, Page, Resource, SortKey, Window
from upnpserver.policy import ClientPolicy
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.notice import ROOT
from upnpserver.upnp.criteria import Criteria


class OneMore:
    """Another catalog, and a folder that isn't in it.

    Subclasses say what is in that: top is its id, with which all ids in it begin.
    """

    top = ""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def _below(self, object_id: str) -> list[Entry]:
        """Return what is in the folder, or in one in it. Raises NoSuchObject."""
        raise NotImplementedError

    def _shown(self, object_id: str) -> Entry:
        """Return the folder, or one object in it. Raises NoSuchObject."""
        raise NotImplementedError

    def _count(self) -> int:
        """Return how many children its folders have, at most."""
        raise NotImplementedError

    def _update_id(self) -> int:
        """Return what changes with what is in the folder."""
        return self._catalog.system_update_id()

    def system_update_id(self) -> int:
        """Return the other catalog's."""
        return self._catalog.system_update_id()

    def library_counts(self) -> tuple[LibraryCounts, ...]:
        """Return the other catalog's."""
        return self._catalog.library_counts()

    def child_count(self, object_id: str) -> int:
        """Return how many children an object has, 0 if it is unknown."""
        if object_id.startswith(self.top):
            return self._count()
        return self._catalog.child_count(object_id) + (object_id == ROOT)

    def children(
        self,
        object_id: str,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return children; the folder is the last in the root."""
        if object_id.startswith(self.top):
            listed = self._below(object_id)
            end = window.start + window.count if window.count else len(listed)
            shown = tuple(listed[window.start : end])
            return Page(shown, len(listed), self._update_id())
        page = self._catalog.children(object_id, window, sort, policy)
        if object_id != ROOT:
            return page
        is_reached = window.start <= page.total and (
            not window.count or page.total < window.start + window.count
        )
        more = (self._shown(self.top),) if is_reached else ()
        return Page((*page.entries, *more), page.total + 1, page.update_id)

    def metadata(self, object_id: str, policy: ClientPolicy) -> Page:
        """Return one object."""
        if object_id.startswith(self.top):
            return Page((self._shown(object_id),), 1, self._update_id())
        page = self._catalog.metadata(object_id, policy)
        if object_id != ROOT:
            return page
        (root,) = page.entries
        more = root._replace(child_count=root.child_count + 1)
        return Page((more,), page.total, page.update_id)

    def resource(self, item_id: str, policy: ClientPolicy) -> Resource:
        """Return the file of an item. Raises NoSuchObject."""
        return self._catalog.resource(item_id, policy)

    def search(
        self,
        container_id: str,
        criteria: Criteria,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return matches; there are none in the folder."""
        if container_id.startswith(self.top):
            raise NoSuchContainer
        return self._catalog.search(container_id, criteria, window, sort, policy)
