"""Videos: films, series with seasons, and films by genre, year, person and rating."""

from collections.abc import Iterator

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.titles import shown_title
from upnpserver.catalog.views.tree import (
    FILM_GENRE,
    LAST,
    PERSON,
    PLAIN,
    Container,
    FilePlace,
    Placement,
    child,
    item_key,
    key,
    newest_first,
    number_key,
    recent,
)
from upnpserver.catalog.views.words import Words
from upnpserver.model import MediaFacts
from upnpserver.upnp.props import fold

_MOST_ACTORS = 20  # of one film: nobody looks for its 40th actor
_YEAR = 4  # characters: a date of a day is a camera's, not a film's


def videos(facts: MediaFacts, place: FilePlace, words: Words) -> Iterator[Placement]:
    """Yield the places of a video. Extras and samples are found in their folder."""
    if facts.extra:
        return
    top = child("video$", words["videos"], sort_key="2")
    title = key(shown_title(facts, place, words), words)
    by_title = item_key(key(facts.title_sort, words) or title, number_key(facts.part))
    everything = child("video$all", words["all_videos"], sort_key="7")
    yield Placement((top, everything), by_title)
    yield recent("video", top, place, words)
    if facts.series:
        yield Placement((top, *_season(facts, words)), _in_season(facts, title))
    elif is_film(facts):
        yield from (Placement((top, *way), by_title) for way in _film(facts, words))


def is_film(facts: MediaFacts) -> bool:
    """Tell a film from a clip out of a camera: somebody wrote down what it is."""
    told = facts.directors or facts.film_set or facts.content_rating or facts.edition
    return not facts.series and bool(told or len(facts.date) == _YEAR)


def _in_season(facts: MediaFacts, title: str) -> str:
    return item_key(number_key(facts.episode), facts.date, title)


def _season(facts: MediaFacts, words: Words) -> tuple[Container, ...]:
    series = _named("video$series", facts.series, PLAIN, words)
    top = child("video$serieses", words["series"], sort_key="2")
    if facts.season is None:
        return (top, series)
    title = (
        words.filled("season", number=facts.season)
        if facts.season
        else words["specials"]
    )
    sort_key = number_key(facts.season) if facts.season else LAST
    season = child(f"{series.object_id}${facts.season}", title, PLAIN, sort_key)
    return (top, series, season)


def _film(facts: MediaFacts, words: Words) -> Iterator[tuple[Container, ...]]:
    yield (child("video$films", words["films"], sort_key="1"),)
    year = facts.date[:_YEAR]
    if year:
        one = child(f"video$year${year}", year, PLAIN, newest_first(year))
        yield (child("video$years", words["years"], sort_key="4"), one)
    for order, kind, title, upnp_class, names in (
        ("3", "genre", words["genres"], FILM_GENRE, facts.genres),
        ("5", "set", words["film_sets"], PLAIN, (facts.film_set,)),
        ("6", "director", words["directors"], PERSON, facts.directors),
        ("61", "actor", words["actors"], PERSON, facts.actors[:_MOST_ACTORS]),
        ("65", "rating", words["content_ratings"], PLAIN, (facts.content_rating,)),
    ):
        top = child(f"video${kind}s", title, sort_key=order)
        for name in dict.fromkeys(filter(None, names)):
            yield (top, _named(f"video${kind}", name, upnp_class, words))


def _named(within: str, name: str, upnp_class: str, words: Words) -> Container:
    object_id = f"{within}${short_hash(fold(name))}"
    return child(object_id, name, upnp_class, key(name, words))
