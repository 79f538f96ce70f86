"""The catalog behind the reactor: at once, in threads, and swapped while in use."""

import tempfile
from pathlib import Path

from support.made_up_files import HOUSEHOLD, MUSIC, film
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.trial.unittest import TestCase

from upnpserver.catalog.writer import Writer
from upnpserver.errors import CannotProcess, CatalogUnusable, NoSuchObject
from upnpserver.net.library import Library
from upnpserver.policy import EVERYONE
from upnpserver.services.content_directory import Asker

ASKER = Asker(EVERYONE, "http://192.0.2.1:8200")
PAGE = {"Filter": "*", "StartingIndex": "0", "RequestedCount": "0", "SortCriteria": ""}
BROWSE = {**PAGE, "ObjectID": "music$all", "BrowseFlag": "BrowseDirectChildren"}
SEARCH = {**PAGE, "ContainerID": "0", "SearchCriteria": "*"}


class LibraryTests(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "catalog.sqlite"
        self.library = Library(self.path, reactor)
        self.addCleanup(self.library.close)

    def fill(self, *files):
        writer = Writer(self.path)
        writer.sync_roots([MUSIC])
        writer.apply(files, [])
        writer.close()

    def call(self, action, arguments):
        return self.library.call(action, arguments, ASKER)

    def test_before_there_is_a_catalog(self):
        with self.assertRaises(CatalogUnusable):
            self.library.open()
        self.assertFalse(self.library.is_open)
        with self.assertRaises(CannotProcess):
            self.call("Browse", BROWSE)
        with self.assertRaises(NoSuchObject):
            self.library.resource("a" * 16, EVERYONE)
        self.assertEqual(self.library.system_update_id(), 0)
        self.assertEqual(self.library.counts(), ())

    async def test_cheap_at_once_and_dear_later(self):
        self.fill(*HOUSEHOLD)
        self.library.open()
        self.assertEqual(dict(self.call("Browse", BROWSE))["TotalMatches"], "6")
        later = self.call("Search", SEARCH)
        self.assertIsInstance(later, Deferred)
        self.assertGreater(int(dict(await later)["TotalMatches"]), 6)

    async def test_many_searches_take_turns(self):
        self.fill(*HOUSEHOLD)
        self.library.open()
        answers = await DeferredList([self.call("Search", SEARCH) for _ in range(20)])
        self.assertEqual({good for good, _ in answers}, {True})
        self.assertEqual(len({answer[2] for _, answer in answers}), 1)

    async def test_opened_anew_while_a_search_is_under_way(self):
        self.fill(*HOUSEHOLD)
        self.library.open()
        searches = [self.call("Search", SEARCH) for _ in range(6)]
        self.path.unlink()
        self.fill(film("only.mp4"))
        self.library.open()
        await DeferredList(searches)
        self.assertEqual(self.library.counts()[0].video, 1)
        self.assertEqual(self.library.counts()[0].audio, 0)
        found = dict(await self.call("Search", SEARCH))
        self.assertLess(int(found["TotalMatches"]), 10)
