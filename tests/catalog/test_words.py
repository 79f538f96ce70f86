"""What containers are called in each language, and what a change of it costs."""

import re
from pathlib import Path

import pytest
from support.made_up_files import HOUSEHOLD, MUSIC

from upnpserver import languages
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.views.words import words_of
from upnpserver.catalog.writer import Writer
from upnpserver.config import LANGUAGES
from upnpserver.model import Window
from upnpserver.policy import EVERYONE
from upnpserver.upnp import didl
from upnpserver.upnp.props import EVERYTHING

ENGLISH = words_of("en")
FIELDS = re.compile(r"{(\w+)}")


def test_every_language_can_be_configured_and_no_other():
    files = Path(languages.__file__).parent.glob("*.toml")
    assert tuple(sorted(file.stem for file in files)) == LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_says_all_that_english_says(code):
    words = words_of(code)
    assert words.texts.keys() == ENGLISH.texts.keys()
    for name, text in words.texts.items():
        assert text.strip() == text != ""
        assert sorted(FIELDS.findall(text)) == sorted(
            FIELDS.findall(ENGLISH.texts[name])
        )
    assert len(words.months) == len(words.months_after_day) == 12
    assert len(set(words.months)) == 12


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_two_containers_of_one_list_have_one_name(code):
    texts = words_of(code).texts
    for names in (
        "music videos pictures folders",
        "albums album_artists artists composers genres years playlists audiobooks"
        " all_music recently_added random_albums most_played"
        " recently_played",
        "films film_sets series genres years directors actors content_ratings"
        " all_videos recently_added continue_watching not_watched_yet",
        "by_date photo_albums cameras ratings keywords all_pictures recently_added"
        " on_this_day",
    ):
        shown = [texts[name] for name in names.split()]
        assert len(set(shown)) == len(shown)


def tops(path):
    reader = Reader(path)
    found = {}
    for entry in reader.children("0", Window(), (), EVERYONE).entries:
        xml = didl.written(entry, EVERYTHING).decode()
        found[entry.object_id] = re.search("title&gt;(.*?)&lt;", xml)[1]
    reader.close()
    return found


def test_another_language_makes_the_tree_anew_with_the_same_ids(tmp_path):
    path = tmp_path / "catalog.sqlite"
    writer = Writer(path)
    writer.sync_roots([MUSIC])
    writer.apply(HOUSEHOLD, [])
    writer.close()
    english = tops(path)
    writer = Writer(path, language="de")
    commit = writer.sync_roots([MUSIC])
    writer.close()
    german = tops(path)
    assert list(english.values()) == ["Music", "Videos", "Pictures", "Folders"]
    assert list(german.values()) == ["Musik", "Videos", "Bilder", "Ordner"]
    assert list(german) == list(english)
    assert "0" in commit.containers
