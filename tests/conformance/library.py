"""The media folder that every server gets, and what is known of each file.

Made from fixtures/media/household: that household as it is, an album shelf of
many tracks (for pages, sorting and searching), and files with odd names. All
sizes differ, so that a res@size tells which file it is.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mutagen.id3 import ID3, TALB, TCON, TDRC, TIT2, TPE1, TRCK

HOUSEHOLD = Path(__file__).parents[2] / "fixtures" / "media" / "household"
_MP3 = HOUSEHOLD / "Music" / "The Foundry" / "First Light" / "02 - Ember.mp3"
_MP4 = HOUSEHOLD.parent / "formats" / "silent.mp4"  # without a title of its own
_JPEG = HOUSEHOLD / "Photos" / "2019 Coast" / "Dunes.jpg"
_NOT_MEDIA = {".srt", ".txt"}
_ART = {"folder.jpg"}
_KINDS = {
    **dict.fromkeys((".mp3", ".flac", ".m4a", ".ogg", ".opus", ".wav"), "audio"),
    **dict.fromkeys((".mp4", ".mkv", ".webm", ".ts", ".mpg", ".avi"), "video"),
    **dict.fromkeys((".jpg", ".png", ".gif"), "image"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """One media file; facts by property name as in a Filter, and "seconds"."""

    path: Path
    kind: str
    size: int
    facts: Mapping[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """Return what is on the disk."""
        return self.path.read_bytes()

    @property
    def sha256(self) -> str:
        """The digest of what is on the disk."""
        return hashlib.sha256(self.bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class MediaFolder:
    """The folder to serve."""

    path: Path
    files: tuple[Known, ...]
    odd: Mapping[str, Known]  # by the short name of what is odd
    large: Known  # beyond 4 GiB, with holes: not among files

    def of_size(self, size: int) -> Known | None:
        """Return the file of that size."""
        return next((known for known in self.files if known.size == size), None)

    def named(self, name: str) -> Known:
        """Return the file of that name."""
        return next(known for known in self.files if known.path.name == name)


# What is odd -> the file name, and the part of it that a title must show as it
# is ("" where XML has no way to say it).
ODD_NAMES: dict[str, tuple[bytes, str]] = {
    "ampersand": (b"Salt & Pepper.mp3", "Salt & Pepper"),
    "less-than": (b"less < more.mp3", "less < more"),
    "greater-than": (b"more > less.mp3", "more > less"),
    "double quotes": (b'she said "yes".mp3', 'she said "yes"'),
    "single quotes": (b"it's 'fine'.mp3", "it's 'fine'"),
    "entity": (b"kept &amp; whole.mp3", "kept &amp; whole"),
    "end of CDATA": (b"end ]]> here.mp3", "end ]]> here"),
    "emoji": ("guitar \N{GUITAR} solo.mp3".encode(), "guitar \N{GUITAR} solo"),
    "Japanese": ("日本語の歌.mp3".encode(), "日本語の歌"),
    "accents": ("Ünïcödé Café.mp3".encode(), "Ünïcödé Café"),
    "combining": ("Cafe\u0301 noir.mp3".encode(), "noir"),
    "right to left": ("שלום עולם.mp3".encode(), "שלום עולם"),
    "zero width": ("zero\u200bwidth.mp3".encode(), "zero"),
    "not UTF-8": (b"broken \xff\xfe name.mp3", "broken"),
    "Latin-1": (b"caf\xe9 creme.mp3", "creme"),
    "control character": (b"bell \x07 rings.mp3", "rings"),
    "noncharacter": ("odd \ufffe one.mp3".encode(), "one"),
    "newline": (b"two\nlines.mp3", "lines"),
    "tab": (b"tab\there.mp3", "here"),
    "percent": (b"50%25 off %41.mp3", "50%25 off %41"),
    "hash": (b"number #1.mp3", "number #1"),
    "question mark": (b"who? me.mp3", "who? me"),
    "semicolon": (b"this;that.mp3", "this;that"),
    "plus": (b"one + one.mp3", "one + one"),
    "comma": (b"first, second.mp3", "first, second"),
    "equals": (b"a=b&c=d.mp3", "a=b&c=d"),
    "backslash": (b"back\\slash.mp3", "back\\slash"),
    "brackets": (b"[live] {demo} (mix).mp3", "[live] {demo} (mix)"),
    "star and bar": (b"all * or | none.mp3", "all * or | none"),
    "dots": (b"a.b.c.d.mp3", "a.b.c.d"),
    "leading blank": (b" blank first.mp3", "blank first"),
    "trailing blank": (b"blank last .mp3", "blank last"),
    "leading dash": (b"-rf star.mp3", "-rf star"),
    "upper-case extension": (b"LOUD.MP3", "LOUD"),
    "dollar": (b"price $0 $(id) `id`.mp3", "price $0 $(id)"),
    "markup": (b"<b>bold<b>.mp3", "<b>bold<b>"),
    "very long": (b"long " + b"x" * 246 + b".mp3", "long xxx"),
    "video": ("Été à la mer & plage.mp4".encode(), "Été à la mer & plage"),
    "picture": ("Île <déserte>.jpg".encode(), "Île <déserte>"),
}

# Names that XML 1.0 cannot hold as they are: apart, since a server that does not
# mind them makes whole folders unreadable.
NOT_XML = {"not UTF-8", "Latin-1", "control character", "noncharacter"}
ODD, WILD = "Odd & <names>", "Wild names"

LARGE_BYTES = (1 << 32) + (1 << 20) + 1234
LARGE_END = b"the end of a long film"

# Titles of the first tracks on the shelf: what searching and sorting trip over.
TITLES = (
    *("Alpha", "beta", "Gamma", "delta", "Track 2", "Track 10", "Track 1"),
    *('Say "Hello" Now', "Rock & Roll", "a < b > c", "Don't Stop", "100% Sure"),
    *("under_score", "back\\slash tune", "Ünder Öl", "日本の歌", "Guitar \U0001f3b8"),
    *("Zebra", "alphabet", "Omega (Live)", "Semi; Colon", "Comma, Here"),
)
ARTISTS = ("The Quartet", "Solo & Friends", "Ångström")
ALBUMS = ("Winter Songs", "Summer <Live>", 'The "Best" Of')
GENRES = ("Jazz", "Rock", "Folk")
SHELF = 36


def make_folder(path: Path) -> MediaFolder:
    """Fill an empty folder and tell what is in it."""
    shutil.copytree(HOUSEHOLD, path, dirs_exist_ok=True)
    facts = {path / name: known for name, known in _HOUSEHOLD_FACTS.items()}
    facts |= _fill_shelf(path / "Music" / "Shelf")
    odd = _fill_odd(path)
    files = []
    large = _make_large(path / "Videos" / "Long Film.mp4")
    for found in sorted(path.rglob("*")):
        if (
            found.is_file()
            and found.suffix not in _NOT_MEDIA
            and found.name not in _ART
            and found != large.path
        ):
            kind = _KINDS[found.suffix.lower()]
            size = found.stat().st_size
            files.append(Known(found, kind, size, facts.get(found, {})))
    by_path = {known.path: known for known in files}
    if len({known.size for known in files}) < len(files):
        raise ValueError("two media files have the same size")
    return MediaFolder(
        path,
        tuple(files),
        {name: by_path[where] for name, where in odd.items()},
        large,
    )


def _fill_shelf(shelf: Path) -> dict[Path, dict[str, str]]:
    """Write tagged tracks; return their facts."""
    plain = _without_tags(_MP3)
    facts: dict[Path, dict[str, str]] = {}
    for number in range(SHELF):
        title = TITLES[number] if number < len(TITLES) else f"Song {number}"
        artist = ARTISTS[number % len(ARTISTS)]
        album = ALBUMS[number // 12]
        genre = GENRES[number % 4 % 3]
        track = number % 12 + 1
        year = 1990 + number // 2
        folder = shelf / f"Disc {number // 12 + 1}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{track:02}.mp3"
        path.write_bytes(plain)
        tags = ID3()
        tags.add(TIT2(encoding=3, text=[title]))
        tags.add(TPE1(encoding=3, text=[artist]))
        tags.add(TALB(encoding=3, text=[album]))
        tags.add(TCON(encoding=3, text=[genre]))
        tags.add(TRCK(encoding=3, text=[f"{track}/12"]))
        tags.add(TDRC(encoding=3, text=[str(year)]))
        used = len(title.encode() + artist.encode() + album.encode() + genre.encode())
        # Room that makes up for the length of the words: every size differs.
        tags.save(path, v1=0, padding=lambda _info, n=number, u=used: 2000 - u + n * 64)
        facts[path] = {
            "dc:title": title,
            "upnp:artist": artist,
            "upnp:album": album,
            "upnp:genre": genre,
            "upnp:originalTrackNumber": str(track),
            "dc:date": str(year),
            "seconds": "4",
            "res@sampleFrequency": "44100",
            "res@nrAudioChannels": "2",
        }
    return facts


def _fill_odd(folder: Path) -> dict[str, Path]:
    """Write one file for each odd name; return its path by the short name."""
    contents = {
        ".mp3": _without_tags(_MP3),
        ".mp4": _MP4.read_bytes(),
        ".jpg": _JPEG.read_bytes(),
    }
    found = {}
    for number, (odd, (name, _shown)) in enumerate(ODD_NAMES.items(), start=1):
        inside = folder / (WILD if odd in NOT_XML else ODD)
        inside.mkdir(exist_ok=True)
        path = Path(str(inside), name.decode("utf-8", "surrogateescape"))
        suffix = path.suffix.lower()
        path.write_bytes(contents[suffix] + _trailer(suffix, 16 * number))
        found[odd] = path
    return found


def _make_large(path: Path) -> Known:
    """Write a film whose last part, which players skip, lies beyond 4 GiB."""
    film = _MP4.read_bytes()
    skipped = LARGE_BYTES - len(film)
    with path.open("wb") as file:
        # A box of 64-bit length: all but its head and its last bytes is a hole.
        file.write(film + b"\0\0\0\1free" + skipped.to_bytes(8, "big"))
        file.seek(LARGE_BYTES - len(LARGE_END))
        file.write(LARGE_END)
    return Known(path, "video", LARGE_BYTES)


def _trailer(suffix: str, count: int) -> bytes:
    """Return bytes to append that players skip."""
    if suffix == ".mp4":
        return (8 + count).to_bytes(4, "big") + b"free" + bytes(count)
    return bytes(count)


def _without_tags(path: Path) -> bytes:
    """Return an MP3 without ID3v2 and ID3v1."""
    data = path.read_bytes()
    if data[:3] == b"ID3":
        size = 0
        for part in data[6:10]:
            size = size << 7 | part
        data = data[10 + size :]
    return data[:-128] if data[-128:-125] == b"TAG" else data


def _facts(title: str, **more: str) -> dict[str, str]:
    names = {
        "artist": "upnp:artist",
        "album": "upnp:album",
        "genre": "upnp:genre",
        "track": "upnp:originalTrackNumber",
        "date": "dc:date",
        "raster": "res@resolution",
        "rate": "res@sampleFrequency",
        "channels": "res@nrAudioChannels",
        "seconds": "seconds",
    }
    named = {names[name]: value for name, value in more.items()}
    return ({"dc:title": title} if title else {}) | named


_FIRST = {"artist": "The Foundry", "album": "First Light", "date": "2004"}
_SECOND = {"artist": "The Foundry", "album": "Second Wind", "date": "2011"}
_WALK = {"album": "Evening Walk", "genre": "Jazz", "date": "1999"}
_CD = {"rate": "44100", "channels": "2"}
_HOUSEHOLD_FACTS: dict[str, dict[str, str]] = {
    "Music/The Foundry/First Light/01 - Kindling.mp3": _facts(
        "Kindling", track="1", seconds="4", **_FIRST, **_CD
    ),
    "Music/The Foundry/First Light/02 - Ember.mp3": _facts(
        "Ember", track="2", seconds="4", **_FIRST, **_CD
    ),
    "Music/The Foundry/Second Wind/01 - Bellows.flac": _facts(
        "Bellows", track="1", seconds="2", **_SECOND, **_CD
    ),
    "Music/The Foundry/Second Wind/02 - Anvil.m4a": _facts(
        "Anvil", track="2", genre="Folk", seconds="3", **_SECOND, **_CD
    ),
    "Music/Various Artists/Evening Walk/01 - Tide.ogg": _facts(
        "Tide", artist="Mira Sol", track="1", seconds="3", **_WALK, **_CD
    ),
    "Music/Various Artists/Evening Walk/02 - Łódź, Straße, 東京.opus": _facts(
        "Łódź, Straße, 東京", artist="Kjell & Søn", track="2", seconds="3", **_WALK
    ),
    "Music/Various Artists/Evening Walk/untagged.wav": _facts(
        "untagged", seconds="1", rate="22050", channels="2"
    ),
    "Videos/Films/The Harbour (2019).mp4": _facts("", raster="320x180", seconds="2"),
    "Videos/Films/Signal (2021).mkv": _facts("", raster="320x180", seconds="2"),
    "Videos/Home/Old Camera.avi": _facts("", raster="320x240", seconds="2"),
    "Videos/Home/Holiday 1998.mpg": _facts("", raster="352x288", seconds="2"),
    "Videos/Home/Recording.ts": _facts("", raster="320x180", seconds="2"),
    "Videos/Home/Clip.webm": _facts("", raster="320x180", seconds="2"),
    "Photos/2019 Coast/Beach.jpg": _facts("", raster="640x480", date="2019-07-14"),
    "Photos/2019 Coast/Dunes.jpg": _facts("", raster="320x240"),
    "Photos/Chart.png": _facts("", raster="200x120"),
    "Photos/Wave.gif": _facts("", raster="120x90"),
}
KNOWN_NAMES = tuple(name.rpartition("/")[2] for name in _HOUSEHOLD_FACTS)


def facts_of_household() -> Iterator[tuple[str, str, str]]:
    """Yield (file name, property, value) for every known fact."""
    for name, facts in _HOUSEHOLD_FACTS.items():
        for what, value in facts.items():
            yield name.rpartition("/")[2], what, value
