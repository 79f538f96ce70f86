"""What lies below a container, for searches in it.

Containers form a tree, in which each has one place, while an item lies in
several: once as the original, elsewhere as references.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from upnpserver.catalog.ordered import numbers
from upnpserver.catalog.packed import Masks, either, is_in, masks_of

# Each container is met once, as they form a tree: nothing has to be told apart.
_INSIDE = (
    "with recursive inside(id) as (select value from json_each(?) union all"
    " select object.id from inside join object indexed by containers_only"
    " on object.parent = inside.id and object.is_container) select id from inside"
)
_CHILDREN = (
    "select child.object from json_each(?) cross join child on child.parent = value"
)
_AT_ONCE = 5000


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
    inside = sorted(numbers(rows.execute(_INSIDE, (started,))))
    children = rows.execute(_CHILDREN, (json.dumps(inside),))
    objects: set[int] = set()
    while some := children.fetchmany(_AT_ONCE):  # an item lies in many of them
        objects.update(chain.from_iterable(some))
    in_them = either(masks_of(objects), masks_of(tops))
    return Scope(in_them, masks_of(dict.fromkeys(inside)), tops)
