"""Pictures of seasons and of their series: what each stands for."""

from itertools import permutations

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, cover, film

from upnpserver.model import Window
from upnpserver.policy import EVERYONE


def episode(path, season):
    return film(path, title=path[-7:-4], series="Show", season=season, episode=1)


def art(reader, *titles):
    """Return by what the object of this way of titles is shown: a file's name."""
    below = "0"
    for title in titles:
        (entry,) = (
            one
            for one in reader.children(below, Window(), (), EVERYONE).entries
            if f"<dc:title>{title}</dc:title>" in plain(one.segments)
        )
        below = entry.object_id
    if not entry.art:
        return ""
    sent = reader.resource(plain(entry.art).split("/")[-3], EVERYONE)
    return sent.relative_path.decode()


ONE = episode("Show/Season 1/one.mkv", 1)
TWO = episode("Show/Season 2/two.mkv", 2)
SPECIAL = episode("Show/Specials/own.mkv", 0)
EPISODES = (ONE, TWO, SPECIAL)
SERIES = ("Videos", "TV series", "Show")
ART = [
    cover(f"Show/{name}.jpg")
    for name in ("poster", "season01-poster", "season-specials-poster")
]
THUMB = cover("Show/Season 1/one-thumb.jpg")


@pytest.mark.parametrize("batches", list(permutations([EPISODES, ART, [THUMB]])))
def test_each_has_its_own_whichever_is_read_first(writer, reader, batches):
    for batch in batches:
        writer.apply(batch, [])
    shown = {name: art(reader, *SERIES, name) for name in ("Season 1", "Season 2")}
    assert shown == {
        "Season 1": "Show/season01-poster.jpg",
        "Season 2": "Show/poster.jpg",
    }
    assert art(reader, *SERIES, "Specials") == "Show/season-specials-poster.jpg"
    assert art(reader, *SERIES) == "Show/poster.jpg"
    assert art(reader, "Folders", "Show", "Season 1") == "Show/season01-poster.jpg"
    assert art(reader, "Folders", "Show") == "Show/poster.jpg"


def test_the_folder_of_a_season_has_its_picture(writer, reader):
    writer.apply([*EPISODES, cover("Show/Season 2/poster.jpg"), *ART], [])
    assert art(reader, *SERIES, "Season 2") == "Show/Season 2/poster.jpg"
    assert art(reader, *SERIES, "Season 1") == "Show/season01-poster.jpg"
    assert art(reader, *SERIES) == "Show/poster.jpg"
    writer.apply([], [(MUSIC, b"Show/Season 2", b"poster.jpg")])
    assert art(reader, *SERIES, "Season 2") == "Show/poster.jpg"


def test_a_series_in_one_folder(writer, reader):
    flat = [episode("Show/one.mkv", 1), episode("Show/two.mkv", 2)]
    writer.apply([*flat, *ART, cover("folder.jpg")], [])
    assert art(reader, *SERIES, "Season 1") == "Show/season01-poster.jpg"
    assert art(reader, *SERIES, "Season 2") == "Show/poster.jpg"
    assert art(reader, *SERIES) == "Show/poster.jpg"


def test_without_a_picture_of_its_own_a_series_has_its_first_season_s(writer, reader):
    writer.apply([ONE, TWO, cover("Show/season02-poster.jpg"), ART[1]], [])
    assert art(reader, *SERIES) == "Show/season01-poster.jpg"
    writer.apply([], [(MUSIC, b"Show", b"season01-poster.jpg")])
    assert art(reader, *SERIES) == art(reader, *SERIES, "Season 1") == ""
    assert art(reader, *SERIES, "Season 2") == "Show/season02-poster.jpg"
