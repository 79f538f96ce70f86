"""The object properties that can be searched, sorted and filtered.

One table says what a property's values are, so that Search, SortCriteria and
the capability actions can't disagree. Source: ContentDirectory:1 sections
2.7.3 (Filter), 2.7.4 (SortCriteria), 2.5.5 (search) and appendix B.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from upnpserver.errors import BadSortCriteria
from upnpserver.model import SortKey


class Values(Enum):
    """How the values of a property are compared."""

    IDENTIFIER = "identifier"  # to the letter
    CLASS = "class"  # a class name: derivedfrom walks its hierarchy
    TEXT = "text"  # as people type it: case and accents folded; many values
    NUMBER = "number"
    DURATION = "duration"  # H:MM:SS.mmm
    DATE = "date"  # ISO 8601, compared as text


# All that DIDL-Lite tells of an object but addresses, which depend on the network
# that the asker is on, and what says the same of each object (@restricted).
SEARCHABLE: dict[str, Values] = {
    "@id": Values.IDENTIFIER,
    "@parentID": Values.IDENTIFIER,
    "@refID": Values.IDENTIFIER,
    "dc:title": Values.TEXT,
    "upnp:class": Values.CLASS,
    "dc:creator": Values.TEXT,
    "dc:date": Values.DATE,
    "dc:language": Values.TEXT,
    "dc:description": Values.TEXT,
    "upnp:longDescription": Values.TEXT,
    "upnp:album": Values.TEXT,
    "upnp:artist": Values.TEXT,
    "upnp:artist@role": Values.TEXT,
    "upnp:genre": Values.TEXT,
    "upnp:originalTrackNumber": Values.NUMBER,
    "upnp:originalDiscNumber": Values.NUMBER,
    "upnp:author": Values.TEXT,
    "upnp:actor": Values.TEXT,
    "upnp:director": Values.TEXT,
    "upnp:rating": Values.TEXT,
    "upnp:rating@type": Values.TEXT,
    "upnp:seriesTitle": Values.TEXT,
    "upnp:programTitle": Values.TEXT,
    "upnp:episodeSeason": Values.NUMBER,
    "upnp:episodeNumber": Values.NUMBER,
    "res@protocolInfo": Values.TEXT,
    "res@size": Values.NUMBER,
    "res@duration": Values.DURATION,
    "res@bitrate": Values.NUMBER,
    "res@sampleFrequency": Values.NUMBER,
    "res@bitsPerSample": Values.NUMBER,
    "res@nrAudioChannels": Values.NUMBER,
    "res@resolution": Values.TEXT,
    "res@colorDepth": Values.NUMBER,
}

# Ids tell nothing that people put in order.
SORTABLE = tuple(name for name in SEARCHABLE if not name.startswith("@"))

MAX_CRITERIA_CHARACTERS = 4096
_PROPERTY = re.compile(r"[+-](@?[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?(?:@[\w:.-]+)?)")


def fold(text: str) -> str:
    """Return text as it is compared: no case, no accents, compatible forms."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which optional properties an answer holds; required ones always do."""

    everything: bool
    names: frozenset[str] = frozenset()

    def wants(self, name: str) -> bool:
        """Whether name ("", "dc:date", "res", "res@size", "@childCount") is in."""
        return not name or self.everything or name in self.names


EVERYTHING = Filter(everything=True)
_CONTAINER_ATTRIBUTES = ("childCount", "searchable")


def parse_filter(text: str) -> Filter:
    """Return the Filter of "*" or of property names separated by commas.

    Unknown names are no error. "res@size" brings its res, and "@childCount",
    "container@childCount" and "childCount" are the same thing.
    """
    names = {name.strip() for name in text[:MAX_CRITERIA_CHARACTERS].split(",")}
    if "*" in names:
        return EVERYTHING
    for name in tuple(names):
        element, at, _ = name.partition("@")
        if at and element:
            names.add(element)
    for attribute in _CONTAINER_ATTRIBUTES:
        if not names.isdisjoint({attribute, f"container@{attribute}"}):
            names.add(f"@{attribute}")
    return Filter(everything=False, names=frozenset(names))


def parse_sort(text: str) -> tuple[SortKey, ...]:
    """Return the keys of SortCriteria that we can sort by, most weighty first.

    A list of known and unknown properties keeps the known ones: a TV that adds
    its maker's own property would show an empty folder otherwise.

    Raises BadSortCriteria if a key has no "+" or "-", or none is known.
    """
    if not text.strip():
        return ()
    if len(text) > MAX_CRITERIA_CHARACTERS:
        raise BadSortCriteria("too long")
    keys = []
    for part in text.split(","):
        match = _PROPERTY.fullmatch(part.strip())
        if match is None:
            raise BadSortCriteria(f"not + or - and a property: {part!r}")
        if match[1] in SORTABLE:
            keys.append(SortKey(match[1], descending=part.strip()[0] == "-"))
    if not keys:
        raise BadSortCriteria(f"none of these can be sorted by: {text!r}")
    return tuple(dict.fromkeys(keys))
