"""protocolInfo: the four fields that say in what form a res is to be had.

Source: DLNA guidelines (protocolInfo, 4th field); reference dlna-media.md
section 1; ConnectionManager:1 section 2.5.2 (SourceProtocolInfo).
"""

import re
from collections.abc import Iterable, Mapping
from enum import IntFlag
from functools import cache

from upnpserver.dlna.mimes import MEDIA_TYPES
from upnpserver.dlna.profile_names import PROFILE_NAMES
from upnpserver.dlna.scaled import FORMS
from upnpserver.model import Kind


class Flag(IntFlag):
    """The primary flags, the first 32 of 128 bits of DLNA.ORG_FLAGS."""

    STREAMING = 1 << 24  # transferMode Streaming is allowed
    INTERACTIVE = 1 << 23
    BACKGROUND = 1 << 22
    STALLING = 1 << 21  # a reader that stops (pause) is waited for
    DLNA_1_5 = 1 << 20  # without it the other bits do not count


_STORED_FILE = Flag.BACKGROUND | Flag.STALLING | Flag.DLNA_1_5
_FLAGS = {
    Kind.AUDIO: Flag.STREAMING | _STORED_FILE,
    Kind.VIDEO: Flag.STREAMING | _STORED_FILE,
    Kind.IMAGE: Flag.INTERACTIVE | _STORED_FILE,
}
MAX_SOURCES = 500  # some 25 KB
_ALL_MIMES = tuple(dict.fromkeys(row.mime for row in MEDIA_TYPES))
_TIME_SEEK = re.compile(r"DLNA\.ORG_OP=1[01](?:;|$)")
PROFILE_PART = re.compile(r"DLNA\.ORG_PN=([^;]*);?")  # first of a 4th field
_BYTE_SEEK = "DLNA.ORG_OP=01"  # by time no, by bytes yes
_BOTH_SEEKS = "DLNA.ORG_OP=11"
_ORIGINAL = "DLNA.ORG_CI=0"
_CONVERTED = "DLNA.ORG_CI=1"


@cache  # of a kind and a profile: a few dozen
def content_features(kind: Kind, profile: str = "", *, by_time: bool = False) -> str:
    """Return the 4th field for a file as it is; also contentFeatures.dlna.org.

    profile: a DLNA profile's name, empty if none fits. by_time: it can be sought so.
    """
    return _features(kind, profile, _BOTH_SEEKS if by_time else _BYTE_SEEK, _ORIGINAL)


def is_sought_by_time(features: str) -> bool:
    """Tell whether a 4th field offers TimeSeekRange."""
    return _TIME_SEEK.search(features) is not None


def by_bytes_only(features: str) -> str:
    """Return a 4th field that offers bytes where it offered both."""
    return features.replace(_BOTH_SEEKS, _BYTE_SEEK)


@cache
def made_features(profile: str = "") -> str:
    """Return the 4th field of a picture or text that is made on demand."""
    return _features(Kind.IMAGE, profile, _CONVERTED)


@cache
def converted_features(kind: Kind, profile: str, operations: str) -> str:
    """Return the 4th field of music or a film that is converted while it is sent.

    operations: of DLNA.ORG_OP, such as "10" for seeking by time only.
    """
    return _features(kind, profile, f"DLNA.ORG_OP={operations}", _CONVERTED)


def _features(kind: Kind, profile: str, *parts: str) -> str:
    flags = f"DLNA.ORG_FLAGS={_FLAGS[kind]:08X}{0:024}"
    named = [f"DLNA.ORG_PN={profile}"] if profile else []
    return ";".join((*named, *parts, flags))


def profile_in(features: str) -> str:
    """Return the profile that a 4th field tells, "" for none."""
    match = PROFILE_PART.match(features)
    return match[1] if match else ""


def protocol_info(mime: str, features: str) -> str:
    """Return the whole protocolInfo of something that is got by HTTP."""
    return f"http-get:*:{mime}:{features}"


def source_protocol_info(served: Iterable[tuple[str, str]] = ()) -> str:
    """Return the CSV of what this server can send, for GetProtocolInfo.

    served: (MIME name, 4th field) of what the catalog holds. While it holds
    nothing, all that it may hold one day is told: some TVs are said to hide for
    good what is not in the list.

    Each profile with its MIME name, then each MIME name alone; of a catalog of
    oddities the first MAX_SOURCES.
    """
    forms = sorted(set(served))
    if not forms:
        return ",".join([*_named(PROFILE_NAMES), *_plain(_ALL_MIMES)])
    if any(mime.startswith("image/") for mime, _ in forms):  # drawn in all sizes
        forms += [(form.mime, made_features(form.profile)) for form in FORMS.values()]
    named: dict[str, str] = {}
    for mime, features in forms:
        if profile := profile_in(features):
            named[mime] = f"{named.get(mime, '')} {profile}"
    told = [*_named(named), *_plain(mime for mime, _ in forms)]
    return ",".join([*dict.fromkeys(told)][:MAX_SOURCES])


def _named(profiles: Mapping[str, str]) -> list[str]:
    return [
        protocol_info(mime, f"DLNA.ORG_PN={name}")
        for mime, names in profiles.items()
        for name in names.split()
    ]


def _plain(mimes: Iterable[str]) -> list[str]:
    return [protocol_info(mime, "*") for mime in mimes]
