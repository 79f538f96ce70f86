"""Views that change with the day, without a row of their own."""

from dataclasses import replace
from datetime import date

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, film, photo, track

from upnpserver.catalog.living import RANDOM_ALBUMS, Moment
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.views.words import words_of
from upnpserver.catalog.writer import Writer
from upnpserver.errors import NoSuchContainer, NoSuchObject
from upnpserver.model import Play, Plays, SortKey, Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp import didl
from upnpserver.upnp.criteria import parse_criteria
from upnpserver.upnp.props import EVERYTHING

ALL = Window()
PHOTOS = (
    photo("a.jpg", title="New", date="2021-03-14T10:00:00"),
    photo("b.jpg", title="Old", date="1999-03-14"),
    photo("c.jpg", title="Old too", date="1999-03-14"),
    photo("d.jpg", title="Other day", date="1999-03-15"),
    photo("e.jpg", title="Later", date="2030-03-14"),
    photo("f.jpg", title="A month", date="1999-03"),
)
TRACKS = tuple(
    track(f"{n}/{part}.mp3", title=f"{n}.{part}", album=f"Album {n}", artists=("A",))
    for n in range(80)
    for part in (1, 2)
)


class House:
    """A catalog, and a reader whose day can be set."""

    def __init__(self, folder):
        self.today = date(2025, 3, 14)
        self.plays, self.of_groups = None, {}
        self.path = folder / "catalog.sqlite"
        self.writer = Writer(self.path)
        self.writer.sync_roots([MUSIC])
        moment = Moment(words_of("en"), lambda: self.today, self.plays_of)
        self.reader = Reader(self.path, moment)

    def plays_of(self, who):
        return self.of_groups.get(who) if who else self.plays

    def add(self, *files):
        self.writer.apply(files, [])

    def page(self, object_id, window=ALL, sort=()):
        return self.reader.children(object_id, window, sort, EVERYONE)

    def titles(self, object_id, **more):
        return [title_of(entry) for entry in self.page(object_id, **more).entries]

    def metadata(self, object_id):
        (entry,) = self.reader.metadata(object_id, EVERYONE).entries
        return entry


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.reader.close()
    house.writer.close()


def title_of(entry):
    xml = plain(didl.written(entry, EVERYTHING))
    return xml.split("<dc:title>")[1].split("</dc:title>")[0]


def test_a_day_in_earlier_years(house):
    house.add(*PHOTOS)
    assert house.titles("picture$onthisday") == ["14 March 2021", "14 March 1999"]
    assert house.titles("picture$onthisday$19990314") == ["Old", "Old too"]
    house.today = date(2025, 3, 15)
    assert house.titles("picture$onthisday") == ["15 March 1999"]


def test_an_empty_view_is_not_shown(house):
    house.add(*PHOTOS)
    (top,) = (one for one in house.page("0").entries if one.object_id == "picture$")
    assert "On this day" in house.titles("picture$")
    assert top.child_count == house.page("picture$").total == 5
    house.today = date(2025, 7, 1)
    (top,) = (one for one in house.page("0").entries if one.object_id == "picture$")
    assert "On this day" not in house.titles("picture$")
    assert top.child_count == house.page("picture$").total == 4
    assert house.metadata("picture$").child_count == 4
    with pytest.raises(NoSuchObject):
        house.metadata("picture$onthisday")
    with pytest.raises(NoSuchObject):
        house.page("picture$onthisday")
    with pytest.raises(NoSuchObject):
        house.page("music$random")


def test_views_stand_in_their_places(house):
    house.add(*PHOTOS)
    titles = house.titles("picture$")
    assert titles.index("All pictures") < titles.index("Recently added")
    assert titles[-1] == "On this day"
    pages = [house.titles("picture$", window=Window(at, 1))[0] for at in range(5)]
    assert pages == titles
    by_title = (SortKey("dc:title", descending=True),)
    assert house.titles("picture$", sort=by_title)[-1] == "On this day"


def test_albums_are_drawn_anew_each_day(house):
    house.add(*TRACKS)
    drawn = house.titles("music$random")
    assert len(set(drawn)) == len(drawn) == RANDOM_ALBUMS
    assert house.titles("music$random") == drawn
    house.today = date(2025, 3, 15)
    assert house.titles("music$random") != drawn
    assert set(house.titles("music$random")) <= set(house.titles("music$albums"))


def test_all_that_is_shown_can_be_asked_for(house):
    house.add(*PHOTOS, *TRACKS)
    for view in ("music$random", "picture$onthisday"):
        page = house.page(view)
        assert house.metadata(view).child_count == page.total
        assert house.reader.child_count(view) == page.total
        for entry in page.entries:
            assert entry.parent_id == view
            assert house.metadata(entry.object_id) == entry
            inside = house.page(entry.object_id)
            assert house.reader.child_count(entry.object_id) == inside.total
            assert entry.child_count == inside.total == 2 or view == "picture$onthisday"
            for item in inside.entries:
                assert item.parent_id == entry.object_id
                assert item.ref_id
                assert house.metadata(item.object_id) == item
                with pytest.raises(NoSuchContainer):
                    house.page(item.object_id)


def test_what_is_like_an_album_is_a_plain_container(house):
    house.add(*PHOTOS, *TRACKS)
    for view in ("music$random", "picture$onthisday"):
        for entry in house.page(view).entries:
            xml = plain(didl.written(entry, EVERYTHING))
            assert "<upnp:class>object.container</upnp:class>" in xml


def test_a_list_that_was_drawn_yesterday_still_plays(house):
    house.add(*TRACKS)
    old = house.page("music$random").entries
    house.today = date(2026, 1, 1)
    for entry in old:
        assert len(house.titles(entry.object_id)) == 2


def test_pages_and_sorting_of_what_has_no_rows(house):
    house.add(*TRACKS)
    drawn = house.titles("music$random")
    assert house.titles("music$random", window=Window(10, 5)) == drawn[10:15]
    by_title = (SortKey("dc:title", descending=False),)
    numbers = [
        int(title.split()[1]) for title in house.titles("music$random", sort=by_title)
    ]
    assert numbers == sorted(numbers)


def test_another_content_has_another_update_id(house):
    house.add(*TRACKS)
    before = house.page("music$random").update_id
    assert house.page("music$random").update_id == before
    house.today = date(2026, 1, 1)
    assert house.page("music$random").update_id != before


def test_names_that_are_none(house):
    house.add(*PHOTOS, *TRACKS)
    for object_id in (
        "picture$onthisday$1999",
        "picture$onthisday$20200314",
        "picture$onthisday$",
        "music$random$" + "a" * 16,
        "r$" + "a" * 16 + "$music$random",
        "r$" + "a" * 16 + "$music$nothing",
    ):
        with pytest.raises(NoSuchObject):
            house.metadata(object_id)
        with pytest.raises(NoSuchObject):
            house.page(object_id)
        assert house.reader.child_count(object_id) == 0


def test_nothing_is_written_when_the_day_changes(house):
    house.add(*PHOTOS, *TRACKS)
    before = house.path.stat().st_mtime_ns, house.reader.system_update_id()
    house.today = date(2026, 1, 1)
    house.titles("music$random")
    assert (house.path.stat().st_mtime_ns, house.reader.system_update_id()) == before


def played(**plays):
    """Return plays of made-up items, by their titles."""
    return Plays(
        len(plays), {name.ljust(16, "0"): play for name, play in plays.items()}
    )


def item(title, make=track, **facts):
    return make(f"{title}.x", title=title, content_id=title.ljust(16, "0"), **facts)


HEARD = (item("a"), item("b"), item("c"), item("d"))
SEEN = (item("w", film), item("x", film), item("y", film), item("z", film))


def test_music_that_was_played(house):
    house.add(*HEARD, *SEEN)
    house.plays = played(
        a=Play(1, 30, 0),
        b=Play(5, 10, 0),
        c=Play(0, 99, 50),
        w=Play(9, 99, 0),
        gone=Play(9, 99, 0),
    )
    assert house.titles("music$often") == ["b", "a"]
    assert house.titles("music$lately") == ["a", "b"]
    house.plays = played(d=Play(1, 99, 0), a=Play(1, 30, 0))
    assert house.titles("music$often") == ["d", "a"]


def test_films_to_continue_and_to_see(house):
    house.add(*HEARD, *SEEN)
    house.plays = played(
        w=Play(0, 10, 50), x=Play(1, 20, 30), y=Play(2, 30, 0), a=Play(0, 1, 50)
    )
    assert house.titles("video$begun") == ["x", "w"]
    assert house.titles("video$unseen") == ["w", "z"]
    assert house.titles("video$")[0] == "Continue watching"
    (entry, _) = house.page("video$begun").entries
    assert house.metadata(entry.object_id) == entry


def test_each_group_of_devices_continues_its_own_films(house):
    house.add(*SEEN)
    house.plays = played(w=Play(0, 10, 50))
    house.of_groups["Children"] = Plays(9, played(x=Play(0, 20, 30)).of)
    children = replace(EVERYONE, profile="Children")

    def begun(policy):
        return [
            title_of(entry)
            for entry in house.reader.children("video$begun", ALL, (), policy).entries
        ]

    assert (begun(EVERYONE), begun(children)) == (["w"], ["x"])
    (entry,) = house.reader.children("video$begun", ALL, (), children).entries
    assert house.reader.metadata(entry.object_id, children).entries == (entry,)
    with pytest.raises(NoSuchObject):
        house.reader.metadata(entry.object_id, EVERYONE)


def test_without_plays_nothing_is_told_of_them(house):
    house.add(*HEARD, *SEEN)
    music, videos = house.titles("music$"), house.titles("video$")
    assert {"Most played", "Recently played"}.isdisjoint(music)
    assert videos == ["All videos", "Recently added"]
    house.plays = played()
    assert house.titles("music$") == music
    assert house.titles("video$") == videos


def test_what_is_left_to_see_is_told_once_something_was_seen(house):
    house.add(*SEEN)
    house.plays = played(w=Play(0, 10, 50))
    assert "Not watched yet" not in house.titles("video$")
    house.plays = Plays(7, played(w=Play(1, 10, 0)).of)
    assert house.titles("video$unseen") == ["x", "y", "z"]
    house.plays = Plays(8, played(**dict.fromkeys("wxyz", Play(1, 10, 0))).of)
    assert "Not watched yet" not in house.titles("video$")


@pytest.mark.parametrize(
    "object_id", ["picture$onthisday", "picture$onthisday$19990314", "music$random"]
)
def test_a_search_in_a_living_view_finds_what_is_in_it(house, object_id):
    house.add(*PHOTOS, *TRACKS[:10])
    below, waiting = {}, [object_id]
    while waiting:
        for entry in house.page(waiting.pop()).entries:
            below[entry.object_id] = entry
            waiting += [entry.object_id] * entry.is_container
    items = {one: entry for one, entry in below.items() if not entry.is_container}
    everything = parse_criteria('upnp:class derivedfrom "object.item"')
    found = house.reader.search(object_id, everything, ALL, (), EVERYONE)
    assert {entry.object_id: entry for entry in found.entries} == items
    assert found.total == len(items)
