"""A whole search as one SQL statement: what is found, in which form.

An item lies in several containers: once as the original, elsewhere as
references. A search finds it once: as the original if that lies below the
container, else as its first reference there. Only a criteria that compares
@id or @parentID asks for certain forms, and gets each form that fits. Source:
ContentDirectory:1 section 2.7.5; reference content-directory.md section 4.

Each row of the result is one number, so that long results stay small: see
form_of().
"""

from upnpserver.catalog.compile import Condition, condition, names_ids, order_by
from upnpserver.catalog.schema import ROOT_ROW
from upnpserver.model import SortKey
from upnpserver.upnp.criteria import Criteria

_PARENT_BITS = 31
_ORIGINALS = (
    f"select (found.object << {_PARENT_BITS}) | object.parent from found"
    " join object on object.id = found.object"
    " join object as parent on parent.id = object.parent"
)
_INSIDE = (
    "with recursive inside(id) as (select ? union select child.object from inside"
    " join child on child.parent = inside.id"
    " join object on object.id = child.object and object.is_container) "
)
_PLACES = (
    " from inside cross join child on child.parent = inside.id"
    " join found on found.object = child.object"
    " join object on object.id = child.object"
    " join object as parent on parent.id = child.parent"
)
# The original's place counts as the smallest, so it wins where it is inside.
_FIRST_PLACE = "min(iif(child.parent = object.parent, 0, child.parent))"


def search_statement(
    container: int, criteria: Criteria, sort: tuple[SortKey, ...]
) -> Condition:
    """Return the statement that finds what matches below a container's row."""
    order = f" order by {order_by(sort)} found.object"
    if names_ids(criteria):
        where = condition(criteria)
        form = f"select (child.object << {_PARENT_BITS}) | child.parent"
        sql = f"{_INSIDE}{form}{_PLACES} where {where.sql}{order}, child.parent"
        return Condition(sql, (container, *where.values))
    where = condition(criteria, once=True)
    if container == ROOT_ROW:
        return Condition(f"{_ORIGINALS} where {where.sql}{order}", where.values)
    form = (
        f"select (child.object << {_PARENT_BITS})"
        f" | ifnull(nullif({_FIRST_PLACE}, 0), object.parent)"
    )
    sql = f"{_INSIDE}{form}{_PLACES} where {where.sql} group by child.object{order}"
    return Condition(sql, (container, *where.values))


def form_of(number: int) -> tuple[int, int]:
    """Return (object's row, row of the container it is found in)."""
    return number >> _PARENT_BITS, number & (1 << _PARENT_BITS) - 1
