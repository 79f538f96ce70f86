"""From real folders to the scanner's orders, with a clock and no process."""

import os
import shutil
import tempfile
from pathlib import Path

from twisted.internet.defer import execute
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net import inotify, watch
from upnpserver.net.changes import AGAIN_S, QUIET_S, SETTLE_S
from upnpserver.net.watch import Watch
from upnpserver.scan.messages import (
    Away,
    Finished,
    InRoot,
    ScanRoot,
    Unsettled,
    Unwatched,
)
from upnpserver.scan.names import stamp_of
from upnpserver.scan.watches import Watches

DONE = Finished(0, 0, 0, 0.0)


class Scanner:
    """Takes orders, and is free again when the test says so."""

    def __init__(self, root):
        self.roots = (ScanRoot("Home", (), root, ("audio",)),)
        self.is_free, self.warm = True, False
        self.orders = []

    def watch_with(self, fd):
        self.fd = fd

    def warm_up(self):
        self.warm = True

    def scan(self, *, busy=()):
        self._take(("scan", *busy))

    def look(self, folders, trees, closed, busy):
        found = (folders, trees, closed, busy)
        self._take(tuple(sorted(place.path for place in part) for part in found))

    def _take(self, order):
        assert self.is_free
        self.is_free = False
        self.orders.append(order)


class Descriptors:
    """Stands for the reactor: reads from who waits when it is told to."""

    def __init__(self):
        self.readers = set()

    def addReader(self, reader):
        self.readers.add(reader)

    def removeReader(self, reader):
        self.readers.discard(reader)

    def turn(self):
        for reader in list(self.readers):
            if isinstance(reader, inotify.Inotify):
                reader.doRead()


class Disks:
    def run(self, disk, work):
        return execute(work)

    def stop(self):
        pass


class WatchTests(SynchronousTestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = Path(holder.name, "media")
        (self.root / "album").mkdir(parents=True)
        self.clock, self.descriptors = Clock(), Descriptors()
        self.scanner = Scanner(os.fsencode(self.root))
        self.watch = Watch(
            self.clock,
            self.descriptors,
            self.scanner,
            Disks(),
            lambda name: name.endswith(b".mp3"),
        )
        self.watch.start()
        self.addCleanup(self.end)
        self.assertEqual(self.scanner.orders, [("scan",)])
        self.watches = Watches(self.scanner.fd, self.watch.heard)
        self.enter(b"")
        self.enter(b"album")
        self.scanned()

    def end(self):
        self.watch.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.descriptors.readers, set())

    def enter(self, directory):
        path = os.fsencode(self.root) + (b"/" + directory if directory else b"")
        self.watches.enter(0, path, directory)
        self.watches.flush()

    def scanned(self, *messages):
        self.scanner.is_free = True
        self.scanner.orders.clear()
        for message in (*messages, DONE):
            self.watch.heard(message)

    def after(self, seconds=SETTLE_S + inotify.PAUSE_S):
        """Return the orders after some time."""
        for _ in range(10):
            self.descriptors.turn()
            self.clock.advance(seconds / 10)
        return self.scanner.orders

    def test_a_new_file_is_looked_at_once_and_then_it_is_quiet(self):
        (self.root / "album/1.mp3").write_bytes(b"1")
        looked = [([b"album"], [], [b"album/1.mp3"], [])]
        self.assertEqual(self.after(), looked)
        self.assertTrue(self.scanner.warm)
        self.scanned()
        self.assertEqual(self.after(100), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_does_not_matter_starts_nothing(self):
        (self.root / "album/cover.txt").write_bytes(b"1")
        (self.root / ".hidden").mkdir()
        self.assertEqual(self.after(QUIET_S), [])
        self.assertFalse(self.scanner.warm)

    def test_an_open_file_is_busy_until_it_is_closed(self):
        with (self.root / "1.mp3").open("wb", buffering=0) as copy:
            copy.write(b"half")
            (self.root / "2.mp3").write_bytes(b"whole")
            self.assertEqual(self.after(), [([b""], [], [b"2.mp3"], [b"1.mp3"])])
            self.scanned()
            self.assertEqual(self.after(), [])
        self.assertEqual(self.after(), [([b""], [], [b"1.mp3"], [])])

    def test_a_folder_that_moves_is_one_look(self):
        (self.root / "album").rename(self.root / "renamed")
        self.assertEqual(self.after(), [([], [b"album", b"renamed"], [], [])])
        self.enter(b"renamed")
        self.scanned()
        (self.root / "renamed/1.mp3").write_bytes(b"1")
        self.assertEqual(self.after()[0][0], [b"renamed"])

    def test_a_folder_that_moves_out_is_watched_no_more(self):
        shutil.move(self.root / "album", self.root.parent / f"{self.root.name}-out")
        self.assertEqual(self.after(), [([], [b"album"], [], [])])
        self.scanned()
        outside = self.root.parent / f"{self.root.name}-out"
        (outside / "1.mp3").write_bytes(b"1")
        self.assertEqual(self.after(), [])

    def test_what_happens_during_an_order_is_the_next_one(self):
        (self.root / "1.mp3").write_bytes(b"1")
        self.assertEqual(len(self.after()), 1)
        for number in range(3):
            (self.root / f"album/{number}.mp3").write_bytes(b"1")
            self.assertEqual(len(self.after()), 1)
        self.scanned()
        [(folders, _, closed, _)] = self.after()
        self.assertEqual((folders, len(closed)), ([b"album"], 3))

    def test_what_may_be_incomplete_is_looked_at_again(self):
        self.scanned(Unsettled((InRoot(0, b"album"),)))
        self.assertEqual(self.after(AGAIN_S - 0.1), [])
        self.assertEqual(self.after(0.2), [([b"album"], [], [], [])])

    def test_a_root_that_goes_is_looked_for_until_it_is_back(self):
        away = self.root.with_name(self.root.name + "-away")
        self.root.rename(away)
        self.assertEqual(self.after(), [([], [b""], [], [])])
        self.scanned(Away((0,)))
        self.assertEqual(self.after(60), [])
        away.rename(self.root)
        self.assertEqual(self.after(31), [([], [b""], [], [])])
        self.scanned()
        self.after(600)  # found by its watch and by polling
        self.scanned()
        self.assertEqual(self.after(600), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_folders_without_a_watch_are_compared_now_and_then(self):
        path = os.fsencode(self.root / "album")
        self.scanned(Unwatched(0, ((stamp_of(path), b"album"),), "nfs4"))
        self.assertEqual(self.after(600), [])
        (self.root / "album/1.txt").write_bytes(b"1")
        self.after(600)
        self.assertEqual(self.after()[0][0], [b"album"])
        self.scanner.is_free = True
        self.clock.advance(watch.COMPLETE_EVERY_S)
        self.clock.advance(SETTLE_S)
        self.assertIn(("scan",), self.scanner.orders)
