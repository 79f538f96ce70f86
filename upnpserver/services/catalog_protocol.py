"""What the actions of ContentDirectory ask of a catalog."""

from typing import Protocol

from upnpserver.model import LibraryCounts, Page, Resource, SortKey, Window
from upnpserver.policy import ClientPolicy
from upnpserver.upnp.criteria import Criteria


class Catalog(Protocol):
    """What the actions ask: catalog.reader.Reader, or a stand-in in a test."""

    def system_update_id(self) -> int:
        """Return SystemUpdateID."""

    def library_counts(self) -> tuple[LibraryCounts, ...]:
        """Return how much each library holds; for a thread, as it counts."""

    def child_count(self, object_id: str) -> int:
        """Return how many children an object has, 0 if it is unknown."""

    def children(
        self,
        object_id: str,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return children. Raises NoSuchObject, NoSuchContainer."""

    def metadata(self, object_id: str, policy: ClientPolicy) -> Page:
        """Return one object. Raises NoSuchObject."""

    def resource(self, item_id: str, policy: ClientPolicy) -> Resource:
        """Return the file of an item. Raises NoSuchObject."""

    def search(
        self,
        container_id: str,
        criteria: Criteria,
        window: Window,
        sort: tuple[SortKey, ...],
        policy: ClientPolicy,
    ) -> Page:
        """Return matches. Raises NoSuchContainer, CannotProcess."""
