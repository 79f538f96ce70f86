"""Pictures: by day, by folder, by camera, keyword and rating."""

from collections.abc import Iterator

from upnpserver.catalog.identity import short_hash
from upnpserver.catalog.views.titles import shown_title
from upnpserver.catalog.views.tree import (
    LAST,
    PHOTO_ALBUM,
    PLAIN,
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
    recent_group,
    titled,
)
from upnpserver.catalog.views.words import Words
from upnpserver.model import MediaFacts

_STARS = 5


def pictures(facts: MediaFacts, place: FilePlace, words: Words) -> Iterator[Placement]:
    """Yield the places of a picture."""
    top = child("picture$", words["pictures"], sort_key="3")
    in_time = item_key(facts.date or LAST, key(shown_title(facts, place, words), words))
    for way in _ways(facts, place, words):
        yield Placement((top, *way), in_time)


def _ways(facts: MediaFacts, place: FilePlace, words: Words) -> Iterator[Way]:
    by_date = child("picture$dates", words["by_date"], sort_key="1")
    yield (by_date, *_days(facts.date, words))
    album = _album(place, words)
    yield (child("picture$albums", words["photo_albums"], sort_key="2"), album)
    yield recent_group("picture", place, album, words)
    yield (child("picture$all", words["all_pictures"], sort_key="7"),)
    for order, kind, title, names in (
        ("3", "camera", words["cameras"], (facts.camera,)),
        ("4", "keyword", words["keywords"], facts.keywords),
    ):
        top = child(f"picture${kind}s", title, sort_key=order)
        for name in dict.fromkeys(filter(None, names)):
            yield (top, named(f"picture${kind}", name, PHOTO_ALBUM, words))
    if facts.rating_percent:
        yield (child("picture$ratings", words["ratings"], sort_key="5"), _rating(facts))


def _rating(facts: MediaFacts) -> Container:
    stars = max(1, round((facts.rating_percent or 0) * _STARS / 100))
    title = "★" * stars + "☆" * (_STARS - stars)
    return child(
        f"picture$rating${stars}", title, PHOTO_ALBUM, newest_first(str(stars))
    )


def _album(place: FilePlace, words: Words) -> Container:
    """Return the album that a folder with pictures is; the root's is its library."""
    folder = place.relative_path.rpartition(b"/")[0]
    title = decoded(folder.rpartition(b"/")[2]) if folder else place.library
    name = short_hash("album", place.library, *place.shown_folders, folder)
    return titled(f"picture$album${name}", title, PHOTO_ALBUM, words)


def _days(date: str, words: Words) -> Way:
    """Return the containers of year, month and day, as far as date goes."""
    parts = date[:10].split("-") if date else []
    if not parts:
        return (child("picture$date$none", words["undated"], PHOTO_ALBUM, LAST),)
    titles = [parts[0]]
    if parts[1:]:
        year, number = parts[0], int(parts[1]) - 1
        in_month = {"month": words.months[number], "year": year}
        titles.append(words.filled("month_of_year", **in_month))
        on_day = {"month": words.months_after_day[number], "year": year}
        titles += [
            words.filled("day_of_month", day=int(day), **on_day) for day in parts[2:]
        ]
    return tuple(
        child(
            f"picture$date${''.join(parts[: at + 1])}",
            title,
            PLAIN if at == 0 else PHOTO_ALBUM,
            newest_first(parts[at]),
        )
        for at, title in enumerate(titles)
    )
