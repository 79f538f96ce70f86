"""Rows of objects as entries of a page."""

import sqlite3
from collections.abc import Sequence
from typing import Any, TypeVar

from upnpserver.catalog.identity import item_id_of, reference
from upnpserver.model import Entry, Window

Found = tuple[Any, ...]  # what COLUMNS name
COLUMNS = (
    "object.id, object.object_id, object.parent, is_container, segments, child_count,"
    " art"
)
_AT_ONCE = 500
T = TypeVar("T")


def found_of(rows: sqlite3.Connection, order: Sequence[int]) -> list[Found]:
    """Return what COLUMNS name of objects, in the order of their rows."""
    found: dict[int, Found] = {}
    for start in range(0, len(order), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        for one in rows.execute(
            f"select {COLUMNS} from object where id in ({marks})", tuple(some)
        ):
            found[one[0]] = one
    return [found[row] for row in order]


def window_of(order: Sequence[T], window: Window) -> Sequence[T]:
    """Return what a window shows of a list."""
    end = window.start + window.count if window.count else len(order)
    return order[window.start : end]


def entry_of(found: Found, container: int | None, container_id: str) -> Entry:
    """Return the entry as a child of a container: a reference if it lies elsewhere.

    container: its row, None if it has none.
    """
    _, object_id, parent, is_container, segments, child_count, art = found
    ref_id = ""
    if not is_container and parent != container:
        ref_id = object_id
        object_id = reference(item_id_of(object_id), container_id)
    return Entry(
        bool(is_container),
        object_id,
        container_id,
        segments,
        ref_id,
        child_count,
        art or b"",
    )
