"""What the catalog keeps of one object: its packed DIDL-Lite and what is searched.

Source of the properties: ContentDirectory:1 appendix B; dlna-media facts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from upnpserver.catalog.marked import Column, columns, marked
from upnpserver.catalog.views import Container, is_film
from upnpserver.dlna.converted import coded_of
from upnpserver.dlna.profiles import profile_of
from upnpserver.dlna.protocolinfo import (
    content_features,
    made_features,
    protocol_info,
)
from upnpserver.dlna.scaled import FORMS, offered, picture_path
from upnpserver.media.embedded_texts import inside_told
from upnpserver.model import Kind, MediaFacts
from upnpserver.upnp import didl
from upnpserver.upnp.props import fold
from upnpserver.upnp.values import cut_utf8, format_date, natural_key


@dataclass(frozen=True, slots=True)
class Described:
    """One object as rows want it.

    found: the columns of the table of this name. art: see didl.pack_art().
    """

    upnp_class: str
    title: str
    segments: bytes
    found: dict[str, Column]
    art: bytes = b""
    group_art: bytes = b""  # by which it stands for containers; empty: art
    above_art: bytes = b""  # and for those above them; empty: group_art


class Beside(NamedTuple):
    """What an item shows of the files beside it, and of the picture inside."""

    art: bytes = b""  # as Described has it
    group_art: bytes = b""
    above_art: bytes = b""
    captions: Sequence[didl.Caption] = ()
    lyrics: str = ""  # the URL path of a song's words


class SentFile(NamedTuple):
    """What an item sends: its id, its file's name or path, and its size."""

    item_id: str
    name: bytes
    size_bytes: int


_NOTHING = Beside()
# upnp:rating@type is the domain of those who rate: ContentDirectory:3 appendix B.
_RATED_BY = (
    (re.compile(r"G|PG|PG-13|R|NC-17"), "MPAA.ORG"),
    (re.compile(r"TV-(?:Y|Y7|G|PG|14|MA)"), "TVGUIDELINES.ORG"),
)


def media_path(sent_id: str, what: str, name: bytes) -> str:
    """Return the URL path of a file of this name; some players go by its extension.

    what: a word that tells people what is sent.
    """
    extension = name.rpartition(b".")[2].lower()
    suffix = f".{extension.decode('ascii')}" if extension.isalnum() else ""
    return f"/media/{sent_id}/{what}{suffix}"


def art_profile(facts: MediaFacts) -> str:
    """Return the DLNA profile of the picture inside a file, "" for none."""
    if not facts.art_width:
        return ""
    return _art_profile(
        facts.art_mime, facts.art_width, facts.art_height, facts.art_depth
    )


@lru_cache(maxsize=256)  # covers of one size are many
def _art_profile(mime: str, width: int, height: int, depth: int) -> str:
    container = mime.partition("/")[2]
    return profile_of(
        MediaFacts(
            *(Kind.IMAGE, mime, "", container),
            width=width,
            height=height,
            color_depth=depth,
        )
    )


def describe_item(
    facts: MediaFacts,
    title: str,
    file: SentFile,
    beside: Beside = _NOTHING,
) -> tuple[Described, str]:
    """Return what is kept of an item, and the 4th field of its protocolInfo."""
    profile = profile_of(facts)
    features = content_features(facts.kind, profile, by_time=facts.time_seek)
    resolution = f"{facts.width}x{facts.height}" if facts.width else ""
    resource = didl.Res(
        path=media_path(file.item_id, facts.kind.value, file.name),
        protocol_info=protocol_info(facts.mime, features),
        size_bytes=file.size_bytes,
        duration_ms=facts.duration_ms,
        bitrate_bps=facts.bitrate_bps,
        sample_rate_hz=facts.sample_rate_hz,
        bits_per_sample=facts.bits_per_sample,
        channels=facts.channels,
        resolution=resolution,
        color_depth=facts.color_depth,
        coded=str(coded_of(facts) or ""),
        texts=inside_told(facts),
    )
    upnp_class, properties = _class_of(facts), _properties(facts)
    resources = (resource, *_other_forms(facts, profile, file.item_id))
    segments = didl.pack(
        title,
        upnp_class,
        properties + _words_property(beside),
        resources,
        beside.captions,
    )
    found: dict[str, Column] = {
        **_found(title, upnp_class, properties),
        "res@protocolInfo": marked(
            [told.protocol_info for told in resources]
            + [told.protocol_info for told in beside.captions]
        ),
        "res@size": file.size_bytes,
        "res@duration": facts.duration_ms,
        "res@bitrate": None if facts.bitrate_bps is None else facts.bitrate_bps // 8,
        "res@sampleFrequency": facts.sample_rate_hz,
        "res@bitsPerSample": facts.bits_per_sample,
        "res@nrAudioChannels": facts.channels,
        "res@resolution": marked(told.resolution for told in resources),
        "res@colorDepth": facts.color_depth,
    }
    art = _photo_art(facts, file.item_id) or beside.art
    return Described(
        upnp_class, title, segments, found, art, beside.group_art, beside.above_art
    ), features


def _words_property(beside: Beside) -> list[tuple[str, str]]:
    return [("upnp:lyricsURI", beside.lyrics)] if beside.lyrics else []


def _other_forms(facts: MediaFacts, profile: str, item_id: str) -> list[didl.Res]:
    """Return the sizes in which a photo is drawn on demand."""
    if facts.kind is not Kind.IMAGE:
        return []
    return [
        didl.Res(
            path=picture_path(item_id, name),
            protocol_info=protocol_info(
                FORMS[name].mime, made_features(FORMS[name].profile)
            ),
            resolution=f"{width}x{height}",
        )
        for name, (width, height) in offered(facts, profile)
    ]


def _photo_art(facts: MediaFacts, item_id: str) -> bytes:
    """Return the packed art of a photo: itself, as small as lists show it."""
    if facts.kind is Kind.IMAGE and any(name == "tn" for name, _ in offered(facts, "")):
        return didl.pack_art(picture_path(item_id, "tn"), FORMS["tn"].profile)
    return b""


def describe_container(container: Container) -> Described:
    """Return what is kept of a container."""
    title, upnp_class = container.title, container.upnp_class
    segments = didl.pack(title, upnp_class, container.properties)
    found = _found(title, upnp_class, container.properties)
    return Described(upnp_class, title, segments, found)


def _found(
    title: str, upnp_class: str, properties: Iterable[tuple[str, str]]
) -> dict[str, Column]:
    title = cut_utf8(title, didl.MAX_TITLE_BYTES)
    told = columns([("dc:title", title), ("upnp:class", upnp_class), *properties])
    return {"title_key": natural_key(fold(title)), **told}


def _class_of(facts: MediaFacts) -> str:
    match facts.kind:
        case Kind.AUDIO:
            name = "audioBook" if facts.audiobook else "musicTrack"
            return f"object.item.audioItem.{name}"
        case Kind.VIDEO:
            return "object.item.videoItem" + (".movie" if is_film(facts) else "")
        case Kind.IMAGE:
            return "object.item.imageItem.photo"


def _creators(facts: MediaFacts) -> tuple[str, ...]:
    return (facts.artists or facts.album_artists)[:1]


def _properties(facts: MediaFacts) -> list[tuple[str, str]]:
    date = format_date(facts.date)
    properties = [("dc:creator", name) for name in _creators(facts)]
    properties += [("dc:date", date)] if date else []
    description = facts.description or facts.comment
    properties += [("dc:description", description)] if description else []
    properties += [("upnp:artist", name) for name in facts.artists]
    properties += [
        ("upnp:artist@role=AlbumArtist", name) for name in facts.album_artists
    ]
    properties += [("upnp:artist@role=Composer", name) for name in facts.composers]
    properties += [("upnp:artist@role=Conductor", name) for name in facts.conductors]
    if facts.audiobook:
        authors = facts.album_artists or facts.artists
        properties += [("upnp:author", name) for name in authors]
    properties += [("upnp:director", name) for name in facts.directors]
    properties += [("upnp:actor", name) for name in facts.actors]
    properties += [("upnp:album", facts.album)] if facts.album else []
    properties += [("upnp:genre", name) for name in facts.genres]
    numbers = (
        ("upnp:originalTrackNumber", facts.track),
        ("upnp:originalDiscNumber", facts.disc),
        ("upnp:episodeSeason", facts.season),
        ("upnp:episodeNumber", facts.episode),
    )
    properties += [(name, str(number)) for name, number in numbers if number]
    texts = (
        ("upnp:seriesTitle", facts.series),
        ("upnp:programTitle", facts.title if facts.series else ""),
        (_rating(facts.content_rating), facts.content_rating),
        ("upnp:longDescription", facts.description),
    )
    properties += [(name, text) for name, text in texts if text]
    return properties + [("dc:language", tag) for tag in _languages(facts)]


def _rating(content_rating: str) -> str:
    """Return the property of a rating: with its type where there is a name for that."""
    found = (kind for start, kind in _RATED_BY if start.fullmatch(content_rating))
    kind = next(found, "")
    return f"upnp:rating@type={kind}" if kind else "upnp:rating"


def _languages(facts: MediaFacts) -> dict[str, None]:
    """Return the languages that are spoken, each once, in the file's order."""
    spoken = (one.language for one in facts.tracks if one.kind == "audio")
    return dict.fromkeys(filter(None, spoken))
