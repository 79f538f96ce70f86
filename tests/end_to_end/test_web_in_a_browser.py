"""The pages in a real browser: they are drawn, they work, and ask nobody else."""

import time

import pytest
from lxml import html
from support.browser import visit
from support.upnp_client import fetch

pytestmark = pytest.mark.end_to_end

FIRST_VISIT_BYTES = 100_000
DRAWN_WITHIN_S = 0.2


def base(served):
    return f"http://{served.home.server.ipv4}:{served.daemon.port}"


def page(served, path):
    answer = fetch(served.home.client, base(served) + path)
    return answer, html.document_fromstring(answer.body)


def links(tree, start):
    return [a for a in tree.xpath("//main//a/@href") if a.startswith(start)]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("is_dark", [False, True])
def test_the_first_page_is_drawn_and_asks_only_this_server(
    served, tmp_path, width, is_dark
):
    seen = visit(
        served.home.client, f"{base(served)}/", tmp_path, width=width, is_dark=is_dark
    )
    own = [url for url in seen.requested if url.startswith(base(served))]
    assert f"{base(served)}/web/style.css" in own
    assert f"{base(served)}/web/app.js" in own
    assert any("/picture/" in url for url in own)
    assert [url for url in seen.requested if url not in own] == []
    assert seen.console == []
    assert 'class="scripted"' in seen.document
    assert len(seen.picture) > 10_000  # of one colour it is a few hundred bytes


def test_search_music_films_and_photos_work_in_it(served, tmp_path):
    for path in ("/search?q=a", "/browse/music%24all", "/browse/video%24all"):
        room = tmp_path / path.strip("/").replace("?", "-").replace("%", "-").replace(
            "/", "-"
        )
        room.mkdir()
        seen = visit(served.home.client, base(served) + path, room)
        assert seen.console == []
        assert len(links(html.document_fromstring(seen.document), "/item/")) > 1
    _, tree = page(served, "/browse/video%24all")
    film = next(
        link for link in links(tree, "/item/") if "Harbour" in _title(served, link)
    )
    room = tmp_path / "film"
    room.mkdir()
    seen = visit(served.home.client, base(served) + film, room)
    assert seen.console == []
    assert any("/media/" in url for url in seen.requested)


def _title(served, path):
    return page(served, path)[1].findtext(".//h1")


def test_what_a_page_offers_can_be_fetched(served):
    _, tree = page(served, "/browse/music%24all")
    songs = tree.xpath("//button/@data-play")
    assert songs
    for path in songs:
        answer = fetch(served.home.client, base(served) + path, "HEAD")
        assert answer.status == 200
        assert answer.header("Content-Type").startswith("audio/")


def test_headers_forbid_what_comes_from_elsewhere(served):
    answer, _ = page(served, "/")
    policy = answer.header("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.header("X-Content-Type-Options") == "nosniff"
    for path in ("/web/style.css", "/web/app.js"):
        first = fetch(served.home.client, base(served) + path)
        again = fetch(
            served.home.client,
            base(served) + path,
            headers={"If-None-Match": first.header("ETag")},
        )
        assert (first.status, again.status, again.body) == (200, 304, b"")


def test_the_first_visit_is_small_and_quick(served):
    answer, tree = page(served, "/")
    parts = tree.xpath("//link/@href | //script/@src")
    size = len(answer.body) + sum(
        len(fetch(served.home.client, base(served) + path).body) for path in parts
    )
    assert size < FIRST_VISIT_BYTES
    times = []
    for _ in range(5):
        begun = time.monotonic()
        fetch(served.home.client, f"{base(served)}/")
        times.append(time.monotonic() - begun)
    assert min(times) < DRAWN_WITHIN_S


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/browse/nothing", 404),
        ("/item/music%24", 404),
        ("/browse/", 404),
        ("/browse/%00%ff", 404),
        ("/browse/music%24all?page=99999999999999999999", 200),
        ("/browse/music%24all?page=0", 200),
        ("/browse/music%24all?page=%C2%B2", 200),
        ("/search?q=" + "x" * 3000, 200),
        ("/search?" + "a=1&" * 100, 200),
        ("/search", 200),
        ("/web/../upnpserver.toml", 404),
        ("/web/other.js", 404),
    ],
)
def test_odd_addresses_get_a_page_or_its_refusal(served, path, status):
    answer = fetch(served.home.client, base(served) + path)
    assert answer.status == status


def test_the_description_leads_to_it(served):
    description = fetch(served.home.client, served.daemon.location)
    assert b"<presentationURL>/</presentationURL>" in description.body
