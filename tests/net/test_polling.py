"""Folders of which nobody tells: looked at now and then, and ever more rarely."""

import os
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import execute
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from upnpserver.net import polling as module
from upnpserver.net.mounts import is_around
from upnpserver.net.polling import News, Polling, look
from upnpserver.scan.messages import InRoot
from upnpserver.scan.names import stamp_of

LINE = rb"40 27 0:40 / %s rw - ext4 /dev/sdb1 rw"


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (rb"/mnt/my\040disk", True),
        (rb"/mnt/my\040disk/Music", True),
        (rb"/mnt/my\040disk/Music/inside", True),
        (rb"/mnt", True),
        (rb"/mnt/my\040disk/Mus", False),
        (rb"/mnt/other", False),
        (rb"/", False),
    ],
)
def test_which_mounts_are_around_a_folder(point, expected):
    assert is_around(LINE % point, [b"/srv", b"/mnt/my disk/Music"]) is expected


@given(st.binary(max_size=20))
def test_any_mount_point_is_told_apart(point):
    line = LINE.replace(b"%s", point.translate(None, b" \n"))
    assert is_around(line, [b"/srv"]) in (True, False)
    assert not is_around(point.translate(None, b" "), [b"/srv"])


def test_a_look_tells_what_came_left_and_changed(tmp_path):
    root = os.fsencode(tmp_path)
    for name in ("same", "changed", "gone"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1, 1))
    os.utime(tmp_path, (1, 1))
    names = [b"", b"same", b"changed", b"gone"]
    before = {name: stamp_of(root + b"/" + name) for name in names}
    assert look(root, before) == News(before)
    (tmp_path / "gone").rmdir()
    (tmp_path / "new").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "changed/file").write_bytes(b"")
    second = look(root, before)
    assert sorted(second.folders) == [b"", b"changed"]
    assert sorted(second.trees) == [b"gone", b"new"]
    assert b"gone" not in second.stamps


class AtOnce:
    """Does what disks are asked for at once, and counts it."""

    def __init__(self):
        self.asked = 0

    def run(self, disk, work):
        self.asked += 1
        return execute(work)

    def stop(self):
        pass


class PollingTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.disks, self.found = Clock(), AtOnce(), []
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = os.fsencode(holder.name) + b"/media"
        os.makedirs(self.root + b"/album")  # noqa: PTH103
        self.polling = Polling(
            self.clock, self.disks, [b"/nowhere", self.root], self.hear
        )
        self.addCleanup(self.polling.stop)

    def hear(self, folders, trees):
        self.found.append(([*folders], [*trees]))

    def follow(self):
        album = stamp_of(self.root + b"/album")
        self.polling.follow(1, [(stamp_of(self.root), b""), (album, b"album")])
        self.clock.advance(module.FIRST_S)

    def change(self):
        now = os.stat(self.root + b"/album").st_mtime_ns  # noqa: PTH116
        os.utime(self.root + b"/album", ns=(0, now + 1))

    def test_where_nothing_happens_looks_become_rare(self):
        self.follow()
        self.clock.pump([1.0] * 3600)
        self.assertEqual(self.found, [])
        self.assertLess(self.disks.asked, 6 + 3600 / module.LONGEST_S)
        self.assertGreater(self.disks.asked, 3600 / module.LONGEST_S)

    def test_a_change_is_looked_at_closely_for_a_while(self):
        self.follow()
        self.clock.pump([1.0] * 3600)
        self.change()
        self.clock.pump([1.0] * 3600)
        album = ([InRoot(1, b"album")], [])
        self.assertEqual(self.found, [album] * 6)

    def test_after_a_change_it_looks_soon_again(self):
        self.follow()
        self.clock.pump([1.0] * 3600)
        self.change()
        self.clock.advance(module.LONGEST_S)
        asked = self.disks.asked
        self.clock.advance(module.FIRST_S)
        self.assertEqual(self.disks.asked, asked + 1)

    def test_a_folder_that_left_is_told_once(self):
        self.follow()
        os.rmdir(self.root + b"/album")  # noqa: PTH106
        self.clock.pump([1.0] * 60)
        trees = [tree for _, trees in self.found for tree in trees]
        self.assertEqual(trees, [InRoot(1, b"album")])

    def test_a_root_that_is_away_is_told_when_something_is_there(self):
        os.rmdir(self.root + b"/album")  # noqa: PTH106
        os.rmdir(self.root)  # noqa: PTH106
        self.polling.away_now([1])
        self.clock.pump([1.0] * 120)
        self.assertEqual(self.found, [])
        os.mkdir(self.root)  # noqa: PTH102
        self.clock.advance(module.AWAY_EVERY_S[-1])
        self.assertEqual(self.found, [([], [InRoot(1, b"")])])
        self.polling.away_now([1])  # it was looked at, and is empty
        self.clock.pump([1.0] * 120)
        self.assertEqual(len(self.found), 1)

    def test_nothing_is_looked_at_when_all_are_there(self):
        self.polling.away_now([1])
        self.polling.away_now([])
        self.clock.pump([1.0] * 120)
        self.assertEqual((self.disks.asked, self.clock.getDelayedCalls()), (0, []))
