"""The subtitles inside a film: texts to take out, pictures to draw in. Pure.

Only of containers whose tracks ffmpeg counts as the catalog does: in a transport
stream teletext is one track to it, and one for each page to others.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final

from upnpserver.media.subtitle_names import SRT, Subtitle, told_in_name
from upnpserver.model import MediaFacts

_CONTAINERS: Final = {"matroska", "webm", "mp4", "quicktime"}
_TEXTS: Final = {"srt", "ass", "ssa", "webvtt", "tx3g"}
_PICTURES: Final = {"pgs", "vobsub"}
_NOT_COUNTED: Final = {"cea608", "cea708"}  # inside the picture, to ffmpeg
_MOST: Final = 16
_LANGUAGE: Final = re.compile(r"[a-z0-9-]{2,12}", re.ASCII)
_TOLD: Final = re.compile(r"(\d{1,2})((?:\.[a-z0-9-]{2,12}){0,2})", re.ASCII)
_PICTURE_TOLD: Final = re.compile(
    r"p(\d{1,2})\.([a-z0-9-]{2,12})(?:\.[a-z]{3,6})?", re.ASCII
)
_PATH: Final = re.compile(r"film\.t(\d{1,2})(?:\.[a-z0-9-]{2,12}){0,2}\.srt", re.ASCII)


def texts_in(facts: MediaFacts) -> dict[int, Subtitle]:
    """Return the text subtitles of a film by ffmpeg's numbers, the best first."""
    return _tracks_in(facts, _TEXTS)


def pictures_in(facts: MediaFacts) -> dict[int, Subtitle]:
    """Return the subtitles of a film that are pictures, as texts_in() has texts."""
    return _tracks_in(facts, _PICTURES)


def _tracks_in(facts: MediaFacts, codecs: Collection[str]) -> dict[int, Subtitle]:
    if facts.container not in _CONTAINERS:
        return {}
    tracks = [
        track
        for track in facts.tracks
        if track.kind == "subtitle" and track.codec not in _NOT_COUNTED
    ]
    found = {
        number: Subtitle(
            b"",
            track.language if _LANGUAGE.fullmatch(track.language) else "",
            forced=track.forced,
            default=track.default,
        )
        for number, track in enumerate(tracks)
        if track.codec in codecs
    }
    best = sorted(found, key=lambda at: (found[at].forced, not found[at].default, at))
    return {number: found[number] for number in best[:_MOST]}


def inside_told(facts: MediaFacts) -> str:
    """Return what the functions below read: "0.en/2.en.forced/p1.de"."""
    texts = [f"{at}{told_in_name(one)}" for at, one in texts_in(facts).items()]
    pictures = [f"p{at}{told_in_name(one)}" for at, one in pictures_in(facts).items()]
    return "/".join(texts + pictures)


def picture_number(told: str, language: str) -> int | None:
    """Return ffmpeg's number of the best pictures in a language, None for none.

    language: as "de", which "de-ch" is as well.
    """
    for word in told.split("/"):
        found = _PICTURE_TOLD.fullmatch(word)
        if found and (found[2] == language or found[2].startswith(f"{language}-")):
            return int(found[1])
    return None


def text_paths(item_id: str, told: str) -> Iterator[str]:
    """Yield the URL paths of a film's text subtitles as SRT, the best first."""
    for word in told.split("/"):
        if (found := _TOLD.fullmatch(word)) is not None:
            yield f"/subtitle/{item_id}/film.t{found[1]}{found[2]}.{SRT}"


def number_in(name: str) -> int | None:
    """Return ffmpeg's number of the track that the end of a path names."""
    found = _PATH.fullmatch(name)
    return int(found[1]) if found else None
