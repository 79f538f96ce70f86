"""The page of what plays now, in a real browser: it moves without a new page."""

import contextlib
import subprocess
import time

import pytest
from lxml import html
from support.browser import open_page
from support.upnp_client import fetch

pytestmark = pytest.mark.end_to_end

DRAWN_WITHIN_S = 0.2


def base(served):
    return f"http://{served.home.server.ipv4}:{served.daemon.port}"


@contextlib.contextmanager
def playing(served, kind, rate="20k"):
    """Play something of a kind, slowly."""
    url = next(
        url for url, one in served.items.items() if f"{kind}Item" in one.upnp_class
    )
    client = subprocess.Popen(
        served.home.client.command("curl", "-s", "--limit-rate", rate, url),
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        client.kill()
        client.wait()


# How every page is drawn in all four, test_web_in_a_browser looks at.
@pytest.mark.parametrize(("width", "is_dark"), [(390, False), (1280, True)])
def test_what_plays_appears_and_moves_without_a_new_page(
    served, tmp_path, width, is_dark
):
    with open_page(
        served.home.client,
        f"{base(served)}/now",
        tmp_path,
        width=width,
        is_dark=is_dark,
    ) as page:
        page.evaluate("window.isTheSame = true")

        def told():
            return page.evaluate(
                "[...document.querySelectorAll('.playing .told')]"
                ".map((one) => one.textContent)"
            )

        with playing(served, "video"):
            page.wait("told of a film", lambda: len(told()) >= 1)
            page.evaluate("document.querySelector('.playing a').focus()")
            before = told()
            page.wait("told more of it", lambda: told() != before)
            assert page.evaluate("document.activeElement.closest('.playing') !== null")
            assert served.home.client.ipv4 in told()[0]
            with playing(served, "audio"):
                page.wait("told of music", lambda: len(told()) >= 2)
                assert page.evaluate(
                    "document.activeElement.closest('.playing') !== null"
                )
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            (tmp_path / "now.png").write_bytes(page.picture())
        page.wait("told that it is over", lambda: not told())
        assert page.evaluate("window.isTheSame")
        assert page.console == []


def test_it_works_without_scripts_and_is_quick(served):
    with playing(served, "video"):
        time.sleep(0.3)
        begun = time.monotonic()
        answer = fetch(served.home.client, f"{base(served)}/now")
        assert time.monotonic() - begun < DRAWN_WITHIN_S
    tree = html.document_fromstring(answer.body)
    assert tree.xpath("//noscript/meta[@http-equiv='refresh']")
    (bar,) = tree.xpath("//progress")
    assert 0 <= int(bar.get("value")) <= 100
    assert tree.xpath("//nav[@class='house']/a/@href") == ["/now"]


FETCHED = (
    "performance.getEntriesByType('resource')"
    ".filter((one) => one.initiatorType === 'fetch').length"
)


def test_a_page_that_is_seen_again_looks_what_happened_meanwhile(served, tmp_path):
    with open_page(served.home.client, f"{base(served)}/now", tmp_path) as page:
        assert page.evaluate(FETCHED) == 0
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait("looking", lambda: page.evaluate(FETCHED) == 1)


def test_the_first_page_shows_what_is_added_while_it_is_looked_at(served, tmp_path):
    with open_page(served.home.client, f"{base(served)}/", tmp_path) as page:
        source = served.household.of_kind("audio")[0]
        added = source.with_name(f"added{source.suffix}")
        content = source.read_bytes()
        time.sleep(0.5)  # until it listens
        added.write_bytes(content + b"\0")
        try:
            page.wait(
                "showing it",
                lambda: page.evaluate(FETCHED) > 0,
            )
        finally:
            added.unlink()
        assert page.console == []
