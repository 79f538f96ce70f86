"""NFO files beside films and episodes: what they tell is shown."""

import pytest
from support.escaped import plain
from support.made_up_files import MUSIC, film, nfo

from upnpserver.model import Window
from upnpserver.policy import EVERYONE


def shown(reader):
    """Return the DIDL-Lite of all videos, as one text."""
    entries = reader.children("video$all", Window(), (), EVERYONE).entries
    return "".join(plain(entry.segments) for entry in entries)


FILM = film("F/F.mkv", title="as the file says", date="1999")
TOLD = nfo("F/F.nfo", title="As the NFO says", genres=("Noir",))


@pytest.mark.parametrize(
    "batches", [[(FILM, TOLD)], [(FILM,), (TOLD,)], [(TOLD,), (FILM,)]]
)
def test_what_an_nfo_tells_goes_before(writer, reader, batches):
    for batch in batches:
        writer.apply(batch, [])
    assert ">As the NFO says<" in shown(reader)
    assert ">Noir<" in shown(reader)
    assert "1999" in shown(reader)


def test_an_nfo_that_leaves_takes_it_along(writer, reader):
    writer.apply((FILM, TOLD), [])
    writer.apply([], [(MUSIC, b"F", b"F.nfo")])
    assert ">as the file says<" in shown(reader)


def test_an_nfo_is_no_item_and_no_problem(writer, reader):
    writer.apply((FILM, TOLD, nfo("F/other.nfo", title="Other")), [])
    (counts,) = reader.library_counts()
    assert (counts.video, counts.problems) == (1, 0)


@pytest.mark.parametrize("where", ["Show/tvshow.nfo", "Show/Season 1/TVShow.NFO"])
def test_a_series_is_told_of_above_its_seasons(writer, reader, where):
    episode = film("Show/Season 1/e.mkv", title="Pilot", series="show", episode=1)
    writer.apply((episode, FILM, nfo(where, series="The Show", genres=("Drama",))), [])
    assert shown(reader).count(">Drama<") == 1


def test_a_series_tells_of_what_is_daily_and_has_no_number(writer, reader):
    daily = film("News/2021/d.mkv", series="news", date="2021-03-04")
    clip = film("News/2021/clip.mkv", title="A clip")
    show = nfo("News/tvshow.nfo", series="The News", content_rating="FSK 12")
    writer.apply((daily, clip, show), [])
    assert shown(reader).count(">The News<") == 1
    assert shown(reader).count(">FSK 12<") == 1
