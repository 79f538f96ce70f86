"""A library of many small files that all differ, made in seconds.

No encoder runs: each file is a small template with its own tags and a few bytes
of its own. Four of five are tracks (ten an album, three albums an artist), three
of twenty are photos, one of twenty is a film.
"""

import io
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from mutagen.id3 import ID3, TALB, TCON, TDRC, TIT2, TPE1, TRCK
from PIL import Image

FIXTURES = Path(__file__).parents[2] / "fixtures" / "media"
_TRACK = FIXTURES / "household" / "Music" / "The Foundry" / "First Light"
_FILM = FIXTURES / "formats" / "silent.mp4"
_TRACK_BYTES = 8192
SETTLED_S = 3600
IN_ONE = "All in one"
GENRES = ("Jazz", "Rock", "Folk", "Ambient", "Klassik", "Soul", "Pop")


@dataclass(frozen=True, slots=True)
class Library:
    """A folder, and how many items of each kind are in it."""

    folder: Path
    audio: int
    image: int
    video: int

    @property
    def items(self) -> int:
        """All together."""
        return self.audio + self.image + self.video


def make_library(folder: Path, items: int, in_one: int = 0) -> Library:
    """Fill the folder with so many items; in_one: tracks in the folder IN_ONE."""
    image, video = items * 3 // 20, items // 20
    audio = items - image - video
    _write_tracks(folder / "Music", audio, in_one)
    _write_photos(folder / "Photos", image)
    _write_films(folder / "Videos", video)
    settle(folder)
    return Library(folder, audio, image, video)


def settle(folder: Path) -> None:
    """Date all back: what was just written may still be, and is waited for."""
    then_s = time.time() - SETTLED_S
    for where, _, names in os.walk(folder, topdown=False):
        for path in (*(Path(where, name) for name in names), where):
            os.utime(path, (then_s, then_s))


def _write_tracks(music: Path, count: int, in_one: int) -> None:
    sound = _sound((_TRACK / "02 - Ember.mp3").read_bytes())
    for number in range(count):
        album, track = divmod(number, 10)
        artist = album // 3
        folder = music / f"Artist {artist:03}" / f"Album {album:04}"
        if number < in_one:
            folder = music / IN_ONE
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{track + 1:02} Track {number}.mp3"
        path.write_bytes(sound[:-8] + struct.pack(">Q", number))
        tags = ID3()
        tags.add(TIT2(encoding=3, text=[f"Track {number} of the bench"]))
        tags.add(TPE1(encoding=3, text=[f"Artist {artist:03}"]))
        tags.add(TALB(encoding=3, text=[f"Album {album:04}"]))
        tags.add(TCON(encoding=3, text=[GENRES[artist % len(GENRES)]]))
        tags.add(TDRC(encoding=3, text=[str(1960 + album % 60)]))
        tags.add(TRCK(encoding=3, text=[f"{track + 1}/10"]))
        tags.save(path, v1=0)


def _sound(track: bytes) -> bytes:
    """Return the first frames of an MP3, without its tag."""
    size = 0
    for part in track[6:10]:
        size = size << 7 | part
    return track[10 + size : 10 + size + _TRACK_BYTES]


def _write_photos(photos: Path, count: int) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 40).convert("RGB").save(buffer, "JPEG", quality=40)
    picture = buffer.getvalue()
    for number in range(count):
        folder = photos / f"{2000 + number // 100 % 25}"
        folder.mkdir(parents=True, exist_ok=True)
        # A comment segment after SOI, and bytes after the end: never the same.
        mark = struct.pack(">Q", number)
        comment = b"\xff\xfe" + struct.pack(">H", 2 + len(mark)) + mark
        path = folder / f"IMG_{number:05}.jpg"
        path.write_bytes(picture[:2] + comment + picture[2:] + mark)


def _write_films(videos: Path, count: int) -> None:
    film = _FILM.read_bytes()
    at = film.index(b"mdat") + 4
    room = struct.unpack(">I", film[at - 8 : at - 4])[0] - 8
    end = at + room
    for number in range(count):
        folder = videos / f"Shelf {number // 20:02}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"Film {number:04} ({1950 + number % 70}).mp4"
        path.write_bytes(film[: end - 8] + struct.pack(">Q", number) + film[end:])
