"""A library as people have it: covers in tracks, EXIF in photos, several films.

bench/library.py's files with what costs a scanner time: a cover of 50 kB in each
track of every third album, photos of 100 kB with a date and a camera, and films
that are MP4, Matroska and MPEG-TS in turn.
"""

import io
import os
import struct
from pathlib import Path

from bench.library import FIXTURES, Library, make_library, settle
from mutagen.id3 import APIC, ID3
from PIL import Image

COVER_BYTES = 50_000
PHOTO_BYTES = 100_000
_VIDEOS = FIXTURES / "household" / "Videos"
MATROSKA = _VIDEOS / "Films" / "Signal (2021).mkv"
TRANSPORT = _VIDEOS / "Home" / "Recording.ts"
_TAKEN = b"2000:01:02 03:04:05"
_MAKE, _MODEL, _EXIF, _DATE_TAKEN = 0x010F, 0x0110, 0x8769, 0x9003


def make_mixed(folder: Path, items: int) -> Library:
    """Fill the folder with so many items."""
    library = make_library(folder, items)
    _add_covers(folder / "Music")
    _write_photos(folder / "Photos")
    _vary_films(folder / "Videos")
    settle(folder)
    return library


def make_films(folder: Path, like: Path, count: int) -> None:
    """Fill the folder with films like one, no two of them the same."""
    folder.mkdir(parents=True)
    content = like.read_bytes()
    for number in range(count):
        path = folder / f"Film {number:04}{like.suffix}"
        path.write_bytes(content + _tail(like.suffix, number))
    settle(folder)


def read_all(folder: Path) -> None:
    """Read every file once, so that no server reads from the disk."""
    for where, _, names in os.walk(folder):
        for name in names:
            Path(where, name).read_bytes()


def _add_covers(music: Path) -> None:
    covers = [_jpeg(300, COVER_BYTES, salt) for salt in range(8)]
    for number, album in enumerate(sorted(music.glob("*/*"))):
        if number % 3 == 0:
            for track in album.iterdir():
                tags = ID3(track)
                data = covers[number % len(covers)]
                tags.add(APIC(encoding=3, mime="image/jpeg", type=3, data=data))
                tags.save(track, v1=0)


def _write_photos(photos: Path) -> None:
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL] = "Bench", "One"
    exif.get_ifd(_EXIF)[_DATE_TAKEN] = _TAKEN.decode()
    picture = _jpeg(640, PHOTO_BYTES, 0, exif.tobytes())
    for number, path in enumerate(sorted(photos.rglob("*.jpg"))):
        minutes, seconds = divmod(number, 60)
        hours, minutes = divmod(minutes, 60)
        year = 2000 + number // 100 % 25
        taken = f"{year}:01:{1 + hours // 24 % 28:02} {hours % 24:02}:{minutes:02}"
        mark = struct.pack(">Q", number)
        dated = picture.replace(_TAKEN, f"{taken}:{seconds:02}".encode())
        path.write_bytes(dated + mark)


def _vary_films(videos: Path) -> None:
    for number, path in enumerate(sorted(videos.rglob("*.mp4"))):
        if number % 3:
            like = (MATROSKA, TRANSPORT)[number % 3 - 1]
            path.with_suffix(like.suffix).write_bytes(
                like.read_bytes() + _tail(like.suffix, number)
            )
            path.unlink()


def _tail(suffix: str, number: int) -> bytes:
    """Return what a file of this format may end with, each one another."""
    mark = struct.pack(">Q", number)
    if suffix == ".mkv":
        return b"\xec\x88" + mark  # an EBML Void element
    return b"\x47\x1f\xff\x10" + mark.ljust(184, b"\xff")  # a null packet


def _jpeg(width: int, size_bytes: int, salt: int, exif: bytes = b"") -> bytes:
    """Return a picture of about this size; salt makes another one."""
    buffer = io.BytesIO()
    picture = Image.effect_noise((width, width * 3 // 4), 40 + salt).convert("RGB")
    picture.save(buffer, "JPEG", quality=60, exif=exif)
    content = buffer.getvalue()
    comment = bytes(min(65_000, max(0, size_bytes - len(content))))
    return content[:-2] + _comment(comment) + content[-2:]


def _comment(text: bytes) -> bytes:
    return b"\xff\xfe" + struct.pack(">H", 2 + len(text)) + text
