"""Cue sheets: which tracks lie where in one long sound file, or in several.

A file of one track has its tags from the sheet where it has none of its own; a
file of several, those of the album, and the tracks as its chapters.

Source: CDRWIN user's guide, appendix A (cue sheet commands); REM GENRE, DATE
and DISCNUMBER as Exact Audio Copy and foobar2000 write them.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from upnpserver.errors import ProbeError
from upnpserver.media import text
from upnpserver.media.audio_tags import genre_names
from upnpserver.media.charset import decoded
from upnpserver.model import Chapter, Kind, MediaFacts

MAX_BYTES: Final = 256 * 1024
_MAX_TRACKS: Final = 999
_MAX_LINES: Final = 20_000
_FRAMES_PER_S: Final = 75

_WORDS: Final = re.compile(r'"([^"]*)"?|([^\s"]+)')
_POSITION: Final = re.compile(r"(\d{1,4}):([0-5]?\d):([0-7]?\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class CueTrack:
    """One track: the span start_ms <= t < end_ms of a file's play time."""

    number: int
    file: str  # as the sheet names it, with "/" between its parts
    start_ms: int
    end_ms: int | None = None  # None: to the end of the file
    title: str = ""
    performer: str = ""
    songwriter: str = ""


@dataclass(frozen=True, slots=True)
class CueSheet:
    """One sheet: an album in one file, or in one for each track or side."""

    tracks: tuple[CueTrack, ...]
    title: str = ""
    performer: str = ""
    songwriter: str = ""
    genres: tuple[str, ...] = ()
    date: str = ""  # as MediaFacts.date
    disc: int | None = None


def read_cue(content: bytes) -> CueSheet:
    """Return what a cue sheet says. Lines that make no sense are passed by.

    Raises ProbeError if it is too large, or there are no tracks in it.
    """
    if len(content) > MAX_BYTES:
        raise ProbeError("it is too large for a cue sheet")
    reader = _Reader()
    for line in decoded(content).splitlines()[:_MAX_LINES]:
        reader.take([quoted or plain for quoted, plain in _WORDS.findall(line)])
    tracks = tuple(_with_ends(reader.tracks))
    if not tracks:
        raise ProbeError("there are no tracks in the cue sheet")
    return replace(reader.sheet, tracks=tracks)


def facts_of(sheet: CueSheet) -> MediaFacts:
    """Return a sheet as the catalog keeps it."""
    return MediaFacts(
        *(Kind.AUDIO, "", ""),
        album=sheet.title,
        album_artists=tuple(filter(None, (sheet.performer,))),
        composers=tuple(filter(None, (sheet.songwriter,))),
        genres=sheet.genres,
        date=sheet.date,
        disc=sheet.disc,
        entries=tuple(track.file for track in sheet.tracks),
        chapters=tuple(
            Chapter(track.start_ms, track.title, track.performer)
            for track in sheet.tracks
        ),
    )


def with_sheet(facts: MediaFacts, name: str, sheet: MediaFacts) -> MediaFacts:
    """Return a file's facts, and where they tell nothing, those of a cue sheet.

    name: the file's own. sheet: of a sheet that names it, see names().
    """
    numbers = _tracks_of(name, sheet)
    several = len(numbers) > 1
    one = sheet.chapters[numbers[0]]
    artists = () if several else tuple(filter(None, (one.artist,)))
    return replace(
        facts,
        title=facts.title or (sheet.album if several else one.title),
        artists=facts.artists or artists or sheet.album_artists,
        track=facts.track or (None if several else numbers[0] + 1),
        album=facts.album or sheet.album,
        album_artists=facts.album_artists or sheet.album_artists,
        composers=facts.composers or sheet.composers,
        genres=facts.genres or sheet.genres,
        date=facts.date or sheet.date,
        disc=facts.disc or sheet.disc,
        chapters=facts.chapters
        or (tuple(sheet.chapters[number] for number in numbers) if several else ()),
    )


def names(sheet: MediaFacts, name: str) -> bool:
    """Tell whether a sheet names a file beside it, by itself or by its stem.

    A file is often converted after its sheet was written, so only the stem is
    compared, and case doesn't matter.
    """
    return bool(_tracks_of(name, sheet))


def _tracks_of(name: str, sheet: MediaFacts) -> list[int]:
    """Return which of a sheet's tracks are in a file, from 0 on."""
    wanted = _stem(name)
    return [at for at, file in enumerate(sheet.entries) if _stem(file) == wanted]


def _stem(file: str) -> str:
    name = unicodedata.normalize("NFC", file.rpartition("/")[2]).casefold()
    return name.rpartition(".")[0] or name


class _Reader:
    """A sheet as far as it has been read. Commands apply to what came last."""

    def __init__(self) -> None:
        self.sheet = CueSheet(())
        self.tracks: list[CueTrack] = []
        self._file = ""
        self._track: CueTrack | None = None  # it has no position yet
        self._in_track = False

    def take(self, words: Sequence[str]) -> None:
        """Follow one line's command."""
        command, *rest = words or ("",)
        command = command.upper()
        if command == "FILE" and rest:
            # The last word is the kind: WAVE, MP3. Some sheets quote no blanks.
            name = " ".join(rest[:-1] or rest)
            self._file = text.one_line(name.replace("\\", "/"))
        elif command == "TRACK" and rest:
            self._begin_track(rest)
        elif command == "INDEX" and len(rest) > 1:
            self._place(rest[0], rest[1])
        elif command in {"TITLE", "PERFORMER", "SONGWRITER"}:
            self._name(command.lower(), text.one_line(" ".join(rest)))
        elif command == "REM" and len(rest) > 1:
            self._remark(rest[0].upper(), " ".join(rest[1:]))

    def _begin_track(self, rest: Sequence[str]) -> None:
        self._in_track = True
        self._track = None
        is_sound = len(rest) < 2 or rest[1].upper() == "AUDIO"
        number = text.number(rest[0])
        if is_sound and number and len(self.tracks) < _MAX_TRACKS:
            self._track = CueTrack(number, self._file, 0)

    def _place(self, index: str, position: str) -> None:
        """Take a track's beginning: index 1. Index 0 is the pause before it."""
        found = _POSITION.fullmatch(position)
        if self._track is None or text.number(index) != 1 or found is None:
            return
        minutes, seconds, frames = map(int, found.groups())
        all_frames = (minutes * 60 + seconds) * _FRAMES_PER_S + frames
        start_ms = all_frames * 1000 // _FRAMES_PER_S
        self.tracks.append(replace(self._track, file=self._file, start_ms=start_ms))
        self._track = None

    def _name(self, field: str, value: str) -> None:
        name: dict[str, Any] = {field: value}
        if not self._in_track:
            self.sheet = replace(self.sheet, **name)
        elif self._track is not None:
            self._track = replace(self._track, **name)
        elif self.tracks:  # behind the position
            self.tracks[-1] = replace(self.tracks[-1], **name)

    def _remark(self, name: str, value: str) -> None:
        if name == "GENRE":
            genres = text.names(genre_names([value]))
            self.sheet = replace(self.sheet, genres=genres)
        elif name == "DATE":
            self.sheet = replace(self.sheet, date=text.date(value))
        elif name == "DISCNUMBER":
            self.sheet = replace(self.sheet, disc=text.number(value))


def _with_ends(tracks: Sequence[CueTrack]) -> Iterator[CueTrack]:
    """Yield the tracks that have a length, each up to the next in its file."""
    for at, track in enumerate(tracks):
        after = tracks[at + 1] if at + 1 < len(tracks) else None
        if after is None or after.file != track.file:
            yield track
        elif after.start_ms > track.start_ms:
            yield replace(track, end_ms=after.start_ms)
