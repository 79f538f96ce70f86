"""Objects as a device asks for them: other MIME names, profiles, titles, pictures.

The catalog keeps every object's properties in the form that suits most; what a
family of devices wants otherwise (policy.Needs) is made from that here, part by
part, and nowhere else. Source: reference devices.md.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from upnpserver.dlna.protocolinfo import made_features, protocol_info
from upnpserver.dlna.scaled import FORMS, picture_path
from upnpserver.dlna.told import told_features, told_mime
from upnpserver.model import Entry
from upnpserver.policy import NO_NEEDS, Needs
from upnpserver.services.conversions import converted_res
from upnpserver.upnp import didl
from upnpserver.upnp.values import cut_utf8, escape_text, unescape_text

_REMEMBERED: Final = 512  # objects; each some 3 KB
_MAX_CAPTIONED_TITLE_BYTES: Final = 23
_SUBTITLE: Final = re.compile(r"text/|smi/|application/(?:ttml|x-subrip)")
_INFO: Final = re.compile(r'protocolInfo="http-get:\*:([^:"]*):([^"]*)"')
_RESOLUTION: Final = re.compile(r'"(\d+)x(\d+)"')
_ART_ID: Final = re.compile(r"/(?:media|picture)/([a-z2-7]{16})/")
_SUFFIX: Final = re.compile(r"/media/[^<]*(\.[a-z0-9]+)<")
_CLASS: Final = "<upnp:class>object."
_FORM_OF: Final = {form.profile: name for name, form in FORMS.items()}
_FOR_LISTS: Final = "tn"

# Letters that are no other letter with an accent.
_NEAREST: Final = str.maketrans(
    {
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "\u0131": "i",
        "þ": "th",
        "Þ": "Th",
        "ð": "d",
        "Ð": "D",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
    }
)

Part = tuple[str, str]  # the name by which a Filter asks for it, and XML


class _Res(NamedTuple):
    """One res: its parts, and what its protocolInfo says."""

    parts: list[Part]
    mime: str
    features: str


def asked(entries: Sequence[Entry], needs: Needs) -> Sequence[Entry]:
    """Return entries in the form that a device wants."""
    if needs is NO_NEEDS:
        return entries
    return [_asked(entry, needs) for entry in entries]


def _asked(entry: Entry, needs: Needs) -> Entry:
    segments, art = _reshaped(entry.segments, entry.art, entry.is_container, needs)
    return entry._replace(segments=segments, art=art)


@lru_cache(maxsize=_REMEMBERED)
def _reshaped(
    segments: bytes, art: bytes, is_container: bool, needs: Needs
) -> tuple[bytes, bytes]:
    properties, resources = _taken_apart(didl.parts_of(segments))
    classes = [xml for _, xml in properties if xml.startswith(_CLASS)]
    is_photo = any(xml.startswith(f"{_CLASS}item.imageItem") for xml in classes)
    of = _Object(
        is_container,
        any(xml.startswith(f"{_CLASS}item.videoItem") for xml in classes),
        _suffix(resources),
        any(map(_is_subtitle, resources)),
    )
    picture = _art(didl.unpacked(art), needs)
    parts = [told for part in properties for told in _property(part, of, needs)]
    resources = _resources(resources, needs)
    if needs.art_as_res and picture and not is_container and not is_photo:
        resources.append(_art_res(picture))
    parts += [part for one in resources for part in one.parts]
    text = _lettered(needs)
    return (
        didl.packed([(name, text(xml)) for name, xml in parts]),
        didl.packed_art(text(picture)),
    )


def _taken_apart(parts: list[Part]) -> tuple[list[Part], list[_Res]]:
    """Return an object's properties, and its resources."""
    properties: list[Part] = []
    resources: list[_Res] = []
    for name, xml in parts:
        if name.partition("@")[0] != "res":
            properties.append((name, xml))
        elif xml.startswith("<res "):
            info = _INFO.search(xml)
            mime, features = info.groups() if info else ("", "")
            resources.append(_Res([(name, xml)], mime, features))
        else:
            resources[-1].parts.append((name, xml))
    return properties, resources


# Properties


class _Object(NamedTuple):
    """What the form of one property depends on."""

    is_container: bool
    is_film: bool
    suffix: str  # of its file
    has_captions: bool


def _property(part: Part, of: _Object, needs: Needs) -> list[Part]:
    """Return a property as it is told, or nothing."""
    name, xml = part
    if name.startswith("sec:"):
        return [part] if needs.sec and "sec-caption" in needs.subtitles else []
    if name == "dc:date" and needs.date:
        if needs.date == "none" and of.is_film:
            return []
        return [(name, _as_day(xml))]
    if xml.startswith("<dc:title>") and needs.title and not of.is_container:
        return [(name, _titled(xml, of, needs))]
    if xml.startswith(_CLASS) and needs.plain_classes:
        return [(name, _plain_class(xml))]
    return [part]


def _as_day(xml: str) -> str:
    return re.sub(r"(\d{4}-\d\d-\d\d)T[^<]*", r"\1", xml, count=1)


def _plain_class(xml: str) -> str:
    if xml.startswith(f"{_CLASS}container"):
        return f"{_CLASS}container.storageFolder</upnp:class>"
    if xml.startswith(f"{_CLASS}item.videoItem"):
        return f"{_CLASS}item.videoItem</upnp:class>"
    return xml


def _titled(xml: str, of: _Object, needs: Needs) -> str:
    title = unescape_text(xml.removeprefix("<dc:title>").removesuffix("</dc:title>"))
    match needs.title:
        case "suffix-dot" if "." not in title:
            title += "."
        case "suffix-ext":
            title += of.suffix
        case "max23" if of.has_captions:
            title = cut_utf8(title, _MAX_CAPTIONED_TITLE_BYTES)
        case "ascii":
            title = _ascii(title)
    return f"<dc:title>{escape_text(title)}</dc:title>"


def _suffix(resources: list[_Res]) -> str:
    """Return how the name of an item's file ends: ".mkv"."""
    urls = (xml for one in resources[:1] for _, xml in one.parts)
    found = next((match for xml in urls if (match := _SUFFIX.search(xml))), None)
    return found[1] if found else ""


# Resources


def _resources(resources: list[_Res], needs: Needs) -> list[_Res]:
    # What can't be played goes last: many devices look at the first res only.
    resources = [*_converted(resources[:1], needs), *resources]
    kept = [
        one
        for one in _small_enough(resources, needs)
        if "res-srt" in needs.subtitles or not _is_subtitle(one)
    ]
    return [told for one in kept for told in _told(one, needs)]


def _converted(resources: list[_Res], needs: Needs) -> list[_Res]:
    """Return what a device gets instead of a file that it can't play, if it can't."""
    if not needs.instead and not needs.burn:
        return []
    return [
        _Res(parts, offered.mime, offered.features)
        for one in resources
        if (found := converted_res(one.parts, needs)) is not None
        for offered, parts in [found]
    ]


def _is_subtitle(one: _Res) -> bool:
    return _SUBTITLE.match(one.mime) is not None


def _small_enough(resources: list[_Res], needs: Needs) -> list[_Res]:
    """Return the forms of a picture that a device can show; all, if none fits."""
    most_width, most_height = needs.image_max
    if not most_width or not any(one.mime.startswith("image/") for one in resources):
        return resources

    def fits(one: _Res) -> bool:
        sizes = [_RESOLUTION.search(xml) for _, xml in one.parts]
        return all(
            int(size[1]) <= most_width and int(size[2]) <= most_height
            for size in sizes
            if size
        )

    return [one for one in resources if fits(one)] or resources


def _told(one: _Res, needs: Needs) -> list[_Res]:
    """Return a res as it is told: once for each profile that it goes by."""
    parts = [
        part
        for part in one.parts
        if "pv-attr" in needs.subtitles or not part[0].startswith("res@pv:")
    ]
    mime = told_mime(one.mime, needs)
    name, opening = parts[0]
    return [
        _Res(
            [(name, _INFO.sub(_as_info(mime, features), opening, count=1)), *parts[1:]],
            mime,
            features,
        )
        for features in told_features(one.features, needs)
    ]


def _as_info(mime: str, features: str) -> Callable[[re.Match[str]], str]:
    info = protocol_info(mime, features)
    return lambda _: f'protocolInfo="{info}"'


# Pictures that stand for something


def _art(art: str, needs: Needs) -> str:
    """Return the albumArtURI of a picture that a device shows."""
    found = _ART_ID.search(art)
    form = _form_of_art(art, needs)
    if found is None or not form:
        return art
    return didl.art_element(picture_path(found[1], form), FORMS[form].profile)


def _form_of_art(art: str, needs: Needs) -> str:
    """Return the form in which a picture must be drawn, "" if it will do as it is."""
    if needs.art_profile:
        is_so = f'"{needs.art_profile}"' in art
        return "" if is_so else _FORM_OF.get(needs.art_profile, _FOR_LISTS)
    if needs.art_max:
        fitting = [
            name
            for name in ("sm", _FOR_LISTS)
            if max(FORMS[name].width, FORMS[name].height) <= needs.art_max
        ]
        return fitting[0] if fitting else _FOR_LISTS
    is_jpeg = re.search(r"\.jpe?g<", art) is not None
    return _FOR_LISTS if needs.jpeg_only and not is_jpeg else ""


def _art_res(art: str) -> _Res:
    """Return a picture as a res, in the size of lists."""
    found = _ART_ID.search(art)
    path = picture_path(found[1], _FOR_LISTS) if found else ""
    features = made_features(FORMS[_FOR_LISTS].profile)
    mime = FORMS[_FOR_LISTS].mime
    return _Res(
        didl.res_parts(didl.Res(path, protocol_info(mime, features))), mime, features
    )


# Letters


def _lettered(needs: Needs) -> Callable[[str], str]:
    """Return what is done to all XML of a device that reads only some letters."""
    if "ascii" in needs.xml:
        return _ascii
    if "strict-apos" in needs.xml:
        return lambda xml: xml.replace("'", "&apos;")
    return str


def _ascii(text: str) -> str:
    """Return text without accents, and "?" for letters that have none."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_NEAREST))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return plain.encode("ascii", "replace").decode("ascii")
