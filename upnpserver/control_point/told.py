"""What browse, search and play print. Pure.

Names come from other devices: what a terminal would take as a command is replaced.
"""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from upnpserver.control_point.described import Device
from upnpserver.control_point.objects import Found
from upnpserver.control_point.point import Page

COLUMNS = 80
_NO_COLUMN = ("Mn", "Me", "Cf")  # Unicode's categories of marks on other letters
_LEAST_TITLE = 40


def devices_text(devices: Iterable[Device], columns: int = COLUMNS) -> str:
    """Return a line for each device: name, model, address."""
    rows = [(one.name, one.model, one.place.authority) for one in devices]
    return "\n".join(_table(rows, columns))


def devices_json(devices: Iterable[Device]) -> str:
    """Return the same for programs."""
    return _json(
        {
            "name": one.name,
            "udn": one.udn,
            "kind": one.kind,
            "model": one.model,
            "description": one.place.url,
            "services": {name: each.type for name, each in one.services.items()},
        }
        for one in devices
    )


def page_text(page: Page, columns: int = COLUMNS) -> str:
    """Return a line for each object: title, what it is, its id."""
    rows = [(_title(one), _about(one), one.id) for one in page.objects]
    lines = _table(rows, columns)
    more = (page.total or 0) - len(page.objects)
    if more > 0:
        lines.append(f"... and {more} more: --limit {page.total} shows all")
    return "\n".join(lines) or "nothing is there"


def page_json(page: Page) -> str:
    """Return the same for programs."""
    return _json(map(_plain, page.objects))


def object_text(found: Found) -> str:
    """Return all that is told of one item."""
    lines = [f"title    {clean(found.title)}", f"class    {clean(found.upnp_class)}"]
    if found.creator:
        lines.append(f"by       {clean(found.creator)}")
    lines.append(f"id       {clean(found.id)}")
    for one in found.resources:
        size = "" if one.size_bytes is None else f", {one.size_bytes} bytes"
        lines += [f"form     {clean(one.mime) or 'not over HTTP'}{size}"]
        lines += [f"         {clean(one.url)}"]
    return "\n".join(lines)


def object_json(found: Found) -> str:
    """Return the same for programs."""
    return json.dumps(_plain(found), indent=2)


def clean(text: str) -> str:
    """Return text that does nothing to a terminal but show."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _plain(found: Found) -> dict[str, object]:
    resources = [one._asdict() for one in found.resources]
    return found._asdict() | {"resources": resources}


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), indent=2)


def _title(found: Found) -> str:
    if found.is_container:
        return f"{found.title}/"
    return f"{found.creator} - {found.title}" if found.creator else found.title


def _about(found: Found) -> str:
    if found.is_container:
        return "" if found.child_count is None else f"{found.child_count}"
    for one in found.resources:
        if one.duration_s is not None:
            minutes, seconds = divmod(one.duration_s, 60)
            hours, minutes = divmod(minutes, 60)
            return (
                f"{hours}:{minutes:02}:{seconds:02}"
                if hours
                else f"{minutes}:{seconds:02}"
            )
    return found.resources[0].mime if found.resources else ""


def _table(rows: Sequence[tuple[str, str, str]], columns: int) -> list[str]:
    """Return rows as lines; the first column gives way where there is no room.

    The last is never cut: it is what is typed next. A long one goes over the edge
    rather than hide what it names.
    """
    cleaned = [tuple(map(clean, row)) for row in rows]
    middle = max((_width(row[1]) for row in cleaned), default=0)
    last = max((_width(row[2]) for row in cleaned), default=0)
    room = max(_LEAST_TITLE, columns - 1 - middle - last - 4)
    first = min(room, max((_width(row[0]) for row in cleaned), default=0))
    return [
        f"{_padded(one, first)}  {' ' * (middle - _width(two))}{two}  {three}".rstrip()
        for one, two, three in cleaned
    ]


def _padded(text: str, columns: int) -> str:
    if _width(text) > columns:
        text = "".join(_first(text, columns - 3)) + "..."
    return text + " " * (columns - _width(text))


def _first(text: str, columns: int) -> Iterator[str]:
    for character in text:
        columns -= _width(character)
        if columns < 0:
            return
        yield character


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes. Source: UAX 11."""
    return sum(
        0
        if unicodedata.category(c) in _NO_COLUMN
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
