"""What moves while the server runs, as somebody may see it. Pure."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from upnpserver.catalog.identity import original
from upnpserver.errors import NoSuchObject
from upnpserver.model import Playing
from upnpserver.services.catalog_protocol import Catalog
from upnpserver.services.content_directory import Asker
from upnpserver.web.objects import Shown, shown


class Scan(NamedTuple):
    """How far the scanner is.

    done: new files that were read. total: None if nobody counts.
    """

    is_running: bool = False
    done: int = 0
    total: int | None = None


class Watched(NamedTuple):
    """What a device gets at this moment. name: of the device, "" if it has none."""

    playing: Playing
    name: str
    shown: Shown


class Moment(NamedTuple):
    """The server at one moment.

    playing: what is being sent, each with the name of the device that gets it.
    """

    name: str
    version: str
    uptime_s: int
    scan: Scan
    playing: Sequence[tuple[Playing, str]]


def watched(moment: Moment, asker: Asker, catalog: Catalog | None) -> list[Watched]:
    """Return what is being sent of all that may be seen by who asks.

    What is hidden isn't there: nothing is told of who gets it.
    """
    found: list[Watched] = []
    if catalog is None:
        return found
    for playing, name in moment.playing:
        with suppress(NoSuchObject):
            page = catalog.metadata(original(playing.item_id), asker.policy)
            one = shown(page.entries[0], asker.policy.secret_path)
            found.append(Watched(playing, name, one))
    return found


def scan_seen(moment: Moment, asker: Asker) -> Scan | None:
    """Return how far the scanner is; None for those from whom something is hidden.

    They would learn how much that is, and when it grows.
    """
    sees_all = not asker.policy.audience
    return moment.scan if sees_all else None
