"""What ffmpeg can take out of a film: a picture where it has none, and its subtitles.

Only addresses are told here: all is made when it is asked for. Whether there is an
ffmpeg changes without the catalog, so that nothing of it is kept there.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from upnpserver.catalog.identity import item_id_of
from upnpserver.dlna.protocolinfo import made_features, protocol_info
from upnpserver.dlna.scaled import FORMS, picture_path
from upnpserver.media.embedded_texts import text_paths
from upnpserver.media.subtitle_names import SRT, SRT_MIME
from upnpserver.model import Entry
from upnpserver.upnp import didl

_FORM: Final = "tn"
_FILM: Final = b"object.item.videoItem"
_CODED: Final = didl.CODED.encode()
_TEXTS: Final = re.compile(didl.TEXTS.encode() + rb"([^\x1f]+)")
_REMEMBERED: Final = 256  # films with subtitles inside; each some 2 KB


def with_insides(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return entries with what can be taken out of films."""
    return [one if one.is_container else _with_inside(one) for one in entries]


def _with_inside(entry: Entry) -> Entry:
    # Of what is no film, or in codecs that nobody knows, nothing can be had.
    if _FILM not in entry.segments or _CODED not in entry.segments:
        return entry
    item_id = item_id_of(entry.ref_id or entry.object_id)
    if not entry.art:
        art = didl.pack_art(picture_path(item_id, _FORM), FORMS[_FORM].profile)
        entry = entry._replace(art=art)
    texts = _TEXTS.search(entry.segments)
    if texts is None:
        return entry
    told = texts[1].decode()
    return entry._replace(segments=_with_texts(entry.segments, item_id, told))


@lru_cache(maxsize=_REMEMBERED)
def _with_texts(segments: bytes, item_id: str, told: str) -> bytes:
    info = protocol_info(SRT_MIME, made_features())
    found = [didl.Caption(path, SRT, info) for path in text_paths(item_id, told)]
    return didl.with_captions(segments, found) if found else segments
