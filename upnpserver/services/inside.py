"""What ffmpeg can take out of a film: a picture where it has none, and its subtitles.

Only addresses are told here: all is made when it is asked for. Whether there is an
ffmpeg changes without the catalog, so that nothing of it is kept there.
"""

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
# Found by where they stand: a search through all that is told of an object would
# cost a page of music more than anything else here.
_CLASS: Final = b"&lt;upnp:class&gt;object.item."  # behind the title
_FILM: Final = b"videoItem"
_CODED: Final = didl.CODED.encode()
_END: Final = b"\x1f"
_TEXTS: Final = didl.TEXTS.encode()
_ANY_ID: Final = "-"
_AROUND_ID: Final = didl.pack_art(
    picture_path(_ANY_ID, _FORM), FORMS[_FORM].profile
).split(f"/{_ANY_ID}/".encode())
_REMEMBERED: Final = 256  # films with subtitles inside; each some 2 KB


def with_insides(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return entries with what can be taken out of films."""
    return [one if one.is_container else _with_inside(one) for one in entries]


def _with_inside(entry: Entry) -> Entry:
    segments = entry.segments
    class_at = segments.find(_CLASS) + len(_CLASS)
    if not segments.startswith(_FILM, class_at):
        return entry
    coded_at = segments.rfind(_CODED)  # resources come last
    if coded_at < 0:  # in codecs that nobody knows: nothing can be had of it
        return entry
    item_id = item_id_of(entry.ref_id or entry.object_id)
    if not entry.art:
        entry = entry._replace(art=f"/{item_id}/".encode().join(_AROUND_ID))
    # The part is empty, and the next one follows.
    texts_at = segments.find(_END, coded_at) + 2
    if not segments.startswith(_TEXTS, texts_at):
        return entry
    told = segments[texts_at + len(_TEXTS) : segments.find(_END, texts_at)].decode()
    return entry._replace(segments=_with_texts(segments, item_id, told))


@lru_cache(maxsize=_REMEMBERED)
def _with_texts(segments: bytes, item_id: str, told: str) -> bytes:
    info = protocol_info(SRT_MIME, made_features())
    found = [didl.Caption(path, SRT, info) for path in text_paths(item_id, told)]
    return didl.with_captions(segments, found) if found else segments
