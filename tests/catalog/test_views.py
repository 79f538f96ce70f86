"""Where a file is found, and what it is called there: one table a kind."""

import pytest

from upnpserver.catalog.views import FilePlace, is_film, placements, shown_title
from upnpserver.catalog.views.tree import key
from upnpserver.catalog.views.words import words_of
from upnpserver.model import Kind, MediaFacts

ENGLISH = words_of("en")
DAY_NS = 86_400 * 10**9
NOT_SHOWN_AT_ALL = {("Folders",)}


def facts_of(kind, **facts):
    return MediaFacts(kind, "x/y", "a" * 16, **facts)


def ways(kind, path="x.mp4", words=ENGLISH, mtime_ns=0, **facts):
    """Return the titles on each way to a file, as text, but for its folder."""
    place = FilePlace("Home", (), path.encode(), mtime_ns)
    found = placements(facts_of(kind, **facts), place, words)
    assert found[0].way[0].object_id == "folder$"
    return {
        "/".join(container.title for container in placement.way)
        for placement in found[1:]
    }


def title(path="x.mp4", kind=Kind.VIDEO, words=ENGLISH, **facts):
    place = FilePlace("Home", (), path.encode())
    return shown_title(facts_of(kind, **facts), place, words)


def test_a_track_with_all_that_can_be_told():
    assert ways(
        Kind.AUDIO,
        "Ann/First (2001)/1.mp3",
        artists=("Ann feat. Bob",),
        album_artists=("Ann",),
        album="First",
        composers=("Cy",),
        genres=("Jazz", "Soul"),
        date="2001-05-06",
        original_date="1987",
    ) == {
        "Music/Albums/First",
        "Music/Album artists/Ann/First",
        "Music/All artists/Ann/First",
        "Music/All artists/Bob/First",
        "Music/Composers/Cy/First",
        "Music/Genres/Jazz/Ann/First",
        "Music/Genres/Soul/Ann/First",
        "Music/Years/1980s/1987/First",
        "Music/Recently added/First",
        "Music/All music",
    }


def test_a_sampler_is_by_various_artists_in_each_language():
    found = ways(
        Kind.AUDIO, artists=("Ann",), album="Hits", compilation=True, genres=("Pop",)
    )
    assert "Music/Album artists/Various artists/Hits" in found
    assert "Music/Genres/Pop/Various artists/Hits" in found
    assert "Music/All artists/Ann/Hits" in found
    assert "Music/All artists/Various artists/Hits" not in found
    german = ways(
        Kind.AUDIO,
        words=words_of("de"),
        album="Hits",
        album_artists=("Various Artists",),
    )
    assert "Musik/Albuminterpreten/Verschiedene Interpreten/Hits" in german


def test_audiobooks_are_apart_from_music():
    assert ways(
        Kind.AUDIO,
        artists=("Jane Austen",),
        album="Emma",
        genres=("Audiobook",),
        audiobook=True,
    ) == {"Music/Audiobooks/Jane Austen/Emma", "Music/Recently added/Emma"}


def test_a_film():
    assert ways(
        Kind.VIDEO,
        title="Heat",
        date="1995",
        genres=("Crime",),
        directors=("Michael Mann",),
        actors=("Al Pacino",),
        content_rating="FSK 16",
        film_set="Heat Collection",
    ) == {
        "Videos/Films",
        "Videos/Years/1995",
        "Videos/Genres/Crime",
        "Videos/Directors/Michael Mann",
        "Videos/Actors/Al Pacino",
        "Videos/Age ratings/FSK 16",
        "Videos/Film series/Heat Collection",
        "Videos/All videos",
        "Videos/Recently added",
    }


def test_a_clip_of_a_camera_is_no_film():
    assert ways(Kind.VIDEO, date="2020-05-06T10:11:12") == {
        "Videos/All videos",
        "Videos/Recently added",
    }


@pytest.mark.parametrize(
    ("facts", "way"),
    [
        ({"season": 2, "episode": 1}, "Videos/TV series/Show/Season 2"),
        ({"season": 0, "episode": 1}, "Videos/TV series/Show/Specials"),
        ({"episode": 12}, "Videos/TV series/Show"),
        ({"date": "2021-03-04"}, "Videos/TV series/Show/2021"),
        ({"season": 1, "extra": "trailer"}, "Videos/TV series/Show/Extras"),
    ],
)
def test_episodes_in_their_seasons(facts, way):
    found = ways(Kind.VIDEO, series="Show", genres=("Drama",), **facts)
    assert way in found
    assert "Videos/Films" not in found
    is_episode = "extra" not in facts
    assert ("Videos/Genres/Drama/Show" in found) is is_episode
    assert ("Videos/Recently added/Show" in found) is is_episode


def test_seasons_are_in_order_with_specials_and_extras_last():
    place = FilePlace("Home", (), b"x.mkv")
    keys = []
    for more in (
        {"season": 1},
        {"season": 2},
        {"season": 10},
        {"season": 0},
        {"season": 1, "extra": "interview"},
    ):
        facts = facts_of(Kind.VIDEO, series="Show", episode=1, **more)
        (way,) = (
            found.way
            for found in placements(facts, place, ENGLISH)
            if found.way[1:2] and found.way[1].title == "TV series"
        )
        keys.append(way[3].sort_key)
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("path", "extra", "found"),
    [
        ("Heat (1995)/Extras/x.mkv", "extra", {"Videos/Extras/Heat (1995)"}),
        ("Heat (1995)/Heat-trailer.mkv", "trailer", {"Videos/Extras/Heat (1995)"}),
        ("trailer.mkv", "trailer", {"Videos/Extras"}),
        ("Heat (1995)/sample.mkv", "sample", set()),
    ],
)
def test_what_comes_with_a_film(path, extra, found):
    assert ways(Kind.VIDEO, path, extra=extra, date="1995") == found


def test_a_picture_with_all_that_can_be_told():
    assert ways(
        Kind.IMAGE,
        "2021/Sea/p.jpg",
        date="2021-03-14T10:11:12",
        camera="X100",
        keywords=("sun",),
        rating_percent=80,
    ) == {
        "Pictures/By date/2021/March 2021/14 March 2021",
        "Pictures/Albums/Sea",
        "Pictures/Cameras/X100",
        "Pictures/Keywords/sun",
        "Pictures/Ratings/★★★★☆",
        "Pictures/Recently added/Sea",
        "Pictures/All pictures",
    }


@pytest.mark.parametrize(
    ("code", "way"),
    [
        ("de", "Bilder/Nach Datum/2021/März 2021/14. März 2021"),
        ("es", "Imágenes/Por fecha/2021/marzo de 2021/14 de marzo de 2021"),
        ("pl", "Zdjęcia/Według daty/2021/marzec 2021/14 marca 2021"),
    ],
)
def test_dates_as_a_language_writes_them(code, way):
    assert way in ways(Kind.IMAGE, words=words_of(code), date="2021-03-14")


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, "name"),
        ({"title": "Heat"}, "Heat"),
        ({"title": "Heat", "part": 2}, "Heat, part 2"),
        ({"title": "Heat", "edition": "Director's Cut"}, "Heat (Director's Cut)"),
        ({"title": "Heat", "extra": "trailer"}, "Heat (trailer)"),
        ({"series": "S", "season": 1, "episode": 2, "title": "Two"}, "S01E02 Two"),
        ({"series": "S", "season": 1, "episode": 2}, "S01E02"),
        ({"series": "S", "season": 1, "episode": 2, "last_episode": 3}, "S01E02-E03"),
        ({"series": "S", "season": 0, "episode": 1, "title": "Pilot"}, "S00E01 Pilot"),
        ({"series": "S", "episode": 137}, "E137"),
        ({"series": "S", "date": "2021-03-04", "title": "Guest"}, "2021-03-04 Guest"),
        ({"series": "S"}, "name"),
    ],
)
def test_titles_of_videos(facts, shown):
    assert title("a/name.mkv", **facts) == shown


@pytest.mark.parametrize(
    ("code", "in_order"),
    [
        (
            "en",
            [
                '"Abba"',
                "...And the Rest",
                "The Beatles",
                "Beyoncé",
                "Disc 2",
                "Disc 10",
                "Ørsted",
                "Zoë",
            ],
        ),
        ("de", ["Apfel", "Das Boot", "Die Ärzte", "ärgern", "Öl", "Straße", "Strauß"]),
        ("fr", ["L'Avventura", "Les Bleus", "École", "L\u2019Été", "La Mer"]),
        ("es", ["Nube", "Nunca", "Ñandú", "El Oso"]),
        ("it", ["Gli Amici", "L'Ora", "Lo Zio"]),
        ("nl", ["Het Huis", "De Jongen", "'t Kan"]),
        ("pl", ["Las", "Luty", "Łąka", "Mama", "zima", "źle", "żaba"]),
    ],
)
def test_titles_in_order(code, in_order):
    words = words_of(code)
    if code == "de":  # articles are left out: Arzte, argern
        in_order = sorted(in_order, key=lambda one: key(one, words))
    assert sorted(in_order, key=lambda one: key(one, words)) == in_order


def test_what_was_added_last_is_first():
    def order(**more):
        place = FilePlace("Home", (), b"x", **more)
        facts = facts_of(Kind.VIDEO, date="1995")
        (found,) = (
            placement.sort_key
            for placement in placements(facts, place, ENGLISH)
            if placement.way[-1].object_id == "video$recent"
        )
        return found

    times = [10**20, 3 * DAY_NS + 1, 3 * DAY_NS, 2 * DAY_NS + 5, 1, 0, -5]
    keys = [order(mtime_ns=time) for time in times]
    assert keys == sorted(keys)


def test_films_are_told_from_other_videos():
    assert is_film(facts_of(Kind.VIDEO, date="1995"))
    assert is_film(facts_of(Kind.VIDEO, date="1995-05-06", directors=("M",)))
    assert not is_film(facts_of(Kind.VIDEO))
    assert not is_film(facts_of(Kind.VIDEO, date="1995", series="S"))
    assert not is_film(facts_of(Kind.VIDEO, date="1995", extra="trailer"))
