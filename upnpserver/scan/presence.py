"""Which roots are there now, each with the identity of its disk.

A root that is missing, or an empty mount point, is away: nothing in it is
gone. Another disk at its path is another root.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from upnpserver.catalog.item_rows import Root
from upnpserver.catalog.writer import Writer
from upnpserver.scan.disks import Disk, disk_at


@dataclass(slots=True)
class Presence:
    """Roots by their numbers: here, with their disks, and away.

    lines: for the log, by the numbers. news: those that were not so before.
    """

    here: dict[int, tuple[Root, Disk]] = field(default_factory=dict)
    away: dict[int, Root] = field(default_factory=dict)
    lines: dict[int, str] = field(default_factory=dict)
    news: set[int] = field(default_factory=set)


def presence(roots: Iterable[Root], writer: Writer) -> Presence:
    """Look which roots are there; writer: knows what was there before."""
    found = Presence()
    for number, root in enumerate(roots):
        disk = disk_at(root.path)
        if disk is None:
            absence = "is not there"
        else:
            root = replace(root, identity=disk.identity)  # noqa: PLW2901
            absence = _absence(root, disk, writer)
            if not absence:
                found.here[number] = root, disk
                if writer.is_other_disk(root) and writer.is_here(root):
                    found.lines[number] = _line(root, "holds another disk")
                    found.news.add(number)
                continue
        found.away[number] = root
        found.lines[number] = _line(root, absence)
        if writer.is_here(root):
            found.news.add(number)
    return found


def _absence(root: Root, disk: Disk, writer: Writer) -> str:
    """Return why a folder is not the root's own, "" if it is."""
    is_strange = writer.is_other_disk(root)
    if is_strange or (not disk.tells_all and writer.is_here(root)):
        try:
            with os.scandir(root.path) as entries:
                if next(entries, None) is None:
                    return "is empty (is its disk mounted?)"
        except OSError:
            return ""  # told when it is listed
    return ""


def _line(root: Root, what: str) -> str:
    return (
        f"library {root.library}: its folder {what}: what was in it is hidden until"
        " it is back"
    )
