"""Videos: films, series with seasons, and films by genre, year, person and rating."""

from collections.abc import Iterator

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.titles import shown_title
from upnpserver.catalog.views.tree import (
    FILM_GENRE,
    FOLDER,
    LAST,
    PERSON,
    PLAIN,
    UNKNOWN_SIZE,
    Container,
    FilePlace,
    Placement,
    Way,
    child,
    decoded,
    item_key,
    key,
    named,
    newest_first,
    number_key,
    recent,
    recent_group,
    titled,
)
from upnpserver.catalog.views.words import Words
from upnpserver.model import MediaFacts

_LAST = 99_999
_MOST_ACTORS = 20  # of one film: nobody looks for its 40th actor
_YEAR = 4  # characters: a date of a day is a camera's, not a film's
_SAMPLE = "sample"


def videos(facts: MediaFacts, place: FilePlace, words: Words) -> Iterator[Placement]:
    """Yield the places of a video; a sample of one is only in its folder."""
    if facts.extra == _SAMPLE:
        return
    top = child("video$", words["videos"], sort_key="2")
    title = key(facts.title_sort or shown_title(facts, place, words), words)
    by_title = item_key(title, number_key(facts.part))
    if facts.extra:
        yield Placement((top, *_extras(facts, place, words)), by_title)
        return
    everything = child("video$all", words["all_videos"], sort_key="7")
    if facts.series:
        yield from _episode(top, facts, place, title, words)
        by_series = item_key(key(facts.series, words), _in_order(facts, title))
        yield Placement((top, everything), by_series)
        return
    yield Placement((top, everything), by_title)
    yield recent("video", top, place, words)
    if is_film(facts):
        yield from (Placement((top, *way), by_title) for way in _film(facts, words))
        if facts.film_set:
            sets = child("video$sets", words["film_sets"], sort_key="5")
            one = named("video$set", facts.film_set, FOLDER, words)
            yield Placement((top, sets, one), item_key(facts.date, title))


def is_film(facts: MediaFacts) -> bool:
    """Tell a film from a clip out of a camera: somebody wrote down what it is."""
    people = facts.directors or facts.actors
    told = people or facts.film_set or facts.content_rating or facts.edition
    is_dated = len(facts.date) == _YEAR
    return not (facts.series or facts.extra) and bool(told or is_dated)


def _in_order(facts: MediaFacts, title: str) -> str:
    """Return the order of an episode in its series; specials are the last."""
    season = _LAST if facts.season == 0 else facts.season
    numbers = (number_key(season), number_key(facts.episode))
    return "\x1f".join((*numbers, facts.date, title))


def _episode(
    top: Container, facts: MediaFacts, place: FilePlace, title: str, words: Words
) -> Iterator[Placement]:
    order = item_key(_in_order(facts, title))
    series = named("video$series", facts.series, FOLDER, words)
    by_series = child("video$serieses", words["series"], sort_key="2")
    yield Placement((top, by_series, series, *_season(facts, series, words)), order)
    yield Placement((top, *recent_group("video", place, series, words)), order)
    for number, kind, text, upnp_class, names in (
        ("3", "genre", "genres", FILM_GENRE, facts.genres),
        ("65", "rating", "content_ratings", PLAIN, (facts.content_rating,)),
    ):
        above = child(f"video${kind}s", words[text], sort_key=number)
        for name in filter(None, names):
            one = named(f"video${kind}", name, upnp_class, words)
            within = named(f"{one.object_id}$series", facts.series, FOLDER, words)
            yield Placement((top, above, one, within), order)


def _season(facts: MediaFacts, series: Container, words: Words) -> Way:
    """Return the season in a series: a year, where there are dates instead."""
    if facts.season is not None:
        name, order = str(facts.season), number_key(facts.season or _LAST)
        title = words.filled("season", number=name) if facts.season else ""
        title = title or words["specials"]
    elif facts.episode is None and facts.date:
        name = title = order = facts.date[:_YEAR]
    else:
        return ()  # episodes counted through all seasons
    return (child(f"{series.object_id}${name}", title, FOLDER, order, UNKNOWN_SIZE),)


def _extras(facts: MediaFacts, place: FilePlace, words: Words) -> Way:
    """Return the way to what came with a series, or with the film of a folder."""
    if facts.series:
        series = named("video$series", facts.series, FOLDER, words)
        object_id = f"{series.object_id}$extras"
        extras = child(object_id, words["extras"], FOLDER, LAST, UNKNOWN_SIZE)
        by_series = child("video$serieses", words["series"], sort_key="2")
        return (by_series, series, extras)
    from upnpserver.media.naming_words import (  # noqa: PLC0415  20 ms, seldom needed
        EXTRA_FOLDERS,
    )

    top = child("video$extras", words["extras"], sort_key="68")
    folders = decoded(place.relative_path).split("/")[:-1]
    if folders[1:] and folders[-1].lower() in EXTRA_FOLDERS:
        folders.pop()
    if not folders:
        return (top,)
    name = short_hash(place.library, *place.shown_folders, *folders)
    return (top, titled(f"video$extra${name}", folders[-1], FOLDER, words))


def _film(facts: MediaFacts, words: Words) -> Iterator[Way]:
    yield (child("video$films", words["films"], sort_key="1"),)
    year = facts.date[:_YEAR]
    if year:
        one = child(f"video$year${year}", year, PLAIN, newest_first(year))
        yield (child("video$years", words["years"], sort_key="4"), one)
    for order, kind, text, upnp_class, names in (
        ("3", "genre", "genres", FILM_GENRE, facts.genres),
        ("6", "director", "directors", PERSON, facts.directors),
        ("61", "actor", "actors", PERSON, facts.actors[:_MOST_ACTORS]),
        ("65", "rating", "content_ratings", PLAIN, (facts.content_rating,)),
    ):
        top = child(f"video${kind}s", words[text], sort_key=order)
        for name in filter(None, names):
            yield (top, named(f"video${kind}", name, upnp_class, words))
