"""Who is asking, as one value that travels with every request.

Decided once at the door (net/site), passed as a plain argument to catalog,
DIDL, streams, art and events; nothing else asks "which device is this?".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from upnpserver.model import Kind
from upnpserver.rules.visibility import EVERYTHING, Visibility

SubtitleForm = Literal["sec-caption", "caption-header", "res-srt", "pv-attr"]
ALL_SUBTITLE_FORMS: tuple[SubtitleForm, ...] = (
    *("sec-caption", "caption-header", "res-srt", "pv-attr"),
)


TOLD_ROOM = "/s/"  # see net/secret_paths.py

# What Needs.instead may speak of, and what may be given instead: dlna/converted.py.
INSTEAD: Mapping[str, tuple[str, ...]] = {
    "music": ("lpcm", "wav", "mp3"),
    "film": ("mpegts", "mp4"),
    "sound": ("ac3", "aac", "mp3"),
    "picture": ("h264",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """How a family of devices wants to be answered: data, made from its rule.

    The defaults are what devices without a rule get. Compared by identity: there
    is one for each rule, and what is made for it may be kept under it.
    """

    mimes: Mapping[str, str] = field(
        default_factory=dict
    )  # MIME name as stored -> as told
    get_mimes: Mapping[str, str] = field(
        default_factory=dict
    )  # the GET's, where another
    dlna: bool = True  # False: the 4th field of protocolInfo is "*"
    # Profiles in protocolInfo. exact: only sure ones; multi: one res for each
    # that fits, as a device knows only its region's.
    profiles: Literal["yes", "no", "exact", "multi"] = "yes"
    profiles_left_out: frozenset[str] = frozenset()
    profiles_as: Mapping[str, str] = field(default_factory=dict)  # as found -> as told
    # What it can't play -> what it gets instead: "music flac" -> "lpcm".
    instead: Mapping[str, str] = field(default_factory=dict)
    burn: str = ""  # language of the subtitles that are drawn into films: "de"
    # Files are always sought by bytes, with "both" and "" by time too, where that can
    # be told; what is converted by bytes where it can be, unless time is named.
    seek: Literal["", "bytes", "time-exclusive", "both"] = ""
    any_transfer_mode: bool = False  # it asks for films with Interactive
    root: str = ""  # the object shown as root, by its id or alias; empty: the root
    aliases: Literal["", "microsoft", "samsung"] = ""  # well-known ids it asks for
    sec: bool = True  # elements of Samsung's namespace
    dcm10: bool = False  # DCM10 in the description's ProductCap, and sec:dcmInfo
    bookmark: Literal["", "s", "ms"] = ""  # the unit of X_SetBookmark's position
    resume: bool = False  # "Continue watching" holds films that begin at their place
    subtitles: tuple[SubtitleForm, ...] = ALL_SUBTITLE_FORMS
    art_profile: str = ""  # the only profile that it shows as albumArtURI
    art_max: int = 0  # pixels on the longer side; 0: any
    art_as_res: bool = False  # a picture of an item is a res of it too
    jpeg_only: bool = False  # pictures that stand for others must be JPEG
    max_page: int = 0  # children in an answer; 0: as many as are asked for
    sort: str = ""  # the SortCriteria that holds whatever it asks for
    plain_classes: bool = False  # no subclasses that it doesn't know
    title: Literal["", "suffix-dot", "suffix-ext", "max23", "ascii"] = ""
    xml: frozenset[Literal["strict-apos", "no-declaration", "ascii"]] = frozenset()
    date: Literal["", "day", "none"] = ""  # dc:date; none: not for films
    description: Literal["", "xbox", "v1", "samsung-caps"] = ""
    kinds: frozenset[Kind] = frozenset(Kind)  # what it can show at all
    image_max: tuple[int, int] = (0, 0)  # largest picture it shows; 0: any


NO_NEEDS = Needs()


def needs_with(needs: Needs, changes: Mapping[str, Any]) -> Needs:
    """Return needs with other values for some fields; entries of tables are added."""
    merged: dict[str, Any] = {
        name: {**getattr(needs, name), **value} if isinstance(value, dict) else value
        for name, value in changes.items()
    }
    return replace(needs, **merged) if merged else needs


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """What the asking device needs, and what it may see.

    device: name of the device rule that matched, for logs and explanations.
    needs: how it wants to be answered.
    letters_from: lists that are longer are split by letter; 0: none is.
    takes_out: pictures are drawn of films that have none, subtitles taken out of them.
    place: its MAC address or, where that is unknown, its address.
    profile: the name of the household's rule for it.
    secret: a part of all addresses that it is told of files; "": there is none.
    visibility: which files there are for it. notice: there are none, and that is
    what it is told instead. is_blocked: it gets no answer at all.
    """

    device: str = "generic"
    needs: Needs = NO_NEEDS
    letters_from: int = 0
    takes_out: bool = False
    place: str = ""
    profile: str = ""
    secret: str = ""
    visibility: Visibility = EVERYTHING
    notice: str = ""
    is_blocked: bool = False

    @property
    def secret_path(self) -> str:
        """What goes before the paths of files, "" for nothing."""
        return f"{TOLD_ROOM}{self.secret}" if self.secret else ""

    @property
    def audience(self) -> str:
        """What tells apart those who are answered from different catalogs."""
        return self.notice or self.visibility.name


EVERYONE = ClientPolicy()
