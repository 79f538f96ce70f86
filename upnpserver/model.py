"""The frozen values that every room of the house shares.

Units are part of the names: duration_ms, size_bytes, mtime_ns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple


class Kind(StrEnum):
    """What a file is to a person, and the top folder it is found under."""

    AUDIO = "audio"
    VIDEO = "video"
    IMAGE = "image"


class Role(StrEnum):
    """What a file is to the catalog: media itself, or something beside media."""

    MEDIA = "media"
    NFO = "nfo"
    ART = "art"
    SUBTITLE = "subtitle"
    LYRICS = "lyrics"
    CUE = "cue"
    PLAYLIST = "playlist"


@dataclass(frozen=True, slots=True)
class Track:
    """One sound or subtitle track inside a film, in the file's order."""

    kind: str  # "audio" or "subtitle"
    codec: str = ""
    language: str = ""  # BCP 47 in lower case: "de", "pt-br"; empty: not told
    title: str = ""
    channels: int | None = None
    default: bool = False
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter of a film or an audiobook."""

    start_ms: int
    title: str = ""
    artist: str = ""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What is known of one media file: written by media, kept by catalog.

    Most is what the file says of itself; series, season and the like come from
    its name too. An NFO file's facts have the same shape, and go before;
    so have those of a playlist or cue sheet: none has a MIME name or a content id.

    Every field is cleaned: text is valid Unicode without characters that XML
    forbids, numbers are in range, unknown is None or empty. Codec and
    container names are lower-case words: see media/names.py.
    """

    kind: Kind
    mime: str  # the default MIME name, before any device wants another
    content_id: str  # 16 characters of base32: identity of the content
    container: str = ""  # "mp4", "matroska", "mpegts", "mp3", "flac", "jpeg" ...
    title: str = ""  # empty: the file name is the title
    title_sort: str = ""  # how the title is put in order, where a tag says so
    genres: tuple[str, ...] = ()
    date: str = ""  # "2001", "2001-05", "2001-05-06" or with "T10:20:30[+02:00]"
    comment: str = ""
    rating_percent: int | None = None  # what the owner thinks of it: 0 to 100
    chapters: tuple[Chapter, ...] = ()
    # Music
    artists: tuple[str, ...] = ()
    artist_sort: str = ""  # "Simone, Nina"
    album_artists: tuple[str, ...] = ()
    album_artist_sort: str = ""
    album: str = ""
    album_sort: str = ""
    composers: tuple[str, ...] = ()
    conductors: tuple[str, ...] = ()
    work: str = ""  # what a track is a movement of
    track: int | None = None
    disc: int | None = None
    original_date: str = ""  # of the first release; as date
    compilation: bool = False
    audiobook: bool = False
    lyrics: bool = False  # the file holds them
    # Films and episodes
    series: str = ""
    season: int | None = None  # 0: specials
    episode: int | None = None
    last_episode: int | None = None  # of a file that holds several
    part: int | None = None  # of a film in several files
    edition: str = ""  # "Director's Cut"
    extra: str = ""  # "trailer", "interview" ...: beside a film, not one itself
    description: str = ""  # the plot
    directors: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    content_rating: str = ""  # as it was written: "FSK 12", "PG-13"
    film_set: str = ""  # "Three Colours"
    tracks: tuple[Track, ...] = ()
    # Playlists: paths as they were written, "/" first where from some root. Cue
    # sheets: the file of each track, which are its chapters.
    entries: tuple[str, ...] = ()
    skipped_remote: int | None = None  # entries that are no local files
    # Pictures
    camera: str = ""
    lens: str = ""
    keywords: tuple[str, ...] = ()
    orientation: int = 1  # EXIF 1..8
    progressive: bool = False  # a progressive JPEG: no DLNA profile fits
    # The coded form
    duration_ms: int | None = None
    time_seek: bool = False  # where a time lies in the file can be told
    bitrate_bps: int | None = None  # bits a second, all streams together
    sample_rate_hz: int | None = None
    channels: int | None = None
    bits_per_sample: int | None = None
    width: int | None = None
    height: int | None = None
    color_depth: int | None = None  # bits a pixel
    frame_rate_mhz: int | None = None  # frames a second times 1000
    interlaced: bool = False
    audio_codec: str = ""  # "mp3", "aac", "ac3", "flac", "pcm" ...
    audio_profile: str = ""  # "lc", "he", "hev2", "layer2" ...
    video_codec: str = ""  # "h264", "hevc", "mpeg2", "mpeg4", "vc1" ...
    video_profile: str = ""  # "baseline", "main", "high", "simple" ...
    video_level: int | None = None  # times 10: level 4.1 is 41
    packet_size: int | None = None  # MPEG-TS: 188 or 192
    timestamped: bool = False  # MPEG-TS of 192: timestamps are not all zero
    art_mime: str = ""  # embedded picture's MIME name; empty: none
    art_offset: int = 0  # where it lies in the file
    art_length: int = 0  # 0: not in one piece
    art_width: int = 0  # 0: not known, or not as simple screens show it
    art_height: int = 0
    art_depth: int = 0  # bits a pixel


class Play(NamedTuple):
    """What is kept of an item that was played.

    times: plays of most of it. played_s: when it was last played, in seconds since
    1970. position_percent: how far into the file, 0 if there is nothing to continue;
    position_ms: the same as a time, 0 if nobody knows.
    """

    times: int
    played_s: int
    position_percent: int
    position_ms: int = 0

    def place_ms(self, duration_ms: int) -> int:
        """Return how far into an item of this length it was played."""
        by_percent = duration_ms * self.position_percent // 100
        return min(self.position_ms or by_percent, duration_ms)


MOST_DEVICES = 200  # that are kept of those seen


class Decision(NamedTuple):
    """What the owner decided of one device while the server ran.

    decided: see rules.profiles.standing_of(). decided_s: seconds since 1970.
    """

    decided: str
    decided_s: int


class MadeRule(NamedTuple):
    """A rule that the owner made while the server ran.

    kind: "profile", "lock" or "new_devices". told: what the table of that name has
    in a configuration, as JSON; of new_devices its value.
    """

    kind: str
    name: str
    told: str
    changed_s: int = 0


class GivenName(NamedTuple):
    """What the owner calls a device, since when (seconds since 1970)."""

    name: str
    named_s: int


class SeenDevice(NamedTuple):
    """A device, or a program on one, that asked for something.

    mac: "" if nobody knows. family: the id of the rule that held, "" for none.
    signal, value: what told it, see devices.family. Times are seconds since 1970,
    last_s to the day.
    """

    address: str
    mac: str
    family: str
    signal: str
    value: str
    first_s: int = 0
    last_s: int = 0


@dataclass(frozen=True, slots=True)
class Plays:
    """All that somebody played, by item id; version: another for another content."""

    version: int
    of: Mapping[str, Play]


class Playing(NamedTuple):
    """One item that a device gets at this moment.

    rule: of devices, that holds for it. since_s: seconds ago. percent: how far into
    the item the last byte lies that was sent; None if nobody knows. rate: bytes a
    second, on average since somebody asked before. is_sent: no stream is open.
    """

    address: IPv4Address | IPv6Address
    rule: str
    item_id: str
    kind: Kind
    since_s: float
    percent: int | None
    rate: int
    is_sent: bool


@dataclass(frozen=True, slots=True)
class Window:
    """One page of a result: count 0 means all from start on."""

    start: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class SortKey:
    """One part of a SortCriteria: "+dc:title" is SortKey("dc:title", False)."""

    name: str
    descending: bool


class Entry(NamedTuple):
    """One object of a result, ready to be written as DIDL-Lite.

    segments: the properties as didl.pack() made them. art: the picture that
    stands for it, as didl.pack_art() made it. A tuple, as a page makes
    hundreds: four times as quick to make as a frozen dataclass.
    """

    is_container: bool
    object_id: str
    parent_id: str
    segments: bytes
    ref_id: str = ""  # the original's id, when this is a reference to it
    child_count: int = 0
    art: bytes = b""


@dataclass(frozen=True, slots=True)
class Page:
    """A window of a result: total counts all matches, not only these."""

    entries: tuple[Entry, ...]
    total: int
    update_id: int


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes inside a file, as long as the file is what it was."""

    offset: int
    length: int
    size_bytes: int  # of the file in which it was found
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Resource:
    """One file (or picture, or subtitle) that can be sent over HTTP.

    root and relative_path are bytes as the file system has them; the path is
    opened below root without following links out of it. size_bytes, mtime_ns: of
    the file as the catalog knows it; a stream takes them from the file that it
    opened, which may be newer. span: where only a part of the file is meant; it
    is gone when the file has changed. facts_json: what is known of an item, see
    facts.py; left as it is, as few who ask for it need more than its file.
    follows_out: the owner lets links lead out of that root.
    """

    item_id: str
    kind: Kind
    root: bytes
    relative_path: bytes
    mime: str
    content_features: str  # the 4th field of protocolInfo
    duration_ms: int | None = None
    span: Span | None = None
    caption_path: str = ""  # the URL path of its best subtitle
    size_bytes: int = 0
    mtime_ns: int = 0
    facts_json: str = ""
    follows_out: bool = False


@dataclass(frozen=True, slots=True)
class CataloguedFile:
    """What the catalog knows of one file.

    object_id: of its item; empty: it has none. facts: as it was read, None of what
    was not. problem: why it can't be shown.
    """

    object_id: str
    facts: MediaFacts | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LibraryCounts:
    """How much one library holds, for the start-up lines and the page."""

    name: str
    audio: int
    video: int
    image: int
    problems: int

    def __str__(self) -> str:
        """Return the one line that people read of a library."""
        counted = (
            (self.audio, "track", "tracks"),
            (self.video, "video", "videos"),
            (self.image, "picture", "pictures"),
            (self.problems, "file not readable", "files not readable"),
        )
        parts = [f"{n} {one if n == 1 else many}" for n, one, many in counted if n]
        return f"{self.name}: {', '.join(parts) or 'nothing yet'}"
