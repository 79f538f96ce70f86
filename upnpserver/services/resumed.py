"""Films in "Continue watching" that begin where they were left, for some devices.

Those know no places to continue, or none that a server could tell them. Such a film
has one form, which is converted from its place on, the picture as it is: it is there
only with ffmpeg. Everywhere else the film is as ever.
"""

import re
from collections.abc import Sequence
from typing import Final

from upnpserver.catalog.identity import item_id_of
from upnpserver.dlna.converted import (
    coded_from,
    converted_path,
    copied_form,
    form_for,
    offer,
)
from upnpserver.dlna.protocolinfo import protocol_info
from upnpserver.model import Entry, Plays
from upnpserver.policy import Needs
from upnpserver.services.played import EARLIER_S, is_resumed
from upnpserver.upnp import didl

_TITLE: Final = "<dc:title>"
_CODED: Final = re.compile(didl.CODED.encode() + rb"([^\x1f]+)")


def resumed(entries: Sequence[Entry], plays: Plays, needs: Needs) -> Sequence[Entry]:
    """Return entries, of which those to continue begin at their place."""
    if not needs.resume:
        return entries
    return [
        _resumed(one, plays, needs) if is_resumed(one, needs) else one
        for one in entries
    ]


def _resumed(entry: Entry, plays: Plays, needs: Needs) -> Entry:
    item_id = item_id_of(entry.ref_id or entry.object_id)
    play, told = plays.of.get(item_id), _CODED.search(entry.segments)
    coded = coded_from(told[1].decode()) if told else None
    form = (form_for(coded, needs.instead) or copied_form(coded)) if coded else None
    if play is None or coded is None or form is None:
        return entry
    start_s = play.place_ms(coded.duration_ms) // 1000 - EARLIER_S
    if start_s <= 0:
        return entry
    left = coded._replace(duration_ms=coded.duration_ms - start_s * 1000)
    offered = offer(left, form, needs.seek)
    path = converted_path(item_id, form, start_s)
    info = protocol_info(offered.mime, offered.features)
    res = didl.Res(path, info, duration_ms=left.duration_ms)
    properties = [
        (name, xml.replace(_TITLE, f"{_TITLE}\u25b6 {_clock(start_s)} \u2013 ", 1))
        for name, xml in didl.parts_of(entry.segments)
        if name.partition("@")[0] != "res" and not name.startswith("sec:")
    ]
    return entry._replace(segments=didl.packed([*properties, *didl.res_parts(res)]))


def _clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"
