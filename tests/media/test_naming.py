"""Films and episodes from the names of files and folders."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnpserver.media import naming
from upnpserver.media.naming import named
from upnpserver.media.naming_guess import guessed
from upnpserver.media.naming_name import Name
from upnpserver.model import Kind, MediaFacts

NAMES = Path(__file__).parents[2] / "fixtures" / "names"
FILM = MediaFacts(Kind.VIDEO, "video/mp4", "abcdefgh234567ab", "mp4")
FIELDS = (
    *("title", "date", "series", "season", "episode", "last_episode"),
    *("part", "edition", "extra"),
)
# Names that no rule reads rightly yet, and why that is borne.
KNOWN_MISSES = set()


def told(facts):
    """Return what differs from a file that tells nothing."""
    blank = replace(FILM)
    return {
        name: getattr(facts, name)
        for name in FIELDS
        if getattr(facts, name) != getattr(blank, name)
    }


def corpus():
    """Yield (path, what it tells) of all names in fixtures/names."""
    for table in sorted(NAMES.glob("*.tsv")):
        episodes = table.name.endswith(".series.tsv")
        for line in table.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                path, *columns = line.split("\t")
                yield path, dict(_expected(columns, episodes=episodes))


def _expected(columns, *, episodes):
    names = ("series", "", "title") if episodes else ("title", "date")
    padded = [*columns, *[""] * len(names)]
    yield from ((n, v) for n, v in zip(names, padded, strict=False) if n and v)
    if episodes:
        numbers = re.fullmatch(r"(?:S(\d+))?(?:E(\d+)(?:-(\d+))?)?", padded[1])
        for name, number in zip(
            ("season", "episode", "last_episode"), numbers.groups(), strict=True
        ):
            if number:
                yield name, int(number)
    for more in filter(None, columns[len(names) :]):
        name, _, value = more.partition("=")
        yield name, int(value) if value.isdecimal() and name == "part" else value


def test_the_corpus():
    names = list(corpus())
    misses = {
        path: (found, expected)
        for path, expected in names
        if (found := told(named(FILM, path.encode()))) != expected
    }
    right = len(names) - len(misses)
    print(f"{right} of {len(names)} names right: {right / len(names):.1%}")
    assert len(names) >= 400
    assert {path: misses[path] for path in misses.keys() - KNOWN_MISSES} == {}
    assert misses.keys() >= KNOWN_MISSES


@pytest.mark.parametrize("kind", [Kind.AUDIO, Kind.IMAGE])
def test_only_videos_have_such_names(kind):
    facts = replace(FILM, kind=kind)
    assert named(facts, "The Wire/Season 1/02.mkv") is facts


@pytest.mark.parametrize("path", ["", b"", "/", "../..", "./."])
def test_a_path_without_a_name_tells_nothing(path):
    assert named(FILM, path) == FILM


TAGS = [
    ("Clip.mp4", "Anna learns to swim", "Anna learns to swim"),
    ("IMG_1234.MOV", "Anna learns to swim", "Anna learns to swim"),
    ("Heat (1995).mkv", "Something else", "Heat"),
    ("Heat.mkv", "Heat.1995.1080p.BluRay.x264-GRP", "Heat"),
    ("Heat.mkv", "Heat.1995.by.grp", "Heat"),
    ("Heat.mkv", "Encoded by Somebody", "Heat"),
    ("Heat.mkv", "www.example.com", "Heat"),
    ("Heat.mkv", "Title 01", "Heat"),
    ("Heat.mkv", "00012345", "Heat"),
    ("The Wire/Season 1/02.mkv", "The Detail", "The Detail"),
    ("The Wire/Season 1/02 - A Name.mkv", "The Detail", "A Name"),
    ("The Wire/Season 1/02.mkv", "The Wire", ""),
    ("Heat (1995)/trailer.mp4", "Heat: Official Trailer", "trailer"),
]


@pytest.mark.parametrize(("path", "tag", "title"), TAGS)
def test_a_tag_tells_the_title_where_the_name_does_not(path, tag, title):
    assert named(replace(FILM, title=tag), path).title == title


def test_tags_that_tell_an_episode_stay():
    tagged = replace(FILM, title="Fog", series="Ferry", season=2, episode=5)
    assert named(tagged, "clip.mp4") == tagged
    facts = named(tagged, "The Wire/Season 1/03.mkv")
    assert (facts.series, facts.season, facts.episode) == ("The Wire", 1, 3)


DATES = [
    ("Heat (1995).mkv", "", "1995"),
    ("Heat (1995).mkv", "1995-12-15", "1995-12-15"),
    ("Heat (1995).mkv", "2012-01-01", "1995"),
    ("Clip.mp4", "2012-01-01", "2012-01-01"),
    ("VID_20210304_123456.mp4", "2021-03-05T10:00:00", "2021-03-05T10:00:00"),
]


@pytest.mark.parametrize(("path", "tag", "date"), DATES)
def test_the_date_of_a_film_is_in_its_name(path, tag, date):
    assert named(replace(FILM, date=tag), path).date == date


def test_only_the_last_folders_count():
    deep = "/".join(["Season 1"] * 90)
    assert named(FILM, f"{deep}/Heat (1995)/Heat.mkv").title == "Heat"


def test_numbers_out_of_all_bounds_are_none():
    facts = named(FILM, "Show S01E99999999999999.mkv")
    assert facts.episode is None or facts.episode < 100_000


@pytest.fixture
def asked(monkeypatch):
    """Return the list of names for which guessit is asked."""
    names = []

    def note(name):
        names.append(name)
        return guessed(name)

    monkeypatch.setattr(naming, "guessed", note)
    return names


def test_guessit_is_asked_for_episodes_that_no_rule_knows(asked):
    facts = named(FILM, "TV/Show - Chapters 3,4.mkv")
    assert asked == ["Show - Chapters 3,4"]
    assert facts.series == "Show"


def test_guessit_is_asked_for_few_names(asked):
    for path, _ in corpus():
        named(FILM, path)
    assert len(asked) < 5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Show - 3x04 - Title", Name("Show", "Title", "", 3, 4, episodic=True)),
        ("Show S01E01-E03", Name("Show", "", "", 1, 1, 3, episodic=True)),
        ("Show 2021-03-04", Name("Show", "", "2021-03-04", episodic=True)),
        ("Show", None),
        ("Show S01E01" + " 1 2 3 4" * 3, None),  # would take too long
        ("Show S01E01 " + "a" * 100, None),
    ],
)
def test_what_guessit_finds(name, expected):
    assert guessed(name) == expected


WORDS = st.sampled_from(
    [
        *(" ", "-", " - ", ".", "_", "/", "[", "]", "(", ")", "{", "}", "1", "0", "x"),
        *(
            "S01E02",
            "-E03",
            "1x02",
            "Season 1",
            "第",
            "集",
            "ª",
            "2001",
            "1080p",
            "www.",
        ),
        *("sample", "-trailer", "extended cut", "ova", "cd1", "сезон", "\ufffd", "A."),
        *("DTS-HD", "VIDEO_TS/", "TV/", ".mkv", "\\", "C:\\", "%20", "\x00", "é", "ﬃ"),
    ]
)
PATHS = (
    st.binary(max_size=600)
    | st.text(max_size=300)
    | st.lists(WORDS, max_size=80).map("".join)
)


@given(PATHS)
def test_any_path_gives_facts_that_can_be_shown(path):
    facts = named(FILM, path)
    assert replace(facts, **{name: getattr(FILM, name) for name in FIELDS}) == FILM
    texts = (facts.title, facts.series, facts.edition, facts.extra)
    assert all(one.isprintable() or " " in one for one in texts) or facts
    assert facts.last_episode is None or facts.last_episode > (facts.episode or -1)
    "".join(texts).encode("utf-8")


HURTING = [
    atom * (250 // len(atom))
    for atom in (
        *("a", "[ ", "( ", "-- 1", "[2001 ", "S01E", "E01", "01.", "1x", "- ", "A."),
        *(
            "season ",
            "www.",
            "第",
            "2001 ",
            "DTS-",
            "extended cut ",
            "1-2-3-",
            "s1 e1 ",
        ),
    )
]


@pytest.mark.parametrize("name", HURTING)
@pytest.mark.parametrize("folder", ["", "TV/Show/", "Show/Season 1/"])
def test_no_name_takes_long(name, folder):
    named(FILM, "TV/x 3v5.mkv")  # guessit is loaded
    path = f"{folder}{name}.mkv"
    began = time.process_time()
    named(FILM, f"{path}/{path}")
    assert time.process_time() - began < 0.5
