"""Pages made from a catalog: what each asks of it, and in which order. Pure.

Source of what is found: the same Search as devices use.
"""

from collections.abc import Callable, Sequence
from typing import Final

from upnpserver.catalog.views.words import Words
from upnpserver.errors import NoSuchContainer, NoSuchObject
from upnpserver.model import Window
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.content_directory import ROOT, Asker
from upnpserver.web import pages
from upnpserver.web.now_page import now_page
from upnpserver.web.objects import Shown, shown_to
from upnpserver.web.parts import Crumb, Frame
from upnpserver.web.paths import path_of
from upnpserver.web.searching import GROUPS, found
from upnpserver.web.watched import Moment, scan_seen, watched

MOST_ABOVE: Final = 12
_TOPS: Final = Window(0, 12)
_FIRST: Final = Window(0, 12)
_RECENT: Final = (
    *("video$begun", "video$recent", "music$recent", "picture$recent"),
    *("music$books",),
)


class Site:
    """Makes the pages of one server.

    owner_url: of the owner's page, for who came in on a base URL; "": there is none.
    """

    def __init__(
        self,
        name: str,
        language: str,
        words: Words,
        owner_url: Callable[[str], str] = lambda base_url: "",
    ) -> None:
        self._name, self._language, self._words = name, language, words
        self._owner_url = owner_url

    def start(self, asker: Asker, catalog: Catalog) -> bytes:
        """Return the first page: what was begun, and what was added last."""
        recent = []
        for view_id in _RECENT:
            try:
                (view,) = self._metadata(view_id, asker, catalog)
            except NoSuchObject:
                continue
            recent.append((view, self._children(view_id, _FIRST, asker, catalog)[0]))
        frame = self._frame(asker, catalog)
        return pages.written(pages.start_page(frame, recent))

    def folder(
        self, asker: Asker, object_id: str, number: int, catalog: Catalog
    ) -> bytes:
        """Return a page of what is in a folder. Raises NoSuchObject."""
        (one,) = self._metadata(object_id, asker, catalog)
        window = Window((number - 1) * pages.PAGE_OBJECTS, pages.PAGE_OBJECTS)
        objects, total = self._children(object_id, window, asker, catalog)
        above = self._above(one, asker, catalog)
        part = pages.Part(objects, number, total)
        frame = self._frame(asker, catalog)
        return pages.written(pages.folder_page(frame, one, above, part))

    def item(self, asker: Asker, object_id: str, catalog: Catalog) -> bytes:
        """Return the page of an item. Raises NoSuchObject."""
        (one,) = self._metadata(object_id, asker, catalog)
        if one.is_container:
            raise NoSuchObject
        above = self._above(one, asker, catalog)
        frame = self._frame(asker, catalog)
        return pages.written(pages.item_page(frame, one, above))

    def search(self, asker: Asker, query: str, catalog: Catalog) -> bytes:
        """Return what is found for the words of a query."""
        frame = self._frame(asker, catalog)
        groups = []
        for group in GROUPS.values() if query.strip() else ():
            try:
                (view,) = self._metadata(group.view_id, asker, catalog)
                page = found(group, query, _FIRST, asker, catalog)
            except (NoSuchObject, NoSuchContainer):
                continue
            groups.append((view.title, shown_to(asker, page.entries), page.total))
        return pages.written(pages.search_page(frame, query, groups))

    def now(self, asker: Asker, moment: Moment, catalog: Catalog) -> bytes:
        """Return what is played now."""
        playing = watched(moment, asker, catalog)
        frame = self._frame(asker, catalog)
        return pages.written(now_page(frame, playing, scan_seen(moment, asker)))

    def message(self, text: str) -> bytes:
        """Return a page that says something."""
        frame = Frame(self._name, self._language, self._words)
        return pages.written(pages.message_page(frame, text))

    def _frame(self, asker: Asker, catalog: Catalog) -> Frame:
        tops, _ = self._children(ROOT, _TOPS, asker, catalog)
        sees_all = asker.policy.visibility.is_everything
        owner_url = self._owner_url(asker.base_url) if sees_all else ""
        return Frame(self._name, self._language, self._words, tuple(tops), owner_url)

    def _metadata(
        self, object_id: str, asker: Asker, catalog: Catalog
    ) -> Sequence[Shown]:
        return shown_to(asker, catalog.metadata(object_id, asker.policy).entries)

    def _children(
        self, object_id: str, window: Window, asker: Asker, catalog: Catalog
    ) -> tuple[Sequence[Shown], int]:
        page = catalog.children(object_id, window, (), asker.policy)
        return shown_to(asker, page.entries), page.total

    def _above(self, one: Shown, asker: Asker, catalog: Catalog) -> list[Crumb]:
        """Return the way from the top to an object, without itself."""
        way: list[Crumb] = []
        above = one.parent_id
        while above not in {ROOT, "-1"} and len(way) < MOST_ABOVE:
            (parent,) = self._metadata(above, asker, catalog)
            way.insert(0, (parent.title, path_of(parent)))
            above = parent.parent_id
        return [(self._name, "/"), *way]
