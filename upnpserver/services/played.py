"""What was played, told with items: how often, when, and where to go on.

It changes without the catalog, so it is put into a page when that is written.
Most items were never played and are left as they are.

Source: ContentDirectory:2 appendix B (upnp:playbackCount and what follows);
reference content-directory.md sections 6 and 8 (Samsung's form).
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from upnpserver.catalog.identity import item_id_of
from upnpserver.model import Entry, Play, Plays
from upnpserver.policy import Needs
from upnpserver.upnp import didl
from upnpserver.upnp.values import format_duration

_DURATION: Final = re.compile(rb'\x1f duration="(\d+):(\d\d):(\d\d)')
_LAST_S: Final = 253_402_300_799  # the end of year 9999
_BEGUN: Final = "video$begun"  # catalog/living.py
EARLIER_S: Final = 10  # people want to see again what came right before


def is_resumed(entry: Entry, needs: Needs) -> bool:
    """Whether an entry is a film that a device gets from its place on."""
    return needs.resume and entry.parent_id == _BEGUN and not entry.is_container


def with_plays(entries: Sequence[Entry], plays: Plays, needs: Needs) -> Sequence[Entry]:
    """Return entries with what is kept of those that were played."""
    if not plays.of:
        return entries
    return [_with_play(entry, plays, needs) for entry in entries]


def _with_play(entry: Entry, plays: Plays, needs: Needs) -> Entry:
    if entry.is_container or is_resumed(entry, needs):
        return entry
    play = plays.of.get(item_id_of(entry.ref_id or entry.object_id))
    if play is None:
        return entry
    length_ms = length_ms_of(entry.segments)
    told = [("upnp:playbackCount", str(play.times))] if play.times else []
    told += _position(play, length_ms)
    told.append(("upnp:lastPlaybackTime", _time(play.played_s)))
    if needs.bookmark:
        told += _bookmark(play, length_ms, needs)
    return entry._replace(segments=didl.with_properties(entry.segments, told))


def length_ms_of(segments: bytes) -> int:
    """Return how long an item takes, 0 if it isn't told."""
    found = _DURATION.search(segments)
    if found is None:
        return 0
    hours, minutes, seconds = map(int, found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def _time(played_s: int) -> str:
    """Return xsd:dateTime; in UTC, as a catalog doesn't know where people live."""
    told_s = min(max(played_s, 0), _LAST_S)
    return datetime.fromtimestamp(told_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _position(play: Play, length_ms: int) -> list[tuple[str, str]]:
    place_s = play.place_ms(length_ms) // 1000
    if not place_s:
        return []
    return [("upnp:lastPlaybackPosition", format_duration(place_s * 1000))]


def _bookmark(play: Play, length_ms: int, needs: Needs) -> list[tuple[str, str]]:
    if not play.position_percent or not length_ms:
        return []
    place_s = max(0, play.place_ms(length_ms) // 1000 - EARLIER_S)
    place = place_s * 1000 if needs.bookmark == "ms" else place_s
    return [("sec:dcmInfo", f"CREATIONDATE=0,FOLDER=,BM={place}")]
