"""NFO files beside films and episodes, as Kodi and Jellyfin write them. Pure.

Hostile like all files: no document type (so no entities), and bounds on size,
depth and number of elements. Nothing in one is ever fetched: addresses of
pictures and of databases are not even looked at.

Source: the Kodi wiki's pages on NFO files (movies, TV shows, episodes, music
videos) and files seen.
"""

import codecs
import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Final
from xml.parsers import expat

from upnpserver.errors import ProbeError
from upnpserver.media import text
from upnpserver.media.charset import repaired
from upnpserver.model import Kind, MediaFacts

MAX_BYTES: Final = 1 << 20
_MAX_ELEMENTS: Final = 20_000  # a film with a cast of thousands
_MAX_DEPTH: Final = 16
_MAX_CHARS: Final = 8192  # of one element that is looked at
_MAX_PLOT: Final = 2048
_MAX_NUMBER: Final = 99_999
_MAX_EPISODES: Final = 64
_NOTHING: Final = MediaFacts(Kind.VIDEO, "", "")
# What a sidecar never tells: what the file itself is.
_OWN: Final = {"kind", "mime", "content_id", "container", "tracks", "chapters"}

_DECLARATION: Final = re.compile(r"<\?xml\b[^>]{0,200}\?>", re.IGNORECASE)
_ENCODING: Final = re.compile(rb"<\?xml[^>]{0,100}encoding=[\"']([\w.-]{1,40})[\"']")
_ROOT: Final = re.compile(r"<(?:movie|tvshow|episodedetails|musicvideo|season)\b")
# "Tom & Jerry", and names of HTML: neither is XML, both are seen.
_LOOSE_AND: Final = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)"
)


def read_nfo(content: bytes) -> MediaFacts:
    """Return what an NFO tells: facts with no MIME name and no content id.

    Of a series ("tvshow") they have a series and no title. A text of another
    kind (notes of a release group, a lone address) tells nothing.

    Raises ProbeError if it is too long, or its XML is no NFO's.
    """
    if len(content) > MAX_BYTES:
        raise ProbeError("it is too long for an NFO file")
    told = _decoded(content)
    start = _ROOT.search(told)
    if start is None:
        return _NOTHING
    if "<!DOCTYPE" in told or "<!ENTITY" in told:
        raise ProbeError("it has a document type, which no NFO file needs")
    parts = _parts(_DECLARATION.sub("", told[start.start() :]))
    facts = [reader(part) for part in parts if (reader := _READERS.get(part.name))]
    if not facts:
        raise ProbeError("it is broken or not complete")
    return _joined(facts[:_MAX_EPISODES])


def merged(facts: MediaFacts, nfo: MediaFacts) -> MediaFacts:
    """Return facts with what the NFO tells in place of what they told."""
    told = {
        one.name: value
        for one in fields(MediaFacts)
        if one.name not in _OWN and (value := getattr(nfo, one.name)) != one.default
    }
    return replace(facts, **told)


def with_show(facts: MediaFacts, show: MediaFacts) -> MediaFacts:
    """Return an episode's facts with what holds for its whole series.

    show: of the tvshow.nfo above it. Its name replaces what was read from file
    and folder names; the rest fills what the episode does not tell.
    """
    return replace(
        facts,
        series=show.series or facts.series,
        genres=facts.genres or show.genres,
        content_rating=facts.content_rating or show.content_rating,
        actors=facts.actors or show.actors,
    )


def _decoded(content: bytes) -> str:
    for mark, charset in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return content[len(mark) :].decode(charset, "replace")
    declared = _ENCODING.search(content, 0, 256)
    for charset in ("utf-8", declared[1].decode("ascii") if declared else ""):
        with contextlib.suppress(ValueError, LookupError):
            return content.decode(charset)
    return repaired([content.decode("latin-1")])[0]


@dataclass(slots=True)
class _Part:
    """One root element: its name, and the texts below it by their paths."""

    name: str
    texts: dict[str, list[str]] = field(default_factory=dict)
    ratings: list[tuple[bool, float]] = field(default_factory=list)  # default, 0..1

    def all(self, *paths: str) -> list[str]:
        return [one for path in paths for one in self.texts.get(path, ())]

    def first(self, *paths: str) -> str:
        return next(iter(self.all(*paths)), "")


class _TooMuch(Exception):
    """The content exceeds a bound."""


def _parts(told: str) -> Sequence[_Part]:
    """Return the root elements; what comes before a fault counts."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    # Several episodes of one file are several roots, and an address may follow.
    whole = f"<nfo>{_LOOSE_AND.sub('&amp;', told)}</nfo>"
    with contextlib.suppress(expat.ExpatError, _TooMuch, UnicodeEncodeError):
        parser.Parse(whole, True)
    return reader.parts


class _Reader:
    """Collects texts while the parser meets elements."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self._path: list[str] = []
        self._elements = 0
        self._text = ""
        self._rating = (False, 10.0)  # is the default one, of how many points

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._path.append(name)
        if self._elements > _MAX_ELEMENTS or len(self._path) > _MAX_DEPTH:
            raise _TooMuch
        if len(self._path) == 2:
            self.parts.append(_Part(name))
        if name == "rating":
            most = _number(attributes.get("max", "")) or 10.0
            self._rating = attributes.get("default", "") == "true", most
        self._text = ""

    def text(self, text: str) -> None:
        if len(self._text) < _MAX_CHARS:
            self._text += text

    def end(self, name: str) -> None:
        path = "/".join(self._path[2:])
        self._path.pop()
        value = self._text.strip()
        self._text = ""
        if not (value and path):
            return
        part = self.parts[-1]
        if path in {"ratings/rating/value", "rating"}:
            is_default, most = self._rating
            part.ratings.append((is_default, _number(value) / most))
        elif path in _PATHS:
            part.texts.setdefault(path, []).append(value)


_PATHS: Final = {
    *("title", "originaltitle", "sorttitle", "plot", "outline", "year", "premiered"),
    *("aired", "releasedate", "userrating", "genre", "director", "mpaa"),
    *("certification", "set", "set/name", "showtitle", "season", "episode", "edition"),
    *("actor/name", "artist", "album", "episodenumberend"),
}
_PLAIN_NUMBER: Final = re.compile(r"\s*(\d{1,6}(?:[.,]\d{1,6})?)")


def _number(told: str) -> float:
    found = _PLAIN_NUMBER.match(told)
    return float(found[1].replace(",", ".")) if found else 0.0


def _film(part: _Part) -> MediaFacts:
    return replace(
        _common(part),
        title=text.one_line(part.first("title", "originaltitle")),
        date=_date(part, "premiered", "releasedate", "aired", "year"),
        edition=text.one_line(part.first("edition"), text.MAX_NAME),
        film_set=text.one_line(part.first("set/name", "set"), text.MAX_NAME),
    )


def _show(part: _Part) -> MediaFacts:
    return replace(
        _common(part),
        title_sort="",
        series=text.one_line(part.first("title", "showtitle"), text.MAX_NAME),
        date=_date(part, "premiered", "aired", "year"),
    )


def _episode(part: _Part) -> MediaFacts:
    return replace(
        _common(part),
        title=text.one_line(part.first("title")),
        date=_date(part, "aired", "premiered", "year"),
        series=text.one_line(part.first("showtitle"), text.MAX_NAME),
        season=_whole(part.first("season")),
        episode=_whole(part.first("episode")),
        last_episode=_whole(part.first("episodenumberend")),
    )


def _music_video(part: _Part) -> MediaFacts:
    return replace(
        _film(part),
        artists=text.names(part.all("artist")),
        album=text.one_line(part.first("album"), text.MAX_NAME),
    )


_READERS: Final[dict[str, Callable[[_Part], MediaFacts]]] = {
    "movie": _film,
    "tvshow": _show,
    "episodedetails": _episode,
    "musicvideo": _music_video,
    "season": lambda _: _NOTHING,  # what it tells, the folder's name tells too
}


def _common(part: _Part) -> MediaFacts:
    ratings = _split(part.all("mpaa", "certification"))
    return replace(
        _NOTHING,
        title_sort=text.one_line(part.first("sorttitle")),
        description=text.one_line(part.first("plot", "outline"), _MAX_PLOT),
        genres=text.names(_split(part.all("genre"))),
        directors=text.names(_split(part.all("director"))),
        actors=text.names(part.all("actor/name")),
        content_rating=text.one_line(
            ratings[0].removeprefix("Rated ") if ratings else "", text.MAX_NAME
        ),
        rating_percent=_rating(part),
    )


def _split(values: Sequence[str]) -> list[str]:
    """Return the single values of "Crime / Drama", as older files have them."""
    return [one for value in values for one in re.split(r"\s+/\s+", value) if one]


def _rating(part: _Part) -> int | None:
    """Return the owner's rating, else the default one of others, in percent."""
    own = _number(part.first("userrating")) / 10
    others = sorted(part.ratings, key=lambda rating: not rating[0])
    share = own or (others[0][1] if others else 0.0)
    return min(100, round(100 * share)) if share > 0 else None


def _date(part: _Part, *paths: str) -> str:
    """Return the first date that tells a day, else the first that tells a year."""
    dates = [date for path in paths if (date := text.date(part.first(path)))]
    return next((date for date in dates if len(date) >= 10), dates[0] if dates else "")


def _whole(told: str) -> int | None:
    """Return a number of 0 or more; Kodi writes -1 for none."""
    number = int(told) if told.isdecimal() and len(told) < 8 else None
    return number if number is not None and number <= _MAX_NUMBER else None


def _joined(facts: Sequence[MediaFacts]) -> MediaFacts:
    """Return the facts of a file that holds several episodes."""
    first = facts[0]
    if len(facts) == 1:
        return first
    numbers = sorted({one.episode for one in facts if one.episode is not None})
    titles = [one.title for one in facts if one.title]
    plots = [one.description for one in facts if one.description]
    return replace(
        first,
        title=text.one_line(" / ".join(titles)),
        description=text.one_line(" ".join(plots), _MAX_PLOT),
        episode=numbers[0] if numbers else None,
        last_episode=numbers[-1] if numbers[1:] else None,
    )
