"""What NFO files tell, and that hostile ones do no harm."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.errors import ProbeError
from upnpserver.media.nfo import MAX_BYTES, merged, read_nfo, with_show
from upnpserver.model import Kind, MediaFacts

NOTHING = MediaFacts(Kind.VIDEO, "", "")
FILM = MediaFacts(Kind.VIDEO, "video/mp4", "abcdefgh234567ab", "mp4", "From the name")

MOVIE = """<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
<movie>
    <title>Le Cercle rouge</title>
    <originaltitle>Le Cercle rouge (original)</originaltitle>
    <sorttitle>Cercle rouge</sorttitle>
    <ratings>
        <rating name="imdb" max="10"><value>7.9</value><votes>9</votes></rating>
        <rating name="own" max="100" default="true"><value>85</value></rating>
    </ratings>
    <userrating>0</userrating>
    <outline>Short.</outline>
    <plot>Two men  and
      a third.</plot>
    <mpaa>Rated PG-13</mpaa>
    <uniqueid type="imdb" default="true">tt0065531</uniqueid>
    <genre>Crime</genre>
    <genre>Thriller / Drama</genre>
    <set><name>The Melville films</name><overview>None.</overview></set>
    <director>Jean-Pierre Melville</director>
    <credits>Jean-Pierre Melville</credits>
    <premiered>1970-10-20</premiered>
    <year>1971</year>
    <edition>Restored</edition>
    <thumb aspect="poster">https://example.com/p.jpg</thumb>
    <fanart><thumb>https://example.com/f.jpg</thumb></fanart>
    <actor><name>Alain Delon</name><role>Corey</role><thumb>x</thumb></actor>
    <actor><name>Yves Montand</name><role>Jansen</role></actor>
</movie>
https://www.themoviedb.org/movie/11657
"""
MOVIE_FACTS = replace(
    NOTHING,
    title="Le Cercle rouge",
    title_sort="Cercle rouge",
    rating_percent=85,
    description="Two men and a third.",
    content_rating="PG-13",
    genres=("Crime", "Thriller", "Drama"),
    film_set="The Melville films",
    directors=("Jean-Pierre Melville",),
    date="1970-10-20",
    edition="Restored",
    actors=("Alain Delon", "Yves Montand"),
)
EPISODE = """<episodedetails>
  <title>The Detail</title><showtitle>The Wire</showtitle>
  <season>1</season><episode>2</episode><aired>2002-06-09</aired>
  <rating>8.4</rating><userrating>9</userrating>
</episodedetails>"""
EPISODE_FACTS = replace(
    NOTHING,
    title="The Detail",
    series="The Wire",
    season=1,
    episode=2,
    date="2002-06-09",
    rating_percent=90,
)
SHOW = """<tvshow><title>The Wire</title><plot>Baltimore.</plot><genre>Crime</genre>
<premiered>2002-06-02</premiered><mpaa>TV-MA</mpaa><season>-1</season>
<actor><name>Dominic West</name></actor></tvshow>"""
SHOW_FACTS = replace(
    NOTHING,
    series="The Wire",
    description="Baltimore.",
    genres=("Crime",),
    date="2002-06-02",
    content_rating="TV-MA",
    actors=("Dominic West",),
)


def film(inside):
    return f"<movie>{inside}</movie>"


def titled(title):
    return replace(NOTHING, title=title)


TOLD = {
    "a film with an address after it": (MOVIE, MOVIE_FACTS),
    "an episode": (EPISODE, EPISODE_FACTS),
    "a series": (SHOW, SHOW_FACTS),
    "a music video": (
        "<musicvideo><title>T</title><artist>A</artist><album>B</album></musicvideo>",
        replace(titled("T"), artists=("A",), album="B"),
    ),
    "an address only": ("https://www.imdb.com/title/tt0065531/", NOTHING),
    "notes of a group": ("▄▄ RELEASED BY US & THEM <3 ▄▄", NOTHING),
    "nothing": ("", NOTHING),
    "another XML": ("<album><title>Low</title></album>", NOTHING),
    "the old set": (film("<set>Trilogy</set>"), replace(NOTHING, film_set="Trilogy")),
    "the old rating": (
        film("<rating>7,5</rating>"),
        replace(NOTHING, rating_percent=75),
    ),
    "a rating of more than all": (
        film("<rating>75</rating>"),
        replace(NOTHING, rating_percent=100),
    ),
    "only a year": (film("<year>1970</year>"), replace(NOTHING, date="1970")),
    "no real date": (film("<premiered>0000-00-00</premiered>"), NOTHING),
    "only an original title": (film("<originaltitle>O</originaltitle>"), titled("O")),
    "only an outline": (
        film("<outline>O</outline>"),
        replace(NOTHING, description="O"),
    ),
    "certifications": (
        film("<certification>FSK 12 / US:R</certification>"),
        replace(NOTHING, content_rating="FSK 12"),
    ),
    "an and that is no XML": (
        film("<title>Tom & Jerry</title>"),
        titled("Tom & Jerry"),
    ),
    "a name of HTML": (film("<title>A&nbsp;B</title>"), titled("A&nbsp;B")),
    "a real and": (film("<title>A &amp; &#66;</title>"), titled("A & B")),
    "a comment and CDATA": (
        film("<!-- x --><title><![CDATA[A <b>]]></title>"),
        titled("A <b>"),
    ),
    "an end that is missing": ("<movie><title>A</title><plot>B", titled("A")),
    "text before it": (f"Notes\n\n{film('<title>A</title>')}", titled("A")),
    "a season that is none": (
        "<episodedetails><season>-1</season><episode>x</episode></episodedetails>",
        NOTHING,
    ),
}


@pytest.mark.parametrize(("content", "facts"), TOLD.values(), ids=TOLD)
def test_tells(content, facts):
    assert read_nfo(content.encode()) == facts


def test_several_episodes_of_one_file():
    second = EPISODE.replace("Detail", "Wire Tap").replace(">2</e", ">3</e")
    declaration = '<?xml version="1.0"?>\n'
    facts = read_nfo(f"{declaration}{EPISODE}\n{declaration}{second}".encode())
    assert facts == replace(
        EPISODE_FACTS, title="The Detail / The Wire Tap", last_episode=3
    )


DECLARED = '<?xml version="1.0" encoding="{}"?>' + film("<title>Żółć</title>")


@pytest.mark.parametrize(
    "content",
    [
        film("<title>Żółć</title>").encode("utf-8-sig"),
        film("<title>Żółć</title>").encode("utf-16"),
        b"\xfe\xff" + film("<title>Żółć</title>").encode("utf-16-be"),
        DECLARED.format("utf-8").encode("utf-8"),
        DECLARED.format("windows-1250").encode("windows-1250"),
        DECLARED.format("windows-1252").encode("utf-8"),  # it lies
        DECLARED.format("nonsense").encode("utf-8"),
    ],
)
def test_charsets(content):
    assert read_nfo(content).title == "Żółć"


def test_a_charset_that_nobody_told():
    assert read_nfo(film("<title>Amélie</title>").encode("latin-1")).title == "Amélie"


BOMB = '<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    "content",
    [
        "<movie><title>" + BOMB + "&b;</title></movie>",
        "<movie>" + "<a>" * 4 + '<!DOCTYPE x SYSTEM "file:///etc/passwd"></movie>',
        " " * MAX_BYTES + "<movie/>",
    ],
)
def test_refuses(content):
    with pytest.raises(ProbeError):
        read_nfo(content.encode())


def test_bounds():
    deep = film("<title>A</title>" + "<a>" * 20)
    assert read_nfo(deep.encode()).title == "A"
    cast = "<actor><name>{}</name></actor>"
    many = film("".join(cast.format(number) for number in range(9000)))
    assert len(read_nfo(many.encode()).actors) <= 16
    long = film(f"<plot>{'x' * 100_000}</plot>")
    assert len(read_nfo(long.encode()).description) == 2048


def test_what_an_nfo_tells_goes_before():
    facts = merged(replace(FILM, width=320, date="1999"), MOVIE_FACTS)
    assert (facts.title, facts.date) == ("Le Cercle rouge", "1970-10-20")
    assert (facts.mime, facts.content_id, facts.container) == (
        *("video/mp4", "abcdefgh234567ab", "mp4"),
    )
    assert facts.width == 320


def test_what_an_nfo_does_not_tell_stays():
    assert merged(FILM, NOTHING) == FILM


def test_an_episode_has_what_holds_for_its_series():
    facts = with_show(replace(EPISODE_FACTS, series="the wire", genres=()), SHOW_FACTS)
    assert facts == replace(
        EPISODE_FACTS,
        genres=("Crime",),
        content_rating="TV-MA",
        actors=("Dominic West",),
    )
    own = replace(EPISODE_FACTS, genres=("Drama",))
    assert with_show(own, SHOW_FACTS).genres == ("Drama",)


PIECES = st.sampled_from(
    [
        *("<movie>", "</movie>", "<title>", "</title>", "<episodedetails>", "a", "&"),
        *("<rating max='0'>", "</rating>", "9", "-1", "<set>", "<!--", "]]>", "\x00"),
        *("<year>", "</year>", "<episode>", "</episode>", "é", "<?xml ?>", "<", ">"),
    ]
)


@given(st.binary() | st.lists(PIECES).map(lambda pieces: "".join(pieces).encode()))
def test_anything_gives_facts_or_a_probe_error(content):
    try:
        facts = read_nfo(content)
    except ProbeError:
        return
    assert (facts.kind, facts.mime, facts.content_id) == (Kind.VIDEO, "", "")
    assert facts.rating_percent is None or 0 <= facts.rating_percent <= 100
