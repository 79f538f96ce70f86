"""The pages of the library, as trees of tags. Pure: what they show comes in."""

from collections.abc import Sequence
from dataclasses import dataclass

from twisted.web.template import Tag, flatten

from upnpserver.web.elements import tags
from upnpserver.web.objects import Shown
from upnpserver.web.parts import (
    Crumb,
    Frame,
    cover,
    crumbs,
    document,
    grid,
    photo_path,
    rows,
    size_told,
    time_told,
)
from upnpserver.web.paths import path_of

PAGE_OBJECTS = 60  # whole rows of two, three, four, five and six


@dataclass(frozen=True, slots=True)
class Part:
    """Some children of a folder: the page's number from 1, and how many there are."""

    objects: Sequence[Shown]
    number: int
    total: int


def written(page: Tag) -> bytes:
    """Return a page as it is sent."""
    pieces: list[bytes] = [b"<!DOCTYPE html>"]
    failures: list[object] = []
    flatten(None, page, pieces.append).addErrback(failures.append)
    assert not failures, failures
    return b"".join(pieces)


def start_page(frame: Frame, recent: Sequence[tuple[Shown, Sequence[Shown]]]) -> Tag:
    """Return the first page. recent: views, each with the first things in it."""
    words = frame.words
    tops = {top.object_id: top.title for top in frame.tops}
    sections = [
        tags.section(
            tags.h2(
                tags.a(view.title, href=path_of(view)),
                tags.small(tops.get(view.parent_id, "")),
            ),
            _listed(objects, frame),
        )
        for view, objects in recent
        if objects
    ]
    content = sections or [
        grid(frame.tops) if frame.tops else tags.p(words["page_nothing"])
    ]
    return document(
        frame,
        frame.name,
        tags.h1(frame.name, class_="hidden"),
        tags.div(*content, **{"data-live": "catalog"}),
    )


def folder_page(frame: Frame, one: Shown, above: Sequence[Crumb], part: Part) -> Tag:
    """Return the page of what holds others."""
    is_album = one.upnp_class.startswith("object.container.album")
    has_head = is_album or one.picture_id
    head = _head(frame, one, part.objects) if has_head else tags.h1(one.title)
    return document(
        frame,
        one.title,
        crumbs(frame.words, above, one.title),
        head,
        _listed(part.objects, frame)
        if part.total
        else tags.p(frame.words["page_nothing"]),
        _turns(frame, path_of(one), part),
    )


def _head(frame: Frame, one: Shown, objects: Sequence[Shown]) -> Tag:
    has_music = any(other.kind == "audio" for other in objects)
    all_of_it = "▶ " + frame.words["page_play_all"]
    told = [", ".join(one.artists[:3]), one.year, ", ".join(one.genres[:2])]
    return tags.div(
        cover(one, "sm"),
        tags.div(
            tags.h1(one.title),
            tags.p(" · ".join(filter(None, told)), class_="by"),
            tags.p(one.description) if one.description else "",
            tags.button(all_of_it, type="button", class_="all") if has_music else "",
        ),
        class_="head",
    )


def _listed(objects: Sequence[Shown], frame: Frame) -> Tag:
    """Return objects as suits them: music in rows, all else as cards."""
    music = [one for one in objects if one.kind == "audio"]
    others = [one for one in objects if one.kind != "audio"]
    photos = bool(others) and all(one.kind == "image" for one in others)
    films = bool(others) and all(one.kind == "video" for one in others)
    shape = "photos" if photos else "films" if films else ""
    parts = [grid(others, shape)] if others else []
    parts += [rows(music, frame.words)] if music else []
    return tags.div(*parts)


def _turns(frame: Frame, path: str, part: Part) -> Tag | str:
    """Return the links to the pages before and after."""
    last = -(-part.total // PAGE_OBJECTS)
    if last <= 1:
        return ""
    words = frame.words
    first = (part.number - 1) * PAGE_OBJECTS

    def link(name: str, number: int) -> Tag:
        if not 1 <= number <= last:
            return tags.span(words[name], class_="off")
        relation = name.removeprefix("page_").removeprefix("turn_")
        return tags.a(words[name], href=f"{path}?page={number}", rel=relation)

    return tags.nav(
        link("page_turn_prev", part.number - 1),
        tags.span(f"{first + 1} - {first + len(part.objects)} / {part.total}"),
        link("page_turn_next", part.number + 1),
        class_="turns",
        **{"aria-label": words["page_turns"]},
    )


def item_page(frame: Frame, one: Shown, above: Sequence[Crumb]) -> Tag:
    """Return the page of a film, a piece of music or a photo."""
    words = frame.words
    original = one.forms[0] if one.forms else None
    told = [
        ", ".join(one.artists[:4]),
        one.album,
        one.date.partition("T")[0],
        ", ".join(one.genres[:3]),
        time_told(one.duration_s) if one.duration_s else "",
        original.resolution.replace("x", " x ") if original else "",
        size_told(original.size_bytes) if original and original.size_bytes else "",
    ]
    facts = " · ".join(filter(None, told))
    download = (
        tags.p(tags.a(words["page_download"], href=original.path, download=""))
        if original
        else ""
    )
    return document(
        frame,
        one.title,
        crumbs(words, above, one.title),
        _played(frame, one) if original else "",
        tags.h1(one.title),
        tags.p(facts, class_="by"),
        tags.p(one.description) if one.description else "",
        download,
    )


def _played(frame: Frame, one: Shown) -> Tag:
    """Return what plays or shows an item in the browser."""
    words, original = frame.words, one.forms[0]
    source = tags.source(src=original.path, type=original.mime)
    cannot = tags.p(words["page_cannot"], class_="cannot")
    match one.kind:
        case "video":
            more = {"poster": one.picture("med")} if one.picture_id else {}
            return tags.video(
                source,
                cannot,
                controls="controls",
                preload="metadata",
                **more,
                **{"data-begun": str(one.begun_s), "data-subtitle": one.subtitle},
            )
        case "image":
            return tags.img(src=photo_path(one), alt=one.title, class_="photo")
        case _:
            return tags.div(
                cover(one, "sm"),
                tags.audio(source, cannot, controls="controls", preload="metadata"),
                class_="single",
            )


def search_page(
    frame: Frame, query: str, groups: Sequence[tuple[str, Sequence[Shown], int]]
) -> Tag:
    """Return what a search found. groups: title, the first objects, how many."""
    words = frame.words
    found = [
        tags.section(
            tags.h2(title, " ", tags.small(str(total))), _listed(objects, frame)
        )
        for title, objects, total in groups
        if objects
    ]
    title = words.filled("page_found", query=query) if query else words["page_search"]
    nothing = tags.p(words["page_not_found"] if query else "")
    status = {"aria-live": "polite"}
    content = tags.div(*(found or [nothing]), id="found", **status)
    return document(frame, title, tags.h1(title), content, query=query)


def message_page(frame: Frame, text: str) -> Tag:
    """Return a page that says why there is no other."""
    back = tags.a(frame.words["page_back"], href="/")
    return document(frame, text, tags.h1(text), tags.p(back))
