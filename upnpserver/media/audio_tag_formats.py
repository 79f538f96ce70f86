"""The tags of each family of audio formats -> one cleaned form.

ID3v1 and ID3v2, Vorbis comments, MP4 atoms, ASF attributes, APEv2, and the
INFO list of RIFF. What a family calls its things is written only here; free
names (TXXX, "----" atoms, all of Vorbis, APE and ASF) are taken as they are.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from upnpserver.media import charset
from upnpserver.media.audio_flac import picture_in
from upnpserver.media.audio_mp4 import Mp4
from upnpserver.media.audio_tags import (
    ANY_SEMICOLON,
    SEMICOLON_AND_BLANK,
    SLASHES,
    Tags,
    Told,
    popularimeter_percent,
    tags_of,
)
from upnpserver.media.embedded import FRONT_COVER, Find, Picture, nowhere, placed
from upnpserver.media.id3 import Id3

_NOT_NAME: Final = re.compile(r"[^a-z0-9]+")
_MAX_TEXTS: Final = 64  # of one name
_PICTURE_LOOK: Final = 4096

_ID3_FRAMES: Final[Mapping[str, str]] = {
    "TIT2": "title",
    "TSOT": "titlesort",
    "TPE1": "artist",
    "TSOP": "artistsort",
    "TPE2": "albumartist",
    "TSO2": "albumartistsort",
    "TALB": "album",
    "TSOA": "albumsort",
    "TCON": "genre",
    "TCOM": "composer",
    "TPE3": "conductor",
    "TRCK": "tracknumber",
    "TPOS": "discnumber",
    "TDRC": "date",
    "TYER": "year",
    "TDRL": "releasedate",
    "TDOR": "originaldate",
    "TORY": "originalyear",
    "TCMP": "compilation",
}
_ATOMS: Final[Mapping[str, str]] = {
    "\xa9nam": "title",
    "sonm": "titlesort",
    "\xa9ART": "artist",
    "soar": "artistsort",
    "aART": "albumartist",
    "soaa": "albumartistsort",
    "\xa9alb": "album",
    "soal": "albumsort",
    "\xa9gen": "genre",
    "\xa9wrt": "composer",
    "\xa9con": "conductor",
    "\xa9wrk": "work",
    "trkn": "tracknumber",
    "disk": "discnumber",
    "\xa9day": "date",
    "\xa9cmt": "comment",
    "cpil": "compilation",
    "\xa9lyr": "lyrics",
    "rate": "rating",
    "desc": "description",
}
_RIFF_INFO: Final[Mapping[bytes, str]] = {
    b"INAM": "title",
    b"IART": "artist",
    b"IPRD": "album",
    b"IGNR": "genre",
    b"ITRK": "tracknumber",
    b"IPRT": "track",
    b"ICRD": "date",
    b"ICMT": "comment",
    b"IMUS": "composer",
}
_AUDIOBOOK_KIND: Final = "2"  # of iTunes' stik atom


def from_id3(tag: Id3) -> Tags:
    """Return the tags of ID3 of any version."""
    texts = {
        name: tag.texts(frame)
        for frame in tag.frames
        if (name := _ID3_FRAMES.get(frame))
    }
    # Programs keep private notes in comments that have a description.
    remarks = (told for about, told in tag.described("COMM") if not about)
    if comments := [one for told in remarks for one in told]:
        texts["comment"] = comments
    free: dict[str, list[str]] = {}
    for description, told in tag.described("TXXX"):
        _add(free, description, told)
    texts = {**free, **texts}  # a frame made for it goes before
    if (day := tag.texts("TDAT")) and (years := texts.get("year")):
        # ID3v2.3 has day and month ("DDMM") in a frame of their own.
        years[0] = f"{years[0]}-{day[0][2:4]}-{day[0][:2]}"
    if tag.has("MVNM") or tag.has("MVIN"):  # so the "content group" is the work
        texts.setdefault("work", tag.texts("TIT1"))
    ratings = (popularimeter_percent(*rating) for rating in tag.ratings())
    return tags_of(
        Told(
            _repaired(texts),
            SEMICOLON_AND_BLANK if tag.version == 4 else SLASHES,
            tag.pictures(),
            tag.chapters(),
            next((percent for percent in ratings if percent), None),
            lyrics=tag.has("USLT") or tag.has("SYLT"),
        )
    )


def _repaired(texts: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return texts with those that were written in another charset put right."""
    doubtful = [one for told in texts.values() for one in told if not one.isascii()]
    if not doubtful:
        return texts
    right = dict(zip(doubtful, charset.repaired(doubtful), strict=True))
    return {name: [right.get(one, one) for one in told] for name, told in texts.items()}


def from_vorbis(
    comments: Iterable[tuple[str, str]], pictures: Iterable[Picture] = ()
) -> Tags:
    """Return the tags of Vorbis comments; pictures: those of FLAC blocks."""
    texts: dict[str, list[str]] = {}
    embedded: list[Picture] = [*pictures]
    marks: dict[str, str] = {}
    for name, value in comments:
        if name.lower() == "metadata_block_picture":
            embedded.append(Picture(_encoded_picture(value)))
        elif name[:7].lower() == "chapter" and len(marks) < 2 * _MAX_CHAPTERS:
            marks[name[7:].lower()] = value
        else:
            # Quod Libet rates as "rating:somebody@example.org".
            _add(texts, name.partition(":")[0], [value])
    return tags_of(Told(texts, pictures=embedded, chapters=_vorbis_chapters(marks)))


_MAX_CHAPTERS: Final = 400
_CHAPTER_TIME: Final = re.compile(
    r"(\d{1,3}):([0-5]\d):([0-5]\d)(?:\.(\d{1,3})\d*)?", re.ASCII
)


def _vorbis_chapters(marks: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield the chapters of CHAPTER001=00:01:02.500 and CHAPTER001NAME=Title."""
    for number, value in marks.items():
        if number.isdigit() and (time := _CHAPTER_TIME.fullmatch(value.strip())):
            hours, minutes, seconds, part = time.groups(default="0")
            whole_s = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            start_ms = whole_s * 1000 + int(part.ljust(3, "0"))
            yield start_ms, marks.get(f"{number}name", "")


def _encoded_picture(encoded: str) -> bytes:
    """Return the beginning of a METADATA_BLOCK_PICTURE: a FLAC block in base64."""
    try:
        return picture_in(base64.b64decode(encoded[:_PICTURE_LOOK]))
    except (binascii.Error, ValueError):
        return b""


def from_mp4(mp4: Mp4) -> Tags:
    """Return the tags of iTunes' atoms."""
    texts: dict[str, list[str]] = {}
    for atom, told in mp4.tags.items():
        if atom == "gnre":  # ID3v1's number and one
            texts.setdefault("genre", [str(int(one) - 1) for one in told])
        else:
            _add(texts, _ATOMS.get(atom, atom), told)
    return tags_of(
        Told(
            texts,
            ANY_SEMICOLON,
            mp4.covers,
            mp4.chapters,
            audiobook=_AUDIOBOOK_KIND in mp4.tags.get("stik", ()),
        )
    )


def from_asf(attributes: Any, find: Find = nowhere) -> Tags:
    """Return the tags of Windows Media files, as mutagen has them."""
    texts: dict[str, list[str]] = {}
    pictures = []
    for name, attribute in attributes:
        if name == "WM/Picture":
            pictures.append(_asf_picture(attribute.value, find))
        elif name != "WM/Track":  # it counts from 0; WM/TrackNumber is beside it
            _add(texts, name.removeprefix("WM/"), [str(attribute)])
    return tags_of(Told(texts, ANY_SEMICOLON, pictures))


def _asf_picture(value: object, find: Find) -> Picture:
    """Return the picture in a WM_PICTURE: its kind and two texts stand before it."""
    if not isinstance(value, bytes):
        return Picture(b"")
    at = 5  # picture type, length
    for _ in range(2):
        while value[at : at + 2] not in {b"", b"\0\0"}:
            at += 2
        at += 2
    return placed(value, at, value[0] if value else 0, find)


def from_ape(items: Any, find: Find = nowhere) -> Tags:
    """Return the tags of APEv2, as mutagen has them."""
    texts: dict[str, list[str]] = {}
    pictures = []
    for name, value in items.items():
        if name.lower().startswith("cover art"):
            # The name of a file stands before the picture.
            data = bytes(value)
            kind = FRONT_COVER if "front" in name.lower() else 0
            pictures.append(placed(data, data.find(b"\0") + 1, kind, find))
        elif value.kind == 0:
            _add(texts, name, str(value).split("\0"))
    return tags_of(Told(texts, pictures=pictures))


def from_riff_info(info: Mapping[bytes, bytes]) -> Tags:
    """Return the tags of a RIFF INFO list: UTF-8, or an old charset."""
    raw = ((name, info.get(key, b"")) for key, name in _RIFF_INFO.items())
    texts = {
        name: [value.partition(b"\0")[0].decode("latin-1")]
        for name, value in raw
        if value
    }
    return tags_of(Told(_repaired(texts), ANY_SEMICOLON))


def _add(texts: dict[str, list[str]], name: str, values: Iterable[str]) -> None:
    """Add texts under the common form of a name."""
    told = texts.setdefault(_common_name(name[:64]), [])
    told += [one for one in values if one][: _MAX_TEXTS - len(told)]


@lru_cache(maxsize=512)
def _common_name(name: str) -> str:
    """Return a name's letters and digits, small: "Album Artist", "ALBUMARTIST"."""
    return _NOT_NAME.sub("", name.lower())
