"""What lies below a container, for searches in it.

Containers form a tree, in which each has one place, while an item lies in
several: once as the original, elsewhere as references.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from upnpserver.catalog.ordered import numbers
from upnpserver.catalog.packed import Masks, either, is_in, masks_of

_INSIDE = (
    "with recursive inside(id) as (select value from json_each(?) union"
    " select object.id from inside join object indexed by containers_only"
    " on object.parent = inside.id and object.is_container) "
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Some containers and all that lies in them.

    containers, objects: None means all. tops: objects that lie in a container
    without a row, and its id.
    """

    objects: Masks | None = None
    containers: Masks | None = None
    tops: Mapping[int, str] = field(default_factory=dict)

    def holds_children_of(self, container: int) -> bool:
        """Whether a container is the one that is searched, or one in it."""
        return self.containers is None or is_in(self.containers, container)


def below(
    rows: sqlite3.Connection,
    containers: Sequence[int],
    tops: Mapping[int, str] | None = None,
) -> Scope:
    """Return the scope of these containers, and of objects in ones without rows."""
    tops = tops or {}
    started = json.dumps(list(containers))
    inside = rows.execute(f"{_INSIDE}select id from inside", (started,))
    all_containers = masks_of(numbers(inside))
    children = rows.execute(
        f"{_INSIDE}select child.object from inside"
        " cross join child on child.parent = inside.id",
        (started,),
    )
    objects = masks_of(numbers(children))
    return Scope(either(objects, masks_of(tops)), all_containers, tops)
