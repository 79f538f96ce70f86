"""The page of what is played now, as a tree of tags. Pure."""

from collections.abc import Sequence

from twisted.web.template import Tag

from upnpserver.catalog.views.words import Words
from upnpserver.web.elements import tags
from upnpserver.web.parts import Frame, cover, document, size_told, time_told
from upnpserver.web.paths import path_of
from upnpserver.web.watched import Scan, Watched

RELOAD_S = 10  # without scripts


def now_page(frame: Frame, watched: Sequence[Watched], scan: Scan | None) -> Tag:
    """Return the page. scan: None if it isn't told."""
    words = frame.words
    listed = tags.ul(*(_played(one, words) for one in watched), class_="playing")
    reload = tags.noscript(
        tags.meta(**{"http-equiv": "refresh"}, content=str(RELOAD_S))
    )
    return document(
        frame,
        words["page_now"],
        tags.h1(words["page_now"]),
        tags.div(
            _scan(scan, words) if scan and scan.is_running else "",
            listed if watched else tags.p(words["page_nothing_plays"]),
            **{"data-live": "now scan"},
        ),
        in_head=reload,
    )


def _scan(scan: Scan, words: Words) -> Tag:
    """Return how far the scanner is."""
    counts = f"{scan.done} / {scan.total}" if scan.total else str(scan.done)
    return tags.p(words.filled("page_reading", count=counts), class_="by scan")


def _played(one: Watched, words: Words) -> Tag:
    playing, shown = one.playing, one.shown
    title = {"aria-label": shown.title}
    bar = tags.progress(max="100", value=str(playing.percent), **title)
    rate = words["page_all_sent"] if playing.is_sent else f"{size_told(playing.rate)}/s"
    since = words.filled("page_for", time=time_told(int(playing.since_s)))
    told = [one.name or str(playing.address), rate, since]
    by = " · ".join(filter(None, [", ".join(shown.artists[:2]), shown.album]))
    return tags.li(
        cover(shown, "tn"),
        tags.div(
            tags.a(shown.title, href=path_of(shown), class_="name"),
            tags.span(by, class_="by") if by else "",
            bar if playing.percent is not None else "",
            tags.span(" · ".join(told), class_="by told"),
        ),
        **{"data-key": f"{playing.address} {playing.item_id}"},
    )
