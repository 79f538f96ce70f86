"""What an item is called in a list. Pure."""

from upnpserver.catalog.views.tree import FilePlace, decoded, stem
from upnpserver.catalog.views.words import Words
from upnpserver.model import MediaFacts


def shown_title(facts: MediaFacts, place: FilePlace, words: Words) -> str:
    """Return the item's title: the tag's, else the file name's stem.

    An episode begins with its number, so that a season reads well and a list
    of all videos still tells which one it is.
    """
    if facts.series:
        return " ".join(filter(None, (_episode(facts), facts.title))) or _name(place)
    title = facts.title or _name(place)
    if facts.extra == "trailer":
        return words.filled("trailer", title=title)
    if facts.edition and facts.edition not in title:
        title = f"{title} ({facts.edition})"
    if facts.part is not None:
        return words.filled("part", title=title, number=facts.part)
    return title


def _name(place: FilePlace) -> str:
    return stem(decoded(place.relative_path.rpartition(b"/")[2]))


def _episode(facts: MediaFacts) -> str:
    if facts.episode is None:
        return facts.date[:10]  # a show of a day has it for its number
    number = f"E{facts.episode:02}"
    if facts.last_episode is not None and facts.last_episode != facts.episode:
        number += f"-E{facts.last_episode:02}"
    return number if facts.season is None else f"S{facts.season:02}{number}"
