"""The tags of each family of audio formats -> one cleaned form.

ID3v1 and ID3v2, Vorbis comments, MP4 atoms, ASF attributes, APEv2, and the
INFO list of RIFF. Each reader takes what mutagen loaded (a mapping).
"""

import base64
import binascii
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mutagen.id3 import TCON

from upnpserver.media import text
from upnpserver.media.id3 import Id3Texts

Texts = Sequence[str]
Keys = Mapping[str, tuple[str, ...]]  # field of Tags -> names, the best first


@dataclass(frozen=True, slots=True)
class Tags:
    """The part of MediaFacts that comes from tags, cleaned."""

    title: str = ""
    artists: tuple[str, ...] = ()
    album_artists: tuple[str, ...] = ()
    album: str = ""
    genres: tuple[str, ...] = ()
    composers: tuple[str, ...] = ()
    track: int | None = None
    disc: int | None = None
    date: str = ""
    comment: str = ""
    art_mime: str = ""

    def fields(self) -> dict[str, Any]:
        """Return the fields by their names, which are those of MediaFacts."""
        return {name: getattr(self, name) for name in self.__slots__}


NO_TAGS: Final = Tags()

_ID3: Final[Keys] = {
    "title": ("TIT2",),
    "artists": ("TPE1",),
    "album_artists": ("TPE2",),
    "album": ("TALB",),
    "genres": ("TCON",),
    "composers": ("TCOM",),
    "track": ("TRCK",),
    "disc": ("TPOS",),
    "date": ("TDRC", "TYER", "TDRL"),
}
_VORBIS: Final[Keys] = {
    "title": ("title",),
    "artists": ("artist",),
    "album_artists": ("albumartist", "album artist"),
    "album": ("album",),
    "genres": ("genre",),
    "composers": ("composer",),
    "track": ("tracknumber",),
    "disc": ("discnumber",),
    "date": ("date", "year"),
    "comment": ("comment", "description"),
}
_MP4: Final[Keys] = {
    "title": ("\xa9nam",),
    "artists": ("\xa9ART",),
    "album_artists": ("aART",),
    "album": ("\xa9alb",),
    "genres": ("\xa9gen",),
    "composers": ("\xa9wrt",),
    "track": ("trkn",),
    "disc": ("disk",),
    "date": ("\xa9day",),
    "comment": ("\xa9cmt",),
}
_ASF: Final[Keys] = {
    "title": ("Title",),
    "artists": ("Author",),
    "album_artists": ("WM/AlbumArtist",),
    "album": ("WM/AlbumTitle",),
    "genres": ("WM/Genre",),
    "composers": ("WM/Composer",),
    "track": ("WM/TrackNumber",),
    "disc": ("WM/PartOfSet",),
    "date": ("WM/Year",),
    "comment": ("Description",),
}
_APE: Final[Keys] = {
    "title": ("Title",),
    "artists": ("Artist",),
    "album_artists": ("Album Artist", "AlbumArtist"),
    "album": ("Album",),
    "genres": ("Genre",),
    "composers": ("Composer",),
    "track": ("Track",),
    "disc": ("Disc",),
    "date": ("Year",),
    "comment": ("Comment",),
}
_RIFF: Final[Keys] = {
    "title": ("INAM",),
    "artists": ("IART",),
    "album": ("IPRD",),
    "genres": ("IGNR",),
    "track": ("ITRK", "IPRT"),
    "date": ("ICRD",),
    "comment": ("ICMT",),
}

_PICTURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
_PICTURE_LOOK: Final = 256  # bytes of an embedded picture that are looked at


def from_id3(tag: Id3Texts) -> Tags:
    """Return the tags of ID3 of any version."""

    def texts(name: str) -> Texts:
        found = tag.texts(name)
        if name == "TYER" and found and (day := tag.texts("TDAT")):
            found[0] = _dated(found[0], day[0])
        return found

    return _tags(texts, _ID3, _first_art(tag.pictures()), tag.remarks())


def _dated(year: str, day_and_month: str) -> str:
    """Return a date of ID3v2.3's TYER and TDAT ("DDMM")."""
    return f"{year}-{day_and_month[2:4]}-{day_and_month[:2]}"


def from_vorbis(comments: Any, pictures: Iterable[bytes] = ()) -> Tags:
    """Return the tags of Vorbis comments; pictures: those of FLAC blocks."""
    embedded = comments.get("metadata_block_picture") or []
    art = _first_art([*pictures, *map(_vorbis_picture, embedded[:1])])
    return _tags(lambda name: comments.get(name) or (), _VORBIS, art)


def _vorbis_picture(encoded: str) -> bytes:
    """Return the first bytes of the picture in a METADATA_BLOCK_PICTURE.

    Source: RFC 9639 section 8.8 (picture block), in base64.
    """
    try:
        block = base64.b64decode(encoded[:4096])
        at = 4
        for _ in range(2):  # MIME name and description, then five numbers
            (length,) = struct.unpack_from(">I", block, at)
            at += 4 + length
        return block[at + 20 : at + 20 + _PICTURE_LOOK]
    except (binascii.Error, ValueError, struct.error):
        return b""


def from_mp4(atoms: Any) -> Tags:
    """Return the tags of iTunes' atoms."""

    def texts(name: str) -> Texts:
        values = atoms.get(name) or ()
        if name in {"trkn", "disk"}:  # (number, of how many)
            return [str(number) for number, _ in values]
        return [one for one in values if isinstance(one, str)]

    covers = atoms.get("covr") or ()
    return _tags(texts, _MP4, _first_art(bytes(cover) for cover in covers))


def from_asf(attributes: Any) -> Tags:
    """Return the tags of Windows Media files."""
    pictures = (one.value for one in attributes.get("WM/Picture") or ())
    return _tags(
        lambda name: [str(one) for one in attributes.get(name) or ()],
        _ASF,
        _first_art(map(_asf_picture, pictures)),
    )


def _asf_picture(value: object) -> bytes:
    """Return the first bytes of a WM_PICTURE: two texts stand before it."""
    if not isinstance(value, bytes):
        return b""
    at = 5  # picture type, length
    for _ in range(2):
        while value[at : at + 2] not in {b"", b"\0\0"}:
            at += 2
        at += 2
    return value[at : at + _PICTURE_LOOK]


def from_ape(items: Any) -> Tags:
    """Return the tags of APEv2 (Monkey's Audio, WavPack, Musepack)."""

    def texts(name: str) -> Texts:
        value = items.get(name)
        return str(value).split("\0") if value else ()

    covers = [items.get(f"Cover Art ({side})") for side in ("Front", "Back")]
    # The name of a file stands before the picture.
    pictures = (one.value.partition(b"\0")[2] for one in covers if one)
    return _tags(texts, _APE, _first_art(pictures))


def from_riff_info(info: Mapping[bytes, bytes]) -> Tags:
    """Return the tags of a RIFF INFO list: UTF-8, or else Windows' Latin."""

    def texts(name: str) -> Texts:
        value = info.get(name.encode("ascii"), b"").partition(b"\0")[0]
        try:
            return [value.decode("utf-8")] if value else ()
        except UnicodeDecodeError:
            return [value.decode("cp1252", "replace")]

    return _tags(texts, _RIFF)


def _tags(
    lookup: Callable[[str], Texts],
    keys: Keys,
    art_mime: str = "",
    remarks: Texts = (),
) -> Tags:
    def texts(field: str) -> Texts:
        for name in keys.get(field, ()):
            if found := lookup(name):
                return found
        return ()

    return Tags(
        title=text.one_line(_first(texts("title"))),
        artists=text.names(texts("artists")),
        album_artists=text.names(texts("album_artists")),
        album=text.one_line(_first(texts("album")), text.MAX_NAME),
        genres=text.names(_genre_names(texts("genres"))),
        composers=text.names(texts("composers")),
        track=text.number(_first(texts("track"))),
        disc=text.number(_first(texts("disc"))),
        date=text.date(_first(texts("date"))),
        comment=text.comment(_first(remarks or texts("comment"))),
        art_mime=art_mime,
    )


def _first(texts: Texts) -> str:
    return texts[0] if texts else ""


def _genre_names(texts: Texts) -> Iterator[str]:
    """Yield names: "(17)", "17" and "(17)Rock" are ID3v1's number of Rock."""
    for one in texts:
        for part in one.split(";"):
            name = part.strip()
            if name[:1] in set("(0123456789"):
                # mutagen knows the numbers and the grammar that parts them.
                frame: Any = TCON
                yield from frame(encoding=3, text=[name]).genres
            else:
                yield name


def _first_art(pictures: Iterable[bytes]) -> str:
    """Return the MIME name of the first picture, by its content; "" for none."""
    for data in pictures:
        head = data[:_PICTURE_LOOK]
        for magic, mime in _PICTURES:
            if head.startswith(magic):
                return mime
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return "image/webp"
    return ""
