"""DIDL-Lite: packed properties of an object, and documents made from them.

The catalog keeps each object's properties packed, so that a page is written by
joining bytes: UTF-8, and escaped once more already, as a document travels as
text inside a SOAP argument. Names and XML alternate, parted by 0x1F: a Filter
picks the names it wants. 0x02 stands for the server's own base URL, which
depends on the interface that the asker came in on. Neither byte can stand in
XML.

Source: ContentDirectory:1 section 2.8, appendix A (DIDL-Lite schema).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from upnpserver.model import Entry
from upnpserver.upnp.props import Filter
from upnpserver.upnp.values import (
    clean_text,
    cut_utf8,
    escape_attribute,
    escape_text,
    format_duration,
    unescape_text,
)

_BASE_URL = "\x02"
_PART_TEXT = "\x1f"
_PART = _PART_TEXT.encode()
# The names of parts without XML: Res.coded and Res.texts follow.
CODED, TEXTS = "res@coded:", "res@texts:"
MAX_TEXT_BYTES = 1024
MAX_TITLE_BYTES = 256  # DLNA; Kodi's Platinum cuts longer ones anyway


def _escaped(xml: str) -> bytes:
    return escape_text(xml).encode()


_HEAD = _escaped(
    '<DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/"'
    ' xmlns:dlna="urn:schemas-dlna-org:metadata-1-0/">'
)
# Only where they are used: of one radio it is told that it fails on the first.
_CAPTION_HEAD = _HEAD.removesuffix(b"&gt;") + _escaped(
    ' xmlns:sec="http://www.sec.co.kr/dlna" xmlns:pv="http://www.pv.com/pvns/">'
)
_CAPTION_MARKS = (b"sec:CaptionInfo", b"sec:dcmInfo", b"pv:subtitleFile")
_CAPTION_ELEMENTS = ("sec:CaptionInfoEx", "sec:CaptionInfo")
_URIS = ("upnp:lyricsURI",)
_TAIL = _escaped("</DIDL-Lite>")
_RES = _escaped("<res ")  # in no text: there "<" is escaped twice
_FIRST_RES = _PART + b"res" + _PART + _RES


@dataclass(frozen=True, slots=True)
class Res:
    """One form in which an item can be had; path starts with "/"."""

    path: str
    protocol_info: str
    size_bytes: int | None = None
    duration_ms: int | None = None
    bitrate_bps: int | None = None
    sample_rate_hz: int | None = None
    bits_per_sample: int | None = None
    channels: int | None = None
    resolution: str = ""  # "1920x1080"
    color_depth: int | None = None
    coded: str = ""  # in which codecs: kept for who converts it, never told
    texts: str = ""  # the subtitles inside it, likewise


@dataclass(frozen=True, slots=True)
class Caption:
    """A subtitle file of an item; path starts with "/"."""

    path: str
    form: str  # "srt"
    protocol_info: str


def pack(
    title: str,
    upnp_class: str,
    properties: Iterable[tuple[str, str]] = (),
    resources: Iterable[Res] = (),
    captions: Sequence[Caption] = (),
) -> bytes:
    """Return the packed properties of one object.

    captions: the best first, which is told in each of the ways that devices
    look for: Samsung's elements, Panasonic's attributes of the first res, and
    a res of its own, which the others have too.

    properties: (name, value) as "upnp:artist", "Nina Simone"; a name may come
    several times, and may carry one attribute: "upnp:artist@role=Composer".
    That of a URI is a path that starts with "/".
    """
    title = cut_utf8(clean_text(title), MAX_TITLE_BYTES)
    parts = [
        *("", f"<dc:title>{escape_text(title)}</dc:title>"),
        *("", f"<upnp:class>{escape_text(upnp_class)}</upnp:class>"),
    ]
    for name, value in properties:
        parts += _packed_property(name, value)
    for caption in captions[:1]:
        parts += _caption_elements(caption)
    for resource in resources:
        parts += _packed_res(resource, captions)
    for caption in captions:
        parts += _packed_res(Res(caption.path, caption.protocol_info))
    return _escaped(_PART_TEXT.join(parts))


def _caption_elements(caption: Caption) -> list[str]:
    parts = []
    for name in _CAPTION_ELEMENTS:
        opening = f'<{name} sec:type="{escape_attribute(caption.form)}">'
        parts += [name, f"{opening}{_url(caption.path)}</{name}>"]
    return parts


def _caption_attributes(caption: Caption) -> list[str]:
    form, url = escape_attribute(caption.form.upper()), _url(caption.path)
    return [
        *("res@pv:subtitleFileType", f' pv:subtitleFileType="{form}"'),
        *("res@pv:subtitleFileUri", f' pv:subtitleFileUri="{url}"'),
    ]


def _packed_property(name: str, value: str) -> tuple[str, str]:
    element, opening = _opened(name)
    text = escape_text(cut_utf8(clean_text(value), MAX_TEXT_BYTES))
    base = _BASE_URL if element in _URIS else ""
    return element, f"{opening}{base}{text}</{element}>"


@lru_cache(maxsize=128)
def _opened(name: str) -> tuple[str, str]:
    """Return the element of a property and its tag."""
    element, _, attribute = name.partition("@")
    if not attribute:
        return element, f"<{element}>"
    key, _, text = attribute.partition("=")
    return element, f'<{element} {key}="{escape_attribute(clean_text(text))}">'


def _url(path: str) -> str:
    return f"{_BASE_URL}{escape_attribute(path)}"


def _packed_res(res: Res, captions: Sequence[Caption] = ()) -> list[str]:
    duration = None if res.duration_ms is None else format_duration(res.duration_ms)
    # The attribute's unit is bytes a second, whatever its name says.
    bytes_per_s = None if res.bitrate_bps is None else res.bitrate_bps // 8
    attributes = (
        ("size", res.size_bytes),
        ("duration", duration),
        ("bitrate", bytes_per_s),
        ("sampleFrequency", res.sample_rate_hz),
        ("bitsPerSample", res.bits_per_sample),
        ("nrAudioChannels", res.channels),
        ("resolution", res.resolution or None),
        ("colorDepth", res.color_depth),
    )
    info = escape_attribute(res.protocol_info)
    parts = ["res", f'<res protocolInfo="{info}"']
    parts += [f"{CODED}{res.coded}", ""] if res.coded else []
    parts += [f"{TEXTS}{res.texts}", ""] if res.texts else []
    for name, value in attributes:
        if value is not None:
            parts += [f"res@{name}", f' {name}="{value}"']
    for caption in captions[:1]:
        parts += _caption_attributes(caption)
    return [*parts, "res", f">{_BASE_URL}{escape_text(res.path)}</res>"]


def pack_art(path: str, profile: str) -> bytes:
    """Return the packed albumArtURI of an object.

    path starts with "/"; profile: its DLNA profile, may be empty. Source:
    DLNA guidelines 7.3.61.2 on upnp:albumArtURI@dlna:profileID.
    """
    return _escaped(art_element(path, profile))


def art_element(path: str, profile: str) -> str:
    """Return the XML of an albumArtURI; 0x02 stands for the base URL."""
    told = f' dlna:profileID="{escape_attribute(profile)}"' if profile else ""
    uri = f"{_BASE_URL}{escape_text(path)}"
    return f"<upnp:albumArtURI{told}>{uri}</upnp:albumArtURI>"


def res_parts(res: Res) -> list[tuple[str, str]]:
    """Return a res as parts_of() gives one."""
    parts = _packed_res(res)
    return list(zip(parts[::2], parts[1::2], strict=True))


def parts_of(segments: bytes) -> list[tuple[str, str]]:
    """Return what pack() made as pairs: the name for a Filter, and XML.

    0x02 in the XML stands for the base URL.
    """
    parts = unpacked(segments).split(_PART_TEXT)
    return list(zip(parts[::2], parts[1::2], strict=True))


def packed(parts: Iterable[tuple[str, str]]) -> bytes:
    """Return pairs as parts_of() gives them as an object's packed properties."""
    return _escaped(_PART_TEXT.join([text for part in parts for text in part]))


def with_properties(segments: bytes, properties: Iterable[tuple[str, str]]) -> bytes:
    """Return an object's packed properties with more of them, in front of any res.

    properties: as pack() takes them.
    """
    more = [text for one in properties for text in _packed_property(*one)]
    before, res, resources = segments.partition(_FIRST_RES)
    return before + _PART + _escaped(_PART_TEXT.join(more)) + res + resources


def with_captions(segments: bytes, captions: Sequence[Caption]) -> bytes:
    """Return an item's packed properties with more subtitles, as pack() tells them.

    Where it had some before, one of those stays the best.
    """
    parts = unpacked(segments).split(_PART_TEXT)
    if _CAPTION_ELEMENTS[0] not in parts[::2]:
        first = parts.index("res")
        end = parts.index("res", first + 1)  # where the first res closes
        for caption in captions[:1]:
            parts[end:end] = _caption_attributes(caption)
            parts[first:first] = _caption_elements(caption)
    for caption in captions:
        parts += _packed_res(Res(caption.path, caption.protocol_info))
    return _escaped(_PART_TEXT.join(parts))


def unpacked(segments: bytes) -> str:
    """Return packed properties, or packed art, as XML."""
    return unescape_text(segments.decode())


def packed_art(xml: str) -> bytes:
    """Return the XML of an albumArtURI, or nothing, as an Entry has it."""
    return _escaped(xml)


def write(entries: Sequence[Entry], wanted: Filter, base_url: str) -> bytes:
    """Return the DIDL-Lite document of entries, escaped for a SOAP argument.

    base_url has no final slash.
    """
    objects = b"".join([written(entry, wanted) for entry in entries])
    has_captions = any(mark in objects for mark in _CAPTION_MARKS)
    head = _CAPTION_HEAD if has_captions else _HEAD
    return head + objects.replace(b"\x02", base_url.encode("ascii")) + _TAIL


def written(entry: Entry, wanted: Filter) -> bytes:
    """Return one object's escaped XML, with 0x02 where the base URL belongs.

    Object ids are plain ASCII words by construction and need no escaping.
    """
    parts = entry.segments.split(_PART)
    if wanted.everything:
        body = b"".join(parts[1::2])
    else:
        named = zip(parts[::2], parts[1::2], strict=True)
        body = b"".join([xml for name, xml in named if wanted.wants(name.decode())])
    if entry.art and wanted.wants("upnp:albumArtURI"):
        metadata, res, resources = body.partition(_RES)
        body = metadata + entry.art + res + resources
    head = f'id="{entry.object_id}" parentID="{entry.parent_id}" restricted="1"'
    if entry.is_container:
        if wanted.wants("@searchable"):
            head += ' searchable="1"'
        if wanted.wants("@childCount"):
            head += f' childCount="{entry.child_count}"'
        return b"&lt;container %b&gt;%b&lt;/container&gt;" % (head.encode(), body)
    if entry.ref_id and wanted.wants("@refID"):
        head += f' refID="{entry.ref_id}"'
    return b"&lt;item %b&gt;%b&lt;/item&gt;" % (head.encode(), body)
