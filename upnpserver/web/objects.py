"""What a page shows of an object, read from its DIDL-Lite properties. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from upnpserver.dlna.scaled import picture_path
from upnpserver.model import Entry
from upnpserver.services.content_directory import Asker
from upnpserver.services.played import with_plays
from upnpserver.upnp import didl
from upnpserver.upnp.values import unescape_text

_ELEMENT: Final = re.compile(r"<([\w:]+)((?: [^<>]*)?)>([^<]*)</\1>")
_ATTRIBUTE: Final = re.compile(r'([\w:]+)="([^"]*)"')
_PICTURE_ID: Final = re.compile(r"/(?:media|picture)/([a-z2-7]{16})/")
_TIME: Final = re.compile(r"(\d+):(\d\d):(\d\d)")
_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True)
class Form:
    """One form in which an item can be had.

    path: of its URL. size_bytes: 0 if it is unknown.
    """

    mime: str
    path: str
    size_bytes: int = 0
    resolution: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One object.

    kind: "audio", "video", "image", or "" for what holds others. artists: or whoever
    made it. begun_s: where somebody stopped. facts: of DIDL-Lite properties, each once.
    before: goes before the paths of pictures.
    """

    object_id: str
    parent_id: str
    title: str
    kind: str
    upnp_class: str
    child_count: int
    picture_id: str
    artists: tuple[str, ...]
    album: str
    date: str
    number: str
    description: str
    duration_s: int
    begun_s: int
    forms: tuple[Form, ...]
    genres: tuple[str, ...] = ()
    before: str = ""

    @property
    def is_container(self) -> bool:
        """Whether it holds others."""
        return not self.kind

    @property
    def year(self) -> str:
        """The year of its date, "" if it has none."""
        return self.date[:4]

    @property
    def subtitle(self) -> str:
        """The path of its first subtitle that a script can read, "" if it has none."""
        return next((one.path for one in self.forms if one.mime == "text/srt"), "")

    def picture(self, size: str) -> str:
        """Return the path of a picture of it; size: as in dlna.scaled.FORMS."""
        if not self.picture_id:
            return ""
        return self.before + picture_path(self.picture_id, size)


def shown(entry: Entry, before: str = "") -> Shown:
    """Return what a page shows of an entry; before: goes before paths of files."""
    return _shown(
        before,
        entry.object_id,
        entry.parent_id,
        entry.is_container,
        entry.child_count,
        entry.segments,
        entry.art,
    )


def shown_to(asker: Asker, entries: Sequence[Entry]) -> list[Shown]:
    """Return what who asks is shown of entries, with what he played of them."""
    if asker.plays:
        entries = with_plays(entries, asker.plays, asker.policy.needs)
    return [shown(entry, asker.policy.secret_path) for entry in entries]


@lru_cache(maxsize=_REMEMBERED)
def _shown(  # noqa: PLR0913, PLR0917 - the fields of an Entry, to be remembered by
    before: str,
    object_id: str,
    parent_id: str,
    is_container: bool,
    child_count: int,
    segments: bytes,
    art: bytes,
) -> Shown:
    told: dict[str, list[str]] = {}
    forms = []
    xml = "".join(text for _, text in didl.parts_of(segments)).replace("\x02", before)
    for name, attributes, text in _ELEMENT.findall(xml):
        if name == "res":
            forms.append(_form(dict(_ATTRIBUTE.findall(attributes)), text))
        else:
            key = name if " role=" not in attributes else f"{name}@role"
            told.setdefault(key, []).append(unescape_text(text))
    duration = re.search(r'<res [^<>]*duration="([^"]*)"', xml)
    picture = _PICTURE_ID.search(didl.unpacked(art))

    def one(*names: str) -> str:
        return next((told[name][0] for name in names if name in told), "")

    upnp_class = one("upnp:class")
    return Shown(
        object_id,
        parent_id,
        one("dc:title"),
        "" if is_container else _kind(upnp_class),
        upnp_class,
        child_count,
        picture[1] if picture else "",
        _once(told.get("upnp:artist") or told.get("upnp:artist@role") or []),
        one("upnp:album", "upnp:seriesTitle"),
        one("dc:date"),
        one("upnp:originalTrackNumber", "upnp:episodeNumber"),
        one("upnp:longDescription", "dc:description"),
        _seconds(duration[1] if duration else ""),
        _seconds(one("upnp:lastPlaybackPosition")),
        tuple(forms),
        _once(told.get("upnp:genre", [])),
        before,
    )


def _kind(upnp_class: str) -> str:
    for kind in ("audio", "video", "image"):
        if upnp_class.startswith(f"object.item.{kind}Item"):
            return kind
    return "file"


def _form(attributes: dict[str, str], path: str) -> Form:
    info = unescape_text(attributes.get("protocolInfo", "")).split(":")
    mime = info[2] if len(info) > 3 else ""
    size = attributes.get("size", "0")
    resolution = attributes.get("resolution", "")
    return Form(mime, unescape_text(path), int(size), resolution)


def _seconds(text: str) -> int:
    found = _TIME.match(text)
    if found is None:
        return 0
    hours, minutes, seconds = map(int, found.groups())
    return (hours * 60 + minutes) * 60 + seconds


def _once(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
