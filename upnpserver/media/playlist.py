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
from typing import Final, NamedTuple
from urllib.parse import unquote

from upnpserver.errors import ProbeError
from upnpserver.media import text
from upnpserver.media.charset import decoded
from upnpserver.model import Kind, MediaFacts

MAX_BYTES: Final = 1 << 20
_MAX_ENTRIES: Final = 5000
_MAX_PATH_CHARS: Final = 4096
_MAX_ALL_BYTES: Final = 1 << 19
_NOTHING_LOCAL: Final = "it names Internet addresses only, which are never fetched"

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):", re.ASCII)
# These need no "//" to be more than a file's name with a colon in it.
_REMOTE_SCHEMES: Final = {
    *("http", "https", "mms", "mmsh", "mmst", "mmsu", "rtsp", "rtmp", "rtp", "udp"),
    *("ftp", "ftps", "sftp", "smb", "data", "cdda", "dvd", "spotify", "urn", "magnet"),
}
_DRIVE: Final = re.compile(r"/?[A-Za-z]:(?=/|$)", re.ASCII)


class _Named(NamedTuple):
    """One entry as it was written."""

    location: str
    is_uri: bool = False  # with %20 for blanks


def read_playlist(content: bytes, extension: str) -> MediaFacts:
    """Return what a playlist names; extension: lower case, without the dot.

    Raises ProbeError if it is too large, of no known kind or names no local
    file, and for an HLS manifest: that is the inside of one stream.
    """
    reader = _READERS.get(extension)
    if reader is None:
        raise ProbeError("it is no known kind of playlist")
    if len(content) > MAX_BYTES:
        raise ProbeError("it is too large for a playlist")
    title, named = reader(decoded(content))
    entries: list[str] = []
    all_bytes = skipped_remote = 0
    for one in named:
        if _is_remote(one.location):
            skipped_remote += 1
        elif entry := _entry(one):
            all_bytes += len(entry.encode())
            if len(entries) == _MAX_ENTRIES or all_bytes > _MAX_ALL_BYTES:
                raise ProbeError("it is too long for a playlist")
            entries.append(entry)
    if not entries:
        raise ProbeError(_NOTHING_LOCAL if skipped_remote else "it names no file")
    return MediaFacts(
        *(Kind.AUDIO, "", ""),
        title=text.one_line(title),
        entries=tuple(entries),
        skipped_remote=skipped_remote or None,
    )


def _is_remote(location: str) -> bool:
    scheme = _SCHEME.match(location)
    if scheme is None or scheme[1].lower() == "file":
        return False
    behind = location[scheme.end() : scheme.end() + 2]
    return behind == "//" or scheme[1].lower() in _REMOTE_SCHEMES


def _entry(named: _Named) -> str:
    """Return the entry of a local path or file: URL, "" if it is no path."""
    location = named.location
    if len(location) > _MAX_PATH_CHARS:
        return ""
    is_url = location[:5].lower() == "file:"
    if is_url:
        location = location[5:]
        # file://server/share and file:///path: the first two slashes are its own.
        location = location.removeprefix("//") if location[2:3] == "/" else location
        location = re.sub("^//localhost/", "/", location, flags=re.IGNORECASE)
    if is_url or named.is_uri:
        location = unquote(location)
    location = location.replace("\\", "/")
    drive = _DRIVE.match(location)
    if drive:
        location = location[drive.end() :]
    if location.startswith("//"):  # //server/share/...
        location = "/" + location[2:].partition("/")[2]
    parts = [part for part in location.split("/") if part not in {"", "."}]
    if not all(part.isprintable() for part in parts):
        return ""
    is_from_root = bool(drive) or location.startswith("/")
    return ("/" if is_from_root and parts else "") + "/".join(parts)


_Read = tuple[str, Iterator[_Named]]  # title, entries

# M3U --------------------------------------------------------------------------


def _read_m3u(content: str) -> _Read:
    if "#EXT-X-" in content:
        raise ProbeError("it is the manifest of a stream, not a playlist")
    lines = [line.strip() for line in content.splitlines()]
    titles = [line[10:] for line in lines if line.upper().startswith("#PLAYLIST:")]
    return titles[0] if titles else "", _m3u_entries(lines)


def _m3u_entries(lines: list[str]) -> Iterator[_Named]:
    for line in lines:
        if line and not line.startswith("#"):
            yield _Named(line)


# PLS --------------------------------------------------------------------------

_PLS_LINE: Final = re.compile(r"\s*file(\d{1,6})\s*=\s*(.*?)\s*", re.I | re.A)


def _read_pls(content: str) -> _Read:
    told: dict[int, str] = {}
    for line in content.splitlines():
        if found := _PLS_LINE.fullmatch(line):
            told[int(found[1])] = found[2]
    return "", (_Named(told[number]) for number in sorted(told) if told[number])


# XSPF, WPL, ASX -----------------------------------------------------------------

_TAG: Final = re.compile(r"<([/!?]?)([A-Za-z][\w.:-]*)([^<>]*)>")
_ATTRIBUTE: Final = re.compile(
    r"([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
)
_MAX_TAGS: Final = 100_000


class _Tag(NamedTuple):
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
    location = ""
    for tag in tags:
        if tag.name == "track":
            location = ""
        elif tag.name == "/track" and location:
            yield _Named(location, is_uri=True)
            location = ""
        elif tag.name == "location":  # the first of several
            location = location or tag.text


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
    location = ""
    for tag in tags:
        if tag.name in {"entry", "/entry"}:
            if location:
                yield _Named(location)
            location = ""
        elif tag.name in {"ref", "entryref"}:  # the first: others stand in for it
            location = location or tag.attribute("href")
    if location:
        yield _Named(location)


_READERS: Final[Mapping[str, Callable[[str], _Read]]] = {
    "m3u": _read_m3u,
    "m3u8": _read_m3u,
    "pls": _read_pls,
    "xspf": _read_xspf,
    "wpl": _read_wpl,
    "asx": _read_asx,
}
