"""Pages of a real catalog: whole, and nothing in a tag becomes markup."""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from support.made_up_files import HOUSEHOLD, MUSIC, film, household_catalog, track

from upnpserver.catalog.identity import any_item_id_of
from upnpserver.catalog.reader import Reader
from upnpserver.catalog.views.words import words_of
from upnpserver.catalog.writer import Writer
from upnpserver.config import LANGUAGES
from upnpserver.errors import NoSuchObject
from upnpserver.model import Kind, Playing, Window
from upnpserver.policy import EVERYONE
from upnpserver.services.content_directory import Asker
from upnpserver.web.library import Site
from upnpserver.web.objects import Shown
from upnpserver.web.pages import PAGE_OBJECTS, Part, folder_page, written
from upnpserver.web.parts import Frame, size_told, time_told
from upnpserver.web.watched import Moment, Scan

ASKER = Asker(EVERYONE, "http://h")
SITE = Site("Attic", "en", words_of("en"))
ALL = Window(0, 0)
MOMENT = Moment("Attic", "1", 1, Scan(), ())
TV = ip_address("192.0.2.7")
NASTY = "<script>alert(1)</script>\"'&amp;"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    with household_catalog(tmp_path_factory.mktemp("pages")) as reader:
        yield reader


def parsed(page):
    assert page.startswith(b"<!DOCTYPE html>")
    return html.document_fromstring(page)


def links(tree):
    return [link for _, name, link, _ in tree.iterlinks() if name in {"href", "src"}]


def test_the_first_page_leads_to_all(catalog):
    tree = parsed(SITE.start(ASKER, catalog))
    assert tree.findtext(".//title") == "Attic"
    tops = [a.text_content() for a in tree.xpath("//header/nav/a")]
    assert tops == ["Music", "Videos", "Pictures", "Folders"]
    assert tree.xpath("//h1")
    assert tree.xpath("//main[@id='main']")


def test_every_page_can_be_reached_and_leads_nowhere_else(catalog):
    """Walk through all links: each is one of ours, and each object is met."""
    met, waiting, items = set(), ["/"], set()
    while waiting:
        path = waiting.pop()
        if path in met:
            continue
        met.add(path)
        tree = parsed(page_at(path, catalog))
        assert tree.get("lang") == "en"
        assert not tree.xpath("//style | //script[not(@src)] | //@style | //@onclick")
        assert len(tree.xpath("//h1")) == 1
        assert not tree.xpath("//img[not(@alt)]")
        if path.startswith("/item/"):
            items.add(path.partition("$")[2][:16] or path)
        for link in links(tree):
            parts = urlsplit(link)
            assert not parts.netloc
            assert link.startswith(("/", "#"))
            if parts.path.startswith(("/browse/", "/item/")):
                waiting.append(link)
    titles = {one for one in met if one.startswith("/item/")}
    assert len(titles) >= len([f for f in HOUSEHOLD if not f.problem])


def page_at(path, catalog):
    parts = urlsplit(path)
    room, _, name = parts.path[1:].partition("/")
    number = int(parts.query.removeprefix("page=") or 1)
    match room:
        case "browse":
            return SITE.folder(ASKER, unquote(name), number, catalog)
        case "item":
            return SITE.item(ASKER, unquote(name), catalog)
        case _:
            return SITE.start(ASKER, catalog)


def test_a_search_finds_by_words_in_any_order_and_without_accents(catalog):
    for query in ("elan", "Élan zoe", "ZOË élan"):
        tree = parsed(SITE.search(ASKER, query, catalog))
        assert "Élan" in tree.get_element_by_id("found").text_content()
    assert b"Nothing was found" in SITE.search(ASKER, "nowhere at all", catalog)
    assert SITE.search(ASKER, "  ", catalog)


def test_what_is_missing_says_so(catalog):
    for object_id in ("", "nothing", "music$albums$x", "\x00"):
        with pytest.raises(NoSuchObject):
            SITE.folder(ASKER, object_id, 1, catalog)
        with pytest.raises(NoSuchObject):
            SITE.item(ASKER, object_id, catalog)
    with pytest.raises(NoSuchObject):
        SITE.item(ASKER, "music$", catalog)
    assert b"<h1>There" in SITE.message("There is nothing here.")


def test_markup_in_tags_and_words_stays_text(tmp_path):
    writer = Writer(tmp_path / "c")
    writer.sync_roots([MUSIC])
    writer.apply(
        [
            track("a.mp3", title=NASTY, artists=(NASTY,), album=NASTY),
            film("b.mp4", title=NASTY, description=NASTY),
        ],
        [],
    )
    writer.close()
    reader = Reader(tmp_path / "c")
    site = Site(NASTY, "en", words_of("en"))
    pages = [site.start(ASKER, reader), site.search(ASKER, NASTY, reader)]
    for view in ("music$all", "video$all", "music$albums"):
        pages.append(site.folder(ASKER, view, 1, reader))
        (first, *_) = reader.children(view, ALL, (), EVERYONE).entries
        room = site.folder if first.is_container else site.item
        number = (1,) if first.is_container else ()
        pages.append(room(ASKER, first.object_id, *number, reader))
    reader.close()
    for page in pages:
        assert b"<script>" not in page
        assert NASTY in parsed(page).text_content()


def playing_all(catalog):
    """Return every piece of music as something that a device gets."""
    entries = catalog.children("music$all", ALL, (), EVERYONE).entries
    return [
        (
            Playing(
                TV, "tv", any_item_id_of(one.object_id), Kind.AUDIO, 1, n, 5, n > 3
            ),
            "",
        )
        for n, one in enumerate(entries)
    ]


def test_what_plays_now_is_told_with_device_and_place(catalog):
    playing = [(one, NASTY) for one, _ in playing_all(catalog)]
    tree = parsed(SITE.now(ASKER, MOMENT._replace(playing=playing), catalog))
    titles = [a.text for a in tree.xpath("//main//a[@class='name']")]
    assert len(titles) == len(playing)
    assert [bar.get("value") for bar in tree.xpath("//progress")][:3] == ["0", "1", "2"]
    told = [one.text_content() for one in tree.xpath("//*[contains(@class,'told')]")]
    assert all(text.startswith(NASTY) for text in told)
    assert "5 B/s" in told[0]
    assert "all sent" in told[4]
    reading = MOMENT._replace(scan=Scan(True, 3, 7))
    assert b"3 / 7" in SITE.now(ASKER, reading, catalog)
    assert b"Nothing is being played" in SITE.now(ASKER, reading, catalog)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_page(language, catalog):
    site = Site("Attic", language, words_of(language))
    assert parsed(site.start(ASKER, catalog)).get("lang") == language
    for page in (
        site.folder(ASKER, "music$all", 1, catalog),
        site.search(ASKER, "one", catalog),
        site.now(ASKER, MOMENT, catalog),
        site.now(ASKER, MOMENT._replace(playing=playing_all(catalog)), catalog),
    ):
        assert parsed(page).get("lang") == language


def test_long_folders_have_pages():
    words = words_of("en")
    blank = Shown("x", "0", "T", "", "object.container", 0, "", (), *[""] * 4, 0, 0, ())
    total = 2 * PAGE_OBJECTS + 5
    for number, expected in ((1, {2}), (2, {1, 3}), (3, {2})):
        part = Part([blank], number, total)
        tree = parsed(written(folder_page(Frame("A", "en", words), blank, (), part)))
        turns = tree.xpath("//nav[@class='turns']//a/@href")
        assert {int(link.partition("page=")[2]) for link in turns} == expected


@given(st.integers(0, 10**6), st.integers(0, 10**15))
def test_times_and_sizes_are_short(seconds, size):
    assert len(time_told(seconds)) <= len("277:46:40")
    assert len(size_told(size)) <= len("1000.0 TB")
