"""Playlists: M3U, M3U8, PLS, XSPF, WPL and ASX, of local files only.

What names a remote place is counted, and neither kept nor fetched. The XML
kinds are read as text with tags in it: ASX is often not well-formed, and where
there is no XML parser no document type, entity or reference is followed.

Source: de-facto M3U and PLS (Winamp); XSPF 1; Windows Media Player's WPL and
ASX references.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from upnpserver.errors import ProbeError
from upnpserver.media import text
from upnpserver.media.charset import decoded

_MAX_BYTES: Final = 1 << 20
_MAX_ENTRIES: Final = 5000
_MAX_PATH_CHARS: Final = 4096
_MAX_DURATION_MS: Final = 1 << 40

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):", re.ASCII)
# These need no "//" to be more than a file's name with a colon in it.
_REMOTE_SCHEMES: Final = {
    *("http", "https", "mms", "mmsh", "mmst", "mmsu", "rtsp", "rtmp", "rtp", "udp"),
    *("ftp", "ftps", "sftp", "smb", "data", "cdda", "dvd", "spotify", "urn", "magnet"),
}
_DRIVE: Final = re.compile(r"/?[A-Za-z]:(?=/|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """One local file that a playlist names.

    path: its parts. Of a path from the root (of whatever machine wrote it)
    without drive or server, to be found by its last parts: see suffixes().
    """

    path: tuple[str, ...]
    from_root: bool = False
    title: str = ""
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Playlist:
    """The local files of a playlist in their order."""

    title: str
    entries: tuple[PlaylistEntry, ...]
    skipped_remote: int = 0


@dataclass(frozen=True, slots=True)
class _Named:
    """One entry as it was written."""

    location: str
    title: str = ""
    duration_ms: float | None = None
    is_uri: bool = False  # with %20 for blanks


def read_playlist(content: bytes, extension: str) -> Playlist:
    """Return what a playlist names; extension: lower case, without the dot.

    Raises ProbeError if it is too large or of no known kind, and for an HLS
    manifest: that is the inside of one stream.
    """
    reader = _READERS.get(extension)
    if reader is None:
        raise ProbeError("it is no known kind of playlist")
    if len(content) > _MAX_BYTES:
        raise ProbeError("it is too large for a playlist")
    title, named = reader(decoded(content))
    entries: list[PlaylistEntry] = []
    skipped_remote = 0
    for one in named:
        if _is_remote(one.location):
            skipped_remote += 1
        elif len(entries) < _MAX_ENTRIES and (entry := _entry(one)):
            entries.append(entry)
    return Playlist(text.one_line(title), tuple(entries), skipped_remote)


def resolve(entry: PlaylistEntry, playlist_directory: bytes) -> bytes | None:
    """Return the path of an entry relative to the library's root.

    playlist_directory: where the playlist is, relative to that root. None for
    a path that leads out of it, or begins at some root.
    """
    if entry.from_root:
        return None
    parts = [part for part in playlist_directory.split(b"/") if part]
    for part in entry.path:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part.encode("utf-8", "surrogateescape"))
    return b"/".join(parts) or None


def suffixes(entry: PlaylistEntry) -> Iterator[bytes]:
    """Yield the ends of an entry's path, the longest first: a/b/c, b/c, c."""
    if ".." not in entry.path:
        for at in range(len(entry.path)):
            joined = "/".join(entry.path[at:])
            yield joined.encode("utf-8", "surrogateescape")


def _is_remote(location: str) -> bool:
    scheme = _SCHEME.match(location)
    if scheme is None or scheme[1].lower() == "file":
        return False
    behind = location[scheme.end() : scheme.end() + 2]
    return behind == "//" or scheme[1].lower() in _REMOTE_SCHEMES


def _entry(named: _Named) -> PlaylistEntry | None:
    """Return the entry of a local path or file: URL, None if it is no path."""
    location = named.location
    if len(location) > _MAX_PATH_CHARS:
        return None
    is_url = location[:5].lower() == "file:"
    if is_url:
        location = location[5:]
        # file://server/share and file:///path: the first two slashes are its own.
        location = location.removeprefix("//") if location[2:3] == "/" else location
        location = re.sub("^//localhost/", "/", location, flags=re.IGNORECASE)
    if is_url or named.is_uri:
        location = unquote(location, errors="surrogateescape")
    location = location.replace("\\", "/")
    drive = _DRIVE.match(location)
    if drive:
        location = location[drive.end() :]
    if location.startswith("//"):  # //server/share/...
        location = "/" + location[2:].partition("/")[2]
    parts = tuple(part for part in location.split("/") if part not in {"", "."})
    if not parts or any("\0" in part or "\n" in part for part in parts):
        return None
    return PlaylistEntry(
        parts,
        bool(drive) or location.startswith("/"),
        text.one_line(named.title),
        _duration_ms(named.duration_ms),
    )


def _duration_ms(value: float | None) -> int | None:
    return round(value) if value and 1 <= value < _MAX_DURATION_MS else None


def _number(raw: str) -> float | None:
    try:
        return float(raw)
    except ValueError:
        return None


_Read = tuple[str, Iterator[_Named]]  # title, entries

# M3U --------------------------------------------------------------------------

_EXTINF: Final = re.compile(r"#EXTINF:\s*(-?[\d.]*)([^,]*),?(.*)", re.IGNORECASE)


def _read_m3u(content: str) -> _Read:
    if "#EXT-X-" in content:
        raise ProbeError("it is the manifest of a stream, not a playlist")
    lines = [line.strip() for line in content.splitlines()]
    titles = [line[10:] for line in lines if line.upper().startswith("#PLAYLIST:")]
    return titles[0] if titles else "", _m3u_entries(lines)


def _m3u_entries(lines: list[str]) -> Iterator[_Named]:
    title, duration_ms = "", None
    for line in lines:
        if found := _EXTINF.match(line):
            seconds = _number(found[1])
            title, duration_ms = found[3], seconds * 1000 if seconds else None
        elif line and not line.startswith("#"):
            yield _Named(line, title, duration_ms)
            title, duration_ms = "", None


# PLS --------------------------------------------------------------------------

_PLS_LINE: Final = re.compile(
    r"\s*(file|title|length)(\d{1,6})\s*=\s*(.*?)\s*", re.IGNORECASE | re.ASCII
)


def _read_pls(content: str) -> _Read:
    told: dict[int, dict[str, str]] = {}
    for line in content.splitlines():
        if found := _PLS_LINE.fullmatch(line):
            told.setdefault(int(found[2]), {})[found[1].lower()] = found[3]
    return "", _pls_entries(told)


def _pls_entries(told: Mapping[int, Mapping[str, str]]) -> Iterator[_Named]:
    for number in sorted(told):
        one = told[number]
        if location := one.get("file"):
            seconds = _number(one.get("length", ""))
            duration_ms = seconds * 1000 if seconds else None
            yield _Named(location, one.get("title", ""), duration_ms)


# XSPF, WPL, ASX -----------------------------------------------------------------

_TAG: Final = re.compile(r"<([/!?]?)([A-Za-z][\w.:-]*)([^<>]*)>")
_ATTRIBUTE: Final = re.compile(
    r"([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)
_MAX_TAGS: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str  # lower case, without a prefix; "/entry" for an end
    raw_attributes: str
    text: str  # up to the next tag

    def attribute(self, wanted: str) -> str:
        for name, *values in _ATTRIBUTE.findall(self.raw_attributes):
            if name.lower() == wanted:
                return html.unescape("".join(values)).strip()
        return ""


def _tags(content: str) -> Iterator[_Tag]:
    """Yield the tags of a text, whether they are in order or not."""
    content = _without_comments(content)
    found = _TAG.search(content)
    for _ in range(_MAX_TAGS):
        if found is None:
            return
        after = _TAG.search(content, found.end())
        inside = content[found.end() : after.start() if after else len(content)]
        name = found[1] + found[2].rpartition(":")[2].lower()
        told = inside.strip().removeprefix("<![CDATA[").removesuffix("]]>")
        yield _Tag(name, found[3], html.unescape(told).strip())
        found = after


def _without_comments(content: str) -> str:
    parts = []
    at = 0
    while (start := content.find("<!--", at)) >= 0:
        parts.append(content[at:start])
        end = content.find("-->", start + 4)
        at = end + 3 if end >= 0 else len(content)
    return "".join([*parts, content[at:]])


def _read_xspf(content: str) -> _Read:
    tags = list(_tags(content))
    titles = (tag.text for tag in tags if tag.name == "title")
    names = [tag.name for tag in tags]
    has_title = "title" in names[: names.index("track") if "track" in names else None]
    return next(titles, "") if has_title else "", _xspf_entries(tags)


def _xspf_entries(tags: list[_Tag]) -> Iterator[_Named]:
    told: dict[str, str] = {}
    for tag in tags:
        if tag.name == "track":
            told = {}
        elif tag.name == "/track" and "location" in told:
            duration_ms = _number(told.get("duration", ""))
            title = told.get("title", "")
            yield _Named(told["location"], title, duration_ms, is_uri=True)
            told = {}
        elif not tag.name.startswith("/"):
            told.setdefault(tag.name, tag.text)  # the first of several locations


def _read_wpl(content: str) -> _Read:
    tags = list(_tags(content))
    titles = (tag.text for tag in tags if tag.name == "title")
    media = (tag.attribute("src") for tag in tags if tag.name == "media")
    return next(titles, ""), (_Named(location) for location in media if location)


def _read_asx(content: str) -> _Read:
    tags = list(_tags(content))
    names = [tag.name for tag in tags]
    before = tags[: names.index("entry")] if "entry" in names else tags
    titles = (tag.text for tag in before if tag.name == "title")
    return next(titles, ""), _asx_entries(tags)


def _asx_entries(tags: list[_Tag]) -> Iterator[_Named]:
    title, location = "", ""
    for tag in tags:
        if tag.name in {"entry", "/entry"}:
            if location:
                yield _Named(location, title)
            title, location = "", ""
        elif tag.name == "title":
            title = title or tag.text
        elif tag.name in {"ref", "entryref"}:  # the first: others stand in for it
            location = location or tag.attribute("href")
    if location:
        yield _Named(location, title)


_READERS: Final[Mapping[str, Callable[[str], _Read]]] = {
    "m3u": _read_m3u,
    "m3u8": _read_m3u,
    "pls": _read_pls,
    "xspf": _read_xspf,
    "wpl": _read_wpl,
    "asx": _read_asx,
    "wax": _read_asx,
    "wvx": _read_asx,
}
