"""The catalog behind the reactor: at once, in threads, and swapped while in use."""

import sqlite3
import tempfile
from pathlib import Path

from support.made_up_files import HOUSEHOLD, MUSIC, film, track
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.trial.unittest import TestCase

from upnpserver.catalog.writer import Writer
from upnpserver.errors import CannotProcess, CatalogUnusable, NoSuchObject
from upnpserver.net.library import Library
from upnpserver.policy import EVERYONE
from upnpserver.services.content_directory import Asker

PAGE_BYTES = 4096
ASKER = Asker(EVERYONE, "http://192.0.2.1:8200")
PAGE = {"Filter": "*", "StartingIndex": "0", "RequestedCount": "0", "SortCriteria": ""}
BROWSE = {**PAGE, "ObjectID": "music$all", "BrowseFlag": "BrowseDirectChildren"}
SEARCH = {**PAGE, "ContainerID": "0", "SearchCriteria": "*"}


class LibraryTests(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "catalog.sqlite"
        self.damage = []
        self.library = Library(self.path, reactor, self.damage.append)
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

    async def test_the_same_again_until_the_catalog_changes(self):
        self.fill(*HOUSEHOLD)
        self.library.open()
        first = self.call("Browse", BROWSE)
        found = await self.call("Search", SEARCH)
        self.assertIs(self.call("Browse", dict(BROWSE)), first)
        self.assertIs(self.call("Search", SEARCH), found)  # at once: it isn't read
        self.fill(track("C/new.mp3"))
        again = dict(self.call("Browse", BROWSE))
        self.assertEqual(again["TotalMatches"], "7")
        self.assertNotEqual(again["UpdateID"], dict(first)["UpdateID"])
        later = self.call("Search", SEARCH)
        self.assertIsInstance(later, Deferred)
        self.assertIn(b"&gt;new&lt;/dc:title", dict(await later)["Result"])

    async def test_what_is_served(self):
        with self.assertRaises(CannotProcess):
            await self.library.served()
        self.fill(*HOUSEHOLD)
        self.library.open()
        served = await self.library.served()
        self.assertEqual(len(set(served)), len(served))
        self.assertEqual(
            {mime for mime, _ in served}, {"audio/mpeg", "video/mp4", "image/jpeg"}
        )

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

    def spoil(self):
        """Damage all rows, and leave a file that opens as a catalog."""
        rows = sqlite3.connect(self.path)
        roots = rows.execute("select rootpage from sqlite_schema where rootpage > 0")
        starts = [(page - 1) * PAGE_BYTES for (page,) in roots]
        rows.close()
        content = bytearray(self.path.read_bytes())
        for start in starts:
            content[start : start + PAGE_BYTES] = b"\xa5" * PAGE_BYTES
        self.path.write_bytes(content)

    async def test_damage_is_told_once_and_answered_as_before_the_first_scan(self):
        asking = {
            "browse": lambda: self.call("Browse", BROWSE),
            "search": lambda: self.call("Search", SEARCH),
            "stream": lambda: self.library.resource("a" * 16, EVERYONE),
        }
        for name, ask in asking.items():
            with self.subTest(name):
                self.damage.clear()
                self.path.unlink(missing_ok=True)
                self.fill(*HOUSEHOLD)
                self.spoil()
                self.library.open()
                with self.assertRaises(CannotProcess):
                    await maybeDeferred(ask)
                self.assertEqual(len(self.damage), 1)
                self.assertFalse(self.library.is_open)
                with self.assertRaises(CannotProcess):
                    self.call("Browse", BROWSE)

    def test_damage_met_while_counting(self):
        self.fill(*HOUSEHOLD)
        self.spoil()
        for ask, nothing in (
            (self.library.counts, ()),
            (self.library.system_update_id, 0),
        ):
            self.damage.clear()
            self.library.open()
            self.assertEqual(ask(), nothing)
            self.assertEqual(len(self.damage), 1)
            self.assertFalse(self.library.is_open)

    async def test_many_searches_meet_damage_together(self):
        self.fill(*HOUSEHOLD)
        self.spoil()
        self.library.open()
        asked = [maybeDeferred(self.call, "Search", SEARCH) for _ in range(6)]
        answers = await DeferredList(asked, consumeErrors=True)
        self.assertTrue(all(a[1].check(CannotProcess) for a in answers))
        self.assertEqual(len(self.damage), 1)
