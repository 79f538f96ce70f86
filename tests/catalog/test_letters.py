"""Long lists split by letter: what is under which, and nothing twice or never."""

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_up_files import MUSIC, film, track

from upnpserver.catalog.letters import letter_of
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.views.tree import key
from upnpserver.catalog.views.words import words_of
from upnpserver.catalog.writer import Writer
from upnpserver.errors import NoSuchContainer, NoSuchObject
from upnpserver.model import SortKey, Window
from upnpserver.policy import EVERYONE, ClientPolicy
from upnpserver.upnp.criteria import parse_criteria

ARTISTS = ("2 Unlimited", "10cc", "Abba", "The Animals", "Ärzte", "Beck", "!!!", "坂本")
SPLIT = ClientPolicy(letters_from=4)
TITLE = b"dc:title&gt;"
ALL = Window()


@pytest.fixture
def reader(tmp_path):
    writer = Writer(tmp_path / "catalog.sqlite")
    writer.sync_roots([MUSIC])
    writer.apply(
        [
            track(f"{number}.mp3", title=f"{name} song", artists=(name,), album=name)
            for number, name in enumerate(ARTISTS)
        ]
        + [film("a.mkv", title="Heat"), film("b.mkv", title="Heat 2")],
        [],
    )
    writer.close()
    reader = Reader(tmp_path / "catalog.sqlite")
    yield reader
    reader.close()


def titles(page):
    return [
        entry.segments.split(TITLE)[1].split(b"&lt;")[0].decode()
        for entry in page.entries
    ]


def browse(reader, object_id, policy=SPLIT, window=ALL, sort=()):
    return reader.children(object_id, window, sort, policy)


@pytest.mark.parametrize(
    ("title", "language", "letter"),
    [
        ("Abba", "en", "A"),
        ("The Animals", "en", "A"),
        ("Ärzte", "de", "A"),
        ("10cc", "en", "0-9"),
        ("", "en", "0-9"),
        ("Ñu", "es", "Ñ"),
        ("Nu", "es", "N"),
        ("Ñu", "en", "N"),
        ("Łódź", "pl", "Ł"),
        ("Łódź", "en", "L"),
        ("Ωδή", "en", "Ω"),
        ("Дом", "en", "Д"),
        ("坂本", "en", "#"),
    ],
)
def test_the_letter_of_a_title(title, language, letter):
    assert letter_of(key(title, words_of(language))).title == letter


@given(st.text(), st.text())
def test_letters_are_ranges_in_order(one, other):
    letter = letter_of(one)
    assert letter.low <= one < letter.high or one >= "\U0010ffff"
    if letter.low <= other < letter.high:
        assert letter_of(other) == letter


def test_a_long_list_is_split(reader):
    page = browse(reader, "music$artists")
    assert titles(page) == ["0-9", "A", "B", "#"]
    assert [entry.child_count for entry in page.entries] == [3, 3, 1, 1]
    assert page.total == 4
    assert {entry.parent_id for entry in page.entries} == {"music$artists"}
    under_a = page.entries[1].object_id
    assert titles(browse(reader, under_a)) == ["Abba", "The Animals", "Ärzte"]
    assert browse(reader, under_a).total == 3
    assert titles(browse(reader, under_a, window=Window(1, 1))) == ["The Animals"]
    backwards = (SortKey("dc:title", True),)
    assert titles(browse(reader, under_a, sort=backwards))[-1] == "Abba"
    assert titles(browse(reader, "music$artists", window=Window(1, 2))) == ["A", "B"]


def test_every_child_is_under_one_letter(reader):
    for whole in ("music$artists", "music$albums", "music$all"):
        below = [
            title
            for letter in browse(reader, whole).entries
            for title in titles(browse(reader, letter.object_id))
        ]
        assert below == titles(browse(reader, whole, EVERYONE))


def test_short_lists_and_those_in_another_order_are_not(reader):
    assert titles(browse(reader, "video$all")) == ["Heat", "Heat 2"]
    assert len(browse(reader, "music$recent").entries) == len(ARTISTS)
    assert len(browse(reader, "music$artists", EVERYONE).entries) == len(ARTISTS)


def test_a_split_list_counts_its_letters(reader):
    def count(policy):
        entries = browse(reader, "music$", policy).entries
        return next(e.child_count for e in entries if e.object_id == "music$artists")

    assert (count(SPLIT), count(EVERYONE)) == (4, len(ARTISTS))
    (entry,) = reader.metadata("music$artists", SPLIT).entries
    assert entry.child_count == 4


def test_letters_and_what_is_under_them_tell_of_themselves(reader):
    letter = browse(reader, "music$all").entries[1]
    assert reader.metadata(letter.object_id, SPLIT).entries == (letter,)
    song = browse(reader, letter.object_id).entries[0]
    assert song.parent_id == letter.object_id
    assert song.ref_id
    assert reader.metadata(song.object_id, SPLIT).entries == (song,)
    found = reader.search(
        letter.object_id,
        parse_criteria('dc:title contains "song"'),
        Window(),
        (),
        SPLIT,
    )
    listed = browse(reader, letter.object_id).entries
    assert sorted(found.entries) == sorted(listed)
    assert found.total == len(listed)


@pytest.mark.parametrize("code", ["", "zz", "62ff", "7a", "61$l$61"])
def test_there_are_no_other_letters(reader, code):
    with pytest.raises((NoSuchObject, NoSuchContainer)):
        browse(reader, f"music$artists$l${code}")
    with pytest.raises(NoSuchObject):
        reader.metadata(f"music$artists$l${code}", SPLIT)


def test_new_files_come_under_their_letters(reader, tmp_path):
    browse(reader, "music$artists")
    with closing(Writer(tmp_path / "catalog.sqlite")) as writer:
        writer.sync_roots([MUSIC])
        writer.apply([track("new.mp3", artists=("Cream",))], [])
    assert titles(browse(reader, "music$artists")) == ["0-9", "A", "B", "C", "#"]


def test_what_is_under_a_letter_is_counted_before_it_is_read(reader):
    for letter in browse(reader, "music$all").entries:
        assert reader.child_count(letter.object_id) == letter.child_count > 0
    assert reader.child_count("music$all$l$31ff") == 0
